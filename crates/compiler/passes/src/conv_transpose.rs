//! Turns ConvTranspose into a pointwise convolution, which makes the taps, and their addition into the image.

use fastserve_ir::{EditError, GraphEdit, NodeId, ValueId};
use fastserve_ops::WindowAttrs;
use fastserve_ops::ops::col2im::Col2Im;
use fastserve_ops::ops::conv::Conv;
use fastserve_ops::ops::conv_transpose::ConvTranspose as ConvTransposeOp;
use fastserve_ops::ops::reshape::Reshape;
use fastserve_ops::ops::transpose::Transpose;
use fastserve_tensor::{DType, Tensor};

use crate::util::{input, node_as, op};
use crate::{Pass, PassCx};

/// ConvTranspose to Conv and `fs.Col2Im`.
pub struct ConvTranspose;

struct Found {
    op: ConvTransposeOp,
    x: ValueId,
    w: ValueId,
    bias: Option<ValueId>,
    /// Extents of the weights.
    shape: Vec<usize>,
}

impl Pass for ConvTranspose {
    fn name(&self) -> &'static str {
        "conv_transpose"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g, id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("runs by reference: {why}")),
                Some(Ok(found)) => rewrite(g, id, &found)?,
            }
        }
        Ok(())
    }
}

fn find(g: &GraphEdit<'_>, id: NodeId) -> Option<Result<Found, &'static str>> {
    let (node, conv) = node_as::<ConvTransposeOp>(g.graph(), id)?;
    let (x, w) = input(node, 0).zip(input(node, 1))?;
    let (fx, fw) = (g.graph().fact(x), g.graph().fact(w));
    if fx.dtype != DType::F32 {
        return Some(Err("only f32 has a kernel"));
    }
    if !matches!(fx.rank(), 3 | 4) {
        return Some(Err("only one or two spatial axes have a kernel"));
    }
    let Some(shape) = fw.known_shape().filter(|s| !s.contains(&0) && s[0] % conv.group == 0) else {
        return Some(Err("weights of unknown extents have no kernel"));
    };
    if fx.shape[1].known() != Some(shape[0]) {
        return Some(Err("channels of unknown number have no kernel"));
    }
    let bias = input(node, 2);
    Some(Ok(Found { op: conv.clone(), x, w, bias, shape: shape.to_vec() }))
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, found: &Found) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let name = |what: &str| format!("{}.{what}", node.name);
    let (group, kernel) = (found.op.group, &found.shape[2..]);
    let taps: usize = found.shape[1..].iter().product();
    let per_group = found.shape[0] / group;
    // Weights [C, O/group, …] to [O · taps, C/group, 1, …], group by group.
    let by_group = reshape(g, &name("groups"), found.w, &[group, per_group, taps])?;
    let turned = add(g, &name("turn"), op(Transpose { perm: Some(vec![0, 2, 1]) }), &[by_group])?;
    let mut shape = vec![group * taps, per_group];
    shape.resize(found.shape.len(), 1);
    let pointwise = reshape(g, &name("weights"), turned, &shape)?;
    let conv = Conv { window: WindowAttrs::default(), group };
    let columns = add(g, &name("columns"), op(conv), &[found.x, pointwise])?;
    let mut image = ConvTransposeOp { group: 1, ..found.op.clone() };
    image.window.kernel_shape = Some(kernel.to_vec());
    let mut inputs = vec![Some(columns)];
    inputs.extend(found.bias.map(Some));
    g.replace_node(id, op(Col2Im(image)), inputs)
}

fn add(g: &mut GraphEdit<'_>, name: &str, op: fastserve_ir::OpRef, inputs: &[ValueId]) -> Result<ValueId, EditError> {
    let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
    let made = g.add_node(name, op, &inputs)?;
    made.first().copied().ok_or_else(|| EditError::Cycle(name.to_owned()))
}

fn reshape(g: &mut GraphEdit<'_>, name: &str, x: ValueId, shape: &[usize]) -> Result<ValueId, EditError> {
    let extents: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
    let Ok(tensor) = Tensor::from_slice(&[extents.len()], &extents) else { return Ok(x) };
    let target = g.add_const(name, tensor);
    add(g, name, op(Reshape { allowzero: false }), &[x, target])
}
