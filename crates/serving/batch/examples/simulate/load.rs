//! When requests come.

use crate::random::Random;

/// When requests come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    /// Each for itself, so many a second.
    Poisson(f64),
    /// Twice as many a second for a time in seconds, then none for as long.
    Bursts(f64, f64),
    /// So many clients; each sends again when it has its answer.
    Closed(usize),
}

impl Load {
    /// Times in nanoseconds at which requests come, ascending.
    pub(crate) fn schedule(self, count: usize, random: &mut Random) -> Vec<u64> {
        let mut at = 0.0;
        let mut next = || {
            match self {
                Load::Poisson(rate) => at += random.exponential() / rate,
                Load::Bursts(rate, phase) => {
                    at += random.exponential() / (2.0 * rate);
                    let (whole, part) = ((at / (2.0 * phase)).floor(), at % (2.0 * phase));
                    // What falls into the silence comes in the next burst.
                    if part > phase {
                        at = (whole + 1.0) * 2.0 * phase + (part - phase);
                    }
                }
                Load::Closed(_) => {}
            }
            (at * 1e9) as u64
        };
        match self {
            Load::Closed(clients) => vec![0; clients.min(count)],
            _ => (0..count).map(|_| next()).collect(),
        }
    }
}
