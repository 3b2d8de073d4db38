//! Any bytes are read as JSON with binary tensors behind it or refused with an error. The first two say where the JSON ends.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((length, body)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length));
    if let Ok(decoded) = fastserve_v2::json::parse(&Bytes::copy_from_slice(body), Some(length)) {
        for input in &decoded.request.inputs {
            let size = input.tensor.dtype().storage_bytes(input.tensor.shape()).expect("it was made");
            assert_eq!(size, input.tensor.bytes().len());
        }
    }
});
