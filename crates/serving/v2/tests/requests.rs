//! Bodies of requests: what clients send, what nobody should, and both of them damaged.
#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use fastserve::Tensor;
use fastserve_v2::json::{Decoded, parse};

fn read(text: &str) -> Result<Decoded, String> {
    parse(&Bytes::copy_from_slice(text.as_bytes()), None).map_err(|e| e.to_string())
}

/// A body with binary tensors: the JSON, then the bytes.
fn with_binary(json: &str, tail: &[u8]) -> (Bytes, usize) {
    (Bytes::from([json.as_bytes(), tail].concat()), json.len())
}

const PLAIN: &str = r#"{"id":"7","parameters":{"priority":1,"timeout":5000,"mine":"x"},"inputs":[
    {"name":"a","shape":[1,2],"datatype":"FP32","data":[[1,2]]},
    {"data":[3],"datatype":"INT64","shape":[1],"name":"b"}],
    "outputs":[{"name":"y","parameters":{"classification":3}},{"name":"z","parameters":{"binary_data":true}}]}"#;

#[test]
fn a_request_as_clients_send_it() {
    let decoded = read(PLAIN).unwrap();
    let request = decoded.request;
    assert_eq!((request.id.as_str(), request.priority, request.timeout.map(|t| t.as_millis())), ("7", 1, Some(5)));
    assert_eq!(request.inputs[0].tensor, Tensor::from_slice(&[1, 2], &[1.0f32, 2.0]).unwrap());
    assert_eq!(request.inputs[1].tensor, Tensor::from_slice(&[1], &[3i64]).unwrap());
    assert_eq!(request.outputs.iter().map(|o| o.classes).collect::<Vec<_>>(), [Some(3), None]);
    assert_eq!((decoded.binary_by_default, decoded.binary), (false, vec![false, true]));
}

const BINARY: &str = r#"{"parameters":{"binary_data_output":true},"inputs":[
    {"name":"a","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}},
    {"name":"b","shape":[1],"datatype":"INT32","data":[5]},
    {"name":"c","shape":[3],"datatype":"UINT8","parameters":{"binary_data_size":3}}]}"#;

#[test]
fn binary_tensors_follow_the_json() {
    let mut tail: Vec<u8> = [1.5f32, -0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
    tail.extend([7, 8, 9]);
    let (body, json) = with_binary(BINARY, &tail);
    let decoded = parse(&body, Some(json)).unwrap();
    assert!(decoded.binary_by_default);
    let tensors: Vec<&Tensor> = decoded.request.inputs.iter().map(|i| &i.tensor).collect();
    assert_eq!(tensors[0].as_slice::<f32>().unwrap(), [1.5, -0.25]);
    assert_eq!(tensors[1].as_slice::<i32>().unwrap(), [5]);
    assert_eq!(tensors[2].bytes(), [7, 8, 9]);
    let error = |len: usize| parse(&body.slice(..len), Some(json)).unwrap_err().to_string();
    assert_eq!(error(body.len() - 1), "input `c`: expected 3 bytes of binary data, got 2");
    assert!(parse(&body, Some(body.len() + 1)).unwrap_err().to_string().contains("the body has"));
    let (longer, json) = with_binary(BINARY, &[&tail[..], &[0]].concat());
    assert_eq!(parse(&longer, Some(json)).unwrap_err().to_string(), "1 bytes follow the last input's binary data");
}

/// One input, with `{}` in place of what the case says.
fn one(fields: &str) -> String {
    format!(r#"{{"inputs":[{{"name":"x",{fields}}}]}}"#)
}

#[test]
fn lies_name_the_tensor() {
    for (fields, says) in [
        (r#""shape":[2],"datatype":"FP32","data":[1]"#, "expected 2 elements for shape [2], got 1"),
        (r#""shape":[-2],"datatype":"FP32","data":[1]"#, "expected extents from 0 on, got shape [-2]"),
        (r#""shape":[4611686018427387904,4],"datatype":"FP32","data":[1]"#, "expected a tensor that fits in memory"),
        (r#""shape":[1e2],"datatype":"FP32","data":[1]"#, "expected a list of whole numbers under `shape`, got [1e2]"),
        (r#""shape":"x","datatype":"FP32","data":[1]"#, "expected a list of whole numbers under `shape`"),
        (r#""datatype":"FP32","data":[1]"#, "expected a `shape`, got none"),
        (r#""shape":[1],"data":[1]"#, "expected a `datatype` of BOOL, UINT8"),
        (r#""shape":[1],"datatype":"FP33","data":[1]"#, "got \"FP33\""),
        (r#""shape":[1],"datatype":7,"data":[1]"#, "got 7"),
        (r#""shape":[1],"datatype":"BYTES","data":["a"]"#, "BYTES"),
        (r#""shape":[1],"datatype":"FP16","data":[1]"#, "expected binary data"),
        (r#""shape":[1],"datatype":"FP32""#, "expected `data` or the parameter `binary_data_size`, got neither"),
        (r#""shape":[1],"datatype":"FP32","data":[1e400]"#, "got 1e400"),
        (r#""shape":[1],"datatype":"FP32","data":[1],"parameters":{"binary_data_size":4}"#, "got both"),
        (r#""shape":[1],"datatype":"FP32","parameters":{"binary_data_size":-4}"#, "`binary_data_size`"),
        (r#""shape":[1],"datatype":"FP32","parameters":{"binary_data_size":99999999999}"#, "expected 99999999999 bytes"),
    ] {
        let error = read(&one(fields)).unwrap_err();
        assert!(error.contains("`x`") && error.contains(says), "{fields}: {error}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let deep = format!(r#"{{"x":{}1{},"inputs":[]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for (text, says) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "expected an object"),
        (r#"{"inputs":[["x",[1],"FP32"]]}"#, "expected an object"),
        ("{}", "`inputs` is missing"),
        (r#"{"inputs":[]} x"#, "trailing characters"),
        (r#"{"inputs":[],"inputs":[]}"#, "duplicate field `inputs`"),
        (r#"{"inputs":[{"name":"x","name":"y"}]}"#, "duplicate field `name`"),
        (r#"{"inputs":[{"shape":[1]}]}"#, "inputs[0] has no `name`"),
        (r#"{"inputs":[],"outputs":[{}]}"#, "outputs[0] has no `name`"),
        (r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[NaN]}]}"#, "expected value"),
        (r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[01]}]}"#, "line 1"),
        (r#"{"inputs":7}"#, "invalid type"),
        (r#"{"id":7,"inputs":[]}"#, "invalid type"),
        (
            r#"{"inputs":[],"parameters":{"shared_memory_region":"r"},"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}"#,
            "shared memory",
        ),
        (&deep, "64 levels"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(says), "{}: {error}", &text[..text.len().min(80)]);
    }
    let bad = Bytes::from_static(b"{\"inputs\":[],\"id\":\"\xff\"}");
    assert_eq!(parse(&bad, None).unwrap_err().to_string(), "the JSON is not UTF-8 from byte 19 on");
}

#[test]
fn damaged_bodies_never_panic() {
    let (binary, json) = with_binary(BINARY, &[0; 11]);
    for (body, json) in [(Bytes::from_static(PLAIN.as_bytes()), None), (binary, Some(json))] {
        for len in 0..body.len() {
            let _ = parse(&body.slice(..len), json);
            let _ = parse(&body.slice(..len), json.map(|_| len));
        }
        for at in 0..body.len() {
            for flip in [1u8, 0x20, 0x80, 0xff] {
                let mut changed = body.to_vec();
                changed[at] ^= flip;
                let _ = parse(&changed.into(), json);
            }
        }
    }
}
