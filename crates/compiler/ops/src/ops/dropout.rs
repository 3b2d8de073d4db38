//! Dropout: at inference the input; in training, elements left out at random.

use std::sync::Arc;

use fastserve_ir::{AttrError, Attrs, Fact, Inputs, Io, LowerCx, Lowered, Op, OpError, OpRef, ShapeError};
use fastserve_tensor::{Bool, DType};

use crate::def::OpDef;
use crate::numbers::{numbers, scalar, store, store_if_asked};
use crate::ops::identity::copy;
use crate::random::Stream;

/// Dropout. Only where the third input is true, elements are left out, and those that stay are scaled by what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropout {
    /// The seed of what is left out.
    pub seed: Option<i64>,
    /// Before opset 10: the mask has the type of the input.
    pub mask_like_input: bool,
}

/// The part that is left out where no input says it.
const RATIO: f64 = 0.5;

pub(crate) const DEFS: &[OpDef] = &[
    OpDef { name: "Dropout", since: 1, build: |attrs, _| build(attrs, &["is_test", "ratio", "fs.mask_like_input"], true) },
    OpDef { name: "Dropout", since: 7, build: |attrs, _| build(attrs, &["ratio", "fs.mask_like_input"], true) },
    OpDef { name: "Dropout", since: 10, build: |attrs, _| build(attrs, &["ratio", "seed", "fs.mask_like_input"], false) },
];

fn build(attrs: &Attrs, known: &[&str], mask_like_input: bool) -> Result<OpRef, AttrError> {
    attrs.only(known)?;
    // Models are run, not trained: that a model of opset 1 says otherwise is how exporters left it.
    attrs.flag("is_test", false)?;
    attrs.float("ratio")?;
    Ok(Arc::new(Dropout { seed: attrs.int("seed")?, mask_like_input: attrs.flag("fs.mask_like_input", mask_like_input)? }))
}

/// Whether elements are certainly not left out.
fn is_off(inputs: &Inputs<'_>) -> bool {
    inputs.opt(2).is_none_or(|t| t.value.as_ref().is_some_and(|t| t.bytes().iter().all(|&b| b == 0)))
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "Dropout"
    }

    fn attrs(&self) -> Attrs {
        let attrs = self.seed.map_or(Attrs::new(), |s| Attrs::new().with_int("seed", s));
        if self.mask_like_input { attrs.with_int("fs.mask_like_input", 1) } else { attrs }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<Fact>, ShapeError> {
        let x = inputs.req(0)?;
        if inputs.opt(2).is_some() {
            inputs.same_dtype(2, DType::Bool)?;
        }
        let mask = if self.mask_like_input { x.dtype } else { DType::Bool };
        let ints = x.ints.clone().filter(|_| is_off(inputs));
        Ok(vec![Fact { value: None, ints, ..x.clone() }, Fact::new(mask, x.shape.clone())])
    }

    fn reference(&self, io: &mut Io<'_>) -> Result<(), OpError> {
        let training = match io.opt(2) {
            Some(_) => io.slice::<Bool>(2)?.first().is_some_and(|&b| bool::from(b)),
            None => false,
        };
        let ratio = if io.opt(1).is_some() { scalar(io, 1)? } else { RATIO };
        let count = io.shape(0)?.numel();
        if !training || ratio == 0.0 {
            copy(io)?;
            let all = if io.num_outputs() > 1 { vec![1.0; count] } else { Vec::new() };
            return store_if_asked(io, 1, &all);
        }
        let stream = Stream::of_int(self.seed);
        let stays: Vec<f64> = (0..count).map(|i| f64::from(u8::from(stream.uniform(i) >= ratio))).collect();
        let scaled: Vec<f64> = numbers(io, 0)?.iter().zip(&stays).map(|(x, s)| if *s == 0.0 { 0.0 } else { x / (1.0 - ratio) }).collect();
        store(io, 0, &scaled)?;
        store_if_asked(io, 1, &stays)
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn repeatable(&self) -> bool {
        self.seed.is_some()
    }

    fn lower(&self, cx: &LowerCx<'_>) -> Lowered {
        if cx.outputs.len() == 1 && is_off(&cx.inputs) { Lowered::Alias } else { Lowered::Reference }
    }
}
