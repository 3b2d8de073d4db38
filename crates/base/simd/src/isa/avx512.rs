#![allow(unsafe_code)]
//! AVX-512 F, BW, VL and DQ: the logical vector is one `__m512`.

use super::{Isa, IsaId, Kernel, LANES};
use crate::Cpu;
use std::arch::x86_64::*;

/// Proof that this CPU has AVX-512 F, BW, VL and DQ, and AVX2 and FMA.
#[derive(Copy, Clone, Debug)]
pub struct Avx512(());

impl Avx512 {
    /// The token, where the CPU has the features.
    pub fn detect() -> Option<Self> {
        let has = super::avx2::Avx2::detect().is_some()
            && std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512dq");
        has.then_some(Avx512(()))
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
fn entry<K: Kernel>(kernel: K, isa: Avx512) -> K::Out {
    kernel.run(isa)
}

/// One safe expression out of intrinsics that touch no memory.
macro_rules! v {
    ($e:expr) => {
        // SAFETY: the token proves that the CPU has the feature; the intrinsics touch no memory.
        unsafe { $e }
    };
}

/// The mask of the first `n` of 16 lanes.
#[inline(always)]
fn tail_mask(n: usize) -> __mmask16 {
    ((1u32 << n.min(LANES)) - 1) as __mmask16
}

#[inline]
#[target_feature(enable = "avx512f")]
fn max16(a: __m512, b: __m512) -> __m512 {
    _mm512_mask_mov_ps(_mm512_max_ps(a, b), _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a), a)
}

/// Lanes `l + N` (in quarters of four lanes) beside lanes `l`.
macro_rules! fold16 {
    ($v:expr, $f:ident) => {{
        let a: __m512 = $v;
        v!({
            let a = $f(a, _mm512_shuffle_f32x4::<0b1110>(a, a));
            let a = $f(a, _mm512_shuffle_f32x4::<0b0001>(a, a));
            let a = $f(a, _mm512_shuffle_ps::<0b1110>(a, a));
            _mm512_cvtss_f32($f(a, _mm512_shuffle_ps::<0b0001>(a, a)))
        })
    }};
}

impl Isa for Avx512 {
    const NAME: &'static str = "avx512";
    const ID: IsaId = IsaId::Avx512;
    const FUSED_FMA: bool = true;
    type F32 = __m512;
    type I32 = __m512i;
    type Mask = __mmask16;

    fn of(cpu: Cpu) -> Option<Self> {
        if cpu.has(IsaId::Avx512) { Self::detect() } else { None }
    }

