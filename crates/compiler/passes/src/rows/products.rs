//! Rules about sums of products.

use fastserve_ir::Dim;

use super::{Cx, Flow, Verdict};

const SUMMED: &str = "it sums over the batch";

impl Cx<'_> {
    pub(super) fn matmul(&self) -> Verdict {
        self.fixed(2..self.node.inputs.len())?;
        let attrs = self.node.op.attrs();
        if ["transA", "transB", "transBatchA", "transBatchB"].iter().any(|name| attrs.int_or(name, 0) != Ok(0)) {
            return Err("it transposes the batch, or may".into());
        }
        let rank = |at| self.fact(at).map_or(0, |f| f.rank());
        match (self.input(0), self.input(1)) {
            (Flow::Rows(a), _) if a + 1 == rank(0) => Err(SUMMED.into()),
            // The rows of the left side: each is a row of the product.
            (Flow::Rows(a), Flow::Fixed) if a + 2 == rank(0) => Ok(()),
            (_, Flow::Rows(b)) if b + 2 >= rank(1) => Err(SUMMED.into()),
            (Flow::Rows(a), _) if a + 2 == rank(0) => Err("its right side depends on the batch".into()),
            _ => self.batches(),
        }
    }

    /// Axes before the last two, which broadcast.
    fn batches(&self) -> Verdict {
        for at in 0..2 {
            let Some(fact) = self.fact(at) else { return Err("an input is missing".into()) };
            if fact.rank() < 2 {
                return Err("one of its sides is a vector".into());
            }
            if !self.meets(at)? {
                return Err(format!("input {at} does not have the batch where the output has it"));
            }
        }
        Ok(())
    }

    pub(super) fn gemm(&self) -> Verdict {
        self.fixed(1..2)?;
        if self.input(0) != Flow::Rows(0) || self.node.op.attrs().flag("transA", false) != Ok(false) {
            return Err(SUMMED.into());
        }
        self.aligned(2)
    }

    /// LSTM, GRU, RNN: sequences and their states have the batch on one axis, lengths are a list of it.
    pub(super) fn recurrent(&self) -> Verdict {
        let batch_first = self.node.op.attrs().int_or("layout", 0) == Ok(1);
        let axis = usize::from(!batch_first);
        if self.input(0) != Flow::Rows(axis) {
            return Err("the batch is not where sequences have theirs".into());
        }
        self.fixed(1..4)?;
        let fits = |at: usize| match (at, self.input(at)) {
            (4, Flow::Rows(rows)) => rows == 0,
            (5 | 6, Flow::Rows(rows)) => rows == axis,
            (7, flow) => flow == Flow::Fixed,
            _ => self.fact(at).is_none(),
        };
        match (4..self.node.inputs.len()).find(|&at| !fits(at)) {
            Some(at) => Err(format!("input {at} does not have the batch where sequences have theirs")),
            None => Ok(()),
        }
    }

    /// Attention: all that is given has rows on axis 0, but a mask that is the same for all.
    pub(super) fn attention(&self) -> Verdict {
        let fits = |at: usize| match self.input(at) {
            // A mask of rank 3 begins with heads.
            Flow::Rows(rows) => rows == 0 && (at != 3 || self.fact(at).is_some_and(|f| f.rank() == 4)),
            _ => self.fact(at).is_none_or(|f| at == 3 && f.rank() <= 2),
        };
        match (0..self.node.inputs.len()).find(|&at| !fits(at)) {
            Some(at) => Err(format!("input {at} does not have the batch on axis 0")),
            None => Ok(()),
        }
    }

    /// Einsum: one letter is the batch's in all inputs that have rows, in no other one, and in the output.
    pub(super) fn einsum(&self) -> Verdict {
        let attrs = self.node.op.attrs();
        let text = attrs.str("equation").ok().flatten().unwrap_or_default();
        let equation: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let Some((left, right)) = equation.split_once("->").filter(|_| !equation.contains('.')) else {
            return Err("its equation leaves letters out".into());
        };
        let terms: Vec<&str> = left.split(',').collect();
        let letter = |at: usize| match self.input(at) {
            Flow::Rows(axis) => terms.get(at).and_then(|t| t.chars().nth(axis)),
            _ => None,
        };
        let batch = (0..terms.len()).find_map(letter).ok_or("none of its inputs has rows")?;
        let fits = |at: usize| match self.input(at) {
            Flow::Rows(_) => letter(at) == Some(batch) && terms.get(at).is_some_and(|t| t.matches(batch).count() == 1),
            _ => terms.get(at).is_some_and(|t| !t.contains(batch)),
        };
        if right.contains(batch) && (0..terms.len()).all(fits) { Ok(()) } else { Err(SUMMED.into()) }
    }

    /// A scale for all, or for each of another axis.
    pub(super) fn quantize(&self) -> Verdict {
        self.only_first()?;
        let per_axis = self.fact(1).is_some_and(|f| f.rank() == 1 && f.shape.first() != Some(&Dim::Known(1)));
        let blocked = self.fact(1).is_some_and(|f| f.rank() > 1);
        match per_axis || blocked {
            true if blocked || self.first_rows()? == self.axis(1)? => Err("each row of the batch has its own scale".into()),
            _ => Ok(()),
        }
    }
}
