//! Sequences and optional values. They exist while a model is read: what is left of them is tensors and the nodes that make them.

mod edit;
mod held;
mod join;
mod map;
mod ports;
mod select;
mod told;
mod trips;

use fastserve_tensor::{Bool, Tensor};

use crate::error::{OnnxError, Refusal};
use crate::header::{Header, domain};
use crate::load::Loader;
use crate::parts::Site;
use crate::view::Node;

pub(crate) use held::{Form, Held, Names};
pub use told::{ReadOptions, Told};

/// The operators of sequences and optional values: name, and the opset that has it first.
const OPERATORS: &[(&str, SequenceOp, i64)] = &[
    ("SequenceConstruct", SequenceOp::Construct, 11),
    ("SequenceEmpty", SequenceOp::Empty, 11),
    ("SequenceAt", SequenceOp::At, 11),
    ("SequenceInsert", SequenceOp::Insert, 11),
    ("SequenceErase", SequenceOp::Erase, 11),
    ("SequenceLength", SequenceOp::Length, 11),
    ("SplitToSequence", SequenceOp::Split, 11),
    ("ConcatFromSequence", SequenceOp::Concat, 11),
    ("SequenceMap", SequenceOp::Map, 17),
    ("Optional", SequenceOp::Optional, 15),
    ("OptionalGetElement", SequenceOp::GetElement, 15),
    ("OptionalHasElement", SequenceOp::HasElement, 15),
];

/// An operator that takes or makes what is no tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SequenceOp {
    Construct,
    Empty,
    At,
    Insert,
    Erase,
    Length,
    Split,
    Concat,
    Map,
    Optional,
    GetElement,
    HasElement,
}

impl SequenceOp {
    /// The operator of a node in this version of its domain.
    pub(crate) fn of(node: &Node<'_>, opset: i64) -> Option<Self> {
        let found = OPERATORS.iter().find(|(name, _, since)| *name == node.op && opset >= *since);
        found.filter(|_| domain(node.domain).is_empty()).map(|row| row.1)
    }
}

/// Names of the operators of sequences and optional values that are read, and the opset that has each first.
pub fn operators() -> impl Iterator<Item = (&'static str, i64)> {
    OPERATORS.iter().map(|row| (row.0, row.2))
}

impl<'f> Loader<'f, '_> {
    /// Adds a node that takes or makes what is no tensor.
    pub(crate) fn sequence_node(&mut self, op: SequenceOp, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let site = Site { node, i, header };
        let before = self.unsupported.len();
        let made = self.sequence_op(op, &site);
        self.settle(node, i, header, before, made)
    }

    /// The outputs of a node.
    fn sequence_op(&mut self, op: SequenceOp, site: &Site<'_, 'f>) -> Result<Vec<Option<Held>>, Refusal> {
        let one = match op {
            SequenceOp::Map => return self.map(site),
            SequenceOp::Construct => self.construct(site)?,
            SequenceOp::Empty => self.empty(site)?,
            SequenceOp::At => self.at(site)?,
            SequenceOp::Insert => self.insert(site)?,
            SequenceOp::Erase => self.erase(site)?,
            SequenceOp::Length => self.length(site)?,
            SequenceOp::Split => self.split(site)?,
            SequenceOp::Concat => self.join(site)?,
            SequenceOp::Optional => site.input(0).and_then(|name| self.held(name)).cloned().unwrap_or(Held::Nothing),
            SequenceOp::GetElement => self.element(site)?,
            SequenceOp::HasElement => self.has_element(site)?,
        };
        Ok(vec![Some(one)])
    }

    fn element(&self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        match site.input(0).and_then(|name| self.held(name)) {
            Some(Held::Nothing) | None => Err(site.wrong("expected an optional value that is there, got one that is not")),
            Some(held) => Ok(held.clone()),
        }
    }

    fn has_element(&mut self, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let there = site.input(0).and_then(|name| self.held(name)).is_some_and(|held| !matches!(held, Held::Nothing));
        let tensor = Tensor::scalar(Bool::from(there)).map_err(|e| site.wrong(e.to_string()))?;
        Ok(Held::Tensor(self.part_const(tensor, site)))
    }
}
