//! The functions of gates, by name.

use fastserve_ir::{AttrError, Attrs};

macro_rules! kinds {
    ($($kind:ident $name:literal $alpha:expr, $beta:expr;)*) => {
        /// A function of one number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ActivationKind {
            $(#[doc = concat!("ONNX's `", $name, "`.")] $kind,)*
        }

        /// Each with its name and the defaults of alpha and beta, where it has them.
        const KINDS: &[(ActivationKind, &str, Option<f32>, Option<f32>)] = &[$((ActivationKind::$kind, $name, $alpha, $beta)),*];
    };
}

kinds! {
    Affine "Affine" Some(1.0), Some(0.0);
    Elu "Elu" Some(1.0), None;
    HardSigmoid "HardSigmoid" Some(0.2), Some(0.5);
    LeakyRelu "LeakyRelu" Some(0.01), None;
    Relu "Relu" None, None;
    ScaledTanh "ScaledTanh" Some(1.0), Some(1.0);
    Sigmoid "Sigmoid" None, None;
    Softplus "Softplus" None, None;
    Softsign "Softsign" None, None;
    Tanh "Tanh" None, None;
    ThresholdedRelu "ThresholdedRelu" Some(1.0), None;
}

/// A function with its parameters; those it does not have are 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// Which function.
    pub kind: ActivationKind,
    /// First parameter.
    pub alpha: f32,
    /// Second parameter.
    pub beta: f32,
}

fn row(kind: ActivationKind) -> (&'static str, Option<f32>, Option<f32>) {
    KINDS.iter().find(|r| r.0 == kind).map_or(("", None, None), |r| (r.1, r.2, r.3))
}

impl Activation {
    /// The function with its default parameters.
    pub fn new(kind: ActivationKind) -> Self {
        let (_, alpha, beta) = row(kind);
        Activation { kind, alpha: alpha.unwrap_or(0.0), beta: beta.unwrap_or(0.0) }
    }

    /// Its value, in f64.
    pub fn apply(self, x: f64) -> f64 {
        let (a, b) = (f64::from(self.alpha), f64::from(self.beta));
        match self.kind {
            ActivationKind::Affine => a * x + b,
            ActivationKind::Elu => {
                if x >= 0.0 {
                    x
                } else {
                    a * x.exp_m1()
                }
            }
            ActivationKind::HardSigmoid => (a * x + b).clamp(0.0, 1.0),
            ActivationKind::LeakyRelu => {
                if x >= 0.0 {
                    x
                } else {
                    a * x
                }
            }
            ActivationKind::Relu => {
                if x > 0.0 || x.is_nan() {
                    x
                } else {
                    0.0
                }
            }
            ActivationKind::ScaledTanh => a * (b * x).tanh(),
            ActivationKind::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            ActivationKind::Softplus => {
                if x > 40.0 {
                    x
                } else {
                    x.exp().ln_1p()
                }
            }
            ActivationKind::Softsign => x / (1.0 + x.abs()),
            ActivationKind::Tanh => x.tanh(),
            ActivationKind::ThresholdedRelu => {
                if x > a || x.is_nan() {
                    x
                } else {
                    0.0
                }
            }
        }
    }
}

/// The functions of all directions: `defaults` are those of one.
pub(crate) fn read(attrs: &Attrs, defaults: &[ActivationKind], directions: usize) -> Result<Vec<Activation>, AttrError> {
    let kinds = match attrs.strs("activations")? {
        None => defaults.repeat(directions),
        Some(names) => names.iter().map(|n| find(n)).collect::<Result<_, _>>()?,
    };
    if kinds.len() != defaults.len() * directions {
        let why = format!("expected {} functions, got {}", defaults.len() * directions, kinds.len());
        return Err(AttrError::value("activations", why));
    }
    let (alphas, betas) = (attrs.floats("activation_alpha")?.unwrap_or_default(), attrs.floats("activation_beta")?.unwrap_or_default());
    let (mut alphas, mut betas) = (alphas.into_iter(), betas.into_iter());
    // A parameter in the lists belongs to the next function that has one.
    let make = |kind| {
        let (_, alpha, beta) = row(kind);
        let given = |default: Option<f32>, list: &mut std::vec::IntoIter<f32>| default.map_or(0.0, |d| list.next().unwrap_or(d));
        Activation { kind, alpha: given(alpha, &mut alphas), beta: given(beta, &mut betas) }
    };
    Ok(kinds.into_iter().map(make).collect())
}

fn find(name: &str) -> Result<ActivationKind, AttrError> {
    let found = KINDS.iter().find(|r| r.1.eq_ignore_ascii_case(name)).map(|r| r.0);
    found.ok_or_else(|| AttrError::value("activations", format!("{name} is no function of gates")))
}

/// The attributes, without those at their defaults.
pub(crate) fn write(mut attrs: Attrs, activations: &[Activation], defaults: &[ActivationKind]) -> Attrs {
    if activations.chunks(defaults.len()).all(|c| c.iter().map(|a| a.kind).eq(defaults.iter().copied())) {
        return attrs;
    }
    attrs = attrs.with_strs("activations", activations.iter().map(|a| row(a.kind).0.to_owned()).collect::<Vec<_>>());
    let alphas: Vec<f32> = activations.iter().filter(|a| row(a.kind).1.is_some()).map(|a| a.alpha).collect();
    let betas: Vec<f32> = activations.iter().filter(|a| row(a.kind).2.is_some()).map(|a| a.beta).collect();
    for (name, list) in [("activation_alpha", alphas), ("activation_beta", betas)] {
        if !list.is_empty() {
            attrs = attrs.with_floats(name, list);
        }
    }
    attrs
}
