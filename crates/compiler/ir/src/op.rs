//! What an operator is.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use fastserve_tensor::{DType, TensorError};
use thiserror::Error;

use crate::attrs::{AttrError, Attrs};
use crate::compose::Compose;
use crate::dim::Dim;
use crate::fact::Fact;
use crate::io::Io;
use crate::spec::{LowerCx, Lowered};

/// An operator: its attributes, what it makes of facts, the naive truth, and what a backend shall run for it.
pub trait Op: Any + Debug + Send + Sync {
    /// The ONNX name, or `fs.…` for an internal operator.
    fn name(&self) -> &'static str;

    /// The operator as data: printing, comparing and saving all derive from it. [`OpSet::build`] reads it back.
    fn attrs(&self) -> Attrs;

    /// The facts of the outputs.
    ///
    /// # Errors
    /// Inputs that the operator does not take.
    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError>;

    /// The naive truth: oracle of the kernels, constant folding, rare operators.
    ///
    /// # Errors
    /// An element type without a reference body, or contents that the operator does not take.
    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError>;

    /// Whether [`Op::infer`] itself says what becomes of channel-blocked inputs; see [`crate::blocks`].
    fn knows_blocks(&self) -> bool {
        false
    }

    /// Whether equal inputs always give equal outputs. Nodes that do not are neither folded nor merged.
    fn repeatable(&self) -> bool {
        true
    }

    /// Whether [`Op::reference`] touches each element of its inputs and outputs a bounded number of times. Large nodes of which this is
    /// not known are not folded.
    fn is_linear(&self) -> bool {
        false
    }

    /// What a backend shall run, as data.
    fn lower(&self, _cx: &LowerCx<'_>) -> Lowered {
        Lowered::Reference
    }
}

/// A shared operator.
pub type OpRef = Arc<dyn Op>;

/// The operator as a concrete type, if it is one.
pub fn downcast<T: Op>(op: &OpRef) -> Option<&T> {
    let any: &dyn Any = op.as_ref();
    any.downcast_ref::<T>()
}

/// Makes operators from names and attributes.
pub trait OpSet: Sync {
    /// The operator `name` of `domain` as of version `opset` (`LATEST_OPSET` for the text form).
    ///
    /// # Errors
    /// No such operator, or attributes that it does not take.
    fn build(&self, domain: &str, name: &str, opset: i64, attrs: &Attrs) -> Result<OpRef, BuildError>;

    /// How the operator is made of others, if it is.
    fn composite(&self, _domain: &str, _name: &str, _opset: i64) -> Option<Compose> {
        None
    }
}

/// The version that means "the form this project writes".
pub const LATEST_OPSET: i64 = i64::MAX;

/// Why an operator could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// No operator of that name.
    #[error("operator `{name}` is not supported (domain `{domain}`, opset {opset})")]
    Unsupported {
        /// Domain; empty for the default one.
        domain: String,
        /// Name.
        name: String,
        /// Version asked for.
        opset: i64,
    },
    /// An attribute does not fit.
    #[error("operator `{name}`: {source}")]
    Attr {
        /// Name of the operator.
        name: String,
        /// What is wrong.
        source: AttrError,
    },
}

/// Why facts could not be inferred.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// A required input is not there.
    #[error("input {0} is missing")]
    MissingInput(usize),
    /// An input has a type that the operator does not take.
    #[error("input {index}: expected {expected}, got {got}")]
    DType {
        /// Which input.
        index: usize,
        /// What the operator takes.
        expected: String,
        /// What it got.
        got: DType,
    },
    /// An input has a shape that the operator does not take.
    #[error("{0}")]
    Shape(String),
    /// The output's shape depends on data, which this operator's implementation cannot follow yet.
    #[error("the output's shape depends on the contents of input {0}")]
    DataDependent(usize),
    /// Something that the standard has and this version does not: what, and what to do.
    #[error("{0}")]
    Unsupported(String),
    /// A size overflows.
    #[error("a size overflows")]
    Overflow,
}

impl ShapeError {
    /// A shape that the operator does not take.
    pub fn shape(why: impl Into<String>) -> Self {
        ShapeError::Shape(why.into())
    }
}

/// Why an operator could not be run by its reference body.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpError {
    /// There is no body for this element type.
    #[error("no reference body for elements of type {0}")]
    DType(DType),
    /// An input or output is not there.
    #[error("{what} {index} is missing")]
    Missing {
        /// `input` or `output`.
        what: &'static str,
        /// Which.
        index: usize,
    },
    /// The contents of an input are not what the operator takes.
    #[error("{0}")]
    Value(String),
    /// A tensor is not what it should be.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// Facts could not be inferred from the actual inputs.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// The facts of a node's inputs; an optional one may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a>(pub &'a [Option<&'a Fact>]);

impl<'a> Inputs<'a> {
    /// Number of places, absent ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no input.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An input that may be absent.
    pub fn opt(&self, i: usize) -> Option<&'a Fact> {
        self.0.get(i).copied().flatten()
    }

    /// An input that must be there.
    ///
    /// # Errors
    /// [`ShapeError::MissingInput`].
    pub fn req(&self, i: usize) -> Result<&'a Fact, ShapeError> {
        self.opt(i).ok_or(ShapeError::MissingInput(i))
    }

    /// An input that must be there and of rank `rank`.
    ///
    /// # Errors
    /// Missing, or of another rank.
    pub fn ranked(&self, i: usize, rank: usize) -> Result<&'a Fact, ShapeError> {
        let fact = self.req(i)?;
        if fact.rank() == rank {
            return Ok(fact);
        }
        Err(ShapeError::shape(format!("input {i}: expected rank {rank}, got {}", fact.rank())))
    }

    /// Refuses an input of another type than `dtype`.
    ///
    /// # Errors
    /// Missing, or of another type.
    pub fn same_dtype(&self, i: usize, dtype: DType) -> Result<&'a Fact, ShapeError> {
        let fact = self.req(i)?;
        if fact.dtype == dtype {
            return Ok(fact);
        }
        Err(ShapeError::DType { index: i, expected: dtype.to_string(), got: fact.dtype })
    }

    /// The elements of a small integer input that is known as constants or expressions.
    ///
    /// # Errors
    /// Missing, or not known before the run.
    pub fn ints(&self, i: usize) -> Result<&'a [Dim], ShapeError> {
        self.req(i)?.ints.as_deref().ok_or(ShapeError::DataDependent(i))
    }
}

/// `axis` counted from the start; negative ones count from the end.
///
/// # Errors
/// Outside −rank … rank−1.
pub fn normalize_axis(axis: i64, rank: usize) -> Result<usize, ShapeError> {
    let wrapped = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    match wrapped.and_then(|a| usize::try_from(a).ok()).filter(|&a| a < rank) {
        Some(a) => Ok(a),
        None => Err(ShapeError::shape(format!("axis {axis} is outside a rank of {rank}"))),
    }
}
