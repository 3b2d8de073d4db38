//! How long functions and files are.

use serde::Serialize;

use super::Tree;

/// Lines of all functions and of all files, tests left out.
#[derive(Serialize)]
pub(crate) struct Numbers {
    pub(crate) lines_per_function: Lengths,
    pub(crate) lines_per_file: Lengths,
}

/// A summary of lengths in lines.
#[derive(Serialize)]
pub(crate) struct Lengths {
    count: usize,
    median: usize,
    p95: usize,
    max: usize,
    /// Which one is the longest.
    longest: String,
}

impl Numbers {
    pub(crate) fn of(tree: &Tree) -> Self {
        let (mut functions, mut files) = (Vec::new(), Vec::new());
        for source in tree.sources.iter().filter(|s| !s.is_test_file() && !s.is_marked("table")) {
            files.push((source.length(), source.path.clone()));
            for f in source.functions.iter().filter(|f| !source.is_test_line(f.lines.start)) {
                functions.push((f.lines.len(), format!("{} in {}", f.name, source.path)));
            }
        }
        Self { lines_per_function: Lengths::of(functions), lines_per_file: Lengths::of(files) }
    }

    /// An aligned table.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{:<20}{:>7}{:>8}{:>7}{:>7}  longest\n", "", "count", "median", "p95", "max");
        for (title, l) in [("lines per function", &self.lines_per_function), ("lines per file", &self.lines_per_file)] {
            let (count, median, p95, max, longest) = (l.count, l.median, l.p95, l.max, &l.longest);
            text += &format!("{title:<20}{count:>7}{median:>8}{p95:>7}{max:>7}  {longest}\n");
        }
        text
    }
}

impl Lengths {
    fn of(mut all: Vec<(usize, String)>) -> Self {
        all.sort();
        let last = all.last().cloned().unwrap_or_default();
        let rank = |percent: usize| {
            let at = (all.len() * percent).div_ceil(100).max(1) - 1;
            all.get(at).map_or(0, |l| l.0)
        };
        Self { count: all.len(), median: rank(50), p95: rank(95), max: last.0, longest: last.1 }
    }
}

#[cfg(test)]
mod tests {
    use super::Lengths;

    #[test]
    fn ranks() {
        let of = |n: usize| Lengths::of((1..=n).map(|i| (i, i.to_string())).collect());
        let all = |l: Lengths| (l.count, l.median, l.p95, l.max, l.longest);
        assert_eq!(all(of(100)), (100, 50, 95, 100, "100".to_owned()));
        assert_eq!(all(of(1)), (1, 1, 1, 1, "1".to_owned()));
        assert_eq!(all(of(0)), (0, 0, 0, 0, String::new()));
    }
}
