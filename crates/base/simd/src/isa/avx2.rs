#![allow(unsafe_code)]
//! AVX2 with FMA: the logical vector is two `__m256`.

use super::{Isa, IsaId, Kernel, LANES};
use crate::Cpu;
use std::arch::x86_64::*;

/// Proof that this CPU has AVX2 and FMA.
#[derive(Copy, Clone, Debug)]
pub struct Avx2(());

impl Avx2 {
    /// The token, where the CPU has the features.
    pub fn detect() -> Option<Self> {
        let has = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
        has.then_some(Avx2(()))
    }
}

/// Sixteen lanes: 0 to 7, and 8 to 15. Masks have all bits of a true lane set.
#[derive(Copy, Clone, Debug)]
pub struct Lanes(__m256, __m256);

/// Sixteen integers: lanes 0 to 7, and 8 to 15.
#[derive(Copy, Clone, Debug)]
pub struct Ints(__m256i, __m256i);

/// Sixteen set words, then sixteen clear ones: the mask of `n` elements starts at `16 - n`.
static TAIL: [i32; 2 * LANES] = {
    let mut words = [0; 2 * LANES];
    let mut i = 0;
    while i < LANES {
        words[i] = -1;
        i += 1;
    }
    words
};

macro_rules! both {
    ($f:ident, $a:expr $(; $imm:ident)?) => {
        // SAFETY: the token proves that the CPU has the feature; the intrinsic touches no memory.
        unsafe { Lanes($f $(::<$imm>)? ($a.0), $f $(::<$imm>)? ($a.1)) }
    };
    ($f:ident, $a:expr, $b:expr $(; $imm:ident)?) => {
        // SAFETY: as above.
        unsafe { Lanes($f $(::<$imm>)? ($a.0, $b.0), $f $(::<$imm>)? ($a.1, $b.1)) }
    };
    ($f:ident, $a:expr, $b:expr, $c:expr) => {
        // SAFETY: as above.
        unsafe { Lanes($f($a.0, $b.0, $c.0), $f($a.1, $b.1, $c.1)) }
    };
}

macro_rules! halves {
    ($to:ident, $f:ident, $a:expr $(, $b:expr)?) => {
        // SAFETY: as above.
        unsafe { $to($f($a.0 $(, $b.0)?), $f($a.1 $(, $b.1)?)) }
    };
}

#[target_feature(enable = "avx2,fma")]
fn entry<K: Kernel>(kernel: K, isa: Avx2) -> K::Out {
    kernel.run(isa)
}

/// The masks of the first `n` of 16 lanes.
#[inline(always)]
fn tail_masks(n: usize) -> (__m256i, __m256i) {
    let from = &TAIL[LANES - n..2 * LANES - n];
    // SAFETY: `from` has 16 words; the caller holds a token.
    unsafe { (_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from.as_ptr().add(8).cast())) }
}

