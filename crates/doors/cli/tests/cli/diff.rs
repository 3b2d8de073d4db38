//! `fastserve diff`.

use std::path::Path;

use crate::files::{arg, read_npy, write_npy};
use crate::program::{command, fastserve, ran};

const MODEL: &str = "models/tiny_cnn.onnx";

fn written(folder: &Path) {
    fastserve(&["run", MODEL, "--random-inputs", "1", "--output-dir", arg(folder)]).expect(0);
}

fn diff(folder: &Path, more: &[&str]) -> crate::program::Ran {
    fastserve(&[&["diff", MODEL, "--random-inputs", "1", "--expected", arg(folder)], more].concat())
}

#[test]
fn its_own_outputs_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path());
    assert!(diff(folder.path(), &[]).expect(0).out.contains("1 of 1 tensors agree"));
    let report = diff(folder.path(), &["--json"]).expect(0).json();
    assert_eq!((&report["agree"], &report["tensors"][0]["max_abs"]), (&true.into(), &0.0.into()));
    std::fs::remove_file(folder.path().join("manifest.json")).expect("a manifest");
    diff(folder.path(), &[]).expect(0);
}

#[test]
fn a_changed_number_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path());
    let file = folder.path().join("probabilities.npy");
    let (shape, mut values) = read_npy::<f32>(&file);
    values[3] += 0.5;
    write_npy(&file, &shape, &values);
    let shown = diff(folder.path(), &[]).expect(1).out;
    assert!(shown.contains("DIFFERS") && shown.contains("[0,3]") && shown.contains("node `probabilities` (Softmax)"), "{shown}");
    assert_eq!(diff(folder.path(), &["--json"]).expect(1).json()["first_difference"], "probabilities");
    diff(folder.path(), &["--tolerance", "1,0"]).expect(0);
    write_npy(&file, &[10], &values);
    assert!(diff(folder.path(), &[]).expect(1).out.contains("expected f32[10], got f32[1,10]"));
}

#[test]
fn every_node_may_be_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path());
    let shown = diff(folder.path(), &["--per-node"]).expect(0).out;
    assert!(shown.contains("1 of 6 tensors agree") && shown.contains("no such tensor"), "{shown}");
}

#[test]
fn folders_are_not_left() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("manifest.json"), r#"{"tensors": {"probabilities": "../x.npy"}}"#).expect("a file");
    assert!(diff(folder.path(), &[]).expect(1).err.contains("../x.npy"));
    assert!(diff(&folder.path().join("nowhere"), &[]).expect(1).err.contains("is no folder"));
}

#[test]
fn without_an_oracle_it_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(&["diff", MODEL, "--random-inputs", "1"]);
    command.env("FASTSERVE_ORACLE_PYTHON", folder.path().join("python")).env("PATH", folder.path());
    let ran = ran(command.output().expect("the program starts")).expect(1);
    assert!(ran.err.contains("What to do") && ran.err.contains("FASTSERVE_ORACLE_PYTHON"), "{}", ran.err);
    assert!(fastserve(&["diff", "--random-inputs", "1"]).expect(1).err.contains("reads ONNX only"));
}

/// With onnxruntime where `FASTSERVE_ORACLE_PYTHON` names a Python that has it.
#[test]
fn onnxruntime_agrees() {
    if std::env::var_os("FASTSERVE_ORACLE_PYTHON").is_none() {
        return;
    }
    fastserve(&["diff", MODEL, "--random-inputs", "1", "--shape", "N=3"]).expect(0);
    let report = fastserve(&["diff", MODEL, "--random-inputs", "1", "--per-node", "--json"]).expect(0).json();
    assert_eq!(report["tensors"].as_array().map(Vec::len), Some(6));
}
