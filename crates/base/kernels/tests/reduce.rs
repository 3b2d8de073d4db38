//! Reductions and normalisations against their definitions.

mod common;

use common::{Rng, Sum, assert_same_bits, cases, sum_tolerance, teams};
use fastserve_kernels::normalize::{Normalize, NormalizeShape, normalize_f32};
use fastserve_kernels::reduce::{REDUCE, ReduceOp, ReduceShape, reduce_f32};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

struct Case {
    dims: Vec<usize>,
    goes: Vec<bool>,
    x: Vec<f32>,
}

impl Case {
    fn random(rng: &mut Rng) -> Case {
        let rank = rng.size(1, 5);
        let most = [0, 3000, 150, 30, 12, 6][rank];
        let dims: Vec<usize> = (0..rank).map(|_| rng.size(1, most)).collect();
        let goes = (0..rank).map(|_| rng.pick(&[false, true])).collect();
        let x = rng.f32s(dims.iter().product());
        Case { dims, goes, x }
    }

    fn shape(&self) -> ReduceShape {
        ReduceShape::new(&self.dims, &self.goes).expect("small")
    }

    /// For each output, its elements in the order of the array, each with its place in the last run of axes that go.
    fn terms(&self) -> Vec<Vec<f32>> {
        let outputs: usize = self.dims.iter().zip(&self.goes).filter(|(_, g)| !**g).map(|(d, _)| d).product();
        let mut terms = vec![Vec::new(); outputs];
        for (i, &x) in self.x.iter().enumerate() {
            let (mut rest, mut stride, mut at) = (i, 1, 0);
            for (&d, &goes) in self.dims.iter().zip(&self.goes).rev() {
                if !goes {
                    at += rest % d * stride;
                    stride *= d;
                }
                rest /= d;
            }
            terms[at].push(x);
        }
        terms
    }

    fn run(&self, cpu: Cpu, op: ReduceOp, team: Team) -> Vec<f32> {
        let shape = self.shape();
        let mut y = vec![f32::NAN; shape.outputs()];
        reduce_f32(cpu, op, &shape, &self.x, &mut y, team).expect("it fits");
        y
    }

    /// The last contiguous run of elements that go.
    fn run_len(&self) -> usize {
        let kept = self.goes.iter().rposition(|g| !g).map_or(0, |i| i + 1);
        self.dims[kept..].iter().product()
    }
}

fn truth(op: ReduceOp, terms: &[f32]) -> (f64, f64) {
    let sum = |f: &dyn Fn(f64) -> f64| {
        let mut sum = Sum::default();
        terms.iter().for_each(|&x| sum.add(f(x.into())));
        (sum.value, sum.magnitude)
    };
    match op {
        ReduceOp::L1 => sum(&f64::abs),
        ReduceOp::L2 => (sum(&|x| x * x).0.sqrt(), sum(&|x| x * x).1),
        ReduceOp::Max => (terms.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b.into())), 0.0),
        ReduceOp::Mean => (sum(&|x| x).0 / terms.len() as f64, sum(&|x| x).1 / terms.len() as f64),
        ReduceOp::Min => (terms.iter().fold(f64::INFINITY, |a, &b| a.min(b.into())), 0.0),
        ReduceOp::Prod => (terms.iter().map(|&x| f64::from(x)).product(), 1.0),
        ReduceOp::Sum => sum(&|x| x),
        ReduceOp::SumSquare => sum(&|x| x * x),
    }
}

#[test]
fn reductions_are_their_definitions() {
    let mut rng = Rng(41);
    for _ in 0..cases(60) {
        let case = Case::random(&mut rng);
        for cpu in Cpu::all_available() {
            for &op in REDUCE {
                let got = case.run(cpu, op, Team::serial());
                for (g, terms) in got.iter().zip(case.terms()) {
                    let (value, magnitude) = truth(op, &terms);
                    let tolerance = sum_tolerance(terms.len(), magnitude);
                    assert!((f64::from(*g) - value).abs() <= tolerance, "{op:?} {:?} {:?}: {g} is not {value}", case.dims, case.goes);
                }
            }
        }
    }
}

/// The order that the type's documentation states, literally.
fn ordered(case: &Case, terms: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    if !case.goes.last().copied().unwrap_or(true) {
        return terms.iter().fold(0.0, |acc, &x| f(acc, x));
    }
    let mut lanes = [0.0f32; 16];
    for run in terms.chunks(case.run_len()) {
        for i in 0..run.len().next_multiple_of(16) {
            lanes[i % 16] = f(lanes[i % 16], run.get(i).copied().unwrap_or(0.0));
        }
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
    }
    lanes[0]
}

#[test]
fn sums_have_the_stated_order_for_any_team_and_set() {
    let mut rng = Rng(42);
    let teams = teams();
    for _ in 0..cases(60) {
        let case = Case::random(&mut rng);
        let terms = case.terms();
        let sum: Vec<f32> = terms.iter().map(|t| ordered(&case, t, |a, x| a + x)).collect();
        let squares: Vec<f32> = terms.iter().map(|t| ordered(&case, t, |a, x| x.mul_add(x, a))).collect();
        for cpu in Cpu::all_available() {
            for &team in &teams {
                let what = format!("{:?} {:?} {}", case.dims, case.goes, cpu.name());
                assert_same_bits(&case.run(cpu, ReduceOp::Sum, team), &sum, &what);
                if cpu.name() != "portable" {
                    assert_same_bits(&case.run(cpu, ReduceOp::SumSquare, team), &squares, &what);
                }
            }
        }
    }
}

