#![allow(unsafe_code)]
//! Attention: a softmax of products of queries and keys, times values, head by head, with its scores in the cache
//! (Vaswani et al. 2017, section 3.2.1).

use crate::disjoint::Disjoint;
use crate::epilogue::Epilogue;
use crate::error::{KernelError, check_len, extent, product, require};
use crate::gemm::{BATCH_AXES_MAX, GemmB, GemmF32, GemmRow, ScratchSizes, apart, chain_row, gemm_f32, scratch_len};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES, math};

/// The extents of one head.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct AttentionSizes {
    /// Rows of Q.
    pub queries: usize,
    /// Rows of K and of V.
    pub keys: usize,
    /// Columns of Q and of K.
    pub inner: usize,
    /// Columns of V.
    pub outer: usize,
}

/// A matrix by strides, in elements: `(i, j)` is at `i * row + j * col`.
#[derive(Copy, Clone, Debug)]
pub struct Matrix<'a, T> {
    /// The elements.
    pub data: &'a [T],
    /// Between rows.
    pub row: usize,
    /// Between columns.
    pub col: usize,
}

/// One axis of heads: how many, and how far apart the matrices of each operand are. A distance of 0 is an operand that all share.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadAxis {
    /// Heads along the axis.
    pub count: usize,
    /// Between matrices Q, K and V.
    pub qkv: [usize; 3],
    /// Between results.
    pub y: usize,
    /// Between conditions.
    pub condition: usize,
    /// Between the addends.
    pub added: [usize; 2],
}

/// A choice among the scores, made before anything is added. Columns are 0 or 1 apart.
#[derive(Copy, Clone, Debug)]
pub struct Condition<'a> {
    /// One byte a score; any value but 0 is true.
    pub matrix: Matrix<'a, u8>,
    /// Whether the scores stay where it is true, or where it is false.
    pub stays: bool,
    /// What the others become.
    pub fill: f32,
}

/// The arguments. Q, K and V lie by any strides.
#[derive(Debug)]
pub struct AttentionF32<'a> {
    /// The extents.
    pub sizes: AttentionSizes,
    /// `[queries, inner]`, `[keys, inner]` and `[keys, outer]`.
    pub qkv: [Matrix<'a, f32>; 3],
    /// The factor of the products.
    pub scale: f32,
    /// A choice among the scores.
    pub condition: Option<Condition<'a>>,
    /// What is added to the scores, in this order; columns are 0 or 1 apart.
    pub added: [Option<Matrix<'a, f32>>; 2],
    /// The results: element `(i, j)` is at `i * y_row + j`.
    pub y: &'a mut [f32],
    /// Between rows of the results.
    pub y_row: usize,
    /// The axes of heads.
    pub heads: &'a [HeadAxis],
}

/// Scores of a tile, about: they stay in the second-level cache.
const TILE_SCORES: usize = 64 * 1024;
/// Rows of a tile, at least and at most: what is packed of K and V is used for all of them.
const TILE_ROWS: [usize; 2] = [16, 256];
/// Tasks per thread, at least, where there are rows enough.
const TASKS_PER_THREAD: usize = 2;
/// Multiply-adds that a core is modelled to do in a cycle.
const PER_CYCLE: usize = 8;

impl AttentionSizes {
    /// Rows of a tile; never more than a greater number of keys or fewer queries ask for.
    fn rows(&self) -> usize {
        (TILE_SCORES / self.keys.max(1)).clamp(TILE_ROWS[0], TILE_ROWS[1]).min(self.queries)
    }

    /// The most scores of a tile for these sizes or lesser ones.
    fn most_scores(&self) -> usize {
        let rows = self.queries.min(TILE_ROWS[1]);
        rows.saturating_mul(self.keys).min(TILE_SCORES.max(TILE_ROWS[0].saturating_mul(self.keys)))
    }

    fn product_scratch(&self, row: &GemmRow) -> Result<usize, KernelError> {
        let m = self.queries.min(TILE_ROWS[1]);
        let scores = scratch_len(row, ScratchSizes { m, n: self.keys, k: self.inner, packed: false }, 1)?;
        let results = scratch_len(row, ScratchSizes { m, n: self.outer, k: self.keys, packed: false }, 1)?;
        Ok(scores.max(results))
    }

    /// Scratch elements of a thread: for the products, the scores, the results and the rows' sums.
    fn per_thread(&self, row: &GemmRow) -> Result<usize, KernelError> {
        let rows = self.queries.min(TILE_ROWS[1]);
        let parts = [self.product_scratch(row)?, self.most_scores(), product("attention scratch", &[rows, self.outer])?, rows];
        parts.iter().try_fold(0usize, |all, &part| all.checked_add(part)).ok_or(KernelError::Overflow { place: "attention scratch" })
    }
}

fn kernel(cpu: Cpu) -> Result<&'static GemmRow, KernelError> {
    chain_row(cpu, TILE_ROWS[0]).ok_or(KernelError::Isa { row: "attention", cpu: cpu.name() })
}

