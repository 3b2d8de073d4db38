//! onnxruntime's answers, through tools/oracle.py.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;

use fastserve::{Bool, DType, Element, Tensor};
use fastserve_testkit::fixtures;
use npyz::WriterBuilder;

use super::file;

/// All outputs by name; `None` without an oracle.
pub(crate) fn oracle(model: &Path, inputs: &[(String, Tensor)]) -> Option<BTreeMap<String, Tensor>> {
    oracle_with(model, inputs, &[])
}

/// The same with more words for tools/oracle.py.
pub(crate) fn oracle_with(model: &Path, inputs: &[(String, Tensor)], words: &[&str]) -> Option<BTreeMap<String, Tensor>> {
    let python = fixtures::oracle_python().or_else(|| {
        println!("skipped: FASTSERVE_ORACLE_PYTHON is not set; `cargo xtask test` sets it");
        None
    })?;
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(file("tools/oracle.py")).arg("run").arg(model).arg("--output-dir").arg(dir.path()).args(words);
    for (i, (name, value)) in inputs.iter().enumerate() {
        let given = dir.path().join(format!("given{i}.npy"));
        write_npy(&given, value);
        command.arg("--input").arg(format!("{name}={}", given.display()));
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let manifest: Manifest = serde_json::from_reader(File::open(dir.path().join("manifest.json")).unwrap()).unwrap();
    Some(manifest.tensors.into_iter().map(|(name, file)| (name, read_npy(&dir.path().join(file)))).collect())
}

#[derive(serde::Deserialize)]
struct Manifest {
    tensors: BTreeMap<String, String>,
}

/// Writes a tensor.
pub(crate) fn write_npy(path: &Path, t: &Tensor) {
    match t.dtype() {
        DType::F32 => write::<f32>(path, t),
        DType::I32 => write::<i32>(path, t),
        DType::I64 => write::<i64>(path, t),
        DType::Bool => write_bool(path, t),
        other => panic!("{other}"),
    }
}

fn write<T: Element + npyz::Serialize + npyz::AutoSerialize>(path: &Path, t: &Tensor) {
    let shape: Vec<u64> = t.shape().iter().map(|&d| d as u64).collect();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(File::create(path).unwrap()).begin_nd().unwrap();
    writer.extend(t.as_slice::<T>().unwrap()).unwrap();
    writer.finish().unwrap();
}

fn write_bool(path: &Path, t: &Tensor) {
    let shape: Vec<u64> = t.shape().iter().map(|&d| d as u64).collect();
    let mut writer =
        npyz::WriteOptions::<bool>::new().default_dtype().shape(&shape).writer(File::create(path).unwrap()).begin_nd().unwrap();
    writer.extend(t.as_slice::<Bool>().unwrap().iter().map(|b| bool::from(*b))).unwrap();
    writer.finish().unwrap();
}

/// Reads a tensor.
pub(crate) fn read_npy(path: &Path) -> Tensor {
    let npy = npyz::NpyFile::new(BufReader::new(File::open(path).unwrap())).unwrap();
    let shape: Vec<usize> = npy.shape().iter().map(|&d| d as usize).collect();
    let npyz::DType::Plain(kind) = npy.dtype() else { panic!("{}: fields", path.display()) };
    match (kind.type_char(), kind.size_field()) {
        (npyz::TypeChar::Float, 4) => Tensor::from_slice(&shape, &npy.into_vec::<f32>().unwrap()),
        (npyz::TypeChar::Float, 8) => Tensor::from_slice(&shape, &npy.into_vec::<f64>().unwrap()),
        (npyz::TypeChar::Int, 4) => Tensor::from_slice(&shape, &npy.into_vec::<i32>().unwrap()),
        (npyz::TypeChar::Int, 8) => Tensor::from_slice(&shape, &npy.into_vec::<i64>().unwrap()),
        (npyz::TypeChar::Bool, _) => {
            Tensor::from_slice(&shape, &npy.into_vec::<bool>().unwrap().into_iter().map(Bool::from).collect::<Vec<_>>())
        }
        other => panic!("{}: {other:?}", path.display()),
    }
    .unwrap()
}
