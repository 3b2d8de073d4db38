//! Bodies whose nodes join the graph again and again.

use crate::bodies::{free_names, graph_of};
use crate::error::{OnnxError, Refusal, shown};
use crate::load::Loader;
use crate::parts::Site;
use crate::sequences::{Held, Names};
use crate::sort::label;
use crate::view::{Graph, ValueInfo};
use crate::wire::Span;

/// Bytes of a body's nodes, and names that it uses of those around it, that count as another node each time it is read.
const BYTES_A_NODE: usize = 1024;
const NAMES_A_NODE: usize = 16;

/// A graph whose nodes join the one at hand again and again.
pub(crate) struct Body<'f> {
    span: Span<'f>,
    pub(crate) inputs: Vec<ValueInfo<'f>>,
    pub(crate) outputs: Vec<ValueInfo<'f>>,
    /// The names that it uses of those around it.
    around: Names<'f>,
    /// What reading it once more counts beside its nodes.
    weight: usize,
}

impl<'f> Loader<'f, '_> {
    /// The graph in an attribute of a node.
    pub(crate) fn unrolled_body(&self, name: &str, site: &Site<'_, 'f>) -> Result<Body<'f>, OnnxError> {
        let span = graph_of(site.node, name, &site.place())?;
        let graph = Graph::read(span)?;
        let infos = |spans: &[Span<'f>]| spans.iter().map(|&s| Ok(ValueInfo::read(s)?)).collect::<Result<Vec<_>, OnnxError>>();
        let around = self.names_of(&free_names(&graph)?);
        let bytes: usize = graph.nodes.iter().map(|node| node.bytes.len()).sum();
        let weight = bytes / BYTES_A_NODE + around.len() / NAMES_A_NODE;
        Ok(Body { weight, span, inputs: infos(&graph.inputs)?, outputs: infos(&graph.outputs)?, around })
    }

    /// Adds the nodes of a body for these inputs; returns its outputs.
    pub(crate) fn turn(&mut self, body: &Body<'f>, inputs: Vec<Held>, turn: &str, site: &Site<'_, 'f>) -> Result<Vec<Held>, Refusal> {
        self.count_inlined(body.weight, &site.place())?;
        let mut names = body.around.clone();
        names.extend(body.inputs.iter().map(|info| info.name).zip(inputs.into_iter().map(Some)));
        let outputs: Vec<&str> = body.outputs.iter().map(|info| info.name).collect();
        let name = format!("{}[{turn}]", label(site.node, site.i));
        let made = self.inlined(&site.header.with_graph(Graph::read(body.span)?), names, &[], &name, &outputs)?;
        let missing = |at: usize| site.wrong(format!("the body does not make `{}`", shown(outputs[at])));
        made.into_iter().enumerate().map(|(at, held)| held.ok_or_else(|| missing(at))).collect()
    }
}
