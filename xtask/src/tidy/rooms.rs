//! `unsafe` lives in named rooms, each use with its note.

use super::source::{Source, has_word};
use super::{Finding, Tree};

const FOLDERS: &[&str] = &["crates/base/simd/", "crates/base/kernels/", "crates/base/parallel/"];
const FILES: &[&str] = &["crates/base/tensor/src/storage.rs", "crates/base/tensor/src/arena.rs"];
/// Foreign functions, in whatever crate.
const SYS: &str = "/sys.rs";

/// Checks every Rust file.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources.iter().flat_map(file).collect()
}

fn is_room(path: &str) -> bool {
    FOLDERS.iter().any(|f| path.starts_with(f)) || FILES.contains(&path) || path.ends_with(SYS)
}

fn file(source: &Source) -> Vec<Finding> {
    let room = is_room(&source.path);
    let problem = |line: usize| {
        let code = source.lines[line].code.as_str();
        if room {
            let note_needed = opens_unsafe(code) && !has_note(source, line);
            return note_needed.then_some("no `// SAFETY:` note above");
        }
        if has_word(code, "unsafe") {
            return Some("`unsafe` outside the rooms made for it");
        }
        let allowed = has_word(code, "unsafe_code") && !has_word(code, "forbid");
        allowed.then_some("the lint against `unsafe` may be lifted only in the rooms made for it")
    };
    let findings = (0..source.lines.len()).filter_map(|line| Some((line, problem(line)?)));
    findings.map(|(line, m)| Finding::new("unsafe", &source.path, line + 1, m)).collect()
}

fn opens_unsafe(code: &str) -> bool {
    let after = |rest: &str| rest.trim_start().starts_with('{') || has_first_word(rest, "impl");
    code.match_indices("unsafe").any(|(at, word)| has_word(&code[at.saturating_sub(1)..], word) && after(&code[at + word.len()..]))
}

fn has_first_word(text: &str, word: &str) -> bool {
    text.split_whitespace().next().is_some_and(|first| first.split('<').next() == Some(word))
}

/// Whether a note stands on the line, or above it before the previous statement ends.
fn has_note(source: &Source, line: usize) -> bool {
    let noted = |l: usize| source.lines[l].comment.contains("SAFETY:");
    if noted(line) {
        return true;
    }
    for above in (0..line).rev() {
        if noted(above) {
            return true;
        }
        let code = source.lines[above].code.trim();
        let blank = code.is_empty() && source.lines[above].comment.is_empty();
        if blank || code.ends_with([';', '{', '}']) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        file(&Source::new(path, text.to_owned())).len()
    }

    #[test]
    fn outside_the_rooms() {
        let path = "crates/compiler/ir/src/lib.rs";
        assert_eq!(count(path, "fn a() { unsafe { b() } }"), 1);
        assert_eq!(count(path, "#![allow(unsafe_code)]"), 1);
        assert_eq!(count(path, "#![forbid(unsafe_code)] // unsafe\nlet s = \"unsafe\";"), 0);
        assert_eq!(count("crates/base/tensor/src/view.rs", "unsafe impl Send for A {}"), 1);
    }

    #[test]
    fn rooms_need_notes() {
        for path in ["crates/base/simd/src/a.rs", "crates/base/tensor/src/arena.rs", "a/sys.rs"] {
            assert_eq!(count(path, "// SAFETY: why\nunsafe { a() }"), 0);
            assert_eq!(count(path, "// SAFETY: why\n// and more\nlet x =\n    unsafe { a() };"), 0);
            assert_eq!(count(path, "unsafe { a() } // SAFETY: why"), 0);
            assert_eq!(count(path, "unsafe { a() }"), 1);
            assert_eq!(count(path, "// SAFETY: why\nb();\nunsafe { a() }"), 1);
            assert_eq!(count(path, "unsafe impl<T> Send for A<T> {}"), 1);
            assert_eq!(count(path, "unsafe fn a() {}\n#![allow(unsafe_code)]"), 0);
        }
    }
}
