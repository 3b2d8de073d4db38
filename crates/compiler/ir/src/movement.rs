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

/// What the new elements of a padded axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PadMode {
    /// One value.
    Constant,
    /// The input mirrored at its ends, which are not repeated.
    Reflect,
    /// The input's ends.
    Edge,
    /// The input again.
    Wrap,
}

impl PadMode {
    /// The place in an extent of `len` that an index in or beyond it stands for; none where the padding is a constant.
    pub fn inside(self, index: i64, len: usize) -> Option<usize> {
        let n = i64::try_from(len).ok().filter(|&n| n > 0)?;
        let index = match self {
            PadMode::Constant => index,
            PadMode::Edge => index.clamp(0, n - 1),
            PadMode::Wrap => index.rem_euclid(n),
            PadMode::Reflect if n == 1 => 0,
            PadMode::Reflect => {
                let period = n.checked_sub(1)?.checked_mul(2)?;
                let at = index.rem_euclid(period);
                at.min(period - at)
            }
        };
        usize::try_from(index).ok().filter(|&i| i < len)
    }
}

/// Elements of any type moved from inputs to outputs. Extents are those of the values at run time.
#[derive(Clone, Debug, PartialEq)]
pub enum Movement {
    /// Axis `i` of the output is this axis of the input.
    Transpose(Vec<usize>),
    /// First element (negative ones count from the end) and step of each axis.
    Slice(Vec<(i64, i64)>),
    /// Parts of an axis, one an output.
    Split(usize),
    /// Inputs one behind the other along an axis.
    Concat(usize),
    /// Axes of extent 1 repeated, and new ones in front.
    Expand,
    /// First elements from the second input; of the fourth and the fifth, if they are there, axes and steps.
    SliceAt,
    /// Slices of an axis, picked by the second input.
    Gather(usize),
    /// Each axis repeated as a whole.
    Tile,
    /// Elements before and after each axis.
    Pad {
        /// What the new elements are.
        mode: PadMode,
        /// How many there are before each axis; negative ones crop.
        starts: Vec<i64>,
        /// The bytes of the constant in front; without, the third input's element, or 0.
        value: Option<[u8; 8]>,
    },
    /// The nearest element of each position: a scale for each axis, or that of the extents.
    Nearest {
        /// How a position in the output becomes one in the input.
        coordinates: Coordinates,
        /// Which of two neighbours is taken.
        mode: NearestMode,
        /// Scales as the model gives them.
        scales: Vec<Option<f32>>,
    },
}

impl Movement {
    /// The kernel family.
    pub fn name(&self) -> &'static str {
        match self {
            Movement::Nearest { .. } | Movement::Tile => "copy_by_tables",
            Movement::Pad { mode, .. } if *mode != PadMode::Constant => "copy_by_tables",
            Movement::Gather(_) => "gather",
            _ => "copy_strided",
        }
    }
}

impl Coordinates {
    /// The extent of the input times the scale, where the corners of both are aligned: not cut to a whole number.
    pub fn resized(from: usize, to: usize, scale: f32) -> f32 {
        whole(scale * from as f32, to)
    }

    /// The position in the input of position `x` in the output, in f32 as other engines compute it: neighbours are chosen by it.
    pub fn source(self, x: usize, from: usize, to: usize, scale: f32) -> f32 {
        let x = x as f32;
        match self {
            Coordinates::HalfPixel => (x + 0.5) / scale - 0.5,
            Coordinates::PytorchHalfPixel if to > 1 => (x + 0.5) / scale - 0.5,
            Coordinates::PytorchHalfPixel => 0.0,
            Coordinates::TfHalfPixelForNn => (x + 0.5) / scale,
            Coordinates::AlignCorners if to > 1 => x * (from as f32 - 1.0) / (Self::resized(from, to, scale) - 1.0),
            Coordinates::AlignCorners => 0.0,
            Coordinates::Asymmetric => x / scale,
            Coordinates::HalfPixelSymmetric => {
                let adjustment = to as f32 / (scale * from as f32);
                from as f32 / 2.0 * (1.0 - adjustment) + (x + 0.5) / scale - 0.5
            }
        }
    }
}

/// A scaled extent: `to` where it is that but for rounding. What a scale leaves of an element counts where corners are aligned.
fn whole(scaled: f32, to: usize) -> f32 {
    if (scaled - to as f32).abs() < 1e-3 { to as f32 } else { scaled }
}

impl NearestMode {
    /// The neighbour of a position, before it is clamped to the input.
    pub fn nearest(self, x: f32, scale: f32) -> f32 {
        match self {
            NearestMode::RoundPreferFloor if x == x.trunc() + 0.5 => x.floor(),
            NearestMode::RoundPreferFloor | NearestMode::RoundPreferCeil => x.round(),
            NearestMode::Floor => x.floor(),
            NearestMode::Ceil => x.ceil(),
            NearestMode::Simple if scale < 1.0 => x.ceil(),
            NearestMode::Simple => x.trunc(),
        }
    }
}
