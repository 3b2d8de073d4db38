//! What must be true of every graph, checked after every pass.

use std::collections::HashSet;

use thiserror::Error;

use crate::graph::{Graph, Node, Source};
use crate::ids::{NodeId, ValueId};
use crate::op::ShapeError;

/// What is wrong with a graph.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// Two values have one name.
    #[error("two values are called `{0}`")]
    DuplicateName(String),
    /// A node uses a value before anything makes it.
    #[error("node `{node}` uses `{value}` before it is made")]
    UseBeforeDef {
        /// The node.
        node: String,
        /// The value.
        value: String,
    },
    /// An output of the graph is made by nothing.
    #[error("output `{0}` is made by nothing")]
    NoSource(String),
    /// A constant without a value, or with one of another size.
    #[error("constant `{0}` does not hold what its fact says")]
    Constant(String),
    /// A node and its outputs disagree on who makes them.
    #[error("node `{node}` and its output `{value}` do not point at each other")]
    Link {
        /// The node.
        node: String,
        /// The value.
        value: String,
    },
    /// The operator infers something else than the fact says.
    #[error("node `{node}`: output `{value}` is {has}, but the operator infers {inferred}")]
    Fact {
        /// The node.
        node: String,
        /// The value.
        value: String,
        /// The fact as printed.
        has: String,
        /// The inferred fact as printed.
        inferred: String,
    },
    /// The operator does not take its inputs.
    #[error("node `{node}`: {source}")]
    Infer {
        /// The node.
        node: String,
        /// Why.
        source: ShapeError,
    },
}

impl Graph {
    /// Checks names, order, links, constants, and that every fact is what its operator infers.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self) -> Result<(), VerifyError> {
        self.verify_names()?;
        self.verify_constants()?;
        let mut made: HashSet<ValueId> =
            self.values().filter(|(_, v)| !matches!(v.source, Source::Node { .. })).map(|(id, _)| id).collect();
        for (id, node) in self.nodes() {
            self.verify_node(id, node, &made)?;
            made.extend(&node.outputs);
        }
        match self.outputs().iter().find(|id| !made.contains(id)) {
            Some(&id) => Err(VerifyError::NoSource(self.label(id))),
            None => Ok(()),
        }
    }

    fn label(&self, id: ValueId) -> String {
        self.value(id).name.to_string()
    }

    /// Values that no node makes any more keep no claim on their name.
    fn is_live(&self, id: ValueId) -> bool {
        match self.value(id).source {
            Source::Node { node, .. } => self.node(node).is_some(),
            _ => true,
        }
    }

    fn verify_names(&self) -> Result<(), VerifyError> {
        let mut seen = HashSet::new();
        match self.values().find(|(id, v)| self.is_live(*id) && !seen.insert(v.name.clone())) {
            Some((_, v)) => Err(VerifyError::DuplicateName(v.name.to_string())),
            None => Ok(()),
        }
    }

    fn verify_constants(&self) -> Result<(), VerifyError> {
        let wrong = self.values().find(|(id, v)| match (&v.source, &v.fact.value) {
            (Source::Const, None) => true,
            (_, None) => false,
            (_, Some(t)) => {
                let expected = v.fact.known_shape().and_then(|s| v.fact.layout.storage_shape(&s));
                self.is_live(*id) && (expected != Some(*t.shape()) || t.dtype() != v.fact.dtype)
            }
        });
        match wrong {
            Some((id, _)) => Err(VerifyError::Constant(self.label(id))),
            None => Ok(()),
        }
    }

    fn verify_node(&self, id: NodeId, node: &Node, made: &HashSet<ValueId>) -> Result<(), VerifyError> {
        let name = || node.name.to_string();
        if let Some(missing) = node.inputs.iter().flatten().find(|v| !made.contains(v)) {
            return Err(VerifyError::UseBeforeDef { node: name(), value: self.label(*missing) });
        }
        let facts = self.infer(&node.op, &node.inputs).map_err(|source| VerifyError::Infer { node: name(), source })?;
        for (i, &out) in node.outputs.iter().enumerate() {
            let value = self.value(out);
            if value.source != (Source::Node { node: id, output: i }) {
                return Err(VerifyError::Link { node: name(), value: self.label(out) });
            }
            match facts.get(i) {
                Some(inferred) if inferred.agrees_with(&value.fact) => {}
                other => return Err(self.fact_error(node, out, other)),
            }
        }
        Ok(())
    }

    fn fact_error(&self, node: &Node, out: ValueId, inferred: Option<&crate::Fact>) -> VerifyError {
        let text = |f: &crate::Fact| crate::text::fact(self, f);
        VerifyError::Fact {
            node: node.name.to_string(),
            value: self.label(out),
            has: text(self.fact(out)),
            inferred: inferred.map_or_else(|| "no such output".into(), text),
        }
    }
}
