//! Making sequences, and taking elements out and putting them in.

use std::rc::Rc;

use fastserve_ir::{Attrs, ValueId};
use fastserve_tensor::{DType, Tensor};

use super::held::{Held, Sequence};
use super::select::Stack;
use crate::error::{Refusal, shown};
use crate::load::Loader;
use crate::parts::Site;
use crate::tensors;

/// The data type of an empty sequence that does not name one: FLOAT.
const DEFAULT_TYPE: i64 = 1;

/// A position in a sequence.
enum Position {
    /// It is left out.
    Default,
    /// Known now.
    Known(i64),
    /// A number that only the run tells.
    Told(ValueId),
}

impl<'f> Loader<'f, '_> {
    /// The sequence that an input is.
    pub(super) fn sequence_input(&self, at: usize, site: &Site<'_, 'f>) -> Result<Rc<Sequence>, Refusal> {
        let name = site.input(at).unwrap_or_default();
        match self.held(name) {
            Some(Held::Sequence(sequence)) => Ok(sequence.clone()),
            other => {
                let got = other.map_or("nothing", Held::what);
                Err(site.wrong(format!("input {at} `{}`: expected a sequence, got {got}", shown(name))))
            }
        }
    }

    /// The tensor that an input is.
    pub(crate) fn tensor_input(&self, at: usize, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let name = site.input(at).unwrap_or_default();
        let got = || self.held(name).map_or("nothing", Held::what);
        self.tensor(name).ok_or_else(|| site.wrong(format!("input {at} `{}`: expected a tensor, got {}", shown(name), got())))
    }

    /// `SequenceConstruct`.
    pub(super) fn construct(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let elements = (0..site.node.inputs.len()).map(|at| self.tensor_input(at, site)).collect::<Result<Vec<_>, _>>()?;
        let Some(&first) = elements.first() else { return Err(site.wrong("expected one input or more, got none")) };
        let dtype = self.graph.fact(first).dtype;
        elements.iter().try_for_each(|&element| self.same_type(dtype, element, site))?;
        Ok(self.sequence(dtype, elements, &site.place())?)
    }

    fn same_type(&self, dtype: DType, element: ValueId, site: &Site<'_, 'f>) -> Result<(), Refusal> {
        let got = self.graph.fact(element).dtype;
        if got == dtype { Ok(()) } else { Err(site.wrong(format!("expected an element of the sequence's type {dtype}, got {got}"))) }
    }

    /// `SequenceEmpty`.
    pub(super) fn empty(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let attrs = self.plain_part_attrs(site)?;
        let data_type = attrs.int_or("dtype", DEFAULT_TYPE).map_err(|e| site.wrong(e.to_string()))?;
        Ok(self.sequence(tensors::dtype(data_type, &site.place())?, Vec::new(), &site.place())?)
    }

    /// `SequenceLength`.
    pub(super) fn length(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let length = self.sequence_input(0, site)?.elements.len();
        Ok(Held::Tensor(self.part_int(i64::try_from(length).unwrap_or(i64::MAX), site)?))
    }

    /// `SequenceAt`.
    pub(super) fn at(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let sequence = self.sequence_input(0, site)?;
        let len = sequence.elements.len();
        let element = match self.position(1, site)? {
            Position::Default => return Err(site.wrong("expected a position, got nothing")),
            Position::Known(at) => sequence.elements[inside(at, len, 0, site)?],
            Position::Told(at) => {
                let stack = self.stack(&sequence.elements, site)?;
                self.select(&stack, at, site)?
            }
        };
        Ok(Held::Tensor(element))
    }

    /// `SequenceInsert`: before the element at the position, which may be the length.
    pub(super) fn insert(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let sequence = self.sequence_input(0, site)?;
        let element = self.tensor_input(1, site)?;
        self.same_type(sequence.dtype, element, site)?;
        let len = sequence.elements.len();
        let mut elements = sequence.elements.clone();
        match self.position(2, site)? {
            Position::Default => elements.push(element),
            Position::Known(at) => elements.insert(inside(at, len, 1, site)?, element),
            Position::Told(at) => {
                elements.push(element);
                let at = self.counted_from_start(at, len, site)?;
                let picks = |i: usize, p: usize| {
                    if i < p {
                        i
                    } else if i == p {
                        len
                    } else {
                        i - 1
                    }
                };
                elements = self.picked(&elements, at, (len + 1, len + 1), picks, site)?;
            }
        }
        Ok(self.sequence(sequence.dtype, elements, &site.place())?)
    }

    /// `SequenceErase`.
    pub(super) fn erase(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let sequence = self.sequence_input(0, site)?;
        let len = sequence.elements.len();
        let mut elements = sequence.elements.clone();
        match self.position(1, site)? {
            _ if len == 0 => return Err(site.wrong("expected a sequence with elements, got an empty one")),
            Position::Default => drop(elements.pop()),
            Position::Known(at) => drop(elements.remove(inside(at, len, 0, site)?)),
            Position::Told(at) => {
                elements = self.picked(&elements, at, (len - 1, len), |i, p| if i < p { i } else { i + 1 }, site)?;
            }
        }
        Ok(self.sequence(sequence.dtype, elements, &site.place())?)
    }

    /// `made` elements, of which each is the one of `from` that `picks` says for a position among `positions`.
    fn picked(
        &mut self,
        from: &[ValueId],
        at: ValueId,
        (made, positions): (usize, usize),
        picks: impl Fn(usize, usize) -> usize,
        site: &Site<'_, 'f>,
    ) -> Result<Vec<ValueId>, Refusal> {
        if made == 0 {
            return Ok(Vec::new());
        }
        let stack: Stack = self.stack(from, site)?;
        let mut elements = Vec::with_capacity(made);
        for i in 0..made {
            // A table of what each position picks: one more node, and positions outside are refused when it runs.
            self.count_inlined(positions / 16, &site.place())?;
            let table: Vec<i64> = (0..positions).map(|p| picks(i, p) as i64).collect();
            let table = self.part_ints(&table, site)?;
            let index = self.part("Gather", Attrs::new(), &[table, at], site)?;
            elements.push(self.select(&stack, index, site)?);
        }
        Ok(elements)
    }

    /// A position of `−len` to `len` that only the run tells, from the start.
    fn counted_from_start(&mut self, at: ValueId, len: usize, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let n = len as i64;
        let (shift, zero, outside) = (self.part_int(n, site)?, self.part_int(0, site)?, self.part_int(2 * n + 1, site)?);
        let place = self.part("Add", Attrs::new(), &[at, shift], site)?;
        // Below zero Gather would count from the end.
        let below = self.part("Less", Attrs::new(), &[place, zero], site)?;
        let place = self.part("Where", Attrs::new(), &[below, outside, place], site)?;
        let table: Vec<i64> = (0..n).chain(0..=n).collect();
        let table = self.part_ints(&table, site)?;
        self.part("Gather", Attrs::new(), &[table, place], site)
    }

    fn position(&mut self, at: usize, site: &Site<'_, 'f>) -> Result<Position, Refusal> {
        if site.input(at).is_none() {
            return Ok(Position::Default);
        }
        let value = self.tensor_input(at, site)?;
        let fact = self.graph.fact(value);
        if !matches!(fact.dtype, DType::I32 | DType::I64) {
            return Err(site.wrong(format!("input {at}: expected a position of i32 or i64, got {}", fact.dtype)));
        }
        match self.known_ints(value).as_deref() {
            Some(&[position]) => return Ok(Position::Known(position)),
            Some(list) => return Err(site.wrong(format!("input {at}: expected one position, got {}", list.len()))),
            None => {}
        }
        let scalar = fact.rank() == 0;
        if !scalar && fact.shape.iter().any(|d| d.known() != Some(1)) {
            return Err(site.wrong(format!("input {at}: expected one position, got a tensor of rank {}", fact.rank())));
        }
        let value = if fact.dtype == DType::I64 { value } else { self.part("Cast", Attrs::new().with_int("to", 7), &[value], site)? };
        Ok(Position::Told(if scalar { value } else { self.part("Squeeze", Attrs::new(), &[value], site)? }))
    }

    /// The integers that a value is known to hold.
    pub(crate) fn known_ints(&self, value: ValueId) -> Option<Vec<i64>> {
        let known = self.graph.fact(value).known_ints();
        let tensor: &Tensor = self.graph.constant(value).or(known.as_ref())?;
        match tensor.dtype() {
            DType::I32 => Some(tensor.as_slice::<i32>().ok()?.iter().map(|&v| v.into()).collect()),
            DType::I64 => Some(tensor.as_slice::<i64>().ok()?.to_vec()),
            _ => None,
        }
    }
}

/// A position of `−len` to `len + more − 1`, from the start.
fn inside(at: i64, len: usize, more: usize, site: &Site<'_, '_>) -> Result<usize, Refusal> {
    let n = i64::try_from(len).unwrap_or(i64::MAX);
    let place = if at < 0 { at.checked_add(n) } else { Some(at) };
    let place = place.and_then(|p| usize::try_from(p).ok()).filter(|&p| p < len.saturating_add(more));
    place.ok_or_else(|| site.wrong(format!("position {at} is outside a sequence of {len}")))
}
