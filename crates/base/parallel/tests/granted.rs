//! What a process is granted, on recorded trees: `testdata/NAME.tree` holds what is expected and the files.

use fastserve_parallel::{Granted, Limit, granted, granted_cores};
use std::fs;
use std::path::Path;

/// Writes the files of a tree, and returns what is expected.
fn unpack(text: &str, root: &Path) -> String {
    let mut parts = text.split("--- ");
    let head = parts.next().and_then(|h| h.strip_prefix("expect: ")).expect("a tree begins with what is expected");
    for part in parts {
        let (path, content) = part.split_once('\n').expect("a path has a line");
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("below the root")).expect("folder");
        fs::write(file, content).expect("file");
    }
    head.trim().to_owned()
}

fn told(granted: &Granted) -> String {
    let threads = granted.threads();
    format!("{threads} {}, {granted}", if threads == 1 { "thread" } else { "threads" })
}

#[test]
fn recorded_trees_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let trees: Vec<_> = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    assert!(trees.len() >= 15);
    for path in trees {
        let root = tempfile::tempdir().expect("temporary folder");
        let expected = unpack(&fs::read_to_string(&path).expect("tree"), root.path());
        assert_eq!(told(&Granted::read(root.path(), 5)), expected, "{}", path.display());
    }
}

/// Any bytes in any of the files: something is granted, and nothing panics.
#[test]
fn damaged_trees_grant_at_least_one_thread() {
    let tree = include_str!("../testdata/v2_pod.tree");
    let junk: [&[u8]; 6] = [b"", b"\xff\xfe\x00", b"max", b"9".repeat(400).leak(), b"0::\n4:cpu:/../..\n", b"1 2 3 / / - cgroup2"];
    let names =
        ["proc/self/cgroup", "proc/self/mountinfo", "proc/self/status", "sys/fs/cgroup/kube/pod/cpu.max", "sys/devices/system/cpu/online"];
    for (name, bytes) in names.iter().flat_map(|n| junk.iter().map(move |j| (n, j))) {
        let root = tempfile::tempdir().expect("temporary folder");
        unpack(tree, root.path());
        fs::write(root.path().join(name), bytes).expect("file");
        let granted = Granted::read(root.path(), 5);
        assert!(granted.threads() >= 1 && granted.cores > 0.0, "{name}: {granted}");
    }
}

#[test]
fn this_process_has_something() {
    assert!(granted().cores > 0.0);
    assert_eq!(granted().threads(), granted_cores());
    assert!(granted_cores() >= 1);
    if !matches!(granted().limit, Limit::Setting { .. }) {
        let most = std::thread::available_parallelism().map_or(1, |n| n.get());
        assert!(granted_cores() <= most + 1, "{}", *granted());
    }
}
