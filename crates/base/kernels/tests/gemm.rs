//! Every matrix-product kernel of the table.

mod common;

use common::{Rng, Sum, activate, assert_same_bits, chain, lanes16, sum_tolerance, teams};
use fastserve_kernels::gemm::{BatchAxis, GEMM, GemmB, GemmF32, GemmRow, ScratchSizes, gemm_f32, pack_b, row_for, scratch_len, select};
use fastserve_kernels::{Activation, BiasAxis, Epilogue, KernelError, RoundingClass, gemm_class};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, IsaId};

/// One product, with strides that leave gaps.
struct Case {
    m: usize,
    n: usize,
    k: usize,
    trans_a: bool,
    trans_b: bool,
    a: Vec<f32>,
    b: Vec<f32>,
    c_stride: usize,
    epilogue: Epilogue,
    bias: Vec<f32>,
    residual: Vec<f32>,
}

impl Case {
    fn new(rng: &mut Rng, m: usize, n: usize, k: usize) -> Case {
        let epilogue = rng.epilogue(&[BiasAxis::None, BiasAxis::Row, BiasAxis::Column]);
        let c_stride = n + rng.size(0, 3);
        Case {
            m,
            n,
            k,
            trans_a: rng.pick(&[false, true]),
            trans_b: rng.pick(&[false, true]),
            a: rng.f32s(m * k),
            b: rng.f32s(k * n),
            c_stride,
            epilogue,
            bias: rng.f32s(m.max(n)),
            residual: rng.f32s(m * c_stride),
        }
    }

    fn plain(mut self) -> Case {
        self.epilogue = Epilogue::default();
        self
    }

    fn a(&self, i: usize, k: usize) -> f32 {
        self.a[if self.trans_a { k * self.m + i } else { i * self.k + k }]
    }

    fn b(&self, k: usize, j: usize) -> f32 {
        self.b[if self.trans_b { j * self.k + k } else { k * self.n + j }]
    }

    fn run(&self, cpu: Cpu, row: &GemmRow, team: Team) -> Vec<f32> {
        self.run_rows(cpu, row, team, 0, self.m)
    }

    /// Rows `first..first + m` alone. Elements of C between rows keep the value 7.
    fn run_rows(&self, cpu: Cpu, row: &GemmRow, team: Team, first: usize, m: usize) -> Vec<f32> {
        let packed = self.run_with(cpu, row, team, (first, m), true);
        let strided = self.run_with(cpu, row, team, (first, m), false);
        assert_same_bits(&strided, &packed, row.name);
        packed
    }

    fn run_with(&self, cpu: Cpu, row: &GemmRow, team: Team, (first, m): (usize, usize), is_packed: bool) -> Vec<f32> {
        let mut packed = vec![f32::NAN; row.pack.packed_len(self.n, self.k).expect("small")];
        let (row_stride, col_stride) = if self.trans_b { (1, self.k) } else { (self.n, 1) };
        pack_b(row.pack, self.k, self.n, &self.b, row_stride, col_stride, &mut packed).expect("packs");
        let (a_row_stride, a_col_stride) = if self.trans_a { (1, self.m) } else { (self.k, 1) };
        let mut c = vec![7.0; m * self.c_stride];
        let mut scratch =
            vec![f32::NAN; scratch_len(row, ScratchSizes { m, n: self.n, k: self.k, packed: is_packed }, team.threads()).expect("small")];
        let skip = if self.epilogue.bias == BiasAxis::Row { first } else { 0 };
        let args = GemmF32 {
            m,
            n: self.n,
            k: self.k,
            a: &self.a[(first * a_row_stride).min(self.a.len())..],
            a_row_stride,
            a_col_stride,
            b: if is_packed { GemmB::Packed(&packed) } else { GemmB::Strided { data: &self.b, row_stride, col_stride } },
            c: &mut c,
            c_row_stride: self.c_stride,
            epilogue: &self.epilogue,
            bias: Some(&self.bias[skip..]),
            residual: Some(&self.residual[first * self.c_stride..]),
            batch: &[],
        };
        gemm_f32(cpu, row, args, &mut scratch, team).expect("runs");
        c
    }

