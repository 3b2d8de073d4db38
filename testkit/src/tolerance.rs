//! How far two results may be apart: every tolerance of the project's tests, with its reason.

use fastserve_tensor::{Bool, DType, Element, Shape, Tensor, TensorError, bf16, f16};
use thiserror::Error;

/// `|got − expected| ≤ absolute + relative · |expected|` for floats. A NaN equals a NaN, an infinity itself, and integers and
/// booleans must be equal, whatever the tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Part that does not depend on the value.
    pub absolute: f64,
    /// Part per unit of the expected value.
    pub relative: f64,
}

impl Tolerance {
    /// Moves, and arithmetic that rounds once: there is one right answer.
    pub const EXACT: Tolerance = Tolerance { absolute: 0.0, relative: 0.0 };
    /// f32 against another implementation: sums of up to some thousands of products in another order. Terms that cancel leave an
    /// absolute error of the terms' size, hence the absolute part.
    pub const F32: Tolerance = Tolerance { absolute: 1e-5, relative: 1e-4 };
    /// exp, tanh, erf and what is made of them, in f32 against another implementation: both are within a few units in the last
    /// place (6e-8) of the truth, and so are sums of few terms.
    pub const TRANSCENDENTAL: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-5 };
    /// A result stored as f16: two units in the last place (2^-10 of the value), and the spacing of subnormals in sums.
    pub const F16: Tolerance = Tolerance { absolute: 1e-3, relative: 2e-3 };
    /// A result stored as bf16: two units in the last place (2^-7 of the value).
    pub const BF16: Tolerance = Tolerance { absolute: 1e-2, relative: 1.6e-2 };

    /// What the vectors of an operator are compared with (see their README): the reference bodies compute in f64 and round once, so
    /// that only the other side's error counts.
    pub fn of_vectors(op: &str, dtype: DType) -> Tolerance {
        match dtype {
            _ if EXACT_OPS.contains(&op) => Self::EXACT,
            DType::F16 => Self::F16,
            DType::BF16 => Self::BF16,
            _ if SUM_OPS.contains(&op) => Self::F32,
            _ => Self::TRANSCENDENTAL,
        }
    }

    /// Whether `got` is near enough.
    pub fn accepts(self, expected: f64, got: f64) -> bool {
        if expected.is_nan() || got.is_nan() {
            return expected.is_nan() && got.is_nan();
        }
        expected == got || (expected.is_finite() && (got - expected).abs() <= self.absolute + self.relative * expected.abs())
    }

    /// `|got − expected| / (absolute + relative · |expected|)`: at most 1 is near enough.
    fn ratio(self, expected: f64, got: f64) -> f64 {
        if expected == got || (expected.is_nan() && got.is_nan()) {
            return 0.0;
        }
        let ratio = (got - expected).abs() / (self.absolute + self.relative * expected.abs());
        if expected.is_finite() && got.is_finite() { ratio } else { f64::INFINITY }
    }
}

/// Operators whose results are sums of terms that cancel.
const SUM_OPS: &[&str] = &[
    "Attention",
    "CausalConvWithState",
    "Conv",
    "ConvTranspose",
    "DFT",
    "DeformConv",
    "Det",
    "Einsum",
    "GRU",
    "Gemm",
    "GroupNormalization",
    "InstanceNormalization",
    "LSTM",
    "LayerNormalization",
    "LinearAttention",
    "MatMul",
    "MeanVarianceNormalization",
    "RMSNormalization",
    "RNN",
    "STFT",
    "SimplifiedLayerNormalization",
    "ai.onnx.preview.FlexAttention",
    "com.microsoft.Attention",
    "com.microsoft.DynamicQuantizeLSTM",
    "com.microsoft.DynamicQuantizeMatMul",
    "com.microsoft.EmbedLayerNormalization",
    "com.microsoft.FusedMatMul",
    "com.microsoft.GroupQueryAttention",
    "com.microsoft.MatMulIntegerToFloat",
    "com.microsoft.MatMulNBits",
    "com.microsoft.MultiHeadAttention",
    "com.microsoft.RotaryEmbedding",
    "com.microsoft.SkipLayerNormalization",
    "com.microsoft.SkipSimplifiedLayerNormalization",
];

