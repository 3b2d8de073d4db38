//! `fastserve optimize`.

use crate::files::arg;
use crate::program::fastserve;

#[test]
fn a_written_model_has_the_same_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, out) = (folder.path().join("small.onnx"), folder.path().join("out"));
    let shown = fastserve(&["optimize", "models/tiny_cnn.onnx", "-o", arg(&path)]).expect(0).out;
    assert!(shown.contains("Softmax") && shown.contains("all"), "{shown}");
    fastserve(&["run", "models/tiny_cnn.onnx", "--random-inputs", "1", "--output-dir", arg(&out)]).expect(0);
    fastserve(&["diff", arg(&path), "--random-inputs", "1", "--expected", arg(&out), "--tolerance", "0,0"]).expect(0);
    let report = fastserve(&["optimize", arg(&path), "-o", arg(&path), "--json", "--external-data"]).expect(0).json();
    assert_eq!((&report["nodes_before"], &report["before"]["Conv"]), (&report["nodes_after"], &1.into()));
    assert!(folder.path().join("small.onnx.data").is_file());
    fastserve(&["diff", arg(&path), "--random-inputs", "1", "--expected", arg(&out), "--tolerance", "0,0"]).expect(0);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 3);
}

#[test]
fn other_formats_become_onnx() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cnn.onnx");
    fastserve(&["optimize", "models/tiny_cnn_weights.txt", "-o", arg(&path), "--level", "none"]).expect(0);
    assert!(fastserve(&["inspect", arg(&path), "--ops"]).expect(0).out.contains("MaxPool"));
    let nowhere = folder.path().join("no/folder/x.onnx");
    assert!(fastserve(&["optimize", "models/tiny_cnn.onnx", "-o", arg(&nowhere)]).expect(1).err.contains("x.onnx"));
}
