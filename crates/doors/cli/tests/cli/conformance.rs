//! `fastserve conformance`.

use std::path::Path;

use fastserve_testkit::fixtures;

use crate::files::{arg, onnx_of, tensor_pb};
use crate::program::fastserve;

/// A case of one node on `[-2, 0.5]`, whose output should be this.
fn case(folder: &Path, op: &str, expected: f32) {
    let set = folder.join("test_data_set_0");
    std::fs::create_dir_all(&set).expect("a folder");
    std::fs::write(folder.join("model.onnx"), onnx_of(op)).expect("a file");
    std::fs::write(set.join("input_0.pb"), tensor_pb(-2.0)).expect("a file");
    std::fs::write(set.join("output_0.pb"), tensor_pb(expected)).expect("a file");
}

#[test]
fn every_case_is_in_one_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    case(&root.join("b/abs"), "Abs", 2.0);
    case(&root.join("a"), "Abs", 2.0005);
    case(&root.join("b/wrong"), "Abs", 2.5);
    case(&root.join("b/deep/er/strange"), "Frobnicate", 0.0);
    case(&root.join("damaged"), "Abs", 2.0);
    std::fs::write(root.join("damaged/model.onnx"), b"\x08").expect("a file");
    case(&root.join("empty"), "Abs", 2.0);
    std::fs::remove_dir_all(root.join("empty/test_data_set_0")).expect("a folder");
    case(&root.join("short"), "Abs", 2.0);
    std::fs::remove_file(root.join("short/test_data_set_0/output_0.pb")).expect("a file");
    let report = fastserve(&["conformance", arg(root), "--json"]).expect(1).json();
    assert_eq!(report["passed"], serde_json::json!(["a", "b/abs"]));
    assert_eq!(report["failed"], serde_json::json!(["b/wrong", "damaged", "empty", "short"]));
    assert_eq!(report["unsupported"], serde_json::json!(["b/deep/er/strange"]));
    let reason = |name: &str| report["reasons"][name].as_str().map(str::to_owned).unwrap_or_default();
    assert!(reason("b/wrong").contains("expected 2.5000, got 2") && reason("b/wrong").contains("`y`"), "{}", reason("b/wrong"));
    assert!(reason("short").contains("output_0.pb") && reason("empty").contains("test_data_set"), "{report}");
    assert!(reason("b/deep/er/strange").contains("Frobnicate") && report["reasons"]["a"].is_null(), "{report}");
    let shown = fastserve(&["conformance", arg(root)]).expect(1).out;
    assert!(shown.contains("passed           2") && shown.contains("Frobnicate") && shown.contains("b/wrong: "), "{shown}");
    fastserve(&["conformance", arg(&root.join("b/abs"))]).expect(0);
    fastserve(&["conformance", arg(&root.join("b/abs/test_data_set_0"))]).expect(2);
    assert!(fastserve(&["conformance", arg(&root.join("nowhere"))]).expect(1).err.contains("is no folder"));
}

/// Some of ONNX's own folders.
#[test]
fn nodes_of_onnx() {
    let suite = fixtures::path("fixtures/onnx-testdata/data/node");
    for name in ["test_relu", "test_conv_with_strides_padding", "test_cast_FLOAT_to_BFLOAT16", "test_and2d"] {
        let report = fastserve(&["conformance", arg(&suite.join(name)), "--json"]).expect(0).json();
        assert_eq!(report["passed"], serde_json::json!([name]), "{report}");
    }
    // Values of other types than tensors.
    for name in ["test_identity_sequence", "test_optional_get_element_sequence", "test_optional_has_element_empty", "test_if_seq"] {
        let report = fastserve(&["conformance", arg(&suite.join(name)), "--json"]).expect(0).json();
        assert_eq!(report["passed"], serde_json::json!([name]), "{report}");
    }
}
