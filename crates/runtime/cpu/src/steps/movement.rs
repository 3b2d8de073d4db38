//! Steps that move elements.

use fastserve_ir::{CHANNEL_BLOCK, Coordinates, Layout, Movement, NearestMode, OpError};
use fastserve_kernels::movement::{Place, copy_by_tables, copy_strided};
use fastserve_parallel::Team;
use fastserve_tensor::{MAX_RANK, Shape, TensorView, TensorViewMut};

use crate::step_io::StepIo;
use crate::steps::{Sizes, kernel_error};

type Strides = [isize; MAX_RANK];

/// Elements of scratch: one index an output element of each axis.
pub(crate) fn scratch(sizes: &Sizes<'_>, movement: &Movement) -> Result<usize, OpError> {
    match movement {
        Movement::Nearest { .. } => Ok(sizes.output(0)?.iter().sum()),
        _ => Ok(0),
    }
}

pub(crate) fn run(mut io: StepIo<'_>, movement: &Movement) -> Result<(), OpError> {
    match movement {
        Movement::Transpose(perm) => {
            let own = strides(&io.in_shape(0)?);
            let from: Strides = std::array::from_fn(|i| perm.get(i).map_or(0, |&axis| own[axis]));
            gather(&mut io, 0, &from)
        }
        Movement::Slice(cuts) => slice(&mut io, cuts),
        Movement::Expand => {
            let from = repeated(&io.in_shape(0)?, &io.out_shape(0)?)?;
            gather(&mut io, 0, &from)
        }
        Movement::Split(axis) => split(&mut io, *axis),
        Movement::Concat(axis) => concat(&mut io, *axis),
        Movement::Nearest { coordinates, mode, scales } => nearest(&mut io, *coordinates, *mode, scales),
    }
}

fn strides(shape: &Shape) -> Strides {
    let own = shape.strides();
    std::array::from_fn(|i| own[i] as isize)
}

/// Fills the first output from the first input, walked by these strides.
fn gather(io: &mut StepIo<'_>, start: usize, from: &Strides) -> Result<(), OpError> {
    let shape = io.out_shape(0)?;
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    let (rank, to) = (shape.rank(), strides(&shape));
    let from = Place { start, strides: &from[..rank] };
    copy(&shape, &x, from, &mut y, Place { start: 0, strides: &to[..rank] }, io.model.team)
}

/// A copy of elements of any type, by their width.
fn copy(shape: &[usize], x: &TensorView<'_>, from: Place<'_>, y: &mut TensorViewMut<'_>, to: Place<'_>, team: Team) -> Result<(), OpError> {
    match x.dtype().size_bytes() {
        1 => copy_strided(shape, x.bytes(), from, y.bytes_mut(), to, team).map_err(kernel_error),
        2 => copy_strided::<u16>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
        4 => copy_strided::<u32>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
        _ => copy_strided::<u64>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
    }
}

fn words<'a, T: bytemuck::Pod>(x: &TensorView<'a>) -> Result<&'a [T], OpError> {
    bytemuck::try_cast_slice(x.bytes()).map_err(|e| OpError::Value(e.to_string()))
}

fn words_mut<'a, T: bytemuck::Pod>(y: &'a mut TensorViewMut<'_>) -> Result<&'a mut [T], OpError> {
    bytemuck::try_cast_slice_mut(y.bytes_mut()).map_err(|e| OpError::Value(e.to_string()))
}

fn slice(io: &mut StepIo<'_>, cuts: &[(i64, i64)]) -> Result<(), OpError> {
    let (shape, own) = (io.in_shape(0)?, strides(&io.in_shape(0)?));
    if io.out_shape(0)?.contains(&0) {
        return Ok(());
    }
    let (mut start, mut from) = (0, [0; MAX_RANK]);
    for (axis, &(first, step)) in cuts.iter().enumerate().take(shape.rank()) {
        let first = clamped(first, shape[axis], step).ok_or_else(|| OpError::Value("a slice of nothing".into()))?;
        start += first * own[axis] as usize;
        from[axis] = isize::try_from(step).ok().and_then(|s| s.checked_mul(own[axis])).unwrap_or(0);
    }
    gather(io, start, &from)
}

/// The first element taken, clamped as ONNX says; none where it lies before or behind all.
fn clamped(first: i64, len: usize, step: i64) -> Option<usize> {
    let n = i64::try_from(len).ok()?;
    let first = if first < 0 { first.saturating_add(n) } else { first };
    let first = if step < 0 { first.min(n - 1) } else { first.max(0) };
    usize::try_from(first).ok().filter(|&f| f < len)
}

