//! Binary operators of opset 6 and before, whose second operand may be aligned with an axis of the first.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, LATEST_OPSET, LowerCx, Lowered, Op, OpError, OpRef, OpSet, ShapeError};
use fastserve_tensor::{Shape, TensorView, TensorViewMut};

use crate::def::{OpDef, Ops};

/// A binary operator of today, whose second operand gets axes of extent 1 behind its own, so that its first axis lies at `axis` of the
/// first operand.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// The operator.
    pub inner: OpRef,
    /// The axis of the first operand.
    pub axis: usize,
}

macro_rules! table {
    ($($name:literal)*) => {
        pub(crate) const DEFS: &[OpDef] = &[
            $(OpDef { name: $name, since: 1, build: |attrs, _| legacy(attrs, $name) },)*
            OpDef { name: "PRelu", since: 1, build: |attrs, _| attrs.only(&[]).and_then(|()| aligned("PRelu", 1)) },
            OpDef { name: "fs.Aligned", since: 1, build },
        ];
    };
}

table! { "Add" "And" "Div" "Equal" "Greater" "Less" "Mul" "Or" "Pow" "Sub" "Xor" }

fn today(name: &str) -> Result<OpRef, AttrError> {
    Ops.build("", name, LATEST_OPSET, &Attrs::new()).map_err(|e| AttrError::value("op", e.to_string()))
}

fn aligned(name: &str, axis: usize) -> Result<OpRef, AttrError> {
    Ok(Arc::new(Aligned { inner: today(name)?, axis }))
}

/// Without an axis the last axes are aligned, as today. `broadcast` says whether extents may differ, which they show.
fn legacy(attrs: &Attrs, name: &str) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "broadcast"])?;
    let broadcast = attrs.flag("broadcast", false)?;
    match attrs.int("axis")?.filter(|_| broadcast) {
        None => today(name),
        // Exporters wrote -1 for what is the default.
        Some(-1) => today(name),
        Some(axis) => aligned(name, usize::try_from(axis).map_err(|_| AttrError::value("axis", format!("{axis} is no axis")))?),
    }
}

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["axis", "op"])?;
    let name = attrs.str("op")?.ok_or(AttrError::Missing("op"))?;
    if name.starts_with("fs.") {
        return Err(AttrError::value("op", format!("{name} is not a binary operator")));
    }
    let axis = usize::try_from(attrs.int_or("axis", 0)?).map_err(|_| AttrError::value("axis", "expected no negative axis"))?;
    aligned(&name, axis)
}

impl Aligned {
    /// Axes behind those of the second operand.
    fn behind(&self, first: usize, second: usize) -> Result<usize, ShapeError> {
        // Of rank 0, or reaching to the end: aligned as today.
        if second == 0 || self.axis >= first {
            return Ok(0);
        }
        let behind = (first - self.axis).checked_sub(second);
        behind.ok_or_else(|| ShapeError::shape(format!("rank {second} does not fit behind axis {} of {first}", self.axis)))
    }

    fn facts(&self, inputs: &Inputs<'_>) -> Result<[Fact; 2], ShapeError> {
        let (a, b) = (inputs.req(0)?, inputs.req(1)?);
        let behind = self.behind(a.rank(), b.rank())?;
        let shape = b.shape.iter().cloned().chain(std::iter::repeat_n(Dim::Known(1), behind)).collect();
        let value = b.value.clone().filter(|_| behind == 0);
        Ok([a.clone(), Fact { shape, value, ints: None, ..b.clone() }])
    }
}

impl Op for Aligned {
    fn name(&self) -> &'static str {
        "fs.Aligned"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_str("op", self.inner.name()).with_int("axis", self.axis as i64)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let [a, b] = self.facts(inputs)?;
        self.inner.infer(&Inputs(&[Some(&a), Some(&b)]))
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let (a, b) = (io.input(0)?, io.input(1)?);
        let behind = self.behind(a.shape().rank(), b.shape().rank())?;
        let shape = Shape::collect(b.shape().iter().copied().chain(std::iter::repeat_n(1, behind)))?;
        let inputs: [Option<TensorView<'_>>; 2] = [Some(a), Some(b.reshaped(shape)?)];
        let out = io.output(0)?;
        let (dtype, shape) = (out.dtype(), *out.shape());
        self.inner.reference(&mut Io::new(&inputs, &mut [TensorViewMut::new(dtype, shape, out.bytes_mut())?]))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match (cx.inputs.req(0), cx.inputs.req(1)) {
            (Ok(a), Ok(b)) if self.behind(a.rank(), b.rank()) == Ok(0) => self.inner.lower(cx),
            _ => Lowered::Reference,
        }
    }
}