/// Operators that move elements or round once.
const EXACT_OPS: &[&str] = &[
    "Abs",
    "Add",
    "And",
    "ArgMax",
    "ArgMin",
    "Bernoulli",
    "BitCast",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Cast",
    "CastLike",
    "CenterCropPad",
    "Clip",
    "Compress",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "ConvInteger",
    "DepthToSpace",
    "DequantizeLinear",
    "Div",
    "Dropout",
    "DynamicQuantizeLinear",
    "Equal",
    "Expand",
    "EyeLike",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "GlobalMaxPool",
    "Greater",
    "GreaterOrEqual",
    "Hardmax",
    "Identity",
    "IsInf",
    "IsNaN",
    "Less",
    "LessOrEqual",
    "MatMulInteger",
    "Max",
    "MaxPool",
    "MaxRoiPool",
    "MaxUnpool",
    "Min",
    "Mod",
    "Mul",
    "Multinomial",
    "Neg",
    "NonMaxSuppression",
    "NonZero",
    "Not",
    "OneHot",
    "Or",
    "PRelu",
    "Pad",
    "QLinearConv",
    "QLinearMatMul",
    "QuantizeLinear",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "ReduceMax",
    "ReduceMin",
    "Relu",
    "Reshape",
    "ReverseSequence",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "Shape",
    "Shrink",
    "Size",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "TensorScatter",
    "Tile",
    "TopK",
    "Transpose",
    "Trilu",
    "Unique",
    "Unsqueeze",
    "Where",
    "Xor",
    "ai.onnx.ml.ArrayFeatureExtractor",
    "ai.onnx.ml.Binarizer",
];

/// How two tensors differ.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Mismatch {
    /// Element types differ.
    #[error("expected elements of type {expected}, got {got}")]
    DType {
        /// Expected type.
        expected: DType,
        /// Type got.
        got: DType,
    },
    /// Extents differ.
    #[error("expected extents {expected}, got {got}")]
    Shape {
        /// Expected extents.
        expected: Shape,
        /// Extents got.
        got: Shape,
    },
    /// Elements differ by more than the tolerance.
    #[error("{count} of {numel} elements differ, the first at {index:?}: expected {expected}, got {got}; the largest error is {largest:e}")]
    Values {
        /// Index of the first element that differs.
        index: Vec<usize>,
        /// What was expected there.
        expected: String,
        /// What is there.
        got: String,
        /// How many elements differ.
        count: usize,
        /// How many there are.
        numel: usize,
        /// Largest `|got − expected|` of all elements that are finite on both sides.
        largest: f64,
    },
    /// A tensor could not be read.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// An element to compare: floats by tolerance, all others exactly.
trait Comparable: Element {
    fn near(self, expected: Self, tolerance: Tolerance) -> bool;
    fn error(self, expected: Self) -> f64;
    fn ratio(self, expected: Self, tolerance: Tolerance) -> f64;
    fn show(self) -> String;
}

macro_rules! comparable {
    (floats: $($f:ty: $wide:expr),*; integers: $($i:ty)*) => {
        $(impl Comparable for $f {
            fn near(self, expected: Self, tolerance: Tolerance) -> bool { tolerance.accepts(($wide)(expected), ($wide)(self)) }
            fn error(self, expected: Self) -> f64 { (($wide)(self) - ($wide)(expected)).abs() }
            fn ratio(self, expected: Self, tolerance: Tolerance) -> f64 { tolerance.ratio(($wide)(expected), ($wide)(self)) }
            fn show(self) -> String { format!("{:?}", self) }
        })*
        $(impl Comparable for $i {
            fn near(self, expected: Self, _: Tolerance) -> bool { self == expected }
            fn error(self, expected: Self) -> f64 { (self as i128 - expected as i128).unsigned_abs() as f64 }
            fn ratio(self, expected: Self, _: Tolerance) -> f64 { if self == expected { 0.0 } else { f64::INFINITY } }
            fn show(self) -> String { self.to_string() }
        })*
    };
}

