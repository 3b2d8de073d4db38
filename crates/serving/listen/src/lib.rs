//! Sockets: where the server listens, whom it lets in, how many connections it keeps, how long it waits for slow ones, and how it ends.

mod activity;
mod address;
mod connection;
mod guard;
mod listener;

pub use address::{Address, Bound, ListenError};
pub use guard::{Guard, Key, KeyError, Keys, Rate, RateError, Scope, new_key};
pub use listener::{Limits, Listeners, Stopped};
