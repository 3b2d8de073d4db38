//! Turns MatMul and Gemm into the product that kernels take: a constant B packed, a computed one as it lies.

use fastserve_ir::{Dim, EditError, Fact, GemmSpec, GraphEdit, Layout, Node, NodeId, OpRef, PackGemmSpec, ValueId};
use fastserve_kernels::class::{RoundingClass, gemm_class};
use fastserve_kernels::elementwise::BinaryOp;
use fastserve_kernels::epilogue::{BiasAxis, Epilogue};
use fastserve_kernels::gemm::{self, PackFormat};
use fastserve_ops::ops::binary::Binary;
use fastserve_ops::ops::fused_gemm::FusedGemm;
use fastserve_ops::ops::gemm::Gemm;
use fastserve_ops::ops::matmul::MatMul;
use fastserve_ops::ops::pack_gemm::PackGemmB;
use fastserve_ops::ops::squeeze::{Squeeze, Unsqueeze};
use fastserve_ops::ops::transpose::Transpose;
use fastserve_tensor::{DType, Tensor};

use crate::util::{input, node_as, op, producer_as};
use crate::{Pass, PassCx};

/// MatMul and Gemm to `fs.Gemm`, with `fs.PackGemmB` of a constant B, which folds. What the kernels do not take is a node
/// of its own: the axes of vectors, factors other than 1, an addend that is no row.
pub struct PackGemm;

/// A product and what surrounds it.
struct Product {
    a: ValueId,
    b: ValueId,
    trans_a: bool,
    trans_b: bool,
    alpha: f32,
    beta: f32,
    addend: Option<ValueId>,
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
    let rank = |v: ValueId| g.graph().fact(v).rank();
    let (a, trans_a) = if rank(a) == 2 && rank(b) == 2 { oriented(g, a) } else { (a, false) };
    let (b, trans_b) = oriented(g, b);
    Ok(Product { a, b, trans_a, trans_b, alpha: 1.0, beta: 1.0, addend: None })
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
    let Gemm { alpha, beta, trans_a, trans_b } = *gemm;
    let ((a, swap_a), (b, swap_b)) = (oriented(g, a), oriented(g, b));
    Ok(Product { a, b, trans_a: trans_a != swap_a, trans_b: trans_b != swap_b, alpha, beta, addend: input(node, 2) })
}

fn is_row(c: &Fact, n: &Dim) -> bool {
    c.dtype == DType::F32 && c.shape == [n.clone()]
}

/// Adds nodes beside one that is rewritten.
struct Around<'e, 'g> {
    g: &'e mut GraphEdit<'g>,
    name: String,
}

impl Around<'_, '_> {
    fn add(&mut self, what: &str, op: OpRef, inputs: &[Option<ValueId>]) -> Result<ValueId, EditError> {
        let name = format!("{}.{what}", self.name);
        let made = self.g.add_node(&name, op, inputs)?;
        Ok(made[0])
    }

    fn rank(&self, v: ValueId) -> usize {
        self.g.graph().fact(v).rank()
    }

    /// The operand times a factor.
    fn scaled(&mut self, what: &str, v: ValueId, factor: f32) -> Result<ValueId, EditError> {
        let Ok(factor_tensor) = Tensor::from_slice(&[], &[factor]) else { return Ok(v) };
        if factor == 1.0 {
            return Ok(v);
        }
        let by = self.g.add_const(&format!("{}.{what}", self.name), factor_tensor);
        self.add(what, op(Binary(BinaryOp::Mul)), &[Some(v), Some(by)])
    }

    /// A vector as a matrix with an axis of one at `at`.
    fn matrix(&mut self, what: &str, v: ValueId, at: i64) -> Result<ValueId, EditError> {
        if self.rank(v) > 1 {
            return Ok(v);
        }
        self.add(what, op(Unsqueeze { axes: Some(vec![at]) }), &[Some(v)])
    }
}

