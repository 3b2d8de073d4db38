//! Files made to do harm: each is loaded and run, and gives an answer or a typed error, without a panic, in bounded time
//! and memory. What loads can be written, and what is written loads.
//!
//! Made from the models that ship: cut at every percent of their length, and with single bytes flipped. In the ONNX file the
//! two largest tensors' raw data is not flipped: their bytes are numbers, all of which are legal.
//!
//! A part runs with the other tests; `cargo xtask hostile` runs all.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastserve::onnx::write::WriteError;
use fastserve::{Bindings, CompileOptions, Cpu, Error, Model, RunCx, Shape, Tensor};
use fastserve_testkit::sys::{Counting, peak};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const TIME_LIMIT: Duration = Duration::from_secs(2);
const MEMORY_LIMIT_BYTES: usize = 64 << 20;
const FLIPS: usize = 1000;
/// Every which case runs with the other tests.
const SMOKE: usize = 4;
/// Inputs beyond this size are not made.
const INPUT_LIMIT_BYTES: usize = 8 << 20;

#[test]
fn hostile_onnx() {
    attack("models/tiny_cnn.onnx", SMOKE);
}

#[test]
fn hostile_text() {
    attack("models/tiny_cnn_weights.txt", SMOKE);
}

#[test]
#[ignore = "all cases take a while: cargo xtask hostile"]
fn hostile_full() {
    attack("models/tiny_cnn.onnx", 1);
    attack("models/tiny_cnn_weights.txt", 1);
}

/// What was seen over all cases.
#[derive(Debug, Default)]
struct Seen {
    cases: usize,
    answers: usize,
    slowest: Duration,
    peak_bytes: usize,
}

fn attack(model: &str, every: usize) {
    let file = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(model)).expect("the model ships");
    let mut seen = Seen::default();
    // What is made once and kept is not the files' doing.
    assert!(answer(&Bytes::from(file.clone())).is_ok(), "{model} itself does not run");
    for percent in (0..100).step_by(every) {
        let cut = file[..file.len() * percent / 100].to_vec();
        case(cut, &format!("{model} cut at {percent} %"), &mut seen);
    }
    for (i, (at, mask)) in flips(&file).into_iter().enumerate().step_by(every) {
        let mut flipped = file.clone();
        flipped[at] ^= mask;
        case(flipped, &format!("{model}, flip {i}: byte {at} ^ {mask:#04x}"), &mut seen);
    }
    println!("{model}: {seen:?}");
    // A reader that refuses everything would pass the rest.
    assert!(seen.answers > 0 && seen.answers < seen.cases, "{seen:?}");
}

fn case(bytes: Vec<u8>, what: &str, seen: &mut Seen) {
    let bytes = Bytes::from(bytes);
    let start = Instant::now();
    let (outcome, grown) = peak(|| catch_unwind(AssertUnwindSafe(|| answer(&bytes).is_ok())));
    let took = start.elapsed();
    let limit = MEMORY_LIMIT_BYTES + 2 * bytes.len();
    assert!(outcome.is_ok(), "{what}: panicked");
    assert!(took <= TIME_LIMIT, "{what}: took {took:?}");
    assert!(grown <= limit, "{what}: took {grown} bytes, the limit is {limit}");
    seen.cases += 1;
    seen.answers += usize::from(outcome.unwrap_or(false));
    seen.slowest = seen.slowest.max(took);
    seen.peak_bytes = seen.peak_bytes.max(grown);
}

/// Loads the bytes and runs what they make, with limits.
fn answer(bytes: &Bytes) -> Result<(), Error> {
    let model = Model::from_bytes(bytes.clone())?;
    written(&model);
    let compiled = model.compile(&Cpu::new()?, &CompileOptions { threads: 1, ..CompileOptions::default() })?;
    let mut session = compiled.session()?;
    let Some(inputs) = zeros(&model)? else { return Ok(()) };
    let views = inputs.iter().map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
    let mut cx = RunCx {
        deadline: Some(Instant::now() + TIME_LIMIT / 2),
        memory_limit_bytes: Some(MEMORY_LIMIT_BYTES / 2),
        step_limit: Some(1000),
        ..RunCx::default()
    };
    session.run_with(&mut Bindings::lent(&views), &mut cx).map(drop)
}

