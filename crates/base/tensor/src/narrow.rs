//! Types that no machine computes with: integers of 4 and 2 bits, floats of 8 and 4 bits, and powers of two. An element is one byte
//! in memory, its code; this says what codes mean, and which one stands for a number.
//!
//! Formats are those of P. Micikevicius et al., "FP8 Formats for Deep Learning" (2022), of B. Noune et al., "8-bit Numerical
//! Formats for Deep Neural Networks" (2022; the types whose names end in UZ), and of the OCP Microscaling Formats specification 1.0.

use crate::dtype::DType;

/// What the codes of a type mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Narrow {
    bits: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int {
        signed: bool,
    },
    Float(Format),
    /// 2^(code − 127), and NaN.
    Scale,
}

/// A format of floats with a sign, subnormal numbers, and at most one code a sign for infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format {
    mantissa_bits: u32,
    bias: i32,
    /// The code of the largest number.
    largest: u8,
    infinity: Option<u8>,
    nan: Nan,
}

/// Which codes are no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nan {
    /// None.
    Never,
    /// All above the largest number and infinity, of either sign; this one is made.
    Above(u8),
    /// The one that would be −0, so that there is one zero.
    NegativeZero,
}

const NAN_OF_ZERO: u8 = 0x80;
const NAN_OF_SCALES: u8 = 0xff;
const SCALE_BIAS: i32 = 127;
const LARGEST_SCALE: i32 = 254;

const E4M3FN: Format = Format { mantissa_bits: 3, bias: 7, largest: 0x7e, infinity: None, nan: Nan::Above(0x7f) };
const E4M3FNUZ: Format = Format { mantissa_bits: 3, bias: 8, largest: 0x7f, infinity: None, nan: Nan::NegativeZero };
const E5M2: Format = Format { mantissa_bits: 2, bias: 15, largest: 0x7b, infinity: Some(0x7c), nan: Nan::Above(0x7e) };
const E5M2FNUZ: Format = Format { mantissa_bits: 2, bias: 16, largest: 0x7f, infinity: None, nan: Nan::NegativeZero };
const E2M1: Format = Format { mantissa_bits: 1, bias: 1, largest: 0x7, infinity: None, nan: Nan::Never };

/// How a number becomes a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rounding {
    /// Whether what is too large becomes the largest number; if not, infinity or NaN. Floats without either always do.
    pub saturate: bool,
    /// How powers of two are rounded to.
    pub scale: ScaleRounding,
}

impl Default for Rounding {
    fn default() -> Self {
        Self { saturate: true, scale: ScaleRounding::Up }
    }
}

/// How a number becomes a power of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ScaleRounding {
    /// The next one above.
    #[default]
    Up,
    /// The next one below.
    Down,
    /// The nearest one; the one above where both are as near.
    Nearest,
}

impl DType {
    /// What the type's codes mean, if elements are codes.
    pub fn narrow(self) -> Option<Narrow> {
        let int = |bits, signed| Narrow { bits, kind: Kind::Int { signed } };
        let float = |format| Narrow { bits: 8, kind: Kind::Float(format) };
        Some(match self {
            DType::I4 => int(4, true),
            DType::U4 => int(4, false),
            DType::I2 => int(2, true),
            DType::U2 => int(2, false),
            DType::F8E4M3FN => float(E4M3FN),
            DType::F8E4M3FNUZ => float(E4M3FNUZ),
            DType::F8E5M2 => float(E5M2),
            DType::F8E5M2FNUZ => float(E5M2FNUZ),
            DType::F4E2M1 => Narrow { bits: 4, kind: Kind::Float(E2M1) },
            DType::F8E8M0 => Narrow { bits: 8, kind: Kind::Scale },
            _ => return None,
        })
    }

    /// Bits of one element in a file.
    pub fn bits(self) -> usize {
        self.narrow().map_or(8 * self.size_bytes(), |n| n.bits as usize)
    }
}

impl Narrow {
    /// Whether codes stand for whole numbers only.
    pub fn is_int(self) -> bool {
        matches!(self.kind, Kind::Int { .. })
    }

    /// The lowest and the highest number, if codes stand for whole numbers only.
    pub fn bounds(self) -> Option<(i32, i32)> {
        match self.kind {
            Kind::Int { signed: true } => Some((-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1)),
            Kind::Int { signed: false } => Some((0, (1 << self.bits) - 1)),
            _ => None,
        }
    }

