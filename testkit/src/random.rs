//! Numbers that look random and are the same on every machine.

use fastserve_ir::{Graph, eval_shape};
use fastserve_tensor::{DType, Rounding, Shape, Tensor, TensorError, bf16, f16};

/// A linear congruential generator with the constants of Numerical Recipes (section 7.1).
#[derive(Clone, Debug)]
pub struct Random(u32);

impl Random {
    /// A generator for a seed.
    pub fn new(seed: u32) -> Self {
        Self(seed.wrapping_add(12345))
    }

    /// 24 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// From 0 to `end`, `end` excluded.
    pub fn below(&mut self, end: usize) -> usize {
        self.bits() as usize % end.max(1)
    }

    /// From −1 to 1.
    pub fn float(&mut self) -> f32 {
        self.bits() as f32 / (1 << 24) as f32 * 2.0 - 1.0
    }

    /// A tensor: floats from −1 to 1, integers from 0 to 9.
    ///
    /// # Errors
    /// No memory.
    pub fn tensor(&mut self, dtype: DType, shape: &Shape) -> Result<Tensor, TensorError> {
        let n = shape.numel();
        match dtype {
            DType::F32 => Tensor::from_slice(shape, &self.list(n, Self::float)),
            DType::F64 => Tensor::from_slice(shape, &self.list(n, |r| f64::from(r.float()))),
            DType::F16 => Tensor::from_slice(shape, &self.list(n, |r| f16::from_f32(r.float()))),
            DType::BF16 => Tensor::from_slice(shape, &self.list(n, |r| bf16::from_f32(r.float()))),
            DType::I64 => Tensor::from_slice(shape, &self.list(n, |r| r.below(10) as i64)),
            DType::I32 => Tensor::from_slice(shape, &self.list(n, |r| r.below(10) as i32)),
            DType::U8 => Tensor::from_slice(shape, &self.list(n, |r| r.below(10) as u8)),
            other => match other.narrow() {
                Some(narrow) => {
                    let codes = self.list(n, |r| narrow.code(r.float().into(), Rounding::default()));
                    Tensor::from_codes(other, *shape, &codes)
                }
                None => Tensor::zeros(other, *shape),
            },
        }
    }

    fn list<T>(&mut self, n: usize, mut next: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..n).map(|_| next(self)).collect()
    }

    /// A tensor for each input of a graph.
    ///
    /// # Errors
    /// Extents that overflow, or no memory.
    pub fn inputs(&mut self, graph: &Graph, symbols: &[usize]) -> Result<Vec<Tensor>, TensorError> {
        let one = |id: &fastserve_ir::ValueId| {
            let fact = graph.fact(*id);
            let shape = eval_shape(&fact.shape, symbols).ok_or(TensorError::Rank(fact.rank()))?;
            self.tensor(fact.dtype, &shape)
        };
        graph.inputs().iter().map(one).collect()
    }
}
