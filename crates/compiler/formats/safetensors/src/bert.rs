//! The encoder of BERT (Devlin et al., 2018, arXiv 1810.04805), with a pooled output as sentence encoders use it (Reimers and
//! Gurevych, 2019, arXiv 1908.10084).

use fastserve_ir::{Attrs, Fact, Graph, OpSet, ValueId};
use fastserve_tensor::{DType, Tensor};

use crate::build::Builder;
use crate::config::Config;
use crate::error::SafetensorsError;
use crate::weights::Weights;

type Result<T> = std::result::Result<T, SafetensorsError>;

const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];
/// Added to scores of tokens that do not count: far below any score, and finite.
const MASKED: f32 = f32::MIN;
/// The least length and number that a mean is divided by.
const LEAST: f32 = 1e-12;
/// Files of whole tasks name the encoder's tensors so.
const TASK_PREFIX: &str = "bert.";

struct Bert<'a> {
    config: &'a Config,
    weights: &'a Weights,
    prefix: &'static str,
    b: Builder<'a>,
    ids: ValueId,
    mask: ValueId,
    types: ValueId,
}

/// The graph of an encoder.
pub(crate) fn graph(config: &Config, weights: &Weights, ops: &dyn OpSet) -> Result<Graph> {
    let mut graph = Graph::new("bert");
    let dims = vec![graph.symbol("batch"), graph.symbol("sequence")];
    let [ids, mask, types] = INPUTS.map(|name| graph.add_input(name, Fact::new(DType::I64, dims.clone())));
    let in_task = !weights.has("embeddings.word_embeddings.weight") && weights.has("bert.embeddings.word_embeddings.weight");
    let prefix = if in_task { TASK_PREFIX } else { "" };
    let mut bert = Bert { config, weights, prefix, b: Builder::new(graph, ops), ids, mask, types };
    let bias = bert.attention_bias()?;
    let mut x = bert.embeddings()?;
    for layer in 0..config.num_hidden_layers {
        x = bert.layer(x, layer, bias)?;
    }
    let last = bert.b.named("Identity", Attrs::new(), &[x], "last_hidden_state")?;
    bert.b.graph.add_output(last);
    let pooled = bert.pool(x)?;
    bert.b.graph.add_output(pooled);
    Ok(bert.b.graph)
}

fn axes(name: &str, axes: &[i64]) -> Attrs {
    Attrs::new().with_ints(name, axes.to_vec())
}

