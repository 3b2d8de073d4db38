//! Steps that move elements.

use fastserve_ir::{Movement, OpError, PadMode, normalize_axis};
use fastserve_kernels::movement::{Place, copy_strided, gather};
use fastserve_parallel::Team;
use fastserve_tensor::{DType, MAX_RANK, Shape, TensorView, TensorViewMut};

use crate::step_io::StepIo;
use crate::steps::{Sizes, kernel_error, pad, tables};

pub(super) type Strides = [isize; MAX_RANK];

/// Elements of scratch: one index an output element of each axis.
pub(crate) fn scratch(sizes: &Sizes<'_>, movement: &Movement) -> Result<usize, OpError> {
    match movement {
        Movement::Nearest { .. } | Movement::Tile => Ok(sizes.output(0)?.iter().sum()),
        Movement::Pad { mode, .. } if *mode != PadMode::Constant => Ok(sizes.output(0)?.iter().sum()),
        _ => Ok(0),
    }
}

pub(crate) fn run(mut io: StepIo<'_>, movement: &Movement) -> Result<(), OpError> {
    match movement {
        Movement::Transpose(perm) => {
            let own = strides(&io.in_shape(0)?);
            let from: Strides = std::array::from_fn(|i| perm.get(i).map_or(0, |&axis| own[axis]));
            walk(&mut io, 0, &from)
        }
        Movement::Slice(cuts) => slice(&mut io, cuts),
        Movement::SliceAt => slice_at(&mut io),
        Movement::Gather(axis) => pick(&mut io, *axis),
        Movement::Tile => tables::tile(&mut io),
        Movement::Pad { mode: PadMode::Constant, starts, value } => pad::constant(&mut io, starts, *value),
        Movement::Pad { mode, starts, .. } => tables::pad(&mut io, *mode, starts),
        Movement::Expand => {
            let from = repeated(&io.in_shape(0)?, &io.out_shape(0)?)?;
            walk(&mut io, 0, &from)
        }
        Movement::Split(axis) => split(&mut io, *axis),
        Movement::Concat(axis) => concat(&mut io, *axis),
        Movement::Nearest { coordinates, mode, scales } => tables::nearest(&mut io, *coordinates, *mode, scales),
    }
}

pub(super) fn strides(shape: &Shape) -> Strides {
    let own = shape.strides();
    std::array::from_fn(|i| own[i] as isize)
}

/// Fills the first output from the first input, walked by these strides.
fn walk(io: &mut StepIo<'_>, start: usize, from: &Strides) -> Result<(), OpError> {
    let shape = io.out_shape(0)?;
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    let (rank, to) = (shape.rank(), strides(&shape));
    let from = Place { start, strides: &from[..rank] };
    copy(&shape, &x, from, &mut y, Place { start: 0, strides: &to[..rank] }, io.model.team)
}

/// A copy of elements of any type, by their width.
pub(super) fn copy(
    shape: &[usize],
    x: &TensorView<'_>,
    from: Place<'_>,
    y: &mut TensorViewMut<'_>,
    to: Place<'_>,
    team: Team,
) -> Result<(), OpError> {
    match x.dtype().size_bytes() {
        1 => copy_strided(shape, x.bytes(), from, y.bytes_mut(), to, team).map_err(kernel_error),
        2 => copy_strided::<u16>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
        4 => copy_strided::<u32>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
        _ => copy_strided::<u64>(shape, words(x)?, from, words_mut(y)?, to, team).map_err(kernel_error),
    }
}

pub(super) fn words<'a, T: bytemuck::Pod>(x: &TensorView<'a>) -> Result<&'a [T], OpError> {
    bytemuck::try_cast_slice(x.bytes()).map_err(|e| OpError::Value(e.to_string()))
}

pub(super) fn words_mut<'a, T: bytemuck::Pod>(y: &'a mut TensorViewMut<'_>) -> Result<&'a mut [T], OpError> {
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
    walk(io, start, &from)
}

/// A slice whose first elements are known in the run only.
fn slice_at(io: &mut StepIo<'_>) -> Result<(), OpError> {
    let rank = io.in_shape(0)?.rank();
    let starts = io.view(1)?;
    let list = |i| if io.has_input(i) { io.view(i).map(Some) } else { Ok(None) };
    let (axes, steps) = (list(3)?, list(4)?);
    let mut cuts = [(0, 1); MAX_RANK];
    for i in 0..starts.shape().numel() {
        let axis = axes.as_ref().map_or(Ok(i as i64), |a| int_at(a, i))?;
        let step = steps.as_ref().map_or(Ok(1), |s| int_at(s, i))?;
        cuts[normalize_axis(axis, rank)?] = (int_at(&starts, i)?, step);
    }
    slice(io, &cuts[..rank])
}

/// An element of an integer input.
fn int_at(list: &TensorView<'_>, i: usize) -> Result<i64, OpError> {
    let got = match list.dtype() {
        DType::I32 => list.as_slice::<i32>()?.get(i).map(|&v| v.into()),
        _ => list.as_slice::<i64>()?.get(i).copied(),
    };
    got.ok_or_else(|| OpError::Value("starts, axes and steps differ in length".into()))
}

/// Slices of an axis, picked by the second input.
fn pick(io: &mut StepIo<'_>, axis: usize) -> Result<(), OpError> {
    let (x, mut y) = (io.view(0)?, io.take_view(0)?);
    match x.dtype().size_bytes() {
        1 => pick_words(io, axis, x.bytes(), y.bytes_mut()),
        2 => pick_words::<u16>(io, axis, words(&x)?, words_mut(&mut y)?),
        4 => pick_words::<u32>(io, axis, words(&x)?, words_mut(&mut y)?),
        _ => pick_words::<u64>(io, axis, words(&x)?, words_mut(&mut y)?),
    }
}

fn pick_words<T: bytemuck::Pod + Send + Sync>(io: &StepIo<'_>, axis: usize, x: &[T], y: &mut [T]) -> Result<(), OpError> {
    let shape = io.in_shape(0)?;
    let (outer, [len, inner @ ..]) = shape.split_at(axis.min(shape.rank())) else {
        return Err(OpError::Value(format!("{shape} has no axis {axis}")));
    };
    let sizes = [outer.iter().product(), *len, inner.iter().product()];
    let (indices, team) = (io.view(1)?, io.model.team);
    match indices.dtype() {
        DType::I32 => gather(sizes, x, indices.as_slice::<i32>()?, y, team).map_err(kernel_error),
        _ => gather(sizes, x, indices.as_slice::<i64>()?, y, team).map_err(kernel_error),
    }
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
