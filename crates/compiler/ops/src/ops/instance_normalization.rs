//! InstanceNormalization and GroupNormalization: over the spatial axes of a channel or of a group of channels.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, NormalizeOver, NormalizeSpec, Op, OpError, OpRef, ShapeError};

use crate::def::OpDef;
use crate::elements::{Float, count, for_float, require_float};
use crate::ops::layer_normalization::moments;

/// What shares a mean and a variance, and what has parameters of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Each channel: InstanceNormalization.
    Channel,
    /// Each of so many groups of channels, with parameters a channel.
    Groups(usize),
    /// The same with parameters a group (before opset 21).
    GroupParameters(usize),
}

/// `(x − mean) / √(var + ε) · scale + bias` of `[N, C, …]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceNormalization {
    /// What is normalised together.
    pub grouping: Grouping,
    /// Added to the variance.
    pub epsilon: f32,
}

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "GroupNormalization", since: 18, build: |attrs, _| build_group(attrs, true) },
    OpDef { name: "GroupNormalization", since: 21, build: |attrs, _| build_group(attrs, false) },
    OpDef { name: "InstanceNormalization", since: 1, build },
];

fn build(attrs: &Attrs, _: i64) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon"])?;
    Ok(Arc::new(InstanceNormalization { grouping: Grouping::Channel, epsilon: attrs.float_or("epsilon", 1e-5)? }))
}

fn build_group(attrs: &Attrs, by_group: bool) -> Result<OpRef, AttrError> {
    attrs.only(&["epsilon", "fs.by_group", "num_groups", "stash_type"])?;
    let by_group = attrs.flag("fs.by_group", by_group)?;
    let groups = attrs.int("num_groups")?.ok_or(AttrError::Missing("num_groups"))?;
    let groups = usize::try_from(groups).ok().filter(|&g| g > 0).ok_or_else(|| AttrError::value("num_groups", "expected at least 1"))?;
    let grouping = if by_group { Grouping::GroupParameters(groups) } else { Grouping::Groups(groups) };
    Ok(Arc::new(InstanceNormalization { grouping, epsilon: attrs.float_or("epsilon", 1e-5)? }))
}

impl Op for InstanceNormalization {
    fn name(&self) -> &'static str {
        match self.grouping {
            Grouping::Channel => "InstanceNormalization",
            _ => "GroupNormalization",
        }
    }

    fn attrs(&self) -> Attrs {
        let attrs = Attrs::new().with_float("epsilon", self.epsilon);
        match self.grouping {
            Grouping::Channel => attrs,
            Grouping::Groups(n) => attrs.with_int("num_groups", n as i64),
            Grouping::GroupParameters(n) => attrs.with_int("num_groups", n as i64).with_int("fs.by_group", 1),
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = require_float(inputs, 0)?;
        if x.rank() < 2 {
            return Err(ShapeError::shape(format!("expected rank 2 or more, got {}", x.rank())));
        }
        if let (Some(c), Grouping::Groups(g) | Grouping::GroupParameters(g)) = (x.shape[1].known(), self.grouping)
            && c % g != 0
        {
            return Err(ShapeError::shape(format!("{c} channels do not divide into {g} groups")));
        }
        for i in 1..3 {
            let p = inputs.ranked(i, 1)?;
            let expected = if let Grouping::GroupParameters(g) = self.grouping { g.into() } else { x.shape[1].clone() };
            inputs.same_dtype(i, x.dtype)?;
            if let (Some(n), Some(expected)) = (p.shape[0].known(), expected.known())
                && n != expected
            {
                return Err(ShapeError::shape(format!("input {i}: expected {expected} elements, got {n}")));
            }
        }
        Ok(vec![Fact::new(x.dtype, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let dtype = io.dtype(0)?;
        for_float!(dtype, T => self.body::<T>(io))
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        let over = match self.grouping {
            Grouping::Channel => NormalizeOver::Channel,
            Grouping::Groups(groups) => NormalizeOver::Groups(groups),
            Grouping::GroupParameters(_) => return Lowered::Reference,
        };
        if !cx.all_f32() {
            return Lowered::Reference;
        }
        Lowered::Normalize(NormalizeSpec { over, epsilon: self.epsilon, centred: true })
    }
}

impl InstanceNormalization {
    fn body<T: Float>(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let shape = io.shape(0)?;
        let channels = shape.get(1).copied().unwrap_or(1);
        let inner = count(shape.get(2..).unwrap_or_default());
        let groups = match self.grouping {
            Grouping::Channel => channels,
            Grouping::Groups(g) | Grouping::GroupParameters(g) => g,
        };
        let (x, scale, bias) = (io.slice::<T>(0)?, io.slice::<T>(1)?, io.slice::<T>(2)?);
        let by_group = matches!(self.grouping, Grouping::GroupParameters(_));
        let params = if by_group { groups } else { channels };
        if groups == 0 || channels % groups != 0 || scale.len() != params || bias.len() != params {
            return Err(OpError::Value(format!("expected {params} elements of the inputs 1 and 2 for {channels} channels")));
        }
        let len = channels / groups * inner;
        let y = io.out_slice::<T>(0)?;
        if len == 0 || y.len() != x.len() {
            return Ok(());
        }
        for (g, (y, x)) in y.chunks_exact_mut(len).zip(x.chunks_exact(len)).enumerate() {
            let (mean, variance) = moments(x.iter().map(|v| v.to_f64()), len, true);
            let factor = 1.0 / (variance + f64::from(self.epsilon)).sqrt();
            for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
                let group = g % groups;
                let p = if by_group { group } else { group * (channels / groups) + i / inner };
                *y = T::from_f64((x.to_f64() - mean) * factor * scale[p].to_f64() + bias[p].to_f64());
            }
        }
        Ok(())
    }
}
