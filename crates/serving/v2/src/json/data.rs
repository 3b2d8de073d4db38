//! Elements of a tensor as JSON: one list, or lists in lists, row-major.

use fastserve::{DType, Element, Shape, Tensor};
use fastserve_serve::ServeError;

/// The tensor of the numbers in `text`, which is a JSON value that a parser has seen already.
///
/// # Errors
/// [`ServeError::Input`] if they are not a list of as many elements of the type as the shape has.
pub(super) fn tensor(name: &str, dtype: DType, shape: Shape, text: &str) -> Result<Tensor, ServeError> {
    let refuse = |expected: String, got: String| ServeError::Input { name: name.into(), expected, got };
    if !text.starts_with('[') {
        return Err(refuse("a list under `data`".into(), kind(text).into()));
    }
    // Each element takes a byte and the comma before it: what cannot be there gets no memory.
    let expected = || format!("{} elements for shape {shape}", shape.numel());
    if shape.numel() > text.len() {
        return Err(refuse(expected(), format!("{}", tokens(text).count())));
    }
    let mut tensor = Tensor::zeros(dtype, shape).map_err(|e| ServeError::Invalid(format!("input `{name}`: {e}")))?;
    fill(dtype, &mut tensor, text).map_err(|fault| match fault {
        Fault::Count => refuse(expected(), format!("{}", tokens(text).count())),
        Fault::Element { at, wanted } => {
            let token = tokens(text).nth(at).unwrap_or_default();
            refuse(format!("{wanted} at element {at}"), shortened(token))
        }
        Fault::Type(what) => refuse(what.into(), "a list of numbers under `data`".into()),
    })?;
    Ok(tensor)
}

