//! Computes in f32 what a model computes in f16 or bf16.

use std::collections::HashMap;

use fastserve_ir::{EditError, Fact, GraphEdit, Node, NodeId, OpRef, ValueId};
use fastserve_ops::ops::cast::Cast;
use fastserve_tensor::{DType, Tensor, bf16, f16};

use crate::util::{node_as, node_name, op};
use crate::{Pass, PassCx};

/// Nodes of f16 or bf16 become nodes of f32, with casts where these begin and end: kernels are of f32, and every f16 is an f32. What is
/// computed stays in f32 from node to node, so that it rounds where it leaves: at outputs of the graph, at nodes that are not widened, and
/// where the model has a cast itself.
pub struct Widen;

impl Pass for Widen {
    fn name(&self) -> &'static str {
        "widen"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        let mut wide = Wide::default();
        for id in g.node_ids() {
            let Some(node) = g.graph().node(id).cloned() else { continue };
            match plan(g, &node, &wide) {
                Plan::Leave => {}
                Plan::Note(why) => g.note(id, why),
                Plan::Uncast(x) => uncast(g, id, &node, x)?,
                Plan::Widen => wide.widen(g, id, &node)?,
            }
        }
        Ok(())
    }
}

/// Values in f32, by the narrow ones that they stand for.
#[derive(Default)]
struct Wide {
    /// What nodes made so.
    made: HashMap<ValueId, ValueId>,
    /// Casts of the others.
    cast: HashMap<ValueId, ValueId>,
}

/// What becomes of a node.
enum Plan {
    Leave,
    Note(&'static str),
    /// A cast to f32 of a value that is there in f32.
    Uncast(ValueId),
    Widen,
}

/// What a node does to narrow values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Rounds to a type that the model names, looks at bits, draws numbers, or runs a graph whose types are fixed.
    Fixed,
    /// Moves elements: a cast before is no better than one behind.
    Move,
    /// Computes.
    Compute,
}

const FIXED: &[&str] = &["BitCast", "CastLike", "If", "Loop", "Scan"];

const MOVES: &[&str] = &[
    "Compress",
    "Concat",
    "DepthToSpace",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Identity",
    "Pad",
    "Reshape",
    "ReverseSequence",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "TensorScatter",
    "Tile",
    "Transpose",
    "Trilu",
    "Unsqueeze",
    "Where",
    "fs.ExtendCache",
];

fn kind(node: &Node) -> Kind {
    match node.op.name() {
        name if FIXED.contains(&name) || !node.op.repeatable() => Kind::Fixed,
        name if MOVES.contains(&name) => Kind::Move,
        _ => Kind::Compute,
    }
}

fn is_narrow(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}

fn plan(g: &GraphEdit<'_>, node: &Node, wide: &Wide) -> Plan {
    let graph = g.graph();
    let narrow: Vec<ValueId> = node.inputs.iter().flatten().copied().filter(|&v| is_narrow(graph.fact(v).dtype)).collect();
    let makes = node.outputs.iter().any(|&v| is_narrow(graph.fact(v).dtype));
    let there = |v: &ValueId| wide.made.contains_key(v);
    if narrow.is_empty() {
        return Plan::Leave;
    }
    if let Some(cast) = fastserve_ir::downcast::<Cast>(&node.op) {
        return match wide.made.get(&narrow[0]) {
            Some(&x) if cast.to == DType::F32 => Plan::Uncast(x),
            // What is rounded on purpose is rounded from what is known best.
            Some(_) if cast.to != graph.fact(narrow[0]).dtype => Plan::Widen,
            _ => Plan::Leave,
        };
    }
    let moved = narrow.iter().any(there) && narrow.iter().all(|v| there(v) || graph.constant(*v).is_some());
    match kind(node) {
        Kind::Fixed => Plan::Leave,
        Kind::Move if !moved => Plan::Leave,
        // What tells shapes, places or conditions needs no cast of its own.
        Kind::Compute if !makes && !narrow.iter().any(there) && !compares(node) => Plan::Leave,
        _ if facts(g, node).is_none() => Plan::Note("stays in f16 or bf16: it has no form of f32 that makes the same"),
        _ => Plan::Widen,
    }
}

/// Whether a node makes conditions of numbers, for which there are kernels of f32.
fn compares(node: &Node) -> bool {
    matches!(node.op.name(), "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual")
}

