//! Any text is read as weights, pictures and the text form of graphs, or refused with an error; a graph that is read verifies.
#![no_main]

use fastserve_ops::Ops;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(graph) = fastserve_text::read_bytes(bytes, &Ops) {
        graph.verify().expect("what was read is a graph");
    }
    let _ = fastserve_text::images::read_bytes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(graph) = fastserve_ir::text::parse(text, &Ops)
    {
        graph.verify().expect("what was parsed is a graph");
    }
});