comparable! {
    floats: f32: f64::from, f64: f64::from, f16: f16::to_f64, bf16: bf16::to_f64;
    integers: u8 u16 u32 u64 i8 i16 i32 i64
}

impl Comparable for Bool {
    fn near(self, expected: Self, _: Tolerance) -> bool {
        bool::from(self) == bool::from(expected)
    }

    fn error(self, expected: Self) -> f64 {
        f64::from(u8::from(bool::from(self) != bool::from(expected)))
    }

    fn ratio(self, expected: Self, _: Tolerance) -> f64 {
        if bool::from(self) == bool::from(expected) { 0.0 } else { f64::INFINITY }
    }

    fn show(self) -> String {
        bool::from(self).to_string()
    }
}

/// The numbers for which codes stand; `None` where elements are no codes.
fn numbers(t: &Tensor) -> Result<Option<Tensor>, TensorError> {
    let Some(narrow) = t.dtype().narrow() else { return Ok(None) };
    let numbers: Vec<f64> = t.bytes().iter().map(|&code| narrow.number(code)).collect();
    Tensor::from_slice(t.shape(), &numbers).map(Some)
}

macro_rules! by_type {
    ($dtype:expr, $f:ident($($arg:expr),*)) => {
        match $dtype {
            DType::Bool => $f::<Bool>($($arg),*),
            DType::U8 => $f::<u8>($($arg),*),
            DType::U16 => $f::<u16>($($arg),*),
            DType::U32 => $f::<u32>($($arg),*),
            DType::U64 => $f::<u64>($($arg),*),
            DType::I8 => $f::<i8>($($arg),*),
            DType::I16 => $f::<i16>($($arg),*),
            DType::I32 => $f::<i32>($($arg),*),
            DType::I64 => $f::<i64>($($arg),*),
            DType::F16 => $f::<f16>($($arg),*),
            DType::BF16 => $f::<bf16>($($arg),*),
            DType::F32 => $f::<f32>($($arg),*),
            DType::F64 => $f::<f64>($($arg),*),
            other => Err(Mismatch::DType { expected: DType::F64, got: other }),
        }
    };
}

