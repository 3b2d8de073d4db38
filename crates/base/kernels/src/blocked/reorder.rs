#![allow(unsafe_code)]
//! From planes to blocks and back.

use super::blocked_len;
use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::LANES;
use std::ops::Range;

/// Positions that are turned at once: what is read and written stays in the first-level cache.
const TURN: usize = 64;

/// `[batch][channels][space]` to `[batch][ceil(channels / 16)][space][16]`, with zeros in the lanes beyond the channels.
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn to_blocks_f32(batch: usize, channels: usize, space: usize, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (planes, blocked) = check(batch, channels, space)?;
    check_len("to blocks x", planes, x.len())?;
    check_len("to blocks y", blocked, y.len())?;
    let out = Disjoint::new(y);
    each_block(batch, channels, space, team, |unit, image, lanes| {
        // SAFETY: each block is asked for once.
        let y = unsafe { out.part(unit * space * LANES..(unit + 1) * space * LANES) };
        let x = &x[(image * channels + lanes.start) * space..(image * channels + lanes.end) * space];
        for (at, y) in y.chunks_mut(TURN * LANES).enumerate() {
            let len = y.len() / LANES;
            let (y, _) = y.as_chunks_mut::<LANES>();
            for lane in 0..LANES {
                if lane < lanes.len() {
                    let x = &x[lane * space + at * TURN..][..len];
                    y.iter_mut().zip(x).for_each(|(y, &x)| y[lane] = x);
                } else {
                    y.iter_mut().for_each(|y| y[lane] = 0.0);
                }
            }
        }
    });
    Ok(())
}

/// The way back of [`to_blocks_f32`].
///
/// # Errors
/// Where a slice is too short or a size overflows.
pub fn from_blocks_f32(batch: usize, channels: usize, space: usize, x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let (planes, blocked) = check(batch, channels, space)?;
    check_len("from blocks x", blocked, x.len())?;
    check_len("from blocks y", planes, y.len())?;
    let out = Disjoint::new(y);
    each_block(batch, channels, space, team, |unit, image, lanes| {
        let x = &x[unit * space * LANES..(unit + 1) * space * LANES];
        // SAFETY: each block's channels are asked for once.
        let y = unsafe { out.part((image * channels + lanes.start) * space..(image * channels + lanes.end) * space) };
        for (at, x) in x.chunks(TURN * LANES).enumerate() {
            let (x, _) = x.as_chunks::<LANES>();
            for lane in 0..lanes.len() {
                let y = &mut y[lane * space + at * TURN..][..x.len()];
                y.iter_mut().zip(x).for_each(|(y, x)| *y = x[lane]);
            }
        }
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
