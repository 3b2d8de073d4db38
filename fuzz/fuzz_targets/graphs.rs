//! Bytes choose a small graph of the registry's operators; it answers alike with passes and without, within limits.
#![no_main]

#[path = "../../crates/runtime/cpu/tests/agreement/drawn.rs"]
mod drawn;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| drawn::check(bytes));
