//! Any bytes are read as the JSON of a request or refused with an error; tensors take no more memory than the text allows.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

/// An element takes at least one character and a comma, and at most eight bytes in memory.
const MOST_PER_BYTE: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decoded) = fastserve_v2::json::parse(&Bytes::copy_from_slice(bytes), None) {
        let taken: usize = decoded.request.inputs.iter().map(|i| i.tensor.bytes().len()).sum();
        assert!(taken <= bytes.len() * MOST_PER_BYTE, "{taken} bytes of {}", bytes.len());
        let _ = std::hint::black_box(decoded.request.sequence);
    }
});
