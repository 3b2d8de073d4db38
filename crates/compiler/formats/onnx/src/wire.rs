//! The wire format of protocol buffers, borrowed: fields of a message, one after another.

use thiserror::Error;

/// Bytes that are not what the format says, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("byte {offset}: {why}")]
pub(crate) struct WireError {
    pub(crate) offset: usize,
    pub(crate) why: String,
}

impl WireError {
    pub(crate) fn new(offset: usize, why: impl Into<String>) -> Self {
        Self { offset, why: why.into() }
    }
}

/// Part of a file: its bytes, and where in the file they start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(Span<'a>),
}

impl Value<'_> {
    /// The wire type, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Varint(_) => "a varint",
            Value::Fixed64(_) => "64 bits",
            Value::Fixed32(_) => "32 bits",
            Value::Bytes(_) => "a length and bytes",
        }
    }
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) tag: u32,
    /// Where its key starts.
    pub(crate) offset: usize,
    pub(crate) value: Value<'a>,
}

impl<'a> Field<'a> {
    fn wrong(&self, expected: &str) -> WireError {
        WireError::new(self.offset, format!("field {}: expected {expected}, got {}", self.tag, self.value.kind()))
    }

    /// A varint as a signed number.
    pub(crate) fn int(&self) -> Result<i64, WireError> {
        match self.value {
            Value::Varint(v) => Ok(v as i64),
            _ => Err(self.wrong("a varint")),
        }
    }

    /// 32 bits as a float.
    pub(crate) fn float(&self) -> Result<f32, WireError> {
        match self.value {
            Value::Fixed32(v) => Ok(f32::from_bits(v)),
            _ => Err(self.wrong("32 bits")),
        }
    }

    /// Bytes: a message, a string, a packed list.
    pub(crate) fn span(&self) -> Result<Span<'a>, WireError> {
        match self.value {
            Value::Bytes(span) => Ok(span),
            _ => Err(self.wrong("a length and bytes")),
        }
    }

    /// Bytes that are UTF-8.
    pub(crate) fn text(&self) -> Result<&'a str, WireError> {
        let span = self.span()?;
        std::str::from_utf8(span.bytes).map_err(|e| WireError::new(span.offset + e.valid_up_to(), "text is not UTF-8"))
    }
}

impl<'a> Span<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The fields of these bytes, which are a message.
    pub(crate) fn fields(self) -> Cursor<'a> {
        Cursor(self)
    }

    /// The first `n` bytes and the rest.
    fn split(self, n: usize) -> Option<(Self, Self)> {
        let (a, b) = self.bytes.split_at_checked(n)?;
        Some((Self { bytes: a, ..self }, Self { bytes: b, offset: self.offset + n }))
    }
}

/// Walks the fields of a message, or the numbers of a packed list.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a>(pub(crate) Span<'a>);

impl<'a> Cursor<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    fn take(&mut self, n: usize, what: &str) -> Result<Span<'a>, WireError> {
        let left = self.0.bytes.len();
        let short = || WireError::new(self.0.offset, format!("{what} takes {n} bytes, {left} are left"));
        let (head, rest) = self.0.split(n).ok_or_else(short)?;
        self.0 = rest;
        Ok(head)
    }

    /// One varint: 7 bits a byte, low bits first, at most 10 bytes.
    pub(crate) fn varint(&mut self) -> Result<u64, WireError> {
        if let Some((&byte, rest)) = self.0.bytes.split_first().filter(|(b, _)| **b < 0x80) {
            self.0 = Span { bytes: rest, offset: self.0.offset + 1 };
            return Ok(byte.into());
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let start = self.0.offset;
        let mut value = 0u64;
        for (i, &byte) in self.0.bytes.iter().take(10).enumerate() {
            if i == 9 && byte > 1 {
                return Err(WireError::new(start, "a varint of more than 64 bits"));
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.take(i + 1, "a varint")?;
                return Ok(value);
            }
        }
        Err(WireError::new(start, "a varint does not end"))
    }

    /// Four bytes.
    pub(crate) fn fixed32(&mut self) -> Result<u32, WireError> {
        let bytes = self.take(4, "a 32-bit number")?.bytes;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    /// Eight bytes.
    pub(crate) fn fixed64(&mut self) -> Result<u64, WireError> {
        let bytes = self.take(8, "a 64-bit number")?.bytes;
        Ok(bytes.try_into().map_or(0, u64::from_le_bytes))
    }

    fn field(&mut self) -> Result<Field<'a>, WireError> {
        let offset = self.0.offset;
        let key = self.varint()?;
        let tag = u32::try_from(key >> 3).ok().filter(|t| (1..1 << 29).contains(t));
        let tag = tag.ok_or_else(|| WireError::new(offset, "no field has such a number"))?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.fixed64()?),
            2 => self.bytes()?,
            5 => Value::Fixed32(self.fixed32()?),
            other => return Err(WireError::new(offset, format!("field {tag} has wire type {other}, which this format does not use"))),
        };
        Ok(Field { tag, offset, value })
    }

    fn bytes(&mut self) -> Result<Value<'a>, WireError> {
        let at = self.0.offset;
        let len = self.varint()?;
        let left = self.0.bytes.len();
        match usize::try_from(len).ok().filter(|&n| n <= left) {
            Some(n) => Ok(Value::Bytes(self.take(n, "a field")?)),
            None => Err(WireError::new(at, format!("a field claims {len} bytes, {left} are left"))),
        }
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0.bytes = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(bytes: &[u8]) -> Result<Field<'_>, WireError> {
        Span::of(bytes).fields().next().unwrap()
    }

    #[test]
    fn numbers_of_all_widths() {
        assert_eq!(first(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).unwrap().int().unwrap(), -1);
        assert_eq!(first(&[0x15, 0, 0, 0x80, 0x3f]).unwrap().float().unwrap(), 1.0);
        assert_eq!(first(&[0x1a, 2, b'o', b'k']).unwrap().text().unwrap(), "ok");
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_refused_at_its_offset() {
        assert_eq!(first(&[0x80]).unwrap_err().offset, 0);
        assert_eq!(first(&[0x0a, 5, 1]).unwrap_err(), WireError::new(1, "a field claims 5 bytes, 1 are left"));
        assert_eq!(first(&[0x0d, 5]).unwrap_err(), WireError::new(1, "a 32-bit number takes 4 bytes, 1 are left"));
        assert!(first(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]).unwrap_err().why.contains("64 bits"));
        assert!(first(&[0x0b]).unwrap_err().why.contains("wire type 3"));
        assert!(first(&[0x00]).is_err());
        assert!(first(&[0x0a, 1, 0xff]).unwrap().text().is_err());
    }

    #[test]
    fn an_error_ends_the_walk() {
        assert_eq!(Span::of(&[0x00, 0x00]).fields().count(), 1);
    }
}
