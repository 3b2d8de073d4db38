//! Text weights 0.1 to a graph.

use std::io::BufRead;

use fastserve_ir::{Graph, OpSet};
use fastserve_tensor::{DType, Shape, Tensor};

use crate::build;
use crate::error::TextError;
use crate::layer::{FORMS, Layer, short, show};
use crate::limits::{MAX_ELEMENTS, MAX_LAYERS, MAX_LINE_BYTES, MAX_NAME_CHARS, MAX_NUMBER_CHARS};
use crate::lines::{END, Lines, words};

/// The first line.
const HEADER: &str = "fastserve-text-weights 0.1";

/// A network as written: each layer with its line.
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) input: (String, Vec<usize>),
    pub(crate) layers: Vec<(usize, Layer)>,
    pub(crate) output: String,
    /// Weight and bias of each layer that has them, by name.
    pub(crate) tensors: Vec<(String, Tensor)>,
}

/// Reads a text of `len` bytes.
pub(crate) fn read<R: BufRead>(reader: R, len: u64, ops: &dyn OpSet) -> Result<Graph, TextError> {
    build::graph(network(&mut Lines::new(reader, len, MAX_LINE_BYTES))?, ops)
}

fn network<R: BufRead>(lines: &mut Lines<R>) -> Result<Network, TextError> {
    let first = lines.next()?.unwrap_or(END).to_owned();
    if first != HEADER {
        return Err(TextError::syntax(1, format!("`{HEADER}`"), &first));
    }
    let model = statement(lines, "`model NAME`", |w| match w {
        ["model", name] => parse_name(name),
        _ => None,
    })?;
    let input = statement(lines, "`input NAME N` or `input NAME CxHxW`", parse_input)?;
    let (layers, output) = layers(lines, &input.1)?;
    if output == input.0 {
        return Err(TextError::syntax(lines.number, "another name than the input's", &output));
    }
    let tensors = tensors(lines, &layers)?;
    statement(lines, "`end`", |w| (w == ["end"]).then_some(()))?;
    match lines.next_words()?.map(str::to_owned) {
        None => Ok(Network { name: model, input, layers, output, tensors }),
        Some(line) => Err(TextError::syntax(lines.number, "nothing after `end`", &line)),
    }
}

/// The next line with words, read by `parse`.
fn statement<R: BufRead, T>(lines: &mut Lines<R>, expected: &str, parse: impl Fn(&[&str]) -> Option<T>) -> Result<T, TextError> {
    let line = lines.next_words()?.unwrap_or(END);
    match parse(&words(line).collect::<Vec<_>>()) {
        Some(value) => Ok(value),
        None => {
            let got = line.to_owned();
            Err(TextError::syntax(lines.number, expected, &got))
        }
    }
}

fn parse_name(word: &str) -> Option<String> {
    let first = word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let rest = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    (first && rest && word.len() <= MAX_NAME_CHARS).then(|| word.to_owned())
}

fn parse_input(line: &[&str]) -> Option<(String, Vec<usize>)> {
    let ["input", name, shape] = line else { return None };
    let sizes: Vec<usize> = shape.split('x').map(|w| short(w, 1)).collect::<Option<_>>()?;
    matches!(sizes.len(), 1 | 3).then_some(())?;
    Some((parse_name(name)?, sizes))
}

/// What can stand where a layer can.
enum Line {
    Layer(Layer),
    Output(String),
}

/// The layers, each of which fits the shape it is given, and the name of the output.
fn layers<R: BufRead>(lines: &mut Lines<R>, input: &[usize]) -> Result<(Vec<(usize, Layer)>, String), TextError> {
    let mut shape = input.to_vec();
    let mut layers = Vec::new();
    loop {
        let line = statement(lines, FORMS, |w| match w {
            ["output", name] if !layers.is_empty() => parse_name(name).map(Line::Output),
            _ => Layer::parse(w).map(Line::Layer),
        })?;
        let number = lines.number;
        let layer = match line {
            Line::Output(name) => return Ok((layers, name)),
            Line::Layer(_) if layers.len() == MAX_LAYERS => {
                return Err(TextError::Limit { line: number, why: format!("more than {MAX_LAYERS} layers") });
            }
            Line::Layer(layer) => layer,
        };
        shape = layer.apply(&shape).map_err(|why| TextError::Layer { line: number, layer: layer.kind(), why })?;
        layers.push((number, layer));
    }
}