    fn check(&self, got: &[f32], what: &str) {
        for i in 0..self.m {
            for j in 0..self.c_stride {
                let got = f64::from(got[i * self.c_stride + j]);
                let (want, tolerance) = if j < self.n { self.truth(i, j) } else { (7.0, 0.0) };
                let size = (self.m, self.n, self.k);
                assert!((got - want).abs() <= tolerance, "{what} {size:?} at {i},{j}: {got} is not {want}");
            }
        }
    }

    fn truth(&self, i: usize, j: usize) -> (f64, f64) {
        let mut sum = Sum::default();
        for k in 0..self.k {
            sum.add(f64::from(self.a(i, k)) * f64::from(self.b(k, j)));
        }
        match self.epilogue.bias {
            BiasAxis::None => {}
            BiasAxis::Row => sum.add(self.bias[i].into()),
            BiasAxis::Column => sum.add(self.bias[j].into()),
        }
        if self.epilogue.residual {
            sum.add(self.residual[i * self.c_stride + j].into());
        }
        (activate(self.epilogue.activation, sum.value), sum_tolerance(self.k, sum.magnitude))
    }
}

/// Each row of the table with each CPU choice that may run it.
fn rows() -> Vec<(Cpu, &'static GemmRow)> {
    let all = Cpu::all_available();
    all.iter().flat_map(|&cpu| GEMM.iter().filter(move |row| cpu.has(row.isa)).map(move |row| (cpu, row))).collect()
}

fn random_case(rng: &mut Rng, class: RoundingClass) -> Case {
    let n = if class == RoundingClass::Lanes16 { rng.size(1, 16) } else { rng.size(1, 100) };
    let (m, k) = (rng.size(1, 70), rng.size(0, 90));
    Case::new(rng, m, n, k)
}

#[test]
fn every_row_agrees_with_the_naive_product() {
    for (cpu, row) in rows() {
        let mut rng = Rng(1);
        for _ in 0..common::cases(120) {
            let case = random_case(&mut rng, row.class);
            case.check(&case.run(cpu, row, Team::serial()), row.name);
        }
    }
}

#[test]
fn long_k_agrees_with_the_naive_product() {
    for (cpu, row) in rows() {
        let mut rng = Rng(2);
        for k in [2047, 2048, 2049, 4096, 5003] {
            let n = if row.class == RoundingClass::Lanes16 { 7 } else { 37 };
            let case = Case::new(&mut rng, 17, n, k);
            case.check(&case.run(cpu, row, Team::serial()), row.name);
        }
    }
}

#[test]
fn fused_rows_have_the_bits_of_their_class() {
    for (cpu, row) in rows().into_iter().filter(|(_, row)| row.isa != IsaId::Portable) {
        let mut rng = Rng(3);
        for k in [0, 1, 15, 16, 17, 301, 2048, 2049, 4500] {
            let n = if row.class == RoundingClass::Lanes16 { 11 } else { 53 };
            let case = Case::new(&mut rng, 19, n, k).plain();
            let got = case.run(cpu, row, Team::serial());
            for i in 0..case.m {
                for j in 0..n {
                    let terms: Vec<(f32, f32)> = (0..k).map(|k| (case.a(i, k), case.b(k, j))).collect();
                    let want = if row.class == RoundingClass::Chain { chain(&terms) } else { lanes16(&terms) };
                    let got = got[i * case.c_stride + j];
                    assert_eq!(got.to_bits(), want.to_bits(), "{} k {k} at {i},{j}", row.name);
                }
            }
        }
    }
}

#[test]
fn teams_do_not_change_bits() {
    for (cpu, row) in rows() {
        let mut rng = Rng(4);
        for (m, n, k) in [(1, 1500, 300), (300, 90, 64), (37, 333, 2500), (200, 13, 2100)] {
            let n = if row.class == RoundingClass::Lanes16 { n.min(13) } else { n };
            let case = Case::new(&mut rng, m, n, k);
            let serial = case.run(cpu, row, Team::serial());
            for team in teams() {
                assert_same_bits(&case.run(cpu, row, team), &serial, row.name);
            }
        }
    }
}

