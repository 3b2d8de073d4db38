//! Any bytes are read as an ONNX model or refused with an error; a model that is read prints, verifies and can be written,
//! and what is written is read again.
#![no_main]

use bytes::Bytes;
use fastserve_ops::Ops;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let bytes = Bytes::copy_from_slice(bytes);
    let _ = fastserve_onnx::survey(&bytes, &Ops);
    if let Ok(graph) = fastserve_onnx::read_bytes(bytes, None, &Ops) {
        std::hint::black_box(fastserve_ir::text::print(&graph));
        graph.verify().expect("what was read is a graph");
        if let Ok(file) = fastserve_onnx::write::write_bytes(&graph, &Ops) {
            fastserve_onnx::read_bytes(file.into(), None, &Ops).expect("what was written is a model");
        }
    }
});
