//! Element-wise functions and softmax.

mod common;

use common::{FUNCTION_TOLERANCE, Rng, activate, assert_same_bits, erf, sum_tolerance, teams};
use fastserve_kernels::Activation;
use fastserve_kernels::elementwise::{BINARY, BinaryOp, Operand, UNARY, UnaryOp, binary_f32};
use fastserve_kernels::elementwise::{unary_f32, unary_in_place_f32};
use fastserve_kernels::softmax::{SoftmaxShape, softmax_f32};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, IsaId};

fn unary_truth(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Activation(activation) => activate(activation, x),
        UnaryOp::Exp => x.exp(),
        UnaryOp::Neg => -x,
        UnaryOp::Abs => x.abs(),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Erf => erf(x),
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Log => x.ln(),
        UnaryOp::Sin => x.sin(),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Sign if x == 0.0 => x,
        UnaryOp::Sign => x.signum(),
        UnaryOp::Softplus => x.exp().ln_1p(),
        UnaryOp::Softsign => x / (1.0 + x.abs()),
        UnaryOp::Elu { alpha } if x < 0.0 => f64::from(alpha.0) * x.exp_m1(),
        UnaryOp::Celu { alpha } if x < 0.0 => f64::from(alpha.0) * (x / f64::from(alpha.0)).exp_m1(),
        UnaryOp::Elu { .. } | UnaryOp::Celu { .. } => x,
        UnaryOp::Selu { gamma, .. } if x > 0.0 => f64::from(gamma.0) * x,
        UnaryOp::Selu { alpha, gamma } => f64::from(gamma.0) * f64::from(alpha.0) * x.exp_m1(),
        UnaryOp::Power { exponent } => x.powf(exponent.0.into()),
        UnaryOp::ThresholdedRelu { alpha } if x > f64::from(alpha.0) => x,
        UnaryOp::ThresholdedRelu { .. } => 0.0,
    }
}

/// The largest value inside a function whose absolute error it inherits: Gelu near its zero, lines near theirs.
fn inner_magnitude(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Activation(Activation::Gelu | Activation::GeluTanh) => x.abs(),
        UnaryOp::Activation(Activation::HardSigmoid { .. } | Activation::HardSwish) => 1.0 + x.abs(),
        _ => 0.0,
    }
}

#[test]
fn unary_functions_agree_with_their_meaning() {
    let x: Vec<f32> = Rng(1).f32s(1003).iter().map(|x| x * 4.0).collect();
    for cpu in Cpu::all_available() {
        for &op in UNARY {
            let mut y = vec![9.0; x.len()];
            unary_f32(cpu, op, &x, &mut y, Team::serial()).expect("runs");
            for (&x, &y) in x.iter().zip(&y) {
                let (x, y) = (f64::from(x), f64::from(y));
                let want = unary_truth(op, x);
                let tolerance = FUNCTION_TOLERANCE * want.abs().max(inner_magnitude(op, x));
                let same = want.is_nan() && y.is_nan();
                assert!(same || (y - want).abs() <= tolerance, "{} {op:?}({x}) = {y}, not {want}", cpu.name());
            }
            let mut in_place = x.clone();
            unary_in_place_f32(cpu, op, &mut in_place, Team::serial()).expect("runs");
            assert_same_bits(&in_place, &y, "in place");
        }
    }
}

#[test]
fn unary_functions_keep_nan_and_do_not_depend_on_place_or_team() {
    let x = Rng(2).f32s(70_001);
    for cpu in Cpu::all_available() {
        for &op in UNARY {
            let mut y = vec![9.0; x.len()];
            unary_f32(cpu, op, &x, &mut y, Team::serial()).expect("runs");
            for team in teams() {
                let mut again = vec![9.0; x.len()];
                unary_f32(cpu, op, &x, &mut again, team).expect("runs");
                assert_same_bits(&again, &y, "team");
            }
            let mut shifted = vec![9.0; 90];
            unary_f32(cpu, op, &x[7..97], &mut shifted, Team::serial()).expect("runs");
            assert_same_bits(&shifted, &y[7..97], "place");
            let mut nan = [f32::NAN];
            unary_in_place_f32(cpu, op, &mut nan, Team::serial()).expect("runs");
            assert!(nan[0].is_nan(), "{op:?}");
        }
    }
}