    /// The number of a code; bits above the type's own do not count.
    pub fn number(self, code: u8) -> f64 {
        let code = code & self.mask();
        match self.kind {
            Kind::Int { .. } => self.signed(code).into(),
            Kind::Float(format) => format.number(code, self.bits),
            Kind::Scale if code == NAN_OF_SCALES => f64::NAN,
            Kind::Scale => exp2(i32::from(code) - SCALE_BIAS),
        }
    }

    /// The code of a number. Integers drop the fraction, keep the low bits of what is left, as ONNX's tests have it (the specification
    /// leaves it open), and have 0 for a NaN; floats round half to even. Of a number below 0 a power of two is that of its magnitude.
    pub fn code(self, v: f64, rounding: Rounding) -> u8 {
        match self.kind {
            Kind::Int { .. } => self.code_of_bits((v as i32).into()),
            Kind::Float(format) => format.code(v, rounding.saturate, self.bits),
            Kind::Scale => scale(v.abs(), rounding),
        }
    }

    /// The code of a whole number: integers keep the low bits.
    pub fn code_of_int(self, v: i128, rounding: Rounding) -> u8 {
        if self.is_int() { self.code_of_bits(v) } else { self.code(v as f64, rounding) }
    }

    /// The low bits, with the sign in those above.
    fn code_of_bits(self, v: i128) -> u8 {
        self.signed(v as u8 & self.mask()) as u8
    }

    fn mask(self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }

    /// The number of an integer's code.
    fn signed(self, code: u8) -> i8 {
        let negative = self.kind == Kind::Int { signed: true } && code >> (self.bits - 1) != 0;
        (if negative { code | !self.mask() } else { code }) as i8
    }

    /// A code as text has it: the number of an integer, the code itself of all others.
    pub fn written(self, code: u8) -> i16 {
        let code = self.canonical(code);
        if self.kind == (Kind::Int { signed: true }) { (code as i8).into() } else { code.into() }
    }

    /// The code of a number in a text, if there is one.
    pub fn read(self, written: i16) -> Option<u8> {
        let code = self.canonical(written as u8);
        (self.written(code) == written).then_some(code)
    }

    /// The code as it is kept in memory: signed integers have their sign in the bits above their own, all others have none there.
    pub fn canonical(self, code: u8) -> u8 {
        let code = code & self.mask();
        if self.is_int() { self.signed(code) as u8 } else { code }
    }
}

impl Format {
    fn number(self, code: u8, bits: u32) -> f64 {
        let sign = 1 << (bits - 1);
        let magnitude = code & (sign - 1);
        if self.nan == Nan::NegativeZero && code == sign || magnitude > self.infinity.unwrap_or(self.largest) {
            return f64::NAN;
        }
        let v = if self.infinity == Some(magnitude) { f64::INFINITY } else { self.magnitude(magnitude) };
        if code & sign == 0 { v } else { -v }
    }

    fn magnitude(self, code: u8) -> f64 {
        let (exponent, fraction) = (i32::from(code >> self.mantissa_bits), code & ((1 << self.mantissa_bits) - 1));
        let ulp = exp2(exponent.max(1) - self.bias - self.mantissa_bits as i32);
        let leading = if exponent == 0 { 0 } else { 1 << self.mantissa_bits };
        f64::from(fraction | leading) * ulp
    }

    fn code(self, v: f64, saturate: bool, bits: u32) -> u8 {
        let sign = if v.is_sign_negative() { 1 << (bits - 1) } else { 0 };
        if v.is_nan() {
            return self.no_number(sign, bits);
        }
        let magnitude = self.round(v.abs());
        if magnitude > self.largest.into() {
            return match self.infinity {
                _ if saturate || self.nan == Nan::Never => sign | self.largest,
                Some(code) => sign | code,
                None => self.no_number(sign, bits),
            };
        }
        let one_zero = self.nan == Nan::NegativeZero;
        if magnitude == 0 && one_zero { 0 } else { sign | magnitude as u8 }
    }

    fn no_number(self, sign: u8, bits: u32) -> u8 {
        match self.nan {
            Nan::Above(code) => sign | code,
            Nan::NegativeZero => NAN_OF_ZERO,
            // No format has a rule for this; ml_dtypes has these zeros.
            Nan::Never => sign ^ 1 << (bits - 1),
        }
    }

    /// The code whose number is nearest, the even one of two, as if there were codes without end.
    fn round(self, v: f64) -> u32 {
        if v >= exp2(64) {
            return u32::MAX;
        }
        let m = self.mantissa_bits as i32;
        let exponent = exponent(v).max(1 - self.bias);
        // In units of the last place, of which there are few: rounding is exact, and may reach the next exponent.
        let steps = (v / exp2(exponent - m)).round_ties_even() as u32;
        (((exponent + self.bias - 1) as u32) << m) + steps
    }
}

