//! MelWeightMatrix: triangles over a spectrum, evenly wide on the mel scale.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::numbers::{scalar, store};
use crate::ops::cast::onnx_number;
use crate::ops::windows::number_type;
use crate::shape_ints;

/// `[dft_length / 2 + 1, num_mel_bins]`. Inputs are the number of bins, the length of the transform, the sample rate, and the
/// lowest and the highest frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MelWeightMatrix {
    /// The type of the weights.
    pub dtype: DType,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "MelWeightMatrix", since: 17, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["output_datatype"])?;
    Ok(Arc::new(MelWeightMatrix { dtype: number_type(attrs)? }))
}

fn single(inputs: &Inputs<'_>, i: usize) -> Result<Dim, ShapeError> {
    match &shape_ints::extents(inputs, i)?[..] {
        [one] => Ok(one.clone()),
        list => Err(ShapeError::shape(format!("input {i}: expected one element, got {}", list.len()))),
    }
}

impl Op for MelWeightMatrix {
    fn name(&self) -> &'static str {
        "MelWeightMatrix"
    }

    fn attrs(&self) -> Attrs {
        if self.dtype == DType::F32 { Attrs::new() } else { Attrs::new().with_int("output_datatype", onnx_number(self.dtype)) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        for i in 2..5 {
            inputs.req(i)?;
        }
        let half = single(inputs, 1)?.combine(DimOp::Div, 2.into()).and_then(|d| d.combine(DimOp::Add, 1.into()));
        Ok(vec![Fact::new(self.dtype, vec![half.ok_or(ShapeError::Overflow)?, single(inputs, 0)?])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let out = io.out_shape(0)?;
        let [rows, bins] = out.dims() else { return Err(OpError::Value(format!("expected a matrix, got {out}"))) };
        let (rows, bins) = (*rows, *bins);
        let given = [scalar(io, 1)?, scalar(io, 2)?, scalar(io, 3)?, scalar(io, 4)?];
        let mut weights = vec![0.0; out.numel()];
        let mut set = |row: i64, col: usize, weight: f64| match usize::try_from(row).ok().filter(|&r| r < rows) {
            Some(row) => {
                weights[row * bins + col] = weight;
                Ok(())
            }
            None => Err(OpError::Value(format!("a band reaches to row {row} of {rows}"))),
        };
        for bin in 0..bins {
            let [low, mid, high] = [bin, bin + 1, bin + 2].map(|i| edge(i, bins, given));
            if low == mid {
                set(mid, bin, 1.0)?;
            } else {
                check_range(low, mid, rows)?;
                (low..=mid).try_for_each(|j| set(j, bin, (j - low) as f64 / (mid - low) as f64))?;
            }
            check_range(mid, high, rows)?;
            (mid..high).try_for_each(|j| set(j, bin, (high - j) as f64 / (high - mid) as f64))?;
        }
        store(io, 0, &weights)
    }
}

/// Refuses a band that is not within the spectrum, before it is walked.
fn check_range(low: i64, high: i64, rows: usize) -> Result<(), OpError> {
    if low >= 0 && high <= rows as i64 {
        return Ok(());
    }
    Err(OpError::Value(format!("a band from {low} to {high} is outside a spectrum of {rows}")))
}

/// The row of the spectrum at which edge `i` of the bands lies.
fn edge(i: usize, bins: usize, [length, rate, lowest, highest]: [f64; 4]) -> i64 {
    let mel = |hertz: f64| 2595.0 * (hertz / 700.0).ln_1p() / std::f64::consts::LN_10;
    let step = (mel(highest) - mel(lowest)) / (bins + 2) as f64;
    let hertz = 700.0 * ((i as f64 * step + mel(lowest)) / 2595.0 * std::f64::consts::LN_10).exp_m1();
    ((length + 1.0) * hertz / rate).floor() as i64
}
