//! Sequences and optional values at the borders of a graph: one port an element.

use std::collections::HashSet;

use fastserve_ir::{Attrs, Dim, Fact, LATEST_OPSET, ValueId};

use super::held::{Form, Held};
use super::told::Told;
use crate::error::{OnnxError, Refusal, shown};
use crate::limits::MAX_SEQUENCE_ELEMENTS;
use crate::load::Loader;
use crate::sort::{label, place};
use crate::tensors;
use crate::values::{Params, check_size};
use crate::view::{Extent, ListType, Node};

impl<'f> Loader<'f, '_> {
    /// What is told must be of inputs that are sequences or optional values.
    pub(crate) fn check_told(&self, listed: &HashSet<&str>) -> Result<(), OnnxError> {
        match self.options.told.keys().find(|name| !listed.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let why = "elements are told, but the model has no input of this name that is a sequence or an optional value";
                Err(OnnxError::invalid(format!("`{}`", shown(name)), why))
            }
        }
    }

    /// The inputs that stand for one that is no tensor.
    pub(crate) fn list_input(&mut self, name: &'f str, kind: &ListType<'f>, params: &Params<'f>, place: &str) -> Result<Held, Refusal> {
        let dtype = tensors::dtype(kind.element, place)?;
        let wrong = |why: String| Refusal::from(OnnxError::invalid(place, why));
        let elements = match self.options.told.get(name) {
            None => return Err(Refusal::Unsupported(untold(kind).into())),
            Some(Told::Absent) if kind.optional => return Ok(Held::Nothing),
            Some(Told::Absent) => return Err(wrong("told to be absent, but it is no optional value".into())),
            Some(Told::Elements(elements)) if kind.sequence || elements.len() == 1 => elements.clone(),
            Some(Told::Elements(elements)) => {
                return Err(wrong(format!("expected one element of an optional tensor, got {}", elements.len())));
            }
        };
        if elements.len() > MAX_SEQUENCE_ELEMENTS {
            return Err(wrong(format!("told {} elements: at most {MAX_SEQUENCE_ELEMENTS} are read", elements.len())));
        }
        let mut values = Vec::with_capacity(elements.len());
        for (at, extents) in elements.iter().enumerate() {
            let port = if kind.sequence { format!("{name}[{at}]") } else { name.to_owned() };
            let shape = self.element_shape(kind, extents.as_deref(), &port, params, place)?;
            check_size(dtype, &shape, place)?;
            values.push(self.graph.add_input(&port, Fact::new(dtype, shape)));
        }
        match values.first() {
            Some(&value) if !kind.sequence => Ok(Held::Tensor(value)),
            _ => Ok(self.sequence(dtype, values, place)?),
        }
    }

    /// The extents of one element: those that are told, or else those of the type. Elements of one type may differ in what it leaves open.
    fn element_shape(
        &mut self,
        kind: &ListType<'f>,
        told: Option<&[usize]>,
        port: &str,
        params: &Params<'f>,
        place: &str,
    ) -> Result<Vec<Dim>, Refusal> {
        let Some(declared) = &kind.extents else {
            let told =
                told.ok_or_else(|| Refusal::Unsupported(format!("an element of unknown rank: tell its extents ({})", untold(kind))))?;
            return Ok(told.iter().map(|&d| Dim::Known(d)).collect());
        };
        let fits = |told: &[usize]| told.len() == declared.len() && told.iter().zip(declared).all(|(&d, e)| admits(*e, d));
        match told {
            Some(told) if fits(told) => Ok(told.iter().map(|&d| Dim::Known(d)).collect()),
            Some(told) => {
                Err(OnnxError::invalid(place, format!("the extents {told:?} that are told of `{}` are not those of its type", shown(port)))
                    .into())
            }
            None => (0..).zip(declared).map(|(axis, &e)| Ok(self.dim(unnamed(e), port, axis, params, place)?)).collect(),
        }
    }

    /// A value as outputs of the graph: one for each element of a sequence, and none of what is not there.
    pub(crate) fn add_held_output(&mut self, name: &str, held: &Held, place: &str) -> Result<Form, OnnxError> {
        match held {
            Held::Tensor(id) => self.graph.add_output(*id),
            Held::Sequence(sequence) => {
                self.count_inlined(sequence.elements.len(), place)?;
                for (at, &element) in sequence.elements.iter().enumerate() {
                    let copy = self.copied(&format!("{name}[{at}]"), element, place)?;
                    self.graph.add_output(copy);
                }
            }
            Held::Nothing => {}
        }
        Ok(held.form())
    }

    /// A value under another name.
    pub(crate) fn copied(&mut self, name: &str, value: ValueId, place: &str) -> Result<ValueId, OnnxError> {
        let wrong = |e: String| OnnxError::invalid(place, e);
        let copy = self.ops.build("", "Identity", LATEST_OPSET, &Attrs::new()).map_err(|e| wrong(e.to_string()))?;
        let id = self.graph.add_node(name, copy, &[Some(value)], &[name]).map_err(|e| wrong(e.to_string()))?;
        self.graph.node(id).and_then(|n| n.outputs.first().copied()).ok_or_else(|| wrong("a copy makes nothing".into()))
    }

    /// Gives values the names that a node has for its outputs.
    pub(crate) fn name_held(&mut self, node: &Node<'f>, i: usize, made: &[Option<Held>]) -> Result<(), OnnxError> {
        for (&name, held) in crate::nodes::trimmed(&node.outputs).iter().zip(made).filter(|(name, _)| !name.is_empty()) {
            let held = match held {
                Some(Held::Tensor(value)) => {
                    let full = format!("{}{name}", self.prefix);
                    Some(Held::Tensor(self.copied(&full, *value, &place(node, i))?))
                }
                Some(other) => Some(other.clone()),
                None if self.unsupported.is_empty() => {
                    return Err(OnnxError::invalid(place(node, i), format!("the body does not make `{}`", shown(name))));
                }
                None => None,
            };
            self.names.insert(name, held);
        }
        Ok(())
    }

    /// Adds a node of whose outputs some are no tensors: each of their elements is one.
    pub(crate) fn add_listed(
        &mut self,
        node: &Node<'f>,
        i: usize,
        (op, inputs): (fastserve_ir::OpRef, Vec<Option<ValueId>>),
        forms: &[Form],
    ) -> Result<(), OnnxError> {
        let mut names = Vec::new();
        for (o, form) in forms.iter().enumerate() {
            let given = node.outputs.get(o).copied().unwrap_or_default();
            let stem = if given.is_empty() { format!("{}{}#{o}", self.prefix, label(node, i)) } else { format!("{}{given}", self.prefix) };
            match form {
                Form::Tensor => names.push(stem),
                Form::Sequence(_, len) => names.extend((0..*len).map(|at| format!("{stem}@{at}"))),
                Form::Nothing => {}
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let node_name = format!("{}{}", self.prefix, label(node, i));
        let id = self.graph.add_node(&node_name, op, &inputs, &names).map_err(|e| self.infer_error(node, i, &inputs, e))?;
        let mut made = self.graph.node(id).map(|n| n.outputs.clone()).unwrap_or_default().into_iter();
        for (o, form) in forms.iter().enumerate() {
            let held = match form {
                Form::Tensor => made.next().map(Held::Tensor),
                Form::Sequence(dtype, len) => Some(self.sequence(*dtype, made.by_ref().take(*len).collect(), &place(node, i))?),
                Form::Nothing => Some(Held::Nothing),
            };
            if let Some(&name) = node.outputs.get(o).filter(|name| !name.is_empty()) {
                self.names.insert(name, held);
            }
        }
        self.check_symbols(node, i)
    }

    /// Ports of elements may have names that the model gives to other values.
    pub(crate) fn check_element_names(&self) -> Result<(), OnnxError> {
        if self.sequence_elements == 0 {
            return Ok(());
        }
        let mut seen = HashSet::new();
        for (_, value) in self.graph.values() {
            if !seen.insert(&*value.name) {
                let name = shown(&value.name);
                return Err(OnnxError::DuplicateName { place: "an element of a sequence".into(), name, other: "another value".into() });
            }
        }
        Ok(())
    }
}

fn untold(kind: &ListType<'_>) -> &'static str {
    match (kind.optional, kind.sequence) {
        (true, _) => "an optional value: whether it is there must be told when the model is loaded",
        _ => "a sequence: how many elements it has must be told when the model is loaded",
    }
}

/// Whether an extent of a type may be this number.
fn admits(extent: Extent<'_>, told: usize) -> bool {
    match extent {
        Extent::Value(v) if v != -1 => usize::try_from(v) == Ok(told),
        _ => true,
    }
}

/// The extent without the name that it has in the type.
fn unnamed(extent: Extent<'_>) -> Extent<'_> {
    if matches!(extent, Extent::Param(_)) { Extent::Unknown } else { extent }
}
