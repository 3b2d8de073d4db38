//! Attention.

use fastserve_ir::{AttentionSpec, OpError};
use fastserve_kernels::attention::{AttentionF32, AttentionSizes, Condition, HeadAxis, Matrix, attention_f32, attention_scratch};
use fastserve_kernels::gemm::BATCH_AXES_MAX;
use fastserve_tensor::{MAX_RANK, Shape};

use crate::step_io::StepIo;
use crate::steps::{Sizes, kernel_error};

/// Where an operand begins, and its strides along heads, rows and columns; 0 where it is repeated.
struct Lie {
    start: usize,
    strides: [usize; MAX_RANK],
}

/// Everything that follows from extents.
struct Extents {
    sizes: AttentionSizes,
    qkv: [Lie; 3],
    y: [usize; MAX_RANK],
    /// Those of heads.
    counts: [usize; MAX_RANK],
    rank: usize,
}

impl Extents {
    fn new(shapes: [Shape; 3], y: &Shape, spec: &AttentionSpec) -> Result<Extents, OpError> {
        let misfit = || OpError::Value(format!("Q {}, K {} and V {} do not fit the result {y}", shapes[0], shapes[1], shapes[2]));
        let rank = spec.orders[0].len();
        let logical = |i: usize, axis: usize| spec.orders[i].get(axis).and_then(|&at| shapes[i].get(at)).copied();
        let mut e = Extents {
            sizes: AttentionSizes { queries: 0, keys: 0, inner: 0, outer: 0 },
            qkv: [(); 3].map(|()| Lie { start: 0, strides: [0; MAX_RANK] }),
            y: [0; MAX_RANK],
            counts: [1; MAX_RANK],
            rank,
        };
        let own = y.strides();
        for (at, &axis) in spec.orders[3].iter().enumerate() {
            (e.y[axis], e.counts[axis]) = (own[at], *y.get(at).ok_or_else(misfit)?);
        }
        let (rows, cols) = (rank.checked_sub(2).ok_or_else(misfit)?, rank - 1);
        for (i, shape) in shapes.iter().enumerate() {
            let (start, mut strides) = spec.strides(i, shape).ok_or_else(misfit)?;
            for (axis, stride) in strides.iter_mut().enumerate().take(rows) {
                match logical(i, axis).ok_or_else(misfit)? {
                    n if n == e.counts[axis] => {}
                    1 => *stride = 0,
                    _ => return Err(misfit()),
                }
            }
            e.qkv[i] = Lie { start, strides };
        }
        let of = |i, axis| logical(i, axis).ok_or_else(misfit);
        e.sizes = AttentionSizes { queries: of(0, rows)?, keys: of(1, rows)?, inner: of(0, cols)?, outer: of(2, cols)? };
        let fits = of(1, cols)? == e.sizes.inner && of(2, rows)? == e.sizes.keys;
        let made = [e.counts[rows], e.counts[cols]] == [e.sizes.queries, e.sizes.outer];
        if fits && made { Ok(e) } else { Err(misfit()) }
    }

    /// The strides of what is broadcast to the scores.
    fn mask(&self, shape: &Shape) -> Result<[usize; MAX_RANK], OpError> {
        let misfit = || OpError::Value(format!("a mask {shape} does not fit {} queries and {} keys", self.sizes.queries, self.sizes.keys));
        let (own, mut strides) = (shape.strides(), [0; MAX_RANK]);
        let skip = self.rank.checked_sub(shape.rank()).ok_or_else(misfit)?;
        for (i, &n) in shape.iter().enumerate() {
            let whole = if skip + i == self.rank - 1 { self.sizes.keys } else { self.counts[skip + i] };
            match n {
                _ if n == whole => strides[skip + i] = own[i],
                1 => {}
                _ => return Err(misfit()),
            }
        }
        // Columns of an extent of 1 may lie anywhere.
        if self.sizes.keys <= 1 {
            strides[self.rank - 1] = 0;
        }
        Ok(strides)
    }

    fn matrix<'a, T>(&self, data: &'a [T], strides: &[usize; MAX_RANK]) -> Matrix<'a, T> {
        Matrix { data, row: strides[self.rank - 2], col: strides[self.rank - 1] }
    }
}

fn of_sizes(sizes: &Sizes<'_>, spec: &AttentionSpec) -> Result<Extents, OpError> {
    let shape = |i| Shape::new(sizes.input(i)?).map_err(OpError::from);
    Extents::new([shape(0)?, shape(1)?, shape(2)?], &Shape::new(sizes.output(0)?)?, spec)
}

pub(crate) fn scratch(sizes: &Sizes<'_>, spec: &AttentionSpec) -> Result<usize, OpError> {
    let e = of_sizes(sizes, spec)?;
    attention_scratch(sizes.model.cpu, e.sizes, sizes.model.team.threads()).map_err(kernel_error)
}

pub(crate) fn run(mut io: StepIo<'_>, spec: &AttentionSpec) -> Result<(), OpError> {
    let e = Extents::new([io.in_shape(0)?, io.in_shape(1)?, io.in_shape(2)?], &io.out_shape(0)?, spec)?;
    let mut heads = [HeadAxis::default(); BATCH_AXES_MAX];
    let used = heads.get_mut(..e.rank - 2).ok_or_else(|| OpError::Value("too many axes".into()))?;
    for (axis, head) in used.iter_mut().enumerate() {
        *head = HeadAxis { count: e.counts[axis], y: e.y[axis], ..HeadAxis::default() };
        (0..3).for_each(|i| head.qkv[i] = e.qkv[i].strides[axis]);
    }
    let operand = |i: usize| {
        let data = io.slice::<f32>(i)?;
        Ok::<_, OpError>(e.matrix(&data[e.qkv[i].start.min(data.len())..], &e.qkv[i].strides))
    };
    let qkv = [operand(0)?, operand(1)?, operand(2)?];
    let mut condition = None;
    if io.has_input(3) {
        let strides = e.mask(&io.in_shape(3)?)?;
        let matrix = e.matrix(io.view(3)?.bytes(), &strides);
        used.iter_mut().enumerate().for_each(|(axis, head)| head.condition = strides[axis]);
        condition = Some(Condition { matrix, stays: spec.stays, fill: spec.fill });
    }
    let mut added = [None; 2];
    for (i, added) in added.iter_mut().enumerate().filter(|(i, _)| io.has_input(4 + i)) {
        let strides = e.mask(&io.in_shape(4 + i)?)?;
        *added = Some(e.matrix(io.slice::<f32>(4 + i)?, &strides));
        used.iter_mut().enumerate().for_each(|(axis, head)| head.added[i] = strides[axis]);
    }
    let args = AttentionF32 {
        sizes: e.sizes,
        qkv,
        scale: spec.scale,
        condition,
        added,
        y_row: e.y[e.rank - 2],
        y: io.take_f32(0)?,
        heads: &heads[..e.rank - 2],
    };
    attention_f32(io.model.cpu, args, io.take_scratch()?, io.model.team).map_err(kernel_error)
}
