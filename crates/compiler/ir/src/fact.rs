//! What is known of a value before it is computed.

use std::sync::Arc;

use fastserve_tensor::{DType, Shape, Tensor};

use crate::dim::{Dim, eval_shape, known_shape};
use crate::layout::Layout;

/// What is known of a value: element type, logical shape, layout, and the value itself where it is constant.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Element type.
    pub dtype: DType,
    /// Logical extents.
    pub shape: Vec<Dim>,
    /// How the elements lie in memory.
    pub layout: Layout,
    /// The value, if it is constant; its own shape is [`Layout::storage_shape`].
    pub value: Option<Tensor>,
    /// The elements of an integer value of rank 0 or 1, where they are known as expressions (shape arithmetic).
    pub ints: Option<Arc<[Dim]>>,
}

impl Fact {
    /// A row-major value that is not constant.
    pub fn new(dtype: DType, shape: Vec<Dim>) -> Self {
        Self { dtype, shape, layout: Layout::RowMajor, value: None, ints: None }
    }

    /// A constant.
    pub fn constant(value: Tensor) -> Self {
        let shape = value.shape().iter().map(|&d| Dim::Known(d)).collect();
        Self { ints: constant_ints(&value), value: Some(value), ..Self::new_like(shape) }.typed()
    }

    fn new_like(shape: Vec<Dim>) -> Self {
        Self::new(DType::F32, shape)
    }

    fn typed(mut self) -> Self {
        if let Some(v) = &self.value {
            self.dtype = v.dtype();
        }
        self
    }

    /// The same with another layout.
    pub fn with_layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// The same with known integer elements.
    pub fn with_ints(mut self, ints: Option<Vec<Dim>>) -> Self {
        self.ints = ints.map(Into::into);
        self
    }

    /// Number of logical dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The logical extents, if all are known.
    pub fn known_shape(&self) -> Option<Shape> {
        known_shape(&self.shape)
    }

    /// The value of row-major integers that inference knows as extents, although the tensor they come from is not constant.
    pub fn known_ints(&self) -> Option<Tensor> {
        let known: Vec<i64> = self.ints.as_deref()?.iter().map(|d| d.known().and_then(|n| i64::try_from(n).ok())).collect::<Option<_>>()?;
        let shape = self.known_shape().filter(|_| self.layout == Layout::RowMajor)?;
        match self.dtype {
            DType::I64 => Tensor::from_slice(&shape, &known).ok(),
            DType::I32 => Tensor::from_slice(&shape, &known.iter().map(|&v| i32::try_from(v).ok()).collect::<Option<Vec<_>>>()?).ok(),
            _ => None,
        }
    }

    /// Bytes in memory for these values of the symbols; `None` on overflow.
    pub fn storage_bytes(&self, symbols: &[usize]) -> Option<usize> {
        let shape = eval_shape(&self.shape, symbols)?;
        self.layout.storage_numel(&shape)?.checked_mul(self.dtype.size_bytes())
    }

    /// Whether type, shape and layout are those of `other`; values are not compared. What only data tell agrees with a symbol.
    pub fn agrees_with(&self, other: &Fact) -> bool {
        let same = |(a, b): (&Dim, &Dim)| a == b || matches!((a, b), (Dim::New, Dim::Sym(_)));
        self.dtype == other.dtype
            && self.layout == other.layout
            && self.rank() == other.rank()
            && self.shape.iter().zip(&other.shape).all(same)
    }
}

/// The elements of a small constant of integers that are not negative.
fn constant_ints(value: &Tensor) -> Option<Arc<[Dim]>> {
    if value.shape().rank() > 1 || value.numel() > 64 {
        return None;
    }
    let as_dim = |v: i64| usize::try_from(v).ok().map(Dim::Known);
    match value.dtype() {
        DType::I64 => value.as_slice::<i64>().ok()?.iter().map(|&v| as_dim(v)).collect(),
        DType::I32 => value.as_slice::<i32>().ok()?.iter().map(|&v| as_dim(v.into())).collect(),
        _ => None,
    }
}
