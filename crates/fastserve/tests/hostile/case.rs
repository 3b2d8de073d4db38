//! One case: a file is loaded, compiled and run within limits.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastserve::onnx::limits::{HEAP_BASE_BYTES, HEAP_PER_FILE_BYTE};
use fastserve::{Bindings, CompileOptions, Cpu, Error, Model, RunCx, Shape, Tensor};
use fastserve_testkit::sys::peak;

use crate::watch;

/// Code that is not optimised takes longer.
const LOAD_LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });
const RUN_LIMIT_BYTES: usize = 64 << 20;
/// All that constants may become (`FOLD_TOTAL_BYTES`), beside copies of those of the file.
const COMPILE_LIMIT_BYTES: usize = 2 << 30;
/// Inputs beyond this size are not made.
const INPUT_LIMIT_BYTES: usize = 8 << 20;
/// Files up to this size are written again.
const WRITE_LIMIT_BYTES: usize = 256 << 10;

/// What a case is.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) what: &'a str,
    pub(crate) steps: u64,
    /// Of the files that load, one of so many is compiled and run.
    pub(crate) every: usize,
}

/// What was seen over all cases.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) cases: usize,
    pub(crate) loaded: usize,
    pub(crate) answers: usize,
    slowest_load: Duration,
    slowest: Duration,
    load_bytes: usize,
    peak_bytes: usize,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |bytes: usize| bytes as f64 / 1e6;
        write!(f, "{} cases, {} loaded, {} without error; ", self.cases, self.loaded, self.answers)?;
        write!(f, "slowest load {:.3} s, {:.1} MB at most; ", self.slowest_load.as_secs_f64(), mb(self.load_bytes))?;
        write!(f, "slowest of all {:.3} s, {:.1} MB at most", self.slowest.as_secs_f64(), mb(self.peak_bytes))
    }
}

/// Runs a case; what its answer or error was.
pub(crate) fn case(bytes: &Bytes, given: Given<'_>, seen: &mut Seen) -> Result<(), Error> {
    let _watched = watch::begin(given.what);
    let start = Instant::now();
    let (model, load_bytes) = peak(|| guarded(given.what, || Model::from_bytes(bytes.clone())));
    let load = start.elapsed();
    let load_limit = HEAP_BASE_BYTES + HEAP_PER_FILE_BYTE * bytes.len();
    assert!(load <= LOAD_LIMIT, "{}: loading took {load:?}", given.what);
    assert!(load_bytes <= load_limit, "{}: loading took {load_bytes} bytes, the limit is {load_limit}", given.what);
    seen.cases += 1;
    seen.slowest_load = seen.slowest_load.max(load);
    seen.load_bytes = seen.load_bytes.max(load_bytes);
    let runs = seen.loaded.is_multiple_of(given.every);
    seen.loaded += usize::from(model.is_ok());
    if !runs {
        return model.map(drop);
    }
    let (outcome, bytes_taken) = peak(|| guarded(given.what, || answer(model?, bytes.len(), given)));
    let limit = COMPILE_LIMIT_BYTES + RUN_LIMIT_BYTES + load_limit + 4 * bytes.len();
    assert!(bytes_taken <= limit, "{}: took {bytes_taken} bytes, the limit is {limit}", given.what);
    if let Err(error) = &outcome {
        assert!(!error.to_string().is_empty(), "{}: an error without words", given.what);
    }
    seen.answers += usize::from(outcome.is_ok());
    seen.slowest = seen.slowest.max(start.elapsed());
    seen.peak_bytes = seen.peak_bytes.max(load_bytes).max(bytes_taken);
    outcome
}

fn guarded<T>(what: &str, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| panic!("{what}: panicked"))
}

/// Compiles and runs a model, with limits.
fn answer(model: Model, file_bytes: usize, given: Given<'_>) -> Result<(), Error> {
    if file_bytes <= WRITE_LIMIT_BYTES {
        written(&model);
    }
    let compiled = model.compile(&Cpu::new()?, &CompileOptions { threads: 1, ..CompileOptions::default() })?;
    let mut session = compiled.session()?;
    let Some(inputs) = zeros(&model)? else { return Ok(()) };
    let views = inputs.iter().map(Tensor::view).collect::<Result<Vec<_>, _>>()?;
    let mut cx = RunCx {
        deadline: Some(Instant::now() + LOAD_LIMIT / 2),
        memory_limit_bytes: Some(RUN_LIMIT_BYTES / 2),
        step_limit: Some(given.steps),
        ..RunCx::default()
    };
    session.run_with(&mut Bindings::lent(&views), &mut cx).map(drop)
}

/// A file that is made of a model loads as the model did.
fn written(model: &Model) {
    let file = model.to_onnx().unwrap_or_else(|e| panic!("what loads has a form: {e}"));
    let again = Model::from_bytes(file.into()).expect("what is written loads");
    assert_eq!(again.signature().inputs.len(), model.signature().inputs.len());
    if let Ok(file) = model.optimized().and_then(|m| m.to_onnx())
        && file.len() <= WRITE_LIMIT_BYTES
    {
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
