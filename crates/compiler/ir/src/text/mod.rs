//! The text form of a graph: it prints, and it parses back.
//!
//! ```text
//! graph tiny(N) {
//!   input %x: f32[N,3]
//!   const %w: f32[3,2] = {1, 0.5, -2, 0, 1, 1}
//!   %y: f32[N,2] = MatMul(%x, %w) @dense
//!   return %y
//! }
//! ```
//! A name with other characters than letters, digits and `_ . / : # -` stands in quotes: `%"a b"`. An absent optional input
//! is `_`. Constants of more than [`INLINE_ELEMENTS`] elements print as `<hash>` and do not parse back.

mod lexer;
mod parse;
mod print;

pub use parse::{ParseError, parse};
pub use print::{fact, print};

/// Constants up to this many elements are printed whole.
pub const INLINE_ELEMENTS: usize = 64;
