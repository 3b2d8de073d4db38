//! The answer to a request for a run: JSON, and binary tensors behind it.

use bytes::Bytes;
use fastserve::{DType, Tensor};
use fastserve_serve::{InferResponse, NamedOutput, OutputData, ServeError};

use super::Decoded;
use crate::{datatype, raw};

/// The body of an answer: its JSON, then its parts.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The JSON.
    pub json: Vec<u8>,
    /// Bytes of the binary tensors, in order; the JSON is all of the body where there are none.
    pub parts: Vec<Bytes>,
    /// Whether the client is to be told where the JSON ends.
    pub has_binary: bool,
}

impl Answer {
    /// Bytes of the whole body.
    pub fn len(&self) -> usize {
        self.json.len() + self.parts.iter().map(Bytes::len).sum::<usize>()
    }

    /// Whether it has no byte; an answer always has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How an answer is to look, of [`Decoded`].
#[derive(Clone, Debug, Default)]
pub struct Form {
    binary_by_default: bool,
    binary: Vec<bool>,
}

impl From<&Decoded> for Form {
    fn from(decoded: &Decoded) -> Self {
        Self { binary_by_default: decoded.binary_by_default, binary: decoded.binary.clone() }
    }
}

/// The body for a response.
///
/// # Errors
/// [`ServeError::Invalid`] if a number is not finite, which JSON cannot say, or of a type that JSON lacks: the client may ask for
/// binary data.
pub fn answer(response: InferResponse, form: &Form) -> Result<Answer, ServeError> {
    let mut answer = Answer { json: Vec::with_capacity(256), ..Answer::default() };
    let out = &mut answer.json;
    out.push(b'{');
    if !response.id.is_empty() {
        field(out, "id", &response.id);
        out.push(b',');
    }
    field(out, "model_name", &response.model);
    out.push(b',');
    field(out, "model_version", itoa::Buffer::new().format(response.version));
    out.extend_from_slice(b",\"outputs\":[");
    for (at, output) in response.outputs.into_iter().enumerate() {
        if at > 0 {
            answer.json.push(b',');
        }
        let binary = form.binary.get(at).copied().unwrap_or(form.binary_by_default);
        write_output(&mut answer, output, binary)?;
    }
    answer.json.extend_from_slice(b"]}");
    Ok(answer)
}

fn write_output(answer: &mut Answer, output: NamedOutput, binary: bool) -> Result<(), ServeError> {
    let NamedOutput { name, data } = output;
    head(&mut answer.json, &name, &data);
    if binary {
        let bytes = match data {
            OutputData::Tensor(tensor) => raw::bytes_of(tensor),
            OutputData::Labels { texts, .. } => raw::bytes_of_texts(&texts).into(),
        };
        answer.json.extend_from_slice(b",\"parameters\":{\"binary_data_size\":");
        answer.json.extend_from_slice(itoa::Buffer::new().format(bytes.len()).as_bytes());
        answer.json.extend_from_slice(b"}}");
        answer.parts.push(bytes);
        answer.has_binary = true;
        return Ok(());
    }
    answer.json.extend_from_slice(b",\"data\":[");
    match data {
        OutputData::Tensor(tensor) => elements(&mut answer.json, &tensor).map_err(|why| refuse(&name, why))?,
        OutputData::Labels { texts, .. } => list(&mut answer.json, texts.iter(), |out, t| text(out, t)),
    }
    answer.json.extend_from_slice(b"]}");
    Ok(())
}

fn refuse(name: &str, why: &str) -> ServeError {
    ServeError::Invalid(format!("output `{name}` {why}: ask for it as binary data"))
}

/// Name, shape and type, without the closing brace.
fn head(out: &mut Vec<u8>, name: &str, data: &OutputData) {
    let (kind, dims) = match data {
        OutputData::Tensor(tensor) => (datatype::any_name(tensor.dtype()), tensor.shape().dims()),
        OutputData::Labels { shape, .. } => (datatype::BYTES, shape.as_slice()),
    };
    out.push(b'{');
    field(out, "name", name);
    out.push(b',');
    field(out, "datatype", kind);
    out.extend_from_slice(b",\"shape\":[");
    list(out, dims.iter(), |out, d| whole(out, *d));
    out.push(b']');
}

/// The elements with commas between them.
fn elements(out: &mut Vec<u8>, tensor: &Tensor) -> Result<(), &'static str> {
    let wrong = |_| "has elements of another type than it says";
    match tensor.dtype() {
        DType::Bool => list(out, tensor.bytes().iter(), |out, b| out.extend_from_slice(if *b == 0 { b"false" } else { b"true" })),
        DType::U8 => list(out, tensor.as_slice::<u8>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::U16 => list(out, tensor.as_slice::<u16>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::U32 => list(out, tensor.as_slice::<u32>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::U64 => list(out, tensor.as_slice::<u64>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::I8 => list(out, tensor.as_slice::<i8>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::I16 => list(out, tensor.as_slice::<i16>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::I32 => list(out, tensor.as_slice::<i32>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::I64 => list(out, tensor.as_slice::<i64>().map_err(wrong)?.iter(), |out, v| whole(out, *v)),
        DType::F32 => return floats(out, tensor.as_slice::<f32>().map_err(wrong)?, f32::is_finite),
        DType::F64 => return floats(out, tensor.as_slice::<f64>().map_err(wrong)?, f64::is_finite),
        _ => return Err("is of a type that JSON has no numbers for"),
    }
    Ok(())
}

/// The shortest decimals that are read back as the same numbers.
fn floats<F: zmij::Float>(out: &mut Vec<u8>, values: &[F], finite: impl Fn(F) -> bool) -> Result<(), &'static str> {
    if !values.iter().all(|v| finite(*v)) {
        return Err("holds numbers that are not finite, which JSON cannot say");
    }
    let mut buffer = zmij::Buffer::new();
    list(out, values.iter(), |out, v| out.extend_from_slice(buffer.format_finite(*v).as_bytes()));
    Ok(())
}

fn list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}

fn whole(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn field(out: &mut Vec<u8>, key: &str, value: &str) {
    text(out, key);
    out.push(b':');
    text(out, value);
}

fn text(out: &mut Vec<u8>, value: &str) {
    // Writing into a vector cannot fail, and a text is always JSON.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fastserve_serve::Times;

    use super::*;

    fn response(outputs: Vec<(&str, OutputData)>) -> InferResponse {
        let outputs = outputs.into_iter().map(|(name, data)| NamedOutput { name: name.into(), data }).collect();
        let times = Times { queue: Duration::ZERO, ..Times::default() };
        InferResponse { model: "m".into(), version: 3, id: "a\"b".into(), outputs, times }
    }

    fn floats(values: &[f32]) -> OutputData {
        OutputData::Tensor(Tensor::from_slice(&[values.len()], values).unwrap())
    }

    #[test]
    fn json_and_binary_side_by_side() {
        let labels = OutputData::Labels { shape: vec![1], texts: vec!["0.9:1:ä".into()] };
        let form = Form { binary_by_default: false, binary: vec![false, true, false] };
        let made = answer(response(vec![("x", floats(&[1.0, 0.1])), ("y", floats(&[2.0])), ("z", labels)]), &form).unwrap();
        let text = String::from_utf8(made.json.clone()).unwrap();
        let expected = concat!(
            r#"{"id":"a\"b","model_name":"m","model_version":"3","outputs":["#,
            r#"{"name":"x","datatype":"FP32","shape":[2],"data":[1.0,0.1]},"#,
            r#"{"name":"y","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}},"#,
            r#"{"name":"z","datatype":"BYTES","shape":[1],"data":["0.9:1:ä"]}]}"#
        );
        assert_eq!(text, expected);
        assert_eq!(made.parts, [2f32.to_le_bytes().to_vec()]);
        assert_eq!(made.len(), text.len() + 4);
    }

    #[test]
    fn floats_are_read_back_as_they_were() {
        let mut values = vec![f32::MIN_POSITIVE, f32::from_bits(1), f32::MAX, -0.0, 1e-7, 16_777_216.0, 0.3, 1.0 / 3.0];
        values.extend((0..2000u32).map(|i| f32::from_bits(i.wrapping_mul(2_147_483_629))).filter(|v| v.is_finite()));
        let made = answer(response(vec![("x", floats(&values))]), &Form::default()).unwrap();
        let text = String::from_utf8(made.json).unwrap();
        let list = text.split_once("\"data\":[").unwrap().1.trim_end_matches("]}]}");
        let back: Vec<f32> = list.split(',').map(|t| t.parse().unwrap()).collect();
        assert!(back.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["outputs"][0]["data"].as_array().unwrap().len(), values.len());
    }

    #[test]
    fn what_json_cannot_say_is_refused_and_binary_is_not() {
        let error = answer(response(vec![("x", floats(&[f32::NAN]))]), &Form::default()).unwrap_err();
        assert!(error.to_string().starts_with("output `x` holds numbers that are not finite"), "{error}");
        let binary = Form { binary_by_default: true, binary: vec![] };
        assert!(answer(response(vec![("x", floats(&[f32::NAN]))]), &binary).is_ok());
    }
}