#[test]
fn extremes_keep_nan_and_nothing_reduces_to_the_start() {
    for cpu in Cpu::all_available() {
        for (dims, goes) in [(vec![3, 35], vec![false, true]), (vec![35, 3], vec![true, false])] {
            let mut case = Case { x: vec![1.0; 105], dims, goes };
            let at = if case.goes[0] { 3 * 20 } else { 20 };
            case.x[at] = f32::NAN;
            for op in [ReduceOp::Max, ReduceOp::Min, ReduceOp::Sum] {
                let y = case.run(cpu, op, Team::serial());
                assert!(y[0].is_nan() && !y[1].is_nan(), "{op:?}");
            }
        }
        for goes in [vec![false, true], vec![false, false]] {
            let case = Case { dims: vec![2, 0], goes, x: Vec::new() };
            assert!(case.run(cpu, ReduceOp::Mean, Team::serial()).iter().all(|v| v.is_nan()));
            assert!(case.run(cpu, ReduceOp::Max, Team::serial()).iter().all(|&v| v == f32::NEG_INFINITY));
            assert!(case.run(cpu, ReduceOp::Prod, Team::serial()).iter().all(|&v| v == 1.0));
        }
    }
    assert!(ReduceShape::new(&[1; 9], &[true; 9]).is_err() && ReduceShape::new(&[1], &[]).is_err());
    assert!(ReduceShape::new(&[usize::MAX, 2], &[true, false]).is_err());
}

fn normalized(what: &Normalize<'_>, shape: &NormalizeShape, x: &[f32]) -> Vec<f64> {
    let row = shape.segments.max(1) * shape.inner;
    let mut y = Vec::new();
    for (r, x) in x.chunks(row).enumerate() {
        let mean = if what.centred { x.iter().map(|&v| f64::from(v)).sum::<f64>() / row as f64 } else { 0.0 };
        let variance = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / row as f64;
        for (i, &v) in x.iter().enumerate() {
            let p = if shape.segments == 0 { i } else { r % shape.period * shape.segments + i / shape.inner };
            let at = |list: Option<&[f32]>, absent: f64| list.map_or(absent, |l| l[p].into());
            let n = (f64::from(v) - mean) / (variance + f64::from(what.epsilon)).sqrt();
            y.push(n * at(what.scale, 1.0) + at(what.bias, 0.0));
        }
    }
    y
}

#[test]
fn rows_are_normalized_with_the_same_bits_everywhere() {
    let mut rng = Rng(43);
    let teams = teams();
    for _ in 0..cases(80) {
        let shape = NormalizeShape {
            rows: rng.size(1, 40),
            segments: rng.size(0, 3),
            inner: {
                let most = rng.pick(&[3, 40, 800]);
                rng.size(1, most)
            },
            period: rng.size(1, 4),
        };
        let x = rng.f32s(shape.rows * shape.segments.max(1) * shape.inner);
        let params = if shape.segments == 0 { shape.inner } else { shape.segments * shape.period };
        let (scale, bias) = (rng.f32s(params), rng.f32s(params));
        let what = Normalize {
            epsilon: 1e-3,
            centred: rng.pick(&[false, true]),
            scale: rng.pick(&[false, true]).then_some(&scale[..]),
            bias: rng.pick(&[false, true]).then_some(&bias[..]),
        };
        let expected = normalized(&what, &shape, &x);
        let mut fused: Option<Vec<f32>> = None;
        for cpu in Cpu::all_available() {
            for &team in &teams {
                let mut y = vec![f32::NAN; x.len()];
                normalize_f32(cpu, what, &shape, &x, &mut y, team).expect("it fits");
                for (g, e) in y.iter().zip(&expected) {
                    assert!((f64::from(*g) - e).abs() <= 2e-5 * (1.0 + e.abs()), "{shape:?}: {g} is not {e}");
                }
                if cpu.name() != "portable" {
                    assert_same_bits(&y, fused.get_or_insert_with(|| y.clone()), &format!("{shape:?} {}", cpu.name()));
                }
            }
        }
    }
}

#[test]
fn short_slices_are_refused() {
    let shape = NormalizeShape { rows: 2, segments: 0, inner: 5, period: 1 };
    let what = Normalize { epsilon: 0.0, centred: true, scale: Some(&[1.0; 4]), bias: None };
    let mut y = [0.0; 10];
    assert!(normalize_f32(Cpu::detect(), what, &shape, &[0.0; 10], &mut y, Team::serial()).is_err());
    let sum = ReduceShape::new(&[2, 5], &[false, true]).expect("small");
    assert!(reduce_f32(Cpu::detect(), ReduceOp::Sum, &sum, &[0.0; 9], &mut y, Team::serial()).is_err());
    assert!(reduce_f32(Cpu::detect(), ReduceOp::Sum, &sum, &[0.0; 10], &mut y[..1], Team::serial()).is_err());
}