/// The tensor sections, whose names and shapes the layers fix.
fn tensors<R: BufRead>(lines: &mut Lines<R>, layers: &[(usize, Layer)]) -> Result<Vec<(String, Tensor)>, TextError> {
    let mut tensors = Vec::new();
    for (name, shape) in sections(layers) {
        let tensor = tensor(lines, &name, &shape)?;
        tensors.push((name, tensor));
    }
    Ok(tensors)
}

/// Name and shape of every section, in order.
fn sections(layers: &[(usize, Layer)]) -> Vec<(String, Vec<usize>)> {
    let mut sections = Vec::new();
    for (i, (_, layer)) in layers.iter().enumerate() {
        let shape = layer.weight_shape();
        if let Some(&output) = shape.first() {
            let number = layers[..=i].iter().filter(|(_, l)| l.kind() == layer.kind()).count();
            sections.push((format!("{}{number}.weight", layer.kind()), shape));
            sections.push((format!("{}{number}.bias", layer.kind()), vec![output]));
        }
    }
    sections
}

fn tensor<R: BufRead>(lines: &mut Lines<R>, name: &str, shape: &[usize]) -> Result<Tensor, TextError> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let expected = format!("`tensor {name} {}`", sizes.join(" "));
    statement(lines, &expected, |w| match w {
        ["tensor", n, s @ ..] if *n == name && s.iter().map(|w| short(w, 1)).eq(shape.iter().map(|&d| Some(d))) => Some(()),
        _ => None,
    })?;
    let line = lines.number;
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_ELEMENTS);
    let count =
        count.ok_or_else(|| TextError::Limit { line, why: format!("{name} has {}, more than {MAX_ELEMENTS} elements", show(shape)) })?;
    if 2 * count as u64 > lines.left {
        let why = format!("{count} numbers take at least {} bytes, {} are left", 2 * count, lines.left);
        return Err(TextError::Limit { line, why });
    }
    let failed = |source| TextError::Tensor { line, source };
    let mut tensor = Tensor::zeros(DType::F32, Shape::new(shape).map_err(failed)?).map_err(failed)?;
    numbers(lines, name, tensor.as_mut_slice::<f32>().map_err(failed)?)?;
    Ok(tensor)
}

/// Fills `to` from the lines that follow; the last line must end where `to` does.
fn numbers<R: BufRead>(lines: &mut Lines<R>, name: &str, to: &mut [f32]) -> Result<(), TextError> {
    let mut at = 0;
    while at < to.len() {
        let total = to.len();
        let expected = |at: usize| format!("number {at} of {total} of {name}");
        let line = lines.next_words()?.unwrap_or(END);
        let mut wrong = None;
        for word in words(line) {
            match (number(word), to.get_mut(at)) {
                (Some(v), Some(place)) => *place = v,
                (_, Some(_)) => wrong = Some((expected(at + 1), word.to_owned())),
                (_, None) => wrong = Some((format!("the end of {name} after {total} numbers"), word.to_owned())),
            }
            if wrong.is_some() {
                break;
            }
            at += 1;
        }
        if let Some((expected, got)) = wrong {
            return Err(TextError::syntax(lines.number, expected, &got));
        }
    }
    Ok(())
}

/// A finite decimal number, rounded to the nearest f32.
fn number(word: &str) -> Option<f32> {
    let plain = word.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    if !plain || word.starts_with('+') || word.len() > MAX_NUMBER_CHARS {
        return None;
    }
    word.parse().ok().filter(|v: &f32| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_grammar() {
        for (word, value) in [("-1", -1.0), ("1.", 1.0), (".5", 0.5), ("1e2", 100.0), ("2.5E-1", 0.25), ("-0", -0.0), ("1e+1", 10.0)] {
            assert_eq!(number(word).map(f32::to_bits), Some(f32::to_bits(value)), "{word}");
        }
        for bad in
            ["", "+1", "nan", "inf", "0x1", "1e39", ".", "-", "e1", "1e", "--1", "1_0", ".e1", "1e1.5", "000000000000000000000000000000001"]
        {
            assert_eq!(number(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_of_the_grammar() {
        assert!(parse_name("_a.B-1").is_some());
        for bad in ["", "1a", ".a", "a b", "ä", &"a".repeat(65)] {
            assert_eq!(parse_name(bad), None, "{bad}");
        }
    }
}