/// Strides along the output's axes; 0 where the input is repeated.
fn repeated(operand: &Shape, out: &Shape) -> Result<Strides, OpError> {
    let skip = out.rank().checked_sub(operand.rank()).ok_or_else(|| OpError::Value(format!("cannot broadcast {operand} to {out}")))?;
    let own = strides(operand);
    let mut from = [0; MAX_RANK];
    for (i, &d) in operand.iter().enumerate() {
        if d != 1 && d != out[skip + i] {
            return Err(OpError::Value(format!("cannot broadcast {operand} to {out}")));
        }
        from[skip + i] = if d == 1 { 0 } else { own[i] };
    }
    Ok(from)
}

fn split(io: &mut StepIo<'_>, axis: usize) -> Result<(), OpError> {
    let (x, own) = (io.view(0)?, strides(&io.in_places(0)?));
    let mut start = 0;
    for i in 0..io.step.outs.len() {
        let shape = io.out_places(i)?;
        let (to, mut y) = (strides(&shape), io.take_view(i)?);
        let from = Place { start, strides: &own[..shape.rank()] };
        copy(&shape, &x, from, &mut y, Place { start: 0, strides: &to[..shape.rank()] }, io.model.team)?;
        start += shape[axis] * own[axis] as usize;
    }
    Ok(())
}

fn concat(io: &mut StepIo<'_>, axis: usize) -> Result<(), OpError> {
    let out = io.out_places(0)?;
    let (to, mut y, mut start) = (strides(&out), io.take_view(0)?, 0);
    for i in 0..io.step.ins.len() {
        let shape = io.in_places(i)?;
        if shape.rank() != out.rank() || (0..out.rank()).any(|a| a != axis && shape[a] != out[a]) {
            return Err(OpError::Value(format!("input {i}: {shape} does not fit into {out}")));
        }
        let (x, own) = (io.view(i)?, strides(&shape));
        let from = Place { start: 0, strides: &own[..shape.rank()] };
        copy(&shape, &x, from, &mut y, Place { start, strides: &to[..shape.rank()] }, io.model.team)?;
        start += shape[axis] * to[axis] as usize;
    }
    Ok(())
}

/// The extents of whole blocks where a value is blocked: an element is then a position of a block.
fn blocks_of(shape: &Shape, blocked: bool) -> Result<Shape, OpError> {
    match shape.dims() {
        [n, channels, h, w] if blocked => Ok(Shape::new(&[*n, channels.div_ceil(CHANNEL_BLOCK), *h, *w])?),
        _ => Ok(*shape),
    }
}

fn nearest(io: &mut StepIo<'_>, coordinates: Coordinates, mode: NearestMode, scales: &[Option<f32>]) -> Result<(), OpError> {
    let blocked = io.in_fact(0)?.layout == Layout::Channels16;
    let (from, to) = (blocks_of(&io.in_shape(0)?, blocked)?, blocks_of(&io.out_shape(0)?, blocked)?);
    let own = from.strides();
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    if to.contains(&0) {
        return Ok(());
    }
    let mut rest: &mut [u32] = bytemuck::cast_slice_mut(io.take_scratch()?);
    let mut tables: [&[u32]; MAX_RANK] = [&[]; MAX_RANK];
    for axis in 0..to.rank() {
        let (table, behind) =
            std::mem::take(&mut rest).split_at_mut_checked(to[axis]).ok_or_else(|| OpError::Value("the scratch is too small".into()))?;
        let scale = scales.get(axis).copied().flatten().unwrap_or(to[axis] as f32 / from[axis] as f32);
        for (i, place) in table.iter_mut().enumerate() {
            let exact = if scale == 1.0 && from[axis] == to[axis] { i as f32 } else { coordinates.source(i, from[axis], to[axis], scale) };
            let at = (mode.nearest(exact, scale).max(0.0) as usize).min(from[axis].saturating_sub(1));
            *place = u32::try_from(at * own[axis]).map_err(|_| OpError::Value(format!("{from} is too large")))?;
        }
        tables[axis] = table;
        rest = behind;
    }
    let (tables, team) = (&tables[..to.rank()], io.model.team);
    if blocked {
        return copy_by_tables::<[u32; CHANNEL_BLOCK]>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error);
    }
    match x.dtype().size_bytes() {
        1 => copy_by_tables(tables, x.bytes(), y.bytes_mut(), team).map_err(kernel_error),
        2 => copy_by_tables::<u16>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
        4 => copy_by_tables::<u32>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
        _ => copy_by_tables::<u64>(tables, words(&x)?, words_mut(&mut y)?, team).map_err(kernel_error),
    }
}
