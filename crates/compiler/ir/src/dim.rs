//! Extents that may be known at run time only.
//!
//! Expressions are built so that they never fall when a symbol rises: what divides is a constant, and what is
//! subtracted is a constant or cancels.
//! A plan relies on it: the extents at the largest values of the symbols bound all others.

use std::sync::Arc;

use fastserve_tensor::Shape;

use crate::ids::SymId;

/// One extent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    /// Known when the model is loaded.
    Known(usize),
    /// A symbol, such as the batch.
    Sym(SymId),
    /// Computed from symbols.
    Expr(Arc<DimExpr>),
    /// What only data tell, as inference returns it; a graph gives it a symbol when the node is added.
    New,
}

/// `a op b`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DimExpr {
    /// The operation.
    pub op: DimOp,
    /// Left operand.
    pub a: Dim,
    /// Right operand.
    pub b: Dim,
    /// Operations in the whole expression, counted as often as they are used.
    weight: u32,
}

/// An expression has no more operations than this, so that evaluating, comparing and dropping it stays cheap whatever a model
/// adds up.
const MAX_WEIGHT: u32 = 2048;

/// An operation on extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DimOp {
    /// Sum.
    Add,
    /// Difference, 0 where it would be negative; the right side is known, or its terms are among those of the left.
    Sub,
    /// Product.
    Mul,
    /// Quotient, rounded down; the right side is known and not 0.
    Div,
    /// Quotient, rounded up; the right side is known and not 0.
    CeilDiv,
    /// The larger.
    Max,
    /// The lesser.
    Min,
}

/// Every operation with its sign in the text form.
pub(crate) const DIM_OPS: &[(DimOp, &str)] = &[
    (DimOp::Add, "+"),
    (DimOp::Sub, "-"),
    (DimOp::Mul, "*"),
    (DimOp::Div, "/"),
    (DimOp::CeilDiv, "^/"),
    (DimOp::Max, "max"),
    (DimOp::Min, "min"),
];

impl DimOp {
    /// The value of the operation; `None` on overflow or division by zero.
    pub fn apply(self, a: usize, b: usize) -> Option<usize> {
        match self {
            DimOp::Add => a.checked_add(b),
            DimOp::Sub => Some(a.saturating_sub(b)),
            DimOp::Mul => a.checked_mul(b),
            DimOp::Div => a.checked_div(b),
            DimOp::CeilDiv => (b != 0).then(|| a.div_ceil(b)),
            DimOp::Max => Some(a.max(b)),
            DimOp::Min => Some(a.min(b)),
        }
    }
}

