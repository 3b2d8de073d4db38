//! Splits Rust text into code and comments, line by line, without parsing it.
//!
//! Strings and characters keep their quotes and lose their content, so that a
//! search in the code finds only code, and braces can be counted.

/// One line of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The code, literals emptied.
    pub(crate) code: String,
    /// The text of comments, slashes included.
    pub(crate) comment: String,
}

/// The lines of `text`.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, lines: vec![Line::default()] };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    if text.ends_with('\n') {
        lexer.lines.pop();
    }
    lexer.lines
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    lines: Vec<Line>,
}

impl Lexer {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            ('r', '"' | '#') if !self.after_word() => self.raw_string(),
            _ => self.code(1),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Whether an `r` here ends a word; the prefixes `b` and `c` of raw strings don't count.
    fn after_word(&self) -> bool {
        let before = |n: usize| self.at.checked_sub(n).map_or(' ', |i| self.chars[i]);
        match before(1) {
            'b' | 'c' => is_word(before(2)),
            c => is_word(c),
        }
    }

    fn line(&mut self) -> &mut Line {
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    /// Takes one character; newlines start a line and are kept nowhere.
    fn take(&mut self, put: fn(&mut Line, char)) {
        let Some(&c) = self.chars.get(self.at) else {
            return;
        };
        self.at += 1;
        match c {
            '\n' => self.lines.push(Line::default()),
            c => put(self.line(), c),
        }
    }

    fn code(&mut self, n: usize) {
        for _ in 0..n {
            self.take(|line, c| line.code.push(c));
        }
    }

    fn comment(&mut self, n: usize) {
        for _ in 0..n {
            self.take(|line, c| line.comment.push(c));
        }
    }

    fn skip(&mut self, n: usize) {
        for _ in 0..n {
            self.take(|_, _| ());
        }
    }

    fn ended(&self) -> bool {
        self.at >= self.chars.len()
    }

    fn line_comment(&mut self) {
        while !self.ended() && self.peek(0) != '\n' {
            self.comment(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while !self.ended() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.comment(1);
                    continue;
                }
            }
            self.comment(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.code(1);
        while !self.ended() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.code(1);
    }

    /// A raw string, or a raw name such as `r#gen`.
    fn raw_string(&mut self) {
        let hashes = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        if self.peek(1 + hashes) != '"' {
            return self.code(1 + hashes);
        }
        self.code(2 + hashes);
        while !self.ended() && !self.closes(hashes) {
            self.skip(1);
        }
        self.code(1 + hashes);
    }

    fn closes(&self, hashes: usize) -> bool {
        self.peek(0) == '"' && (1..=hashes).all(|n| self.peek(n) == '#')
    }

    /// A character, or the start of a lifetime.
    fn quote(&mut self) {
        let character = self.peek(1) == '\\' || self.peek(2) == '\'';
        self.code(1);
        if !character {
            return;
        }
        self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        while !self.ended() && self.peek(0) != '\'' {
            self.skip(1);
        }
        self.code(1);
    }
}

/// Whether a character may be part of a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::lines;

    fn code(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|l| l.code).collect()
    }

    #[test]
    fn comments_are_apart() {
        let got = lines("a // b \"\nc /* d /* e\n*/ f */ g");
        let comments: Vec<_> = got.iter().map(|l| l.comment.as_str()).collect();
        assert_eq!(comments, ["// b \"", "/* d /* e", "*/ f */"]);
        assert_eq!(code("a // b \"\nc /* d /* e\n*/ f */ g"), ["a ", "c ", " g"]);
    }

    #[test]
    fn strings_are_emptied() {
        assert_eq!(code(r#"f("{ \" // }") {"#), [r#"f("") {"#]);
        assert_eq!(code("a(\"x\n{\ny\");\nb"), ["a(\"", "", "\");", "b"]);
        assert_eq!(code("b\"{\\\\\" }"), ["b\"\" }"]);
    }

    #[test]
    fn raw_strings_are_emptied() {
        assert_eq!(code("r#\"{ \" }\"# x"), ["r#\"\"# x"]);
        assert_eq!(code("br##\"\"# { \"## x"), ["br##\"\"## x"]);
        assert_eq!(code("for\"{\" r#fn bar\"{\""), ["for\"\" r#fn bar\"\""]);
    }

    #[test]
    fn characters_and_lifetimes() {
        assert_eq!(code("'{' '\\'' '\\u{7b}' b'}' '\"' {"), ["'' '' '' b'' '' {"]);
        assert_eq!(code("fn f<'a>(x: &'a str, y: &'static [u8]) {}"), ["fn f<'a>(x: &'a str, y: &'static [u8]) {}"]);
        assert_eq!(code("'outer: loop { break 'outer; }"), ["'outer: loop { break 'outer; }"]);
    }

    #[test]
    fn unfinished_text_ends() {
        for text in ["\"a", "r#\"a\"", "/* a", "'\\", "'", "r", "r#", ""] {
            lines(text);
        }
    }
}
