//! Tensors with named axes, multiplied and summed.

use fastserve_ir::OpError;

use crate::elements::count;
use crate::equation::Label;

/// A tensor whose axes have names; a name may stand twice.
#[derive(Clone, Debug)]
pub(crate) struct Operand<A> {
    pub(crate) labels: Vec<Label>,
    pub(crate) extents: Vec<usize>,
    pub(crate) data: Vec<A>,
}

/// Sums or products of two.
pub(crate) type Join<'f, A> = &'f dyn Fn(A, A) -> A;

/// An intermediate result may have this many times the elements of all operands and the result together.
const GROWTH: usize = 16;

/// The product of all operands, summed over the axes that are not among `out`; (0, 1) are the neutral elements.
///
/// Two operands at a time, those first whose product is smallest; all that remain at once where every product would be large.
///
/// # Errors
/// Extents of one axis that differ, of which none is 1.
pub(crate) fn contract<A: Copy>(
    mut operands: Vec<Operand<A>>,
    out: &[Label],
    add: Join<'_, A>,
    mul: Join<'_, A>,
    units: (A, A),
) -> Result<Operand<A>, OpError> {
    let axes = Axes::of(&operands)?;
    let result = count(&out.iter().map(|l| axes.extent(*l)).collect::<Vec<_>>());
    let given = operands.iter().fold(result, |n, o| n.saturating_add(o.data.len()));
    let limit = given.saturating_mul(GROWTH);
    while operands.len() > 2 {
        let Some((i, j, kept, _)) = cheapest(&operands, out, &axes).filter(|c| c.3 <= limit) else { break };
        let right = operands.swap_remove(j);
        let left = operands.swap_remove(i);
        operands.push(product(&[left, right], &kept, &axes, add, mul, units));
    }
    Ok(product(&operands, out, &axes, add, mul, units))
}

/// The extent of each name.
struct Axes(Vec<(Label, usize)>);

impl Axes {
    fn of<A>(operands: &[Operand<A>]) -> Result<Self, OpError> {
        let mut axes = Axes(Vec::new());
        for (&label, &extent) in operands.iter().flat_map(|o| o.labels.iter().zip(&o.extents)) {
            match axes.0.iter_mut().find(|(l, _)| *l == label) {
                None => axes.0.push((label, extent)),
                Some((_, have)) if *have == extent || extent == 1 => {}
                Some((_, have)) if *have == 1 => *have = extent,
                Some((_, have)) => return Err(OpError::Value(format!("extents {have} and {extent} of one axis differ"))),
            }
        }
        Ok(axes)
    }

    fn extent(&self, label: Label) -> usize {
        self.0.iter().find(|(l, _)| *l == label).map_or(1, |(_, n)| *n)
    }
}

/// The pair with the smallest product: both places (the lower first), the axes it keeps, and its number of elements.
fn cheapest<A>(operands: &[Operand<A>], out: &[Label], axes: &Axes) -> Option<(usize, usize, Vec<Label>, usize)> {
    let pairs = (0..operands.len()).flat_map(|i| (i + 1..operands.len()).map(move |j| (i, j)));
    let priced = pairs.map(|(i, j)| {
        let elsewhere = |l: &Label| out.contains(l) || operands.iter().enumerate().any(|(k, o)| k != i && k != j && o.labels.contains(l));
        let mut kept: Vec<Label> = Vec::new();
        for label in operands[i].labels.iter().chain(&operands[j].labels).filter(|l| elsewhere(l)) {
            if !kept.contains(label) {
                kept.push(*label);
            }
        }
        let size = count(&kept.iter().map(|l| axes.extent(*l)).collect::<Vec<_>>());
        (i, j, kept, size)
    });
    priced.min_by_key(|p| p.3)
}

/// Along which axes a product is walked, and how far each operand moves with them.
struct Walk {
    extents: Vec<usize>,
    strides: Vec<Vec<usize>>,
}

impl Walk {
    fn new<A>(labels: &[Label], operands: &[Operand<A>], axes: &Axes) -> Self {
        let stride = |o: &Operand<A>, label: &Label| {
            let at = |i: usize| if o.extents[i] == 1 { 0 } else { count(&o.extents[i + 1..]) };
            o.labels.iter().enumerate().filter(|(_, l)| *l == label).map(|(i, _)| at(i)).sum()
        };
        let strides = operands.iter().map(|o| labels.iter().map(|l| stride(o, l)).collect()).collect();
        Walk { extents: labels.iter().map(|l| axes.extent(*l)).collect(), strides }
    }

    /// Visits every index in order, with each operand's place from `start` on.
    fn each(&self, start: &[usize], mut visit: impl FnMut(&[usize])) {
        let mut index = vec![0usize; self.extents.len()];
        let mut places = start.to_vec();
        if self.extents.contains(&0) {
            return;
        }
        loop {
            visit(&places);
            let mut axis = self.extents.len();
            loop {
                let Some(next) = axis.checked_sub(1) else { return };
                axis = next;
                index[axis] += 1;
                places.iter_mut().zip(&self.strides).for_each(|(p, s)| *p += s[axis]);
                if index[axis] < self.extents[axis] {
                    break;
                }
                places.iter_mut().zip(&self.strides).for_each(|(p, s)| *p -= s[axis] * index[axis]);
                index[axis] = 0;
            }
        }
    }
}

/// The product of some operands with the axes `kept`.
fn product<A: Copy>(
    operands: &[Operand<A>],
    kept: &[Label],
    axes: &Axes,
    add: Join<'_, A>,
    mul: Join<'_, A>,
    (zero, one): (A, A),
) -> Operand<A> {
    let mut summed: Vec<Label> = Vec::new();
    for label in operands.iter().flat_map(|o| &o.labels).filter(|l| !kept.contains(l)) {
        if !summed.contains(label) {
            summed.push(*label);
        }
    }
    let (outer, inner) = (Walk::new(kept, operands, axes), Walk::new(&summed, operands, axes));
    let mut data = Vec::with_capacity(count(&outer.extents));
    outer.each(&vec![0; operands.len()], |start| {
        let mut sum = zero;
        inner.each(start, |places| {
            let term = operands.iter().zip(places).fold(one, |term, (o, &at)| mul(term, o.data.get(at).copied().unwrap_or(zero)));
            sum = add(sum, term);
        });
        data.push(sum);
    });
    Operand { labels: kept.to_vec(), extents: outer.extents, data }
}
