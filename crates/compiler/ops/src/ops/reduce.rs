//! Reductions over axes: a table of operators.

use std::sync::Arc;

use fastserve_ir::{
    AttrError, Attrs, Dim, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, PoolKind, PoolSpec, ReduceSpec, ShapeError, Window2d,
};
use fastserve_kernels::reduce::ReduceOp;
use fastserve_tensor::{Bool, DType, Element, MAX_RANK, Shape, TensorView};

use crate::broadcast::walk;
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::shape_ints::{self, distinct_axes};

/// What is made of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceKind {
    /// Sum of absolute values.
    L1,
    /// Root of the sum of squares.
    L2,
    /// Logarithm of the sum.
    LogSum,
    /// Logarithm of the sum of exponentials.
    LogSumExp,
    /// The largest; NaN if there is one.
    Max,
    /// Sum over count; of integers, rounded towards 0.
    Mean,
    /// The smallest; NaN if there is one.
    Min,
    /// Product.
    Prod,
    /// Sum.
    Sum,
    /// Sum of squares.
    SumSquare,
}

/// A reduction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// What is made of the elements.
    pub kind: ReduceKind,
    /// The axes as an attribute (the older form); else they are the second input. No axes at all mean every axis.
    pub axes: Option<Vec<i64>>,
    /// Whether reduced axes stay, with extent 1.
    pub keepdims: bool,
    /// Whether no axes mean none.
    pub noop_with_empty_axes: bool,
}

macro_rules! table {
    ($($name:literal $kind:ident $input_since:literal;)*) => {
        pub(crate) const DEFS: &[OpDef] = &[$(
            OpDef { name: $name, since: 1, build: |attrs, _| with_attribute(attrs, ReduceKind::$kind) },
            OpDef { name: $name, since: $input_since, build: |attrs, _| with_input(attrs, ReduceKind::$kind) },
        )*];

        fn name_of(kind: ReduceKind) -> &'static str {
            match kind { $(ReduceKind::$kind => $name,)* }
        }
    };
}

table! {
    "ReduceL1" L1 18;
    "ReduceL2" L2 18;
    "ReduceLogSum" LogSum 18;
    "ReduceLogSumExp" LogSumExp 18;
    "ReduceMax" Max 18;
    "ReduceMean" Mean 18;
    "ReduceMin" Min 18;
    "ReduceProd" Prod 18;
    "ReduceSum" Sum 13;
    "ReduceSumSquare" SumSquare 18;
}

fn with_attribute(attrs: &Attrs, kind: ReduceKind) -> Result<OpRef, AttrError> {
    attrs.only(&["axes", "keepdims"])?;
    make(attrs, kind, attrs.ints("axes")?)
}

fn with_input(attrs: &Attrs, kind: ReduceKind) -> Result<OpRef, AttrError> {
    attrs.only(&["fs.axes", "keepdims", "noop_with_empty_axes"])?;
    make(attrs, kind, attrs.ints("fs.axes")?)
}

fn make(attrs: &Attrs, kind: ReduceKind, axes: Option<Vec<i64>>) -> Result<OpRef, AttrError> {
    let (keepdims, noop_with_empty_axes) = (attrs.flag("keepdims", true)?, attrs.flag("noop_with_empty_axes", false)?);
    Ok(Arc::new(Reduce { kind, axes, keepdims, noop_with_empty_axes }))
}

/// Which axes are reduced.
type Reduced = [bool; MAX_RANK];

