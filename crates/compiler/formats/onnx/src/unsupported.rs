//! What a model asks for that this version cannot do, all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Nodes named for each reason in a message; the rest is counted.
const NAMED: usize = 16;

/// [`Unsupported::op`] of a version of the format or of the operators.
pub(crate) const VERSION: &str = "version";

/// One thing that is not supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// Name of the node, input or initializer.
    pub node: String,
    /// Its operator; `input` or `initializer` where it is none.
    pub op: String,
    /// The operator's domain; empty for the standard operators.
    pub domain: String,
    /// The version of the domain that the model is written in; 0 where there is none.
    pub opset: i64,
    /// What exactly is not supported.
    pub why: String,
}

impl Unsupported {
    /// Something else than an operator.
    pub(crate) fn part(node: &str, what: &str, why: String) -> Self {
        Self { node: crate::error::shown(node), op: what.into(), domain: String::new(), opset: 0, why }
    }

    /// The operator as a message shows it: `LSTM (opset 17)`.
    pub fn label(&self) -> String {
        let dot = if self.domain.is_empty() { "" } else { "." };
        let version = if self.opset == 0 { String::new() } else { format!(" (opset {})", self.opset) };
        format!("{}{dot}{}{version}", self.domain, self.op)
    }

    /// What may help.
    pub fn advice(&self) -> &'static str {
        let about = |words: &[&str]| words.iter().any(|w| self.why.contains(w) || self.op.contains(w));
        match self.domain.as_str() {
            _ if self.op == VERSION => "convert the model to an older opset, with `onnx.version_converter` or by exporting it again",
            _ if about(&["training", "Grad"]) || self.domain.contains("training") => {
                "the model trains: export it for inference (`model.eval()` in PyTorch, `training=TrainingMode.EVAL`)"
            }
            _ if about(&["STRING", "String", "TfIdf", "LabelEncoder", "Regex"]) => {
                "texts are not computed with: cut the model behind the tokenizer, and feed it numbers"
            }
            _ if about(&["must be told", "tell its extents"]) => {
                "tell it: `--sequence NAME=3`, `--sequence NAME=2x4,3x4` (extents of each) or `--sequence NAME=absent`; `Model::open_with`"
            }
            _ if about(&["a map", "DictVectorizer", "ZipMap"]) => "export the model without maps",
            _ if about(&["sequence", "Sequence", "optional", "Optional"]) => {
                "the number of elements must be known when the model is loaded: make what it depends on a constant"
            }
            _ if about(&["COMPLEX", "FLOAT", "INT4", "INT2", "elements of"]) => {
                "convert the elements to a type that is supported: f32, f16, bf16, int8"
            }
            _ if about(&["depends on the contents"]) => "make it a constant when the model is exported, or fold it with `onnxsim`",
            _ if about(&["unknown rank"]) => "declare the extents of the input: `onnx.tools.update_model_dims`",
            _ if about(&["own function"]) => "put the functions into the graph: `onnx.inliner.inline_local_functions`",
            _ if about(&["only a later version"]) => "convert the model to a later opset, with `onnx.version_converter`",
            "" => "export the model in another opset or without this operator; newer exporters often use simpler ones",
            "com.microsoft" => "export the model without the optimizations of onnxruntime",
            _ => "this operator is not of the standard: export the model with standard operators",
        }
    }
}

/// One line a thing, grouped by operator with counts.
pub(crate) fn list(all: &[Unsupported]) -> String {
    let mut groups: BTreeMap<String, Vec<&Unsupported>> = BTreeMap::new();
    for row in all {
        groups.entry(row.label()).or_default().push(row);
    }
    let mut out = format!(
        "not supported: {} in {}",
        count(groups.len(), "kind of operator", "kinds of operators"),
        count(all.len(), "place", "places")
    );
    for (label, rows) in groups {
        let _ = write!(out, "\n  {label} x {}", rows.len());
        for row in rows.iter().take(NAMED) {
            let _ = write!(out, "\n    `{}`: {}", row.node, row.why);
        }
        if rows.len() > NAMED {
            let _ = write!(out, "\n    and {} more", rows.len() - NAMED);
        }
    }
    for (advice, ops) in advised(all) {
        let _ = write!(out, "\nwhat to do: {advice} ({})", ops.into_iter().collect::<Vec<_>>().join(", "));
    }
    out
}

/// Each advice with the operators that it is for.
fn advised(all: &[Unsupported]) -> BTreeMap<&'static str, BTreeSet<&str>> {
    let mut by_advice: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in all {
        by_advice.entry(row.advice()).or_default().insert(&row.op);
    }
    by_advice
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
