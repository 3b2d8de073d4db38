//! How deep JSON is nested.

use fastserve_serve::ServeError;

/// The deepest nesting that is taken.
pub const MAX_DEPTH: usize = 64;

/// Counts brackets outside of texts. It does not check that the text is JSON: a parser that comes after does.
///
/// # Errors
/// [`ServeError::Invalid`] beyond `most` levels.
pub fn check(text: &str, most: usize) -> Result<(), ServeError> {
    let mut depth = 0usize;
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    return Err(ServeError::Invalid(format!("the JSON is nested more than {most} levels deep")));
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_text(&mut bytes),
            _ => {}
        }
    }
    Ok(())
}

fn skip_text(bytes: &mut std::str::Bytes<'_>) {
    while let Some(b) = bytes.next() {
        match b {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_do_not_count() {
        assert!(check(r#"{"a\"[[[":[1,[2]]}"#, 3).is_ok());
        assert!(check("[[[[", 3).is_err());
        assert!(check(&"[]".repeat(100), 1).is_ok());
        assert!(check(&"[".repeat(100_000), MAX_DEPTH).is_err());
    }
}
