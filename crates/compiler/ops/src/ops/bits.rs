//! BitShift, BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot: integers as rows of bits.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};

use crate::broadcast::{broadcast, broadcast_strides, fits, walk};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody};
use crate::numbers::choice;

/// What is done with two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitOp {
    /// Bits that both have.
    And,
    /// Bits that one of them has.
    Or,
    /// Bits that exactly one of them has.
    Xor,
    /// Towards the high bits, zeros behind.
    ShiftLeft,
    /// Towards the low bits, the sign in front.
    ShiftRight,
}

/// Two integers joined bit by bit, broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bitwise(pub BitOp);

/// Every bit turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitwiseNot;

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "BitShift", since: 11, build: shift },
    OpDef { name: "BitwiseAnd", since: 18, build: |attrs, _| plain(attrs, Arc::new(Bitwise(BitOp::And))) },
    OpDef { name: "BitwiseNot", since: 18, build: |attrs, _| plain(attrs, Arc::new(BitwiseNot)) },
    OpDef { name: "BitwiseOr", since: 18, build: |attrs, _| plain(attrs, Arc::new(Bitwise(BitOp::Or))) },
    OpDef { name: "BitwiseXor", since: 18, build: |attrs, _| plain(attrs, Arc::new(Bitwise(BitOp::Xor))) },
];

const DIRECTIONS: [&str; 2] = ["LEFT", "RIGHT"];

fn plain(attrs: &Attrs, op: OpRef) -> Result<OpRef, AttrError> {
    attrs.only(&[]).map(|()| op)
}

fn shift(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["direction"])?;
    if attrs.get("direction").is_none() {
        return Err(AttrError::Missing("direction"));
    }
    let op = [BitOp::ShiftLeft, BitOp::ShiftRight][choice(attrs, "direction", &DIRECTIONS, 0)?];
    Ok(Arc::new(Bitwise(op)))
}

fn require_integer<'a>(inputs: &Inputs<'a>, i: usize) -> Result<&'a Fact, ShapeError> {
    let fact = inputs.req(i)?;
    if fact.dtype.is_float() || !fact.dtype.is_number() {
        return Err(ShapeError::DType { index: i, expected: "an integer".into(), got: fact.dtype });
    }
    Ok(fact)
}

impl Op for Bitwise {
    fn name(&self) -> &'static str {
        match self.0 {
            BitOp::And => "BitwiseAnd",
            BitOp::Or => "BitwiseOr",
            BitOp::Xor => "BitwiseXor",
            BitOp::ShiftLeft | BitOp::ShiftRight => "BitShift",
        }
    }

    fn attrs(&self) -> Attrs {
        match self.0 {
            BitOp::ShiftLeft => Attrs::new().with_str("direction", DIRECTIONS[0]),
            BitOp::ShiftRight => Attrs::new().with_str("direction", DIRECTIONS[1]),
            _ => Attrs::new(),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let a = require_integer(inputs, 0)?;
        let b = inputs.same_dtype(1, a.dtype)?;
        Ok(vec![Fact::new(a.dtype, broadcast(&a.shape, &b.shape)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Pairs { op: self.0, io }.run(dtype)
    }

    fn is_linear(&self) -> bool {
        true
    }
}

impl Op for BitwiseNot {
    fn name(&self) -> &'static str {
        "BitwiseNot"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new()
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_integer(inputs, 0)?;
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let bytes = io.input(0)?;
        io.output(0)?.bytes_mut().iter_mut().zip(bytes.bytes()).for_each(|(y, x)| *y = !x);
        Ok(())
    }

    fn is_linear(&self) -> bool {
        true
    }
}

struct Pairs<'b, 'a> {
    op: BitOp,
    io: &'b mut Io<'a>,
}

impl NumericBody for Pairs<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        Err(OpError::DType(self.io.dtype(0)?))
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        let (op, out) = (self.op, self.io.out_shape(0)?);
        let shapes = [self.io.shape(0)?, self.io.shape(1)?];
        if let Some(bad) = shapes.iter().find(|s| !fits(s, &out)) {
            return Err(OpError::Value(format!("cannot broadcast {bad} to {out}")));
        }
        let (a, b) = (self.io.slice::<T>(0)?, self.io.slice::<T>(1)?);
        let y = self.io.out_slice::<T>(0)?;
        let bits = 8 * size_of::<T>() as i128;
        walk(&out, &shapes.map(|s| broadcast_strides(&s, &out)), |i, [l, r]| {
            y[i] = T::wrap(join(op, bits, a[l].to_i128(), b[r].to_i128()))
        });
        Ok(())
    }
}

/// The result, of which the low `bits` count.
fn join(op: BitOp, bits: i128, a: i128, b: i128) -> i128 {
    let inside = (0..bits).contains(&b);
    match op {
        BitOp::And => a & b,
        BitOp::Or => a | b,
        BitOp::Xor => a ^ b,
        BitOp::ShiftLeft if inside => a.wrapping_shl(b as u32),
        BitOp::ShiftRight if inside => a >> b,
        BitOp::ShiftRight if a < 0 => -1,
        BitOp::ShiftLeft | BitOp::ShiftRight => 0,
    }
}