impl Op for Reduce {
    fn name(&self) -> &'static str {
        name_of(self.kind)
    }

    fn attrs(&self) -> Attrs {
        let mut attrs = self.axes.as_ref().map_or_else(Attrs::new, |a| Attrs::new().with_ints("fs.axes", a.clone()));
        if !self.keepdims {
            attrs = attrs.with_int("keepdims", 0);
        }
        if self.noop_with_empty_axes { attrs.with_int("noop_with_empty_axes", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if x.dtype != DType::Bool || !self.kind.takes_bool() {
            require_number(inputs, 0)?;
        }
        let reduced = match self.known_axes(inputs, x.rank()) {
            Err(ShapeError::DataDependent(_)) => return self.without_axes(inputs, x),
            reduced => reduced?,
        };
        let extent = |(i, d): (usize, &Dim)| match (reduced[i], self.keepdims) {
            (false, _) => Some(d.clone()),
            (true, true) => Some(Dim::Known(1)),
            (true, false) => None,
        };
        Ok(vec![Fact::new(x.dtype, x.shape.iter().enumerate().filter_map(extent).collect())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let reduced = self.actual_axes(io)?;
        let dtype = io.dtype(0)?;
        if dtype == DType::Bool && self.kind.takes_bool() {
            let max = self.kind == ReduceKind::Max;
            let join = |a: &bool, b: Bool| if max { *a || b.into() } else { *a && b.into() };
            return Plan::new(&io.shape(0)?, &reduced)?.run::<Bool, bool>(io, !max, join, |any, _| Ok(any.into()));
        }
        Body { kind: self.kind, plan: Plan::new(&io.shape(0)?, &reduced)?, io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let Ok(x) = cx.inputs.req(0) else { return Lowered::Reference };
        let Ok(reduced) = self.known_axes(&cx.inputs, x.rank()) else { return Lowered::Reference };
        if self.kind.keeps_one() && x.shape.iter().zip(reduced).all(|(d, r)| !r || d.known() == Some(1)) {
            return Lowered::Alias;
        }
        match self.as_pool(x, &reduced) {
            _ if x.dtype != DType::F32 => Lowered::Reference,
            Some(spec) => Lowered::Pool(spec),
            None => self.kind.kernel().map_or(Lowered::Reference, |op| Lowered::Reduce(ReduceSpec { op, goes: goes(&x.shape, reduced) })),
        }
    }
}

impl Reduce {
    /// The output where only data tell the axes: how many they are must be known, unless they stay.
    fn without_axes(&self, inputs: &Inputs<'_>, x: &Fact) -> Result<Vec<Fact>, ShapeError> {
        let one = |d: &Dim| if *d == Dim::Known(1) { Dim::Known(1) } else { Dim::New };
        if self.keepdims {
            return Ok(vec![Fact::new(x.dtype, x.shape.iter().map(one).collect())]);
        }
        let gone = shape_ints::len(inputs, 1)?;
        Ok(vec![Fact::new(x.dtype, shape_ints::unknown(x.rank().saturating_sub(gone))?)])
    }

    /// A mean over the last two of four axes is pooling by one window.
    fn as_pool(&self, x: &Fact, reduced: &Reduced) -> Option<PoolSpec> {
        if self.kind != ReduceKind::Mean || !self.keepdims || x.rank() != 4 || reduced[..4] != [false, false, true, true] {
            return None;
        }
        global_window(&x.shape[2..])
    }

    fn mask(&self, axes: Option<&[i64]>, rank: usize) -> Result<Reduced, ShapeError> {
        if rank > MAX_RANK {
            return Err(ShapeError::shape(format!("input 0: rank {rank} is more than {MAX_RANK}")));
        }
        let axes = axes.unwrap_or_default();
        let mut reduced = [axes.is_empty() && !self.noop_with_empty_axes; MAX_RANK];
        distinct_axes(axes, rank)?.into_iter().for_each(|axis| reduced[axis] = true);
        Ok(reduced)
    }

    fn known_axes(&self, inputs: &Inputs<'_>, rank: usize) -> Result<Reduced, ShapeError> {
        match (&self.axes, inputs.opt(1)) {
            (Some(axes), _) => self.mask(Some(axes), rank),
            (None, Some(_)) => self.mask(Some(&shape_ints::known(inputs, 1)?), rank),
            (None, None) => self.mask(None, rank),
        }
    }

    fn actual_axes(&self, io: &Io<'_>) -> Result<Reduced, OpError> {
        let input = io.opt(1).filter(|_| self.axes.is_none());
        let axes = match &input {
            Some(view) => Some(axes_of(view)?),
            None => self.axes.as_deref(),
        };
        Ok(self.mask(axes, io.shape(0)?.rank())?)
    }
}

fn axes_of<'a>(view: &TensorView<'a>) -> Result<&'a [i64], OpError> {
    Ok(view.as_slice::<i64>()?)
}

/// The axes that go, with trailing ones that are known to be 1.
fn goes(shape: &[Dim], mut reduced: Reduced) -> Reduced {
    for i in (0..shape.len()).rev() {
        if shape[i].known() != Some(1) {
            break;
        }
        reduced[i] = true;
    }
    reduced
}

/// Pooling by one window over these spatial extents, which must be one or two, and not 0.
pub(crate) fn global_window(spatial: &[Dim]) -> Option<PoolSpec> {
    // 0 stands for what the extent is at run time.
    let extent = |d: &Dim| match d.known() {
        Some(0) => None,
        known => Some(known.unwrap_or(0)),
    };
    let kernel = match spatial {
        [w] => [1, extent(w)?],
        [h, w] => [extent(h)?, extent(w)?],
        _ => return None,
    };
    let window = Window2d { kernel, strides: [1, 1], dilations: [1, 1], pads: [0; 4] };
    Some(PoolSpec { kind: PoolKind::Average { count_include_pad: false }, window })
}

/// A reduction of all axes from the third on, for more spatial axes than pooling takes.
pub(crate) fn global_reduce(op: ReduceOp, x: Option<&Fact>) -> Lowered {
    match x {
        Some(x) if x.dtype == DType::F32 && (3..=MAX_RANK).contains(&x.rank()) => {
            Lowered::Reduce(ReduceSpec { op, goes: goes(&x.shape, std::array::from_fn(|i| (2..x.rank()).contains(&i))) })
        }
        _ => Lowered::Reference,
    }
}

/// The input split into the axes that stay and those that go, each with its strides.
struct Plan {
    kept: (Shape, [usize; MAX_RANK]),
    gone: (Shape, [usize; MAX_RANK]),
}

impl Plan {
    fn new(shape: &Shape, reduced: &Reduced) -> Result<Self, OpError> {
        Ok(Plan { kept: part(shape, |i| !reduced[i])?, gone: part(shape, |i| reduced[i])? })
    }

    /// Folds the elements of each output in the order of the input and stores the result.
    fn run<T: Element, A>(
        &self,
        io: &mut Io<'_>,
        zero: A,
        add: impl Fn(&A, T) -> A,
        end: impl Fn(A, usize) -> Result<T, OpError>,
    ) -> Result<(), OpError>
    where
        A: Clone,
    {
        let x = io.slice::<T>(0)?;
        let y = io.out_slice::<T>(0)?;
        if y.is_empty() {
            return Ok(());
        }
        if self.kept.0.checked_numel() != Some(y.len()) {
            return Err(OpError::Value(format!("expected {} as the axes that stay, got {} outputs", self.kept.0, y.len())));
        }
        let mut failed = None;
        walk(&self.kept.0, &[self.kept.1], |i, [start]| {
            let mut sum = zero.clone();
            walk(&self.gone.0, &[self.gone.1], |_, [at]| sum = add(&sum, x[start + at]));
            match end(sum, self.gone.0.numel()) {
                Ok(v) => y[i] = v,
                Err(e) => failed = Some(e),
            }
        });
        failed.map_or(Ok(()), Err)
    }
}

fn part(shape: &Shape, wanted: impl Fn(usize) -> bool) -> Result<(Shape, [usize; MAX_RANK]), OpError> {
    let own = shape.strides();
    let mut strides = [0; MAX_RANK];
    (0..shape.rank()).filter(|&i| wanted(i)).enumerate().for_each(|(to, i)| strides[to] = own[i]);
    Ok((Shape::collect((0..shape.rank()).filter(|&i| wanted(i)).map(|i| shape[i]))?, strides))
}

struct Body<'b, 'a> {
    kind: ReduceKind,
    plan: Plan,
    io: &'b mut Io<'a>,
}

impl ReduceKind {
    /// Whether what is made of one element is that element.
    fn keeps_one(self) -> bool {
        use ReduceKind::{Max, Mean, Min, Prod, Sum};
        matches!(self, Max | Mean | Min | Prod | Sum)
    }

    /// Whether truth values have it: whether all or any are true.
    fn takes_bool(self) -> bool {
        matches!(self, ReduceKind::Max | ReduceKind::Min)
    }

    /// The kernel's operation, if it has one.
    fn kernel(self) -> Option<ReduceOp> {
        match self {
            ReduceKind::L1 => Some(ReduceOp::L1),
            ReduceKind::L2 => Some(ReduceOp::L2),
            ReduceKind::LogSum | ReduceKind::LogSumExp => None,
            ReduceKind::Max => Some(ReduceOp::Max),
            ReduceKind::Mean => Some(ReduceOp::Mean),
            ReduceKind::Min => Some(ReduceOp::Min),
            ReduceKind::Prod => Some(ReduceOp::Prod),
            ReduceKind::Sum => Some(ReduceOp::Sum),
            ReduceKind::SumSquare => Some(ReduceOp::SumSquare),
        }
    }

    /// What is made of so many elements, from their sum, product or extreme.
    fn end(self, sum: f64, count: usize) -> f64 {
        match self {
            ReduceKind::Mean => sum / count as f64,
            ReduceKind::L2 => sum.sqrt(),
            ReduceKind::LogSum => sum.ln(),
            _ => sum,
        }
    }
}

/// Of exponentials, the largest exponent and the sum over its exponential.
fn add_exp((max, sum): (f64, f64), x: f64) -> (f64, f64) {
    match x {
        f64::NEG_INFINITY => (max, sum),
        _ if x.is_nan() => (x, x),
        _ if x > max => (x, 1.0 + if max == f64::NEG_INFINITY { 0.0 } else { sum * (max - x).exp() }),
        _ if x == max => (max, sum + 1.0),
        _ => (max, sum + (x - max).exp()),
    }
}

impl Body<'_, '_> {
    /// Roots and logarithms of integers, towards zero.
    fn rounded_down<T: Int>(&mut self) -> Result<(), OpError> {
        let (kind, squares) = (self.kind, self.kind == ReduceKind::L2);
        if kind == ReduceKind::LogSumExp {
            let end = |(max, sum): (f64, f64), _| Ok(T::wrap((max + sum.ln()) as i128));
            return self.plan.run::<T, (f64, f64)>(self.io, (f64::NEG_INFINITY, 0.0), |a, b| add_exp(*a, b.to_i128() as f64), end);
        }
        let add = |sum: &f64, b: T| {
            let b = b.to_i128() as f64;
            sum + if squares { b * b } else { b }
        };
        self.plan.run::<T, f64>(self.io, 0.0, add, |sum, count| Ok(T::wrap(kind.end(sum, count) as i128)))
    }

    fn log_sum_exp<T: Float>(&mut self) -> Result<(), OpError> {
        let end = |(max, sum): (f64, f64), _| Ok(T::from_f64(max + sum.ln()));
        self.plan.run::<T, (f64, f64)>(self.io, (f64::NEG_INFINITY, 0.0), |a, b| add_exp(*a, b.to_f64()), end)
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let (zero, add): (f64, fn(f64, f64) -> f64) = match self.kind {
            ReduceKind::Sum | ReduceKind::Mean | ReduceKind::LogSum => (0.0, |a, b| a + b),
            ReduceKind::L1 => (0.0, |a, b| a + b.abs()),
            ReduceKind::L2 | ReduceKind::SumSquare => (0.0, |a, b| a + b * b),
            ReduceKind::LogSumExp => return self.log_sum_exp::<T>(),
            ReduceKind::Prod => (1.0, |a, b| a * b),
            ReduceKind::Max => (f64::NEG_INFINITY, |a, b| if a.is_nan() || a > b { a } else { b }),
            ReduceKind::Min => (f64::INFINITY, |a, b| if a.is_nan() || a < b { a } else { b }),
        };
        let kind = self.kind;
        let end = |sum: f64, count: usize| Ok(T::from_f64(kind.end(sum, count)));
        self.plan.run::<T, f64>(self.io, zero, |a, b| add(*a, b.to_f64()), end)
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let (zero, add): (Option<i128>, fn(i128, i128) -> i128) = match self.kind {
            ReduceKind::Sum | ReduceKind::Mean => (Some(0), i128::wrapping_add),
            ReduceKind::L1 => (Some(0), |a, b| a.wrapping_add(b.wrapping_abs())),
            ReduceKind::SumSquare => (Some(0), |a, b| a.wrapping_add(b.wrapping_mul(b))),
            ReduceKind::Prod => (Some(1), i128::wrapping_mul),
            ReduceKind::Max => (None, Ord::max),
            ReduceKind::Min => (None, Ord::min),
            ReduceKind::L2 | ReduceKind::LogSum | ReduceKind::LogSumExp => return self.rounded_down::<T>(),
        };
        let mean = self.kind == ReduceKind::Mean;
        let empty = || OpError::Value("a mean or extreme of no integers".into());
        let end = |sum: Option<i128>, count: usize| {
            let sum = sum.ok_or_else(empty)?;
            let value = if mean { sum.checked_div(count as i128).ok_or_else(empty)? } else { sum };
            Ok(T::wrap(value))
        };
        // A first element is combined with the start value where there is one.
        let add = |a: &Option<i128>, b: T| Some(a.map_or(b.to_i128(), |a| add(a, b.to_i128())));
        self.plan.run::<T, Option<i128>>(self.io, zero, add, end)
    }
}