impl Bert<'_> {
    /// A tensor of the file as a constant.
    fn weight(&mut self, name: &str, dims: &[usize]) -> Result<ValueId> {
        let tensor = self.tensor(name, dims)?;
        Ok(self.b.graph.add_const(name, tensor))
    }

    fn tensor(&self, name: &str, dims: &[usize]) -> Result<Tensor> {
        self.weights.get(&format!("{}{name}", self.prefix), dims)
    }

    /// Extent `axis` of a value, as a vector of one number.
    fn extent(&mut self, x: ValueId, axis: i64) -> Result<ValueId> {
        let shape = self.b.plain("Shape", &[x])?;
        let index = self.b.numbers(&[1], &[axis])?;
        self.b.op("Gather", Attrs::new().with_int("axis", 0), &[shape, index])
    }

    /// x · Wᵀ + b.
    fn linear(&mut self, x: ValueId, layer: &str, inputs: usize, outputs: usize) -> Result<ValueId> {
        let weight = self.weight(&format!("{layer}.weight"), &[outputs, inputs])?;
        let bias = self.weight(&format!("{layer}.bias"), &[outputs])?;
        let turned = self.b.op("Transpose", axes("perm", &[1, 0]), &[weight])?;
        let product = self.b.plain("MatMul", &[x, turned])?;
        self.b.plain("Add", &[product, bias])
    }

    fn layer_norm(&mut self, x: ValueId, layer: &str) -> Result<ValueId> {
        let dims = [self.config.hidden_size];
        let gain = self.weight(&format!("{layer}.weight"), &dims)?;
        let bias = self.weight(&format!("{layer}.bias"), &dims)?;
        let attrs = Attrs::new().with_int("axis", -1).with_float("epsilon", self.config.layer_norm_eps);
        self.b.op("LayerNormalization", attrs, &[x, gain, bias])
    }

    /// A table's rows for indices.
    fn lookup(&mut self, table: &str, rows: usize, indices: ValueId) -> Result<ValueId> {
        let table = self.weight(&format!("embeddings.{table}.weight"), &[rows, self.config.hidden_size])?;
        self.b.plain("Gather", &[table, indices])
    }

    /// Words, kinds and positions, normalised.
    fn embeddings(&mut self) -> Result<ValueId> {
        let config = self.config;
        let words = self.lookup("word_embeddings", config.vocab_size, self.ids)?;
        let kinds = self.lookup("token_type_embeddings", config.type_vocab_size, self.types)?;
        let table = self.weight("embeddings.position_embeddings.weight", &[config.max_position_embeddings, config.hidden_size])?;
        let (zero, length) = (self.b.numbers(&[1], &[0i64])?, self.extent(self.ids, 1)?);
        let places = self.b.plain("Slice", &[table, zero, length, zero])?;
        let sum = self.b.plain("Add", &[words, kinds])?;
        let sum = self.b.plain("Add", &[sum, places])?;
        self.layer_norm(sum, "embeddings.LayerNorm")
    }

    /// 0 where a token counts, [`MASKED`] where it does not: `[batch, 1, 1, sequence]`.
    fn attention_bias(&mut self) -> Result<ValueId> {
        let places = self.b.numbers(&[2], &[1i64, 2])?;
        let wide = self.b.plain("Unsqueeze", &[self.mask, places])?;
        let floats = self.b.op("Cast", Attrs::new().with_int("to", 1), &[wide])?;
        let one = self.b.scalar(1.0f32)?;
        let hidden = self.b.plain("Sub", &[one, floats])?;
        let least = self.b.scalar(MASKED)?;
        self.b.plain("Mul", &[hidden, least])
    }

    /// `[batch, sequence, hidden]` as heads, with axes in the order `perm`.
    fn split(&mut self, x: ValueId, perm: &[i64]) -> Result<ValueId> {
        let (heads, head) = (self.config.num_attention_heads as i64, self.config.head() as i64);
        let shape = self.b.numbers(&[4], &[0, 0, heads, head])?;
        let heads = self.b.plain("Reshape", &[x, shape])?;
        self.b.op("Transpose", axes("perm", perm), &[heads])
    }

    fn attention(&mut self, x: ValueId, prefix: &str, bias: ValueId) -> Result<ValueId> {
        let hidden = self.config.hidden_size;
        let mut project = |name: &str, perm: &[i64]| {
            let value = self.linear(x, &format!("{prefix}.self.{name}"), hidden, hidden)?;
            self.split(value, perm)
        };
        let (q, k) = (project("query", &[0, 2, 1, 3])?, project("key", &[0, 2, 3, 1])?);
        let v = project("value", &[0, 2, 1, 3])?;
        let scores = self.b.plain("MatMul", &[q, k])?;
        let root = self.b.scalar((self.config.head() as f32).sqrt())?;
        let scaled = self.b.plain("Div", &[scores, root])?;
        let masked = self.b.plain("Add", &[scaled, bias])?;
        let weights = self.b.op("Softmax", Attrs::new().with_int("axis", -1), &[masked])?;
        let mixed = self.b.plain("MatMul", &[weights, v])?;
        let turned = self.b.op("Transpose", axes("perm", &[0, 2, 1, 3]), &[mixed])?;
        let shape = self.b.numbers(&[3], &[0, 0, hidden as i64])?;
        let joined = self.b.plain("Reshape", &[turned, shape])?;
        let out = self.linear(joined, &format!("{prefix}.output.dense"), hidden, hidden)?;
        let sum = self.b.plain("Add", &[out, x])?;
        self.layer_norm(sum, &format!("{prefix}.output.LayerNorm"))
    }

    fn activation(&mut self, x: ValueId) -> Result<ValueId> {
        if self.config.hidden_act == "relu" {
            return self.b.plain("Relu", &[x]);
        }
        let root = self.b.scalar(std::f32::consts::SQRT_2)?;
        let scaled = self.b.plain("Div", &[x, root])?;
        let erf = self.b.plain("Erf", &[scaled])?;
        let one = self.b.scalar(1.0f32)?;
        let sum = self.b.plain("Add", &[erf, one])?;
        let product = self.b.plain("Mul", &[x, sum])?;
        let half = self.b.scalar(0.5f32)?;
        self.b.plain("Mul", &[product, half])
    }

    fn layer(&mut self, x: ValueId, index: usize, bias: ValueId) -> Result<ValueId> {
        let (hidden, inner) = (self.config.hidden_size, self.config.intermediate_size);
        let prefix = format!("encoder.layer.{index}");
        let x = self.attention(x, &format!("{prefix}.attention"), bias)?;
        let wide = self.linear(x, &format!("{prefix}.intermediate.dense"), hidden, inner)?;
        let wide = self.activation(wide)?;
        let out = self.linear(wide, &format!("{prefix}.output.dense"), inner, hidden)?;
        let sum = self.b.plain("Add", &[out, x])?;
        self.layer_norm(sum, &format!("{prefix}.output.LayerNorm"))
    }

    /// The mean over tokens that count, divided by its length.
    fn pool(&mut self, x: ValueId) -> Result<ValueId> {
        let last = self.b.numbers(&[1], &[2i64])?;
        let wide = self.b.plain("Unsqueeze", &[self.mask, last])?;
        let counts = self.b.op("Cast", Attrs::new().with_int("to", 1), &[wide])?;
        let kept = self.b.plain("Mul", &[x, counts])?;
        let (sum, number) = (self.sum(kept, 1)?, self.sum(counts, 1)?);
        let least = self.b.scalar(LEAST)?;
        let number = self.b.plain("Max", &[number, least])?;
        let mean = self.b.plain("Div", &[sum, number])?;
        let square = self.b.plain("Mul", &[mean, mean])?;
        let square = self.sum(square, 2)?;
        let length = self.b.plain("Sqrt", &[square])?;
        let length = self.b.plain("Max", &[length, least])?;
        let unit = self.b.plain("Div", &[mean, length])?;
        let axis = self.b.numbers(&[1], &[1i64])?;
        self.b.named("Squeeze", Attrs::new(), &[unit, axis], "sentence_embedding")
    }

    /// The sum over one axis, which stays.
    fn sum(&mut self, x: ValueId, axis: i64) -> Result<ValueId> {
        let axis = self.b.numbers(&[1], &[axis])?;
        self.b.op("ReduceSum", Attrs::new().with_int("keepdims", 1), &[x, axis])
    }
}
