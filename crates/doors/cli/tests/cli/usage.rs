//! Help, versions, wrong usage, closed pipes.

use std::process::Stdio;

use crate::program::{command, fastserve};

const COMMANDS: &[&str] = &["run", "bench", "inspect", "diff", "peer"];

#[test]
fn every_help_has_an_example() {
    for name in COMMANDS {
        let help = fastserve(&[name, "--help"]).expect(0);
        assert!(help.out.contains("Example") && help.out.contains("--json") && help.out.contains("--threads"), "{name}:\n{}", help.out);
    }
    let help = fastserve(&["--help"]).expect(0);
    assert!(help.out.contains("Example") && !help.out.contains("peer"), "{}", help.out);
}

#[test]
fn no_arguments_say_what_to_try() {
    let ran = fastserve(&[]).expect(0);
    assert!(ran.out.contains("fastserve run") && ran.out.lines().count() < 15, "{}", ran.out);
}

#[test]
fn the_version_names_the_isa() {
    let ran = fastserve(&["--version"]).expect(0);
    assert!(ran.out.starts_with(concat!("fastserve ", env!("CARGO_PKG_VERSION"), " (")), "{}", ran.out);
}

#[test]
fn wrong_usage_is_2() {
    let wrong: &[&[&str]] = &[
        &["frobnicate"],
        &["run", "--frobnicate"],
        &["run", "--input", "novalue"],
        &["run", "--shape", "image=1xax2", "--random-inputs", "0"],
        &["run", "--shape", "nobody=1", "--random-inputs", "0"],
        &["run", "--shape", "image=1x1x2x2", "--random-inputs", "0"],
        &["run", "models/tiny_cnn.onnx"],
        &["run", "--labels", "models/test_images.txt"],
        &["bench", "--iters", "0"],
        &["bench", "--seconds", "-1"],
        &["bench", "--iters", "1", "--seconds", "1"],
        &["diff", "--tolerance", "1"],
        &["--verbose", "run"],
        &["peer", "--model", "models/tiny_cnn.onnx", "--inputs", "image:f99:1"],
    ];
    for args in wrong {
        let ran = fastserve(args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("--help"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn failed_work_is_1() {
    for args in [&["run", "nowhere.onnx"][..], &["inspect", "Cargo.toml"], &["--model", "crates"], &["run", "--image", "Cargo.toml"]] {
        let ran = fastserve(args).expect(1);
        assert!(ran.err.starts_with("error: ") && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = command(&["--verbose"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
