//! The `fastserve` program.
fn main() {}
