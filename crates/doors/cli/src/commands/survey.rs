//! What is known of an ONNX model that cannot be run.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use fastserve::onnx::{Operator, Survey, Unsupported};
use serde_json::{Value, json};

use crate::app::Cx;
use crate::commands::inspect::survey_of;
use crate::fail::Outcome;
use crate::show::numbers::{si, thousands};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json, style};

/// Nodes that are named for each operator.
const NAMED: usize = 8;

/// Shows the model, and everything in it that is not supported.
pub(crate) fn run(path: &Path, unsupported: &[Unsupported], cx: &mut Cx<'_>) -> Result<Outcome> {
    let survey = survey_of(path)?;
    if cx.json {
        report(path, &survey, unsupported, cx)?
    } else {
        print(path, &survey, unsupported, cx)?
    }
    Ok(Outcome::Failed)
}

fn print(path: &Path, survey: &Survey, unsupported: &[Unsupported], cx: &mut Cx<'_>) -> Result<()> {
    let name = clean::word(&path.display().to_string());
    writeln!(cx.out, "{} (onnx, graph `{}`)\n", style::strong(&name, cx.color), clean::word(&survey.graph))?;
    let opsets: Vec<String> = survey.opsets.iter().map(|(d, v)| format!("{} {v}", if d.is_empty() { "ai.onnx" } else { d })).collect();
    let (tool, version) = &survey.producer;
    writeln!(cx.out, "made by     {}", clean::word(format!("{tool} {version}").trim_end()))?;
    writeln!(cx.out, "opsets      {}", clean::word(&opsets.join(", ")))?;
    writeln!(cx.out, "nodes       {}", thousands(survey.nodes as u64))?;
    writeln!(cx.out, "constants   {} ({} in the file)\n", thousands(survey.constants as u64), si(survey.constant_bytes as u64, "B"))?;
    print_operators(survey, cx)?;
    writeln!(cx.out, "\n{}", style::verdict(&format!("not supported, in {} places:", unsupported.len()), false, cx.color))?;
    print_unsupported(unsupported, cx)
}

fn print_operators(survey: &Survey, cx: &mut Cx<'_>) -> Result<()> {
    let mut table = Table::new(&[("operator", Left), ("count", Right), ("supported", Right), ("why not", Left)]);
    for o in &survey.operators {
        table.row([label(o), o.count.to_string(), o.supported.to_string(), o.why.clone().unwrap_or_default()]);
    }
    Ok(table.write(cx.out)?)
}

fn label(o: &Operator) -> String {
    if o.domain.is_empty() { o.name.clone() } else { format!("{}.{}", o.domain, o.name) }
}

/// One line a kind, with some of its nodes.
fn print_unsupported(unsupported: &[Unsupported], cx: &mut Cx<'_>) -> Result<()> {
    let mut kinds: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for u in unsupported {
        match kinds.iter_mut().find(|k| (k.0, k.1) == (&*u.op, &*u.why)) {
            Some(kind) => kind.2.push(&u.node),
            None => kinds.push((&u.op, &u.why, vec![&u.node])),
        }
    }
    for (op, why, nodes) in kinds {
        let named = nodes.iter().take(NAMED).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        let rest = nodes.len().saturating_sub(NAMED);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        writeln!(cx.out, "  {} ({}): {}{more}", clean::word(op), clean::word(why), clean::word(&named))?;
    }
    let advice: BTreeSet<&str> = unsupported.iter().map(Unsupported::advice).collect();
    for advice in advice {
        writeln!(cx.out, "what to do: {advice}")?;
    }
    Ok(())
}

fn report(path: &Path, survey: &Survey, unsupported: &[Unsupported], cx: &mut Cx<'_>) -> Result<()> {
    let operator = |o: &Operator| json!({ "name": label(o), "opset": o.opset, "count": o.count, "supported": o.supported, "why": o.why });
    let place =
        |u: &Unsupported| json!({ "node": u.node, "op": u.op, "domain": u.domain, "opset": u.opset, "why": u.why, "advice": u.advice() });
    let value: Value = json!({
        "model": path.display().to_string(), "format": "onnx", "graph_name": survey.graph, "producer": survey.producer, "opsets": survey.opsets,
        "nodes": survey.nodes, "constants": survey.constants, "constant_bytes": survey.constant_bytes,
        "operators": survey.operators.iter().map(operator).collect::<Vec<_>>(),
        "unsupported": unsupported.iter().map(place).collect::<Vec<_>>(),
    });
    json::line(cx.out, &value)
}