fn scale(v: f64, rounding: Rounding) -> u8 {
    if v.is_nan() {
        return NAN_OF_SCALES;
    }
    let code = if v == 0.0 {
        -1
    } else if v.is_infinite() {
        LARGEST_SCALE + 1
    } else {
        scale_exponent(v, rounding.scale) + SCALE_BIAS
    };
    match u8::try_from(code).ok().filter(|&c| i32::from(c) <= LARGEST_SCALE) {
        Some(code) => code,
        None if rounding.saturate => code.clamp(0, LARGEST_SCALE) as u8,
        None => NAN_OF_SCALES,
    }
}

fn scale_exponent(v: f64, rounding: ScaleRounding) -> i32 {
    let exponent = exponent(v);
    let part = v / exp2(exponent);
    let up = match rounding {
        ScaleRounding::Up => part > 1.0,
        ScaleRounding::Down => false,
        ScaleRounding::Nearest => part >= 1.5,
    };
    exponent + i32::from(up)
}

/// The power of two at or below a number above 0; for subnormal numbers, which all formats have as 0, that of the smallest normal one.
fn exponent(v: f64) -> i32 {
    ((v.to_bits() >> 52) as i32 & 0x7ff).max(1) - 1023
}

/// 2^e, for exponents of normal numbers.
fn exp2(e: i32) -> f64 {
    f64::from_bits(((e.clamp(-1022, 1023) + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;

    fn narrow() -> impl Iterator<Item = (DType, Narrow)> {
        DType::all().filter_map(|d| Some((d, d.narrow()?)))
    }

    fn codes(n: Narrow) -> impl Iterator<Item = u8> {
        0..=n.mask()
    }

    const BOTH: [Rounding; 2] =
        [Rounding { saturate: true, scale: ScaleRounding::Up }, Rounding { saturate: false, scale: ScaleRounding::Nearest }];

    #[test]
    fn codes_come_back() {
        for (dtype, n) in narrow() {
            for code in codes(n) {
                let v = n.number(code);
                // NaNs keep their sign at most, and saturating has no way to infinity.
                let back = n.code(v, BOTH[1]);
                assert!(v.is_nan() && n.number(back).is_nan() || back == n.canonical(code), "{dtype} {code:#x} {v} {back:#x}");
                assert_eq!(n.read(n.written(code)), Some(n.canonical(code)));
            }
        }
    }

    #[test]
    fn known_values() {
        let number = |d: DType, code| d.narrow().unwrap().number(code);
        assert_eq!(number(DType::F8E4M3FN, 0x7e), 448.0);
        assert_eq!(number(DType::F8E4M3FN, 0x01), 0.001953125);
        assert_eq!(number(DType::F8E4M3FNUZ, 0x7f), 240.0);
        assert_eq!(number(DType::F8E5M2, 0xfb), -57344.0);
        assert_eq!(number(DType::F8E5M2, 0xfc), f64::NEG_INFINITY);
        assert_eq!(number(DType::F8E5M2FNUZ, 0x7f), 57344.0);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|c| number(DType::F4E2M1, c)), [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]);
        assert_eq!(number(DType::F8E8M0, 127), 1.0);
        assert_eq!(number(DType::F8E8M0, 0), f64::from(f32::from_bits(0x0040_0000)));
        assert_eq!([0x8, 0xf, 0x7, 0xf8].map(|c| number(DType::I4, c)), [-8.0, -1.0, 7.0, -8.0]);
        assert_eq!([0x2, 0x3, 0x1].map(|c| number(DType::I2, c)), [-2.0, -1.0, 1.0]);
    }

    #[test]
    fn integers_keep_low_bits() {
        let of = |d: DType, v: f64| d.narrow().unwrap().code(v, BOTH[0]) as i8;
        let wrapped = |d: DType, v| d.narrow().unwrap().code_of_int(v, BOTH[0]) as i8;
        assert_eq!([of(DType::I4, 9.9), of(DType::I4, -8.5), of(DType::I4, -1.9), of(DType::U4, 300.0)], [-7, -8, -1, 12]);
        assert_eq!([of(DType::U2, f64::NAN), of(DType::I2, -2.5), of(DType::U4, -1.0)], [0, -2, 15]);
        assert_eq!([wrapped(DType::I4, 200), wrapped(DType::U4, 200), wrapped(DType::I2, 7), wrapped(DType::U2, -1)], [-8, 8, -1, 3]);
    }

    #[test]
    fn powers_of_two_round_as_asked() {
        let n = DType::F8E8M0.narrow().unwrap();
        let of = |v, scale| n.code(v, Rounding { saturate: true, scale });
        assert_eq!([1.0, 1.4, 1.5, 2.0].map(|v| of(v, ScaleRounding::Up)), [127, 128, 128, 128]);
        assert_eq!([1.0, 1.4, 1.5, 2.0].map(|v| of(v, ScaleRounding::Nearest)), [127, 127, 128, 128]);
        assert_eq!([1.0, 1.4, 1.5, 2.0].map(|v| of(v, ScaleRounding::Down)), [127, 127, 127, 128]);
        assert_eq!([0.0, 1e-300, f64::MIN_POSITIVE / 8.0, f64::INFINITY, 1e300].map(|v| n.code(v, BOTH[0])), [0, 0, 0, 254, 254]);
        assert_eq!([0.0, 1e-300, f64::INFINITY, 1e300, f64::NAN].map(|v| n.code(v, BOTH[1])), [255; 5]);
    }

    /// The nearest code by search, with ties to the even one: another definition of the same rounding.
    fn nearest(n: Narrow, format: Format, v: f64, saturate: bool) -> u8 {
        let sign = if v.is_sign_negative() { 1u8 << (n.bits - 1) } else { 0 };
        let v = v.abs().min(1e9);
        let best = (0..=format.largest).min_by(|&a, &b| {
            let far = |c| (format.magnitude(c) - v).abs();
            far(a).total_cmp(&far(b)).then((a & 1).cmp(&(b & 1)))
        });
        let best = best.unwrap();
        // Half a step above the largest number is where the next one would begin.
        let (last, step) = (format.magnitude(format.largest), format.magnitude(format.largest) - format.magnitude(format.largest - 1));
        let over = v > last + step / 2.0 || v == last + step / 2.0 && format.largest & 1 == 1;
        match (over && !saturate, format.nan) {
            (true, Nan::Above(nan)) => sign | format.infinity.unwrap_or(nan),
            (true, Nan::NegativeZero) => 0x80,
            _ if best == 0 && format.nan == Nan::NegativeZero => 0,
            _ => sign | best,
        }
    }

    #[test]
    fn every_half_float_goes_to_the_nearest() {
        for (dtype, n) in narrow() {
            let Kind::Float(format) = n.kind else { continue };
            for v in (0..=u16::MAX).map(f16::from_bits).filter(|v| !v.is_nan()).map(f16::to_f64) {
                for rounding in BOTH {
                    assert_eq!(n.code(v, rounding), nearest(n, format, v, rounding.saturate), "{dtype} {v} {rounding:?}");
                }
            }
        }
    }

    /// FNV-1a of the bytes.
    fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
        bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// Digests of what ml_dtypes 0.6 makes of all half floats, saturating as `onnx.numpy_helper.saturate_cast` does and not, and of the
    /// f32 bits of all codes.
    const OF_ML_DTYPES: &[(DType, u64, u64, u64)] = &[
        (DType::F8E4M3FN, 0x2d72_4a81_49ff_1225, 0xbd57_1fcb_cd35_1aa5, 0xdad1_d9c5_0f74_9ca5),
        (DType::F8E4M3FNUZ, 0xd671_61fa_988d_e225, 0x5baa_f26b_4d46_d9a5, 0xf518_51cb_11c6_3018),
        (DType::F8E5M2, 0x1e3e_cb6c_5c7e_6f25, 0xbd84_6ad2_7363_4325, 0x6c1e_56b6_fb09_c905),
        (DType::F8E5M2FNUZ, 0xf78b_d6e1_3c6c_f725, 0xf336_d4e1_e12e_dda5, 0x94ae_6fc4_93d4_9818),
        (DType::F4E2M1, 0x93e6_0c1e_f55c_cd25, 0x93e6_0c1e_f55c_cd25, 0x2403_bb76_b85d_fea5),
    ];

    #[test]
    fn codes_and_values_are_those_of_ml_dtypes() {
        for &(dtype, saturated, not, values) in OF_ML_DTYPES {
            let n = dtype.narrow().unwrap();
            let all = |saturate| {
                let rounding = Rounding { saturate, ..Rounding::default() };
                digest((0..=u16::MAX).map(move |b| n.code(f16::from_bits(b).to_f64(), rounding)))
            };
            // A NaN has one form here, so that its sign does not count.
            let bits = |code| Some(n.number(code) as f32).filter(|v| !v.is_nan()).map_or(0x7fc0_0000, f32::to_bits);
            assert_eq!((all(true), all(false)), (saturated, not), "{dtype}");
            assert_eq!(digest(codes(n).flat_map(|c| bits(c).to_le_bytes())), values, "{dtype}");
        }
    }
}
