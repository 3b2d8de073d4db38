//! A panic of one case is a defect of that case, and the others still run.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

/// What the last panic said, and where it was.
static SAID: Mutex<String> = Mutex::new(String::new());

/// What `work` returns, or what its panic said. Nothing of a panic goes to the terminal.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        if let Ok(mut said) = SAID.lock() {
            *said = info.to_string();
        }
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(before);
    done.map_err(|_| SAID.lock().map_or_else(|_| "panicked".to_owned(), |said| said.replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_reason() {
        assert_eq!(caught(|| 3), Ok(3));
        let said = caught(|| [1, 2][std::hint::black_box(7)]).unwrap_err();
        assert!(said.contains("panicked at") && said.contains("index out of bounds"), "{said}");
    }
}
