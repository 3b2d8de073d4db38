//! The vector trait. One file per instruction set beside this one.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
pub(crate) mod portable;

use crate::Cpu;

/// Lanes of the logical vector, on every instruction set.
pub const LANES: usize = 16;

/// Names an instruction set that kernels are compiled for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum IsaId {
    /// Plain Rust; runs anywhere.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F, BW, VL and DQ (and AVX2 and FMA).
    Avx512,
}

impl IsaId {
    /// Every instruction set, from the least to the most preferred.
    pub const ALL: &'static [IsaId] = &[IsaId::Portable, IsaId::Avx2, IsaId::Avx512];

    /// The name used in `FASTSERVE_ISA` and in kernel names.
    pub const fn name(self) -> &'static str {
        match self {
            IsaId::Portable => "portable",
            IsaId::Avx2 => "avx2",
            IsaId::Avx512 => "avx512",
        }
    }
}

/// Code that is compiled once per instruction set.
///
/// The implementation must mark `run`, and each helper it calls, `#[inline(always)]`: only what is inlined into the
/// entry of an instruction set is compiled with that set. Closures are not always inlined; avoid them in hot loops.
pub trait Kernel {
    /// What the kernel returns.
    type Out;

    /// The body, for one instruction set.
    fn run<I: Isa>(self, isa: I) -> Self::Out;
}

