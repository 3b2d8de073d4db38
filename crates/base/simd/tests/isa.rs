//! Every operation of every instruction set against the scalar meaning.

use fastserve_simd::{Cpu, Isa, IsaId, Kernel};

fn scalar_max(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

fn scalar_min(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

/// Equal bits, or both NaN.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

const SPECIAL: [f32; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    2.5,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::MIN_POSITIVE,
    1e-45,
    f32::MAX,
    -3.5,
    0.5,
    -0.5,
    8_388_609.0,
    -7.25,
];

struct Lanewise<'a>(&'a [f32], &'a [f32]);

impl Kernel for Lanewise<'_> {
    type Out = Vec<[f32; 16]>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<[f32; 16]> {
        let (a, b) = (isa.load(self.0), isa.load(self.1));
        let (yes, no) = (isa.splat(1.0), isa.splat(0.0));
        let results = [
            isa.add(a, b),
            isa.sub(a, b),
            isa.mul(a, b),
            isa.div(a, b),
            isa.fma(a, b, b),
            isa.min(a, b),
            isa.max(a, b),
            isa.lesser(a, b),
            isa.greater(a, b),
            isa.relu(a),
            isa.neg(a),
            isa.abs(a),
            isa.copysign(a, b),
            isa.sqrt(a),
            isa.floor(a),
            isa.round(a),
            isa.select(isa.gt(a, b), yes, no),
            isa.select(isa.lt(a, b), yes, no),
            isa.select(isa.is_nan(a), yes, no),
            isa.clamp(a, no, b),
        ];
        let mut out = Vec::new();
        for v in results {
            let mut lanes = [0.0; 16];
            isa.store(v, &mut lanes);
            out.push(lanes);
        }
        out
    }
}

fn scalar_clamp(a: f32, lo: f32, hi: f32) -> f32 {
    let above = if lo > a { lo } else { a };
    if hi < above { hi } else { above }
}

fn lanewise_truth(fused: bool, a: f32, b: f32) -> [f32; 20] {
    let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
    [
        a + b,
        a - b,
        a * b,
        a / b,
        if fused { a.mul_add(b, b) } else { a * b + b },
        scalar_min(a, b),
        scalar_max(a, b),
        if a < b { a } else { b },
        if a > b { a } else { b },
        scalar_max(a, 0.0),
        -a,
        a.abs(),
        a.copysign(b),
        a.sqrt(),
        a.floor(),
        a.round_ties_even(),
        flag(a > b),
        flag(a < b),
        flag(a.is_nan()),
        scalar_clamp(a, 0.0, b),
    ]
}

#[test]
fn lanewise_operations_mean_what_the_trait_says() {
    for cpu in Cpu::all_available() {
        for shift in 0..16 {
            let b: Vec<f32> = (0..16).map(|l| SPECIAL[(l + shift) % 16]).collect();
            let got = cpu.run(Lanewise(&SPECIAL, &b));
            for l in 0..16 {
                let want = lanewise_truth(cpu.id() != IsaId::Portable, SPECIAL[l], b[l]);
                for (op, want) in want.iter().enumerate() {
                    let (a, b, got) = (SPECIAL[l], b[l], got[op][l]);
                    assert!(same(got, *want), "{} op {op}: {a} {b}: {got} is not {want}", cpu.name());
                }
            }
        }
    }
}

struct Integers<'a>(&'a [i32], &'a [i32]);

impl Kernel for Integers<'_> {
    type Out = Vec<[i32; 16]>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<[i32; 16]> {
        let (a, b) = (isa.load_i32(self.0), isa.load_i32(self.1));
        let flag = |mask| isa.to_bits(isa.select(mask, isa.splat(1.0), isa.splat(0.0)));
        let results = [
            isa.add_i32(a, b),
            isa.sub_i32(a, b),
            isa.and_i32(a, b),
            isa.or_i32(a, b),
            isa.xor_i32(a, b),
            isa.shl_i32(a, 0),
            isa.shl_i32(a, 23),
            isa.shr_i32(a, 23),
            isa.shr_i32(b, 31),
            flag(isa.eq_i32(a, b)),
            flag(isa.gt_i32(a, b)),
            isa.to_bits(isa.to_f32(a)),
            isa.to_bits(isa.of_bits(a)),
            isa.splat_i32(-7),
        ];
        let mut out = Vec::new();
        for v in results {
            let mut lanes = [0; 16];
            isa.store_i32(v, &mut lanes);
            out.push(lanes);
        }
        out
    }
}

