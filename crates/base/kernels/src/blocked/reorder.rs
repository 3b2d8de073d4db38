#![allow(unsafe_code)]
//! From planes to blocks and back.

use super::blocked_len;
use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};
use std::ops::Range;

/// `[batch][channels][space]` to `[batch][ceil(channels / 16)][space][16]`, with zeros in the lanes beyond the channels.
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn to_blocks_f32(cpu: Cpu, [batch, channels, space]: [usize; 3], x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (planes, blocked) = check(batch, channels, space)?;
    check_len("to blocks x", planes, x.len())?;
    check_len("to blocks y", blocked, y.len())?;
    let out = Disjoint::new(y);
    each_block(batch, channels, space, team, |unit, image, lanes| {
        // SAFETY: each block is asked for once.
        let y = unsafe { out.part(unit * space * LANES..(unit + 1) * space * LANES) };
        let x = &x[(image * channels + lanes.start) * space..(image * channels + lanes.end) * space];
        cpu.run(ToBlocks { x, space, lanes: lanes.len(), y });
    });
    Ok(())
}

/// The way back of [`to_blocks_f32`].
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn from_blocks_f32(cpu: Cpu, [batch, channels, space]: [usize; 3], x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (planes, blocked) = check(batch, channels, space)?;
    check_len("from blocks x", blocked, x.len())?;
    check_len("from blocks y", planes, y.len())?;
    let out = Disjoint::new(y);
    each_block(batch, channels, space, team, |unit, image, lanes| {
        let x = &x[unit * space * LANES..(unit + 1) * space * LANES];
        // SAFETY: each block's channels are asked for once.
        let y = unsafe { out.part((image * channels + lanes.start) * space..(image * channels + lanes.end) * space) };
        cpu.run(FromBlocks { x, space, lanes: lanes.len(), y });
    });
    Ok(())
}

fn check(batch: usize, channels: usize, space: usize) -> Result<(usize, usize), KernelError> {
    Ok((product("planes", &[batch, channels, space])?, blocked_len(batch, channels, space)?))
}

/// Calls `turn` with each block's number, its image and its channels.
fn each_block(batch: usize, channels: usize, space: usize, team: Team, turn: impl Fn(usize, usize, Range<usize>) + Sync) {
    let blocks = channels.div_ceil(LANES);
    let team = team_for(team, || batch * blocks * space * LANES / 2);
    team.run(batch * blocks, &|unit, _| {
        let (image, first) = (unit.0 / blocks, unit.0 % blocks * LANES);
        turn(unit.0, image, first..channels.min(first + LANES));
    });
}

/// One block: `lanes` planes to vectors, sixteen positions at a time.
struct ToBlocks<'a> {
    x: &'a [f32],
    space: usize,
    lanes: usize,
    y: &'a mut [f32],
}

impl Kernel for ToBlocks<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (mut rows, zero) = ([isa.splat(0.0); LANES], isa.splat(0.0));
        for (at, y) in self.y.chunks_mut(LANES * LANES).enumerate() {
            let width = y.len() / LANES;
            for (lane, row) in rows.iter_mut().enumerate() {
                let start = lane * self.space + at * LANES;
                *row = if lane < self.lanes { isa.load_partial(&self.x[start..start + width], 0.0) } else { zero };
            }
            for (y, v) in y.as_chunks_mut::<LANES>().0.iter_mut().zip(isa.transpose(rows)) {
                isa.store(v, y);
            }
        }
    }
}

/// The way back.
struct FromBlocks<'a> {
    x: &'a [f32],
    space: usize,
    lanes: usize,
    y: &'a mut [f32],
}

impl Kernel for FromBlocks<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let mut rows = [isa.splat(0.0); LANES];
        for (at, x) in self.x.chunks(LANES * LANES).enumerate() {
            let (x, _) = x.as_chunks::<LANES>();
            for (row, x) in rows.iter_mut().zip(x) {
                *row = isa.load(x);
            }
            for (lane, v) in isa.transpose(rows).into_iter().enumerate().take(self.lanes) {
                let start = lane * self.space + at * LANES;
                isa.store_partial(v, &mut self.y[start..start + x.len()]);
            }
        }
    }
}
