//! Words that do not belong: unfinished code, printing libraries, settings and
//! paths of one machine.

use std::fs;

use super::source::{Source, has_word};
use super::{Finding, Tree};

const UNFINISHED: &[&str] = &["todo!", "unimplemented!", "dbg!"];
const PRINTING: &[&str] = &["print!", "println!", "eprint!", "eprintln!"];
const MAY_PRINT: &[&str] = &["crates/doors/", "xtask/", "benches/", "fuzz/"];
/// In pieces, so that this file does not have them.
const ONE_MACHINE: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers"),
    concat!("pypi", ".org"),
    concat!("python", "hosted"),
    concat!("npm", "js."),
    concat!("deb.", "debian"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
];
const TOOLCHAIN: &[&str] = &["rust-toolchain", "rust-toolchain.toml"];
const TARGET_CPU: &str = "target-cpu";

/// Checks Rust files for words and all files for machines.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let words = tree.sources.iter().flat_map(|s| unfinished(s).into_iter().chain(printing(s)));
    let machines = tree.files.iter().flat_map(|path| machine(tree, path));
    words.chain(machines).chain(settings(tree)).collect()
}

fn find(source: &Source, words: &[&str], skip_tests: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (n, line) in source.lines.iter().enumerate() {
        if skip_tests && source.is_test_line(n) {
            continue;
        }
        let has = |word: &&&str| has_word(&line.code, word);
        found.extend(words.iter().find(has).map(|word| (n + 1, (*word).to_owned())));
    }
    found
}

fn unfinished(source: &Source) -> Vec<Finding> {
    let found = find(source, UNFINISHED, false).into_iter();
    found.map(|(n, word)| Finding::new("words", &source.path, n, format!("`{word}`"))).collect()
}

fn printing(source: &Source) -> Vec<Finding> {
    if MAY_PRINT.iter().any(|place| source.path.starts_with(place)) {
        return Vec::new();
    }
    let found = find(source, PRINTING, true).into_iter();
    let message = |word| format!("`{word}` in a library");
    found.map(|(n, word)| Finding::new("words", &source.path, n, message(word))).collect()
}

/// Paths and hosts of one machine, in every text but lock files.
fn machine(tree: &Tree, path: &str) -> Vec<Finding> {
    if path.ends_with("Cargo.lock") {
        return Vec::new();
    }
    let Ok(text) = fs::read_to_string(tree.root.join(path)) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let found = ONE_MACHINE.iter().find(|word| line.contains(**word));
        findings.extend(found.map(|word| Finding::new("machine", path, n + 1, format!("`{word}` belongs to one machine"))));
    }
    findings
}

/// Settings that would make every build one machine's build.
fn settings(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in &tree.files {
        let file = path.rsplit('/').next().unwrap_or(path);
        if TOOLCHAIN.contains(&file) {
            let message = "the toolchain is chosen by `rust-version`, not by a file";
            findings.push(Finding::new("settings", path, 0, message));
        }
        let cargo = path.starts_with(".cargo/") || path.contains("/.cargo/");
        let text = || fs::read_to_string(tree.root.join(path)).unwrap_or_default();
        if cargo && text().contains(TARGET_CPU) {
            let message = "kernels are chosen at run time: no target-cpu";
            findings.push(Finding::new("settings", path, 0, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        let source = Source::new(path, text.to_owned());
        unfinished(&source).len() + printing(&source).len()
    }

    #[test]
    fn unfinished_code_is_refused() {
        assert_eq!(count("xtask/src/a.rs", "fn a() { todo!() }\nfn b() { dbg!(1); }"), 2);
        assert_eq!(count("xtask/src/a.rs", "// todo!()\nlet s = \"todo!()\";"), 0);
    }

    #[test]
    fn libraries_do_not_print() {
        let text = "fn a() { println!(\"a\"); eprintln!(\"a\"); }";
        assert_eq!(count("crates/compiler/ir/src/a.rs", text), 1);
        assert_eq!(count("crates/doors/cli/src/a.rs", text), 0);
        assert_eq!(count("crates/compiler/ir/tests/a.rs", text), 0);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{text}\n}}");
        assert_eq!(count("crates/compiler/ir/src/a.rs", &tests), 0);
    }
}
