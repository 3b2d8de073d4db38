//! What the checks know of a Rust file: lines, functions, test modules.

use std::ops::Range;

use super::lexer::{self, Line, is_word};

/// A Rust file.
pub(crate) struct Source {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) functions: Vec<Function>,
    /// Lines of `#[cfg(test)]` modules.
    tests: Vec<Range<usize>>,
}

/// A function with a body; lines count from 0.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: Range<usize>,
}

impl Source {
    pub(crate) fn new(path: impl Into<String>, text: String) -> Self {
        let lines = lexer::lines(&text);
        let code = Code::new(&lines);
        let (functions, tests) = (code.functions(), code.test_modules());
        Self { path: path.into(), text, lines, functions, tests }
    }

    /// Whether the whole file is a test, a bench or an example.
    pub(crate) fn is_test_file(&self) -> bool {
        let folder = |name: &str| self.path.starts_with(&format!("{name}/")) || self.path.contains(&format!("/{name}/"));
        folder("tests") || folder("benches") || folder("examples") || self.path.ends_with("/tests.rs")
    }

    /// Whether the line (from 0) belongs to tests.
    pub(crate) fn is_test_line(&self, line: usize) -> bool {
        self.is_test_file() || self.tests.iter().any(|t| t.contains(&line))
    }

    /// Lines outside test modules.
    pub(crate) fn length(&self) -> usize {
        self.lines.len() - self.tests.iter().map(ExactSizeIterator::len).sum::<usize>()
    }

    /// Whether a comment in the file opens with `//! tidy: WORD`.
    pub(crate) fn is_marked(&self, word: &str) -> bool {
        let mark = format!("//! tidy: {word}");
        self.lines.iter().any(|l| l.comment.starts_with(&mark))
    }
}

/// Whether `text` has `word` with no letter, digit or underscore around it.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word))
}

/// The code of all lines, as characters with their line.
struct Code {
    chars: Vec<(char, usize)>,
}

impl Code {
    fn new(lines: &[Line]) -> Self {
        let mut chars = Vec::new();
        for (n, line) in lines.iter().enumerate() {
            chars.extend(line.code.chars().map(|c| (c, n)));
            chars.push(('\n', n));
        }
        Self { chars }
    }

    fn functions(&self) -> Vec<Function> {
        self.starts_of("fn").filter_map(|at| self.function(at)).collect()
    }

    /// Where a word starts.
    fn starts_of(&self, word: &'static str) -> impl Iterator<Item = usize> {
        (0..self.chars.len()).filter(move |&at| {
            let before = at.checked_sub(1).map_or(' ', |i| self.char(i));
            self.matches(at, word) && !is_word(before) && before != '#' && !is_word(self.char(at + word.len()))
        })
    }

    fn matches(&self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(n, c)| self.char(at + n) == c)
    }

    fn char(&self, at: usize) -> char {
        self.chars.get(at).map_or('\0', |c| c.0)
    }

    fn function(&self, at: usize) -> Option<Function> {
        let start = self.skip_space(at + 2);
        let is_name = |c: char| is_word(c) || c == '$' || c == '#';
        let name: String = (start..).map(|i| self.char(i)).take_while(|c| is_name(*c)).collect();
        let body = self.body(start)?;
        let lines = self.chars[at].1..self.chars[body].1 + 1;
        (!name.is_empty()).then_some(Function { name, lines })
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while self.char(at).is_whitespace() {
            at += 1;
        }
        at
    }

    /// The place of the brace that closes the first body after `at`; none if a
    /// semicolon comes first. Braces inside brackets belong to types.
    fn body(&self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for i in at..self.chars.len() {
            match self.char(i) {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.checked_sub(1)?,
                ';' if depth == 0 => return None,
                '{' if depth == 0 => return self.closing_brace(i),
                _ => {}
            }
        }
        None
    }

    fn closing_brace(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for i in open..self.chars.len() {
            match self.char(i) {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(i);
            }
        }
        None
    }

    /// Modules behind `#[cfg(test)]` or `#[cfg(all(test, …))]`, attribute included.
    fn test_modules(&self) -> Vec<Range<usize>> {
        let module = |at: usize| {
            let after = (at..self.chars.len()).find(|&i| self.char(i) == ']')?;
            let attribute: String = self.chars[at..after].iter().map(|c| c.0).collect();
            let is_test = has_word(&attribute, "test") && !attribute.contains("not(test");
            let start = self.skip_space(after + 1);
            if !is_test || !(self.matches(start, "mod ") || self.matches(start, "pub")) {
                return None;
            }
            Some(self.chars[at].1..self.chars[self.body(start)?].1 + 1)
        };
        self.starts_of("cfg").filter_map(module).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/a/src/lib.rs", text.to_owned())
    }

    fn found(text: &str) -> Vec<(String, usize)> {
        source(text).functions.into_iter().map(|f| (f.name, f.lines.len())).collect()
    }

    #[test]
    fn functions_are_measured() {
        let text = "fn a() {}\npub fn b<'a>(\n    x: [u8; { 1 + 1 }],\n) -> fn(u8) -> u8\nwhere\n    u8: Copy,\n{\n    let s = \"}\"; // }\n    '{'\n}\n";
        assert_eq!(found(text), [("a".into(), 1), ("b".into(), 9)]);
    }

    #[test]
    fn declarations_and_pointers_are_not_functions() {
        assert_eq!(found("trait T { fn a(&self); fn b(&self) { } }\ntype F = fn(u8);"), [("b".into(), 1)]);
        assert_eq!(found("mod r#fn {}\nfn r#fn() {\n}"), [("r#fn".into(), 2)]);
        assert_eq!(found("macro_rules! m { ($n:ident) => { fn $n() {\n} } }"), [("$n".into(), 2)]);
    }

    #[test]
    fn test_modules_are_apart() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let source = source(text);
        assert_eq!(source.length(), 2);
        let tested: Vec<_> = (0..6).map(|l| source.is_test_line(l)).collect();
        assert_eq!(tested, [false, true, true, true, true, false]);
        assert_eq!(super::Source::new("a.rs", "#[cfg(not(test))]\nmod a {\n}".into()).length(), 3);
    }

    #[test]
    fn test_files_are_known_by_their_path() {
        for (path, expected) in
            [("crates/a/tests/b.rs", true), ("tests/b.rs", true), ("crates/a/src/tests.rs", true), ("crates/a/src/b.rs", false)]
        {
            assert_eq!(Source::new(path, String::new()).is_test_file(), expected, "{path}");
        }
    }

    #[test]
    fn words_have_borders() {
        assert!(has_word("a unsafe {", "unsafe"));
        assert!(!has_word("unsafe_code", "unsafe"));
        assert!(!has_word("eprintln!", "println"));
    }
}
