//! onnxruntime's answers, through tools/oracle.py.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;

use fastserve::{Bool, DType, Element, Tensor, f16};
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

/// Whether a file of NumPy can hold elements of this type.
pub(crate) fn has_npy(dtype: DType) -> bool {
    dtype != DType::BF16 && dtype.narrow().is_none()
}

/// Writes a tensor.
pub(crate) fn write_npy(path: &Path, t: &Tensor) {
    match t.dtype() {
        DType::F64 => write(path, t, |v: f64| v),
        DType::F32 => write(path, t, |v: f32| v),
        DType::F16 => write(path, t, |v: f16| v),
        DType::U8 => write(path, t, |v: u8| v),
        DType::U16 => write(path, t, |v: u16| v),
        DType::U32 => write(path, t, |v: u32| v),
        DType::U64 => write(path, t, |v: u64| v),
        DType::I8 => write(path, t, |v: i8| v),
        DType::I16 => write(path, t, |v: i16| v),
        DType::I32 => write(path, t, |v: i32| v),
        DType::I64 => write(path, t, |v: i64| v),
        DType::Bool => write(path, t, |v: Bool| bool::from(v)),
        other => panic!("{other}"),
    }
}

fn write<T: Element, N: npyz::Serialize + npyz::AutoSerialize>(path: &Path, t: &Tensor, number: impl Fn(T) -> N) {
    let shape: Vec<u64> = t.shape().iter().map(|&d| d as u64).collect();
    let mut writer = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(File::create(path).unwrap()).begin_nd().unwrap();
    writer.extend(t.as_slice::<T>().unwrap().iter().map(|v| number(*v))).unwrap();
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
