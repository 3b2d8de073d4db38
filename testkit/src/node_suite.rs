//! ONNX's own test folders: `model.onnx` and `test_data_set_*/{input,output}_*.pb`.

use std::path::{Path, PathBuf};

use fastserve_backend::{Backend, Bindings, CompileOptions, RunCx, RunError};
use fastserve_ir::{Graph, ValueId};
use fastserve_onnx::{OnnxError, ReadOptions, Value, ValueKind};
use fastserve_ops::Ops;
use fastserve_tensor::{DType, Tensor, TensorView};

use crate::tolerance::{Tolerance, compare};

/// What became of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every output is right.
    Passed,
    /// Something is wrong.
    Failed(String),
    /// The model says what it needs, and it is not there.
    Unsupported(String),
}

/// Runs one folder.
pub fn run_folder(backend: &dyn Backend, folder: &Path) -> Outcome {
    match run_sets(backend, folder) {
        Ok(0) => Outcome::Failed("there is no data set".into()),
        Ok(_) => Outcome::Passed,
        Err(Refused::Unsupported(why)) => Outcome::Unsupported(why),
        Err(Refused::Failed(why)) => Outcome::Failed(why),
    }
}

/// Runs every data set; how many there are.
fn run_sets(backend: &dyn Backend, folder: &Path) -> Result<usize, Refused> {
    let path = folder.join("model.onnx");
    let file = fastserve_onnx::map_file(&path).map_err(read)?;
    let declared = fastserve_onnx::declared(&file).map_err(read)?;
    let mut sets: Vec<PathBuf> = subfolders(folder);
    sets.sort();
    for set in &sets {
        // Lengths of sequences are told when loading.
        let inputs = values(set, "input", &declared.inputs).map_err(|e| model_first(&path, e))?;
        let told = declared.inputs.iter().zip(&inputs).filter_map(|((name, kind), v)| Some((name.clone(), v.told(*kind)?)));
        let graph =
            fastserve_onnx::read_file_with(&path, &Ops, &ReadOptions { told: told.collect(), ..ReadOptions::default() }).map_err(read)?;
        run_set(backend, &graph, set, inputs, &declared.outputs)?;
    }
    Ok(sets.len())
}

/// What the model lacks is a better reason than what its data lacks.
fn model_first(path: &Path, refused: Refused) -> Refused {
    match fastserve_onnx::read_file(path, &Ops) {
        Err(e @ OnnxError::Unsupported(_)) => Refused::Unsupported(e.to_string()),
        _ => refused,
    }
}

fn read(error: OnnxError) -> Refused {
    let text = error.to_string();
    if is_refusal(&text) { Refused::Unsupported(text) } else { Refused::Failed(text) }
}

/// Errors that say what is missing, rather than what is wrong.
fn is_refusal(message: &str) -> bool {
    ["not supported", "unsupported", "depends on the contents"].iter().any(|m| message.contains(m))
}

enum Refused {
    Unsupported(String),
    Failed(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Refused::Failed(why)
    }
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path()));
    entries.filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("test_data_set_"))).collect()
}

fn run_set(backend: &dyn Backend, graph: &Graph, set: &Path, inputs: Vec<Value>, outputs: &[(String, ValueKind)]) -> Result<(), Refused> {
    let inputs = tensors(inputs, graph, graph.inputs())?;
    let expected = tensors(values(set, "output", outputs)?, graph, graph.outputs())?;
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let compiled = backend.compile(graph, &CompileOptions { threads: 2, optimize: true }).map_err(|e| text(&e))?;
    let mut session = compiled.session().map_err(|e| text(&e))?;
    let views: Vec<TensorView<'_>> = inputs.iter().map(Tensor::view).collect::<Result<_, _>>().map_err(|e| text(&e))?;
    session.run(&mut Bindings::lent(&views), &mut RunCx::default()).map_err(refused)?;
    for (i, expected) in expected.iter().enumerate() {
        let got = session.output(i).and_then(|v| Ok(Tensor::copy_of(&v)?)).map_err(|e| text(&e))?;
        compare(&got, expected, tolerance(expected.dtype())).map_err(|e| format!("output {i}: {e}"))?;
    }
    Ok(())
}

fn refused(error: RunError) -> Refused {
    if error.is_unsupported() { Refused::Unsupported(error.to_string()) } else { Refused::Failed(error.to_string()) }
}

/// ONNX's backend tests allow a relative 1e-3 and an absolute 1e-7; some of their data was made in f64. Ours is tighter on the
/// relative part, and allows sums to cancel.
fn tolerance(dtype: DType) -> Tolerance {
    match dtype {
        DType::F16 => Tolerance::F16,
        DType::BF16 => Tolerance::BF16,
        _ => Tolerance::F32,
    }
}

/// One tensor a port.
fn tensors(values: Vec<Value>, graph: &Graph, ports: &[ValueId]) -> Result<Vec<Tensor>, Refused> {
    let all: Vec<Tensor> = values.into_iter().flat_map(Value::tensors).collect();
    if all.len() != ports.len() {
        return Err(Refused::Failed(format!("the files have {} tensors, and the model {} ports", all.len(), ports.len())));
    }
    all.into_iter().zip(ports).map(|(tensor, &port)| fitting(tensor, graph.fact(port).dtype)).collect()
}

/// NumPy has no bf16: old data sets hold its bits as u16.
fn fitting(tensor: Tensor, dtype: DType) -> Result<Tensor, Refused> {
    if dtype == DType::BF16 && tensor.dtype() == DType::U16 {
        let view = TensorView::new(DType::BF16, *tensor.shape(), tensor.bytes()).map_err(|e| e.to_string())?;
        return Tensor::copy_of(&view).map_err(|e| Refused::Failed(e.to_string()));
    }
    Ok(tensor)
}

fn values(set: &Path, kind: &str, declared: &[(String, ValueKind)]) -> Result<Vec<Value>, Refused> {
    let path = |i: usize| set.join(format!("{kind}_{i}.pb"));
    declared.iter().enumerate().map(|(i, (_, kind))| value(&path(i), *kind)).collect()
}

fn value(path: &Path, kind: ValueKind) -> Result<Value, Refused> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    fastserve_onnx::read_value(&bytes.into(), kind).map_err(|e| match e {
        OnnxError::Unsupported(_) => Refused::Unsupported(format!("{}: {e}", path.display())),
        e => Refused::Failed(format!("{}: {e}", path.display())),
    })
}
