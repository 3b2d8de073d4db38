//! Lets convolutions, and what follows them position by position, work on values whose channels lie in blocks of 16.
//!
//! Nodes are taken in order. A convolution that a blocked kernel takes gets blocked weights and makes a blocked value; a node
//! all of whose data is blocked, and that does on blocks what it does on rows, follows. Each blocked result has a twin in
//! rows, made by `fs.FromBlocks`, for those that want rows; twins that nobody uses are dead code.

use std::collections::HashMap;

use fastserve_ir::{
    ConvSpec, Dim, EditError, Fact, Graph, GraphEdit, Inputs, Layout, LowerCx, Lowered, Movement, Node, NodeId, PackConvSpec, ValueId,
    blocks,
};
use fastserve_kernels::blocked::takes;
use fastserve_kernels::epilogue::{BiasAxis, Epilogue};
use fastserve_ops::ops::blocks::{FromBlocks, ToBlocks};
use fastserve_ops::ops::fused_conv::FusedConv;
use fastserve_ops::ops::pack_conv::PackConv;
use fastserve_tensor::DType;

use crate::util::{input, node_as, op};
use crate::{Pass, PassCx};

/// Channel-blocked convolutions.
pub struct BlockLayout;

/// The least number of output channels for which a convolution of rows becomes one of blocks: with fewer, most of a block
/// would be padding.
const LEAST_CHANNELS: usize = 12;

/// Blocked twins of values in rows.
type Twins = HashMap<ValueId, ValueId>;

impl Pass for BlockLayout {
    fn name(&self) -> &'static str {
        "block_layout"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        let mut twins = Twins::new();
        for id in g.node_ids() {
            if node_as::<FusedConv>(g.graph(), id).is_some() {
                match eligible(g.graph(), id, &twins) {
                    Ok(found) => convolution(g, id, found, &mut twins)?,
                    Err(why) => g.note(id, format!("stays in rows: {why}")),
                }
            } else if let Some(node) = g.graph().node(id).cloned() {
                follow(g, id, &node, &mut twins)?;
            }
        }
        Ok(())
    }
}

/// A convolution that can be blocked.
struct Found {
    spec: ConvSpec,
    weights: ValueId,
}

fn eligible(g: &Graph, id: NodeId, twins: &Twins) -> Result<Found, &'static str> {
    let (node, conv) = node_as::<FusedConv>(g, id).ok_or("no convolution")?;
    let spec = conv.0;
    let (x, packed) = input(node, 0).zip(input(node, 1)).ok_or("an input is missing")?;
    if g.fact(x).rank() != 4 {
        return Err("it has one spatial axis");
    }
    let (_, packer) = g.producer(packed).ok_or("the weights are packed already")?;
    let weights = input(packer, 0).ok_or("the weights are packed already")?;
    let channels = |id: ValueId, axis: usize| g.fact(id).shape.get(axis).and_then(Dim::known).ok_or("channels are not known");
    let (inputs, outputs) = (channels(x, 1)?, channels(weights, 0)?);
    if !takes(inputs, outputs, spec.group) {
        return Err("its groups are no whole blocks of channels");
    }
    if outputs < LEAST_CHANNELS && !twins.contains_key(&x) {
        return Err("it has few output channels");
    }
    Ok(Found { spec, weights })
}

fn convolution(g: &mut GraphEdit<'_>, id: NodeId, found: Found, twins: &mut Twins) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let Some(x) = input(&node, 0) else { return Ok(()) };
    let spec = ConvSpec { blocks: true, mr: fastserve_ir::CHANNEL_BLOCK, ..found.spec };
    let packing = PackConvSpec { mr: spec.mr, group: spec.group, blocks: true };
    let packed = g.add_node(&format!("{}.pack", node.name), op(PackConv(packing)), &[Some(found.weights)])?;
    let mut inputs = node.inputs.clone();
    inputs[0] = Some(if few_channels(g.graph(), x, &spec) { x } else { twin(g, x, twins)? });
    inputs[1] = packed.first().copied();
    if let Some(residual) = residual_of(&node, &spec.epilogue) {
        inputs[residual.0] = Some(twin(g, residual.1, twins)?);
    }
    replace(g, id, &node, op(FusedConv(spec)), &inputs, twins)
}

/// An input of few channels is read in rows: blocks of it would be mostly padding.
fn few_channels(g: &Graph, x: ValueId, spec: &ConvSpec) -> bool {
    spec.group == 1 && g.fact(x).shape.get(1).and_then(Dim::known).is_some_and(|c| c < LEAST_CHANNELS)
}

fn residual_of(node: &Node, epilogue: &Epilogue) -> Option<(usize, ValueId)> {
    let at = if epilogue.bias == BiasAxis::None { 2 } else { 3 };
    Some((at, input(node, at)?)).filter(|_| epilogue.residual)
}

