//! Attributes: an operator as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastserve_tensor::Tensor;
use thiserror::Error;

use crate::graph::Graph;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Attr {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f32),
    /// A string.
    Str(String),
    /// Integers.
    Ints(Vec<i64>),
    /// Floats.
    Floats(Vec<f32>),
    /// Strings.
    Strs(Vec<String>),
    /// A tensor.
    Tensor(Tensor),
    /// A graph that runs within the node.
    Graph(Arc<Graph>),
}

/// An attribute that is missing, of another kind, or out of range.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttrError {
    /// A required attribute is not there.
    #[error("attribute `{0}` is missing")]
    Missing(&'static str),
    /// The attribute has another kind than the operator defines.
    #[error("attribute `{name}`: expected {expected}, got {got}")]
    Kind {
        /// Its name.
        name: String,
        /// What the operator defines.
        expected: &'static str,
        /// What the model has.
        got: &'static str,
    },
    /// The attribute's value is not one the operator takes.
    #[error("attribute `{name}`: {why}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The operator has no such attribute.
    #[error("unknown attribute `{0}`")]
    Unknown(String),
}

impl AttrError {
    /// A value that the operator does not take.
    pub fn value(name: &'static str, why: impl Into<String>) -> Self {
        AttrError::Value { name, why: why.into() }
    }
}

/// Named attributes, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attrs(BTreeMap<String, Attr>);

macro_rules! kinds {
    ($($get:ident $set:ident $variant:ident $type:ty, $name:literal;)*) => {
        impl Attr {
            /// The kind, for messages.
            pub fn kind(&self) -> &'static str {
                match self { $(Attr::$variant(_) => $name,)* }
            }
        }

        impl Attrs {$(
            #[doc = concat!("The attribute `name` if it is there, which must be ", $name, ".")]
            ///
            /// # Errors
            /// [`AttrError::Kind`] if it is something else.
            pub fn $get(&self, name: &str) -> Result<Option<$type>, AttrError> {
                match self.0.get(name) {
                    None => Ok(None),
                    Some(Attr::$variant(v)) => Ok(Some(v.clone())),
                    Some(other) => Err(AttrError::Kind { name: name.to_owned(), expected: $name, got: other.kind() }),
                }
            }

            #[doc = concat!("With the attribute `name`, ", $name, ".")]
            #[must_use]
            pub fn $set(mut self, name: &str, value: impl Into<$type>) -> Self {
                self.0.insert(name.to_owned(), Attr::$variant(value.into()));
                self
            }
        )*}
    };
}

kinds! {
    int with_int Int i64, "an integer";
    float with_float Float f32, "a float";
    str with_str Str String, "a string";
    ints with_ints Ints Vec<i64>, "a list of integers";
    floats with_floats Floats Vec<f32>, "a list of floats";
    strs with_strs Strs Vec<String>, "a list of strings";
    tensor with_tensor Tensor Tensor, "a tensor";
    graph with_graph Graph Arc<Graph>, "a graph";
}

impl Attrs {
    /// No attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one.
    pub fn set(&mut self, name: impl Into<String>, value: Attr) {
        self.0.insert(name.into(), value);
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attr)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// One, of any kind.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.0.get(name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An integer with a default.
    ///
    /// # Errors
    /// The attribute is of another kind.
    pub fn int_or(&self, name: &str, default: i64) -> Result<i64, AttrError> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    /// A float with a default.
    ///
    /// # Errors
    /// The attribute is of another kind.
    pub fn float_or(&self, name: &str, default: f32) -> Result<f32, AttrError> {
        Ok(self.float(name)?.unwrap_or(default))
    }

    /// An integer that is 0 or 1.
    ///
    /// # Errors
    /// The attribute is of another kind, or neither 0 nor 1.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, AttrError> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(AttrError::value(name, format!("expected 0 or 1, got {other}"))),
        }
    }

    /// A list of sizes that are not negative; `None` if the attribute is not there.
    ///
    /// # Errors
    /// The attribute is of another kind, or has a negative element.
    pub fn sizes(&self, name: &'static str) -> Result<Option<Vec<usize>>, AttrError> {
        let Some(list) = self.ints(name)? else { return Ok(None) };
        let sizes: Result<Vec<usize>, _> = list.iter().map(|&v| usize::try_from(v)).collect();
        sizes.map(Some).map_err(|_| AttrError::value(name, format!("expected no negative element, got {list:?}")))
    }

    /// Refuses any attribute that is not among `known`.
    ///
    /// # Errors
    /// [`AttrError::Unknown`] with the first one.
    pub fn only(&self, known: &[&str]) -> Result<(), AttrError> {
        match self.0.keys().find(|k| !known.contains(&k.as_str())) {
            Some(name) => Err(AttrError::Unknown(name.clone())),
            None => Ok(()),
        }
    }
}

/// Sizes as an integer list attribute.
pub fn ints_of(sizes: &[usize]) -> Vec<i64> {
    sizes.iter().map(|&s| s as i64).collect()
}
