//! Max, Min, Sum, Mean of any number of inputs: a table of operators.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, DimOp, Fact, Inputs, Io, LowerCx, Lowered, MapOp, Op, OpError, OpRef, ShapeError};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_tensor::{DType, Element};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::shape_ints::{MINUS_ONE, elements};

/// What is made of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VariadicKind {
    /// The largest; NaN if there is one.
    Max,
    /// Sum over count.
    Mean,
    /// The smallest; NaN if there is one.
    Min,
    /// Sum.
    Sum,
}

/// Inputs taken together element by element, broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variadic(pub VariadicKind);

macro_rules! table {
    ($($name:literal $kind:ident;)*) => {
        pub(crate) const DEFS: &[OpDef] =
            &[$(OpDef { name: $name, since: 1, build: |attrs, _| make(attrs, VariadicKind::$kind) }),*];

        fn name_of(kind: VariadicKind) -> &'static str {
            match kind { $(VariadicKind::$kind => $name,)* }
        }
    };
}

table! {
    "Max" Max;
    "Mean" Mean;
    "Min" Min;
    "Sum" Sum;
}

fn make(attrs: &Attrs, kind: VariadicKind) -> Result<OpRef, AttrError> {
    attrs.only(&[])?;
    Ok(Arc::new(Variadic(kind)))
}

impl Op for Variadic {
    fn name(&self) -> &'static str {
        name_of(self.0)
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let first = require_number(inputs, 0)?;
        let mut shape = first.shape.clone();
        for i in 1..inputs.len() {
            shape = broadcast(&shape, &inputs.same_dtype(i, first.dtype)?.shape)?;
        }
        Ok(vec![Fact::new(first.dtype, shape).with_ints(self.ints(inputs))])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { kind: self.0, io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        match (cx.inputs.len(), self.binary()) {
            (1, _) => Lowered::Alias,
            (2, Some(op)) if cx.all_f32() => Lowered::Binary(op),
            (_, op) if cx.all_f32() => Lowered::Map(MapOp::Join { op: op.unwrap_or(BinaryOp::Add), mean: op.is_none() }),
            (_, Some(op)) if cx.inputs.req(0).is_ok_and(|x| matches!(x.dtype, DType::I32 | DType::I64)) => {
                Lowered::Map(MapOp::Join { op, mean: false })
            }
            _ => Lowered::Reference,
        }
    }
}

impl Variadic {
    /// The operator on two inputs.
    pub fn binary(&self) -> Option<BinaryOp> {
        match self.0 {
            VariadicKind::Max => Some(BinaryOp::Max),
            VariadicKind::Min => Some(BinaryOp::Min),
            VariadicKind::Sum => Some(BinaryOp::Add),
            VariadicKind::Mean => None,
        }
    }

    /// Shape arithmetic: rows of one length, or single elements.
    fn ints(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let op = match self.0 {
            VariadicKind::Max => DimOp::Max,
            VariadicKind::Min => DimOp::Min,
            VariadicKind::Sum => DimOp::Add,
            VariadicKind::Mean => return None,
        };
        let rows: Vec<Vec<Dim>> = (0..inputs.len()).map(|i| elements(inputs.opt(i)?)).collect::<Option<_>>()?;
        let len = rows.iter().map(Vec::len).find(|&n| n != 1).unwrap_or(1);
        let at = |row: &[Dim], i: usize| row.get(if row.len() == 1 { 0 } else { i }).cloned().filter(|d| *d != MINUS_ONE);
        let one = |i: usize| {
            let (first, rest) = rows.split_first()?;
            rest.iter().try_fold(at(first, i)?, |a, row| a.combine(op, at(row, i)?))
        };
        (0..len).map(one).collect()
    }
}

struct Body<'b, 'a> {
    kind: VariadicKind,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn run_with<T: Element, A: Copy>(&mut self, start: A, add: impl Fn(A, T) -> A, end: impl Fn(A, usize) -> T) -> Result<(), OpError> {
        let out = self.io.out_shape(0)?;
        let count = self.io.num_inputs();
        let mut sums = vec![start; out.numel()];
        for i in 0..count {
            let shape = self.io.shape(i)?;
            if !fits(&shape, &out) {
                return Err(OpError::Value(format!("cannot broadcast {shape} to {out}")));
            }
            let x = self.io.slice::<T>(i)?;
            walk(&out, &[broadcast_strides(&shape, &out)], |at, [from]| sums[at] = add(sums[at], x[from]));
        }
        self.io.out_slice::<T>(0)?.iter_mut().zip(sums).for_each(|(y, sum)| *y = end(sum, count));
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let kind = self.kind;
        let add = |a: Option<f64>, b: T| {
            let b = b.to_f64();
            Some(match (kind, a) {
                (_, None) => b,
                (VariadicKind::Max, Some(a)) if a.is_nan() || a > b => a,
                (VariadicKind::Min, Some(a)) if a.is_nan() || a < b => a,
                (VariadicKind::Max | VariadicKind::Min, _) => b,
                (VariadicKind::Sum | VariadicKind::Mean, Some(a)) => a + b,
            })
        };
        let mean = kind == VariadicKind::Mean;
        let end = |sum: Option<f64>, count: usize| {
            let sum = sum.unwrap_or(0.0);
            T::from_f64(if mean { sum / count as f64 } else { sum })
        };
        self.run_with::<T, Option<f64>>(None, add, end)
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let kind = self.kind;
        let add = |a: Option<i128>, b: T| {
            let b = b.to_i128();
            Some(match (kind, a) {
                (_, None) => b,
                (VariadicKind::Max, Some(a)) => a.max(b),
                (VariadicKind::Min, Some(a)) => a.min(b),
                (VariadicKind::Sum | VariadicKind::Mean, Some(a)) => a.wrapping_add(b),
            })
        };
        let mean = kind == VariadicKind::Mean;
        let end = |sum: Option<i128>, count: usize| {
            let sum = sum.unwrap_or(0);
            T::wrap(if mean { sum / (count as i128).max(1) } else { sum })
        };
        self.run_with::<T, Option<i128>>(None, add, end)
    }
}
