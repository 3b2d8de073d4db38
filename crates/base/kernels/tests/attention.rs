//! Attention against its meaning, and the same bits however it is cut.

mod common;

use common::{Rng, assert_same_bits, teams};
use fastserve_kernels::KernelError;
use fastserve_kernels::attention::{AttentionF32, AttentionSizes, Condition, HeadAxis, Matrix, attention_f32, attention_scratch};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, IsaId};

/// Two axes of heads: the second interleaved with rows, as `[batch, row, head, column]` lies.
struct Case {
    batch: usize,
    heads: usize,
    sizes: AttentionSizes,
    qkv: [Vec<f32>; 3],
    scale: f32,
    condition: Option<Vec<u8>>,
    stays: bool,
    fill: f32,
    /// `[batch, 1, 1, keys]` and `[heads, queries, keys]`.
    added: [Option<Vec<f32>>; 2],
}

impl Case {
    fn new(rng: &mut Rng, sizes: AttentionSizes) -> Case {
        let (batch, heads) = (rng.size(1, 3), rng.size(1, 3));
        let AttentionSizes { queries, keys, inner, outer } = sizes;
        let operands = [queries * inner, keys * inner, keys * outer].map(|one| rng.f32s(batch * heads * one));
        let condition = (0..queries * keys).map(|_| rng.pick(&[0, 1, 7])).collect();
        let added = [rng.f32s(batch * keys), rng.f32s(heads * queries * keys)];
        Case {
            batch,
            heads,
            sizes,
            qkv: operands,
            scale: rng.pick(&[1.0, 0.25, -1.5]),
            condition: Some(condition).filter(|_| rng.pick(&[true, false])),
            stays: rng.pick(&[true, false]),
            fill: rng.pick(&[-1e9, -2.0]),
            added: added.map(|a| Some(a).filter(|_| rng.pick(&[true, false]))),
        }
    }

    fn axes(&self) -> [HeadAxis; 2] {
        let AttentionSizes { queries, keys, inner, outer } = self.sizes;
        let whole = [queries * inner, keys * inner, keys * outer].map(|one| one * self.heads);
        [
            HeadAxis { count: self.batch, qkv: whole, y: self.heads * queries * outer, condition: 0, added: [keys, 0] },
            HeadAxis { count: self.heads, qkv: [inner, inner, outer], y: outer, condition: 0, added: [0, queries * keys] },
        ]
    }

    /// Queries `first..first + count` alone. What lies between the results keeps the value 7.
    fn run(&self, cpu: Cpu, team: Team, first: usize, count: usize) -> Vec<f32> {
        let AttentionSizes { keys, inner, outer, .. } = self.sizes;
        let row = self.heads * outer;
        let mut y = vec![7.0; self.batch * self.heads * self.sizes.queries * outer];
        let sizes = AttentionSizes { queries: count, ..self.sizes };
        let mut scratch = vec![f32::NAN; attention_scratch(cpu, sizes, team.threads()).expect("small")];
        let matrix = |i: usize, size: usize| Matrix { data: &self.qkv[i][..], row: self.heads * size, col: 1 };
        let query = matrix(0, inner);
        let heads = self.axes();
        let args = AttentionF32 {
            sizes,
            qkv: [Matrix { data: &query.data[first * query.row..], ..query }, matrix(1, inner), matrix(2, outer)],
            scale: self.scale,
            condition: self.condition.as_ref().map(|c| Condition {
                matrix: Matrix { data: &c[first * keys..], row: keys, col: 1 },
                stays: self.stays,
                fill: self.fill,
            }),
            added: [
                self.added[0].as_ref().map(|a| Matrix { data: &a[..], row: 0, col: 1 }),
                self.added[1].as_ref().map(|a| Matrix { data: &a[first * keys..], row: keys, col: 1 }),
            ],
            y: &mut y[first * row..],
            y_row: row,
            heads: &heads,
        };
        attention_f32(cpu, args, &mut scratch, team).expect("runs");
        y
    }

    /// One row of one head, in f64.
    fn truth(&self, b: usize, h: usize, i: usize) -> Vec<f64> {
        let AttentionSizes { queries, keys, inner, outer } = self.sizes;
        let at = |x: &[f32], rows: usize, size: usize, r: usize, c: usize| f64::from(x[((b * rows + r) * self.heads + h) * size + c]);
        let score = |j: usize| {
            let dot: f64 = (0..inner).map(|c| at(&self.qkv[0], queries, inner, i, c) * at(&self.qkv[1], keys, inner, j, c)).sum();
            let stays = self.condition.as_ref().is_none_or(|c| (c[i * keys + j] != 0) == self.stays);
            let chosen = if stays { dot * f64::from(self.scale) } else { self.fill.into() };
            let first = self.added[0].as_ref().map_or(0.0, |a| f64::from(a[b * keys + j]));
            chosen + first + self.added[1].as_ref().map_or(0.0, |a| f64::from(a[(h * queries + i) * keys + j]))
        };
        let scores: Vec<f64> = (0..keys).map(score).collect();
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = if keys == 0 { 1.0 } else { scores.iter().map(|s| (s - max).exp()).sum() };
        let value = |c: usize| scores.iter().enumerate().map(|(j, s)| (s - max).exp() * at(&self.qkv[2], keys, outer, j, c)).sum::<f64>();
        (0..outer).map(|c| value(c) / sum).collect()
    }

