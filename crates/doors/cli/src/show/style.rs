//! Colours, for terminals only.

use std::io::IsTerminal;

/// Whether results may have colours: a terminal reads them, and `NO_COLOR` is not set.
pub(crate) fn stdout_has_color() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() && !dumb
}

/// Green if `good`, red if not.
pub(crate) fn verdict(text: &str, good: bool, color: bool) -> String {
    paint(text, if good { "32" } else { "1;31" }, color)
}

/// Bold.
pub(crate) fn strong(text: &str, color: bool) -> String {
    paint(text, "1", color)
}

fn paint(text: &str, code: &str, color: bool) -> String {
    if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}
