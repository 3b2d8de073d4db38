#![allow(unsafe_code)]
//! A copy between two arrays of strides, with square tiles where one side's neighbours are far apart on the other.

use super::{MAX_MOVE_DIMS, TASK_ELEMENTS};
use crate::disjoint::Disjoint;
use crate::error::{KernelError, product, require};
use fastserve_parallel::Team;

/// Where the elements of one side lie: the first one, and a stride for each dimension, all in elements.
#[derive(Copy, Clone, Debug)]
pub struct Place<'a> {
    /// The first element.
    pub start: usize,
    /// One stride a dimension, outermost first.
    pub strides: &'a [isize],
}

/// One dimension: its size, and the strides of source and target.
#[derive(Copy, Clone, Debug, Default)]
struct Dim {
    size: usize,
    from: isize,
    to: usize,
}

/// Edge of a tile.
const TILE: usize = 16;

/// Copies the elements of `shape` from `x` to `y`. Strides of `x` may be 0 or negative; those of `y` must tell all elements apart.
///
/// # Errors
/// Dimensions and strides that do not fit each other, elements outside a slice, or targets that overlap.
pub fn copy_strided<T: Copy + Send + Sync>(
    shape: &[usize],
    x: &[T],
    from: Place<'_>,
    y: &mut [T],
    to: Place<'_>,
    team: Team,
) -> Result<(), KernelError> {
    let len = product("copy shape", shape)?;
    if len == 0 {
        return Ok(());
    }
    let walk = Walk::new(shape, from, to)?;
    walk.check(x.len(), y.len())?;
    let y = Disjoint::new(y);
    let units = walk.units();
    let each = (TASK_ELEMENTS / (len / units).max(1)).max(1);
    team.run(units.div_ceil(each), &|task, _| {
        for unit in task.0 * each..units.min((task.0 + 1) * each) {
            walk.unit(unit, x, &y);
        }
    });
    Ok(())
}

/// The dimensions, innermost of the target first, joined where both sides allow it.
struct Walk {
    dims: [Dim; MAX_MOVE_DIMS],
    count: usize,
    starts: (usize, usize),
    /// The dimension along which the source's elements are neighbours, where that is not the innermost.
    across: Option<usize>,
}

impl Walk {
    fn new(shape: &[usize], from: Place<'_>, to: Place<'_>) -> Result<Walk, KernelError> {
        let agree = shape.len() <= MAX_MOVE_DIMS && from.strides.len() == shape.len() && to.strides.len() == shape.len();
        require(agree, "copy shape", "at most 16 dimensions, with one stride each")?;
        let mut walk = Walk { dims: [Dim::default(); MAX_MOVE_DIMS], count: 0, starts: (from.start, to.start), across: None };
        for ((&size, &from), &to) in shape.iter().zip(from.strides).zip(to.strides).rev() {
            let to = usize::try_from(to).map_err(|_| KernelError::Shape { place: "copy target", what: "strides are not negative" })?;
            walk.push(Dim { size, from, to });
        }
        if walk.count == 0 {
            walk.push_always(Dim { size: 1, from: 1, to: 1 });
        }
        walk.across = walk.find_across();
        Ok(walk)
    }

    fn push(&mut self, dim: Dim) {
        if dim.size == 1 {
            return;
        }
        if let Some(inner) = self.count.checked_sub(1).map(|i| &mut self.dims[i]) {
            let joins_from = inner.from.checked_mul(inner.size as isize) == Some(dim.from);
            if joins_from && inner.to.checked_mul(inner.size) == Some(dim.to) {
                inner.size *= dim.size;
                return;
            }
        }
        self.push_always(dim);
    }

    fn push_always(&mut self, dim: Dim) {
        self.dims[self.count] = dim;
        self.count += 1;
    }

    fn dims(&self) -> &[Dim] {
        &self.dims[..self.count]
    }

    fn find_across(&self) -> Option<usize> {
        let inner = self.dims[0];
        if inner.to != 1 || matches!(inner.from, 0 | 1) || inner.size < TILE / 2 {
            return None;
        }
        (1..self.count).find(|&i| self.dims[i].from == 1 && self.dims[i].size >= TILE / 2)
    }

