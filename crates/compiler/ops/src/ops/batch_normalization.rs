//! BatchNormalization at inference.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};

/// `(x − mean) / √(var + ε) · scale + bias` per channel (axis 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormalization {
    /// Added to the variance.
    pub epsilon: f32,
}

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "BatchNormalization", since: 1, build: old }, OpDef { name: "BatchNormalization", since: 7, build }];

/// Before opset 7 an attribute says that the node is no training.
fn old(attrs: &Attrs, opset: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon", "momentum", "spatial", "is_test"])?;
    if !attrs.flag("is_test", false)? {
        return Err(AttrError::value("is_test", "training is not supported; export the model for inference"));
    }
    let mut kept = Attrs::new();
    attrs.iter().filter(|(name, _)| *name != "is_test").for_each(|(name, value)| kept.set(name, value.clone()));
    build(&kept, opset)
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon", "momentum", "spatial", "training_mode"])?;
    if !attrs.flag("spatial", true)? {
        return Err(AttrError::value("spatial", "0 is not supported: parameters for each position"));
    }
    if attrs.flag("training_mode", false)? {
        return Err(AttrError::value("training_mode", "training is not supported; export the model for inference"));
    }
    Ok(Arc::new(BatchNormalization { epsilon: attrs.float_or("epsilon", 1e-5)? }))
}

impl Op for BatchNormalization {
    fn name(&self) -> &'static str {
        "BatchNormalization"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_float("epsilon", self.epsilon)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        let channels = x.shape.get(1).map_or(Some(1), Dim::known);
        for i in 1..5 {
            let p = inputs.ranked(i, 1)?;
            if channels.zip(p.shape[0].known()).is_some_and(|(c, n)| c != n) {
                return Err(ShapeError::shape(format!("input {i}: expected one element a channel")));
            }
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }
}

impl BatchNormalization {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let channels = shape.get(1).copied().unwrap_or(1);
        let inner = count(shape.get(2..).unwrap_or_default());
        let x = io.slice::<T>(0)?;
        let p = [io.slice::<T>(1)?, io.slice::<T>(2)?, io.slice::<T>(3)?, io.slice::<T>(4)?];
        if p.iter().any(|p| p.len() != channels) {
            return Err(OpError::Value(format!("expected {channels} elements of each of the inputs 1 to 4")));
        }
        for (i, (y, x)) in io.out_slice::<T>(0)?.iter_mut().zip(x).enumerate() {
            let c = i / inner % channels;
            let [scale, bias, mean, var] = p.map(|p| p[c].to_f64());
            *y = T::from_f64((x.to_f64() - mean) / (var + f64::from(self.epsilon)).sqrt() * scale + bias);
        }
        Ok(())
    }
}