    fn check(&self, y: &[f32], what: &str) {
        let AttentionSizes { queries, outer, .. } = self.sizes;
        for (at, row) in y.chunks_exact(outer.max(1)).enumerate().take(if outer == 0 { 0 } else { usize::MAX }) {
            let (b, i, h) = (at / self.heads / queries, at / self.heads % queries, at % self.heads);
            for (&got, want) in row.iter().zip(self.truth(b, h, i)) {
                assert!((f64::from(got) - want).abs() <= 2e-5 + 1e-4 * want.abs(), "{what}: {:?}: {got} is not {want}", self.sizes);
            }
        }
    }
}

const SIZES: [[usize; 4]; 12] = [
    [1, 1, 1, 1],
    [3, 5, 2, 4],
    [16, 16, 32, 32],
    [37, 37, 15, 15],
    [1, 70, 20, 33],
    [130, 17, 8, 48],
    [5, 2100, 3, 7],
    [300, 300, 16, 16],
    [2, 0, 3, 4],
    [0, 3, 3, 4],
    [4, 3, 0, 2],
    [4, 3, 2, 0],
];

fn cases() -> impl Iterator<Item = Case> {
    let mut rng = Rng(11);
    let sizes = SIZES.map(|[queries, keys, inner, outer]| AttentionSizes { queries, keys, inner, outer });
    sizes.into_iter().flat_map(move |sizes| (0..4).map(|_| Case::new(&mut rng, sizes)).collect::<Vec<_>>())
}

#[test]
fn attention_agrees_with_its_meaning() {
    for case in cases() {
        for cpu in Cpu::all_available() {
            case.check(&case.run(cpu, Team::serial(), 0, case.sizes.queries), cpu.name());
        }
    }
}

#[test]
fn tiles_threads_and_instruction_sets_agree() {
    for case in cases() {
        let queries = case.sizes.queries;
        let fused: Vec<Cpu> = Cpu::all_available().into_iter().filter(|c| c.id() != IsaId::Portable).collect();
        let Some(first) = fused.first().map(|&cpu| case.run(cpu, Team::serial(), 0, queries)) else { return };
        for &cpu in &fused {
            for team in teams() {
                assert_same_bits(&case.run(cpu, team, 0, queries), &first, cpu.name());
            }
            let row = case.heads * case.sizes.outer;
            for alone in [0, queries / 2, queries.saturating_sub(1)].into_iter().filter(|&i| i < queries) {
                let y = case.run(cpu, Team::serial(), alone, 1);
                for b in 0..case.batch {
                    let at = (b * queries + alone) * row;
                    assert_same_bits(&y[at..at + row], &first[at..at + row], "one query");
                }
            }
        }
    }
}

#[test]
fn misfits_are_errors() {
    let sizes = AttentionSizes { queries: 2, keys: 3, inner: 4, outer: 5 };
    let cpu = Cpu::detect();
    let x = [0.0; 15];
    let of = |row: usize, col: usize| Matrix { data: &x[..], row, col };
    let mut scratch = vec![0.0; attention_scratch(cpu, sizes, 1).expect("small")];
    let mut run = |qkv, y_row, added: Option<Matrix<'_, f32>>, len: usize, scratch_len: usize| {
        let mut y = [0.0; 10];
        let args = AttentionF32 { sizes, qkv, scale: 1.0, condition: None, added: [added, None], y: &mut y[..len], y_row, heads: &[] };
        attention_f32(cpu, args, &mut scratch[..scratch_len], Team::serial())
    };
    let (fits, all) = ([of(4, 1), of(4, 1), of(5, 1)], attention_scratch(cpu, sizes, 1).expect("small"));
    assert_eq!(run(fits, 5, None, 10, all), Ok(()));
    assert_eq!(run([of(4, 1), of(4, 2), of(5, 1)], 5, None, 10, all), Ok(()), "a stride between columns");
    assert!(matches!(run([of(40, 1), of(4, 1), of(5, 1)], 5, None, 10, all), Err(KernelError::Length { .. })));
    assert!(matches!(run(fits, 4, None, 10, all), Err(KernelError::Shape { .. })), "rows of results overlap");
    assert!(matches!(run(fits, 5, None, 9, all), Err(KernelError::Length { .. })));
    assert!(matches!(run(fits, 5, None, 10, all - 1), Err(KernelError::Length { .. })));
    assert!(matches!(run(fits, 5, Some(of(0, 2)), 10, all), Err(KernelError::Shape { .. })), "columns apart");
    assert!(matches!(run(fits, 5, Some(of(40, 1)), 10, all), Err(KernelError::Length { .. })));
}
