//! Pictures as characters.

/// From background to ink.
const RAMP: &[u8] = b" .:-=+*#%@";

/// A picture of one byte a pixel as lines, two pixel rows a line, since characters are about twice as high as wide.
pub(crate) fn art(pixels: &[u8], width: usize) -> Vec<String> {
    let rows: Vec<&[u8]> = pixels.chunks(width.max(1)).collect();
    rows.chunks(2).map(line).collect()
}

/// Without the empty lines above and below.
pub(crate) fn trimmed(lines: &[String]) -> &[String] {
    let inked = |l: &String| !l.trim().is_empty();
    let start = lines.iter().position(inked).unwrap_or(0);
    let end = lines.iter().rposition(inked).map_or(start, |i| i + 1);
    &lines[start..end]
}

/// Lines moved to the right, but for empty ones.
pub(crate) fn indent(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("  {line}") }
}

fn line(rows: &[&[u8]]) -> String {
    let width = rows.iter().map(|r| r.len()).min().unwrap_or(0);
    let mean = |x: usize| rows.iter().map(|r| usize::from(r[x])).sum::<usize>() / rows.len();
    (0..width).map(|x| char::from(RAMP[mean(x) * (RAMP.len() - 1) / 255])).collect()
}

/// Blocks of lines beside each other; the left one keeps its width.
pub(crate) fn beside(left: &[String], right: &[String], gap: usize) -> Vec<String> {
    let width = left.iter().map(|l| l.chars().count()).max().map_or(0, |w| w + gap);
    let cell = |block: &[String], i: usize| block.get(i).cloned().unwrap_or_default();
    let join = |i| format!("{:<width$}{}", cell(left, i), cell(right, i)).trim_end().to_owned();
    (0..left.len().max(right.len())).map(join).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_dark() {
        assert_eq!(art(&[0, 255, 0, 255, 128, 0], 2), [" @", "= "]);
        assert!(art(&[], 0).is_empty());
    }

    #[test]
    fn empty_lines_go() {
        let lines = [" ", "a", "", "b", "  "].map(str::to_owned);
        assert_eq!(trimmed(&lines), ["a", "", "b"]);
        assert!(trimmed(&lines[..1]).is_empty());
    }

    #[test]
    fn blocks_stand_beside_each_other() {
        let (left, right) = (["ab".to_owned()], ["x".to_owned(), "y".to_owned()]);
        assert_eq!(beside(&left, &right, 1), ["ab x", "   y"]);
    }
}
