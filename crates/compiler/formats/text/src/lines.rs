//! Lines of a text, one at a time, each of bounded length.

use std::io::{BufRead, Read};

use crate::error::TextError;

/// What stands for the end of the file in messages.
pub(crate) const END: &str = "end of file";

/// Reads lines. Nothing is kept but the line at hand.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    /// Number of the line at hand, from 1.
    pub(crate) number: usize,
    /// Bytes that are not read yet.
    pub(crate) left: u64,
    max: usize,
}

impl<R: BufRead> Lines<R> {
    /// Lines of at most `max` bytes, of a text of `len` bytes.
    pub(crate) fn new(reader: R, len: u64, max: usize) -> Self {
        Self { reader, line: Vec::new(), number: 0, left: len, max }
    }

    /// The next line without its end; `None` behind the last one.
    pub(crate) fn next(&mut self) -> Result<Option<&str>, TextError> {
        self.line.clear();
        // One more byte than a line and its longest end have.
        let read = self.reader.by_ref().take(self.max as u64 + 3).read_until(b'\n', &mut self.line)?;
        self.left = self.left.saturating_sub(read as u64);
        self.number += 1;
        if read == 0 {
            return Ok(None);
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.max {
            return Err(TextError::Limit { line: self.number, why: format!("a line of more than {} bytes", self.max) });
        }
        let plain = line.is_ascii() && !line.iter().any(|b| matches!(b, b'\r' | b'\x0c'));
        match std::str::from_utf8(line).ok().filter(|_| plain) {
            Some(line) => Ok(Some(line)),
            None => Err(TextError::syntax(self.number, "ASCII text", &String::from_utf8_lossy(line))),
        }
    }

    /// The next line that has words, without its comment; `None` behind the last one.
    pub(crate) fn next_words(&mut self) -> Result<Option<&str>, TextError> {
        // Found by number first: a loop that returned the line itself would keep it borrowed.
        loop {
            match self.next()? {
                None => return Ok(None),
                Some(line) if words(line).next().is_none() => {}
                Some(_) => break,
            }
        }
        let line = std::str::from_utf8(&self.line).unwrap_or_default();
        Ok(Some(uncommented(line).trim_end()))
    }
}

fn uncommented(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}

/// The words of a line, without its comment.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    // Form feeds, the only other blanks in ASCII, are refused with their line.
    uncommented(line).split_ascii_whitespace()
}

/// A number of digits, of at most `max`.
pub(crate) fn integer(word: &str, min: usize, max: usize) -> Option<usize> {
    let digits = !word.is_empty() && word.len() <= 7 && word.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten().filter(|v| (min..=max).contains(v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_blanks_and_ends_of_lines() {
        let text = b"a b\r\n\n# only\n  c\t# d\nlast";
        let mut lines = Lines::new(&text[..], text.len() as u64, 8);
        let mut seen = Vec::new();
        while let Some(line) = lines.next_words().unwrap() {
            seen.push(words(line).collect::<Vec<_>>().join("+"));
        }
        assert_eq!(seen, ["a+b", "c", "last"]);
        assert_eq!((lines.left, lines.number), (0, 6));
    }

    #[test]
    fn long_lines_and_other_characters_are_refused() {
        let mut lines = Lines::new(&b"123456789\n"[..], 10, 8);
        assert_eq!(lines.next().unwrap_err().to_string(), "line 1: a line of more than 8 bytes");
        let mut lines = Lines::new(&b"12345678\r\n"[..], 10, 8);
        assert_eq!(lines.next().unwrap(), Some("12345678"));
        for bad in [&b"a\rb"[..], b"a\x0cb", b"\xff", "ü".as_bytes()] {
            assert!(Lines::new(bad, 3, 8).next().is_err());
        }
    }

    #[test]
    fn integers_are_digits_in_range() {
        assert_eq!(integer("007", 1, 9), Some(7));
        for bad in ["", "+1", "-1", "1.0", "10", "0", "00000001"] {
            assert_eq!(integer(bad, 1, 9), None);
        }
    }
}