enum Fault {
    Count,
    Element { at: usize, wanted: &'static str },
    Type(&'static str),
}

fn fill(dtype: DType, tensor: &mut Tensor, text: &str) -> Result<(), Fault> {
    match dtype {
        DType::Bool => fill_with(tensor, text, "true or false", |t| match t {
            "true" => Some(fastserve::Bool(1)),
            "false" => Some(fastserve::Bool(0)),
            _ => None,
        }),
        DType::U8 => fill_with(tensor, text, "a whole number from 0 to 255", |t| t.parse::<u8>().ok()),
        DType::U16 => fill_with(tensor, text, "a whole number from 0 to 65535", |t| t.parse::<u16>().ok()),
        DType::U32 => fill_with(tensor, text, "a whole number from 0 to 2^32-1", |t| t.parse::<u32>().ok()),
        DType::U64 => fill_with(tensor, text, "a whole number from 0 to 2^64-1", |t| t.parse::<u64>().ok()),
        DType::I8 => fill_with(tensor, text, "a whole number from -128 to 127", |t| t.parse::<i8>().ok()),
        DType::I16 => fill_with(tensor, text, "a whole number from -32768 to 32767", |t| t.parse::<i16>().ok()),
        DType::I32 => fill_with(tensor, text, "a whole number from -2^31 to 2^31-1", |t| t.parse::<i32>().ok()),
        DType::I64 => fill_with(tensor, text, "a whole number from -2^63 to 2^63-1", |t| t.parse::<i64>().ok()),
        DType::F32 => fill_with(tensor, text, "a number in the range of FP32", |t| number(t)?.parse().ok().filter(|v: &f32| v.is_finite())),
        DType::F64 => fill_with(tensor, text, "a number in the range of FP64", |t| number(t)?.parse().ok().filter(|v: &f64| v.is_finite())),
        DType::F16 => Err(Fault::Type("binary data, because JSON has no numbers of type FP16")),
        DType::BF16 => Err(Fault::Type("binary data, because JSON has no numbers of type BF16")),
        _ => Err(Fault::Type("binary data")),
    }
}

/// The token, unless it is a text or a word: Rust would take `inf` for a number.
fn number(token: &str) -> Option<&str> {
    token.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then_some(token)
}

fn fill_with<T: Element>(tensor: &mut Tensor, text: &str, wanted: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<(), Fault> {
    let mut places = tensor.as_mut_slice::<T>().map_err(|_| Fault::Count)?.iter_mut();
    for (at, token) in tokens(text).enumerate() {
        let place = places.next().ok_or(Fault::Count)?;
        *place = parse(token).ok_or(Fault::Element { at, wanted })?;
    }
    if places.next().is_some() { Err(Fault::Count) } else { Ok(()) }
}

/// What stands between brackets, commas and blanks.
fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let start = self.at + rest.iter().position(|b| !separates(*b))?;
        let token = self.text.as_bytes().get(start..)?;
        let len = match token.first() {
            Some(b'"') => text_len(token),
            _ => token.iter().position(|b| separates(*b)).unwrap_or(token.len()),
        };
        self.at = start + len;
        self.text.get(start..self.at)
    }
}

fn separates(b: u8) -> bool {
    matches!(b, b',' | b'[' | b']' | b' ' | b'\n' | b'\r' | b'\t')
}

/// Bytes of the text that starts here, with its quotes.
fn text_len(token: &[u8]) -> usize {
    let mut escaped = false;
    for (at, b) in token.iter().enumerate().skip(1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    token.len()
}

fn kind(text: &str) -> &'static str {
    match text.bytes().next() {
        Some(b'{') => "an object",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

fn shortened(token: &str) -> String {
    let short: String = token.chars().take(32).collect();
    if short.len() < token.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dtype: DType, dims: &[usize], text: &str) -> Result<Tensor, String> {
        tensor("x", dtype, Shape::new(dims).unwrap(), text).map_err(|e| e.to_string())
    }

    #[test]
    fn flat_and_nested_are_the_same() {
        let flat = read(DType::F32, &[2, 2], "[1, 2.5,-3e0 ,0.1]").unwrap();
        assert_eq!(flat.as_slice::<f32>().unwrap(), [1.0, 2.5, -3.0, 0.1]);
        assert_eq!(read(DType::F32, &[2, 2], "[[1,2.5],\n[-3.0,0.1]]"), Ok(flat));
        assert_eq!(read(DType::F32, &[0], "[]").unwrap().numel(), 0);
        assert_eq!(read(DType::F32, &[], "[7]").unwrap().as_slice::<f32>().unwrap(), [7.0]);
        assert_eq!(read(DType::Bool, &[2], "[true,false]").unwrap().bytes(), [1, 0]);
    }

    #[test]
    fn numbers_are_rounded_once() {
        // Halfway between two floats but for the last digit: by way of f64 it would round to even.
        let text = "[1.00000005960464477540]";
        assert_eq!(read(DType::F32, &[1], text).unwrap().as_slice::<f32>().unwrap(), [1.000_000_1]);
        assert_eq!(read(DType::I64, &[1], "[9223372036854775807]").unwrap().as_slice::<i64>().unwrap(), [i64::MAX]);
        assert_eq!(read(DType::U64, &[1], "[18446744073709551615]").unwrap().as_slice::<u64>().unwrap(), [u64::MAX]);
    }

    #[test]
    fn wrong_elements_are_named() {
        for (dtype, text, got) in [
            (DType::F32, "[1,1e39]", "1e39"),
            (DType::F64, "[1,1e400]", "1e400"),
            (DType::F32, "[1,\"2\"]", "\"2\""),
            (DType::F32, "[1,null]", "null"),
            (DType::F32, "[1,true]", "true"),
            (DType::F32, "[1,{\"a\":1}]", "{\"a\":1}"),
            (DType::U8, "[1,256]", "256"),
            (DType::U8, "[1,-1]", "-1"),
            (DType::I32, "[1,1.5]", "1.5"),
            (DType::Bool, "[true,1]", "1"),
        ] {
            let error = read(dtype, &[2], text).unwrap_err();
            assert!(error.ends_with(&format!("at element 1, got {got}")), "{error}");
        }
    }

    #[test]
    fn wrong_numbers_of_elements_take_no_memory() {
        let error = read(DType::F32, &[1 << 40], "[1,2]").unwrap_err();
        assert_eq!(error, "input `x`: expected 1099511627776 elements for shape [1099511627776], got 2");
        assert!(read(DType::F32, &[3], "[1,2]").is_err());
        assert!(read(DType::F32, &[1], "[1,2]").is_err());
        for not_a_list in ["1", "\"a\"", "{}", "null", "true"] {
            assert!(read(DType::F32, &[1], not_a_list).unwrap_err().contains("a list"), "{not_a_list}");
        }
    }

    #[test]
    fn halves_are_binary_only() {
        assert!(read(DType::F16, &[1], "[1]").unwrap_err().contains("FP16"));
    }
}