/// Folds eight lanes by the tree 4 + 4, 2 + 2, 1 + 1.
macro_rules! fold8 {
    ($v:expr, $f:ident) => {{
        let v: __m256 = $v;
        // SAFETY: the caller holds a token; no memory is touched.
        unsafe {
            let v = $f(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
            let v = $f(v, _mm_movehl_ps(v, v));
            _mm_cvtss_f32($f(v, _mm_shuffle_ps::<1>(v, v)))
        }
    }};
}

#[inline(always)]
fn add4(a: __m128, b: __m128) -> __m128 {
    // SAFETY: SSE is part of x86-64.
    unsafe { _mm_add_ps(a, b) }
}

#[inline(always)]
fn max4(a: __m128, b: __m128) -> __m128 {
    // SAFETY: the caller holds a token; no memory is touched.
    unsafe { _mm_blendv_ps(_mm_max_ps(a, b), a, _mm_cmpunord_ps(a, a)) }
}

impl Isa for Avx2 {
    const NAME: &'static str = "avx2";
    const ID: IsaId = IsaId::Avx2;
    const FUSED_FMA: bool = true;
    type F32 = Lanes;
    type I32 = Ints;
    type Mask = Lanes;

    fn of(cpu: Cpu) -> Option<Self> {
        if cpu.has(IsaId::Avx2) { Self::detect() } else { None }
    }

    fn enter<K: Kernel>(self, kernel: K) -> K::Out {
        // SAFETY: the token proves that the CPU has the features.
        unsafe { entry(kernel, self) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Lanes {
        // SAFETY: the token proves the feature.
        let v = unsafe { _mm256_set1_ps(x) };
        Lanes(v, v)
    }

    #[inline(always)]
    fn load(self, src: &[f32]) -> Lanes {
        let src = &src[..LANES];
        // SAFETY: `src` has 16 elements.
        unsafe { Lanes(_mm256_loadu_ps(src.as_ptr()), _mm256_loadu_ps(src.as_ptr().add(8))) }
    }

    #[inline(always)]
    fn load_partial(self, src: &[f32], fill: f32) -> Lanes {
        let (lo, hi) = tail_masks(src.len().min(LANES));
        let (p, fill) = (src.as_ptr(), self.splat(fill));
        // SAFETY: masked lanes are not read, and the others lie in `src`.
        let v = unsafe { Lanes(_mm256_maskload_ps(p, lo), _mm256_maskload_ps(p.wrapping_add(8), hi)) };
        // SAFETY: no memory is touched.
        let mask = unsafe { Lanes(_mm256_castsi256_ps(lo), _mm256_castsi256_ps(hi)) };
        self.select(mask, v, fill)
    }

    #[inline(always)]
    fn store(self, v: Lanes, dst: &mut [f32]) {
        let dst = &mut dst[..LANES];
        // SAFETY: `dst` has 16 elements.
        unsafe {
            _mm256_storeu_ps(dst.as_mut_ptr(), v.0);
            _mm256_storeu_ps(dst.as_mut_ptr().add(8), v.1);
        }
    }

    #[inline(always)]
    fn store_partial(self, v: Lanes, dst: &mut [f32]) {
        let (lo, hi) = tail_masks(dst.len().min(LANES));
        let p = dst.as_mut_ptr();
        // SAFETY: masked lanes are not written, and the others lie in `dst`.
        unsafe {
            _mm256_maskstore_ps(p, lo, v.0);
            _mm256_maskstore_ps(p.wrapping_add(8), hi, v.1);
        }
    }

    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_add_ps, a, b)
    }

    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_sub_ps, a, b)
    }

    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_mul_ps, a, b)
    }

    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_div_ps, a, b)
    }

    #[inline(always)]
    fn fma(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        both!(_mm256_fmadd_ps, a, b, c)
    }

    // MINPS and MAXPS give the second operand for zeros and for a NaN on either side.
    #[inline(always)]
    fn min(self, a: Lanes, b: Lanes) -> Lanes {
        self.select(self.is_nan(a), a, both!(_mm256_min_ps, a, b))
    }

    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        self.select(self.is_nan(a), a, both!(_mm256_max_ps, a, b))
    }

    #[inline(always)]
    fn lesser(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_min_ps, a, b)
    }

    #[inline(always)]
    fn greater(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_max_ps, a, b)
    }

    #[inline(always)]
    fn clamp(self, a: Lanes, lo: Lanes, hi: Lanes) -> Lanes {
        let above = both!(_mm256_max_ps, lo, a);
        both!(_mm256_min_ps, hi, above)
    }

    #[inline(always)]
    fn relu(self, a: Lanes) -> Lanes {
        let above_or_nan = both!(_mm256_cmp_ps, a, self.splat(0.0); _CMP_NLE_UQ);
        both!(_mm256_and_ps, a, above_or_nan)
    }

    #[inline(always)]
    fn neg(self, a: Lanes) -> Lanes {
        both!(_mm256_xor_ps, self.splat(-0.0), a)
    }

    #[inline(always)]
    fn abs(self, a: Lanes) -> Lanes {
        both!(_mm256_andnot_ps, self.splat(-0.0), a)
    }

    #[inline(always)]
    fn copysign(self, a: Lanes, sign: Lanes) -> Lanes {
        let sign = both!(_mm256_and_ps, self.splat(-0.0), sign);
        both!(_mm256_or_ps, self.abs(a), sign)
    }

    #[inline(always)]
    fn sqrt(self, a: Lanes) -> Lanes {
        both!(_mm256_sqrt_ps, a)
    }

    #[inline(always)]
    fn floor(self, a: Lanes) -> Lanes {
        const DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
        both!(_mm256_round_ps, a; DOWN)
    }

    #[inline(always)]
    fn round(self, a: Lanes) -> Lanes {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        both!(_mm256_round_ps, a; NEAREST)
    }

    #[inline(always)]
    fn pow2(self, n: Lanes) -> Lanes {
        let biased = self.add(n, self.splat(super::POW2_MAGIC));
        both!(shift_to_exponent, biased)
    }

    #[inline(always)]
    fn scale_pow2(self, a: Lanes, n: Lanes) -> Lanes {
        super::scale_pow2(self, a, n)
    }

    #[inline(always)]
    fn splat_i32(self, x: i32) -> Ints {
        // SAFETY: the token proves the feature.
        let v = unsafe { _mm256_set1_epi32(x) };
        Ints(v, v)
    }

    #[inline(always)]
    fn load_i32(self, src: &[i32]) -> Ints {
        let src = &src[..LANES];
        // SAFETY: `src` has 16 elements.
        unsafe { Ints(_mm256_loadu_si256(src.as_ptr().cast()), _mm256_loadu_si256(src.as_ptr().add(8).cast())) }
    }

    #[inline(always)]
    fn store_i32(self, v: Ints, dst: &mut [i32]) {
        let dst = &mut dst[..LANES];
        // SAFETY: `dst` has 16 elements.
        unsafe {
            _mm256_storeu_si256(dst.as_mut_ptr().cast(), v.0);
            _mm256_storeu_si256(dst.as_mut_ptr().add(8).cast(), v.1);
        }
    }

    #[inline(always)]
    fn to_bits(self, a: Lanes) -> Ints {
        halves!(Ints, _mm256_castps_si256, a)
    }

    #[inline(always)]
    fn of_bits(self, a: Ints) -> Lanes {
        halves!(Lanes, _mm256_castsi256_ps, a)
    }

    #[inline(always)]
    fn to_i32(self, a: Lanes) -> Ints {
        halves!(Ints, _mm256_cvtps_epi32, a)
    }

    #[inline(always)]
    fn to_f32(self, a: Ints) -> Lanes {
        halves!(Lanes, _mm256_cvtepi32_ps, a)
    }

    #[inline(always)]
    fn add_i32(self, a: Ints, b: Ints) -> Ints {
        halves!(Ints, _mm256_add_epi32, a, b)
    }

    #[inline(always)]
    fn sub_i32(self, a: Ints, b: Ints) -> Ints {
        halves!(Ints, _mm256_sub_epi32, a, b)
    }

    #[inline(always)]
    fn and_i32(self, a: Ints, b: Ints) -> Ints {
        halves!(Ints, _mm256_and_si256, a, b)
    }

    #[inline(always)]
    fn or_i32(self, a: Ints, b: Ints) -> Ints {
        halves!(Ints, _mm256_or_si256, a, b)
    }

    #[inline(always)]
    fn xor_i32(self, a: Ints, b: Ints) -> Ints {
        halves!(Ints, _mm256_xor_si256, a, b)
    }

    #[inline(always)]
    fn shl_i32(self, a: Ints, n: u32) -> Ints {
        // SAFETY: SSE2 is part of x86-64.
        let n = unsafe { _mm_cvtsi32_si128(n as i32) };
        // SAFETY: the token proves the feature; no memory is touched.
        unsafe { Ints(_mm256_sll_epi32(a.0, n), _mm256_sll_epi32(a.1, n)) }
    }

    #[inline(always)]
    fn shr_i32(self, a: Ints, n: u32) -> Ints {
        // SAFETY: SSE2 is part of x86-64.
        let n = unsafe { _mm_cvtsi32_si128(n as i32) };
        // SAFETY: the token proves the feature; no memory is touched.
        unsafe { Ints(_mm256_sra_epi32(a.0, n), _mm256_sra_epi32(a.1, n)) }
    }

    #[inline(always)]
    fn eq_i32(self, a: Ints, b: Ints) -> Lanes {
        self.of_bits(halves!(Ints, _mm256_cmpeq_epi32, a, b))
    }

    #[inline(always)]
    fn gt_i32(self, a: Ints, b: Ints) -> Lanes {
        self.of_bits(halves!(Ints, _mm256_cmpgt_epi32, a, b))
    }

    #[inline(always)]
    fn any(self, mask: Lanes) -> bool {
        // SAFETY: the token proves the feature; no memory is touched.
        unsafe { _mm256_movemask_ps(_mm256_or_ps(mask.0, mask.1)) != 0 }
    }

    #[inline(always)]
    fn gt(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_cmp_ps, a, b; _CMP_GT_OQ)
    }

    #[inline(always)]
    fn lt(self, a: Lanes, b: Lanes) -> Lanes {
        both!(_mm256_cmp_ps, a, b; _CMP_LT_OQ)
    }

    #[inline(always)]
    fn is_nan(self, a: Lanes) -> Lanes {
        both!(_mm256_cmp_ps, a, a; _CMP_UNORD_Q)
    }

    #[inline(always)]
    fn select(self, mask: Lanes, yes: Lanes, no: Lanes) -> Lanes {
        both!(_mm256_blendv_ps, no, yes, mask)
    }

    // Within each half: lanes 0, 2, 8, 10, 4, 6, 12, 14.
    #[inline(always)]
    fn unzip(self, a: Lanes, b: Lanes) -> (Lanes, Lanes) {
        // SAFETY: the token proves the feature; no memory is touched.
        unsafe {
            let evens = Lanes(_mm256_shuffle_ps::<0b10_00_10_00>(a.0, a.1), _mm256_shuffle_ps::<0b10_00_10_00>(b.0, b.1));
            let odds = Lanes(_mm256_shuffle_ps::<0b11_01_11_01>(a.0, a.1), _mm256_shuffle_ps::<0b11_01_11_01>(b.0, b.1));
            (evens, odds)
        }
    }

    #[inline(always)]
    fn unzipped(self, v: Lanes) -> Lanes {
        both!(unzipped8, v)
    }

    // Four squares of eight by eight.
    #[inline(always)]
    fn transpose(self, r: [Lanes; LANES]) -> [Lanes; LANES] {
        let mut out = r;
        let quarter = |first: usize, high: bool| -> [__m256; 8] {
            let rows = std::array::from_fn(|i| if high { r[first + i].1 } else { r[first + i].0 });
            // SAFETY: the token proves the feature; no memory is touched.
            unsafe { transposed8(rows) }
        };
        let (a, b, c, d) = (quarter(0, false), quarter(8, false), quarter(0, true), quarter(8, true));
        for i in 0..8 {
            out[i] = Lanes(a[i], b[i]);
            out[8 + i] = Lanes(c[i], d[i]);
        }
        out
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: SSE is part of x86-64; a prefetch reads nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn reduce_add(self, a: Lanes) -> f32 {
        // SAFETY: the token proves the feature; no memory is touched.
        fold8!(unsafe { _mm256_add_ps(a.0, a.1) }, add4)
    }

    #[inline(always)]
    fn reduce_max(self, a: Lanes) -> f32 {
        fold8!(self.max(Lanes(a.0, a.0), Lanes(a.1, a.1)).0, max4)
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn shift_to_exponent(v: __m256) -> __m256 {
    _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(v)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn unzipped8(v: __m256) -> __m256 {
    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(v)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn transposed8(r: [__m256; 8]) -> [__m256; 8] {
    let (mut q, mut out) = (r, r);
    for i in [0, 4] {
        let (lo01, hi01) = (_mm256_unpacklo_ps(r[i], r[i + 1]), _mm256_unpackhi_ps(r[i], r[i + 1]));
        let (lo23, hi23) = (_mm256_unpacklo_ps(r[i + 2], r[i + 3]), _mm256_unpackhi_ps(r[i + 2], r[i + 3]));
        q[i] = _mm256_shuffle_ps::<0b01_00_01_00>(lo01, lo23);
        q[i + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(lo01, lo23);
        q[i + 2] = _mm256_shuffle_ps::<0b01_00_01_00>(hi01, hi23);
        q[i + 3] = _mm256_shuffle_ps::<0b11_10_11_10>(hi01, hi23);
    }
    for j in 0..4 {
        out[j] = _mm256_permute2f128_ps::<0x20>(q[j], q[4 + j]);
        out[4 + j] = _mm256_permute2f128_ps::<0x31>(q[j], q[4 + j]);
    }
    out
}