#[test]
fn a_row_alone_has_the_bits_it_has_in_a_batch() {
    for (cpu, row) in rows() {
        let mut rng = Rng(5);
        for _ in 0..common::cases(10) {
            let case = random_case(&mut rng, row.class);
            let all = case.run(cpu, row, Team::serial());
            for i in 0..case.m {
                let alone = case.run_rows(cpu, row, Team::serial(), i, 1);
                let stride = case.c_stride;
                assert_same_bits(&alone, &all[i * stride..(i + 1) * stride], row.name);
            }
        }
    }
}

#[test]
fn empty_products() {
    for (cpu, row) in rows() {
        let mut rng = Rng(6);
        for (m, n, k) in [(0, 5, 3), (5, 0, 3), (0, 0, 0), (3, 5, 0)] {
            let case = Case::new(&mut rng, m, n, k);
            case.check(&case.run(cpu, row, Team::serial()), row.name);
        }
    }
}

#[test]
fn not_a_number_goes_through() {
    for (cpu, row) in rows() {
        let mut case = Case::new(&mut Rng(7), 9, 9, 40).plain();
        case.epilogue.activation = Activation::Relu;
        (case.trans_a, case.a[4 * 40 + 3]) = (false, f32::NAN);
        let got = case.run(cpu, row, Team::serial());
        for (i, row) in got.chunks(case.c_stride).enumerate() {
            assert!(row[..9].iter().all(|x| x.is_nan() == (i == 4)));
        }
    }
}

#[test]
fn misfits_are_errors() {
    let cpu = Cpu::detect();
    let row = select(cpu, RoundingClass::Chain, 4);
    let epilogue = Epilogue { bias: BiasAxis::Column, ..Epilogue::default() };
    let run = |a: usize, b: usize, c: usize, stride: usize, bias: usize, scratch: usize| {
        let (a, b, bias) = (vec![0.0; a], vec![0.0; b], vec![0.0; bias]);
        let mut c = vec![0.0; c];
        let args = GemmF32 {
            m: 4,
            n: 20,
            k: 8,
            a: &a,
            a_row_stride: 8,
            a_col_stride: 1,
            b: GemmB::Packed(&b),
            c: &mut c,
            c_row_stride: stride,
            epilogue: &epilogue,
            bias: Some(&bias),
            residual: None,
            batch: &[],
        };
        gemm_f32(cpu, row, args, &mut vec![0.0; scratch], Team::serial())
    };
    let scratch = scratch_len(row, ScratchSizes { m: 4, n: 20, k: 8, packed: true }, 1).expect("small");
    let packed = row.pack.packed_len(20, 8).expect("small");
    assert_eq!(run(32, packed, 80, 20, 20, scratch), Ok(()));
    assert!(matches!(run(31, packed, 80, 20, 20, scratch), Err(KernelError::Length { place: "gemm a", .. })));
    assert!(matches!(run(32, packed - 1, 80, 20, 20, scratch), Err(KernelError::Length { place: "gemm b", .. })));
    assert!(matches!(run(32, packed, 79, 20, 20, scratch), Err(KernelError::Length { place: "gemm c", .. })));
    assert!(matches!(run(32, packed, 80, 19, 20, scratch), Err(KernelError::Shape { place: "gemm c", .. })));
    assert!(run(32, packed, 80, 20, 19, scratch).is_err_and(|e| e.to_string().contains("bias")));
    assert!(run(32, packed, 80, 20, 20, scratch - 1).is_err_and(|e| e.to_string().contains("scratch")));
    assert_eq!(row.pack.packed_len(usize::MAX, 2), None);
    assert!(scratch_len(row, ScratchSizes { m: 4, n: 20, k: 8, packed: true }, usize::MAX).is_err());
}

