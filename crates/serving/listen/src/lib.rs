//! Sockets: where the server listens, how many connections it keeps, how long it waits for slow ones, and how it ends.

mod activity;
mod address;
mod connection;
mod listener;

pub use address::{Address, Bound, ListenError};
pub use listener::{Limits, Listeners, Stopped};