fn integer_truth(a: i32, b: i32) -> [i32; 14] {
    let flag = |yes: bool| if yes { 1f32.to_bits() as i32 } else { 0 };
    [
        a.wrapping_add(b),
        a.wrapping_sub(b),
        a & b,
        a | b,
        a ^ b,
        a,
        a << 23,
        a >> 23,
        b >> 31,
        flag(a == b),
        flag(a > b),
        (a as f32).to_bits() as i32,
        a,
        -7,
    ]
}

#[test]
fn integer_operations_mean_what_the_trait_says() {
    // No bits of a signalling NaN among them.
    let a = [0, 1, -1, i32::MAX - 0x7F_FFFF, i32::MIN, 7, -8, 1 << 23, 16_777_217, 33_554_435, -16_777_219, 12, 255, 256, -300, 5];
    for cpu in Cpu::all_available() {
        for shift in 0..16 {
            let b: Vec<i32> = (0..16).map(|l| a[(l + shift) % 16]).collect();
            let got = cpu.run(Integers(&a, &b));
            for l in 0..16 {
                for (op, want) in integer_truth(a[l], b[l]).into_iter().enumerate() {
                    assert_eq!(got[op][l], want, "{} op {op}: {} {}", cpu.name(), a[l], b[l]);
                }
            }
        }
    }
}

struct Convert<'a>(&'a [f32], f32);

impl Kernel for Convert<'_> {
    type Out = ([i32; 16], [f32; 16], [bool; 2]);
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Out {
        let x = isa.load(self.0);
        let (mut integers, mut scaled) = ([0; 16], [0.0; 16]);
        isa.store_i32(isa.to_i32(x), &mut integers);
        isa.store(isa.scale_pow2(isa.splat(self.1), isa.round(x)), &mut scaled);
        (integers, scaled, [isa.any(isa.gt(x, isa.splat(253.0))), isa.any(isa.gt(x, isa.splat(254.0)))])
    }
}

#[test]
fn conversions_round_to_even_and_scaling_rounds_once() {
    let x = [0.0, -0.0, 0.5, 1.5, -2.5, -150.0, -149.0, -126.0, -127.0, 127.0, 128.0, -252.0, 254.0, -148.5, 20.0, -1.0];
    for cpu in Cpu::all_available() {
        for factor in [1.0, 1.999_999_9, -0.707, 0.5, f32::NAN] {
            let (integers, scaled, any) = cpu.run(Convert(&x, factor));
            for (l, x) in x.into_iter().enumerate() {
                let n = x.round_ties_even();
                assert_eq!(integers[l], n as i32, "{}", cpu.name());
                let want = (f64::from(factor) * f64::from(n).exp2()) as f32;
                assert!(same(scaled[l], want), "{} {factor} 2^{n}: {} is not {want}", cpu.name(), scaled[l]);
            }
            assert_eq!(any, [true, false], "{}", cpu.name());
        }
    }
}

struct Partial<'a>(&'a [f32], usize);

impl Kernel for Partial<'_> {
    type Out = [f32; 20];
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [f32; 20] {
        let v = isa.load_partial(&self.0[..self.1], -1.0);
        let mut out = [9.0; 20];
        isa.store(v, &mut out[2..]);
        isa.store_partial(isa.splat(5.0), &mut out[2..2 + self.1]);
        out
    }
}

#[test]
fn partial_loads_and_stores_touch_only_their_lanes() {
    let src: Vec<f32> = (1..=16).map(|i| i as f32).collect();
    for cpu in Cpu::all_available() {
        for n in 0..=16 {
            let out = cpu.run(Partial(&src, n));
            assert!(out[2..2 + n].iter().all(|&x| x == 5.0), "{} {n}", cpu.name());
            assert!(out[2 + n..18].iter().all(|&x| x == -1.0), "{} {n}", cpu.name());
            assert!(out[..2].iter().chain(&out[18..]).all(|&x| x == 9.0));
        }
    }
}

struct LoadPartial<'a>(&'a [f32]);

impl Kernel for LoadPartial<'_> {
    type Out = [f32; 16];
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [f32; 16] {
        let mut out = [0.0; 16];
        isa.store(isa.load_partial(self.0, -1.0), &mut out);
        out
    }
}

