//! When each operator keeps rows apart.

use super::{Cx, Verdict};

/// When an operator keeps rows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Element by element, with broadcasting.
    Elementwise,
    /// If its output still has the batch: it reduces other axes.
    Reduction,
    /// If its axis (default given) is another one.
    Along(i64),
    /// If its axis and all after it leave the batch out.
    From(i64),
    /// If rows are on axis 0 of the first input, and in no other, or on axis 0 too.
    Images,
    /// If rows are on axis 0 of the first input, and what it normalises with was learned.
    BatchNormalization,
    /// If the batch is no axis that is summed over.
    MatMul,
    /// The same, for two axes and an addend.
    Gemm,
    /// If places and data are not both rows.
    Gather,
    /// If all inputs are rows on one axis, and it works along another.
    Together,
    /// If all of its inputs have rows at the same place.
    Concat,
    /// If it cuts other axes.
    Slice,
    /// If it pads other axes.
    Pad,
    /// If axes before the batch stay what they are.
    Reshape,
    /// Axes move as wholes.
    Axes,
    /// If the batch is not cut, repeated or mixed: what was one row becomes all of them.
    Expand,
    /// Equal rows.
    Fill,
    /// If rows are on the axis of sequences' batch.
    Recurrent,
    /// If rows are on axis 0 of queries, keys and values.
    Attention,
    /// If the equation keeps the batch's letter.
    Einsum,
    /// If scales are fixed, and not one for each row.
    Quantize,
    /// The scale comes from the whole batch.
    WholeBatch,
}

/// The rule of an operator, by its name.
pub(super) fn rule(op: &str) -> Option<Rule> {
    let op = op.strip_prefix("com.microsoft.").or(op.strip_prefix("fs.")).unwrap_or(op);
    TABLE.iter().find(|(_, names)| names.contains(&op)).map(|(rule, _)| *rule)
}

#[rustfmt::skip]
const TABLE: &[(Rule, &[&str])] = &[
    (Rule::Elementwise, &[
        "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BiasGelu", "BitShift", "BitwiseAnd", "BitwiseNot",
        "BitwiseOr", "BitwiseXor", "Cast", "CastLike", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Div", "Dropout", "Elu", "Equal", "Erf", "Exp",
        "FastGelu", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu",
        "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "QuickGelu",
        "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum",
        "Swish", "Tan", "Tanh", "ThresholdedRelu", "Where", "Xor",
    ]),
    (Rule::Reduction, &[
        "ArgMax", "ArgMin", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
        "ReduceSum", "ReduceSumSquare",
    ]),
    (Rule::Along(-1), &["Hardmax", "LogSoftmax", "Softmax", "TopK", "LpNormalization"]),
    (Rule::From(-1), &["LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"]),
    (Rule::Images, &[
        "AveragePool", "Conv", "ConvInteger", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
        "GridSample", "GroupNormalization", "InstanceNormalization", "LRN", "LpPool", "MaxPool", "QLinearConv", "Resize", "SpaceToDepth",
        "Upsample",
    ]),
    (Rule::BatchNormalization, &["BatchNormalization"]),
    (Rule::MatMul, &["FusedMatMul", "MatMul", "MatMulInteger"]),
    (Rule::Gemm, &["Gemm"]),
    (Rule::Gather, &["Gather"]),
    (Rule::Together, &["GatherElements", "ScatterElements"]),
    (Rule::Concat, &["Concat"]),
    (Rule::Slice, &["Slice", "Split"]),
    (Rule::Pad, &["Pad"]),
    (Rule::Reshape, &["Flatten", "Reshape"]),
    (Rule::Axes, &["Squeeze", "Transpose", "Unsqueeze"]),
    (Rule::Expand, &["Expand"]),
    (Rule::Fill, &["ConstantOfShape"]),
    (Rule::Recurrent, &["GRU", "LSTM", "RNN"]),
    (Rule::Attention, &["Attention"]),
    (Rule::Einsum, &["Einsum"]),
    (Rule::Quantize, &["DequantizeLinear", "QuantizeLinear"]),
    (Rule::WholeBatch, &["DynamicQuantizeLinear", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"]),
];

impl Rule {
    pub(super) fn check(self, cx: &Cx<'_>) -> Verdict {
        match self {
            Rule::Elementwise => cx.aligned(0),
            // The output's extents tell whether the batch was reduced.
            Rule::Reduction | Rule::Axes => cx.only_first(),
            Rule::Along(default) => cx.along(default),
            Rule::From(default) => cx.from(default),
            Rule::Images => cx.images(),
            Rule::BatchNormalization => cx.learned(),
            Rule::MatMul => cx.matmul(),
            Rule::Gemm => cx.gemm(),
            Rule::Gather => cx.gather(),
            Rule::Together => cx.together(),
            Rule::Concat => cx.concat(),
            Rule::Slice => cx.cut(),
            Rule::Pad => cx.pad(),
            Rule::Reshape => cx.reshape(),
            Rule::Expand | Rule::Fill => cx.expand(),
            Rule::Recurrent => cx.recurrent(),
            Rule::Attention => cx.attention(),
            Rule::Einsum => cx.einsum(),
            Rule::Quantize => cx.quantize(),
            Rule::WholeBatch => Err("its scale comes from the whole batch".into()),
        }
    }
}
