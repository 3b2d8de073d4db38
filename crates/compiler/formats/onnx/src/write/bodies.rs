//! If, Loop and Scan: their graphs become attributes again, and what these use of the graph around is called by its name there.

use fastserve_ir::{Attr, Graph};

use super::forms::{finish, without};
use super::model::{Draft, Writer};

/// Attributes that hold graphs, and those that say which inputs of the node they use.
const GRAPHS: [(&str, &str); 3] = [("then_branch", "fs.then_captures"), ("else_branch", "fs.else_captures"), ("body", "fs.captures")];

/// What only this project says of these nodes: it follows from the standard's inputs.
const COUNTS: [&str; 2] = ["fs.carried", "fs.states"];

/// Whether a node runs graphs.
pub(super) fn is_control(draft: &Draft) -> bool {
    matches!(draft.op.as_str(), "If" | "Loop" | "Scan")
}

/// The name of a graph, which must have one.
pub(super) fn name(graph: &Graph) -> String {
    if graph.name.is_empty() { "graph".to_owned() } else { graph.name.clone() }
}

/// Writes a node that runs graphs.
///
/// # Errors
/// A captured value that is no input.
pub(super) fn write(w: &mut Writer<'_>, mut draft: Draft) -> Result<(), String> {
    let mut own = draft.inputs.len();
    for (graph, captures) in GRAPHS {
        let Some(Attr::Graph(body)) = draft.attrs.get(graph).cloned() else { continue };
        let places = draft.attrs.sizes(captures).map_err(|e| e.to_string())?.unwrap_or_default();
        own = places.iter().copied().fold(own, usize::min);
        let name = |&place: &usize| draft.inputs.get(place).filter(|name| !name.is_empty()).cloned();
        let captured: Vec<String> = places.iter().map(name).collect::<Option<_>>().ok_or("a value that a graph within uses is no input")?;
        let written = w.inner(&body, &captured);
        draft.graphs.push((graph, written));
        draft.attrs = without(&without(&draft.attrs, graph), captures);
    }
    draft.inputs.truncate(own);
    for count in COUNTS {
        draft.attrs = without(&draft.attrs, count);
    }
    finish(w, draft)
}
