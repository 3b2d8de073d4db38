//! HannWindow, HammingWindow, BlackmanWindow: weights of a frame, made of cosines.

use std::f64::consts::TAU;
use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::DType;

use crate::def::OpDef;
use crate::numbers::store;
use crate::ops::cast::{onnx_number, onnx_type};
use crate::shape_ints;

/// A window `a0 - a1 cos(2πn/N) + a2 cos(4πn/N)`; the input is its length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    name: &'static str,
    factors: [f64; 3],
    /// Whether N is the length, else one less.
    pub periodic: bool,
    /// The type of the weights.
    pub dtype: DType,
}

macro_rules! table {
    ($($name:literal $factors:expr;)*) => {
        pub(crate) const DEFS: &[OpDef] = &[$(OpDef { name: $name, since: 17, build: |attrs, _| build(attrs, $name, $factors) }),*];
    };
}

table! {
    "BlackmanWindow" [0.42, 0.5, 0.08];
    "HammingWindow" [25.0 / 46.0, 21.0 / 46.0, 0.0];
    "HannWindow" [0.5, 0.5, 0.0];
}

fn build(attrs: &Attrs, name: &'static str, factors: [f64; 3]) -> Result<OpRef, AttrError> {
    attrs.only(&["output_datatype", "periodic"])?;
    let dtype = number_type(attrs)?;
    Ok(Arc::new(Window { name, factors, periodic: attrs.flag("periodic", true)?, dtype }))
}

/// The attribute `output_datatype`, which must be a number's.
///
/// # Errors
/// Another type.
pub(crate) fn number_type(attrs: &Attrs) -> Result<DType, AttrError> {
    match onnx_type("output_datatype", attrs.int_or("output_datatype", 1)?)? {
        dtype if dtype.is_number() => Ok(dtype),
        _ => Err(AttrError::value("output_datatype", "expected the type of numbers to compute with")),
    }
}

impl Op for Window {
    fn name(&self) -> &'static str {
        self.name
    }

    fn attrs(&self) -> Attrs {
        let attrs = if self.periodic { Attrs::new() } else { Attrs::new().with_int("periodic", 0) };
        if self.dtype == DType::F32 { attrs } else { attrs.with_int("output_datatype", onnx_number(self.dtype)) }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        match &shape_ints::extents(inputs, 0)?[..] {
            [size] => Ok(vec![Fact::new(self.dtype, vec![size.clone()])]),
            list => Err(ShapeError::shape(format!("input 0: expected one element, got {}", list.len()))),
        }
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let size = io.out_shape(0)?.numel();
        let period = if self.periodic { size } else { size.saturating_sub(1) };
        let [a0, a1, a2] = self.factors;
        let weight = |n: usize| {
            let angle = TAU * n as f64 / period as f64;
            a0 - a1 * angle.cos() + a2 * (2.0 * angle).cos()
        };
        // A symmetric window of one element has no period: it is its own peak.
        let weights: Vec<f64> = if period == 0 { vec![1.0; size] } else { (0..size).map(weight).collect() };
        store(io, 0, &weights)
    }
}
