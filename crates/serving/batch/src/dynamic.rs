//! Triton's rules: first come, first served, up to the most rows; a worker may wait for more, or for a size that is preferred.

use crate::batcher::Batcher;
use crate::config::{Dynamic, Mode};
use crate::event::{BatchKey, Nanos};
use crate::form::Form;

/// Kinds of batches that are looked at while a worker waits. Those behind come later than these by no more than the delay.
const MOST_KINDS: usize = 64;

/// What can be done with the requests of one kind.
enum Ready {
    /// So many rows now.
    Now(u32),
    /// Nothing before this time.
    At(Nanos),
}

impl Batcher {
    pub(crate) fn form_dynamic(&mut self, now: Nanos) -> Form {
        let Mode::Dynamic(rules) = &self.config.mode else {
            return Form::Nobody;
        };
        let mut earliest: Option<Nanos> = None;
        let mut chosen = None;
        for (_, key) in self.queue.heads().take(MOST_KINDS) {
            match self.readiness(rules, key, now) {
                Ready::Now(rows) => {
                    chosen = Some((key, rows));
                    break;
                }
                Ready::At(at) => earliest = Some(earliest.map_or(at, |e| e.min(at))),
            }
        }
        match (chosen, earliest) {
            (Some((key, rows)), _) => {
                self.collect(key, None, rows);
                Form::Start(key)
            }
            (None, Some(at)) => Form::WaitUntil(at),
            (None, None) => Form::Nobody,
        }
    }

    fn readiness(&self, rules: &Dynamic, key: BatchKey, now: Nanos) -> Ready {
        let most = self.config.max_rows;
        let preferred = || rules.preferred.iter().copied().filter(|&p| p <= most);
        let enough = preferred().max().unwrap_or(most);
        let (mut rows, mut best, mut is_full) = (0u32, None, false);
        let mut ripe = Nanos(u64::MAX);
        for waiting in self.queue.lane(key) {
            let more = rows.saturating_add(waiting.rows);
            is_full |= more > most;
            if more > most || (more > enough && best.is_some()) {
                break;
            }
            rows = more;
            ripe = ripe.min(ripe_at(rules, waiting));
            if preferred().any(|p| p == rows) {
                best = Some(rows);
            }
        }
        match best {
            Some(best) => Ready::Now(best),
            None if is_full || rows >= enough || ripe <= now => Ready::Now(rows),
            None => Ready::At(ripe),
        }
    }
}

/// Until when a request waits for others while a worker is free: no longer than half the time that it has.
fn ripe_at(rules: &Dynamic, waiting: &crate::queue::Waiting) -> Nanos {
    let delayed = waiting.arrived.after(rules.max_delay);
    let ends = waiting.timeout.map(|(at, _)| at).into_iter().chain(waiting.deadline).min();
    ends.map_or(delayed, |end| delayed.min(waiting.arrived.after(end.since(waiting.arrived) / 2)))
}