/// The name of the kernel that multiplies.
pub fn attention_row(cpu: Cpu) -> &'static str {
    kernel(cpu).map_or("none", |row| row.name)
}

/// Scratch memory in `f32` elements for heads of up to these sizes in a team of up to `threads`.
///
/// # Errors
/// The size overflows, or no kernel runs on `cpu`.
pub fn attention_scratch(cpu: Cpu, sizes: AttentionSizes, threads: usize) -> Result<usize, KernelError> {
    product("attention scratch", &[sizes.per_thread(kernel(cpu)?)?, threads])
}

/// `y = Σ e^(s - max) v / Σ e^(s - max)` over the keys, with `s = scale · (q · k)`, chosen, and then the addends added.
///
/// Both products are of class Chain, whatever their extents; the sum of the powers is that of [`crate::softmax::softmax_f32`], and
/// the result is divided by it once. So bits depend on neither tiles nor threads. A row with a NaN among its scores, or with an
/// infinity as their maximum, is NaN; without keys the result is 0.
///
/// # Errors
/// A slice that is too short, results that overlap, or a processor without a kernel.
pub fn attention_f32(cpu: Cpu, args: AttentionF32<'_>, scratch: &mut [f32], team: Team) -> Result<(), KernelError> {
    check(&args)?;
    let (sizes, row) = (args.sizes, kernel(cpu)?);
    check_len("attention scratch", attention_scratch(cpu, sizes, team.threads())?, scratch.len())?;
    let units = args
        .heads
        .iter()
        .try_fold(1usize, |n, axis| n.checked_mul(axis.count))
        .ok_or(KernelError::Overflow { place: "attention heads" })?;
    if units == 0 || sizes.queries == 0 || sizes.outer == 0 {
        return Ok(());
    }
    let AttentionF32 { qkv, scale, condition, added, y, y_row, heads, .. } = args;
    let work = || units.saturating_mul(sizes.queries).saturating_mul(sizes.keys).saturating_mul(sizes.inner + sizes.outer) / PER_CYCLE;
    let team = team_for(team, work);
    let tile = tile_rows(&sizes, units, team.threads());
    let tiles = sizes.queries.div_ceil(tile);
    let (per_thread, products) = (sizes.per_thread(row)?, sizes.product_scratch(row)?);
    let (y, scratch) = (Disjoint::new(y), Disjoint::new(scratch));
    team.run(units * tiles, &|task, worker| {
        let head = Head::new(heads, task.0 / tiles);
        let rows = task.0 % tiles * tile..sizes.queries.min((task.0 % tiles + 1) * tile);
        // SAFETY: asked once by this task, with its own worker.
        let mine = unsafe { scratch.for_worker(worker, per_thread) };
        let (products, mine) = mine.split_at_mut(products);
        let (sums, mine) = mine.split_at_mut(rows.len());
        // Without keys the products are 0, and stay so.
        sums.fill(1.0);
        let (results, scores) = mine.split_at_mut(rows.len() * sizes.outer);
        let scores = &mut scores[..rows.len() * sizes.keys];
        let [q, k, v] = [0, 1, 2].map(|i| from(qkv[i], head.qkv[i]));
        let q = Matrix { data: &q.data[(rows.start * q.row).min(q.data.len())..], ..q };
        // K is read as its transpose.
        let k = Matrix { row: k.col, col: k.row, ..k };
        multiply(cpu, [rows.len(), sizes.keys, sizes.inner], q, k, scores, products);
        let condition = condition.map(|c| Condition { matrix: from(c.matrix, head.condition), ..c });
        let added = [0, 1].map(|i| added[i].map(|m| from(m, head.added[i])));
        cpu.run(Powers { first: rows.start, keys: sizes.keys, scale, condition, added, scores, sums });
        let p = Matrix { data: scores, row: sizes.keys, col: 1 };
        multiply(cpu, [rows.len(), sizes.outer, sizes.keys], p, v, results, products);
        let place = (head.y + rows.start * y_row, y_row);
        cpu.run(Divide { rows: results, cols: sizes.outer, sums, y: &y, place });
    });
    Ok(())
}

/// Rows of a tile: fewer where there are not tasks enough for the threads.
fn tile_rows(sizes: &AttentionSizes, units: usize, threads: usize) -> usize {
    let mut rows = sizes.rows();
    while threads > 1 && rows > TILE_ROWS[0] && units.saturating_mul(sizes.queries.div_ceil(rows)) < threads * TASKS_PER_THREAD {
        rows = rows.div_ceil(2);
    }
    rows
}

