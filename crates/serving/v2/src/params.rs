//! Parameters of requests: some have a meaning here, the others are for other servers and are passed over.

use std::fmt;
use std::time::Duration;

use fastserve_serve::{SequenceId, SequenceStep, ServeError};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list, an object or nothing: no parameter of ours has such a value.
    Other,
}

impl Value {
    fn describe(&self) -> String {
        match self {
            Value::Bool(b) => b.to_string(),
            Value::Int(i) => i.to_string(),
            Value::Float(f) => f.to_string(),
            Value::Text(_) => "a text".into(),
            Value::Other => "neither a text, a number nor a boolean".into(),
        }
    }

    /// The value as a boolean.
    ///
    /// # Errors
    /// [`ServeError::Invalid`] with the parameter's name.
    pub fn bool(&self, key: &str) -> Result<bool, ServeError> {
        match self {
            Value::Bool(b) => Ok(*b),
            other => Err(refuse(key, "true or false", other)),
        }
    }

    /// The value as a whole number from 0 on.
    ///
    /// # Errors
    /// [`ServeError::Invalid`] with the parameter's name.
    pub fn u64(&self, key: &str) -> Result<u64, ServeError> {
        match self {
            Value::Int(i) => u64::try_from(*i).map_err(|_| refuse(key, "a whole number from 0 on", self)),
            other => Err(refuse(key, "a whole number from 0 on", other)),
        }
    }
}

fn refuse(key: &str, expected: &str, got: &Value) -> ServeError {
    ServeError::Invalid(format!("parameter `{key}`: expected {expected}, got {}", got.describe()))
}

/// The parameters of a request that have a meaning here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestParams {
    /// 0 is the model's default.
    pub priority: u32,
    /// How long the request may wait.
    pub timeout: Option<Duration>,
    /// Whether outputs are bytes unless they say otherwise.
    pub binary_data_output: bool,
    /// Whether a stream marks the end of each answer.
    pub empty_final_response: bool,
    sequence_id: Option<SequenceId>,
    sequence_start: bool,
    sequence_end: bool,
}

impl RequestParams {
    /// Takes one parameter; `timeout` is in microseconds.
    ///
    /// # Errors
    /// [`ServeError::Invalid`] for a value of the wrong kind, and [`ServeError::Unimplemented`] for shared memory.
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), ServeError> {
        match key {
            "priority" => self.priority = u32::try_from(value.u64(key)?).map_err(|_| refuse(key, "a number below 2^32", value))?,
            "timeout" => self.timeout = Some(value.u64(key)?).filter(|us| *us > 0).map(Duration::from_micros),
            "binary_data_output" => self.binary_data_output = value.bool(key)?,
            "triton_enable_empty_final_response" => self.empty_final_response = value.bool(key)?,
            "sequence_id" => self.sequence_id = sequence_id(value)?,
            "sequence_start" => self.sequence_start = value.bool(key)?,
            "sequence_end" => self.sequence_end = value.bool(key)?,
            _ => {}
        }
        Ok(())
    }

    /// The step of a stream that the parameters describe.
    ///
    /// # Errors
    /// [`ServeError::Invalid`] for a start or an end of no stream.
    pub fn sequence(&self) -> Result<Option<SequenceStep>, ServeError> {
        let (start, end) = (self.sequence_start, self.sequence_end);
        match &self.sequence_id {
            Some(id) => Ok(Some(SequenceStep { id: id.clone(), start, end })),
            None if start || end => Err(ServeError::Invalid("`sequence_start` and `sequence_end` need a `sequence_id`".into())),
            None => Ok(None),
        }
    }
}

/// 0 and the empty text are no stream.
fn sequence_id(value: &Value) -> Result<Option<SequenceId>, ServeError> {
    match value {
        Value::Text(text) if text.len() > 128 => Err(ServeError::Invalid("parameter `sequence_id`: expected at most 128 bytes".into())),
        Value::Text(text) => Ok(Some(text.clone()).filter(|t| !t.is_empty()).map(SequenceId::Text)),
        other => Ok(Some(other.u64("sequence_id")?).filter(|id| *id > 0).map(SequenceId::Number)),
    }
}

