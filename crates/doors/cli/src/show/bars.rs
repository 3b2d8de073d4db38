//! Parts of a whole as bars.

/// Eighths of a cell.
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar of up to `width` cells for a part in 0..=1, filled up with blanks.
pub(crate) fn bar(part: f64, width: usize) -> String {
    let eighths = (part.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut out: String = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        out.push(EIGHTHS[eighths % 8]);
    }
    format!("{out:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.375, 4), "█▌  ");
        assert_eq!(bar(f64::NAN, 3), "   ");
        assert_eq!(bar(-1.0, 2), "  ");
    }
}
