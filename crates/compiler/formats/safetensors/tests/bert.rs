//! A small encoder: its graph, damaged and crafted files, and the limits.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use bytes::Bytes;
use fastserve_ir::Graph;
use fastserve_ops::Ops;
use fastserve_safetensors::{SafetensorsError, read_bytes, read_folder};
use fastserve_testkit::{random::Random, sys};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

const HIDDEN: usize = 4;
const INNER: usize = 8;

fn config() -> Value {
    json!({ "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": INNER,
        "vocab_size": 6, "max_position_embeddings": 5, "architectures": ["BertModel"] })
}

/// Extents of every tensor.
fn shapes() -> BTreeMap<String, Vec<usize>> {
    let mut all = BTreeMap::new();
    for (table, rows) in [("word", 6), ("position", 5), ("token_type", 2)] {
        all.insert(format!("embeddings.{table}_embeddings.weight"), vec![rows, HIDDEN]);
    }
    let mut linear = |name: &str, outputs: usize, inputs: usize| {
        all.insert(format!("{name}.weight"), if inputs == 0 { vec![outputs] } else { vec![outputs, inputs] });
        all.insert(format!("{name}.bias"), vec![outputs]);
    };
    let layer = "encoder.layer.0";
    for name in ["self.query", "self.key", "self.value", "output.dense"] {
        linear(&format!("{layer}.attention.{name}"), HIDDEN, HIDDEN);
    }
    linear(&format!("{layer}.intermediate.dense"), INNER, HIDDEN);
    linear(&format!("{layer}.output.dense"), HIDDEN, INNER);
    for norm in ["embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"] {
        linear(&format!("{norm}.LayerNorm"), HIDDEN, 0);
    }
    all
}

/// A file of f32 tensors with these extents.
fn file(shapes: &BTreeMap<String, Vec<usize>>) -> Vec<u8> {
    let (mut header, mut body, mut random) = (serde_json::Map::new(), Vec::new(), Random::new(1));
    for (name, shape) in shapes {
        let start = body.len();
        (0..shape.iter().product()).for_each(|_| body.extend(random.float().to_le_bytes()));
        header.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, body.len()] }));
    }
    let header = serde_json::to_vec(&header).unwrap();
    [&(header.len() as u64).to_le_bytes()[..], &header, &body].concat()
}

/// Reads within 64 MiB and twice the size of the file.
fn read(config: &[u8], weights: &[u8]) -> Result<Graph, SafetensorsError> {
    let bytes = Bytes::copy_from_slice(weights);
    let (graph, peak) = sys::peak(|| read_bytes(config, bytes, &Ops));
    assert!(peak <= (64 << 20) + 2 * weights.len(), "{peak} bytes of heap for {}", weights.len());
    if let Ok(graph) = &graph {
        graph.verify().unwrap();
    }
    graph
}

fn read_with(config: &Value, weights: &[u8]) -> Result<Graph, SafetensorsError> {
    read(config.to_string().as_bytes(), weights)
}

#[test]
fn a_small_encoder_is_a_graph() {
    let graph = read_with(&config(), &file(&shapes())).unwrap();
    let text = fastserve_ir::text::print(&graph);
    for part in ["input %input_ids: i64[batch,sequence]", "LayerNormalization", "Softmax", "return %last_hidden_state, %sentence_embedding"]
    {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn tensors_of_a_task_have_a_prefix() {
    let named = shapes().into_iter().map(|(name, shape)| (format!("bert.{name}"), shape)).collect();
    read_with(&config(), &file(&named)).unwrap();
}

#[test]
fn folders_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), config().to_string()).unwrap();
    assert!(matches!(read_folder(folder.path(), &Ops), Err(SafetensorsError::File { .. })));
    std::fs::write(folder.path().join("model.safetensors"), file(&shapes())).unwrap();
    read_folder(folder.path(), &Ops).unwrap();
}

#[test]
fn what_is_not_supported_is_named() {
    let weights = file(&shapes());
    let with = |key: &str, value: Value| {
        let mut config = config();
        config[key] = value;
        read_with(&config, &weights).unwrap_err().to_string()
    };
    assert!(with("model_type", json!("t5")).contains("model_type `t5` (known: bert)"));
    assert!(with("hidden_act", json!("swish")).contains("hidden_act `swish`"));
    assert!(with("position_embedding_type", json!("relative_key")).contains("relative_key"));
    assert!(with("num_attention_heads", json!(3)).contains("hidden_size 4 is no multiple"));
    assert!(with("num_hidden_layers", json!(100_000)).contains("num_hidden_layers"));
    assert!(with("hidden_size", json!(-4)).contains("config.json"));
    assert!(with("vocab_size", json!(7)).contains("word_embeddings.weight`: expected f32, f16 or bf16 [7, 4], got F32 [6, 4]"));
    assert!(with("num_hidden_layers", json!(2)).contains("encoder.layer.1"));
}

#[test]
fn cut_files_are_refused() {
    let (config, weights) = (config().to_string(), file(&shapes()));
    for end in (0..weights.len()).step_by(7) {
        read(config.as_bytes(), &weights[..end]).unwrap_err();
    }
    for end in 0..config.len() {
        read(&config.as_bytes()[..end], &weights).unwrap_err();
    }
}

#[test]
fn changed_bytes_give_a_graph_or_an_error() {
    let (config, weights) = (config().to_string().into_bytes(), file(&shapes()));
    let mut random = Random::new(3);
    let header = usize::from(u16::from_le_bytes([weights[0], weights[1]])) + 8;
    for _ in 0..3000 {
        let (mut config, mut weights) = (config.clone(), weights.clone());
        for _ in 0..=random.below(3) {
            let at = random.below(header);
            weights[at] ^= 1 << random.below(8);
        }
        let _ = read(b"{}", &weights);
        let _ = read(&config, &weights);
        let at = random.below(config.len());
        config[at] = random.below(256) as u8;
        let _ = read(&config, &file(&shapes()));
    }
}

#[test]
fn headers_cannot_ask_for_memory() {
    let claim = |length: u64, rest: &[u8]| read(config().to_string().as_bytes(), &[&length.to_le_bytes()[..], rest].concat()).unwrap_err();
    assert!(matches!(claim(u64::MAX, b"{}"), SafetensorsError::Limit(_)));
    assert!(matches!(claim(1 << 22, b"{}"), SafetensorsError::Header(_)));
    let huge = format!("{{\"t\":{{\"dtype\":\"F32\",\"shape\":[{}],\"data_offsets\":[0,4]}}}}", vec!["1"; 500_000].join(","));
    assert!(matches!(claim(huge.len() as u64, &[huge.as_bytes(), &[0; 4]].concat()), SafetensorsError::Missing(_)));
}
