//! Arrows between crates point down only.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::{Finding, Tree};

/// Which crates a crate may use, by folder; the first row that fits counts.
const MAY_USE: &[(&str, &[&str])] = &[
    ("crates/base/simd", &[]),
    ("crates/base/tensor", &[]),
    ("crates/base/parallel", &["crates/base/simd"]),
    ("crates/base/kernels", &["crates/base/simd", "crates/base/parallel"]),
    ("crates/compiler/ir", &["crates/base"]),
    ("crates/compiler/ops", &["crates/base", "crates/compiler/ir"]),
    ("crates/compiler/passes", &["crates/base", "crates/compiler/ir", "crates/compiler/ops"]),
    ("crates/compiler/formats", &["crates/base/tensor", "crates/compiler/ir", "crates/compiler/ops"]),
    ("crates/runtime/backend", &["crates/base", "crates/compiler/ir"]),
    ("crates/runtime/llm", &["crates/base", "crates/compiler", "crates/runtime"]),
    ("crates/runtime", &["crates/base", "crates/compiler", "crates/runtime/backend"]),
    ("crates/compress", &["crates/base", "crates/compiler", "crates/runtime", "crates/compress"]),
    ("crates/fastserve", BELOW_FACADE),
    ("crates/serving/batch", &[]),
    ("crates/serving/serve", BELOW_SERVING),
    ("crates/serving/v2", &["crates/fastserve", "crates/serving/serve"]),
    ("crates/serving/http", BELOW_PROTOCOLS),
    ("crates/serving/grpc", BELOW_PROTOCOLS),
    ("crates/serving/load", &[]),
    ("crates/serving/listen", &[]),
    ("crates/doors", BELOW_DOORS),
    ("testkit", BELOW_DOORS),
    ("benches", &["crates", "testkit"]),
    ("xtask", &[]),
];
const BELOW_FACADE: &[&str] = &["crates/base", "crates/compiler", "crates/runtime", "crates/compress"];
const BELOW_SERVING: &[&str] = &["crates/fastserve", "crates/serving/batch"];
const BELOW_PROTOCOLS: &[&str] = &["crates/fastserve", "crates/serving/serve", "crates/serving/v2"];
const BELOW_DOORS: &[&str] = &["crates/base", "crates/compiler", "crates/runtime", "crates/compress", "crates/serving", "crates/fastserve"];
/// Workspaces of their own, which stand outside the layers.
const APART: &[&str] = &["xtask/gen", "xtask/peers", "fuzz"];
const TESTKIT: &str = "testkit";

/// Checks every crate's manifest.
pub(crate) fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let workspace = workspace_paths(&tree.table("Cargo.toml")?);
    let mut findings = Vec::new();
    for manifest in tree.named("Cargo.toml") {
        let Some((folder, _)) = manifest.rsplit_once('/') else {
            continue;
        };
        if !APART.contains(&folder) {
            let table = tree.table(manifest)?;
            findings.extend(check_crate(folder, &table, &workspace));
        }
    }
    Ok(findings)
}

/// Where the workspace's own crates are, by name.
fn workspace_paths(root: &Table) -> BTreeMap<String, String> {
    let shared = root.get("workspace").and_then(|w| w.get("dependencies")).and_then(Value::as_table);
    let path = |v: &Value| v.get("path").and_then(Value::as_str).map(str::to_owned);
    shared.into_iter().flatten().filter_map(|(name, v)| Some((name.clone(), path(v)?))).collect()
}

