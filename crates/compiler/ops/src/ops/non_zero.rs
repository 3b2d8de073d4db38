//! NonZero: where the elements are that are not 0.

use std::sync::Arc;

use fastserve_ir::{Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{DType, TensorError, TensorView};

use crate::def::OpDef;
use crate::elements::{for_width, require_number};

/// Indices of elements other than 0, in order: a row an axis, a column an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonZero;

pub(crate) const DEFS: &[OpDef] =
    &[OpDef { name: "NonZero", since: 9, build: |attrs, _| attrs.only(&[]).map(|()| Arc::new(NonZero) as OpRef) }];

impl Op for NonZero {
    fn name(&self) -> &'static str {
        "NonZero"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.dtype != DType::Bool {
            require_number(inputs, 0)?;
        }
        let count = match &x.value {
            Some(value) => {
                Dim::Known(value.view().map_err(OpError::from).and_then(|v| count(&v)).map_err(|e| ShapeError::shape(e.to_string()))?)
            }
            None => Dim::New,
        };
        Ok(vec![Fact::new(DType::I64, vec![x.rank().into(), count])])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (x, shape, out) = (io.input(0)?, io.shape(0)?, io.out_shape(0)?);
        let found = count(&x)?;
        if out[..] != [shape.rank(), found] {
            return Err(OpError::Value(format!("output 0: {found} elements of {shape} are not 0, {out} is asked for")));
        }
        let y = io.out_slice::<i64>(0)?;
        let mut column = 0;
        each(&x, |mut at| {
            for axis in (0..shape.rank()).rev() {
                y[axis * found + column] = (at % shape[axis]) as i64;
                at /= shape[axis];
            }
            column += 1;
        })
    }
}

fn count(view: &TensorView<'_>) -> Result<usize, OpError> {
    let mut count = 0;
    each(view, |_| count += 1).map(|()| count)
}

/// Calls `found` with the place of each element other than 0.
fn each(view: &TensorView<'_>, mut found: impl FnMut(usize)) -> Result<(), OpError> {
    // Without its sign, a float 0 has no bits.
    let sign = u32::from(view.dtype().is_float());
    let misaligned = |_| OpError::Tensor(TensorError::Misaligned(view.dtype()));
    for_width!(view.dtype(), T => {
        let words: &[T] = bytemuck::try_cast_slice(view.bytes()).map_err(misaligned)?;
        words.iter().enumerate().filter(|(_, w)| **w << sign != 0).for_each(|(i, _)| found(i));
        Ok(())
    })
}
