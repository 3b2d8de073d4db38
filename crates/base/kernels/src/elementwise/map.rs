#![allow(unsafe_code)]
//! Any function of one to three elements of any types, with broadcasting. Each result is made of its own elements alone, so that its
//! bits do not depend on threads or on where it lies.

use super::TASK_ELEMENTS;
use super::broadcast::Walk;
use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len};
use crate::grain::team_for;
use fastserve_parallel::Team;

/// An operand: its elements, and for each dimension of the result its stride in elements; 0 where it is broadcast.
#[derive(Copy, Clone, Debug)]
pub struct Source<'a, T> {
    /// The elements.
    pub data: &'a [T],
    /// One stride per dimension of the result.
    pub strides: &'a [usize],
}

/// Calls `task` with the start and the elements of each part of `y`.
pub(super) fn split<Y: Send>(y: &mut [Y], team: Team, task: &(dyn Fn(usize, &mut [Y]) + Sync)) {
    let len = y.len();
    let out = Disjoint::new(y);
    team_for(team, || len).run(len.div_ceil(TASK_ELEMENTS), &|index, _| {
        let start = index.0 * TASK_ELEMENTS;
        // SAFETY: the tasks' parts do not overlap.
        task(start, unsafe { out.part(start..len.min(start + TASK_ELEMENTS)) });
    });
}

/// Walks a part that starts at `index` in runs along the innermost dimension: `run` gets the operands' places and the results.
fn runs<Y, const N: usize>(walk: &Walk<N>, mut index: usize, mut y: &mut [Y], mut run: impl FnMut([usize; N], &mut [Y])) {
    let size = walk.inner().size;
    while !y.is_empty() {
        let len = (size - index % size).min(y.len());
        let (now, rest) = y.split_at_mut(len);
        run(walk.offsets(index), now);
        index += len;
        y = rest;
    }
}

/// `y[i] = f(x[i])` for all of `x`.
///
/// # Errors
/// A short `y`.
pub fn map1<A: Copy + Sync, Y: Send>(x: &[A], y: &mut [Y], team: Team, f: impl Fn(A) -> Y + Sync) -> Result<(), KernelError> {
    check_len("map y", x.len(), y.len())?;
    split(&mut y[..x.len()], team, &|start, y| {
        y.iter_mut().zip(&x[start..]).for_each(|(y, x)| *y = f(*x));
    });
    Ok(())
}

/// `y[i] = f(y[i])`.
pub fn update1<Y: Copy + Send>(y: &mut [Y], team: Team, f: impl Fn(Y) -> Y + Sync) {
    split(y, team, &|_, y| y.iter_mut().for_each(|y| *y = f(*y)));
}

/// `y = f(a, b)` over `shape`; `y` is contiguous.
///
/// # Errors
/// Where the numbers of dimensions differ, or a slice is too short for its strides.
pub fn map2<A: Copy + Sync, B: Copy + Sync, Y: Send>(
    shape: &[usize],
    a: Source<'_, A>,
    b: Source<'_, B>,
    y: &mut [Y],
    team: Team,
    f: impl Fn(A, B) -> Y + Sync,
) -> Result<(), KernelError> {
    let walk = Walk::new(shape, [a.strides, b.strides])?;
    check_len("map a", walk.extents[0], a.data.len())?;
    check_len("map b", walk.extents[1], b.data.len())?;
    check_len("map y", walk.len, y.len())?;
    let steps = walk.inner().strides;
    split(&mut y[..walk.len], team, &|start, y| {
        runs(&walk, start, y, |[i, j], y| {
            let (a, b) = (&a.data[i..], &b.data[j..]);
            match steps {
                [1, 1] => y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = f(*a, *b)),
                [1, 0] => y.iter_mut().zip(a).for_each(|(y, a)| *y = f(*a, b[0])),
                [0, 1] => y.iter_mut().zip(b).for_each(|(y, b)| *y = f(a[0], *b)),
                [p, q] => y.iter_mut().enumerate().for_each(|(i, y)| *y = f(a[i * p], b[i * q])),
            }
        });
    });
    Ok(())
}

/// `y = f(y, b)` over `shape`; `y` is contiguous.
///
/// # Errors
/// Where the numbers of dimensions differ, or a slice is too short for its strides.
pub fn update<B: Copy + Sync, Y: Copy + Send>(
    shape: &[usize],
    b: Source<'_, B>,
    y: &mut [Y],
    team: Team,
    f: impl Fn(Y, B) -> Y + Sync,
) -> Result<(), KernelError> {
    let walk = Walk::new(shape, [b.strides])?;
    check_len("map b", walk.extents[0], b.data.len())?;
    check_len("map y", walk.len, y.len())?;
    let [step] = walk.inner().strides;
    split(&mut y[..walk.len], team, &|start, y| {
        runs(&walk, start, y, |[j], y| {
            let b = &b.data[j..];
            match step {
                1 => y.iter_mut().zip(b).for_each(|(y, b)| *y = f(*y, *b)),
                step => y.iter_mut().enumerate().for_each(|(i, y)| *y = f(*y, b[i * step])),
            }
        });
    });
    Ok(())
}

/// `y = f(a, b, c)` over `shape`; `y` is contiguous.
///
/// # Errors
/// Where the numbers of dimensions differ, or a slice is too short for its strides.
pub fn map3<A: Copy + Sync, B: Copy + Sync, Y: Send>(
    shape: &[usize],
    a: Source<'_, A>,
    [b, c]: [Source<'_, B>; 2],
    y: &mut [Y],
    team: Team,
    f: impl Fn(A, B, B) -> Y + Sync,
) -> Result<(), KernelError> {
    let walk = Walk::new(shape, [a.strides, b.strides, c.strides])?;
    check_len("map a", walk.extents[0], a.data.len())?;
    check_len("map b", walk.extents[1], b.data.len())?;
    check_len("map c", walk.extents[2], c.data.len())?;
    check_len("map y", walk.len, y.len())?;
    let steps = walk.inner().strides;
    split(&mut y[..walk.len], team, &|start, y| {
        runs(&walk, start, y, |[i, j, k], y| {
            let (a, b, c) = (&a.data[i..], &b.data[j..], &c.data[k..]);
            match steps {
                [1, 1, 1] => y.iter_mut().zip(a).zip(b).zip(c).for_each(|(((y, a), b), c)| *y = f(*a, *b, *c)),
                [1, 0, 1] => y.iter_mut().zip(a).zip(c).for_each(|((y, a), c)| *y = f(*a, b[0], *c)),
                [1, 1, 0] => y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = f(*a, *b, c[0])),
                [p, q, r] => y.iter_mut().enumerate().for_each(|(i, y)| *y = f(a[i * p], b[i * q], c[i * r])),
            }
        });
    });
    Ok(())
}