fn check_crate(folder: &str, table: &Table, workspace: &BTreeMap<String, String>) -> Vec<Finding> {
    let at = format!("{folder}/Cargo.toml");
    let finding = |message: String| Finding::new("layers", &at, 0, message);
    let Some((_, may_use)) = MAY_USE.iter().find(|(place, _)| is_in(folder, place)) else {
        return vec![finding("this folder has no place in the layers".to_owned())];
    };
    let mut findings = Vec::new();
    if table.get("lints").and_then(|l| l.get("workspace")) != Some(&Value::Boolean(true)) {
        findings.push(finding("does not take the workspace's lints".to_owned()));
    }
    for (kind, name, value) in dependencies(table) {
        let Some(used) = folder_of(folder, name, value, workspace) else {
            continue;
        };
        let for_tests = kind == "dev-dependencies" && used == TESTKIT;
        if !for_tests && !may_use.iter().any(|place| is_in(&used, place)) {
            findings.push(finding(format!("{kind}: {name} ({used}) is not below {folder}")));
        }
    }
    findings
}

fn is_in(folder: &str, place: &str) -> bool {
    folder.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All dependencies with their kind, those of single targets included.
fn dependencies(table: &Table) -> Vec<(&'static str, &str, &Value)> {
    let targets = table.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    let mut all = Vec::new();
    for table in std::iter::once(table).chain(tables) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(kind).and_then(Value::as_table).into_iter().flatten();
            all.extend(entries.map(|(name, value)| (kind, name.as_str(), value)));
        }
    }
    all
}

/// The folder of a dependency inside the repository; none for a published crate.
fn folder_of(folder: &str, name: &str, value: &Value, workspace: &BTreeMap<String, String>) -> Option<String> {
    let name = value.get("package").and_then(Value::as_str).unwrap_or(name);
    match value.get("path").and_then(Value::as_str) {
        Some(path) => Some(normal(&format!("{folder}/{path}"))),
        None => workspace.get(name).cloned(),
    }
}

fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Tree {
    fn table(&self, path: &str) -> Result<Table> {
        let text = std::fs::read_to_string(self.root.join(Path::new(path))).with_context(|| format!("cannot read {path}"))?;
        text.parse().with_context(|| format!("cannot parse {path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(folder: &str, manifest: &str) -> Vec<String> {
        let root = "[workspace.dependencies]\nfs-simd = { path = \"crates/base/simd\" }\n\
                    fs-ir = { path = \"crates/compiler/ir\" }\nkit = { path = \"testkit\" }\nserde = \"1\"";
        let workspace = workspace_paths(&root.parse().expect("toml"));
        let manifest = format!("{manifest}\n[lints]\nworkspace = true");
        let found = check_crate(folder, &manifest.parse().expect("toml"), &workspace);
        found.into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn arrows_down_are_fine() {
        let manifest = "[dependencies]\nfs-simd.workspace = true\nserde.workspace = true\n\
                        [dev-dependencies]\nkit.workspace = true";
        assert_eq!(messages("crates/compiler/ir", manifest), [""; 0]);
    }

    #[test]
    fn arrows_up_are_refused() {
        let up = "[dependencies]\nfs-ir.workspace = true";
        assert_eq!(messages("crates/base/kernels", up).len(), 1);
        let by_path = "[dev-dependencies]\nx = { path = \"../../compiler/ir\" }";
        assert_eq!(messages("crates/base/simd", by_path), ["dev-dependencies: x (crates/compiler/ir) is not below crates/base/simd"]);
        let target = "[target.'cfg(unix)'.dependencies]\ny = { package = \"fs-ir\", workspace = true }";
        assert_eq!(messages("crates/base/parallel", target).len(), 1);
        assert_eq!(messages("xtask", "[dependencies]\nfs-simd.workspace = true").len(), 1);
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert_eq!(messages("crates/doors/cli", "[dependencies]\nkit.workspace = true").len(), 1);
    }

    #[test]
    fn siblings_and_unknown_folders() {
        let manifest = "[dependencies]\nx = { path = \"../cuda\" }";
        assert_eq!(messages("crates/runtime/cpu", manifest).len(), 1);
        assert_eq!(messages("crates/new", ""), ["this folder has no place in the layers"]);
        assert!(!is_in("crates/base/simd2", "crates/base/simd"));
    }
}
