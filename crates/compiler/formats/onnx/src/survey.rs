//! What is in a model, whether it can be run or not.

use std::collections::BTreeMap;

use bytes::Bytes;
use fastserve_ir::OpSet;

use crate::error::{OnnxError, Refusal};
use crate::header::{Header, domain};
use crate::load::Loader;
use crate::prescan;
use crate::sequences::ReadOptions;
use crate::view::{Node, Tensor};

/// What is in a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Version of the format.
    pub ir_version: i64,
    /// Tool that wrote the file, and its version.
    pub producer: (String, String),
    /// The owner's domain, and their version of the model.
    pub model: (String, i64),
    /// Free text.
    pub doc: String,
    /// Operator sets: domain (empty for the standard one) and version.
    pub opsets: Vec<(String, i64)>,
    /// Free key-value pairs.
    pub metadata: Vec<(String, String)>,
    /// Name of the graph.
    pub graph: String,
    /// Names of the model's own functions.
    pub functions: Vec<String>,
    /// Number of nodes.
    pub nodes: usize,
    /// Number of constants.
    pub constants: usize,
    /// Bytes of the constants that lie in the file as raw data.
    pub constant_bytes: usize,
    /// Every operator, by domain and name.
    pub operators: Vec<Operator>,
}

/// An operator in a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its domain; empty for the standard operators.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// The version of the domain that the model is written in; 0 where the model names none.
    pub opset: i64,
    /// Number of nodes.
    pub count: usize,
    /// Number of these that are supported.
    pub supported: usize,
    /// Why the first of the others is not.
    pub why: Option<String>,
}

/// Lists what is in a model. External data is not looked at.
///
/// # Errors
/// Bytes that are no model; never for what is not supported.
pub fn survey(bytes: &Bytes, ops: &dyn OpSet) -> Result<Survey, OnnxError> {
    let budget = prescan::scan(bytes)?;
    let header = Header::read(bytes)?;
    let mut loader = Loader::new(bytes, None, budget, ops, &ReadOptions::default())?;
    let mut operators: BTreeMap<(&str, &str), Operator> = BTreeMap::new();
    for (i, &span) in header.graph.nodes.iter().enumerate() {
        let node = Node::read(span)?;
        let entry = operators.entry((domain(node.domain), node.op)).or_insert_with(|| operator(&node, &header));
        entry.count += 1;
        match loader.operator(&node, i, &header) {
            Ok(_) => entry.supported += 1,
            Err(Refusal::Unsupported(why)) => drop(entry.why.get_or_insert(why)),
            Err(Refusal::Wrong(e)) => drop(entry.why.get_or_insert_with(|| e.to_string())),
        }
    }
    Ok(Survey { operators: operators.into_values().collect(), ..summary(&header)? })
}

fn operator(node: &Node<'_>, header: &Header<'_>) -> Operator {
    Operator {
        domain: domain(node.domain).to_owned(),
        name: node.op.to_owned(),
        opset: header.opsets.version(node.domain).unwrap_or_default(),
        count: 0,
        supported: 0,
        why: None,
    }
}

fn summary(header: &Header<'_>) -> Result<Survey, OnnxError> {
    let (model, graph) = (&header.model, &header.graph);
    let mut constant_bytes = 0;
    for &span in &graph.initializers {
        constant_bytes += Tensor::read(span)?.raw_data.map_or(0, |raw| raw.bytes.len());
    }
    Ok(Survey {
        ir_version: model.ir_version,
        producer: (model.producer_name.into(), model.producer_version.into()),
        model: (model.domain.into(), model.model_version),
        doc: model.doc_string.into(),
        opsets: header.opsets.iter().map(|(d, v)| (d.into(), v)).collect(),
        metadata: model.metadata.iter().map(|&(k, v)| (k.into(), v.into())).collect(),
        graph: graph.name.into(),
        functions: model.functions.iter().map(|f| f.name.into()).collect(),
        nodes: graph.nodes.len(),
        constants: graph.initializers.len(),
        constant_bytes,
        operators: Vec::new(),
    })
}
