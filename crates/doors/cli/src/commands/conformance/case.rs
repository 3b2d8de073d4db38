//! One case: the model, and its data sets one after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fastserve::onnx::{OnnxError, read_tensor};
use fastserve::{Bindings, CompileOptions, Cpu, DType, Error, Model, Port, RunCx, Session, Tensor, TensorView};

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
    let model = match Model::open(folder.join(find::MODEL)) {
        Ok(model) => model,
        Err(e) if is_refusal(&e) => return Verdict::Unsupported(e.to_string()),
        Err(e) => return Verdict::Failed(fail::text(&e.into())),
    };
    match run_sets(&model, backend, folder, threads) {
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

fn run_sets(model: &Model, backend: &Cpu, folder: &Path, threads: usize) -> Result<()> {
    let sets = find::data_sets(folder)?;
    if sets.is_empty() {
        bail!("there is no test_data_set_*");
    }
    let compiled = model.compile(backend, &CompileOptions { threads, ..CompileOptions::default() })?;
    let mut session = compiled.session()?;
    for set in sets {
        let name = set.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        run_set(&mut session, &set).with_context(|| name)?;
    }
    Ok(())
}

fn run_set(session: &mut Session, set: &Path) -> Result<()> {
    let signature = session.signature().clone();
    let inputs = tensors(set, "input", &signature.inputs)?;
    let expected = tensors(set, "output", &signature.outputs)?;
    let mut cx = RunCx { deadline: Instant::now().checked_add(LONGEST), memory_limit_bytes: Some(MOST_BYTES), ..RunCx::default() };
    let outputs = session.run_with(&mut Bindings::lent(&views(&inputs)?), &mut cx)?;
    for (i, (expected, port)) in expected.iter().zip(&signature.outputs).enumerate() {
        let got = Tensor::copy_of(&outputs.get(i)?)?;
        check(&got, expected).with_context(|| format!("output {i} `{}`", port.name))?;
    }
    Ok(())
}

/// One tensor a port, in the order of the files' numbers.
fn tensors(set: &Path, kind: &str, ports: &[Port]) -> Result<Vec<Tensor>> {
    ports.iter().enumerate().map(|(i, port)| tensor(&set.join(format!("{kind}_{i}.pb")), port)).collect()
}

fn tensor(path: &Path, port: &Port) -> Result<Tensor> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let bytes = std::fs::read(path).with_context(|| name.clone())?;
    let tensor = read_tensor(&bytes.into()).with_context(|| name)?;
    // NumPy has no bf16: old data sets hold its bits as u16.
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