/// Whether all that has no form is nodes with graphs within.
fn holds_graphs(error: &Error) -> bool {
    matches!(error, Error::OnnxWrite(WriteError::Unsupported(parts)) if parts.iter().all(|p| p.why.contains("graphs within nodes")))
}

/// A file that is made of a model loads as the model did.
fn written(model: &Model) {
    let file = match model.to_onnx() {
        Ok(file) => file,
        Err(e) => return assert!(holds_graphs(&e), "what loads has a form: {e}"),
    };
    let again = Model::from_bytes(file.into()).expect("what is written loads");
    assert_eq!(again.signature().inputs.len(), model.signature().inputs.len());
    if let Ok(file) = model.optimized().and_then(|m| m.to_onnx()) {
        Model::from_bytes(file.into()).expect("what is simplified and written loads");
    }
}

/// Zeros for all inputs, open extents taken as 1; none if that is a lot.
fn zeros(model: &Model) -> Result<Option<Vec<Tensor>>, Error> {
    let signature = model.signature();
    let symbols = vec![1; signature.symbols.len()];
    let mut inputs = Vec::new();
    for port in &signature.inputs {
        let Some(dims) = port.dims.iter().map(|d| d.eval(&symbols)).collect::<Option<Vec<_>>>() else { return Ok(None) };
        let shape = Shape::new(&dims)?;
        if port.dtype.storage_bytes(&shape)? > INPUT_LIMIT_BYTES {
            return Ok(None);
        }
        inputs.push(Tensor::zeros(port.dtype, shape)?);
    }
    Ok(Some(inputs))
}

/// Places and masks, the same in every run.
fn flips(file: &[u8]) -> Vec<(usize, u8)> {
    let blobs = largest_blobs(file);
    let places: Vec<usize> = (0..file.len()).filter(|at| blobs.iter().all(|b| !b.contains(at))).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    // Every other mask is of low bits only: a digit mostly stays a digit.
    let mut mask = |i: usize| (next() % if i.is_multiple_of(2) { 255 } else { 7 }) as u8 + 1;
    let masks: Vec<u8> = (0..FLIPS).map(&mut mask).collect();
    masks.into_iter().map(|mask| (places[(next() % places.len() as u64) as usize], mask)).collect()
}

/// Where the two largest raw tensors of an ONNX file lie; nowhere in other files.
fn largest_blobs(file: &[u8]) -> Vec<Range<usize>> {
    const GRAPH: u64 = 7;
    const INITIALIZER: u64 = 5;
    const RAW_DATA: u64 = 9;
    let inside = |spans: Vec<Range<usize>>, number: u64| -> Vec<Range<usize>> {
        spans.into_iter().flat_map(|span| fields(file, span)).filter(|(n, _)| *n == number).map(|(_, span)| span).collect()
    };
    let whole = std::iter::once(0..file.len()).collect();
    let mut blobs = [GRAPH, INITIALIZER, RAW_DATA].into_iter().fold(whole, inside);
    blobs.sort_by_key(|b| std::cmp::Reverse(b.len()));
    blobs.truncate(2);
    blobs
}

/// Numbers and places of the length-delimited protobuf fields in a part of a file, up to what is no such field.
fn fields(file: &[u8], span: Range<usize>) -> Vec<(u64, Range<usize>)> {
    let mut at = span.start;
    let mut found = Vec::new();
    while at < span.end {
        let Some(key) = varint(file, &mut at) else { break };
        let Some(value) = varint(file, &mut at).map(|v| v as usize) else { break };
        match key & 7 {
            0 => {}
            2 if value <= span.end.saturating_sub(at) => {
                found.push((key >> 3, at..at + value));
                at += value;
            }
            _ => break,
        }
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
    let file = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../models/tiny_cnn.onnx")).expect("the model ships");
    let sizes: Vec<usize> = largest_blobs(&file).iter().map(ExactSizeIterator::len).collect();
    assert_eq!(sizes, [13520 * 4, 72 * 4]);
    assert!(largest_blobs(b"fastserve-text-weights 0.1").is_empty());
}
