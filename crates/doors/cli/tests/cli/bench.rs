//! `fastserve bench` and the peer protocol.

use serde_json::Value;

use crate::program::{fastserve, fastserve_fed};

const KEYS: &[&str] = &[
    "batch",
    "first_ms",
    "granted",
    "involuntary_switches",
    "isa",
    "latency_us",
    "load_ms",
    "median_us",
    "min_us",
    "model",
    "p90_us",
    "p99_us",
    "peak_rss_bytes",
    "threads",
    "throughput_per_s",
];

#[test]
fn the_keys() {
    let report =
        fastserve(&["bench", "models/tiny_cnn.onnx", "--batch", "2", "--threads", "1", "--iters", "20", "--json"]).expect(0).json();
    let mut keys: Vec<&str> = report.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, KEYS);
    assert_eq!((report["batch"].as_u64(), report["threads"].as_u64()), (Some(2), Some(1)));
    assert_eq!(report["latency_us"].as_array().map(Vec::len), Some(20));
    let ordered = ["min_us", "median_us", "p90_us", "p99_us"].map(|k| report[k].as_f64().expect("a number"));
    assert!(ordered.is_sorted(), "{ordered:?}");
}

#[test]
fn steps_add_up() {
    let report = fastserve(&["bench", "--iters", "5", "--per-step", "--json"]).expect(0).json();
    let steps = report["steps"].as_array().expect("steps");
    let parts: f64 = steps.iter().map(|s| s["part"].as_f64().expect("a number")).sum();
    assert!(!steps.is_empty() && (parts - 1.0).abs() < 1e-9);
    let shown = fastserve(&["bench", "--iters", "5", "--per-step"]).expect(0).out;
    assert!(shown.contains("median") && shown.contains("GFLOP/s") && shown.contains("softmax_f32"), "{shown}");
}

#[test]
fn a_fixed_batch_is_respected() {
    let report = fastserve(&["bench", "--iters", "1", "--shape", "image=3x1x28x28", "--json"]).expect(0).json();
    assert_eq!(report["batch"].as_u64(), Some(3));
}

fn events(out: &str) -> Vec<Value> {
    out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

#[test]
fn peers_answer() {
    let args = ["peer", "--model", "models/tiny_cnn.onnx", "--threads", "1", "--inputs", "image:f32:2x1x28x28"];
    let served = events(&fastserve_fed(&args, "run 3\nrun 2\nquit\n").expect(0).out);
    let [ready, three, two] = &served[..] else { unreachable!("{served:?}") };
    assert!(ready["peer"].as_str().is_some_and(|p| p.starts_with("fastserve ")));
    for key in ["event", "load_us", "first_us", "sum", "head", "rss_kb", "peak_kb"] {
        assert!(!ready[key].is_null(), "{key}");
    }
    assert!((ready["sum"].as_f64().expect("a number") - 2.0).abs() < 1e-4);
    assert_eq!([three, two].map(|e| e["lat_us"].as_array().map(Vec::len)), [Some(3), Some(2)]);
    let counted = events(&fastserve(&[&args[..], &["--iters", "4", "--warmup", "1"]].concat()).expect(0).out);
    assert_eq!(counted[1..].iter().map(|e| e["lat_us"].as_array().map(Vec::len)).collect::<Vec<_>>(), [Some(1), Some(4)]);
    assert_eq!(counted[0]["head"], ready["head"]);
}

#[test]
fn bench_is_a_peer_too() {
    let served = events(&fastserve_fed(&["bench", "models/tiny_cnn.onnx", "--threads", "1", "--peer"], "run 1\n").expect(0).out);
    assert_eq!(served.iter().map(|e| e["event"].as_str()).collect::<Vec<_>>(), [Some("ready"), Some("lat")]);
    fastserve_fed(&["bench", "--peer"], "walk 1\n").expect(2);
}
