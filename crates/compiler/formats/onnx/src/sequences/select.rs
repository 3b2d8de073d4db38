//! The element at a position that only the run tells.

use fastserve_ir::{Attrs, Dim, ValueId};

use crate::error::Refusal;
use crate::load::Loader;
use crate::parts::Site;

/// Elements in one tensor.
pub(super) enum Stack {
    /// Of equal extents: one behind the other along a new first axis.
    Same(ValueId),
    /// Of one rank: their numbers in a row, where each ends there, and the extents of each.
    Flat { row: ValueId, ends: ValueId, sizes: ValueId, shapes: ValueId },
}

impl<'f> Loader<'f, '_> {
    /// Puts elements into one tensor, out of which one can be taken.
    pub(super) fn stack(&mut self, elements: &[ValueId], site: &Site<'_, 'f>) -> Result<Stack, Refusal> {
        let Some(&first) = elements.first() else {
            return Err(site.wrong("expected a sequence with elements, got an empty one"));
        };
        let shape: Vec<Dim> = self.graph.fact(first).shape.clone();
        if elements.iter().all(|&e| self.graph.fact(e).shape == shape) {
            return Ok(Stack::Same(self.stacked(elements, site)?));
        }
        if elements.iter().any(|&e| self.graph.fact(e).rank() != shape.len()) {
            let why = "elements of different ranks, of which only the run tells which one is taken: ranks are known when a model is loaded";
            return Err(Refusal::Unsupported(why.into()));
        }
        self.flat(elements, site)
    }

    /// Elements of equal extents along a new first axis.
    pub(super) fn stacked(&mut self, elements: &[ValueId], site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let axes = self.part_ints(&[0], site)?;
        let rows = elements.iter().map(|&e| self.part("Unsqueeze", Attrs::new(), &[e, axes], site)).collect::<Result<Vec<_>, _>>()?;
        self.part("Concat", Attrs::new().with_int("axis", 0), &rows, site)
    }

    fn flat(&mut self, elements: &[ValueId], site: &Site<'_, 'f>) -> Result<Stack, Refusal> {
        let all = self.part_ints(&[-1], site)?;
        let (mut rows, mut shapes) = (Vec::with_capacity(elements.len()), Vec::with_capacity(elements.len()));
        for &element in elements {
            rows.push(self.part("Reshape", Attrs::new(), &[element, all], site)?);
            shapes.push(self.part("Shape", Attrs::new(), &[element], site)?);
        }
        let row = self.part("Concat", Attrs::new().with_int("axis", 0), &rows, site)?;
        let shapes = self.stacked(&shapes, site)?;
        let (first, second) = (self.part_int(0, site)?, self.part_ints(&[1], site)?);
        let sizes = self.part("ReduceProd", Attrs::new().with_int("keepdims", 0), &[shapes, second], site)?;
        let ends = self.part("CumSum", Attrs::new(), &[sizes, first], site)?;
        Ok(Stack::Flat { row, ends, sizes, shapes })
    }

    /// The element at a position, which counts from the end where it is negative; the run refuses one outside.
    pub(super) fn select(&mut self, stack: &Stack, at: ValueId, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let Stack::Flat { row, ends, sizes, shapes } = *stack else {
            let Stack::Same(rows) = *stack else { return Err(site.wrong("a stack without rows")) };
            return self.part("Gather", Attrs::new().with_int("axis", 0), &[rows, at], site);
        };
        let axis = self.part_ints(&[0], site)?;
        let place = self.part("Unsqueeze", Attrs::new(), &[at, axis], site)?;
        let end = self.part("Gather", Attrs::new(), &[ends, place], site)?;
        let size = self.part("Gather", Attrs::new(), &[sizes, place], site)?;
        let start = self.part("Sub", Attrs::new(), &[end, size], site)?;
        let numbers = self.part("Slice", Attrs::new(), &[row, start, end, axis], site)?;
        let shape = self.part("Gather", Attrs::new(), &[shapes, at], site)?;
        self.part("Reshape", Attrs::new().with_int("allowzero", 1), &[numbers, shape], site)
    }
}