/// What a node makes of f32; `None` where it takes none, or makes something else.
fn facts(g: &GraphEdit<'_>, node: &Node) -> Option<Vec<Fact>> {
    let graph = g.graph();
    let inputs: Vec<Option<Fact>> = node.inputs.iter().map(|v| v.map(|v| widened(graph.fact(v)))).collect();
    let refs: Vec<Option<&Fact>> = inputs.iter().map(Option::as_ref).collect();
    let made = node.op.infer(&fastserve_ir::Inputs(&refs)).ok()?;
    let fits = |(made, &out): (&Fact, &ValueId)| {
        let old = graph.fact(out);
        let same_type = made.dtype == old.dtype || is_narrow(old.dtype) && made.dtype == DType::F32;
        same_type && made.shape == old.shape
    };
    (made.len() >= node.outputs.len() && made.iter().zip(&node.outputs).all(fits)).then_some(made)
}

fn widened(fact: &Fact) -> Fact {
    if !is_narrow(fact.dtype) {
        return fact.clone();
    }
    Fact { dtype: DType::F32, value: fact.value.as_ref().and_then(in_f32), ..fact.clone() }
}

/// The elements of a narrow tensor, all of which are f32.
fn in_f32(tensor: &Tensor) -> Option<Tensor> {
    let list: Vec<f32> = match tensor.dtype() {
        DType::F16 => tensor.as_slice::<f16>().ok()?.iter().map(|v| v.to_f32()).collect(),
        _ => tensor.as_slice::<bf16>().ok()?.iter().map(|v| v.to_f32()).collect(),
    };
    Tensor::from_slice(tensor.shape(), &list).ok()
}

/// A cast to f32 of what is there in f32 is that.
fn uncast(g: &mut GraphEdit<'_>, id: NodeId, node: &Node, x: ValueId) -> Result<(), EditError> {
    let Some(&y) = node.outputs.first() else { return Ok(()) };
    if !g.can_replace(y, x) || !g.graph().fact(y).agrees_with(g.graph().fact(x)) {
        return Ok(());
    }
    g.replace_value(y, x)?;
    g.remove_node(id);
    Ok(())
}

impl Wide {
    /// A narrow value in f32.
    fn of(&mut self, g: &mut GraphEdit<'_>, v: ValueId) -> Result<ValueId, EditError> {
        if let Some(&wide) = self.made.get(&v).or_else(|| self.cast.get(&v)) {
            return Ok(wide);
        }
        let name = g.graph().value(v).name.to_string();
        let wide = match g.graph().constant(v).and_then(in_f32) {
            Some(tensor) => g.add_const(&name, tensor),
            None => first(g.add_node(&format!("{name}/f32"), cast_to(DType::F32), &[Some(v)])?, v),
        };
        self.cast.insert(v, wide);
        Ok(wide)
    }

    /// Puts a node of f32 in a node's place, and casts behind it for whoever wants its results as they were.
    fn widen(&mut self, g: &mut GraphEdit<'_>, id: NodeId, node: &Node) -> Result<(), EditError> {
        let mut inputs = node.inputs.clone();
        for input in inputs.iter_mut().flatten() {
            if is_narrow(g.graph().fact(*input).dtype) {
                *input = self.of(g, *input)?;
            }
        }
        let makes = |g: &GraphEdit<'_>| node.outputs.iter().any(|&v| is_narrow(g.graph().fact(v).dtype));
        if node_as::<Cast>(g.graph(), id).is_some() || !makes(g) {
            return g.replace_node(id, node.op.clone(), inputs);
        }
        let name = node_name(g.graph(), id);
        let made = g.add_node_of(&name, node.op.clone(), &inputs, node.outputs.len())?;
        if let ([old], [new, ..]) = (&node.outputs[..], &made[..])
            && is_narrow(g.graph().fact(*old).dtype)
        {
            let back = cast_to(g.graph().fact(*old).dtype);
            g.replace_node(id, back, vec![Some(*new)])?;
            self.made.insert(*old, *new);
            return Ok(());
        }
        for (&old, &new) in node.outputs.iter().zip(&made) {
            self.stand_for(g, &name, old, new)?;
        }
        g.remove_node(id);
        Ok(())
    }

    /// Lets a new value stand for an old one, behind a cast where that was narrow.
    fn stand_for(&mut self, g: &mut GraphEdit<'_>, name: &str, old: ValueId, new: ValueId) -> Result<(), EditError> {
        let dtype = g.graph().fact(old).dtype;
        if g.graph().fact(new).dtype == dtype {
            return g.replace_value(old, new);
        }
        let back = first(g.add_node(&format!("{name}/{dtype}"), cast_to(dtype), &[Some(new)])?, new);
        g.replace_value(old, back)?;
        self.made.insert(back, new);
        Ok(())
    }
}

fn cast_to(to: DType) -> OpRef {
    op(Cast::new(to))
}

fn first(made: Vec<ValueId>, other: ValueId) -> ValueId {
    made.first().copied().unwrap_or(other)
}