/// An instruction set: a zero-sized proof that this CPU has it, and its operations on 16 lanes of `f32`.
///
/// # Minimum and maximum
/// `max(a, b)` is `a` where `a > b` or `a` is NaN, and `b` otherwise; `min(a, b)` is `a` where `a < b` or `a` is NaN,
/// and `b` otherwise. So a NaN on either side gives NaN, and of two zeros the result is the second operand. All
/// instruction sets do the same. NaN payloads are not specified.
///
/// # Panics
/// Loads and stores panic where the slice is shorter than they say; this is a defect of the caller, never of input.
pub trait Isa: Copy + Send + Sync + 'static {
    /// The name, as in [`IsaId::name`].
    const NAME: &'static str;
    /// Which instruction set this is.
    const ID: IsaId;
    /// Whether [`Isa::fma`] rounds once.
    const FUSED_FMA: bool;
    /// Sixteen lanes of `f32`.
    type F32: Copy;
    /// Sixteen lanes of `i32`.
    type I32: Copy;
    /// Sixteen truth values.
    type Mask: Copy;

    /// The token, where `cpu` includes this instruction set.
    fn of(cpu: Cpu) -> Option<Self>;
    /// Runs `kernel` compiled with this instruction set.
    fn enter<K: Kernel>(self, kernel: K) -> K::Out;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::F32;
    /// The first 16 elements of `src`.
    fn load(self, src: &[f32]) -> Self::F32;
    /// The elements of `src` (all of them up to 16), then `fill`.
    fn load_partial(self, src: &[f32], fill: f32) -> Self::F32;
    /// Writes 16 lanes to the start of `dst`.
    fn store(self, v: Self::F32, dst: &mut [f32]);
    /// Writes as many lanes as `dst` has elements, up to 16.
    fn store_partial(self, v: Self::F32, dst: &mut [f32]);

    /// `a + b`.
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`.
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`.
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`.
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once where [`Isa::FUSED_FMA`].
    fn fma(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// The lesser lane; NaN and zeros as the trait says.
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The greater lane; NaN and zeros as the trait says.
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a` where `a < b`, `b` elsewhere (so also where one is NaN). One instruction, unlike [`Isa::min`].
    fn lesser(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a` where `a > b`, `b` elsewhere (so also where one is NaN). One instruction, unlike [`Isa::max`].
    fn greater(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `lo` where `a < lo`, then `hi` where that is above `hi`; NaN and each zero stay as they are.
    fn clamp(self, a: Self::F32, lo: Self::F32, hi: Self::F32) -> Self::F32;
    /// `max(a, 0)`: NaN stays, and -0 gives +0.
    fn relu(self, a: Self::F32) -> Self::F32;
    /// Flips the sign bit.
    fn neg(self, a: Self::F32) -> Self::F32;
    /// Clears the sign bit.
    fn abs(self, a: Self::F32) -> Self::F32;
    /// The magnitude of `a` with the sign bit of `sign`.
    fn copysign(self, a: Self::F32, sign: Self::F32) -> Self::F32;
    /// The correctly rounded square root.
    fn sqrt(self, a: Self::F32) -> Self::F32;
    /// The greatest integer not above `a`.
    fn floor(self, a: Self::F32) -> Self::F32;
    /// The nearest integer, ties to even.
    fn round(self, a: Self::F32) -> Self::F32;
    /// `2^n` for integral `n` in `-126..=127`; unspecified (but the same everywhere) for other lanes.
    fn pow2(self, n: Self::F32) -> Self::F32;
    /// `a * 2^n`, rounded once, for integral `n` in `-252..=254` and `a` of magnitude `0.5..=2`, or NaN; unspecified for
    /// other lanes.
    fn scale_pow2(self, a: Self::F32, n: Self::F32) -> Self::F32;

    /// `x` in every lane.
    fn splat_i32(self, x: i32) -> Self::I32;
    /// The first 16 elements of `src`.
    fn load_i32(self, src: &[i32]) -> Self::I32;
    /// Writes 16 lanes to the start of `dst`.
    fn store_i32(self, v: Self::I32, dst: &mut [i32]);
    /// The bits of `a`.
    fn to_bits(self, a: Self::F32) -> Self::I32;
    /// The number with the bits of `a`.
    fn of_bits(self, a: Self::I32) -> Self::F32;
    /// The nearest integer, ties to even; unspecified where that is no `i32`.
    fn to_i32(self, a: Self::F32) -> Self::I32;
    /// The nearest `f32`, ties to even.
    fn to_f32(self, a: Self::I32) -> Self::F32;
    /// `a + b`, wrapping around.
    fn add_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// `a - b`, wrapping around.
    fn sub_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bits set in both.
    fn and_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bits set in either.
    fn or_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Bits set in one.
    fn xor_i32(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Shifted left by `n < 32` bits. Give a constant: then it is one instruction.
    fn shl_i32(self, a: Self::I32, n: u32) -> Self::I32;
    /// Shifted right by `n < 32` bits, keeping the sign. Give a constant: then it is one instruction.
    fn shr_i32(self, a: Self::I32, n: u32) -> Self::I32;
    /// Where `a == b`.
    fn eq_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask;
    /// Where `a > b`.
    fn gt_i32(self, a: Self::I32, b: Self::I32) -> Self::Mask;

    /// Whether any lane is true.
    fn any(self, mask: Self::Mask) -> bool;
    /// Where `a > b`; false for NaN.
    fn gt(self, a: Self::F32, b: Self::F32) -> Self::Mask;
    /// Where `a < b`; false for NaN.
    fn lt(self, a: Self::F32, b: Self::F32) -> Self::Mask;
    /// Where `a` is NaN.
    fn is_nan(self, a: Self::F32) -> Self::Mask;
    /// `yes` where `mask`, `no` elsewhere.
    fn select(self, mask: Self::Mask, yes: Self::F32, no: Self::F32) -> Self::F32;

    /// Lanes 0, 2, 4, … of `a`, then those of `b`; and lanes 1, 3, 5, … of both. The lanes are in an order of the
    /// instruction set's own, the same in both results; [`Isa::unzipped`] puts them in order.
    fn unzip(self, a: Self::F32, b: Self::F32) -> (Self::F32, Self::F32);
    /// What came of results of [`Isa::unzip`], lane by lane, with its lanes in order.
    fn unzipped(self, v: Self::F32) -> Self::F32;

    /// The sixteen by sixteen matrix whose rows are `rows`, transposed.
    fn transpose(self, rows: [Self::F32; LANES]) -> [Self::F32; LANES];
    /// Asks for the cache line at `at` ahead of its use. Any address will do: nothing is read.
    fn prefetch(self, at: *const f32);

    /// The sum of the lanes by the fixed tree: lanes `l` and `l + 8`, then `l + 4`, `l + 2`, `l + 1`.
    fn reduce_add(self, a: Self::F32) -> f32;
    /// The greatest lane by the same tree; NaN as in [`Isa::max`].
    fn reduce_max(self, a: Self::F32) -> f32;
}

/// `1.5 * 2^23 + 127`: adding it leaves `n + 127`, the biased exponent, in the low bits of the sum.
const POW2_MAGIC: f32 = 12_582_912.0 + 127.0;

/// [`Isa::scale_pow2`] for sets without an instruction of that meaning. Two steps, as `n` may be beyond the exponents of
/// one factor; the first is exact.
#[inline(always)]
fn scale_pow2<I: Isa>(isa: I, a: I::F32, n: I::F32) -> I::F32 {
    let half = isa.floor(isa.mul(n, isa.splat(0.5)));
    isa.mul(isa.mul(a, isa.pow2(half)), isa.pow2(isa.sub(n, half)))
}