    /// All elements lie in the slices, and no two targets are one.
    fn check(&self, x_len: usize, y_len: usize) -> Result<(), KernelError> {
        let bad = KernelError::Overflow { place: "copy strides" };
        let (mut low, mut high, mut last) = (self.starts.0 as i128, self.starts.0 as i128, self.starts.1 as u128);
        for dim in self.dims() {
            let reach = (dim.size as i128 - 1).checked_mul(dim.from as i128).ok_or(bad.clone())?;
            (low, high) = (low + reach.min(0), high + reach.max(0));
            last = last.saturating_add((dim.size as u128 - 1).saturating_mul(dim.to as u128));
        }
        require(low >= 0 && high < x_len as i128, "copy source", "the elements lie in the slice")?;
        require(last < y_len as u128, "copy target", "the elements lie in the slice")?;
        self.check_apart()
    }

    fn check_apart(&self) -> Result<(), KernelError> {
        let mut sorted = self.dims;
        let sorted = &mut sorted[..self.count];
        sorted.sort_unstable_by_key(|d| d.to);
        let mut least = 1;
        for dim in sorted.iter().filter(|d| d.size > 1) {
            require(dim.to >= least, "copy target", "no two elements have one place")?;
            least = (dim.size - 1).saturating_mul(dim.to).saturating_add(least);
        }
        Ok(())
    }

    /// How many rows along dimension 0 there are; with tiles, bands of [`TILE`] such rows.
    fn units(&self) -> usize {
        let size = |i: usize| if self.across == Some(i) { self.dims[i].size.div_ceil(TILE) } else { self.dims[i].size };
        (1..self.count).map(size).product()
    }

    /// One row, or one band of rows.
    fn unit<T: Copy>(&self, mut unit: usize, x: &[T], y: &Disjoint<'_, T>) {
        let (mut from, mut to, mut band) = (self.starts.0 as isize, self.starts.1, 0);
        for (i, dim) in self.dims().iter().enumerate().skip(1) {
            let size = if self.across == Some(i) { dim.size.div_ceil(TILE) } else { dim.size };
            let mut at = unit % size;
            unit /= size;
            if self.across == Some(i) {
                at *= TILE;
                band = at;
            }
            from += at as isize * dim.from;
            to += at * dim.to;
        }
        match self.across {
            Some(i) => tiles(self.dims[0], self.dims[i], band, (from as usize, to), x, y),
            None => row(self.dims[0], from as usize, to, x, y),
        }
    }
}

/// One row of the target.
fn row<T: Copy>(dim: Dim, from: usize, to: usize, x: &[T], y: &Disjoint<'_, T>) {
    if dim.to != 1 {
        for i in 0..dim.size {
            let at = to + i * dim.to;
            // SAFETY: no two elements of the walk have one place in the target, as `check_apart` says.
            let one = unsafe { y.part(at..at + 1) };
            one.fill(x[from.wrapping_add_signed(i as isize * dim.from)]);
        }
        return;
    }
    // SAFETY: as above, for neighbours.
    let y = unsafe { y.part(to..to + dim.size) };
    match dim.from {
        1 => y.copy_from_slice(&x[from..from + dim.size]),
        0 => y.fill(x[from]),
        step if step > 0 => y.iter_mut().zip(x[from..].iter().step_by(step as usize)).for_each(|(y, x)| *y = *x),
        step => y.iter_mut().enumerate().for_each(|(i, y)| *y = x[from.wrapping_add_signed(i as isize * step)]),
    }
}

/// Up to [`TILE`] rows of the target, whose elements are neighbours in the source along `across`.
fn tiles<T: Copy>(inner: Dim, across: Dim, band: usize, (from, to): (usize, usize), x: &[T], y: &Disjoint<'_, T>) {
    let rows = TILE.min(across.size - band);
    let mut tile = [[x[from]; TILE]; TILE];
    for start in (0..inner.size).step_by(TILE) {
        let cols = TILE.min(inner.size - start);
        for (col, line) in tile.iter_mut().enumerate().take(cols) {
            let at = from.wrapping_add_signed((start + col) as isize * inner.from);
            line[..rows].copy_from_slice(&x[at..at + rows]);
        }
        for r in 0..rows {
            let at = to + r * across.to + start;
            // SAFETY: no two elements of the walk have one place in the target, as `check_apart` says.
            let y = unsafe { y.part(at..at + cols) };
            for (y, line) in y.iter_mut().zip(&tile) {
                *y = line[r];
            }
        }
    }
}
