//! What a model takes, and a request of random numbers.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::connection::Connection;
use crate::error::LoadError;
use crate::plan::Target;
use crate::random::Random;

/// How tensors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As bytes after the JSON header (the binary tensor extension).
    Binary,
    /// As JSON numbers.
    Json,
}

/// A request that is sent again and again.
#[derive(Clone, Debug)]
pub struct Request {
    /// Path of the URL.
    pub path: String,
    /// What follows the head.
    pub body: Body,
    /// Rows it has.
    pub rows: usize,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct Body {
    /// All of it.
    pub bytes: Bytes,
    /// Length of the JSON part, where tensors follow it.
    pub header_length: Option<usize>,
}

#[derive(Deserialize)]
struct Metadata {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    name: String,
    datatype: String,
    shape: Vec<i64>,
}

/// Asks the server what the model takes, and makes a request of it.
///
/// `shapes` gives extents of inputs by name; without it, -1 is `batch` on axis 0 and 1 elsewhere.
///
/// # Errors
/// The server or the model is not there, or an input cannot be made up.
pub async fn fetch(
    target: &Target,
    model: &str,
    batch: usize,
    shapes: &BTreeMap<String, Vec<usize>>,
    encoding: Encoding,
    seed: u64,
) -> Result<Request, LoadError> {
    let path = format!("/v2/models/{model}");
    let (status, bytes) = Connection::open(target).await?.get(&path).await?;
    let text = || String::from_utf8_lossy(&bytes).chars().take(300).collect();
    if status != 200 {
        return Err(LoadError::Answer { what: path, status, text: text() });
    }
    let metadata: Metadata =
        serde_json::from_slice(&bytes).map_err(|e| LoadError::Answer { what: path.clone(), status, text: format!("{e} in {}", text()) })?;
    let mut random = Random::new(seed);
    let tensors: Result<Vec<Tensor>, _> = metadata.inputs.into_iter().map(|i| Tensor::make(i, batch, shapes, &mut random)).collect();
    Ok(Request { path: format!("{path}/infer"), body: body(&tensors?, encoding), rows: batch })
}

struct Tensor {
    name: String,
    datatype: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// The largest tensor that is made up.
const MOST_ELEMENTS: usize = 1 << 26;

impl Tensor {
    fn make(input: Input, batch: usize, shapes: &BTreeMap<String, Vec<usize>>, random: &mut Random) -> Result<Self, LoadError> {
        let wrong = |why: &str| LoadError::Input { name: input.name.clone(), why: why.to_owned() };
        let extent = |(axis, &n): (usize, &i64)| usize::try_from(n).unwrap_or(if axis == 0 { batch } else { 1 });
        let guess = || input.shape.iter().enumerate().map(extent).collect();
        let shape: Vec<usize> = shapes.get(&input.name).cloned().unwrap_or_else(guess);
        let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MOST_ELEMENTS);
        let count = count.ok_or_else(|| wrong("too many elements"))?;
        size(&input.datatype).ok_or_else(|| wrong("numbers of this type cannot be made up"))?;
        // Integers are often places in a table: 0 and 1 are in every one.
        let is_float = input.datatype.starts_with("FP");
        let draw = |_| if is_float { random.unit() } else { (random.next() % 2) as f64 };
        let values = (0..count).map(draw).collect();
        Ok(Self { name: input.name, datatype: input.datatype, shape, values })
    }

    fn bytes(&self) -> Vec<u8> {
        let write = |v: &f64| -> Vec<u8> {
            match self.datatype.as_str() {
                "FP32" => (*v as f32).to_le_bytes().to_vec(),
                "FP64" => v.to_le_bytes().to_vec(),
                // A half of 0 or of 1.
                "FP16" => [0, if *v < 0.5 { 0 } else { 0x3c }].to_vec(),
                kind => (*v as i64).to_le_bytes().into_iter().take(size(kind).unwrap_or(0)).collect(),
            }
        };
        self.values.iter().flat_map(write).collect()
    }

    fn json(&self) -> serde_json::Value {
        let number = |v: &f64| match self.datatype.as_str() {
            "BOOL" => json!(*v > 0.5),
            kind if kind.starts_with("FP") => json!(*v as f32),
            _ => json!(*v as i64),
        };
        self.values.iter().map(number).collect()
    }
}

/// Bytes of an element.
fn size(datatype: &str) -> Option<usize> {
    match datatype {
        "BOOL" | "INT8" | "UINT8" => Some(1),
        "FP16" | "INT16" | "UINT16" => Some(2),
        "FP32" | "INT32" | "UINT32" => Some(4),
        "FP64" | "INT64" | "UINT64" => Some(8),
        _ => None,
    }
}

fn body(tensors: &[Tensor], encoding: Encoding) -> Body {
    let head = |t: &Tensor| json!({ "name": t.name, "datatype": t.datatype, "shape": t.shape });
    if encoding == Encoding::Json {
        let inputs = tensors.iter().map(|t| {
            let mut input = head(t);
            input["data"] = t.json();
            input
        });
        let text = json!({ "inputs": inputs.collect::<Vec<_>>() }).to_string();
        return Body { bytes: text.into(), header_length: None };
    }
    let data: Vec<Vec<u8>> = tensors.iter().map(Tensor::bytes).collect();
    let inputs = tensors.iter().zip(&data).map(|(t, bytes)| {
        let mut input = head(t);
        input["parameters"] = json!({ "binary_data_size": bytes.len() });
        input
    });
    let header = json!({ "inputs": inputs.collect::<Vec<_>>(), "parameters": { "binary_data_output": true } }).to_string();
    let mut bytes = header.clone().into_bytes();
    data.iter().for_each(|d| bytes.extend_from_slice(d));
    Body { bytes: bytes.into(), header_length: Some(header.len()) }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Input, Tensor, body};
    use crate::random::Random;
    use std::collections::BTreeMap;

    #[test]
    fn a_binary_body_is_header_and_tensors() {
        let input = |name: &str, datatype: &str| Input { name: name.into(), datatype: datatype.into(), shape: vec![-1, 3] };
        let mut random = Random::new(1);
        let make = |i: Input, random: &mut Random| Tensor::make(i, 2, &BTreeMap::new(), random).unwrap();
        let tensors = [make(input("a", "FP32"), &mut random), make(input("b", "INT64"), &mut random)];
        let made = body(&tensors, Encoding::Binary);
        let header = made.header_length.unwrap();
        assert_eq!(made.bytes.len() - header, 2 * 3 * 4 + 2 * 3 * 8);
        let json: serde_json::Value = serde_json::from_slice(&made.bytes[..header]).unwrap();
        assert_eq!(json["inputs"][1]["parameters"]["binary_data_size"], 48);
        assert_eq!(json["inputs"][0]["shape"], serde_json::json!([2, 3]));
        assert!(Tensor::make(input("c", "BYTES"), 1, &BTreeMap::new(), &mut random).is_err());
    }
}
