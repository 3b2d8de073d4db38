//! Turns MatMul and Gemm into a packing of B and a product with the packed B.

use fastserve_ir::{Dim, EditError, Fact, GemmSpec, GraphEdit, Layout, Node, NodeId, PackGemmSpec, ValueId};
use fastserve_kernels::class::{RoundingClass, gemm_class};
use fastserve_kernels::epilogue::{BiasAxis, Epilogue};
use fastserve_kernels::gemm::{self, PackFormat};
use fastserve_ops::ops::fused_gemm::FusedGemm;
use fastserve_ops::ops::gemm::Gemm;
use fastserve_ops::ops::matmul::MatMul;
use fastserve_ops::ops::pack_gemm::PackGemmB;
use fastserve_ops::ops::transpose::Transpose;
use fastserve_tensor::DType;

use crate::util::{input, node_as, op, producer_as};
use crate::{Pass, PassCx};

/// MatMul and Gemm to `fs.PackGemmB` and `fs.Gemm`. The packing of a constant folds; that of a computed B runs every time.
pub struct PackGemm;

/// A product in the form that the kernels take.
struct Product {
    a: ValueId,
    b: ValueId,
    bias: Option<ValueId>,
    trans_a: bool,
    trans_b: bool,
}

impl Pass for PackGemm {
    fn name(&self) -> &'static str {
        "pack_gemm"
    }

    fn run(&self, g: &mut GraphEdit<'_>, cx: &PassCx) -> Result<(), EditError> {
        for id in g.node_ids() {
            match find(g, id) {
                None => {}
                Some(Err(why)) => g.note(id, format!("runs by reference: {why}")),
                Some(Ok(product)) => rewrite(g, id, &product, cx)?,
            }
        }
        Ok(())
    }
}

fn find(g: &GraphEdit<'_>, id: NodeId) -> Option<Result<Product, &'static str>> {
    if let Some((node, _)) = node_as::<MatMul>(g.graph(), id) {
        return Some(from_matmul(g, node));
    }
    let (node, gemm) = node_as::<Gemm>(g.graph(), id)?;
    Some(from_gemm(g, node, gemm))
}

fn operands(g: &GraphEdit<'_>, node: &Node) -> Result<(ValueId, ValueId), &'static str> {
    let (a, b) = input(node, 0).zip(input(node, 1)).ok_or("an operand is missing")?;
    let plain = |v: ValueId| g.graph().fact(v).dtype == DType::F32 && g.graph().fact(v).layout == Layout::RowMajor;
    if plain(a) && plain(b) { Ok((a, b)) } else { Err("only f32 has a kernel") }
}

fn from_matmul(g: &GraphEdit<'_>, node: &Node) -> Result<Product, &'static str> {
    let (a, b) = operands(g, node)?;
    let (fa, fb) = (g.graph().fact(a), g.graph().fact(b));
    if fa.rank() < 2 || fb.rank() < 2 {
        return Err("a vector operand has no kernel yet");
    }
    let (batch_a, batch_b) = (&fa.shape[..fa.rank() - 2], &fb.shape[..fb.rank() - 2]);
    if !batch_b.is_empty() && batch_a != batch_b {
        return Err("operands with broadcast leading axes have no kernel yet");
    }
    let (a, trans_a) = if fa.rank() == 2 { oriented(g, a) } else { (a, false) };
    let (b, trans_b) = oriented(g, b);
    Ok(Product { a, b, bias: None, trans_a, trans_b })
}

/// An operand before a Transpose of its last two axes, and whether there is one.
fn oriented(g: &GraphEdit<'_>, value: ValueId) -> (ValueId, bool) {
    let swapped = || {
        let (_, node, transpose) = producer_as::<Transpose>(g.graph(), value)?;
        let x = input(node, 0)?;
        let rank = g.graph().fact(x).rank();
        let swap = |i: usize| if i + 2 < rank { i } else { 2 * rank - 3 - i };
        (rank >= 2 && (0..rank).all(|i| transpose.axis(i, rank) == swap(i))).then_some((x, true))
    };
    swapped().unwrap_or((value, false))
}

fn from_gemm(g: &GraphEdit<'_>, node: &Node, gemm: &Gemm) -> Result<Product, &'static str> {
    let (a, b) = operands(g, node)?;
    let bias = input(node, 2);
    if gemm.alpha != 1.0 || (gemm.beta != 1.0 && bias.is_some()) {
        return Err("factors other than 1 have no kernel yet");
    }
    let n = g.graph().fact(b).shape[usize::from(!gemm.trans_b)].clone();
    if bias.is_some_and(|c| !is_row(g.graph().fact(c), &n)) {
        return Err("an addend that is no row of the product has no kernel yet");
    }
    let ((a, swap_a), (b, swap_b)) = (oriented(g, a), oriented(g, b));
    Ok(Product { a, b, bias, trans_a: gemm.trans_a != swap_a, trans_b: gemm.trans_b != swap_b })
}

fn is_row(c: &Fact, n: &Dim) -> bool {
    c.dtype == DType::F32 && c.shape == [n.clone()]
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, product: &Product, cx: &PassCx) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let format = choose_format(g.graph().fact(product.b), product.trans_b, cx);
    let pack = op(PackGemmB(PackGemmSpec { trans_b: product.trans_b, format }));
    let packed = g.add_node(&format!("{}.pack", node.name), pack, &[Some(product.b)])?;
    let bias = if product.bias.is_some() { BiasAxis::Column } else { BiasAxis::None };
    let spec = GemmSpec { trans_a: product.trans_a, format, epilogue: Epilogue { bias, ..Epilogue::default() } };
    let mut inputs = vec![Some(product.a), packed.first().copied()];
    inputs.extend(product.bias.map(Some));
    g.replace_node(id, op(FusedGemm(spec)), inputs)
}

/// The packing follows from the rounding class, which sees the extents of B alone: an extent that is not known is a large one.
fn choose_format(b: &Fact, trans_b: bool, cx: &PassCx) -> PackFormat {
    let extents: Vec<Option<usize>> = b.shape[b.rank() - 2..].iter().map(Dim::known).collect();
    let (k, n) = if trans_b { (extents[1], extents[0]) } else { (extents[0], extents[1]) };
    let class = match (n, k) {
        (Some(n), Some(k)) => gemm_class(n, k),
        _ => RoundingClass::Chain,
    };
    gemm::select(cx.cpu, class, 1).pack
}