fn binary_truth(op: BinaryOp, a: f32, b: f32) -> f32 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Min if a < b || a.is_nan() => a,
        BinaryOp::Max if a > b || a.is_nan() => a,
        BinaryOp::Min | BinaryOp::Max => b,
    }
}

/// A contiguous operand of a random shape that broadcasts to `shape`.
fn operand(rng: &mut Rng, shape: &[usize]) -> (Vec<f32>, Vec<usize>) {
    let mut strides = vec![0; shape.len()];
    let mut len = 1;
    for (stride, &size) in strides.iter_mut().zip(shape).rev() {
        if rng.pick(&[true, true, false]) {
            *stride = len;
            len *= size;
        }
    }
    (rng.f32s(len), strides)
}

fn binary_by_definition(op: BinaryOp, shape: &[usize], a: Operand<'_>, b: Operand<'_>) -> Vec<f32> {
    let at = |operand: &Operand<'_>, mut index: usize| {
        let mut offset = 0;
        for (&size, &stride) in shape.iter().zip(operand.strides).rev() {
            offset += index % size * stride;
            index /= size;
        }
        operand.data[offset]
    };
    (0..shape.iter().product()).map(|i| binary_truth(op, at(&a, i), at(&b, i))).collect()
}

#[test]
fn binary_functions_broadcast() {
    let mut rng = Rng(3);
    for round in 0..common::cases(400) {
        let dims = rng.size(0, 8);
        let largest = if dims > 4 { 4 } else { 23 };
        let shape: Vec<usize> = (0..dims).map(|_| rng.size(1, largest)).collect();
        let ((a, a_strides), (b, b_strides)) = (operand(&mut rng, &shape), operand(&mut rng, &shape));
        let (a, b) = (Operand { data: &a, strides: &a_strides }, Operand { data: &b, strides: &b_strides });
        let op = BINARY[round % BINARY.len()];
        let want = binary_by_definition(op, &shape, a, b);
        for cpu in Cpu::all_available() {
            let mut y = vec![9.0; want.len()];
            binary_f32(cpu, op, &shape, a, b, &mut y, Team::serial()).expect("runs");
            assert_same_bits(&y, &want, &format!("{op:?} {shape:?} {a_strides:?} {b_strides:?}"));
        }
    }
}

#[test]
fn binary_functions_do_not_depend_on_the_team() {
    let mut rng = Rng(4);
    let (a, b) = (rng.f32s(3 * 50 * 333), rng.f32s(50));
    let (a, b) = (Operand { data: &a, strides: &[50 * 333, 333, 1] }, Operand { data: &b, strides: &[0, 1, 0] });
    let want = binary_by_definition(BinaryOp::Add, &[3, 50, 333], a, b);
    for team in teams() {
        let mut y = vec![9.0; want.len()];
        binary_f32(Cpu::detect(), BinaryOp::Add, &[3, 50, 333], a, b, &mut y, team).expect("runs");
        assert_same_bits(&y, &want, "add");
    }
}

