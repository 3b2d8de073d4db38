//! onnxruntime in a Python that is there already.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use fastserve::{Format, Model, Signature, Tensor};

use super::expected::Folder;
use crate::io::npy;
use crate::show::progress;

/// Names the Python to use.
const PYTHON: &str = "FASTSERVE_ORACLE_PYTHON";

/// The script, and what it imports.
const SCRIPTS: &[(&str, &str)] = &[
    ("oracle.py", include_str!("../../../../../../tools/oracle.py")),
    ("onnx_writer.py", include_str!("../../../../../../tools/onnx_writer.py")),
    ("protobuf_wire.py", include_str!("../../../../../../tools/protobuf_wire.py")),
];

const ADVICE: &str = "\
What to do: name a Python that has onnxruntime and numpy,
  export FASTSERVE_ORACLE_PYTHON=/path/to/python
(from a checkout of this project: export FASTSERVE_ORACLE_PYTHON=$(cargo xtask oracle | tail -1)),
or compare with tensors in files: --expected DIR.";

/// Lines of a failed script's messages that are shown.
const MESSAGE_LINES: usize = 8;

/// The file that onnxruntime can read.
pub(super) fn onnx_path<'p>(model: &Model, path: Option<&'p Path>) -> Result<&'p Path> {
    match path {
        Some(path) if model.format() == Format::Onnx => Ok(path),
        _ => bail!("onnxruntime reads ONNX only, and this model is none; compare with tensors in files: --expected DIR"),
    }
}

/// Runs a model there; the tensors lie in a folder below `scratch`.
pub(super) fn run(model: &Path, signature: &Signature, inputs: &[Tensor], all: bool, scratch: &Path) -> Result<Folder> {
    let python = find()?;
    for (name, text) in SCRIPTS {
        std::fs::write(scratch.join(name), text).context("cannot write the script")?;
    }
    let model = model.canonicalize().with_context(|| format!("cannot find {}", model.display()))?;
    let out = scratch.join("out");
    let mut command = Command::new(python);
    command.arg("-B").arg(scratch.join("oracle.py")).arg("run").arg(model).arg("--output-dir").arg(&out);
    for (i, (port, tensor)) in signature.inputs.iter().zip(inputs).enumerate() {
        let file = scratch.join(format!("input_{i}.npy"));
        npy::write(&file, &tensor.view()?)?;
        let mut pair = OsString::from(format!("--input={}=", port.name));
        pair.push(&file);
        command.arg(pair);
    }
    if all {
        command.arg("--all-tensors");
    }
    let life = progress::spinner("running onnxruntime");
    let done = command.stdin(Stdio::null()).output().context("cannot start Python");
    progress::finish(&life);
    let done = done?;
    ensure!(done.status.success(), "onnxruntime could not run the model:\n{}", last_lines(&done.stderr));
    Folder::open(&out)
}

/// The first Python that has what is needed.
fn find() -> Result<PathBuf> {
    let named = std::env::var_os(PYTHON).filter(|p| !p.is_empty()).map(PathBuf::from);
    let mut tried = String::new();
    for python in named.into_iter().chain([PathBuf::from("python3")]) {
        match Command::new(&python).args(["-c", "import numpy, onnxruntime"]).stdin(Stdio::null()).output() {
            Ok(done) if done.status.success() => return Ok(python),
            Ok(done) => tried += &format!("\n  {}: {}", python.display(), last_lines(&done.stderr).lines().last().unwrap_or("")),
            Err(e) => tried += &format!("\n  {}: {e}", python.display()),
        }
    }
    bail!("found no Python with onnxruntime; tried:{tried}\n\n{ADVICE}")
}

fn last_lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(MESSAGE_LINES)..].join("\n")
}
