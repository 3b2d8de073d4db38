//! Many written models at once before onnxruntime, through tools/oracle.py.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use fastserve::Tensor;
use fastserve_testkit::{Tolerance, fixtures};
use serde_json::{Value, json};

use super::file;
use super::oracle::{has_npy, write_npy};

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
        let plain = inputs.iter().chain(expected).all(|(_, t)| has_npy(t.dtype()));
        let expected = if plain { expected } else { &[] };
        let (inputs, expected) = (self.write(inputs), self.write(expected));
        let case = json!({ "inputs": inputs, "expected": expected, "atol": tolerance.absolute, "rtol": tolerance.relative });
        std::fs::write(self.folder.path().join(format!("{name}.json")), case.to_string()).unwrap();
    }

    fn write(&mut self, tensors: Named<'_>) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (name, tensor) in tensors.iter().filter(|(_, t)| has_npy(t.dtype())) {
            self.count += 1;
            let file = format!("{}.npy", self.count);
            write_npy(&self.folder.path().join(&file), tensor);
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
