#![allow(unsafe_code)]
//! Local response normalisation across channels.

use crate::disjoint::Disjoint;
use crate::error::{KernelError, check_len, product};
use crate::grain::team_for;
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, Isa, Kernel, LANES};

/// `x / (bias + scale · Σ x²)^beta`, the sum over `size` neighbouring channels.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Lrn {
    /// Number of channels in a sum, the element's own among them.
    pub size: usize,
    /// Weight of the sum of squares.
    pub scale: f32,
    /// The exponent.
    pub beta: f32,
    /// Added to the sum.
    pub bias: f32,
}

/// Normalises `[batch][channels][inner]`. The sum is a chain over the channels, ascending.
///
/// # Errors
/// A short slice.
pub fn lrn_f32(cpu: Cpu, lrn: Lrn, [batch, channels, inner]: [usize; 3], x: &[f32], y: &mut [f32], team: Team) -> Result<(), KernelError> {
    let len = product("lrn x", &[batch, channels, inner])?;
    check_len("lrn x", len, x.len())?;
    check_len("lrn y", len, y.len())?;
    if len == 0 {
        return Ok(());
    }
    let out = Disjoint::new(&mut y[..len]);
    let taps = lrn.size.min(channels);
    team_for(team, || len.saturating_mul(taps)).run(batch * channels, &|task, _| {
        let (image, channel) = (task.0 / channels, task.0 % channels);
        let first = channel.saturating_sub(lrn.size.saturating_sub(1) / 2);
        let behind = channel.saturating_add(lrn.size / 2).saturating_add(1).min(channels);
        let x = &x[image * channels * inner..][..channels * inner];
        // SAFETY: the tasks' rows do not overlap.
        let y = unsafe { out.part(task.0 * inner..(task.0 + 1) * inner) };
        cpu.run(Row { lrn, channel, sum: &x[first * inner..behind * inner], x, y });
    });
    Ok(())
}

struct Row<'a> {
    lrn: Lrn,
    channel: usize,
    /// The channels that are summed.
    sum: &'a [f32],
    /// All channels of the image.
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Row<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let inner = self.y.len();
        let own = &self.x[self.channel * inner..][..inner];
        for (block, y) in self.y.chunks_mut(LANES).enumerate() {
            let at = block * LANES..block * LANES + y.len();
            let mut sum = isa.splat(0.0);
            for channel in self.sum.chunks_exact(inner) {
                let x = isa.load_partial(&channel[at.clone()], 0.0);
                sum = isa.fma(x, x, sum);
            }
            let base = isa.fma(isa.splat(self.lrn.scale), sum, isa.splat(self.lrn.bias));
            isa.store_partial(isa.div(isa.load_partial(&own[at], 0.0), power(isa, base, self.lrn.beta)), y);
        }
    }
}

#[inline(always)]
fn power<I: Isa>(isa: I, base: I::F32, beta: f32) -> I::F32 {
    let root = isa.sqrt(base);
    if beta == 0.75 {
        isa.mul(root, isa.sqrt(root))
    } else if beta == 0.5 {
        root
    } else if beta == 1.0 {
        base
    } else {
        let mut lanes = [0.0; LANES];
        isa.store(base, &mut lanes);
        for lane in &mut lanes {
            *lane = f64::from(*lane).powf(f64::from(beta)) as f32;
        }
        isa.load(&lanes)
    }
}
