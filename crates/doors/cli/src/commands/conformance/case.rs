//! One case: the model, and its data sets one after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fastserve::onnx::{Declared, OnnxError, Value, ValueKind, declared, map_file, read_value};
use fastserve::{Bindings, CompileOptions, Cpu, DType, Error, Model, Port, ReadOptions, RunCx, Session, Tensor, TensorView};

use super::{Verdict, find};
use crate::commands::compare::{Distance, Tolerance, compare, index_of};
use crate::fail;
use crate::io::inputs::views;
use crate::show::numbers::{element, extents};

/// A run that takes longer has failed: a loop in a model may not end.
const LONGEST: Duration = Duration::from_secs(300);

/// A run that would take more memory has failed.
const MOST_BYTES: usize = 8 << 30;

/// ONNX's own runner, and beside it what sums of f32 are held to in this project's tests.
const RUNNER: Tolerance = Tolerance { abs: 1e-7, rel: 1e-3 };
const SUMS: Tolerance = Tolerance { abs: 1e-5, rel: 1e-4 };
/// Two units in the last place, and the spacing of subnormals in sums.
const F16: Tolerance = Tolerance { abs: 1e-3, rel: 2e-3 };
const BF16: Tolerance = Tolerance { abs: 1e-2, rel: 1.6e-2 };
const EQUAL: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };

/// Runs a case.
pub(super) fn run(backend: &Cpu, folder: &Path, threads: usize) -> Verdict {
    match run_sets(backend, folder, threads) {
        Ok(()) => Verdict::Passed,
        Err(e) if e.downcast_ref().is_some_and(is_refusal) => Verdict::Unsupported(fail::text(&e)),
        Err(e) => Verdict::Failed(fail::text(&e)),
    }
}

/// Whether a model asks for an operator, a type or an attribute that is not there, rather than being wrong.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::Onnx(OnnxError::Unsupported(_)) => true,
        Error::Run(e) => e.is_unsupported(),
        _ => false,
    }
}

fn run_sets(backend: &Cpu, folder: &Path, threads: usize) -> Result<()> {
    let path = folder.join(find::MODEL);
    let declared = declared(&map_file(&path).map_err(Error::from)?).map_err(Error::from)?;
    let sets = find::data_sets(folder)?;
    if sets.is_empty() {
        bail!("there is no test_data_set_*");
    }
    let mut last: Option<(ReadOptions, Session)> = None;
    for set in sets {
        let name = set.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let inputs = values(&set, "input", &declared.inputs).map_err(|e| model_first(&path, e)).with_context(|| name.clone())?;
        let options = told(&declared.inputs, &inputs);
        // A model is loaded again where a data set has sequences of another length.
        let mut session = match last.take() {
            Some((same, session)) if same == options => session,
            _ => {
                let model = Model::open_with(&path, &options)?;
                model.compile(backend, &CompileOptions { threads, ..CompileOptions::default() })?.session()?
            }
        };
        run_set(&mut session, inputs, &set, &declared).with_context(|| name)?;
        last = Some((options, session));
    }
    Ok(())
}

/// What the model lacks is a better reason than what its data lacks.
fn model_first(path: &Path, error: anyhow::Error) -> anyhow::Error {
    match Model::open(path) {
        Err(e) if is_refusal(&e) => e.into(),
        _ => error,
    }
}

/// The lengths of sequences, and which optional values are there.
fn told(declared: &[(String, ValueKind)], values: &[Value]) -> ReadOptions {
    let told = declared.iter().zip(values).filter_map(|((name, kind), value)| Some((name.clone(), value.told(*kind)?)));
    ReadOptions { told: told.collect(), ..ReadOptions::default() }
}

fn run_set(session: &mut Session, inputs: Vec<Value>, set: &Path, declared: &Declared) -> Result<()> {
    let signature = session.signature().clone();
    let inputs = tensors(inputs, &signature.inputs)?;
    let expected = tensors(values(set, "output", &declared.outputs)?, &signature.outputs)?;
    let mut cx = RunCx { deadline: Instant::now().checked_add(LONGEST), memory_limit_bytes: Some(MOST_BYTES), ..RunCx::default() };
    let outputs = session.run_with(&mut Bindings::lent(&views(&inputs)?), &mut cx)?;
    for (i, (expected, port)) in expected.iter().zip(&signature.outputs).enumerate() {
        let got = Tensor::copy_of(&outputs.get(i)?)?;
        check(&got, expected).with_context(|| format!("output {i} `{}`", port.name))?;
    }
    Ok(())
}

/// One value for each input or output that the file declares, in the order of the files' numbers.
fn values(set: &Path, kind: &str, declared: &[(String, ValueKind)]) -> Result<Vec<Value>> {
    declared.iter().enumerate().map(|(i, (_, of))| value(&set.join(format!("{kind}_{i}.pb")), *of)).collect()
}

fn value(path: &Path, kind: ValueKind) -> Result<Value> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = std::fs::read(path).with_context(|| name.clone())?;
    read_value(&bytes.into(), kind).map_err(Error::from).with_context(|| name)
}

/// One tensor a port: elements of sequences have ports of their own.
fn tensors(values: Vec<Value>, ports: &[Port]) -> Result<Vec<Tensor>> {
    let all: Vec<Tensor> = values.into_iter().flat_map(Value::tensors).collect();
    if all.len() != ports.len() {
        bail!("the files have {} tensors, the model {} ports", all.len(), ports.len());
    }
    all.into_iter().zip(ports).map(|(tensor, port)| fitting(tensor, port)).collect()
}

/// NumPy has no bf16: old data sets hold its bits as u16.
fn fitting(tensor: Tensor, port: &Port) -> Result<Tensor> {
    if port.dtype == DType::BF16 && tensor.dtype() == DType::U16 {
        return Ok(Tensor::copy_of(&TensorView::new(DType::BF16, *tensor.shape(), tensor.bytes())?)?);
    }
    Ok(tensor)
}

fn check(got: &Tensor, expected: &Tensor) -> Result<()> {
    let mut apart = None;
    for tolerance in tolerances(expected.dtype()) {
        match compare(got, expected, *tolerance)? {
            Err(why) => bail!(why),
            Ok(distance) if distance.differing == 0 => return Ok(()),
            Ok(distance) => apart = apart.or(Some(distance)),
        }
    }
    bail!(apart.map_or_else(String::new, |d| describe(&d, expected)))
}

/// What is near enough: any of these.
fn tolerances(dtype: DType) -> &'static [Tolerance] {
    match dtype {
        DType::F32 | DType::F64 => &[RUNNER, SUMS],
        DType::F16 => &[F16],
        DType::BF16 => &[BF16],
        _ => &[EQUAL],
    }
}

fn describe(distance: &Distance, expected: &Tensor) -> String {
    let Some((place, ours, theirs)) = distance.first else { return String::new() };
    let at = extents(&index_of(place, expected.shape()));
    let (ours, theirs) = (element(ours), element(theirs));
    let (count, all) = (distance.differing, expected.numel());
    format!(
        "{count} of {all} elements differ, the first at {at}: expected {theirs}, got {ours}; the largest error is {:.2e}",
        distance.max_abs
    )
}
