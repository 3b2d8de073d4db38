//! How results look.

pub(crate) mod ascii;
pub(crate) mod bars;
pub(crate) mod clean;
pub(crate) mod draw;
pub(crate) mod json;
pub(crate) mod numbers;
pub(crate) mod progress;
pub(crate) mod style;
pub(crate) mod table;

/// A message beside the results.
pub(crate) fn note(text: &str) {
    use std::io::Write;
    // Nobody is left to be told if this fails.
    let _ = writeln!(std::io::stderr(), "note: {}", clean::lines(text));
}
