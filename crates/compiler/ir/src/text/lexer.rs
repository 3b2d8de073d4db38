//! Text to tokens.

use crate::text::parse::ParseError;

/// Characters of a name that needs no quotes.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:#-".contains(c)
}

/// Reads tokens from a text and knows the line it is in.
pub(crate) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    pub(crate) fn error(&self, expected: impl Into<String>) -> ParseError {
        let got = self.rest.chars().take_while(|c| *c != '\n').take(24).collect();
        ParseError::Syntax { line: self.line, expected: expected.into(), got }
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    fn skip_space(&mut self) {
        let trimmed = self.rest.trim_start();
        let skipped = &self.rest[..self.rest.len() - trimmed.len()];
        self.line += skipped.matches('\n').count();
        self.rest = trimmed;
    }

    /// Takes `word` if it comes next.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Whether `word` comes next.
    pub(crate) fn sees(&mut self, word: &str) -> bool {
        self.skip_space();
        self.rest.starts_with(word)
    }

    pub(crate) fn expect(&mut self, word: &str) -> Result<(), ParseError> {
        if self.eat(word) { Ok(()) } else { Err(self.error(format!("`{word}`"))) }
    }

    pub(crate) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        self.skip_space();
        let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A name, quoted or not.
    pub(crate) fn name(&mut self) -> Result<String, ParseError> {
        if self.sees("\"") {
            return self.string();
        }
        match self.take_while(is_name_char) {
            "" => Err(self.error("a name")),
            name => Ok(name.to_owned()),
        }
    }

    /// An identifier: letters, digits and `_`.
    pub(crate) fn ident(&mut self) -> Result<&'a str, ParseError> {
        match self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            "" => Err(self.error("an identifier")),
            name => Ok(name),
        }
    }

    /// The characters of a number, `inf` and `NaN` included.
    pub(crate) fn number(&mut self) -> Result<&'a str, ParseError> {
        match self.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            "" => Err(self.error("a number")),
            text => Ok(text),
        }
    }

    /// Digits.
    pub(crate) fn size(&mut self) -> Result<usize, ParseError> {
        let digits = self.take_while(|c| c.is_ascii_digit());
        digits.parse().map_err(|_| self.error("a size"))
    }

    /// A string in quotes, with the escapes of a Rust string.
    pub(crate) fn string(&mut self) -> Result<String, ParseError> {
        self.expect("\"")?;
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(out);
                }
                '\\' => out.push(escape(&mut chars).ok_or_else(|| self.error("an escape"))?),
                _ => out.push(c),
            }
        }
        Err(self.error("a closing quote"))
    }
}

fn escape(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    match chars.next()?.1 {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '0' => Some('\0'),
        'u' => {
            let digits: String = chars.map(|(_, c)| c).skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        }
        c @ ('"' | '\\' | '\'') => Some(c),
        _ => None,
    }
}
