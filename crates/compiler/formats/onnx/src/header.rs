//! What a model says of itself before its graph: format version, operator sets, functions.

use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;

use crate::error::{OnnxError, shown};
use crate::limits::{IR_VERSIONS, OPSETS};
use crate::unsupported::{Unsupported, VERSION};
use crate::view::{Graph, Model};
use crate::wire::Span;

/// The versions of the domains that a model is written in.
#[derive(Clone)]
pub(crate) struct Opsets<'a>(Vec<(&'a str, i64)>);

/// A version that is not read: a newer one may be right, and a lower one is none.
fn version(what: &str, got: i64, read: &std::ops::RangeInclusive<i64>) -> OnnxError {
    let why = format!("expected version {} to {}, got {got}", read.start(), read.end());
    if got < *read.start() { OnnxError::invalid(what, why) } else { OnnxError::Unsupported(vec![Unsupported::part(what, VERSION, why)]) }
}

/// The standard domain has two names.
pub(crate) fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

impl<'a> Opsets<'a> {
    fn read(imports: &[(&'a str, i64)]) -> Result<Self, OnnxError> {
        let mut opsets: Vec<(&str, i64)> = imports.iter().map(|&(d, v)| (domain(d), v)).collect();
        opsets.sort_unstable();
        opsets.dedup();
        if let Some(pair) = opsets.windows(2).find(|p| p[0].0 == p[1].0) {
            let why = format!("domain `{}` is imported in versions {} and {}", shown(pair[0].0), pair[0].1, pair[1].1);
            return Err(OnnxError::invalid("opset_import", why));
        }
        match opsets.iter().find(|(d, v)| d.is_empty() && !OPSETS.contains(v)) {
            Some((_, v)) => Err(version("opset_import", *v, &OPSETS)),
            None => Ok(Self(opsets)),
        }
    }

    /// The version of a domain, if the model imports it.
    pub(crate) fn version(&self, name: &str) -> Option<i64> {
        self.0.binary_search_by_key(&domain(name), |(d, _)| d).ok().map(|i| self.0[i].1)
    }

    /// All, by domain.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, i64)> {
        self.0.iter().copied()
    }
}

/// A model whose header has been checked.
pub(crate) struct Header<'a> {
    pub(crate) model: Rc<Model<'a>>,
    pub(crate) graph: Graph<'a>,
    pub(crate) opsets: Opsets<'a>,
    /// Names that the caller of a function uses.
    pub(crate) results: Vec<&'a str>,
    /// The model's own functions by domain and name.
    functions: Rc<HashMap<(&'a str, &'a str), Span<'a>>>,
}

impl<'a> Header<'a> {
    /// Reads and checks everything but the contents of the graph.
    ///
    /// # Errors
    /// No graph, or a version of the format or of the operators that is not read.
    pub(crate) fn read(file: &'a Bytes) -> Result<Self, OnnxError> {
        let model = Model::read(Span::of(file))?;
        if !IR_VERSIONS.contains(&model.ir_version) {
            return Err(version("ir_version", model.ir_version, &IR_VERSIONS));
        }
        let graph = model.graph.ok_or_else(|| OnnxError::invalid("model", "expected a graph, got none"))?;
        let opsets = Opsets::read(&model.opsets)?;
        let functions = model.functions.iter().map(|f| ((domain(f.domain), f.name), f.span)).collect();
        Ok(Self { results: Vec::new(), graph: Graph::read(graph)?, opsets, functions: Rc::new(functions), model: Rc::new(model) })
    }

    /// The same model, with another graph in the place of its own.
    pub(crate) fn with_graph(&self, graph: Graph<'a>) -> Self {
        Self { model: self.model.clone(), graph, results: Vec::new(), opsets: self.opsets.clone(), functions: self.functions.clone() }
    }

    /// The same model with the body of a function in the place of its graph, and with the function's own versions where it has some.
    ///
    /// # Errors
    /// Versions that contradict each other or are not read.
    pub(crate) fn with_function(&self, graph: Graph<'a>, results: &[&'a str], opsets: &[(&'a str, i64)]) -> Result<Self, OnnxError> {
        let opsets = if opsets.is_empty() { self.opsets.clone() } else { Opsets::read(opsets)? };
        Ok(Self { opsets, results: results.to_vec(), ..self.with_graph(graph) })
    }

    /// Whether the model has a function of this name.
    pub(crate) fn has_function(&self, of: &str, name: &str) -> bool {
        self.functions.contains_key(&(domain(of), name))
    }

    /// The model's function of this name.
    pub(crate) fn function(&self, of: &str, name: &str) -> Option<Span<'a>> {
        self.functions.get(&(domain(of), name)).copied()
    }
}
