//! A thing that is one file is also one row in a list and has its vectors.
//!
//! Each check is silent about what it needs and does not find as a whole: a list
//! that is not there yet, a folder of vectors that is not there yet.

use std::fs;

use super::source::{Source, has_word};
use super::{Finding, Tree};

const OPS: &str = "crates/compiler/ops/src/ops/";
const OP_LIST: &str = "crates/compiler/ops/src/list.rs";
const OP_VECTORS: &str = "testdata/ops";
const PASSES: &str = "crates/compiler/passes/src/";
const PASS_LIST: &str = "crates/compiler/passes/src/lib.rs";
const PASS_VECTORS: &str = "testdata/graphs";
/// Operators of our own, which no file format names, need no vectors.
const INTERNAL: &str = "fs.";

/// Checks operators and passes.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    operators(tree).into_iter().chain(passes(tree)).collect()
}

fn operators(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.source(OP_LIST) else {
        return Vec::new();
    };
    let vectors = names_in(tree, OP_VECTORS);
    let mut findings = Vec::new();
    for source in tree.sources_in(OPS).filter(|s| stem(&s.path) != "mod") {
        findings.extend(in_list(source, list));
        if let Some(vectors) = &vectors {
            findings.extend(without_vectors(tree, source, vectors));
        }
    }
    findings
}

fn in_list(source: &Source, list: &Source) -> Option<Finding> {
    let stem = stem(&source.path);
    let listed = list.lines.iter().any(|l| has_word(&l.code, stem));
    let message = format!("{stem} is not in {}", list.path);
    (!listed).then(|| Finding::new("registration", &source.path, 0, message))
}

/// Operators that hold graphs: no vector does, and tests of whole graphs run them.
const WITH_GRAPHS: [&str; 3] = ["If", "Loop", "Scan"];

fn without_vectors(tree: &Tree, source: &Source, vectors: &[String]) -> Vec<Finding> {
    let has_vectors = |name: &str| {
        let folder = vectors.iter().find(|v| plain(v) == plain(name));
        folder.and_then(|f| names_in(tree, &format!("{OP_VECTORS}/{f}"))).is_some_and(|f| !f.is_empty())
    };
    operator_names(source)
        .into_iter()
        .filter(|name| !name.starts_with(INTERNAL) && !WITH_GRAPHS.contains(name) && !has_vectors(name))
        .map(|name| {
            let message = format!("{name} has no vectors in {OP_VECTORS}/{name}/");
            Finding::new("registration", &source.path, 0, message)
        })
        .collect()
}

/// The values of `name: "…"` outside tests.
fn operator_names(source: &Source) -> Vec<&str> {
    let mut names = Vec::new();
    for (n, line) in source.text.lines().enumerate() {
        let declared = !source.is_test_line(n) && source.lines[n].code.contains("name: \"\"");
        let name = line.split_once("name: \"").and_then(|(_, rest)| rest.split_once('"'));
        names.extend(name.filter(|_| declared).map(|(name, _)| name));
    }
    names
}

fn passes(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.source(PASS_LIST) else {
        return Vec::new();
    };
    let graphs = names_in(tree, PASS_VECTORS);
    let mut findings = Vec::new();
    for source in tree.sources_in(PASSES).filter(|s| s.path != PASS_LIST && is_pass(s)) {
        findings.extend(in_list(source, list));
        let stem = stem(&source.path);
        if graphs.as_ref().is_some_and(|g| !g.iter().any(|name| name.starts_with(stem))) {
            let message = format!("no {PASS_VECTORS}/{stem}*.txt");
            findings.push(Finding::new("registration", &source.path, 0, message));
        }
    }
    findings
}

fn is_pass(source: &Source) -> bool {
    let implements = |code: &str| code.starts_with("impl") && code.contains(" Pass for ");
    source.lines.iter().enumerate().any(|(n, l)| !source.is_test_line(n) && implements(&l.code))
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".rs").unwrap_or(file)
}

/// A name without case and underscores, so that `LayerNormalization` meets `layer_normalization`.
fn plain(name: &str) -> String {
    name.replace(['_', '-'], "").to_lowercase()
}

/// What lies in a folder; none if there is no such folder.
fn names_in(tree: &Tree, folder: &str) -> Option<Vec<String>> {
    let entries = fs::read_dir(tree.root.join(folder)).ok()?;
    Some(entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let sources = files.iter().map(|(p, t)| Source::new(*p, (*t).to_owned())).collect();
        Tree { root: "/nowhere".into(), files: Vec::new(), sources }
    }

    #[test]
    fn operators_are_listed() {
        let relu = ("crates/compiler/ops/src/ops/relu.rs", "struct Relu;");
        let module = ("crates/compiler/ops/src/ops/mod.rs", "mod relu;");
        assert_eq!(check(&tree(&[relu, module])).len(), 0, "no list yet");
        assert_eq!(check(&tree(&[relu, module, (OP_LIST, "[relu::SPEC]")])).len(), 0);
        assert_eq!(check(&tree(&[relu, module, (OP_LIST, "[leaky_relu::SPEC] // relu")])).len(), 1);
    }

    #[test]
    fn operator_names_are_found() {
        let text = "Spec { name: \"Relu\" }\n// name: \"No\"\nname: \"fs.tape\",\n\
                    #[cfg(test)]\nmod tests {\n    name: \"Test\"\n}\n";
        assert_eq!(operator_names(&Source::new("a.rs", text.to_owned())), ["Relu", "fs.tape"]);
    }

    #[test]
    fn passes_are_listed() {
        let pass = ("crates/compiler/passes/src/fold.rs", "impl Pass for Fold {}");
        let other = ("crates/compiler/passes/src/util.rs", "impl Other for Fold {}");
        assert_eq!(check(&tree(&[pass, other, (PASS_LIST, "order: [fold::Fold]")])).len(), 0);
        assert_eq!(check(&tree(&[pass, other, (PASS_LIST, "order: []")])).len(), 1);
    }

    #[test]
    fn names_meet() {
        assert_eq!(plain("LayerNormalization"), plain("layer_normalization"));
        assert_eq!(stem("a/b/c.rs"), "c");
    }
}