impl Dim {
    /// The extent, where it is known.
    pub fn known(&self) -> Option<usize> {
        match self {
            Dim::Known(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether both are known, and not the same.
    pub fn differs(&self, other: &Dim) -> bool {
        self.known().zip(other.known()).is_some_and(|(a, b)| a != b)
    }

    /// The extent for these values of the symbols; `None` for a missing symbol or an overflow.
    pub fn eval(&self, symbols: &[usize]) -> Option<usize> {
        match self {
            Dim::Known(n) => Some(*n),
            Dim::Sym(s) => symbols.get(s.index()).copied(),
            Dim::Expr(e) => e.op.apply(e.a.eval(symbols)?, e.b.eval(symbols)?),
            Dim::New => None,
        }
    }

    /// Whether the symbol takes part.
    pub fn has(&self, symbol: SymId) -> bool {
        match self {
            Dim::Known(_) | Dim::New => false,
            Dim::Sym(s) => *s == symbol,
            Dim::Expr(e) => e.a.has(symbol) || e.b.has(symbol),
        }
    }

    /// The same with `by` in the symbol's place; `None` where that overflows or is no expression that may be.
    pub fn substitute(&self, symbol: SymId, by: &Dim) -> Option<Dim> {
        match self {
            Dim::Sym(s) if *s == symbol => Some(by.clone()),
            Dim::Expr(e) if self.has(symbol) => e.a.substitute(symbol, by)?.combine(e.op, e.b.substitute(symbol, by)?),
            _ => Some(self.clone()),
        }
    }

    /// `self op other`, simplified; `None` where it overflows, where subtraction or division by something not known would be
    /// needed, or where the expression would grow beyond a bound.
    pub fn combine(self, op: DimOp, other: Dim) -> Option<Dim> {
        match (&self, &other) {
            (Dim::Known(a), Dim::Known(b)) => return op.apply(*a, *b).map(Dim::Known),
            (Dim::New, _) | (_, Dim::New) => return Some(Dim::New),
            _ => {}
        }
        if self.weight().saturating_add(other.weight()) >= MAX_WEIGHT {
            return None;
        }
        match op {
            DimOp::Max | DimOp::Min if self == other || self.absorbs(op, &other) => Some(self),
            DimOp::Max | DimOp::Min if other.absorbs(op, &self) => Some(other),
            DimOp::Add | DimOp::Mul | DimOp::Max | DimOp::Min => commutative(op, self, other),
            DimOp::Sub if other.known().is_none() => difference(&self, &other),
            DimOp::Sub | DimOp::Div | DimOp::CeilDiv => by_constant(op, self, other.known()?),
        }
    }

    /// `self / n`, if it is known to leave no remainder.
    pub fn exact_div(&self, n: usize) -> Option<Dim> {
        match self {
            Dim::Known(a) => (n != 0 && a.is_multiple_of(n)).then(|| Dim::Known(a / n)),
            _ if n == 1 => Some(self.clone()),
            _ => {
                let (rest, m) = self.split(DimOp::Mul).filter(|(_, m)| n != 0 && m.is_multiple_of(n))?;
                rest.clone().combine(DimOp::Mul, Dim::Known(m / n))
            }
        }
    }

    /// The product of extents; `None` on overflow.
    pub fn product(dims: &[Dim]) -> Option<Dim> {
        dims.iter().cloned().try_fold(Dim::Known(1), |a, b| a.combine(DimOp::Mul, b))
    }

    /// The sum of extents; `None` on overflow.
    pub fn sum(dims: &[Dim]) -> Option<Dim> {
        dims.iter().cloned().try_fold(Dim::Known(0), |a, b| a.combine(DimOp::Add, b))
    }

    fn expr(op: DimOp, a: Dim, b: Dim) -> Dim {
        let weight = a.weight().saturating_add(b.weight()).saturating_add(1);
        Dim::Expr(Arc::new(DimExpr { op, a, b, weight }))
    }

    fn weight(&self) -> u32 {
        if let Dim::Expr(e) = self { e.weight } else { 0 }
    }

    /// Whether `other` is the lesser of this and something for a maximum, or the larger for a minimum: then this is what both make.
    fn absorbs(&self, op: DimOp, other: &Dim) -> bool {
        let opposite = if op == DimOp::Max { DimOp::Min } else { DimOp::Max };
        matches!(other, Dim::Expr(e) if e.op == opposite && (e.a == *self || e.b == *self))
    }

    /// `(rest, constant)` where this is `rest op constant`.
    fn split(&self, op: DimOp) -> Option<(&Dim, usize)> {
        match self {
            Dim::Expr(e) if e.op == op => e.b.known().map(|b| (&e.a, b)),
            _ => None,
        }
    }
}

/// Sums, products and maxima, with the constant (if any) on the right and merged into the one that is there.
fn commutative(op: DimOp, a: Dim, b: Dim) -> Option<Dim> {
    let (a, b) = if a.known().is_some() { (b, a) } else { (a, b) };
    let Some(n) = b.known() else {
        return Some(with_constants_outside(op, a, b));
    };
    match (op, n) {
        (DimOp::Add, 0) | (DimOp::Mul, 1) | (DimOp::Max, 0) => return Some(a),
        (DimOp::Mul | DimOp::Min, 0) => return Some(Dim::Known(0)),
        (DimOp::Min, usize::MAX) => return Some(a),
        _ => {}
    }
    match a.split(op) {
        Some((rest, m)) => Some(Dim::expr(op, rest.clone(), Dim::Known(op.apply(m, n)?))),
        None => Some(Dim::expr(op, a, b)),
    }
}

/// `(x·c)·y` becomes `(x·y)·c`, so that equal products have equal forms.
fn with_constants_outside(op: DimOp, a: Dim, b: Dim) -> Dim {
    if let Some((rest, c)) = a.split(op) {
        let inner = Dim::expr(op, rest.clone(), b);
        return Dim::expr(op, inner, Dim::Known(c));
    }
    if let Some((rest, c)) = b.split(op) {
        let inner = Dim::expr(op, a, rest.clone());
        return Dim::expr(op, inner, Dim::Known(c));
    }
    Dim::expr(op, a, b)
}

/// The most terms of a sum that [`difference`] looks at.
const MAX_TERMS: usize = 64;

/// `a - b` where every term of `b` is one of `a`'s, so that what remains never falls when a symbol rises.
fn difference(a: &Dim, b: &Dim) -> Option<Dim> {
    let (mut left, mut plus, mut right, mut minus) = (Vec::new(), 0, Vec::new(), 0);
    terms(a, 1, &mut left, &mut plus)?;
    terms(b, 1, &mut right, &mut minus)?;
    for (term, count) in right {
        let (_, have) = left.iter_mut().find(|(t, _)| *t == term)?;
        *have = have.checked_sub(count)?;
    }
    let scaled = |(term, count): (Dim, usize)| term.combine(DimOp::Mul, Dim::Known(count));
    let rest = left.into_iter().filter(|(_, count)| *count > 0).map(scaled).collect::<Option<Vec<_>>>()?;
    Dim::sum(&rest)?.combine(DimOp::Add, Dim::Known(plus))?.combine(DimOp::Sub, Dim::Known(minus))
}

/// Adds `dim`, `times` over, to the terms of a sum and its constant.
fn terms(dim: &Dim, times: usize, list: &mut Vec<(Dim, usize)>, constant: &mut usize) -> Option<()> {
    match dim {
        Dim::Known(n) => *constant = constant.checked_add(n.checked_mul(times)?)?,
        Dim::Expr(e) if e.op == DimOp::Add => {
            terms(&e.a, times, list, constant)?;
            terms(&e.b, times, list, constant)?;
        }
        Dim::Expr(e) if e.op == DimOp::Mul && e.b.known().is_some() => terms(&e.a, times.checked_mul(e.b.known()?)?, list, constant)?,
        _ => match list.iter().position(|(t, _)| t == dim) {
            Some(i) => list[i].1 = list[i].1.checked_add(times)?,
            None if list.len() < MAX_TERMS => list.push((dim.clone(), times)),
            None => return None,
        },
    }
    Some(())
}

fn by_constant(op: DimOp, a: Dim, n: usize) -> Option<Dim> {
    match (op, n) {
        (DimOp::Div | DimOp::CeilDiv, 0) => return None,
        (DimOp::Div | DimOp::CeilDiv, 1) | (DimOp::Sub, 0) => return Some(a),
        _ => {}
    }
    if op == DimOp::Sub {
        if let Some((rest, m)) = a.split(DimOp::Add).filter(|(_, m)| *m >= n) {
            return rest.clone().combine(DimOp::Add, Dim::Known(m - n));
        }
    } else if let Some((rest, m)) = a.split(DimOp::Mul).filter(|(_, m)| m.is_multiple_of(n)) {
        return rest.clone().combine(DimOp::Mul, Dim::Known(m / n));
    }
    Some(Dim::expr(op, a, Dim::Known(n)))
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Dim::Known(n)
    }
}

/// The extents of known dims; `None` if one is symbolic or the rank is too large.
pub fn known_shape(dims: &[Dim]) -> Option<Shape> {
    eval_shape(dims, &[])
}

/// The extents for these values of the symbols.
pub fn eval_shape(dims: &[Dim], symbols: &[usize]) -> Option<Shape> {
    let mut shape = Shape::new(&[0; fastserve_tensor::MAX_RANK][..dims.len().min(fastserve_tensor::MAX_RANK)]).ok()?;
    if shape.rank() != dims.len() {
        return None;
    }
    for (to, dim) in shape.dims_mut().iter_mut().zip(dims) {
        *to = dim.eval(symbols)?;
    }
    Some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n() -> Dim {
        Dim::Sym(SymId(0))
    }

    #[test]
    fn products_have_one_form() {
        let a = Dim::product(&[n(), 8.into(), 169.into()]).unwrap();
        let b = Dim::product(&[8.into(), n(), 169.into()]).unwrap();
        assert_eq!(a, b);
        assert_eq!(a.eval(&[3]), Some(3 * 1352));
        assert_eq!(a.combine(DimOp::Div, 1352.into()), Some(n()));
    }

    #[test]
    fn a_convolution_of_a_symbolic_height() {
        let h = n().combine(DimOp::Add, 2.into()).unwrap().combine(DimOp::Sub, 3.into()).unwrap();
        let out = h.combine(DimOp::Div, 2.into()).unwrap().combine(DimOp::Add, 1.into()).unwrap();
        assert_eq!(out.eval(&[224]), Some(112));
    }

    #[test]
    fn expressions_do_not_grow_without_bound() {
        let mut sum = n().combine(DimOp::Div, 3.into());
        for _ in 0..100 {
            sum = sum.and_then(|d| d.clone().combine(DimOp::Mul, d));
        }
        assert_eq!(sum, None);
    }

    #[test]
    fn overflow_and_zero_divisors_are_none() {
        assert_eq!(Dim::Known(usize::MAX).combine(DimOp::Mul, 2.into()), None);
        assert_eq!(n().combine(DimOp::Div, 0.into()), None);
        let other = Dim::Sym(SymId(1));
        assert_eq!(n().combine(DimOp::Sub, other), None);
    }

    #[test]
    fn equal_terms_of_a_difference_cancel() {
        let twice = n().combine(DimOp::Mul, 2.into()).unwrap();
        let more = twice.clone().combine(DimOp::Add, 5.into()).unwrap();
        assert_eq!(more.clone().combine(DimOp::Sub, n()), n().combine(DimOp::Add, 5.into()));
        assert_eq!(more.combine(DimOp::Sub, twice.clone()), Some(Dim::Known(5)));
        assert_eq!(n().combine(DimOp::Sub, twice), None);
        assert_eq!(n().combine(DimOp::Sub, n()), Some(Dim::Known(0)));
    }

    #[test]
    fn the_lesser_of_two() {
        let least = n().combine(DimOp::Min, 7.into()).unwrap().combine(DimOp::Min, 5.into()).unwrap();
        assert_eq!((least.eval(&[3]), least.eval(&[9])), (Some(3), Some(5)));
        assert_eq!(n().combine(DimOp::Min, n()), Some(n()));
        let (capped, raised) = (n().combine(DimOp::Min, 7.into()), n().combine(DimOp::Max, 7.into()));
        assert_eq!((n().combine(DimOp::Max, capped.clone().unwrap()), capped.unwrap().combine(DimOp::Max, n())), (Some(n()), Some(n())));
        assert_eq!(raised.unwrap().combine(DimOp::Min, n()), Some(n()));
    }

    #[test]
    fn division_that_leaves_nothing() {
        let twelve = n().combine(DimOp::Mul, 12.into()).unwrap();
        assert_eq!(twelve.exact_div(4), n().combine(DimOp::Mul, 3.into()));
        assert_eq!((twelve.exact_div(5), Dim::Known(6).exact_div(0)), (None, None));
    }
}
