//! Recognises HardSwish and HardSigmoid.

use fastserve_ir::{EditError, Graph, GraphEdit, NodeId, ValueId};
use fastserve_kernels::elementwise::{BinaryOp, UnaryOp};
use fastserve_kernels::epilogue::Activation;
use fastserve_ops::ops::unary::Unary;

use crate::pattern::{Product, clip, near, with_scalar};
use crate::util::{activation, alike, count_written, op, producer_as, used_output};
use crate::{Pass, PassCx};

/// `x · Clip(x + 3, 0, 6) / 6` and `x · HardSigmoid(x)` to HardSwish; `Clip(x + 3, 0, 6) / 6` and its like to HardSigmoid.
pub struct HardSwish;

impl Pass for HardSwish {
    fn name(&self) -> &'static str {
        "hard_swish"
    }

    fn run(&self, g: &mut GraphEdit<'_>, _: &PassCx) -> Result<(), EditError> {
        let ids = g.node_ids();
        count_written(g, |node| activation(node).filter(|&a| a == Activation::HardSwish).map(|_| "HardSwish"));
        for &id in &ids {
            if let Some(x) = hard_swish(g.graph(), id) {
                g.replace_node(id, op(Unary(UnaryOp::Activation(Activation::HardSwish))), vec![Some(x)])?;
                g.found("HardSwish", id);
            }
        }
        crate::dead_code::remove(g);
        count_written(g, |node| activation(node).filter(|a| matches!(a, Activation::HardSigmoid { .. })).map(|_| "HardSigmoid"));
        for id in ids {
            if let Some((x, alpha, beta)) = hard_sigmoid_node(g.graph(), id) {
                let activation = Activation::HardSigmoid { alpha: alpha as f32, beta: beta as f32 };
                g.replace_node(id, op(Unary(UnaryOp::Activation(activation))), vec![Some(x)])?;
                g.found("HardSigmoid", id);
            }
        }
        Ok(())
    }
}

fn hard_swish(g: &Graph, id: NodeId) -> Option<ValueId> {
    let y = used_output(g, id)?;
    let gate = |v: &ValueId| Some((*v, gate(g, *v)?));
    let (gate, (x, alpha, beta, top)) = Product::of(g, y, &[]).above.iter().find_map(gate)?;
    let whole = Product::of(g, y, &[x, gate]);
    let is = near(alpha / top, 1.0 / 6.0) && near(beta / top, 0.5) && whole.is(1.0 / top, &[x, gate]);
    (is && alike(g, x, y)).then_some(x)
}

/// `(x, α, β, top)` of `min(max(αx + β, 0), top)`.
fn gate(g: &Graph, value: ValueId) -> Option<(ValueId, f64, f64, f64)> {
    if let Some((_, node, Unary(UnaryOp::Activation(Activation::HardSigmoid { alpha, beta })))) = producer_as::<Unary>(g, value) {
        return crate::util::input(node, 0).map(|x| (x, f64::from(*alpha), f64::from(*beta), 1.0));
    }
    let (line, low, top) = clip(g, value)?;
    let (product, beta) = with_scalar(g, line, BinaryOp::Add)?;
    let scaled = with_scalar(g, product, BinaryOp::Mul);
    let divided = || divided(g, product);
    let (x, alpha) = scaled.or_else(divided).unwrap_or((product, 1.0));
    (low == 0.0 && top > 0.0 && top.is_finite()).then_some((x, alpha, beta, top))
}

/// `(x, 1 / c)` of `x / c`.
fn divided(g: &Graph, value: ValueId) -> Option<(ValueId, f64)> {
    let (x, c) = crate::pattern::binary(g, value, BinaryOp::Div)?;
    crate::pattern::scalar(g, c).map(|c| (x, 1.0 / c))
}

/// `(x, α, β)` of a node that makes `min(max(αx + β, 0), 1)` and is no HardSigmoid yet.
fn hard_sigmoid_node(g: &Graph, id: NodeId) -> Option<(ValueId, f64, f64)> {
    let y = used_output(g, id)?;
    if producer_as::<Unary>(g, y).is_some_and(|(_, _, u)| matches!(u.0, UnaryOp::Activation(Activation::HardSigmoid { .. }))) {
        return None;
    }
    let scaled = with_scalar(g, y, BinaryOp::Mul).or_else(|| divided(g, y)).filter(|(v, _)| gate(g, *v).is_some());
    let (inner, scale) = scaled.unwrap_or((y, 1.0));
    let (x, alpha, beta, top) = gate(g, inner)?;
    (near(top * scale, 1.0) && alike(g, x, y)).then_some((x, alpha * scale, beta * scale))
}
