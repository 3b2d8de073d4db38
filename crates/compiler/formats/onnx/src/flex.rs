//! FlexAttention of ai.onnx.preview with graphs that change its scores or its probabilities: both join the graph between the steps
//! of attention. Without such graphs it is a composite (`fastserve_ops`).

use fastserve_ir::{Attrs, Dim, ValueId};
use fastserve_tensor::{DType, Tensor};

use crate::error::{OnnxError, Refusal};
use crate::header::Header;
use crate::load::Loader;
use crate::parts::Site;
use crate::sequences::Held;
use crate::tensors::{self, data_type};
use crate::view::{Attribute, Node};

const DOMAIN: &str = "ai.onnx.preview";
const SCORES: &str = "score_mod";
const PROBABILITIES: &str = "prob_mod";

/// Whether a node is attention with such a graph.
pub(crate) fn is_modified(node: &Node<'_>) -> Result<bool, OnnxError> {
    Ok(node.domain == DOMAIN && node.op == "FlexAttention" && (has_graph(node, SCORES)? || has_graph(node, PROBABILITIES)?))
}

fn has_graph(node: &Node<'_>, name: &str) -> Result<bool, OnnxError> {
    for &span in &node.attributes {
        let attribute = Attribute::read(span)?;
        if attribute.name == name && attribute.g.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<'f> Loader<'f, '_> {
    /// Adds the steps of attention, and the nodes of the graphs between them.
    pub(crate) fn flex_node(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let before = self.unsupported.len();
        let made = self.flex(&Site { node, i, header }).map(|y| vec![Some(Held::Tensor(y))]);
        self.settle(node, i, header, before, made)
    }

    fn flex(&mut self, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let attrs = self.plain_part_attrs(site)?;
        let [q, k, v] = self.flex_operands(site)?;
        let dtype = self.graph.fact(q).dtype;
        let precision = attrs.int("softmax_precision").map_err(|e| site.wrong(e.to_string()))?;
        let precision = match precision {
            Some(number) => tensors::dtype(number, &site.place())?,
            None if dtype == DType::F64 => DType::F64,
            None => DType::F32,
        };
        let scale = attrs.float("scale").map_err(|e| site.wrong(e.to_string()))?;
        let mut scores = self.flex_scores(q, k, scale, site)?;
        scores = self.flex_cast(scores, precision, site)?;
        scores = self.flex_modified(SCORES, scores, site)?;
        let mut shares = self.part("Softmax", Attrs::new().with_int("axis", -1), &[scores], site)?;
        shares = self.flex_modified(PROBABILITIES, shares, site)?;
        let values = self.flex_cast(v, precision, site)?;
        let y = self.part("MatMul", Attrs::new(), &[shares, values], site)?;
        self.flex_cast(y, dtype, site)
    }

    /// Q, K and V, of four axes, one element type and as many heads.
    fn flex_operands(&mut self, site: &Site<'_, 'f>) -> Result<[ValueId; 3], Refusal> {
        let [q, k, v] = [self.tensor_input(0, site)?, self.tensor_input(1, site)?, self.tensor_input(2, site)?];
        for (at, value) in [q, k, v].into_iter().enumerate() {
            let (fact, dtype) = (self.graph.fact(value), self.graph.fact(q).dtype);
            if fact.rank() != 4 || fact.dtype != dtype {
                let got = (fact.dtype, fact.rank());
                return Err(site.wrong(format!("input {at}: expected {dtype} of rank 4, got {} of rank {}", got.0, got.1)));
            }
        }
        let heads = |value: ValueId| self.graph.fact(value).shape.get(1).and_then(Dim::known);
        if self.graph.fact(q).shape.get(1) == self.graph.fact(k).shape.get(1) {
            return Ok([q, k, v]);
        }
        match (heads(q), heads(k), heads(v)) {
            (Some(all), Some(shared), Some(same)) if shared == same && shared > 0 && all % shared == 0 => {
                self.count_inlined(all / 16, &site.place())?;
                let each = (0..all).map(|head| (head / (all / shared)) as i64).collect::<Vec<_>>();
                let each = self.part_ints(&each, site)?;
                let mut repeated = |value| self.part("Gather", Attrs::new().with_int("axis", 1), &[value, each], site);
                Ok([q, repeated(k)?, repeated(v)?])
            }
            (Some(_), Some(_), Some(_)) => Err(site.wrong("expected heads of Q that are a multiple of those of K and V")),
            _ => Err(Refusal::Unsupported("heads that differ and whose numbers only the run tells".into())),
        }
    }

    /// `Q · Kᵀ · scale`, the root of the scale on either side.
    fn flex_scores(&mut self, q: ValueId, k: ValueId, scale: Option<f32>, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let size = self.graph.fact(q).shape.last().and_then(Dim::known);
        let unknown = || Refusal::Unsupported("a scale that depends on an extent which only the run tells".into());
        let scale = match scale {
            Some(scale) => f64::from(scale),
            None => 1.0 / (size.ok_or_else(unknown)? as f64).sqrt(),
        };
        let root = Tensor::scalar(scale.sqrt() as f32).map_err(|e| site.wrong(e.to_string()))?;
        let root = self.part_const(root, site);
        let root = self.flex_cast(root, self.graph.fact(q).dtype, site)?;
        let q = self.part("Mul", Attrs::new(), &[q, root], site)?;
        let k = self.part("Mul", Attrs::new(), &[k, root], site)?;
        let k = self.part("Transpose", Attrs::new().with_ints("perm", vec![0, 1, 3, 2]), &[k], site)?;
        self.part("MatMul", Attrs::new(), &[q, k], site)
    }

    fn flex_cast(&mut self, value: ValueId, dtype: DType, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        if self.graph.fact(value).dtype == dtype {
            return Ok(value);
        }
        self.part("Cast", Attrs::new().with_int("to", i64::from(data_type(dtype))), &[value], site)
    }

    /// What the graph of this name makes of a value; the value itself where there is none.
    fn flex_modified(&mut self, name: &str, value: ValueId, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        if !has_graph(site.node, name)? {
            return Ok(value);
        }
        let body = self.unrolled_body(name, site)?;
        if body.inputs.len() != 1 || body.outputs.len() != 1 {
            let (inputs, outputs) = (body.inputs.len(), body.outputs.len());
            return Err(site.wrong(format!("`{name}`: expected a graph of one input and one output, got {inputs} and {outputs}")));
        }
        let made = self.turn(&body, vec![Held::Tensor(value)], name, site)?;
        let made = made.first().and_then(Held::tensor).ok_or_else(|| site.wrong(format!("`{name}` makes no tensor")))?;
        let (before, after) = (self.graph.fact(value), self.graph.fact(made));
        let clash = |(a, b): (&Dim, &Dim)| a.known().zip(b.known()).is_some_and(|(a, b)| a != b);
        if before.dtype != after.dtype || before.rank() != after.rank() || before.shape.iter().zip(&after.shape).any(clash) {
            return Err(site.wrong(format!("`{name}`: expected what it makes to have the type and the extents of what it is given")));
        }
        Ok(made)
    }
}
