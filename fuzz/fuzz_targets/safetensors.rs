//! Any bytes are read as a config, or as the weights of a small network, or refused with an error; a graph that is read
//! verifies.
#![no_main]

use bytes::Bytes;
use fastserve_ops::Ops;
use libfuzzer_sys::fuzz_target;

const CONFIG: &[u8] = br#"{"model_type":"bert","hidden_size":4,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,
"vocab_size":6,"max_position_embeddings":5}"#;

fuzz_target!(|bytes: &[u8]| {
    let _ = fastserve_safetensors::Config::read(bytes);
    if let Ok(graph) = fastserve_safetensors::read_bytes(CONFIG, Bytes::copy_from_slice(bytes), &Ops) {
        graph.verify().expect("what was read is a graph");
    }
});
