//! From a tensor to a sequence, and back.

use fastserve_ir::{Attrs, ValueId, normalize_axis};
use fastserve_tensor::DType;

use super::held::Held;
use crate::error::Refusal;
use crate::load::Loader;
use crate::parts::Site;

/// How a tensor is cut.
enum Cut {
    /// Parts of these lengths.
    Lengths(Vec<i64>),
    /// So many parts, whose lengths a value has.
    Told(ValueId, usize),
}

impl<'f> Loader<'f, '_> {
    /// `SplitToSequence`.
    pub(super) fn split(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let attrs = self.plain_part_attrs(site)?;
        let x = self.tensor_input(0, site)?;
        let dtype = self.graph.fact(x).dtype;
        let axis = attrs.int_or("axis", 0).map_err(|e| site.wrong(e.to_string()))?;
        let axis = normalize_axis(axis, self.graph.fact(x).rank()).map_err(|e| site.wrong(e.to_string()))?;
        let keep = attrs.flag("keepdims", true).map_err(|e| site.wrong(e.to_string()))? || site.input(1).is_some();
        let (lengths, count) = match self.cut(x, axis, site)? {
            Cut::Lengths(list) if list.is_empty() => return Ok(self.sequence(dtype, Vec::new(), &site.place())?),
            Cut::Lengths(list) => (self.part_ints(&list, site)?, list.len()),
            Cut::Told(value, count) => (value, count),
        };
        let axis = axis as i64;
        let mut parts = self.part_outputs("Split", Attrs::new().with_int("axis", axis), &[x, lengths], count, site)?;
        if !keep {
            let axes = self.part_ints(&[axis], site)?;
            for part in &mut parts {
                *part = self.part("Squeeze", Attrs::new(), &[*part, axes], site)?;
            }
        }
        Ok(self.sequence(dtype, parts, &site.place())?)
    }

    fn cut(&mut self, x: ValueId, axis: usize, site: &Site<'_, 'f>) -> Result<Cut, Refusal> {
        let Some(name) = site.input(1) else { return self.equal_parts(x, axis, 1, site) };
        let split = self.tensor(name).ok_or_else(|| site.wrong("input 1: expected a tensor"))?;
        let fact = self.graph.fact(split);
        if !matches!(fact.dtype, DType::I32 | DType::I64) || fact.rank() > 1 {
            return Err(site.wrong(format!(
                "input 1: expected a number or a list of i32 or i64, got {} of rank {}",
                fact.dtype,
                fact.rank()
            )));
        }
        let list = fact.rank() == 1;
        match (self.known_ints(split), fact.shape.first().and_then(|d| d.known())) {
            (Some(lengths), _) if list => Ok(Cut::Lengths(lengths)),
            (Some(length), _) => self.equal_parts(x, axis, length.first().copied().unwrap_or_default(), site),
            (None, Some(0)) => Ok(Cut::Lengths(Vec::new())),
            (None, Some(count)) if fact.dtype == DType::I64 => Ok(Cut::Told(split, count)),
            (None, Some(count)) => Ok(Cut::Told(self.part("Cast", Attrs::new().with_int("to", 7), &[split], site)?, count)),
            (None, None) => Err(Refusal::Unsupported("the number of parts depends on the contents of input 1 (`split`)".into())),
        }
    }

    /// Parts of one length; the last one is what remains.
    fn equal_parts(&mut self, x: ValueId, axis: usize, length: i64, site: &Site<'_, 'f>) -> Result<Cut, Refusal> {
        let extent = self.graph.fact(x).shape.get(axis).and_then(|d| d.known()).and_then(|n| i64::try_from(n).ok());
        let Some(extent) = extent else {
            return Err(Refusal::Unsupported(format!("the number of parts depends on extent {axis}, which only the run tells")));
        };
        if length < 1 {
            return Err(site.wrong(format!("input 1: expected parts of one or more, got {length}")));
        }
        let count = usize::try_from(extent / length).unwrap_or(usize::MAX);
        // Before a list of them is made.
        self.count_inlined(count, &site.place())?;
        let rest = extent % length;
        Ok(Cut::Lengths(std::iter::repeat_n(length, count).chain((rest > 0).then_some(rest)).collect()))
    }

    /// `ConcatFromSequence`.
    pub(super) fn join(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let sequence = self.sequence_input(0, site)?;
        let attrs = self.plain_part_attrs(site)?;
        let axis = attrs.int("axis").map_err(|e| site.wrong(e.to_string()))?;
        let axis = axis.ok_or_else(|| site.wrong("attribute `axis` is missing"))?;
        let mut elements = sequence.elements.clone();
        if elements.is_empty() {
            return Err(site.wrong("expected a sequence with elements, got an empty one"));
        }
        self.count_inlined(elements.len() / 16, &site.place())?;
        if attrs.flag("new_axis", false).map_err(|e| site.wrong(e.to_string()))? {
            let axes = self.part_ints(&[axis], site)?;
            for element in &mut elements {
                *element = self.part("Unsqueeze", Attrs::new(), &[*element, axes], site)?;
            }
        }
        Ok(Held::Tensor(self.part("Concat", Attrs::new().with_int("axis", axis), &elements, site)?))
    }
}
