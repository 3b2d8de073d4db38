//! Which requests run next.

use crate::batcher::Batcher;
use crate::config::Mode;
use crate::event::{BatchKey, Nanos, Ticket};

/// What a free worker does.
pub(crate) enum Form {
    /// It runs the members, which are of this kind.
    Start(BatchKey),
    /// First, this request is refused: it cannot be ready in time any more.
    TooLate(Ticket),
    /// It waits for more requests.
    WaitUntil(Nanos),
    /// Nobody waits.
    Nobody,
}

/// A request that a batch may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) ticket: Ticket,
    /// Rows up to this one.
    pub(crate) rows_to: u32,
    /// When its answer should be there, for it to count.
    pub(crate) goal: Nanos,
}

impl Batcher {
    /// Chooses what a free worker does; the requests are in `members` then.
    pub(crate) fn form(&mut self, now: Nanos) -> Form {
        match &self.config.mode {
            Mode::Off => self.form_single(),
            Mode::Dynamic(_) => self.form_dynamic(now),
            Mode::Adaptive(_) => self.form_adaptive(now),
        }
    }

    fn form_single(&mut self) -> Form {
        let Some((_, key)) = self.queue.heads().next() else {
            return Form::Nobody;
        };
        self.collect(key, None, 0);
        Form::Start(key)
    }

    /// Puts the requests of a kind in `members`, `lead` first, while their rows are no more than `most`; one in any case.
    pub(crate) fn collect(&mut self, key: BatchKey, lead: Option<Ticket>, most: u32) {
        self.members.clear();
        let lead = lead.and_then(|t| self.queue.get(t));
        let others = self.queue.lane(key).filter(|w| lead.is_none_or(|l| l.rank != w.rank));
        let mut rows_to = 0u32;
        for waiting in lead.into_iter().chain(others) {
            rows_to = rows_to.saturating_add(waiting.rows);
            if rows_to > most && !self.members.is_empty() {
                return;
            }
            let goal = waiting.goal.unwrap_or(Nanos(u64::MAX));
            self.members.push(Member { ticket: waiting.rank.ticket, rows_to, goal });
        }
    }
}
