//! Specs of operators that compute each element from one element of each input, of any types.

use fastserve_kernels::elementwise::BinaryOp;

/// How two elements are compared; with a NaN nothing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `a = b`; of truth values too.
    Equal,
    /// `a > b`.
    Greater,
    /// `a ≥ b`.
    GreaterOrEqual,
    /// `a < b`.
    Less,
    /// `a ≤ b`.
    LessOrEqual,
}

/// How two truth values are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicOp {
    /// Both.
    And,
    /// At least one.
    Or,
    /// Exactly one.
    Xor,
}

/// A function of one element of each input, broadcast. Element types are those of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapOp {
    /// Two elements of one type, compared.
    Compare(CompareOp),
    /// Two truth values, joined.
    Logic(LogicOp),
    /// The other truth value.
    Not,
    /// The second input's element where the first's is true, else the third's.
    Where,
    /// One element as another type.
    Cast,
    /// Two integers, wrapping around.
    Integer(BinaryOp),
    /// The first input's element to the power of the second's, f32.
    Power,
    /// The first input's element, times the second's where it is negative, f32.
    Slope,
    /// All inputs, one after the other, f32 or integers; divided by their number for a mean.
    Join {
        /// How the next input joins.
        op: BinaryOp,
        /// Whether the sum is divided.
        mean: bool,
    },
}
