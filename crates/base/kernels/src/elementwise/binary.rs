//! Functions of two elements, with broadcasting.

use super::broadcast::Walk;
use super::unary::split;
use crate::error::{KernelError, check_len};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};

/// A function of two elements.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
    /// The lesser; NaN and zeros as in [`Isa::min`].
    Min,
    /// The greater; NaN and zeros as in [`Isa::max`].
    Max,
}

/// Every function.
pub static BINARY: &[BinaryOp] = &[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div, BinaryOp::Min, BinaryOp::Max];

/// An operand: its elements, and for each dimension of the result its stride in elements; 0 where it is broadcast.
#[derive(Copy, Clone, Debug)]
pub struct Operand<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// One stride per dimension of the result.
    pub strides: &'a [usize],
}

/// `y = op(a, b)` over `shape` (at most [`super::MAX_DIMS`] dimensions); `y` is contiguous.
///
/// # Errors
/// Where the numbers of dimensions differ, or a slice is too short for its strides.
pub fn binary_f32(
    cpu: Cpu,
    op: BinaryOp,
    shape: &[usize],
    a: Operand<'_>,
    b: Operand<'_>,
    y: &mut [f32],
    team: Team,
) -> Result<(), KernelError> {
    let walk = Walk::new(shape, [a.strides, b.strides])?;
    check_len("binary a", walk.extents[0], a.data.len())?;
    check_len("binary b", walk.extents[1], b.data.len())?;
    check_len("binary y", walk.len, y.len())?;
    split(&mut y[..walk.len], team, &|start, y| {
        cpu.run(Part { op, walk: &walk, start, a: a.data, b: b.data, y });
    });
    Ok(())
}

/// The results from `start` on.
struct Part<'a> {
    op: BinaryOp,
    walk: &'a Walk,
    start: usize,
    a: &'a [f32],
    b: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Part<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        match self.op {
            BinaryOp::Add => self.runs(isa, Add),
            BinaryOp::Sub => self.runs(isa, Sub),
            BinaryOp::Mul => self.runs(isa, Mul),
            BinaryOp::Div => self.runs(isa, Div),
            BinaryOp::Min => self.runs(isa, Min),
            BinaryOp::Max => self.runs(isa, Max),
        }
    }
}

/// A function of two vectors, known to the compiler.
trait Function: Copy {
    fn of<I: Isa>(self, isa: I, a: I::F32, b: I::F32) -> I::F32;
}

macro_rules! functions {
    ($($name:ident $method:ident)*) => {$(
        #[derive(Copy, Clone)]
        struct $name;

        impl Function for $name {
            #[inline(always)]
            fn of<I: Isa>(self, isa: I, a: I::F32, b: I::F32) -> I::F32 {
                isa.$method(a, b)
            }
        }
    )*};
}

functions!(Add add  Sub sub  Mul mul  Div div  Min min  Max max);

impl Part<'_> {
    /// Walks the part in runs along the innermost dimension.
    #[inline(always)]
    fn runs<I: Isa, F: Function>(self, isa: I, f: F) {
        let inner = self.walk.inner();
        let (mut index, mut y) = (self.start, self.y);
        while !y.is_empty() {
            let left = inner.size - index % inner.size;
            let (run, rest) = y.split_at_mut(left.min(y.len()));
            let [a, b] = self.walk.offsets(index);
            let sources = [(&self.a[a..], inner.strides[0]), (&self.b[b..], inner.strides[1])];
            index += run.len();
            along(isa, f, sources, run);
            y = rest;
        }
    }
}

/// One run: each source is its elements and its stride.
#[inline(always)]
fn along<I: Isa, F: Function>(isa: I, f: F, [(a, step_a), (b, step_b)]: [(&[f32], usize); 2], y: &mut [f32]) {
    match (step_a, step_b) {
        (1, 1) => lanes(isa, f, Side::Each(a), Side::Each(b), y),
        (1, 0) => lanes(isa, f, Side::Each(a), Side::One(b[0]), y),
        (0, 1) => lanes(isa, f, Side::One(a[0]), Side::Each(b), y),
        _ => strided(isa, f, [(a, step_a), (b, step_b)], y),
    }
}

#[derive(Copy, Clone)]
enum Side<'a> {
    Each(&'a [f32]),
    One(f32),
}

impl Side<'_> {
    #[inline(always)]
    fn load<I: Isa>(self, isa: I, at: usize, len: usize) -> I::F32 {
        match self {
            Side::Each(data) if len == LANES => isa.load(&data[at..]),
            Side::Each(data) => isa.load_partial(&data[at..at + len], 1.0),
            Side::One(value) => isa.splat(value),
        }
    }
}

#[inline(always)]
fn lanes<I: Isa, F: Function>(isa: I, f: F, a: Side<'_>, b: Side<'_>, y: &mut [f32]) {
    let whole = y.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        let value = f.of(isa, a.load(isa, at, LANES), b.load(isa, at, LANES));
        isa.store(value, &mut y[at..]);
    }
    let rest = y.len() - whole;
    if rest > 0 {
        let value = f.of(isa, a.load(isa, whole, rest), b.load(isa, whole, rest));
        isa.store_partial(value, &mut y[whole..]);
    }
}

#[inline(always)]
fn strided<I: Isa, F: Function>(isa: I, f: F, [a, b]: [(&[f32], usize); 2], y: &mut [f32]) {
    for (block, y) in y.chunks_mut(LANES).enumerate() {
        let (mut left, mut right) = ([1.0; LANES], [1.0; LANES]);
        for l in 0..y.len() {
            let at = block * LANES + l;
            (left[l], right[l]) = (a.0[at * a.1], b.0[at * b.1]);
        }
        isa.store_partial(f.of(isa, isa.load(&left), isa.load(&right)), y);
    }
}
