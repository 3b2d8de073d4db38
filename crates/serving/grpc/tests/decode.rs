//! Messages of requests: what clients send, what nobody should, and both of them damaged.
#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use fastserve::Tensor;
use fastserve_grpc::decode::request;
use fastserve_grpc::proto::infer_parameter::ParameterChoice;
use fastserve_grpc::proto::model_infer_request::InferInputTensor;
use fastserve_grpc::proto::{InferParameter, InferTensorContents, ModelInferRequest};
use prost::Message;

fn input(name: &str, datatype: &str, shape: &[i64]) -> InferInputTensor {
    InferInputTensor { name: name.into(), datatype: datatype.into(), shape: shape.to_vec(), ..InferInputTensor::default() }
}

fn parameter(choice: ParameterChoice) -> InferParameter {
    InferParameter { parameter_choice: Some(choice) }
}

fn raw() -> ModelInferRequest {
    ModelInferRequest {
        model_name: "m".into(),
        model_version: "2".into(),
        id: "7".into(),
        parameters: [
            ("timeout".to_owned(), parameter(ParameterChoice::Int64Param(5000))),
            ("priority".to_owned(), parameter(ParameterChoice::Uint64Param(1))),
            ("binary_data_output".to_owned(), parameter(ParameterChoice::BoolParam(true))),
        ]
        .into(),
        inputs: vec![input("a", "FP32", &[2]), input("b", "UINT8", &[3])],
        raw_input_contents: vec![Bytes::from([1f32.to_le_bytes(), 2f32.to_le_bytes()].concat()), Bytes::from_static(&[7, 8, 9])],
        ..ModelInferRequest::default()
    }
}

fn typed(datatype: &str, shape: &[i64], contents: InferTensorContents) -> ModelInferRequest {
    let input = InferInputTensor { contents: Some(contents), ..input("x", datatype, shape) };
    ModelInferRequest { model_name: "m".into(), inputs: vec![input], ..ModelInferRequest::default() }
}

fn error(message: ModelInferRequest) -> String {
    request(message).unwrap_err().to_string()
}

#[test]
fn raw_contents_are_parts_of_the_message() {
    let bytes = Bytes::from(raw().encode_to_vec());
    let (decoded, params) = request(ModelInferRequest::decode(bytes.clone()).unwrap()).unwrap();
    assert_eq!((decoded.model.as_str(), decoded.version, decoded.id.as_str(), decoded.priority), ("m", Some(2), "7", 1));
    assert!(params.binary_data_output);
    assert_eq!(decoded.inputs[0].tensor, Tensor::from_slice(&[2], &[1f32, 2.0]).unwrap());
    let inside = decoded.inputs[1].tensor.bytes();
    assert_eq!(inside, [7, 8, 9]);
    assert!(bytes.as_ptr_range().contains(&inside.as_ptr()));
}