/// The parameters of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputParams {
    /// The number of classes to name.
    pub classes: Option<u32>,
    /// Whether its elements are bytes; `None` is what the request says.
    pub binary_data: Option<bool>,
}

impl OutputParams {
    /// Takes one parameter.
    ///
    /// # Errors
    /// As [`RequestParams::set`].
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), ServeError> {
        match key {
            "classification" => {
                let classes = u32::try_from(value.u64(key)?).map_err(|_| refuse(key, "a number below 2^32", value))?;
                self.classes = Some(classes).filter(|c| *c > 0);
            }
            "binary_data" => self.binary_data = Some(value.bool(key)?),
            key => no_shared_memory(key)?,
        }
        Ok(())
    }
}

/// Refuses the parameters of shared memory.
///
/// # Errors
/// [`ServeError::Unimplemented`].
pub fn no_shared_memory(key: &str) -> Result<(), ServeError> {
    if key.starts_with("shared_memory_") {
        return Err(ServeError::Unimplemented("this server takes no tensors in shared memory".into()));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a parameter")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(Value::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(Value::Int(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(Value::Int(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(Value::Float(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(Value::Text(v.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// Parameters in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Vec<(String, Value)>);

impl Params {
    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }
}

impl<'de> Deserialize<'de> for Params {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ParamsVisitor)
    }
}

/// More parameters than any client sends; each new one is compared with those before.
const MAX_PARAMS: usize = 256;

struct ParamsVisitor;

impl<'de> Visitor<'de> for ParamsVisitor {
    type Value = Params;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Params, A::Error> {
        let mut params = Params::default();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if params.get(&key).is_some() {
                return Err(serde::de::Error::custom(format_args!("duplicate field `{key}`")));
            }
            if params.0.len() == MAX_PARAMS {
                return Err(serde::de::Error::custom(format_args!("more than {MAX_PARAMS} parameters")));
            }
            params.0.push((key, value));
        }
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Result<RequestParams, String> {
        let list: Params = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let mut params = RequestParams::default();
        list.iter().try_for_each(|(k, v)| params.set(k, v)).map_err(|e| e.to_string())?;
        params.sequence().map_err(|e| e.to_string())?;
        Ok(params)
    }

    #[test]
    fn known_ones_are_typed_and_others_passed_over() {
        let all = params(
            r#"{"priority":2,"timeout":1500,"sequence_id":"s","sequence_start":true,"binary_data_output":true,"mine":[1,{"a":2}],"x":null}"#,
        )
        .unwrap();
        assert_eq!((all.priority, all.timeout, all.binary_data_output), (2, Some(Duration::from_micros(1500)), true));
        let step = SequenceStep { id: SequenceId::Text("s".into()), start: true, end: false };
        assert_eq!(all.sequence(), Ok(Some(step)));
        assert_eq!(params(r#"{"sequence_id":0,"sequence_end":false,"timeout":0}"#), Ok(RequestParams::default()));
    }

    #[test]
    fn wrong_ones_are_named() {
        for (text, key) in [
            (r#"{"priority":-1}"#, "`priority`"),
            (r#"{"priority":4294967296}"#, "`priority`"),
            (r#"{"timeout":1.5}"#, "`timeout`"),
            (r#"{"timeout":"5"}"#, "`timeout`"),
            (r#"{"binary_data_output":1}"#, "`binary_data_output`"),
            (r#"{"sequence_id":-4}"#, "`sequence_id`"),
            (r#"{"sequence_start":true}"#, "`sequence_start`"),
            (r#"{"timeout":1,"timeout":2}"#, "`timeout`"),
        ] {
            assert!(params(text).unwrap_err().contains(key), "{text}");
        }
    }
}
