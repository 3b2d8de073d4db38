//! What standard operators take only from a version after [`super::OPSET`] on: types of elements, attributes and inputs that came
//! without a new meaning of the rest.

use fastserve_tensor::DType::{self, BF16, F4E2M1, F8E8M0, F16, F32, F64, I2, I8, I16, I32, I64, U2};

use super::model::Draft;

/// What came.
enum New {
    Types(&'static [DType]),
    /// The same where an attribute is not there.
    TypesWithout(&'static str, &'static [DType]),
    Attributes(&'static [&'static str]),
    /// So many inputs and more.
    Inputs(usize),
}

use New::{Attributes, Inputs, Types, TypesWithout};

/// Operators that take every type of the version.
const CARRIERS: &[&str] = &[
    "Cast",
    "CastLike",
    "Constant",
    "ConstantOfShape",
    "DequantizeLinear",
    "Flatten",
    "Identity",
    "If",
    "Loop",
    "Pad",
    "QuantizeLinear",
    "Reshape",
    "Scan",
    "Shape",
    "Size",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// The version, what came, and the operators that have it.
const LATER: &[(i64, New, &[&str])] = &[
    (
        22,
        Types(&[BF16]),
        &[
            "Acos",
            "Acosh",
            "Asin",
            "Asinh",
            "Atan",
            "Atanh",
            "AveragePool",
            "Bernoulli",
            "Conv",
            "ConvTranspose",
            "Cos",
            "Cosh",
            "DeformConv",
            "Det",
            "Dropout",
            "Elu",
            "EyeLike",
            "GRU",
            "GlobalAveragePool",
            "GlobalLpPool",
            "GlobalMaxPool",
            "GridSample",
            "HardSigmoid",
            "HardSwish",
            "InstanceNormalization",
            "LSTM",
            "LpNormalization",
            "LpPool",
            "MaxPool",
            "MaxRoiPool",
            "MaxUnpool",
            "Mish",
            "Multinomial",
            "NegativeLogLikelihoodLoss",
            "RNN",
            "RandomNormal",
            "RandomNormalLike",
            "RandomUniform",
            "RandomUniformLike",
            "RoiAlign",
            "Round",
            "Selu",
            "Sin",
            "Sinh",
            "Softplus",
            "Softsign",
            "Tan",
            "ThresholdedRelu",
        ],
    ),
    // Before, no one said that a window may not start in the padding behind.
    (22, Attributes(&["ceil_mode"]), &["AveragePool", "LpPool", "MaxPool"]),
    (23, Types(&[F4E2M1]), CARRIERS),
    (23, Attributes(&["output_dtype", "precision"]), &["DequantizeLinear", "QuantizeLinear"]),
    (24, Types(&[BF16]), &["SplitToSequence", "TopK"]),
    (24, Types(&[F8E8M0]), CARRIERS),
    (24, Attributes(&["round_mode"]), &["Cast", "CastLike"]),
    (24, Inputs(7), &["Attention"]),
    (25, Types(&[I2, U2]), CARRIERS),
    (25, Attributes(&["left_window_size", "right_window_size"]), &["Attention"]),
    (27, Types(&[BF16, F16]), &["Range"]),
    (27, Attributes(&["stash_type"]), &["Range"]),
    (28, Types(&[BF16]), &["Compress", "Einsum", "OneHot", "ReverseSequence", "Unique"]),
    (28, Types(&[BF16, F16, F64]), &["Celu"]),
    (28, Types(&[I8, I16, I32, I64]), &["BitShift"]),
    (28, Attributes(&["mode"]), &["SpaceToDepth"]),
    (28, TypesWithout("fmod", &[BF16, F16, F32, F64]), &["Mod"]),
];

/// The lowest version that takes a node with operands and results of these types.
pub(super) fn version(draft: &Draft, types: &[DType]) -> i64 {
    let has = |new: &New| match new {
        TypesWithout(name, list) => draft.attrs.get(name).is_none() && types.iter().any(|t| list.contains(t)),
        Types(list) => types.iter().any(|t| list.contains(t)),
        Attributes(names) => names.iter().any(|n| draft.attrs.get(n).is_some()),
        Inputs(count) => draft.inputs.len() >= *count,
    };
    let rows = LATER.iter().filter(|(_, new, ops)| ops.contains(&draft.op.as_str()) && has(new));
    rows.map(|(version, ..)| *version).max().unwrap_or(super::OPSET)
}
