//! Sequences and optional values. They exist while a model is read: what is left of them is tensors and the nodes that make them.

mod edit;
mod held;
mod join;
mod map;
mod ports;
mod select;
mod told;
mod trips;

use fastserve_ir::{Attrs, ComposeError, LATEST_OPSET, Named, ShapeError, ValueId};
use fastserve_tensor::{Bool, Tensor};

use crate::attributes;
use crate::error::{OnnxError, Refusal, shown};
use crate::header::{Header, domain};
use crate::load::Loader;
use crate::nodes::{check_fact, row};
use crate::sort::{label, place};
use crate::view::{Attribute, Node};
use crate::wire::Span;

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

/// A node of these operators, where it stands.
#[derive(Clone, Copy)]
struct Site<'s, 'f> {
    node: &'s Node<'f>,
    i: usize,
    header: &'s Header<'f>,
}

impl<'f> Site<'_, 'f> {
    fn place(&self) -> String {
        place(self.node, self.i)
    }

    fn wrong(&self, why: impl Into<String>) -> Refusal {
        OnnxError::invalid(self.place(), why).into()
    }

    /// The name of an input that is not left out.
    fn input(&self, at: usize) -> Option<&'f str> {
        self.node.inputs.get(at).copied().filter(|name| !name.is_empty())
    }
}

impl<'f> Loader<'f, '_> {
    /// Adds a node that takes or makes what is no tensor.
    pub(crate) fn sequence_node(&mut self, op: SequenceOp, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let site = Site { node, i, header };
        let before = self.unsupported.len();
        let made = self.sequence_op(op, &site);
        self.settle(node, i, header, before, made)
    }

    /// Names what a node makes; lists it where that is not supported. `before` is how many things were listed when it was begun.
    fn settle(
        &mut self,
        node: &Node<'f>,
        i: usize,
        header: &Header<'f>,
        before: usize,
        made: Result<Vec<Option<Held>>, Refusal>,
    ) -> Result<(), OnnxError> {
        match made {
            Ok(made) => self.name_held(node, i, &made),
            Err(Refusal::Unsupported(why)) => {
                self.unsupported.push(row(node, i, header, shown(&why)));
                self.without_outputs(node);
                Ok(())
            }
            Err(Refusal::Wrong(_)) if self.unsupported.len() > before => {
                self.without_outputs(node);
                Ok(())
            }
            Err(Refusal::Wrong(e)) => Err(e),
        }
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

    /// The attributes of a node that are neither graphs nor types.
    fn sequence_attrs(&mut self, site: &Site<'_, 'f>) -> Result<Attrs, Refusal> {
        let plain = |span: &Span<'f>| Attribute::read(*span).is_ok_and(|a| a.g.is_none() && !matches!(a.kind, 13 | 14));
        let spans: Vec<Span<'f>> = site.node.attributes.iter().copied().filter(plain).collect();
        attributes::read(&spans, &mut self.data, &self.given_attrs, &site.place())
    }

    /// A new name for a part of a node.
    fn part_name(&mut self, site: &Site<'_, 'f>) -> String {
        self.parts += 1;
        format!("{}{}@{}", self.prefix, label(site.node, site.i), self.parts)
    }

    fn part_const(&mut self, tensor: Tensor, site: &Site<'_, 'f>) -> ValueId {
        let name = self.part_name(site);
        self.graph.add_const(&name, tensor)
    }

    /// A constant vector.
    fn part_ints(&mut self, values: &[i64], site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let tensor = Tensor::from_slice(&[values.len()], values).map_err(|e| site.wrong(e.to_string()))?;
        Ok(self.part_const(tensor, site))
    }

    /// A constant number.
    fn part_int(&mut self, value: i64, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let tensor = Tensor::scalar(value).map_err(|e| site.wrong(e.to_string()))?;
        Ok(self.part_const(tensor, site))
    }

    /// Adds a standard operator with one output.
    fn part(&mut self, op: &str, attrs: Attrs, inputs: &[ValueId], site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let made = self.part_outputs(op, attrs, inputs, 1, site)?;
        made.first().copied().ok_or_else(|| site.wrong(format!("{op} makes no output")))
    }

    /// Adds a standard operator, in its newest form.
    fn part_outputs(
        &mut self,
        op: &str,
        attrs: Attrs,
        inputs: &[ValueId],
        outputs: usize,
        site: &Site<'_, 'f>,
    ) -> Result<Vec<ValueId>, Refusal> {
        self.count_inlined(outputs, &site.place())?;
        let names: Vec<String> = (0..outputs).map(|_| self.part_name(site)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
        let named = Named { domain: "", op, opset: LATEST_OPSET, attrs: &attrs };
        let node = names.first().copied().unwrap_or_default();
        let made = self.graph.add_operator(self.ops, named, node, &inputs, &names).map_err(|e| match e {
            ComposeError::Shape(ShapeError::DataDependent(_) | ShapeError::Unsupported(_)) => Refusal::Unsupported(e.to_string()),
            e => site.wrong(e.to_string()),
        })?;
        for &value in &made {
            check_fact(self.graph.fact(value), &site.place())?;
        }
        self.check_symbols(site.node, site.i)?;
        Ok(made)
    }
}
