//! Functions and files stay small.

use super::source::Source;
use super::{Finding, Tree};

const FUNCTION_LIMIT: usize = 70;
const FILE_LIMIT: usize = 800;
const LONG: &str = "// tidy: long-fn ";

/// Checks every Rust file that people write.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let written = tree.sources.iter().filter(|s| !s.is_marked("generated"));
    written.flat_map(|s| file(s).into_iter().chain(functions(s))).collect()
}

fn file(source: &Source) -> Option<Finding> {
    let length = source.length();
    let fits = length <= FILE_LIMIT || source.is_marked("table");
    let message = format!("{length} lines without tests; the limit is {FILE_LIMIT}");
    (!fits).then(|| Finding::new("size", &source.path, 0, message))
}

fn functions(source: &Source) -> impl Iterator<Item = Finding> {
    let long = |f: &&super::source::Function| f.lines.len() > FUNCTION_LIMIT;
    source.functions.iter().filter(long).filter(|f| !is_excused(source, f.lines.start)).map(|f| {
        let message = format!("fn {}: {} lines; the limit is {FUNCTION_LIMIT}", f.name, f.lines.len());
        Finding::new("size", &source.path, f.lines.start + 1, message)
    })
}

/// Whether a comment with a reason stands above, beyond attributes and documentation.
fn is_excused(source: &Source, line: usize) -> bool {
    let above = source.lines[..line].iter().rev();
    above
        .take_while(|l| !l.comment.is_empty() || l.code.trim_start().starts_with("#["))
        .any(|l| l.comment.strip_prefix(LONG).is_some_and(|reason| !reason.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(head: &str, lines: usize) -> usize {
        let body = "    a();\n".repeat(lines - 2);
        let text = format!("{head}fn f() {{\n{body}}}\n");
        functions(&Source::new("a.rs", text)).count()
    }

    #[test]
    fn functions_have_a_limit() {
        assert_eq!(findings("", 70), 0);
        assert_eq!(findings("", 71), 1);
    }

    #[test]
    fn a_reason_excuses() {
        assert_eq!(findings("// tidy: long-fn one kernel body\n#[inline]\n", 90), 0);
        assert_eq!(findings("// tidy: long-fn \n", 90), 1);
        assert_eq!(findings("// tidy: long-fn why\nstruct A;\n", 90), 1);
    }

    #[test]
    fn files_have_a_limit() {
        let text = |n| "// a\n".repeat(n);
        assert!(file(&Source::new("a.rs", text(800))).is_none());
        assert!(file(&Source::new("a.rs", text(801))).is_some());
        assert!(file(&Source::new("a.rs", format!("//! tidy: table\n{}", text(900)))).is_none());
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", text(900));
        assert!(file(&Source::new("a.rs", tests)).is_none());
    }
}
