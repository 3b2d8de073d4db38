//! Text from files, made harmless for terminals.

/// Control characters but line breaks as escapes, so that names in a file cannot steer the terminal.
pub(crate) fn lines(text: &str) -> String {
    escape(text, |c| c == '\n')
}

/// Control characters as escapes, line breaks too.
pub(crate) fn word(text: &str) -> String {
    escape(text, |_| false)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && !keep(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_seen_not_obeyed() {
        assert_eq!(word("a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
        assert_eq!(lines("größe"), "größe");
    }
}
