//! Computes once what is computed several times.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fastserve_ir::{EditError, Graph, GraphEdit, Layout, Node, NodeId, Source, ValueId};
use fastserve_tensor::{DType, Tensor};

use crate::util::output;
use crate::{Pass, PassCx};

/// Nodes of equal operators, attributes and inputs become one; so do constants of equal content.
pub struct CommonSubexpressions;

/// Constants that agree in type, extents and a sample of their bytes are compared with up to this many others.
const CANDIDATES: usize = 8;

/// Bytes of the sample.
const SAMPLE: usize = 256;

impl Pass for CommonSubexpressions {
    fn name(&self) -> &'static str {
        "common_subexpressions"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        constants(g)?;
        nodes(g)
    }
}

fn constants(g: &mut GraphEdit<'_>) -> Result<(), EditError> {
    let mut seen: HashMap<(DType, Layout, u64), Vec<ValueId>> = HashMap::new();
    let all: Vec<ValueId> =
        g.graph().values().filter(|(id, v)| v.source == Source::Const && g.graph().uses(*id) > 0).map(|(id, _)| id).collect();
    for id in all {
        let Some(value) = g.graph().constant(id) else { continue };
        let fact = g.graph().fact(id);
        let others = seen.entry((fact.dtype, fact.layout, sample(value))).or_default();
        let equal = others.iter().copied().find(|&other| same(g.graph(), other, id));
        match equal.filter(|&other| g.can_replace(id, other)) {
            Some(other) => g.replace_value(id, other)?,
            None if others.len() < CANDIDATES => others.push(id),
            None => {}
        }
    }
    Ok(())
}

fn sample(value: &Tensor) -> u64 {
    let bytes = value.bytes();
    let mut hasher = DefaultHasher::new();
    value.shape().dims().hash(&mut hasher);
    bytes[..bytes.len().min(SAMPLE)].hash(&mut hasher);
    bytes[bytes.len().saturating_sub(SAMPLE)..].hash(&mut hasher);
    hasher.finish()
}

fn same(g: &Graph, a: ValueId, b: ValueId) -> bool {
    let bytes = |v: ValueId| g.constant(v).map(Tensor::bytes);
    g.fact(a).agrees_with(g.fact(b)) && bytes(a) == bytes(b)
}

fn nodes(g: &mut GraphEdit<'_>) -> Result<(), EditError> {
    let mut seen: HashMap<u64, Vec<NodeId>> = HashMap::new();
    for id in g.node_ids() {
        let Some(node) = g.graph().node(id).filter(|n| repeats(n)) else { continue };
        let others = seen.entry(key(node)).or_default();
        let equal = others.iter().copied().find_map(|other| Some((other, output(g.graph().node(other).filter(|o| equal(o, node))?)?)));
        match (equal, output(node)) {
            // Each has symbols of its own for what only data tell.
            (Some((_, first)), Some(again)) if !g.graph().fact(again).agrees_with(g.graph().fact(first)) => {
                g.note(id, "computes what another node does, but only data tell that their extents are equal");
            }
            (Some((_, first)), Some(again)) if g.can_replace(again, first) => {
                g.replace_value(again, first)?;
                g.remove_node(id);
            }
            (Some(_), _) => g.note(id, "computes what another node does, but both are outputs of the graph"),
            (None, _) if others.len() < CANDIDATES => others.push(id),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a node gives the same for the same inputs, and one output.
fn repeats(node: &Node) -> bool {
    node.op.repeatable() && node.outputs.len() == 1 && !node.inputs.is_empty()
}

fn key(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.op.name().hash(&mut hasher);
    node.inputs.hash(&mut hasher);
    hasher.finish()
}

fn equal(a: &Node, b: &Node) -> bool {
    a.inputs == b.inputs && a.op.name() == b.op.name() && a.op.attrs() == b.op.attrs()
}
