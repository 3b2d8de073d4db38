//! The batcher of the server: who runs with whom, and when.
//!
//! It knows no clock, no thread and no tensor. [`Batcher::poll`] is told what happened and when, and says what to do, so that it runs
//! in virtual time as well as behind a lock.
//!
//! A batch is formed as late as possible, when a worker is free: then it holds all that has come by then, and a lone request never waits.
//!
//! ```
//! use fastserve_batch::{Action, Arrival, BatchKey, Batcher, Config, Event, Nanos, Ticket};
//!
//! let mut batcher = Batcher::new(Config::default(), 1);
//! let mut actions = Vec::new();
//! batcher.poll(Nanos(0), Event::WorkerFree, &mut actions);
//! let arrival = |n| Event::Arrive(Arrival {
//!     ticket: Ticket(n), rows: 1, key: BatchKey(0), cost: 0, priority: 0, timeout: None, deadline: None,
//! });
//! for n in 0..3 {
//!     batcher.poll(Nanos(n), arrival(n), &mut actions);
//! }
//! let Some(Action::Start { batch, tickets, .. }) = actions.pop() else { panic!() };
//! assert_eq!(tickets, [Ticket(0)], "it did not wait for the others");
//! batcher.poll(Nanos(1000), Event::Done { batch, ok: true }, &mut actions);
//! assert!(matches!(&actions[..], [Action::Start { rows: 2, .. }]));
//! ```

mod adaptive;
mod admit;
mod batcher;
mod bucket;
mod config;
mod counts;
mod curve;
mod curves;
mod dynamic;
mod event;
mod form;
mod queue;
mod running;
mod snapshot;

pub use batcher::Batcher;
pub use config::{Adaptive, Config, Dynamic, Level, Mode, OnTimeout};
pub use counts::Counts;
pub use event::{Action, Arrival, BatchId, BatchKey, Event, Nanos, Rejection, Ticket};
pub use snapshot::{RunsOfSize, Snapshot};
