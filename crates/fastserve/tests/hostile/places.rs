//! Where the bytes of a file are flipped: outside the weights of an ONNX file, anywhere in another.

use std::ops::Range;

use fastserve_testkit::random::Random;

/// Numbers of fewer bytes, such as shapes and axes, are flipped too.
const WEIGHTS_BYTES: usize = 256;

/// Graphs within graphs are looked into so deep.
const DEPTH: usize = 8;

/// Places and masks, the same in every run. Every other place is within a number, if the file has any: where names and lengths are
/// flipped, hardly a model is left to be run.
pub(crate) fn flips(file: &[u8], count: usize) -> Vec<(usize, u8)> {
    let found = Found::of(file);
    let (anywhere, numbers) = (Places::new(found.gaps(file.len())), Places::new(found.numbers));
    let mut random = Random::new(anywhere.count as u32);
    let mut flip = |i: usize| {
        let places = if i.is_multiple_of(2) || numbers.count == 0 { &anywhere } else { &numbers };
        // Half of the masks are of low bits only: a digit mostly stays a digit.
        let mask = random.below(if i % 4 < 2 { 255 } else { 7 }) as u8 + 1;
        (places.at(random.below(places.count)), mask)
    };
    (0..count).map(&mut flip).collect()
}

/// Bytes of a file.
struct Places {
    spans: Vec<Range<usize>>,
    count: usize,
}

impl Places {
    fn new(spans: Vec<Range<usize>>) -> Self {
        Self { count: spans.iter().map(ExactSizeIterator::len).sum(), spans }
    }

    fn at(&self, mut index: usize) -> usize {
        for span in &self.spans {
            if index < span.len() {
                return span.start + index;
            }
            index -= span.len();
        }
        0
    }
}

/// What lies where in an ONNX file; nothing in others.
#[derive(Default)]
struct Found {
    /// The raw bytes of larger tensors.
    weights: Vec<Range<usize>>,
    /// Extents, attributes and the elements of smaller tensors.
    numbers: Vec<Range<usize>>,
}

impl Found {
    fn of(file: &[u8]) -> Self {
        const MODEL_GRAPH: u64 = 7;
        let mut found = Self::default();
        fields(file, 0..file.len()).into_iter().filter(|f| f.number == MODEL_GRAPH).for_each(|f| found.graph(file, f.span, DEPTH));
        found.weights.sort_by_key(|span| span.start);
        found
    }

    /// What is not weights.
    fn gaps(&self, len: usize) -> Vec<Range<usize>> {
        let ends = std::iter::once(0).chain(self.weights.iter().map(|w| w.end));
        let starts = self.weights.iter().map(|w| w.start).chain(std::iter::once(len));
        ends.zip(starts).map(|(from, to)| from..to).collect()
    }

    fn graph(&mut self, file: &[u8], span: Range<usize>, depth: usize) {
        const NODE: u64 = 1;
        const INITIALIZER: u64 = 5;
        const NODE_ATTRIBUTE: u64 = 5;
        for field in fields(file, span) {
            match field.number {
                INITIALIZER => self.tensor(file, field.span),
                NODE => {
                    let attributes = fields(file, field.span).into_iter().filter(|f| f.number == NODE_ATTRIBUTE);
                    attributes.for_each(|f| self.attribute(file, f.span, depth));
                }
                _ => {}
            }
        }
    }

    fn attribute(&mut self, file: &[u8], span: Range<usize>, depth: usize) {
        const TENSOR: u64 = 5;
        const GRAPH: u64 = 6;
        /// f, i, floats, ints.
        const NUMBERS: [u64; 4] = [2, 3, 7, 8];
        for field in fields(file, span) {
            match field.number {
                TENSOR => self.tensor(file, field.span),
                GRAPH if depth > 0 => self.graph(file, field.span, depth - 1),
                n if NUMBERS.contains(&n) => self.numbers.push(field.span),
                _ => {}
            }
        }
    }

    fn tensor(&mut self, file: &[u8], span: Range<usize>) {
        const FLOAT_DATA: u64 = 4;
        const RAW_DATA: u64 = 9;
        /// dims, float_data, int32_data, int64_data, raw_data.
        const NUMBERS: [u64; 5] = [1, FLOAT_DATA, 5, 7, RAW_DATA];
        for field in fields(file, span).into_iter().filter(|f| NUMBERS.contains(&f.number)) {
            let large = field.span.len() >= WEIGHTS_BYTES && [FLOAT_DATA, RAW_DATA].contains(&field.number);
            if large { self.weights.push(field.span) } else { self.numbers.push(field.span) }
        }
    }
}

/// A field of a protobuf message, and where its value lies.
struct Field {
    number: u64,
    span: Range<usize>,
}

/// The fields in a part of a file, up to what is none.
fn fields(file: &[u8], span: Range<usize>) -> Vec<Field> {
    let mut at = span.start;
    let mut found = Vec::new();
    while at < span.end {
        let Some(key) = varint(file, &mut at) else { break };
        let mut from = at;
        let value = if matches!(key & 7, 0 | 2) { varint(file, &mut at) } else { None };
        let to = match (key & 7, value) {
            (0, Some(_)) => at,
            (1, _) => at.saturating_add(8),
            (5, _) => at.saturating_add(4),
            (2, Some(size)) => {
                from = at;
                at.saturating_add(size as usize)
            }
            _ => break,
        };
        if to > span.end {
            break;
        }
        found.push(Field { number: key >> 3, span: from..to });
        at = to;
    }
    found
}

fn varint(file: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *file.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[test]
fn the_weights_are_found() {
    let file = std::fs::read(crate::common::file("models/tiny_cnn.onnx")).unwrap();
    let found = Found::of(&file);
    let sizes: Vec<usize> = found.weights.iter().map(ExactSizeIterator::len).collect();
    assert_eq!(sizes, [72 * 4, 13520 * 4]);
    assert!(found.numbers.len() > 20, "{:?}", found.numbers);
    assert!(flips(&file, 100).iter().all(|(at, _)| found.weights.iter().all(|w| !w.contains(at))));
    assert!(Found::of(b"fastserve-text-weights 0.1").weights.is_empty());
}
