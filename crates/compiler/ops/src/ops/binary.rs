//! Two inputs, element by element, broadcast: a table of operators.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_tensor::DType;

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::shape_ints::{MINUS_ONE, elements};

/// An operator of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binary(pub BinaryOp);

macro_rules! table {
    ($($name:literal $op:ident $dim:expr;)*) => {
        pub(crate) const DEFS: &[OpDef] = &[$(OpDef { name: $name, since: 7, build: |attrs, _| make(attrs, BinaryOp::$op) }),*];

        fn name_of(op: BinaryOp) -> &'static str {
            match op {
                $(BinaryOp::$op => $name,)*
            }
        }

        /// The same operation on extents, for shape arithmetic.
        fn dim_op(op: BinaryOp) -> Option<DimOp> {
            match op {
                $(BinaryOp::$op => $dim,)*
            }
        }
    };
}

table! {
    "Add" Add Some(DimOp::Add);
    "Div" Div Some(DimOp::Div);
    "Mul" Mul Some(DimOp::Mul);
    "Sub" Sub Some(DimOp::Sub);
    "fs.Max" Max Some(DimOp::Max);
    "fs.Min" Min Some(DimOp::Min);
}

fn make(attrs: &Attrs, op: BinaryOp) -> Result<OpRef, AttrError> {
    attrs.only(&[])?;
    Ok(Arc::new(Binary(op)))
}

impl Op for Binary {
    fn name(&self) -> &'static str {
        name_of(self.0)
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = require_number(inputs, 0)?;
        let b = inputs.same_dtype(1, a.dtype)?;
        let ints = dim_op(self.0).and_then(|op| combine_ints(op, a, b));
        Ok(vec![Fact::new(a.dtype, broadcast(&a.shape, &b.shape)?).with_ints(ints)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: self.0, io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match cx.inputs.req(0).map(|x| x.dtype) {
            _ if cx.all_f32() => Lowered::Binary(self.0),
            Ok(DType::I32 | DType::I64) => Lowered::Map(MapOp::Integer(self.0)),
            _ => Lowered::Reference,
        }
    }
}

/// Shape arithmetic: element by element where both are known and of one length, or one of them is a single element.
fn combine_ints(op: DimOp, a: &Fact, b: &Fact) -> Option<Vec<Dim>> {
    let (x, y) = (elements(a)?, elements(b)?);
    if a.rank().max(b.rank()) > 1 || x.contains(&MINUS_ONE) || y.contains(&MINUS_ONE) {
        return None;
    }
    let len = if x.len() == 1 { y.len() } else { x.len() };
    let at = |list: &[Dim], i: usize| if list.len() == 1 { list.first().cloned() } else { list.get(i).cloned() };
    let exact = !a.dtype.is_float() || op != DimOp::Div;
    (0..len).map(|i| if exact { combined(op, at(&x, i)?, at(&y, i)?) } else { at(&x, i)?.exact_div(at(&y, i)?.known()?) }).collect()
}

/// A difference of numbers must not be negative; one of symbols is an extent, which is not.
fn combined(op: DimOp, a: Dim, b: Dim) -> Option<Dim> {
    match (op, a.known(), b.known()) {
        (DimOp::Sub, Some(x), Some(y)) if y > x => (y - x == 1).then_some(MINUS_ONE),
        _ => a.combine(op, b),
    }
}

struct Body<'b, 'a> {
    op: BinaryOp,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn run_with<T: fastserve_tensor::Element>(&mut self, f: impl Fn(T, T) -> Result<T, OpError>) -> Result<(), OpError> {
        let (a, b) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let out = self.io.out_shape(0)?;
        let (sa, sb) = (self.io.shape(0)?, self.io.shape(1)?);
        if !fits(&sa, &out) || !fits(&sb, &out) {
            return Err(OpError::Value(format!("cannot broadcast {sa} and {sb} to {out}")));
        }
        let strides = [broadcast_strides(&sa, &out), broadcast_strides(&sb, &out)];
        let y = self.io.out_slice::<T>(0)?;
        let mut failed = None;
        walk(&out, &strides, |i, [ia, ib]| match f(a[ia], b[ib]) {
            Ok(v) => y[i] = v,
            Err(e) => failed = Some(e),
        });
        failed.map_or(Ok(()), Err)
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let op = self.op;
        self.run_with::<T>(|a, b| Ok(T::from_f64(apply(op, a.to_f64(), b.to_f64()))))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let op = self.op;
        self.run_with::<T>(|a, b| apply_int(op, a.to_i128(), b.to_i128()).map(T::wrap))
    }
}

/// The operator on two numbers.
fn apply(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Min => {
            if a.is_nan() || a < b {
                a
            } else {
                b
            }
        }
        BinaryOp::Max => {
            if a.is_nan() || a > b {
                a
            } else {
                b
            }
        }
    }
}

fn apply_int(op: BinaryOp, a: i128, b: i128) -> Result<i128, OpError> {
    match op {
        BinaryOp::Add => Ok(a + b),
        BinaryOp::Sub => Ok(a - b),
        // Both are below 2^64, but the product of two such may pass i128; only the low bits count.
        BinaryOp::Mul => Ok(a.wrapping_mul(b)),
        BinaryOp::Div => a.checked_div(b).ok_or_else(|| OpError::Value("integer division by zero".into())),
        BinaryOp::Min => Ok(a.min(b)),
        BinaryOp::Max => Ok(a.max(b)),
    }
}
