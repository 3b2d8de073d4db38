//! How many tests passed and failed, read from what test programs print.

use std::fmt;

/// A sum over test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    /// Adds a line such as `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn read(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("test result: ") else {
            return;
        };
        self.passed += before(rest, " passed;");
        self.failed += before(rest, " failed;");
    }

    /// A failure that no test reported.
    pub(crate) fn failed_without_tests(&mut self) {
        self.failed = self.failed.max(1);
    }
}

fn before(text: &str, word: &str) -> u64 {
    let number = text.split_once(word).and_then(|(head, _)| head.rsplit(' ').next());
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn lines_are_summed() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            "test a ... test result: FAILED. 3 passed; 2 failed; 0 ignored",
            "test result: unknown",
        ] {
            counts.read(line);
        }
        assert_eq!(counts.to_string(), "15 passed, 2 failed");
        counts.failed_without_tests();
        assert_eq!(counts.to_string(), "15 passed, 2 failed");
    }
}
