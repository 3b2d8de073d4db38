//! Specs of operators that move elements.

/// How a position in the output of a resize becomes one in its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Coordinates {
    /// `(x + 0.5) / scale − 0.5`.
    #[default]
    HalfPixel,
    /// The same around the centre, where the scaled extent is not whole.
    HalfPixelSymmetric,
    /// The same, but 0 for an extent of 1.
    PytorchHalfPixel,
    /// `(x + 0.5) / scale`.
    TfHalfPixelForNn,
    /// The first and the last elements stay such.
    AlignCorners,
    /// `x / scale`.
    Asymmetric,
}

/// Which of two neighbours is the nearest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NearestMode {
    /// The nearer one; the lower one in the middle.
    #[default]
    RoundPreferFloor,
    /// The nearer one; the upper one in the middle.
    RoundPreferCeil,
    /// The lower one.
    Floor,
    /// The upper one.
    Ceil,
    /// The upper one where the extent shrinks, else the lower one (before opset 11).
    Simple,
}

/// How a value between elements is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interpolation {
    /// One element.
    Nearest(NearestMode),
    /// Two an axis.
    Linear,
    /// Four an axis.
    Cubic {
        /// The parameter of the curve.
        a: f32,
        /// Whether elements beyond the ends weigh nothing.
        exclude_outside: bool,
    },
}

/// A resize.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizeSpec {
    /// Positions.
    pub coordinates: Coordinates,
    /// Values.
    pub interpolation: Interpolation,
}