/// Where the operands of one head begin.
struct Head {
    qkv: [usize; 3],
    y: usize,
    condition: usize,
    added: [usize; 2],
}

impl Head {
    /// Head `unit`, the last axis running fastest.
    fn new(heads: &[HeadAxis], mut unit: usize) -> Head {
        let mut head = Head { qkv: [0; 3], y: 0, condition: 0, added: [0; 2] };
        for axis in heads.iter().rev() {
            let i = unit % axis.count;
            unit /= axis.count;
            head.qkv.iter_mut().zip(axis.qkv).for_each(|(at, step)| *at += i * step);
            head.added.iter_mut().zip(axis.added).for_each(|(at, step)| *at += i * step);
            head.y += i * axis.y;
            head.condition += i * axis.condition;
        }
        head
    }
}

fn from<T>(matrix: Matrix<'_, T>, start: usize) -> Matrix<'_, T> {
    Matrix { data: &matrix.data[start.min(matrix.data.len())..], ..matrix }
}

/// `c = a · b`, dense, on this thread. The extents were checked with the whole.
fn multiply(cpu: Cpu, [m, n, k]: [usize; 3], a: Matrix<'_, f32>, b: Matrix<'_, f32>, c: &mut [f32], scratch: &mut [f32]) {
    let args = GemmF32 {
        m,
        n,
        k,
        a: a.data,
        a_row_stride: a.row,
        a_col_stride: a.col,
        b: GemmB::Strided { data: b.data, row_stride: b.row, col_stride: b.col },
        c,
        c_row_stride: n,
        epilogue: &PLAIN,
        bias: None,
        residual: None,
        batch: &[],
    };
    let done = chain_row(cpu, m).map(|row| gemm_f32(cpu, row, args, scratch, Team::serial()));
    debug_assert!(matches!(done, Some(Ok(()))), "{done:?}");
}

const PLAIN: Epilogue = Epilogue { bias: crate::BiasAxis::None, activation: crate::Activation::None, residual: false };

/// Products to powers, row by row, and their sums.
struct Powers<'a> {
    /// The first row's place among the queries.
    first: usize,
    keys: usize,
    scale: f32,
    condition: Option<Condition<'a>>,
    added: [Option<Matrix<'a, f32>>; 2],
    scores: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Kernel for Powers<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Powers { first, keys, scale, condition, added, scores, sums } = self;
        if keys == 0 {
            return;
        }
        for (i, (row, sum)) in scores.chunks_exact_mut(keys).zip(sums).enumerate() {
            let [one, two] = [0, 1].map(|a| addend(added[a], first + i, keys));
            let max = match (condition, one, two) {
                (None, None, None) => pass(isa, row, |_, x| isa.mul(x, isa.splat(scale))),
                (None, Some(one), None) => pass(isa, row, |at, x| isa.add(isa.mul(x, isa.splat(scale)), one.lanes(isa, at))),
                _ => {
                    pass(isa, row, |_, x| isa.mul(x, isa.splat(scale)));
                    condition.iter().for_each(|condition| choose(condition, first + i, row));
                    let [one, two] = [one, two].map(|a| a.unwrap_or(Addend::One(-0.0)));
                    pass(isa, row, |at, x| isa.add(isa.add(x, one.lanes(isa, at)), two.lanes(isa, at)))
                }
            };
            *sum = powers(isa, isa.splat(isa.reduce_max(max)), row);
        }
    }
}

/// What is added to a row.
#[derive(Copy, Clone)]
enum Addend<'a> {
    One(f32),
    Each(&'a [f32]),
}

#[inline(always)]
fn addend(matrix: Option<Matrix<'_, f32>>, row: usize, keys: usize) -> Option<Addend<'_>> {
    matrix.map(|m| if m.col == 0 { Addend::One(m.data[row * m.row]) } else { Addend::Each(&m.data[row * m.row..][..keys]) })
}

impl Addend<'_> {
    /// The lanes from `at` on; what lies behind the end does not matter.
    #[inline(always)]
    fn lanes<I: Isa>(self, isa: I, at: usize) -> I::F32 {
        match self {
            Addend::One(one) => isa.splat(one),
            Addend::Each(row) if row.len() - at >= LANES => isa.load(&row[at..]),
            Addend::Each(row) => isa.load_partial(&row[at..], 0.0),
        }
    }
}

/// Each score `f(place, score)`; their maximum, lane by lane. Whole vectors are stored whole: what is stored in part is slow to load again.
#[inline(always)]
fn pass<I: Isa>(isa: I, row: &mut [f32], f: impl Fn(usize, I::F32) -> I::F32) -> I::F32 {
    let mut max = isa.splat(f32::NEG_INFINITY);
    let (whole, rest) = row.as_chunks_mut::<LANES>();
    let at = whole.len() * LANES;
    for (i, lanes) in whole.iter_mut().enumerate() {
        let x = f(i * LANES, isa.load(lanes));
        isa.store(x, lanes);
        max = isa.max(x, max);
    }
    if !rest.is_empty() {
        isa.store_partial(f(at, isa.load_partial(rest, 0.0)), rest);
        max = isa.max(isa.load_partial(rest, f32::NEG_INFINITY), max);
    }
    max
}

