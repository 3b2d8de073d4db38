//! What is known of the time that each key's runs take.

use std::collections::HashMap;

use crate::event::BatchKey;
use crate::latency::Latencies;

/// Keys that are told apart. A server of texts has a dozen lengths.
const MOST_KEYS: usize = 64;

/// What is known of all keys together, and of the keys that ran last.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    all: Latencies,
    keys: HashMap<BatchKey, (u64, Latencies)>,
    runs: u64,
}

impl Model {
    pub(crate) fn new(max_rows: u32) -> Self {
        Self { all: Latencies::new(max_rows), keys: HashMap::new(), runs: 0 }
    }

    /// What is known of a key; of all of them where it is new.
    pub(crate) fn of(&self, key: BatchKey) -> &Latencies {
        self.keys.get(&key).map_or(&self.all, |(_, learnt)| learnt)
    }

    /// What is known of all together.
    pub(crate) fn all(&self) -> &Latencies {
        &self.all
    }

    /// A run of this key took so long.
    pub(crate) fn observe(&mut self, key: BatchKey, rows: u32, nanos: u64) {
        self.runs += 1;
        if !self.keys.contains_key(&key) && self.keys.len() >= MOST_KEYS {
            self.drop_oldest();
        }
        let (last, learnt) = self.keys.entry(key).or_insert_with(|| (0, self.all.as_guess()));
        *last = self.runs;
        learnt.observe(rows, nanos);
        self.all.observe(rows, nanos);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.keys.iter().min_by_key(|(_, (last, _))| *last).map(|(key, _)| *key);
        if let Some(key) = oldest {
            self.keys.remove(&key);
        }
    }
}