#[test]
fn minimum_and_maximum_treat_nan_and_zero_as_written() {
    let values = [0.0, -0.0, 1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let a: Vec<f32> = values.iter().flat_map(|&a| [a; 6]).collect();
    let b: Vec<f32> = (0..6).flat_map(|_| values).collect();
    let (a, b) = (Operand { data: &a, strides: &[1] }, Operand { data: &b, strides: &[1] });
    for cpu in Cpu::all_available() {
        for op in [BinaryOp::Min, BinaryOp::Max] {
            let mut y = [9.0; 36];
            binary_f32(cpu, op, &[36], a, b, &mut y, Team::serial()).expect("runs");
            assert_same_bits(&y, &binary_by_definition(op, &[36], a, b), cpu.name());
        }
    }
}

#[test]
fn misfits_are_errors() {
    let data = [0.0; 6];
    let mut y = [0.0; 6];
    let mut run = |shape: &[usize], a: &[usize], b: &[usize], len: usize| {
        let (a, b) = (Operand { data: &data, strides: a }, Operand { data: &data, strides: b });
        binary_f32(Cpu::detect(), BinaryOp::Add, shape, a, b, &mut y[..len], Team::serial())
    };
    assert!(run(&[2, 3], &[3, 1], &[0, 1], 6).is_ok());
    assert!(run(&[0, 3], &[3, 1], &[0, 1], 0).is_ok());
    assert!(run(&[2, 3], &[4, 1], &[0, 1], 6).is_err());
    assert!(run(&[2, 3], &[3, 1], &[0, 1], 5).is_err());
    assert!(run(&[2, 3], &[1], &[0, 1], 6).is_err());
    assert!(run(&[1; 9], &[0; 9], &[0; 9], 1).is_err());
    assert!(run(&[usize::MAX, 2], &[0, 0], &[0, 0], 6).is_err());
    assert!(run(&[2, 2], &[usize::MAX, 1], &[0, 1], 4).is_err());
}

fn softmax(cpu: Cpu, shape: &SoftmaxShape, x: &[f32], team: Team) -> Vec<f32> {
    let mut y = vec![9.0; x.len()];
    softmax_f32(cpu, shape, x, &mut y, team).expect("runs");
    y
}

#[test]
fn softmax_agrees_with_its_meaning() {
    let mut rng = Rng(5);
    for cpu in Cpu::all_available() {
        for _ in 0..common::cases(100) {
            let shape = SoftmaxShape { outer: rng.size(1, 4), axis: rng.size(1, 70), inner: rng.pick(&[1, 1, 2, 5, 16, 35]) };
            let x: Vec<f32> = rng.f32s(shape.outer * shape.axis * shape.inner).iter().map(|x| x * 30.0).collect();
            let y = softmax(cpu, &shape, &x, Team::serial());
            for row in 0..shape.outer * shape.inner {
                let start = row / shape.inner * shape.axis * shape.inner + row % shape.inner;
                let index: Vec<usize> = (0..shape.axis).map(|i| start + i * shape.inner).collect();
                let max = index.iter().map(|&i| f64::from(x[i])).fold(f64::NEG_INFINITY, f64::max);
                let e: Vec<f64> = index.iter().map(|&i| (f64::from(x[i]) - max).exp()).collect();
                let sum: f64 = e.iter().sum();
                for (&i, e) in index.iter().zip(&e) {
                    // The difference from the maximum rounds once, which exp turns into a relative error of up to 60 ULP
                    // of a value that is then below e^-30.
                    let tolerance = sum_tolerance(shape.axis, 1.0) * (e / sum) + 1e-12;
                    assert!((f64::from(y[i]) - e / sum).abs() <= tolerance.max(FUNCTION_TOLERANCE * e / sum));
                }
            }
        }
    }
}

#[test]
fn a_softmax_row_has_the_same_bits_wherever_it_lies() {
    let mut rng = Rng(6);
    for cpu in Cpu::all_available() {
        for axis in [1, 16, 17, 1000] {
            let (outer, inner) = (40, if axis % 2 == 0 { 3 } else { 20 });
            let x = rng.f32s(outer * axis * inner);
            let shape = SoftmaxShape { outer, axis, inner };
            let strided = softmax(cpu, &shape, &x, Team::serial());
            for team in teams() {
                assert_same_bits(&softmax(cpu, &shape, &x, team), &strided, "team");
            }
            let row = |data: &[f32]| -> Vec<f32> { data[2..].iter().step_by(inner).take(axis).copied().collect() };
            let alone = softmax(cpu, &SoftmaxShape { outer: 1, axis, inner: 1 }, &row(&x), Team::serial());
            assert_same_bits(&alone, &row(&strided), "row");
        }
    }
}

#[test]
fn softmax_of_infinities() {
    let inf = f32::INFINITY;
    for cpu in Cpu::all_available() {
        let shape = SoftmaxShape { outer: 1, axis: 3, inner: 1 };
        let y = softmax(cpu, &shape, &[-inf, 0.0, -inf], Team::serial());
        assert_same_bits(&y, &[0.0, 1.0, 0.0], "masked");
        for x in [[-inf; 3], [0.0, inf, 0.0], [0.0, f32::NAN, 1.0]] {
            assert!(softmax(cpu, &shape, &x, Team::serial()).iter().all(|y| y.is_nan()), "{x:?}");
        }
        assert!(cpu.has(IsaId::Portable));
    }
}
