//! A network as a graph: the same operators, attributes and names as its ONNX form.

use std::collections::HashSet;

use fastserve_ir::{Attrs, Dim, Fact, Graph, OpSet, ValueId, attrs::ints_of};
use fastserve_tensor::{DType, Tensor};

use crate::error::TextError;
use crate::layer::Layer;
use crate::weights::Network;

/// The version of the operators that the format means.
const OPSET: i64 = 17;

/// Name of the batch symbol.
const BATCH: &str = "N";

struct Builder<'o> {
    ops: &'o dyn OpSet,
    graph: Graph,
    /// The value reached so far.
    at: ValueId,
    names: HashSet<String>,
    tensors: std::vec::IntoIter<(String, Tensor)>,
}

/// The graph of a network.
pub(crate) fn graph(network: Network, ops: &dyn OpSet) -> Result<Graph, TextError> {
    let mut graph = Graph::new(network.name);
    let batch = graph.symbol(BATCH);
    let (input, sizes) = network.input;
    let shape = std::iter::once(batch).chain(sizes.into_iter().map(Dim::Known)).collect();
    let at = graph.add_input(&input, Fact::new(DType::F32, shape));
    let names = HashSet::from([input, network.output.clone()]);
    let mut builder = Builder { ops, graph, at, names, tensors: network.tensors.into_iter() };
    let count = network.layers.len();
    for (i, (line, layer)) in network.layers.into_iter().enumerate() {
        let last = (i + 1 == count).then_some(network.output.as_str());
        builder.layer(line, i + 1, layer, last)?;
    }
    builder.graph.add_output(builder.at);
    Ok(builder.graph)
}

impl Builder<'_> {
    /// A layer's nodes; the last one makes `output` if that is given.
    fn layer(&mut self, line: usize, number: usize, layer: Layer, output: Option<&str>) -> Result<(), TextError> {
        let first = if layer.has_relu() { None } else { output };
        let (op, attrs) = operator(layer);
        let parameters = if layer.weight_shape().is_empty() { Vec::new() } else { self.parameters() };
        self.node(line, op, attrs, &parameters, &format!("{}_{number}", layer.kind()), first)?;
        if layer.has_relu() {
            self.node(line, "Relu", Attrs::new(), &[], &format!("relu_{number}"), output)?;
        }
        Ok(())
    }

    /// The next weight and bias, as constants.
    fn parameters(&mut self) -> Vec<ValueId> {
        let pair: Vec<(String, Tensor)> = self.tensors.by_ref().take(2).collect();
        let add = |(name, tensor): (String, Tensor)| {
            let name = self.fresh(&name);
            self.graph.add_const(&name, tensor)
        };
        pair.into_iter().map(add).collect()
    }

    /// A name that neither input nor output nor an earlier value has.
    fn fresh(&mut self, stem: &str) -> String {
        let mut name = stem.to_owned();
        while !self.names.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    fn node(
        &mut self,
        line: usize,
        op: &'static str,
        attrs: Attrs,
        parameters: &[ValueId],
        stem: &str,
        output: Option<&str>,
    ) -> Result<(), TextError> {
        let name = output.map_or_else(|| self.fresh(stem), str::to_owned);
        let built = self.ops.build("", op, OPSET, &attrs).map_err(|source| TextError::Build { line, source })?;
        let inputs: Vec<Option<ValueId>> = std::iter::once(self.at).chain(parameters.iter().copied()).map(Some).collect();
        let id = self.graph.add_node(&name, built, &inputs, &[&name]).map_err(|source| TextError::Infer { line, op, source })?;
        if let Some(&value) = self.graph.node(id).and_then(|n| n.outputs.first()) {
            self.at = value;
        }
        Ok(())
    }
}

/// The operator of a layer, with its attributes.
fn operator(layer: Layer) -> (&'static str, Attrs) {
    let pairs = |attrs: Attrs, kernel: [usize; 2], stride: usize| {
        attrs.with_ints("kernel_shape", ints_of(&kernel)).with_ints("strides", ints_of(&[stride; 2]))
    };
    let attrs = Attrs::new();
    match layer {
        Layer::Conv { height, width, stride, pad, .. } => {
            ("Conv", pairs(attrs, [height, width], stride).with_ints("pads", ints_of(&[pad; 4])))
        }
        Layer::Linear { .. } => ("Gemm", attrs.with_int("transB", 1)),
        Layer::MaxPool { kernel, stride } => ("MaxPool", pairs(attrs, [kernel; 2], stride)),
        Layer::Relu => ("Relu", attrs),
        Layer::Flatten => ("Flatten", attrs.with_int("axis", 1)),
        Layer::Softmax => ("Softmax", attrs.with_int("axis", 1)),
    }
}