/// Compares a result with what is expected.
///
/// # Errors
/// How they differ.
pub fn compare(got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<(), Mismatch> {
    comparable(got, expected)?;
    if let (Some(got), Some(expected)) = (numbers(got)?, numbers(expected)?) {
        // Codes are rounded to once, so that there is one right answer.
        return values::<f64>(&got, &expected, Tolerance::EXACT);
    }
    by_type!(got.dtype(), values(got, expected, tolerance))
}

/// The largest `|got − expected| / (absolute + relative · |expected|)` of all elements: at most 1 where they agree. Infinite where
/// an integer, a NaN or an infinity differs.
///
/// # Errors
/// Element types or extents differ.
pub fn distance(got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<f64, Mismatch> {
    comparable(got, expected)?;
    if let (Some(got), Some(expected)) = (numbers(got)?, numbers(expected)?) {
        return largest_ratio::<f64>(&got, &expected, Tolerance::EXACT);
    }
    by_type!(got.dtype(), largest_ratio(got, expected, tolerance))
}

fn largest_ratio<T: Comparable>(got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<f64, Mismatch> {
    let pairs = got.as_slice::<T>()?.iter().zip(expected.as_slice::<T>()?);
    Ok(pairs.map(|(g, e)| g.ratio(*e, tolerance)).fold(0.0, f64::max))
}

fn comparable(got: &Tensor, expected: &Tensor) -> Result<(), Mismatch> {
    if got.dtype() != expected.dtype() {
        return Err(Mismatch::DType { expected: expected.dtype(), got: got.dtype() });
    }
    if got.shape() != expected.shape() {
        return Err(Mismatch::Shape { expected: *expected.shape(), got: *got.shape() });
    }
    Ok(())
}

fn values<T: Comparable>(got: &Tensor, expected: &Tensor, tolerance: Tolerance) -> Result<(), Mismatch> {
    let (g, e) = (got.as_slice::<T>()?, expected.as_slice::<T>()?);
    let differs = |i: &usize| !g[*i].near(e[*i], tolerance);
    let Some(first) = (0..g.len()).find(differs) else { return Ok(()) };
    let errors = g.iter().zip(e).map(|(g, e)| g.error(*e));
    Err(Mismatch::Values {
        index: index_of(first, got.shape()),
        expected: e[first].show(),
        got: g[first].show(),
        count: (0..g.len()).filter(differs).count(),
        numel: g.len(),
        largest: errors.filter(|e| e.is_finite()).fold(0.0, f64::max),
    })
}

fn index_of(flat: usize, shape: &Shape) -> Vec<usize> {
    shape.iter().zip(shape.strides()).map(|(&d, step)| flat / step % d).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_equals_nan_and_infinities_go_by_sign() {
        for t in [Tolerance::EXACT, Tolerance::F32] {
            assert!(t.accepts(f64::NAN, f64::NAN) && t.accepts(f64::INFINITY, f64::INFINITY) && t.accepts(0.0, -0.0));
            for (a, b) in
                [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, f64::NEG_INFINITY), (f64::INFINITY, 3e38), (1.0, f64::INFINITY)]
            {
                assert!(!t.accepts(a, b), "{a} {b}");
            }
        }
    }

    #[test]
    fn the_first_difference_and_the_largest_error_are_named() {
        let a = Tensor::from_slice(&[2, 2], &[1.0f32, 2.0, 3.5, 6.0]).unwrap();
        let b = Tensor::from_slice(&[2, 2], &[1.0f32, 2.0, 3.0, 4.0]).unwrap();
        let mismatch = compare(&a, &b, Tolerance::F32).unwrap_err();
        let expected = Mismatch::Values { index: vec![1, 0], expected: "3.0".into(), got: "3.5".into(), count: 2, numel: 4, largest: 2.0 };
        assert_eq!(mismatch, expected);
        assert!(compare(&a, &b, Tolerance { absolute: 2.0, relative: 0.0 }).is_ok());
    }

    #[test]
    fn the_distance_is_one_where_the_tolerance_ends() {
        let tensor = |values: [f32; 2]| Tensor::from_slice(&[2], &values).unwrap();
        let tolerance = Tolerance { absolute: 1.0, relative: 0.5 };
        assert_eq!(distance(&tensor([1.0, 7.0]), &tensor([1.0, 4.0]), tolerance), Ok(1.0));
        assert_eq!(distance(&tensor([f32::NAN, 4.0]), &tensor([f32::NAN, 4.0]), tolerance), Ok(0.0));
        assert_eq!(distance(&tensor([0.0, 4.0]), &tensor([f32::NAN, 4.0]), tolerance), Ok(f64::INFINITY));
        assert!(distance(&tensor([0.0, 4.0]), &Tensor::scalar(1.0f32).unwrap(), tolerance).is_err());
    }

    #[test]
    fn integers_are_exact_under_any_tolerance() {
        let (a, b) = (Tensor::scalar(100i64).unwrap(), Tensor::scalar(101i64).unwrap());
        assert!(compare(&a, &b, Tolerance::BF16).is_err());
        assert!(compare(&a, &Tensor::scalar(100i32).unwrap(), Tolerance::BF16).is_err());
        assert!(compare(&a, &a.reshaped(Shape::new(&[1]).unwrap()).unwrap(), Tolerance::EXACT).is_err());
    }
}
