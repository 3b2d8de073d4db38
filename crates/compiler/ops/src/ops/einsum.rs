//! Einsum: sums of products along named axes.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Dim, Fact, Inputs, Io, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::Element;

use crate::contraction::{Operand, contract};
use crate::def::OpDef;
use crate::elements::{Float, Int, NumericBody, require_number};
use crate::equation::Equation;

/// The operands' elements multiplied, and summed over the axes that the result does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct Einsum {
    text: String,
    equation: Equation,
}

pub(crate) const DEFS: &[OpDef] = &[OpDef { name: "Einsum", since: 12, build }];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["equation"])?;
    let text = attrs.str("equation")?.ok_or(AttrError::Missing("equation"))?;
    let equation = Equation::read(&text)?;
    Ok(Arc::new(Einsum { text, equation }))
}

impl Op for Einsum {
    fn name(&self) -> &'static str {
        "Einsum"
    }

    fn attrs(&self) -> Attrs {
        Attrs::new().with_str("equation", self.text.as_str())
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let first = require_number(inputs, 0)?;
        let facts = (0..inputs.len()).map(|i| inputs.same_dtype(i, first.dtype)).collect::<Result<Vec<_>, _>>()?;
        let shapes: Vec<&[Dim]> = facts.iter().map(|f| &f.shape[..]).collect();
        let equation = self.equation.with_ranks(&shapes.iter().map(|s| s.len()).collect::<Vec<_>>())?;
        Ok(vec![Fact::new(first.dtype, equation.shape(&shapes)?)])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        Body { op: self, io }.run(dtype)
    }
}

struct Body<'b, 'a> {
    op: &'b Einsum,
    io: &'b mut Io<'a>,
}

impl Body<'_, '_> {
    fn operands<T: Element, A>(&self, read: impl Fn(T) -> A) -> Result<(Vec<Operand<A>>, Equation), OpError> {
        let count = self.io.num_inputs();
        let shapes = (0..count).map(|i| self.io.shape(i)).collect::<Result<Vec<_>, _>>()?;
        let equation = self.op.equation.with_ranks(&shapes.iter().map(|s| s.rank()).collect::<Vec<_>>())?;
        let dims: Vec<Vec<Dim>> = shapes.iter().map(|s| s.iter().map(|&d| d.into()).collect()).collect();
        let made = equation.shape(&dims.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        if fastserve_ir::known_shape(&made) != Some(self.io.out_shape(0)?) {
            return Err(OpError::Value(format!("{made:?} is made, {} is asked for", self.io.out_shape(0)?)));
        }
        let mut operands = Vec::with_capacity(count);
        for (i, (shape, labels)) in shapes.iter().zip(&equation.terms).enumerate() {
            let data = self.io.slice::<T>(i)?.iter().map(|&v| read(v)).collect();
            operands.push(Operand { labels: labels.clone(), extents: shape.to_vec(), data });
        }
        Ok((operands, equation))
    }

    fn store<T: Element, A: Copy>(&mut self, made: Operand<A>, write: impl Fn(A) -> T) -> Result<(), OpError> {
        let out = self.io.out_shape(0)?;
        if made.extents != out.dims() {
            return Err(OpError::Value(format!("{:?} are made, {out} are asked for", made.extents)));
        }
        self.io.out_slice::<T>(0)?.iter_mut().zip(made.data).for_each(|(y, v)| *y = write(v));
        Ok(())
    }
}

impl NumericBody for Body<'_, '_> {
    fn float<T: Float>(&mut self) -> Result<(), OpError> {
        let (operands, equation) = self.operands::<T, f64>(T::to_f64)?;
        let made = contract(operands, &equation.out, &|sum, product| sum + product, &|a, b| a * b, (0.0, 1.0))?;
        self.store(made, T::from_f64)
    }

    fn int<T: Int>(&mut self) -> Result<(), OpError> {
        // The low 64 bits of sums and products follow from those of their terms.
        let (operands, equation) = self.operands::<T, u64>(|v| v.to_i128() as u64)?;
        let made = contract(operands, &equation.out, &u64::wrapping_add, &u64::wrapping_mul, (0, 1))?;
        self.store(made, |v| T::wrap(v.into()))
    }
}