fn rewrite(g: &mut GraphEdit<'_>, id: NodeId, product: &Product, cx: &PassCx) -> Result<(), EditError> {
    let Some(node) = g.graph().node(id).cloned() else { return Ok(()) };
    let mut around = Around { g, name: node.name.to_string() };
    let squeezed = squeezed_axes(around.rank(product.a), around.rank(product.b));
    let constant_b = around.g.graph().constant(product.b).is_some();
    let (factor_a, factor_b) = if constant_b { (1.0, product.alpha) } else { (product.alpha, 1.0) };
    let a = around.scaled("alpha", product.a, factor_a)?;
    let b = around.scaled("alpha", product.b, factor_b)?;
    let (a, b) = (around.matrix("row", a, 0)?, around.matrix("column", b, 1)?);
    let addend = product.addend.map(|c| around.scaled("beta", c, product.beta)).transpose()?;
    let (gemm, mut inputs) = operands_of_gemm(&mut around, (a, b), product, constant_b, cx)?;
    let n = around.g.graph().fact(b).shape[around.rank(b) - 1 - usize::from(product.trans_b)].clone();
    let row = addend.filter(|&c| is_row(around.g.graph().fact(c), &n));
    let gemm = FusedGemm(GemmSpec { epilogue: epilogue(row), ..gemm });
    inputs.extend(row.map(Some));
    match addend.filter(|_| row.is_none()) {
        Some(c) => {
            let sums = around.add("product", op(gemm), &inputs)?;
            g.replace_node(id, op(Binary(BinaryOp::Add)), vec![Some(sums), Some(c)])
        }
        None if squeezed.is_empty() => g.replace_node(id, op(gemm), inputs),
        None => {
            let sums = around.add("product", op(gemm), &inputs)?;
            g.replace_node(id, op(Squeeze { axes: Some(squeezed) }), vec![Some(sums)])
        }
    }
}

/// The axes of a product that its vector operands do not have, from the end.
fn squeezed_axes(rank_a: usize, rank_b: usize) -> Vec<i64> {
    [(rank_a, -2), (rank_b, -1)].into_iter().filter(|&(rank, _)| rank == 1).map(|(_, axis)| axis).collect()
}

fn epilogue(row: Option<ValueId>) -> Epilogue {
    let bias = if row.is_some() { BiasAxis::Column } else { BiasAxis::None };
    Epilogue { bias, ..Epilogue::default() }
}

/// The product without an addend. A constant B is packed, unless its leading axes must be broadcast.
fn operands_of_gemm(
    around: &mut Around<'_, '_>,
    (a, b): (ValueId, ValueId),
    product: &Product,
    constant_b: bool,
    cx: &PassCx,
) -> Result<(GemmSpec, Vec<Option<ValueId>>), EditError> {
    let (fa, fb) = (around.g.graph().fact(a), around.g.graph().fact(b));
    let (batch_a, batch_b) = (&fa.shape[..fa.rank() - 2], &fb.shape[..fb.rank() - 2]);
    let rows = !constant_b || !(batch_b.is_empty() || batch_a == batch_b);
    let format = choose_format(fb, product.trans_b, cx);
    let spec = GemmSpec { trans_a: product.trans_a, rows, trans_b: product.trans_b && rows, format, epilogue: Epilogue::default() };
    if rows {
        return Ok((spec, vec![Some(a), Some(b)]));
    }
    let pack = op(PackGemmB(PackGemmSpec { trans_b: product.trans_b, format }));
    let packed = around.add("pack", pack, &[Some(b)])?;
    Ok((spec, vec![Some(a), Some(packed)]))
}

/// The packing follows from the rounding class, which sees the extents of B alone: an extent that is not known is a large one.
pub(crate) fn choose_format(b: &Fact, trans_b: bool, cx: &PassCx) -> PackFormat {
    let extents: Vec<Option<usize>> = b.shape[b.rank() - 2..].iter().map(Dim::known).collect();
    let (k, n) = if trans_b { (extents[1], extents[0]) } else { (extents[0], extents[1]) };
    let class = match (n, k) {
        (Some(n), Some(k)) => gemm_class(n, k),
        _ => RoundingClass::Chain,
    };
    gemm::select(cx.cpu, class, 1).pack
}
