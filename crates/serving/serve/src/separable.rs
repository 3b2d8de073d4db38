//! Whether requests can share a run.

use fastserve::ir::{Dim, Graph};

/// Whether rows of several requests, one after the other along axis 0, give each request's own rows of every output.
///
/// # Errors
/// Why not, in words.
pub(crate) fn rows(graph: &Graph) -> Result<(), String> {
    let first = |dims: &[Dim]| dims.first().cloned();
    let mut inputs = graph.inputs().iter().map(|&v| (first(&graph.value(v).fact.shape), graph.value(v).name.to_string()));
    let Some((Some(batch @ Dim::Sym(_)), _)) = inputs.next() else {
        return Err("its first input has no symbol on axis 0".into());
    };
    if let Some((_, name)) = inputs.find(|(dim, _)| dim.as_ref() != Some(&batch)) {
        return Err(format!("input `{name}` does not have the batch on axis 0"));
    }
    Err("nobody has shown that its rows are computed apart".into())
}