#[test]
fn partial_loads_keep_the_elements() {
    let src: Vec<f32> = (1..=20).map(|i| i as f32).collect();
    for cpu in Cpu::all_available() {
        for n in 0..=20 {
            let out = cpu.run(LoadPartial(&src[..n]));
            for (l, got) in out.into_iter().enumerate() {
                assert_eq!(got, if l < n { src[l] } else { -1.0 });
            }
        }
    }
}

struct Reduce<'a>(&'a [f32]);

impl Kernel for Reduce<'_> {
    type Out = (f32, f32);
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> (f32, f32) {
        let v = isa.load(self.0);
        (isa.reduce_add(v), isa.reduce_max(v))
    }
}

fn tree(lanes: &[f32], f: fn(f32, f32) -> f32) -> f32 {
    let mut lanes = lanes.to_vec();
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] = f(lanes[l], lanes[l + half]);
        }
    }
    lanes[0]
}

#[test]
fn reductions_follow_the_fixed_tree() {
    let mut seed = 1u32;
    for _ in 0..200 {
        let lanes: Vec<f32> = (0..16).map(|_| next(&mut seed)).collect();
        for cpu in Cpu::all_available() {
            let (sum, max) = cpu.run(Reduce(&lanes));
            assert_eq!(sum.to_bits(), tree(&lanes, |a, b| a + b).to_bits(), "{}", cpu.name());
            assert_eq!(max.to_bits(), tree(&lanes, scalar_max).to_bits(), "{}", cpu.name());
        }
    }
    for cpu in Cpu::all_available() {
        for l in 0..16 {
            let mut lanes = [1.0; 16];
            lanes[l] = f32::NAN;
            assert!(cpu.run(Reduce(&lanes)).1.is_nan());
        }
    }
}

fn next(seed: &mut u32) -> f32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*seed >> 8) as f32 / 65_536.0 - 128.0
}

#[test]
fn names_select_or_say_why_not() {
    assert_eq!(Cpu::named("portable").map(Cpu::id), Ok(IsaId::Portable));
    assert!(Cpu::named("sse9").is_err_and(|e| e.to_string().contains("sse9")));
    for &id in IsaId::ALL {
        assert_eq!(Cpu::with(id).is_some(), Cpu::named(id.name()).is_ok());
    }
    assert!(Cpu::all_available().iter().all(|cpu| cpu.has(IsaId::Portable) && cpu.has(cpu.id())));
}

struct Unzip<'a>(&'a [f32]);

impl Kernel for Unzip<'_> {
    type Out = [[f32; 16]; 2];
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> [[f32; 16]; 2] {
        let (a, b) = (isa.load(self.0), isa.load(&self.0[16..]));
        let mut out = [[0.0; 16]; 2];
        let (evens, odds) = isa.unzip(a, b);
        isa.store(isa.unzipped(evens), &mut out[0]);
        isa.store(isa.unzipped(odds), &mut out[1]);
        out
    }
}

#[test]
fn unzip_gives_every_second_lane() {
    let src: Vec<f32> = (0..32).map(|i| i as f32).collect();
    for cpu in Cpu::all_available() {
        let want = [0, 1].map(|first| std::array::from_fn(|i| src[2 * i + first]));
        assert_eq!(cpu.run(Unzip(&src)), want, "{}", cpu.name());
    }
}

struct Transposed<'a>(&'a [f32]);

impl Kernel for Transposed<'_> {
    type Out = Vec<f32>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<f32> {
        let mut rows = [isa.splat(0.0); 16];
        for (r, row) in rows.iter_mut().enumerate() {
            *row = isa.load(&self.0[r * 16..]);
        }
        isa.prefetch(self.0.as_ptr());
        let mut out = vec![0.0; 256];
        for (c, column) in isa.transpose(rows).into_iter().enumerate() {
            isa.store(column, &mut out[c * 16..]);
        }
        out
    }
}

#[test]
fn transposition_moves_each_element_to_its_place() {
    let matrix: Vec<f32> = (0..256u16).map(f32::from).collect();
    for cpu in Cpu::all_available() {
        for (i, x) in cpu.run(Transposed(&matrix)).into_iter().enumerate() {
            assert_eq!(x, matrix[i % 16 * 16 + i / 16], "{} at {i}", cpu.name());
        }
    }
}
