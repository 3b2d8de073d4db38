//! All cases of one file.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastserve::Error;

use crate::case::{Given, Seen, case};
use crate::places;

/// How many cases, and how many steps each may run.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) cuts: usize,
    pub(crate) flips: usize,
    pub(crate) steps: u64,
}

/// Compiling and running the flips of one file may take about this long; where it would take longer, only one of so many is.
const RUN_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 2 } else { 60 });

/// Cuts and flips a file. Its bytes are changed where they lie and changed back: weights are not copied for each case.
pub(crate) fn attack(name: &str, path: &Path, plan: Plan) {
    let start = Instant::now();
    let mut file = Bytes::from(std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
    let mut seen = Seen::default();
    // What is made once and kept is not the files' doing.
    let itself = format!("{name} itself");
    let whole = case(&file, Given { what: &itself, steps: plan.steps, every: 1 }, &mut Seen::default());
    let cost = start.elapsed();
    // Extents of 1 are too small for some, and the limits for others.
    assert!(matches!(whole, Ok(()) | Err(Error::Run(_))), "{itself}: {whole:?}");
    // About one flip in three loads.
    let every = (cost.as_secs_f64() * plan.flips as f64 / 3.0 / RUN_TIME.as_secs_f64()).ceil().max(1.0) as usize;
    for i in 0..plan.cuts {
        let cut = file.slice(..file.len() * i / plan.cuts);
        let _ = case(&cut, Given { what: &format!("{name} cut to {} bytes", cut.len()), steps: plan.steps, every }, &mut seen);
    }
    for (i, (at, mask)) in places::flips(&file, plan.flips).into_iter().enumerate() {
        file = flipped(file, at, mask);
        let what = format!("{name}, flip {i}: byte {at} ^ {mask:#04x}");
        let _ = case(&file, Given { what: &what, steps: plan.steps, every }, &mut seen);
        file = flipped(file, at, mask);
    }
    println!(
        "{name}: {seen}; of those that load one in {every} is compiled, {:.3} s without; in all {:.1} s",
        cost.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    // A reader that refuses everything would pass the rest.
    assert!(seen.loaded > 0 && seen.loaded < seen.cases, "{name}: {seen}");
}

/// The same memory with one byte changed.
fn flipped(file: Bytes, at: usize, mask: u8) -> Bytes {
    let mut bytes = file.try_into_mut().expect("nobody keeps a part of the file");
    bytes[at] ^= mask;
    bytes.freeze()
}