#[test]
fn every_row_is_reached_and_named_for_its_set() {
    for &cpu in &Cpu::all_available() {
        for n in [1, 15, 16, 300] {
            let class = gemm_class(n, 10);
            let rows = [1, 3, 8, 300].map(|m| select(cpu, class, m));
            rows.iter().for_each(|row| assert_eq!((row.isa, row.class, row.pack), (cpu.id(), class, rows[0].pack)));
            let same = row_for(cpu, rows[0].pack, 300).expect("every packing has a row");
            assert_eq!((same.name, same.pack.class()), (rows[3].name, class));
        }
    }
    for row in GEMM {
        assert!(row.name.starts_with("gemm_f32_") && row.name.ends_with(row.isa.name()));
    }
}

#[test]
fn every_row_is_the_best_of_its_set_for_some_number_of_rows() {
    for row in GEMM.iter().filter(|row| Cpu::with(row.isa).is_some()) {
        let cpu = Cpu::with(row.isa).expect("filtered");
        assert!((1..40).any(|m| select(cpu, row.class, m).name == row.name), "{}", row.name);
    }
}

/// Two axes of a batch, each operand with strides of its own: A shared along the first axis, B along the second, and C
/// with its rows between those of other products.
#[test]
fn batches_have_the_bits_of_single_products() {
    for (cpu, row) in rows() {
        let mut rng = Rng(8);
        for (m, n, k, packed) in [(5, 9, 33, true), (1, 14, 20, false), (17, 15, 2100, false), (3, 64, 40, false), (16, 40, 16, true)] {
            let n = if row.class == RoundingClass::Lanes16 { n.min(13) } else { n };
            let (outer, inner) = (2, 3);
            let b_len = if packed { row.pack.packed_len(n, k).expect("small") } else { k * n };
            let (a, b) = (rng.f32s(inner * m * k), rng.f32s(outer * k * n));
            let pack = |b: &[f32]| {
                let mut out = vec![0.0; b_len];
                pack_b(row.pack, k, n, b, n, 1, &mut out).expect("packs");
                out
            };
            let bs: Vec<f32> = if packed { b.chunks(k * n).flat_map(pack).collect() } else { b };
            let batch = [BatchAxis { count: outer, a: 0, b: b_len, c: m * inner * n }, BatchAxis { count: inner, a: m * k, b: 0, c: n }];
            let epilogue = Epilogue { bias: BiasAxis::Column, activation: Activation::Sigmoid, residual: true };
            let (bias, residual) = (rng.f32s(n), rng.f32s(outer * m * inner * n));
            let run = |a: &[f32], b: &[f32], residual: &[f32], c_row_stride: usize, batch: &[BatchAxis], team: Team| {
                let b = if packed { GemmB::Packed(b) } else { GemmB::Strided { data: b, row_stride: n, col_stride: 1 } };
                let mut c = vec![0.0; residual.len()];
                let mut scratch = vec![f32::NAN; scratch_len(row, ScratchSizes { m, n, k, packed }, team.threads()).expect("small")];
                let (bias, residual) = (Some(&bias[..]), Some(residual));
                let (a_row_stride, a_col_stride, epilogue, c_out) = (k, 1, &epilogue, &mut c[..]);
                let args = GemmF32 { m, n, k, a, a_row_stride, a_col_stride, b, c: c_out, c_row_stride, epilogue, bias, residual, batch };
                gemm_f32(cpu, row, args, &mut scratch, team).expect("runs");
                c
            };
            for team in teams() {
                let all = run(&a, &bs, &residual, inner * n, &batch, team);
                for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
                    let at = |r: usize, j: usize| o * m * inner * n + r * inner * n + i * n + j;
                    let part: Vec<f32> = (0..m * n).map(|e| residual[at(e / n, e % n)]).collect();
                    let one = run(&a[i * m * k..], &bs[o * b_len..], &part, n, &[], Team::serial());
                    let got: Vec<f32> = (0..m * n).map(|e| all[at(e / n, e % n)]).collect();
                    assert_same_bits(&got, &one[..m * n], row.name);
                }
            }
        }
    }
}
