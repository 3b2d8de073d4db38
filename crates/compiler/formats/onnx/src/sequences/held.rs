//! What the names of a model stand for. A sequence is a list of tensors whose number is known when the model is loaded: graphs
//! know tensors only.

use std::collections::HashMap;
use std::rc::Rc;

use fastserve_ir::ValueId;
use fastserve_tensor::DType;

use crate::error::{OnnxError, shown};
use crate::limits::{MAX_INLINED_NODES, MAX_SEQUENCE_ELEMENTS};
use crate::load::Loader;
use crate::view::Node;

/// Values by name; `None` for what is not supported and therefore has no value.
pub(crate) type Names<'f> = HashMap<&'f str, Option<Held>>;

/// A value of a model. An optional value that is there is what it holds.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// A tensor.
    Tensor(ValueId),
    /// Tensors of one element type, in order.
    Sequence(Rc<Sequence>),
    /// An optional value that is not there.
    Nothing,
}

/// See [`Held::Sequence`].
#[derive(Debug)]
pub(crate) struct Sequence {
    pub(crate) dtype: DType,
    pub(crate) elements: Vec<ValueId>,
}

/// What kind of value an output of a graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Tensor,
    /// Element type and length.
    Sequence(DType, usize),
    Nothing,
}

impl Held {
    pub(crate) fn form(&self) -> Form {
        match self {
            Held::Tensor(_) => Form::Tensor,
            Held::Sequence(s) => Form::Sequence(s.dtype, s.elements.len()),
            Held::Nothing => Form::Nothing,
        }
    }

    pub(crate) fn tensor(&self) -> Option<ValueId> {
        if let Held::Tensor(id) = self { Some(*id) } else { None }
    }

    /// For messages.
    pub(crate) fn what(&self) -> &'static str {
        match self {
            Held::Tensor(_) => "a tensor",
            Held::Sequence(_) => "a sequence",
            Held::Nothing => "an optional value that is not there",
        }
    }
}

impl<'f> Loader<'f, '_> {
    /// The value of a name, of any kind.
    pub(crate) fn held(&self, name: &str) -> Option<&Held> {
        self.names.get(name).and_then(Option::as_ref)
    }

    /// The tensor of a name; none where it is something else.
    pub(crate) fn tensor(&self, name: &str) -> Option<ValueId> {
        self.held(name).and_then(Held::tensor)
    }

    /// The first input of a node that is no tensor.
    pub(crate) fn listed_input(&self, node: &Node<'f>) -> Option<(&'f str, &Held)> {
        let mut held = node.inputs.iter().filter_map(|&name| Some((name, self.held(name)?)));
        held.find(|(_, held)| held.tensor().is_none())
    }

    /// Refuses a value that is no tensor where an operator takes tensors.
    pub(crate) fn refuse_listed(&self, node: &Node<'f>, place: &str) -> Result<(), OnnxError> {
        match self.listed_input(node) {
            None => Ok(()),
            Some((name, held)) => {
                Err(OnnxError::invalid(place, format!("input `{}` is {}, and {} takes tensors", shown(name), held.what(), shown(node.op))))
            }
        }
    }

    /// A sequence of these elements, which are counted.
    pub(crate) fn sequence(&mut self, dtype: DType, elements: Vec<ValueId>, place: &str) -> Result<Held, OnnxError> {
        self.sequence_elements = self.sequence_elements.saturating_add(elements.len());
        if self.sequence_elements > MAX_SEQUENCE_ELEMENTS {
            return Err(OnnxError::invalid(place, format!("sequences have more than {MAX_SEQUENCE_ELEMENTS} elements together")));
        }
        Ok(Held::Sequence(Rc::new(Sequence { dtype, elements })))
    }

    /// Counts nodes that are in the graph but not in the file.
    pub(crate) fn count_inlined(&mut self, nodes: usize, place: &str) -> Result<(), OnnxError> {
        self.inlined.1 = self.inlined.1.saturating_add(nodes);
        if self.inlined.1 <= MAX_INLINED_NODES {
            return Ok(());
        }
        let what = "bodies of functions, branches and sequences have";
        Err(OnnxError::invalid(place, format!("{what} more than {MAX_INLINED_NODES} nodes")))
    }
}
