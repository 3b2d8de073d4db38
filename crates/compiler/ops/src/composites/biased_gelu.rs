//! Gelu and its kin of com.microsoft, of which some add a bias first.

use fastserve_ir::{Attrs, Builder, ComposeError, ValueId};

use super::parts::{join, opt, plus, req};
use crate::def::CompositeDef;

pub(crate) const DEFS: &[CompositeDef] = &[
    CompositeDef {
        name: "com.microsoft.BiasGelu",
        since: 1,
        compose: |b, attrs, inputs| biased(b, attrs, [req(inputs, 0)?, req(inputs, 1)?]),
    },
    CompositeDef { name: "com.microsoft.FastGelu", since: 1, compose: fast },
    CompositeDef { name: "com.microsoft.Gelu", since: 1, compose: |b, attrs, inputs| exact(b, attrs, req(inputs, 0)?) },
    CompositeDef { name: "com.microsoft.QuickGelu", since: 1, compose: quick },
];

type Made = Result<Vec<ValueId>, ComposeError>;

fn exact(b: &mut Builder<'_>, attrs: &Attrs, x: ValueId) -> Made {
    attrs.only(&[])?;
    Ok(vec![b.part("Gelu", Attrs::new(), &[x])?])
}

fn biased(b: &mut Builder<'_>, attrs: &Attrs, [x, bias]: [ValueId; 2]) -> Made {
    let sum = join(b, "Add", x, bias)?;
    exact(b, attrs, sum)
}

/// With the hyperbolic tangent.
fn fast(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&[])?;
    let x = plus(b, req(inputs, 0)?, opt(inputs, 1))?;
    Ok(vec![b.part("Gelu", Attrs::new().with_str("approximate", "tanh"), &[x])?])
}

/// `x · sigmoid(alpha · x)`.
fn quick(b: &mut Builder<'_>, attrs: &Attrs, inputs: &[Option<ValueId>]) -> Made {
    attrs.only(&["alpha"])?;
    let attrs = Attrs::new().with_float("alpha", attrs.float_or("alpha", 1.702)?);
    Ok(vec![b.part("Swish", attrs, &[req(inputs, 0)?])?])
}
