//! Many written models at once before onnxruntime, through tools/oracle.py.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fastserve::{DType, Tensor};
use fastserve_testkit::{Tolerance, fixtures};
use serde_json::{Value, json};

use super::file;

/// A folder of models, with what they should answer.
pub(crate) struct Many {
    folder: tempfile::TempDir,
    count: usize,
}

type Named<'a> = &'a [(String, Tensor)];

impl Many {
    /// An empty folder; `None` without an oracle.
    pub(crate) fn new() -> Option<Self> {
        if fixtures::oracle_python().is_none() {
            println!("skipped: FASTSERVE_ORACLE_PYTHON is not set; `cargo xtask test` sets it");
            return None;
        }
        Some(Self { folder: tempfile::tempdir().unwrap(), count: 0 })
    }

    /// Where the model of this name is to be written.
    pub(crate) fn model(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("{name}.onnx"))
    }

    /// Adds a case, whose model is there already. It is only loaded if a type is not one of NumPy's.
    pub(crate) fn add(&mut self, name: &str, inputs: Named<'_>, expected: Named<'_>, tolerance: Tolerance) {
        let plain = inputs.iter().chain(expected).all(|(_, t)| descr(t.dtype()).is_some());
        let expected = if plain { expected } else { &[] };
        let (inputs, expected) = (self.write(inputs), self.write(expected));
        let case = json!({ "inputs": inputs, "expected": expected, "atol": tolerance.absolute, "rtol": tolerance.relative });
        std::fs::write(self.folder.path().join(format!("{name}.json")), case.to_string()).unwrap();
    }

    fn write(&mut self, tensors: Named<'_>) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (name, tensor) in tensors.iter().filter(|(_, t)| descr(t.dtype()).is_some()) {
            self.count += 1;
            let file = format!("{}.npy", self.count);
            std::fs::write(self.folder.path().join(&file), npy(tensor)).unwrap();
            files.insert(name.clone(), file);
        }
        files
    }

    /// Runs all; what is wrong, by name.
    pub(crate) fn check(&self) -> BTreeMap<String, String> {
        let mut command = Command::new(fixtures::oracle_python().unwrap());
        let done = command.arg(file("tools/oracle.py")).arg("check").arg(self.folder.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let lines = String::from_utf8(done.stdout).unwrap();
        let rows = lines.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        rows.filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["error"].as_str()?.to_owned()))).collect()
    }

    /// Where the folder is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// NumPy's name of a type.
fn descr(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::U16 => "<u2",
        DType::U32 => "<u4",
        DType::U64 => "<u8",
        DType::I8 => "|i1",
        DType::I16 => "<i2",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
        _ => return None,
    })
}

fn npy(t: &Tensor) -> Vec<u8> {
    let dims: String = t.shape().iter().map(|d| format!("{d},")).collect();
    let header = format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({dims}), }}", descr(t.dtype()).unwrap());
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), t.bytes()].concat()
}
