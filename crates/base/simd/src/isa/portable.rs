//! Plain Rust over `[f32; 16]`. The compiler may vectorise it for the build's base target.

use super::{Isa, IsaId, Kernel, LANES};
use crate::Cpu;

/// The token of the portable code. `fma` rounds twice here, so results may differ in the last bits from other sets.
#[derive(Copy, Clone, Debug, Default)]
pub struct Portable(());

impl Portable {
    /// The token; any CPU will do.
    pub const fn new() -> Self {
        Portable(())
    }
}

/// Sixteen lanes.
#[derive(Copy, Clone, Debug)]
#[repr(C, align(64))]
pub struct Lanes([f32; LANES]);

/// Sixteen integers.
#[derive(Copy, Clone, Debug)]
#[repr(C, align(64))]
pub struct Ints([i32; LANES]);

macro_rules! map {
    ($a:expr, |$x:ident| $body:expr) => {{
        let mut out = $a.0;
        for $x in &mut out {
            *$x = {
                let $x = *$x;
                $body
            };
        }
        Lanes(out)
    }};
    ($a:expr, $b:expr, |$x:ident, $y:ident| $body:expr) => {{
        let mut out = $a.0;
        for ($x, $y) in out.iter_mut().zip($b.0) {
            *$x = {
                let $x = *$x;
                $body
            };
        }
        Lanes(out)
    }};
}

macro_rules! ints {
    ($a:expr, $b:expr, |$x:ident, $y:ident| $body:expr) => {{
        let mut out = $a.0;
        for ($x, $y) in out.iter_mut().zip($b.0) {
            *$x = {
                let $x = *$x;
                $body
            };
        }
        Ints(out)
    }};
}

macro_rules! mask {
    ($a:expr, $b:expr, |$x:ident, $y:ident| $body:expr) => {{
        let mut out = [false; LANES];
        for (m, ($x, $y)) in out.iter_mut().zip($a.0.into_iter().zip($b.0)) {
            *m = $body;
        }
        out
    }};
}

