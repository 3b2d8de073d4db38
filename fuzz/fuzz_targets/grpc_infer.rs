//! Any bytes are read as a request of gRPC or refused with an error; tensors are parts of the message or as large as its lists.
#![no_main]

use bytes::Bytes;
use fastserve_grpc::proto::ModelInferRequest;
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = ModelInferRequest::decode(Bytes::copy_from_slice(bytes)) else {
        return;
    };
    if let Ok((request, _)) = fastserve_grpc::decode::request(message) {
        // A number of a packed list takes at least a byte, and at most eight in memory.
        let taken: usize = request.inputs.iter().map(|i| i.tensor.bytes().len()).sum();
        assert!(taken <= bytes.len() * 8, "{taken} bytes of {}", bytes.len());
    }
});
