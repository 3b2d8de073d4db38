//! Between f32 and the floats of 16 bits, f16 (IEEE 754 binary16) and bf16: their bits as integers, without a branch, so that the compiler
//! makes vectors of the loops. Narrowing rounds to the nearest, ties to even; a NaN stays one.

use super::map::split;
use crate::error::{KernelError, check_len};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel};

/// A float of 16 bits.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Half {
    /// 5 bits of exponent, 10 of fraction.
    F16,
    /// 8 bits of exponent, 7 of fraction.
    Bf16,
}

/// Both.
pub const HALVES: &[Half] = &[Half::F16, Half::Bf16];

/// `y[i]` is the number whose bits are `x[i]`.
///
/// # Errors
/// A short `y`.
pub fn widen(cpu: Cpu, half: Half, x: &[u16], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    match half {
        Half::F16 => convert(cpu, x, y, team, of_f16),
        Half::Bf16 => convert(cpu, x, y, team, of_bf16),
    }
}

/// `y[i]` are the bits of the number nearest to `x[i]`.
///
/// # Errors
/// A short `y`.
pub fn narrow(cpu: Cpu, half: Half, x: &[f32], y: &mut [u16], team: Team) -> Result<(), KernelError> {
    match half {
        Half::F16 => convert(cpu, x, y, team, to_f16),
        Half::Bf16 => convert(cpu, x, y, team, to_bf16),
    }
}

fn convert<X, Y>(cpu: Cpu, x: &[X], y: &mut [Y], team: Team, f: impl Fn(X) -> Y + Copy + Sync) -> Result<(), KernelError>
where
    X: Copy + Sync,
    Y: Send,
{
    check_len("converted y", x.len(), y.len())?;
    split(&mut y[..x.len()], team, &|start, y| cpu.run(Convert { x: &x[start..start + y.len()], y, f }));
    Ok(())
}

/// A loop that is compiled for each instruction set.
struct Convert<'a, X, Y, F> {
    x: &'a [X],
    y: &'a mut [Y],
    f: F,
}

impl<X: Copy, Y, F: Fn(X) -> Y> Kernel for Convert<'_, X, Y, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y = (self.f)(*x);
        }
    }
}

/// Bits of f32 infinity.
const INFINITY: u32 = 0xff << 23;

/// The least f16 that is not subnormal, 2^-14, in bits of f32.
const NORMAL: u32 = (127 - 14) << 23;

#[inline(always)]
fn pick(condition: bool, yes: u32, no: u32) -> u32 {
    let mask = 0u32.wrapping_sub(u32::from(condition));
    (yes & mask) | (no & !mask)
}

#[inline(always)]
fn of_f16(x: u16) -> f32 {
    let x = u32::from(x);
    let (sign, size) = ((x & 0x8000) << 16, (x & 0x7fff) << 13);
    let normal = size + ((127 - 15) << 23);
    // As if the hidden bit were there, which is then taken away.
    let subnormal = (f32::from_bits(size + NORMAL) - f32::from_bits(NORMAL)).to_bits();
    let special = size | INFINITY | pick(size > 0x1f << 23, 1 << 22, 0);
    let finite = pick(size < 1 << 23, subnormal, normal);
    f32::from_bits(sign | pick(size >= 0x1f << 23, special, finite))
}

#[inline(always)]
fn to_f16(x: f32) -> u16 {
    let bits = x.to_bits();
    let (sign, size) = ((bits >> 16) & 0x8000, bits & 0x7fff_ffff);
    let odd = (size >> 13) & 1;
    let normal = size.wrapping_sub((127 - 15) << 23).wrapping_add(0xfff + odd) >> 13;
    // Beside 0.5 the last place of a sum is that of a subnormal.
    let subnormal = (f32::from_bits(size) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
    let special = pick(size > INFINITY, 0x7e00 | ((size >> 13) & 0x3ff), 0x7c00);
    let finite = pick(size < NORMAL, subnormal, normal);
    // From 2^16 on all are too large; what is just below rounds to infinity by itself.
    (sign | pick(size >= (127 + 16) << 23, special, finite)) as u16
}

#[inline(always)]
fn of_bf16(x: u16) -> f32 {
    let bits = u32::from(x) << 16;
    f32::from_bits(bits | pick(bits & 0x7fff_ffff > INFINITY, 1 << 22, 0))
}

#[inline(always)]
fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    pick(bits & 0x7fff_ffff > INFINITY, (bits >> 16) | 0x40, rounded) as u16
}