#[inline(always)]
fn choose(condition: &Condition<'_>, row: usize, scores: &mut [f32]) {
    let m = &condition.matrix;
    let bytes = &m.data[row * m.row..];
    if m.col == 0 {
        if (bytes[0] != 0) != condition.stays {
            scores.fill(condition.fill);
        }
        return;
    }
    for (score, &byte) in scores.iter_mut().zip(bytes) {
        *score = if (byte != 0) == condition.stays { *score } else { condition.fill };
    }
}

/// The powers `e^(score - max)` of a row, and their sum.
#[inline(always)]
fn powers<I: Isa>(isa: I, max: I::F32, row: &mut [f32]) -> f32 {
    let mut total = isa.splat(0.0);
    let (whole, rest) = row.as_chunks_mut::<LANES>();
    for lanes in whole {
        let e = math::exp(isa, isa.sub(isa.load(lanes), max));
        isa.store(e, lanes);
        total = isa.add(total, e);
    }
    if !rest.is_empty() {
        // Lanes after the end hold -inf, hence e^-inf = 0, except in a row that is NaN anyway.
        let e = math::exp(isa, isa.sub(isa.load_partial(rest, f32::NEG_INFINITY), max));
        isa.store_partial(e, rest);
        total = isa.add(total, e);
    }
    isa.reduce_add(total)
}

/// The rows of results, each divided by its sum, to their places.
struct Divide<'a> {
    rows: &'a [f32],
    cols: usize,
    sums: &'a [f32],
    y: &'a Disjoint<'a, f32>,
    /// Where the first row goes, and how far apart they are.
    place: (usize, usize),
}

impl Kernel for Divide<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (start, step) = self.place;
        for (i, (row, &sum)) in self.rows.chunks_exact(self.cols).zip(self.sums).enumerate() {
            let at = start + i * step;
            // SAFETY: rows of results do not overlap, and each belongs to one task.
            let y = unsafe { self.y.part(at..at + self.cols) };
            let sum = isa.splat(sum);
            let ((x, x_rest), (y, y_rest)) = (row.as_chunks::<LANES>(), y.as_chunks_mut::<LANES>());
            for (x, y) in x.iter().zip(y) {
                isa.store(isa.div(isa.load(x), sum), y);
            }
            if !x_rest.is_empty() {
                isa.store_partial(isa.div(isa.load_partial(x_rest, 0.0), sum), y_rest);
            }
        }
    }
}

fn check(args: &AttentionF32<'_>) -> Result<(), KernelError> {
    let AttentionSizes { queries, keys, inner, outer } = args.sizes;
    require(args.heads.len() <= BATCH_AXES_MAX, "attention heads", "too many axes")?;
    let need = |place, matrix: [(usize, usize); 2], step: &dyn Fn(&HeadAxis) -> usize| {
        let mut dims = [(1, 0); BATCH_AXES_MAX + 2];
        dims[..2].copy_from_slice(&matrix);
        dims[2..].iter_mut().zip(args.heads).for_each(|(dim, axis)| *dim = (axis.count, step(axis)));
        extent(place, &dims).map(|len| (len, dims))
    };
    for (i, (rows, cols)) in [(queries, inner), (keys, inner), (keys, outer)].into_iter().enumerate() {
        let m = &args.qkv[i];
        let (len, _) = need("attention operand", [(rows, m.row), (cols, m.col)], &|axis| axis.qkv[i])?;
        check_len("attention operand", len, m.data.len())?;
    }
    if let Some(Condition { matrix, .. }) = &args.condition {
        require(matrix.col <= 1, "attention condition", "columns are apart")?;
        let (len, _) = need("attention condition", [(queries, matrix.row), (keys, matrix.col)], &|axis| axis.condition)?;
        check_len("attention condition", len, matrix.data.len())?;
    }
    for (i, matrix) in args.added.iter().enumerate().filter_map(|(i, m)| Some((i, m.as_ref()?))) {
        require(matrix.col <= 1, "attention addend", "columns are apart")?;
        let (len, _) = need("attention addend", [(queries, matrix.row), (keys, matrix.col)], &|axis| axis.added[i])?;
        check_len("attention addend", len, matrix.data.len())?;
    }
    let (len, mut dims) = need("attention y", [(queries, args.y_row), (outer, 1)], &|axis| axis.y)?;
    require(apart(&mut dims), "attention y", "rows overlap: a stride is less than what lies between")?;
    check_len("attention y", len, args.y.len())
}