    fn enter<K: Kernel>(self, kernel: K) -> K::Out {
        // SAFETY: the token proves that the CPU has the features.
        unsafe { entry(kernel, self) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        v!(_mm512_set1_ps(x))
    }

    #[inline(always)]
    fn load(self, src: &[f32]) -> __m512 {
        let src = &src[..LANES];
        // SAFETY: `src` has 16 elements.
        unsafe { _mm512_loadu_ps(src.as_ptr()) }
    }

    #[inline(always)]
    fn load_partial(self, src: &[f32], fill: f32) -> __m512 {
        let mask = tail_mask(src.len());
        // SAFETY: masked lanes are not read, and the others lie in `src`.
        unsafe { _mm512_mask_loadu_ps(_mm512_set1_ps(fill), mask, src.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: __m512, dst: &mut [f32]) {
        let dst = &mut dst[..LANES];
        // SAFETY: `dst` has 16 elements.
        unsafe { _mm512_storeu_ps(dst.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn store_partial(self, v: __m512, dst: &mut [f32]) {
        let mask = tail_mask(dst.len());
        // SAFETY: masked lanes are not written, and the others lie in `dst`.
        unsafe { _mm512_mask_storeu_ps(dst.as_mut_ptr(), mask, v) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        v!(_mm512_fmadd_ps(a, b, c))
    }

    // MINPS and MAXPS give the second operand for zeros and for a NaN on either side.
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_mask_mov_ps(_mm512_min_ps(a, b), self.is_nan(a), a))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        v!(max16(a, b))
    }

    // The second operand of MAXPS and MINPS is the result for a NaN on either side and for two zeros.
    #[inline(always)]
    fn clamp(self, a: __m512, lo: __m512, hi: __m512) -> __m512 {
        v!(_mm512_min_ps(hi, _mm512_max_ps(lo, a)))
    }

    #[inline(always)]
    fn lesser(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn greater(self, a: __m512, b: __m512) -> __m512 {
        v!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn relu(self, a: __m512) -> __m512 {
        v!(_mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_NLE_UQ>(a, _mm512_setzero_ps()), a))
    }

    #[inline(always)]
    fn neg(self, a: __m512) -> __m512 {
        v!(_mm512_xor_ps(_mm512_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn abs(self, a: __m512) -> __m512 {
        v!(_mm512_andnot_ps(_mm512_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn copysign(self, a: __m512, sign: __m512) -> __m512 {
        v!(_mm512_or_ps(self.abs(a), _mm512_and_ps(_mm512_set1_ps(-0.0), sign)))
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        v!(_mm512_sqrt_ps(a))
    }

    #[inline(always)]
    fn floor(self, a: __m512) -> __m512 {
        v!(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a))
    }

    #[inline(always)]
    fn round(self, a: __m512) -> __m512 {
        v!(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a))
    }

    #[inline(always)]
    fn pow2(self, n: __m512) -> __m512 {
        let biased = self.add(n, self.splat(super::POW2_MAGIC));
        v!(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(biased))))
    }

    #[inline(always)]
    fn scale_pow2(self, a: __m512, n: __m512) -> __m512 {
        v!(_mm512_scalef_ps(a, n))
    }

    #[inline(always)]
    fn splat_i32(self, x: i32) -> __m512i {
        v!(_mm512_set1_epi32(x))
    }

    #[inline(always)]
    fn load_i32(self, src: &[i32]) -> __m512i {
        let src = &src[..LANES];
        // SAFETY: `src` has 16 elements.
        unsafe { _mm512_loadu_si512(src.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_i32(self, v: __m512i, dst: &mut [i32]) {
        let dst = &mut dst[..LANES];
        // SAFETY: `dst` has 16 elements.
        unsafe { _mm512_storeu_si512(dst.as_mut_ptr().cast(), v) }
    }

    #[inline(always)]
    fn to_bits(self, a: __m512) -> __m512i {
        v!(_mm512_castps_si512(a))
    }

    #[inline(always)]
    fn of_bits(self, a: __m512i) -> __m512 {
        v!(_mm512_castsi512_ps(a))
    }

    #[inline(always)]
    fn to_i32(self, a: __m512) -> __m512i {
        v!(_mm512_cvtps_epi32(a))
    }

    #[inline(always)]
    fn to_f32(self, a: __m512i) -> __m512 {
        v!(_mm512_cvtepi32_ps(a))
    }

    #[inline(always)]
    fn add_i32(self, a: __m512i, b: __m512i) -> __m512i {
        v!(_mm512_add_epi32(a, b))
    }

    #[inline(always)]
    fn sub_i32(self, a: __m512i, b: __m512i) -> __m512i {
        v!(_mm512_sub_epi32(a, b))
    }

    #[inline(always)]
    fn and_i32(self, a: __m512i, b: __m512i) -> __m512i {
        v!(_mm512_and_si512(a, b))
    }

    #[inline(always)]
    fn or_i32(self, a: __m512i, b: __m512i) -> __m512i {
        v!(_mm512_or_si512(a, b))
    }

    #[inline(always)]
    fn xor_i32(self, a: __m512i, b: __m512i) -> __m512i {
        v!(_mm512_xor_si512(a, b))
    }

    #[inline(always)]
    fn shl_i32(self, a: __m512i, n: u32) -> __m512i {
        v!(_mm512_sll_epi32(a, _mm_cvtsi32_si128(n as i32)))
    }

    #[inline(always)]
    fn shr_i32(self, a: __m512i, n: u32) -> __m512i {
        v!(_mm512_sra_epi32(a, _mm_cvtsi32_si128(n as i32)))
    }

    #[inline(always)]
    fn eq_i32(self, a: __m512i, b: __m512i) -> __mmask16 {
        v!(_mm512_cmpeq_epi32_mask(a, b))
    }

    #[inline(always)]
    fn gt_i32(self, a: __m512i, b: __m512i) -> __mmask16 {
        v!(_mm512_cmpgt_epi32_mask(a, b))
    }

    #[inline(always)]
    fn any(self, mask: __mmask16) -> bool {
        mask != 0
    }

    #[inline(always)]
    fn gt(self, a: __m512, b: __m512) -> __mmask16 {
        v!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b))
    }

    #[inline(always)]
    fn lt(self, a: __m512, b: __m512) -> __mmask16 {
        v!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b))
    }

    #[inline(always)]
    fn is_nan(self, a: __m512) -> __mmask16 {
        v!(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a))
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, yes: __m512, no: __m512) -> __m512 {
        v!(_mm512_mask_mov_ps(no, mask, yes))
    }

    #[inline(always)]
    fn unzip(self, a: __m512, b: __m512) -> (__m512, __m512) {
        v!({
            let evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            (_mm512_permutex2var_ps(a, evens, b), _mm512_permutex2var_ps(a, odds, b))
        })
    }

    #[inline(always)]
    fn unzipped(self, v: __m512) -> __m512 {
        v
    }

    // Pairs of rows, then fours, within quarters of four lanes; then the quarters move to their places.
    #[inline(always)]
    fn transpose(self, r: [__m512; LANES]) -> [__m512; LANES] {
        let (mut q, mut out) = (r, r);
        for i in (0..LANES).step_by(4) {
            let (lo01, hi01) = v!((_mm512_unpacklo_ps(r[i], r[i + 1]), _mm512_unpackhi_ps(r[i], r[i + 1])));
            let (lo23, hi23) = v!((_mm512_unpacklo_ps(r[i + 2], r[i + 3]), _mm512_unpackhi_ps(r[i + 2], r[i + 3])));
            q[i] = v!(_mm512_shuffle_ps::<0b01_00_01_00>(lo01, lo23));
            q[i + 1] = v!(_mm512_shuffle_ps::<0b11_10_11_10>(lo01, lo23));
            q[i + 2] = v!(_mm512_shuffle_ps::<0b01_00_01_00>(hi01, hi23));
            q[i + 3] = v!(_mm512_shuffle_ps::<0b11_10_11_10>(hi01, hi23));
        }
        for j in 0..4 {
            let even = v!((_mm512_shuffle_f32x4::<0x88>(q[j], q[4 + j]), _mm512_shuffle_f32x4::<0x88>(q[8 + j], q[12 + j])));
            let odd = v!((_mm512_shuffle_f32x4::<0xdd>(q[j], q[4 + j]), _mm512_shuffle_f32x4::<0xdd>(q[8 + j], q[12 + j])));
            out[j] = v!(_mm512_shuffle_f32x4::<0x88>(even.0, even.1));
            out[4 + j] = v!(_mm512_shuffle_f32x4::<0x88>(odd.0, odd.1));
            out[8 + j] = v!(_mm512_shuffle_f32x4::<0xdd>(even.0, even.1));
            out[12 + j] = v!(_mm512_shuffle_f32x4::<0xdd>(odd.0, odd.1));
        }
        out
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: SSE is part of x86-64; a prefetch reads nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn reduce_add(self, a: __m512) -> f32 {
        fold16!(a, _mm512_add_ps)
    }

    #[inline(always)]
    fn reduce_max(self, a: __m512) -> f32 {
        fold16!(a, max16)
    }
}