/// The scalar rule of [`Isa::max`].
#[inline(always)]
fn max(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// The scalar rule of [`Isa::min`].
#[inline(always)]
fn min(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

macro_rules! reduce {
    ($v:expr, |$x:ident, $y:ident| $body:expr) => {{
        let mut lanes = $v.0;
        for half in [8, 4, 2, 1] {
            for l in 0..half {
                let ($x, $y) = (lanes[l], lanes[l + half]);
                lanes[l] = $body;
            }
        }
        lanes[0]
    }};
}

impl Isa for Portable {
    const NAME: &'static str = "portable";
    const ID: IsaId = IsaId::Portable;
    const FUSED_FMA: bool = false;
    type F32 = Lanes;
    type I32 = Ints;
    type Mask = [bool; LANES];

    fn of(_: Cpu) -> Option<Self> {
        Some(Portable::new())
    }

    fn enter<K: Kernel>(self, kernel: K) -> K::Out {
        kernel.run(self)
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Lanes {
        Lanes([x; LANES])
    }

    #[inline(always)]
    fn load(self, src: &[f32]) -> Lanes {
        let mut out = [0.0; LANES];
        out.copy_from_slice(&src[..LANES]);
        Lanes(out)
    }

    #[inline(always)]
    fn load_partial(self, src: &[f32], fill: f32) -> Lanes {
        let n = src.len().min(LANES);
        let mut out = [fill; LANES];
        out[..n].copy_from_slice(&src[..n]);
        Lanes(out)
    }

    #[inline(always)]
    fn store(self, v: Lanes, dst: &mut [f32]) {
        dst[..LANES].copy_from_slice(&v.0);
    }

    #[inline(always)]
    fn store_partial(self, v: Lanes, dst: &mut [f32]) {
        let n = dst.len().min(LANES);
        dst[..n].copy_from_slice(&v.0[..n]);
    }

    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| x + y)
    }

    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| x - y)
    }

    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| x * y)
    }

    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| x / y)
    }

    #[inline(always)]
    fn fma(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn min(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| min(x, y))
    }

    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| max(x, y))
    }

    #[inline(always)]
    fn lesser(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| if x < y { x } else { y })
    }

    #[inline(always)]
    fn greater(self, a: Lanes, b: Lanes) -> Lanes {
        map!(a, b, |x, y| if x > y { x } else { y })
    }

    #[inline(always)]
    fn clamp(self, a: Lanes, lo: Lanes, hi: Lanes) -> Lanes {
        let mut out = a;
        for (x, (&lo, &hi)) in out.0.iter_mut().zip(lo.0.iter().zip(&hi.0)) {
            let above = if lo > *x { lo } else { *x };
            *x = if hi < above { hi } else { above };
        }
        out
    }

    #[inline(always)]
    fn relu(self, a: Lanes) -> Lanes {
        map!(a, |x| max(x, 0.0))
    }

    #[inline(always)]
    fn neg(self, a: Lanes) -> Lanes {
        map!(a, |x| -x)
    }

    #[inline(always)]
    fn abs(self, a: Lanes) -> Lanes {
        map!(a, |x| x.abs())
    }

    #[inline(always)]
    fn copysign(self, a: Lanes, sign: Lanes) -> Lanes {
        map!(a, sign, |x, s| x.copysign(s))
    }

    #[inline(always)]
    fn sqrt(self, a: Lanes) -> Lanes {
        map!(a, |x| x.sqrt())
    }

    #[inline(always)]
    fn floor(self, a: Lanes) -> Lanes {
        map!(a, |x| x.floor())
    }

    #[inline(always)]
    fn round(self, a: Lanes) -> Lanes {
        map!(a, |x| x.round_ties_even())
    }

    #[inline(always)]
    fn pow2(self, n: Lanes) -> Lanes {
        map!(n, |x| f32::from_bits((x + super::POW2_MAGIC).to_bits() << 23))
    }

    #[inline(always)]
    fn scale_pow2(self, a: Lanes, n: Lanes) -> Lanes {
        super::scale_pow2(self, a, n)
    }

    #[inline(always)]
    fn splat_i32(self, x: i32) -> Ints {
        Ints([x; LANES])
    }

    #[inline(always)]
    fn load_i32(self, src: &[i32]) -> Ints {
        let mut out = [0; LANES];
        out.copy_from_slice(&src[..LANES]);
        Ints(out)
    }

    #[inline(always)]
    fn store_i32(self, v: Ints, dst: &mut [i32]) {
        dst[..LANES].copy_from_slice(&v.0);
    }

    #[inline(always)]
    fn to_bits(self, a: Lanes) -> Ints {
        Ints(a.0.map(|x| x.to_bits() as i32))
    }

    #[inline(always)]
    fn of_bits(self, a: Ints) -> Lanes {
        Lanes(a.0.map(|x| f32::from_bits(x as u32)))
    }

    #[inline(always)]
    fn to_i32(self, a: Lanes) -> Ints {
        Ints(a.0.map(|x| x.round_ties_even() as i32))
    }

    #[inline(always)]
    fn to_f32(self, a: Ints) -> Lanes {
        Lanes(a.0.map(|x| x as f32))
    }

    #[inline(always)]
    fn add_i32(self, a: Ints, b: Ints) -> Ints {
        ints!(a, b, |x, y| x.wrapping_add(y))
    }

    #[inline(always)]
    fn sub_i32(self, a: Ints, b: Ints) -> Ints {
        ints!(a, b, |x, y| x.wrapping_sub(y))
    }

    #[inline(always)]
    fn and_i32(self, a: Ints, b: Ints) -> Ints {
        ints!(a, b, |x, y| x & y)
    }

    #[inline(always)]
    fn or_i32(self, a: Ints, b: Ints) -> Ints {
        ints!(a, b, |x, y| x | y)
    }

    #[inline(always)]
    fn xor_i32(self, a: Ints, b: Ints) -> Ints {
        ints!(a, b, |x, y| x ^ y)
    }

    #[inline(always)]
    fn shl_i32(self, a: Ints, n: u32) -> Ints {
        Ints(a.0.map(|x| x.wrapping_shl(n)))
    }

    #[inline(always)]
    fn shr_i32(self, a: Ints, n: u32) -> Ints {
        Ints(a.0.map(|x| x.wrapping_shr(n)))
    }

    #[inline(always)]
    fn eq_i32(self, a: Ints, b: Ints) -> [bool; LANES] {
        mask!(a, b, |x, y| x == y)
    }

    #[inline(always)]
    fn gt_i32(self, a: Ints, b: Ints) -> [bool; LANES] {
        mask!(a, b, |x, y| x > y)
    }

    #[inline(always)]
    fn any(self, mask: [bool; LANES]) -> bool {
        mask.contains(&true)
    }

    #[inline(always)]
    fn gt(self, a: Lanes, b: Lanes) -> [bool; LANES] {
        mask!(a, b, |x, y| x > y)
    }

    #[inline(always)]
    fn lt(self, a: Lanes, b: Lanes) -> [bool; LANES] {
        mask!(a, b, |x, y| x < y)
    }

    #[inline(always)]
    fn is_nan(self, a: Lanes) -> [bool; LANES] {
        mask!(a, a, |x, _y| x.is_nan())
    }

    #[inline(always)]
    fn select(self, mask: [bool; LANES], yes: Lanes, no: Lanes) -> Lanes {
        let mut out = no.0;
        for (o, (m, y)) in out.iter_mut().zip(mask.into_iter().zip(yes.0)) {
            *o = if m { y } else { *o };
        }
        Lanes(out)
    }

    #[inline(always)]
    fn unzip(self, a: Lanes, b: Lanes) -> (Lanes, Lanes) {
        let (mut evens, mut odds) = ([0.0; LANES], [0.0; LANES]);
        for l in 0..LANES / 2 {
            (evens[l], odds[l]) = (a.0[2 * l], a.0[2 * l + 1]);
            (evens[l + LANES / 2], odds[l + LANES / 2]) = (b.0[2 * l], b.0[2 * l + 1]);
        }
        (Lanes(evens), Lanes(odds))
    }

    #[inline(always)]
    fn unzipped(self, v: Lanes) -> Lanes {
        v
    }

    #[inline(always)]
    fn transpose(self, rows: [Lanes; LANES]) -> [Lanes; LANES] {
        let mut out = rows;
        for (r, row) in rows.iter().enumerate() {
            for (c, &x) in row.0.iter().enumerate() {
                out[c].0[r] = x;
            }
        }
        out
    }

    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    #[inline(always)]
    fn reduce_add(self, a: Lanes) -> f32 {
        reduce!(a, |x, y| x + y)
    }

    #[inline(always)]
    fn reduce_max(self, a: Lanes) -> f32 {
        reduce!(a, |x, y| max(x, y))
    }
}