/// The blocked twin of a value; made where there is none.
fn twin(g: &mut GraphEdit<'_>, id: ValueId, twins: &mut Twins) -> Result<ValueId, EditError> {
    if let Some(&blocked) = twins.get(&id) {
        return Ok(blocked);
    }
    let name = format!("{}.blocks", g.graph().value(id).name);
    let made = g.add_node(&name, op(ToBlocks), &[Some(id)])?;
    let blocked = made.first().copied().unwrap_or(id);
    twins.insert(id, blocked);
    Ok(blocked)
}

/// Puts a node with blocked inputs and output in the place of one with rows.
fn replace(
    g: &mut GraphEdit<'_>,
    id: NodeId,
    node: &Node,
    by: fastserve_ir::OpRef,
    inputs: &[Option<ValueId>],
    twins: &mut Twins,
) -> Result<(), EditError> {
    let made = g.add_node(&node.name, by, inputs)?;
    for (&old, &blocked) in node.outputs.iter().zip(&made) {
        let rows = g.add_node(&format!("{}.rows", node.name), op(FromBlocks), &[Some(blocked)])?;
        let Some(&rows) = rows.first() else { return Ok(()) };
        g.replace_value(old, rows)?;
        twins.insert(rows, blocked);
    }
    g.remove_node(id);
    Ok(())
}

/// A node some of whose inputs have blocked twins, and that works on blocks, takes the twins.
fn follow(g: &mut GraphEdit<'_>, id: NodeId, node: &Node, twins: &mut Twins) -> Result<(), EditError> {
    let Some(&out) = node.outputs.first() else { return Ok(()) };
    if !node.inputs.iter().flatten().any(|v| twins.contains_key(v)) {
        return Ok(());
    }
    let lowered = lowered(g.graph(), node);
    let Some(wanted) = wanted(g.graph(), node, &lowered) else { return Ok(()) };
    let mut inputs = node.inputs.clone();
    for (slot, block) in inputs.iter_mut().zip(wanted) {
        if let (Some(value), true) = (*slot, block) {
            let value = with_rank(g, value, out)?;
            *slot = Some(twin(g, value, twins)?);
        }
    }
    replace(g, id, node, node.op.clone(), &inputs, twins)
}

fn lowered(g: &Graph, node: &Node) -> Lowered {
    let inputs: Vec<_> = node.inputs.iter().map(|v| v.map(|v| g.fact(v))).collect();
    let outputs: Vec<_> = node.outputs.iter().map(|&v| g.fact(v)).collect();
    node.op.lower(&LowerCx { inputs: Inputs(&inputs), outputs: &outputs })
}

/// Which inputs are to be blocked; `None` where the node does not work on blocks.
fn wanted(g: &Graph, node: &Node, lowered: &Lowered) -> Option<Vec<bool>> {
    let outputs: Vec<Fact> = node.outputs.iter().map(|&v| g.fact(v).clone()).collect();
    let out = outputs.first()?;
    let wanted: Vec<bool> = match lowered {
        Lowered::Unary(_) | Lowered::Pool(_) => (0..node.inputs.len()).map(|i| i == 0).collect(),
        Lowered::Binary(_) => node.inputs.iter().map(|v| v.is_some_and(|v| !blocks::is_one_number(g.fact(v)))).collect(),
        Lowered::Move(Movement::Concat(_)) => vec![true; node.inputs.len()],
        Lowered::Move(Movement::Split(_) | Movement::Nearest { .. }) => (0..node.inputs.len()).map(|i| i == 0).collect(),
        _ => return None,
    };
    let facts: Vec<Option<Fact>> = node.inputs.iter().zip(&wanted).map(|(v, &block)| v.map(|v| as_wanted(g, v, out, block))).collect();
    let facts: Vec<Option<&Fact>> = facts.iter().map(Option::as_ref).collect();
    blocks::follows(lowered, &Inputs(&facts), &outputs).then_some(wanted)
}

/// The fact of an input as it would be: blocked, and constants of fewer axes with as many as the output.
fn as_wanted(g: &Graph, value: ValueId, out: &Fact, block: bool) -> Fact {
    let mut fact = g.fact(value).clone();
    if block && fact.dtype == DType::F32 && fact.layout == Layout::RowMajor {
        if fact.value.is_some() {
            let missing = out.rank().saturating_sub(fact.rank());
            fact.shape.splice(0..0, std::iter::repeat_n(Dim::Known(1), missing));
        }
        fact.layout = Layout::Channels16;
    }
    fact
}

/// A constant with leading axes of 1, so that it has as many as `out`.
fn with_rank(g: &mut GraphEdit<'_>, value: ValueId, out: ValueId) -> Result<ValueId, EditError> {
    let (rank, own) = (g.graph().fact(out).rank(), g.graph().fact(value).rank());
    let Some(tensor) = g.graph().constant(value).filter(|_| own < rank).cloned() else { return Ok(value) };
    let dims: Vec<usize> = std::iter::repeat_n(1, rank - own).chain(tensor.shape().iter().copied()).collect();
    let made = fastserve_tensor::Shape::new(&dims).and_then(|shape| tensor.reshaped(shape));
    Ok(made.map_or(value, |t| g.add_const("ranked", t)))
}
