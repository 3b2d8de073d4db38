//! fs.UnpackBits: a matrix of numbers from codes of 2, 4 or 8 bits.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::elements::{Float, for_float, require_float};
use crate::numbers::numbers_of;

/// `(code − zero point) · scale` as a matrix `[rows, columns]`. Codes lie column by column, in blocks of `block` rows, of which each is
/// a row of bytes, the lowest bits first: `[columns, blocks, block · bits / 8]`. Inputs are codes, a scale for each block, optionally zero
/// points (packed like codes, or numbers), and optionally the block of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackBits {
    /// Extent of the sums.
    pub rows: usize,
    /// Number of sums.
    pub columns: usize,
    /// Bits of a code.
    pub bits: usize,
    /// Rows that share a scale.
    pub block: usize,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "fs.UnpackBits", since: 1, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["rows", "columns", "bits", "block"])?;
    let size = |name: &'static str| {
        let size = usize::try_from(attrs.int(name)?.ok_or(AttrError::Missing(name))?).ok();
        size.filter(|&n| n > 0 && n < 1 << 40).ok_or_else(|| AttrError::value(name, "expected a size"))
    };
    let op = UnpackBits { rows: size("rows")?, columns: size("columns")?, bits: size("bits")?, block: size("block")? };
    if ![2, 4, 8].contains(&op.bits) || !op.block.is_multiple_of(8) {
        return Err(AttrError::value("bits", "expected 2, 4 or 8 bits, in blocks of a multiple of 8"));
    }
    Ok(Arc::new(op))
}

impl UnpackBits {
    fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block)
    }

    fn code(&self, bytes: &[u8], i: usize) -> u8 {
        let byte = bytes.get(i * self.bits / 8).copied().unwrap_or(0);
        byte >> (i * self.bits % 8) & (u8::MAX >> (8 - self.bits))
    }

    fn zeros(&self, io: &Io<'_>) -> Result<Vec<f64>, OpError> {
        let blocks = self.blocks();
        let Some(view) = io.opt(2) else { return Ok(vec![f64::from(1u32 << (self.bits - 1))]) };
        if view.dtype() != DType::U8 {
            return numbers_of(&view);
        }
        let bytes = view.as_slice::<u8>()?;
        let line = (blocks * self.bits).div_ceil(8);
        let whole = bytes.chunks_exact(line).flat_map(|line| (0..blocks).map(|b| f64::from(self.code(line, b))));
        Ok(whole.collect())
    }

    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (codes, scales, zeros) = (io.slice::<u8>(0)?, io.slice::<T>(1)?, self.zeros(io)?);
        let groups = io.opt(3).map(|view| view.as_slice::<i32>()).transpose()?;
        let (blocks, line) = (self.blocks(), self.block * self.bits / 8 * self.blocks());
        let y = io.out_slice::<T>(0)?;
        let (rows, columns) = (self.rows, self.columns);
        let fits = rows.checked_mul(columns) == Some(y.len())
            && line.checked_mul(columns) == Some(codes.len())
            && scales.len() == blocks * columns
            && [1, scales.len()].contains(&zeros.len())
            && groups.is_none_or(|g| g.len() >= rows && g.iter().all(|&b| usize::try_from(b).is_ok_and(|b| b < blocks)));
        if !fits {
            return Err(OpError::Value("codes, scales, zero points or groups have other extents than the matrix".into()));
        }
        for (column, bytes) in codes.chunks_exact(line).enumerate() {
            for row in 0..rows {
                let block = groups.map_or(row / self.block, |g| g[row] as usize);
                let zero = if zeros.len() == 1 { zeros[0] } else { zeros[column * blocks + block] };
                let scale = scales[column * blocks + block].to_f64();
                y[row * columns + column] = T::from_f64((f64::from(self.code(bytes, row)) - zero) * scale);
            }
        }
        Ok(())
    }
}

impl Op for UnpackBits {
    fn name(&self) -> &'static str {
        "fs.UnpackBits"
    }

    fn attrs(&self) -> Attrs {
        let sizes = [("rows", self.rows), ("columns", self.columns), ("bits", self.bits), ("block", self.block)];
        sizes.into_iter().fold(Attrs::new(), |attrs, (name, size)| attrs.with_int(name, size as i64))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let codes = inputs.same_dtype(0, DType::U8)?;
        let scales = require_float(inputs, 1)?;
        let whole = [self.columns, self.blocks(), self.block * self.bits / 8];
        // The result is as large as an attribute says, so that the codes must be known to be there.
        if codes.known_shape().and_then(|s| s.checked_numel()) != whole.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) {
            return Err(ShapeError::shape(format!("input 0: expected codes of extents {whole:?}, got {:?}", codes.shape)));
        }
        if inputs.opt(3).is_some() {
            inputs.same_dtype(3, DType::I32)?;
        }
        Ok(vec![Fact::new(scales.dtype, vec![self.rows.into(), self.columns.into()])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(1)?;
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn is_linear(&self) -> bool {
        true
    }
}