#[test]
fn typed_contents_of_every_type() {
    let contents = |fill: fn(&mut InferTensorContents)| {
        let mut contents = InferTensorContents::default();
        fill(&mut contents);
        contents
    };
    for (datatype, filled, bytes) in [
        ("BOOL", contents(|c| c.bool_contents = vec![true, false]), vec![1u8, 0]),
        ("INT8", contents(|c| c.int_contents = vec![-1, 2]), vec![255, 2]),
        ("INT16", contents(|c| c.int_contents = vec![-1, 2]), vec![255, 255, 2, 0]),
        ("INT32", contents(|c| c.int_contents = vec![-1, 2]), vec![255, 255, 255, 255, 2, 0, 0, 0]),
        ("UINT8", contents(|c| c.uint_contents = vec![1, 255]), vec![1, 255]),
        ("UINT16", contents(|c| c.uint_contents = vec![1, 256]), vec![1, 0, 0, 1]),
        ("UINT32", contents(|c| c.uint_contents = vec![1, 2]), vec![1, 0, 0, 0, 2, 0, 0, 0]),
        ("INT64", contents(|c| c.int64_contents = vec![-1, 2]), [(-1i64).to_le_bytes(), 2i64.to_le_bytes()].concat()),
        ("UINT64", contents(|c| c.uint64_contents = vec![1, 2]), [1u64.to_le_bytes(), 2u64.to_le_bytes()].concat()),
        ("FP32", contents(|c| c.fp32_contents = vec![1.5, f32::NAN]), [1.5f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat()),
        ("FP64", contents(|c| c.fp64_contents = vec![1.5, 2.5]), [1.5f64.to_le_bytes(), 2.5f64.to_le_bytes()].concat()),
    ] {
        let (decoded, _) = request(typed(datatype, &[2], filled)).unwrap();
        assert_eq!(decoded.inputs[0].tensor.bytes(), bytes, "{datatype}");
    }
}

#[test]
fn lies_name_the_tensor() {
    let floats = |n: usize| InferTensorContents { fp32_contents: vec![1.0; n], ..InferTensorContents::default() };
    let ints = |v: i32| InferTensorContents { int_contents: vec![v], ..InferTensorContents::default() };
    for (message, says) in [
        (typed("FP32", &[2], floats(1)), "input `x`: expected 2 elements for shape [2], got 1"),
        (typed("FP32", &[1 << 40], floats(1)), "input `x`: expected 1099511627776 elements"),
        (typed("FP32", &[-1], floats(1)), "input `x`: expected extents from 0 on"),
        (typed("FP32", &[i64::MAX, 2], floats(1)), "input `x`: expected a tensor that fits in memory"),
        (typed("INT8", &[1], ints(128)), "input `x`: expected elements in the range of INT8, got 128"),
        (typed("INT64", &[1], ints(1)), "input `x`: expected elements in `int64_contents`, got elements in `int_contents`"),
        (typed("FP16", &[1], floats(1)), "input `x`: expected FP16 in `raw_input_contents`"),
        (typed("BYTES", &[1], floats(1)), "input `x`: no model of this server takes texts"),
        (typed("FP33", &[1], floats(1)), "got `FP33`"),
    ] {
        let error = error(message);
        assert!(error.contains(says), "{error}");
    }
    let mut both = raw();
    both.inputs[1].contents = Some(ints(1));
    assert_eq!(error(both), "input `b`: expected `contents` or `raw_input_contents`, got both");
    let mut fewer = raw();
    fewer.raw_input_contents.pop();
    assert_eq!(error(fewer), "`raw_input_contents` has 1 tensors for 2 inputs");
    let mut short = raw();
    short.raw_input_contents[1] = Bytes::from_static(&[1]);
    assert_eq!(error(short), "input `b`: expected 3 bytes for UINT8[3], got 1 bytes");
}

#[test]
fn names_and_parameters_are_checked() {
    for (model, version) in [("", ""), ("../m", ""), ("m", "-1"), ("m", "x")] {
        let message = ModelInferRequest { model_name: model.into(), model_version: version.into(), ..raw() };
        assert!(request(message).is_err(), "{model} {version}");
    }
    let mut wrong = raw();
    wrong.parameters.insert("priority".into(), parameter(ParameterChoice::Int64Param(-1)));
    assert!(error(wrong).contains("`priority`"));
    let mut shared = raw();
    shared.inputs[0].parameters.insert("shared_memory_region".into(), parameter(ParameterChoice::StringParam("r".into())));
    assert!(error(shared).contains("shared memory"));
    let mut ignored = raw();
    ignored.inputs[0].parameters.insert("binary_data_size".into(), parameter(ParameterChoice::Int64Param(99)));
    assert!(request(ignored).is_ok());
}

#[test]
fn damaged_messages_never_panic() {
    let whole = raw().encode_to_vec();
    for len in 0..whole.len() {
        let _ = ModelInferRequest::decode(&whole[..len]).map(request);
    }
    for at in 0..whole.len() {
        for flip in [1u8, 0x10, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= flip;
            let _ = ModelInferRequest::decode(Bytes::from(changed)).map(request);
        }
    }
}
