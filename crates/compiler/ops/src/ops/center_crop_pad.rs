//! CenterCropPad: axes cropped or padded with zeros at both ends, so that the middle stays.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Movement, Op, OpError, OpRef, PadMode, ShapeError};

use crate::def::OpDef;
use crate::moves::{flat, remap};
use crate::shape_ints::{self, distinct_axes};

/// Axes to the extents of the second input; where the difference is odd, the odd one lies at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct CenterCropPad {
    /// The axes; all by default.
    pub axes: Option<Vec<i64>>,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "CenterCropPad", since: 18, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axes"])?;
    Ok(Arc::new(CenterCropPad { axes: attrs.ints("axes")? }))
}

/// How many elements there are before an axis: fewer than none where it is cropped.
fn before(from: usize, to: usize) -> i64 {
    if to >= from { ((to - from) / 2) as i64 } else { -(((from - to) / 2) as i64) }
}

impl Op for CenterCropPad {
    fn name(&self) -> &'static str {
        "CenterCropPad"
    }

    fn attrs(&self) -> Attrs {
        self.axes.as_ref().map_or_else(Attrs::new, |axes| Attrs::new().with_ints("axes", axes.clone()))
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        let axes = match &self.axes {
            Some(axes) => distinct_axes(axes, x.rank())?,
            None => (0..x.rank()).collect(),
        };
        let extents = shape_ints::extents(inputs, 1)?;
        if extents.len() != axes.len() {
            return Err(ShapeError::shape(format!("{} extents for {} axes", extents.len(), axes.len())));
        }
        let mut shape = x.shape.clone();
        axes.into_iter().zip(extents).for_each(|(axis, extent)| shape[axis] = extent);
        Ok(vec![Fact::new(x.dtype, shape)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (from, to) = (io.shape(0)?, io.out_shape(0)?);
        if from.rank() != to.rank() {
            return Err(OpError::Value(format!("{from} cannot be cropped or padded to {to}")));
        }
        let starts: Vec<i64> = from.iter().zip(to.iter()).map(|(&f, &t)| before(f, t)).collect();
        let mut source = [0; fastserve_tensor::MAX_RANK];
        remap(io, 0, 0, |index| {
            for (axis, &i) in index.iter().enumerate() {
                match usize::try_from(i as i64 - starts[axis]) {
                    Ok(at) if at < from[axis] => source[axis] = at,
                    _ => return Ok(None),
                }
            }
            flat(&from, &source[..index.len()]).map(Some)
        })
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let (Ok(x), Some(y)) = (cx.inputs.req(0), cx.outputs.first()) else { return Lowered::Reference };
        let start = |(f, t): (&Dim, &Dim)| if f == t { Some(0) } else { Some(before(f.known()?, t.known()?)) };
        match x.shape.iter().zip(&y.shape).map(start).collect::<Option<Vec<i64>>>() {
            Some(_) if x.shape == y.shape => Lowered::Alias,
            Some(starts) => Lowered::Move(Movement::Pad { mode: PadMode::Constant, starts, value: Some([0; 8]) }),
            None => Lowered::Reference,
        }
    }
}
