//! `fastserve inspect`: what is in a model, what it costs, and what is not supported.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use fastserve::ir::{Graph, Source, text};
use fastserve::onnx::{self, OnnxError};
use fastserve::{CompileOptions, Compiled, Cpu, Explain, Model, Port, Signature};
use serde_json::{Value, json};

use crate::app::Cx;
use crate::commands::survey;
use crate::fail::Outcome;
use crate::io::inputs::{ShapeArgs, Symbols};
use crate::model;
use crate::show::numbers::{si, thousands};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json, style};

/// A graph of more lines is printed only if asked for.
const GRAPH_LINES: usize = 60;

const EXAMPLES: &str = "\
Examples:
  fastserve inspect
  fastserve inspect model.onnx --shape image=8x3x224x224
  fastserve inspect model.onnx --ops
  fastserve inspect model.onnx --optimized";

/// Options of `inspect`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file or text weights; TinyCNN, which the program carries with it, if not given
    model: Option<PathBuf>,
    /// The graph as it runs, its kernels, and why nothing better
    #[arg(long)]
    optimized: bool,
    /// The operators only
    #[arg(long)]
    ops: bool,
    /// Print the graph, however long it is
    #[arg(long, visible_alias = "full")]
    graph: bool,
    #[command(flatten)]
    shape: ShapeArgs,
}

/// Shows a model.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let model = match (model::open_with(args.model.as_deref(), &args.shape.told()), &args.model) {
        (Ok(model), _) => model,
        (Err(e), Some(path)) => match e.downcast_ref::<fastserve::Error>() {
            Some(fastserve::Error::Onnx(OnnxError::Unsupported(all))) => return survey::run(path, all, cx),
            _ => return Err(e),
        },
        (Err(e), None) => return Err(e),
    };
    let symbols = Symbols::bind(&model.signature(), &args.shape, &[])?;
    // A model that does not compile is shown before that is reported.
    let view = View { args, name: model::name(args.model.as_deref()), plan: Plan::of(&model, &symbols), model, symbols };
    if cx.json {
        view.json(cx)?
    } else {
        view.print(cx)?
    }
    view.plan.map(|_| Outcome::Fine)
}

/// What is shown.
struct View<'a> {
    args: &'a Args,
    name: String,
    model: Model,
    symbols: Symbols,
    plan: Result<Plan>,
}

/// What runs.
struct Plan {
    compiled: Compiled,
    explain: Explain,
}

impl Plan {
    fn of(model: &Model, symbols: &Symbols) -> Result<Self> {
        let compiled = model.compile(&Cpu::new()?, &CompileOptions { threads: 1, ..CompileOptions::default() })?;
        let explain = compiled.explain(&symbols.values)?;
        Ok(Self { compiled, explain })
    }

    fn flops(&self) -> u64 {
        self.explain.steps.iter().map(|s| s.flops).fold(0, u64::saturating_add)
    }

    fn bytes(&self) -> u64 {
        self.explain.steps.iter().map(|s| s.bytes).fold(0, u64::saturating_add)
    }
}

/// Operators with their counts.
pub(crate) fn operators(graph: &Graph) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    graph.nodes().for_each(|(_, n)| *counts.entry(n.op.name().to_owned()).or_insert(0) += 1);
    counts
}

/// The same as objects with the keys of a survey's.
fn operators_json(graph: &Graph) -> Vec<Value> {
    operators(graph).into_iter().map(|(name, count)| json!({ "name": name, "count": count, "supported": count })).collect()
}

/// Number of elements and bytes of the constants in use.
fn parameters(graph: &Graph) -> (u64, u64) {
    let used = graph.values().filter(|(id, v)| v.source == Source::Const && graph.uses(*id) > 0);
    let sizes = used.filter_map(|(_, v)| v.fact.value.as_ref()).map(|t| (t.numel() as u64, t.bytes().len() as u64));
    sizes.fold((0, 0), |(n, b), (m, c)| (n + m, b + c))
}

impl View<'_> {
    /// The graph that is shown: as the file has it, or as it runs.
    fn graph(&self) -> &Graph {
        let compiled = self.plan.as_ref().ok().filter(|_| self.args.optimized);
        compiled.and_then(|p| p.compiled.graph()).unwrap_or(self.model.graph())
    }

    fn print(&self, cx: &mut Cx<'_>) -> Result<()> {
        if self.args.ops {
            return self.print_operators(cx);
        }
        let (format, graph) = (self.model.format().name(), clean::word(&self.model.graph().name));
        writeln!(cx.out, "{} ({format}, graph `{graph}`)\n", style::strong(&clean::word(&self.name), cx.color))?;
        print_ports(&self.model.signature(), cx)?;
        writeln!(cx.out)?;
        self.print_costs(cx)?;
        if self.args.optimized {
            self.print_plan(cx)?;
        }
        self.print_graph(cx)
    }

    fn print_operators(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mut table = Table::new(&[("operator", Left), ("count", Right)]);
        operators(self.graph()).into_iter().for_each(|(name, count)| table.row([name, count.to_string()]));
        Ok(table.write(cx.out)?)
    }

    fn print_costs(&self, cx: &mut Cx<'_>) -> Result<()> {
        let operators: Vec<String> = operators(self.graph()).iter().map(|(name, count)| format!("{name} {count}")).collect();
        let (parameters, bytes) = parameters(self.model.graph());
        writeln!(cx.out, "operators   {}", operators.join(", "))?;
        writeln!(cx.out, "parameters  {} ({})", thousands(parameters), si(bytes, "B"))?;
        match self.model.separable() {
            Ok(()) => writeln!(cx.out, "requests    can share a run: rows along axis 0 are computed apart")?,
            Err(why) => writeln!(cx.out, "requests    run alone: {}", clean::word(&why.to_string()))?,
        }
        let Ok(plan) = &self.plan else { return Ok(()) };
        let at = self.symbols.text(&self.model.signature());
        let at = if at.is_empty() { String::new() } else { format!(" at {}", clean::word(&at)) };
        writeln!(cx.out, "one run     {}, {} read and written{at}", si(plan.flops(), "FLOP"), si(plan.bytes(), "B"))?;
        let (arena, constants) = (plan.explain.arena_bytes as u64, plan.explain.constant_bytes as u64);
        Ok(writeln!(cx.out, "memory      {} for intermediate values, {} for constants\n", si(arena, "B"), si(constants, "B"))?)
    }

    fn print_plan(&self, cx: &mut Cx<'_>) -> Result<()> {
        let Ok(plan) = &self.plan else { return Ok(()) };
        let columns = [("step", Left), ("op", Left), ("kernel", Left), ("shape", Left), ("work", Right), ("traffic", Right)];
        let mut table = Table::new(&columns);
        for s in &plan.explain.steps {
            let (node, op, kernel, shape) = (s.node.clone(), s.op.clone(), s.kernel.clone(), s.shape.clone());
            table.row([node, op, kernel, shape, si(s.flops, "FLOP"), si(s.bytes, "B")]);
        }
        table.write(cx.out)?;
        let patterns: Vec<String> = plan.explain.patterns.iter().map(|(what, count)| format!("{what} {count}")).collect();
        writeln!(cx.out, "\npatterns    {}", if patterns.is_empty() { "none".to_owned() } else { patterns.join(", ") })?;
        writeln!(cx.out, "notes       {}", if plan.explain.notes.is_empty() { "none" } else { "" })?;
        for (node, why) in &plan.explain.notes {
            writeln!(cx.out, "  {}: {}", clean::word(node), clean::word(why))?;
        }
        Ok(writeln!(cx.out)?)
    }

    fn print_graph(&self, cx: &mut Cx<'_>) -> Result<()> {
        let text = text::print(self.graph());
        let lines = text.lines().count();
        if lines <= GRAPH_LINES || self.args.graph {
            return Ok(write!(cx.out, "{}", clean::lines(&text))?);
        }
        Ok(writeln!(cx.out, "The graph has {lines} lines: --graph prints them.")?)
    }

    fn json(&self, cx: &mut Cx<'_>) -> Result<()> {
        let signature = self.model.signature();
        let (parameters, parameter_bytes) = parameters(self.model.graph());
        let symbols: BTreeMap<&String, &usize> = signature.symbols.iter().zip(&self.symbols.values).collect();
        let plan = self.plan.as_ref().ok().map(|p| {
            json!({ "flops": p.flops(), "bytes": p.bytes(), "arena_bytes": p.explain.arena_bytes, "constant_bytes": p.explain.constant_bytes,
                "steps": p.explain.steps.iter().map(step).collect::<Vec<_>>(), "patterns": p.explain.patterns.iter().cloned().collect::<BTreeMap<String, usize>>(),
                "notes": p.explain.notes })
        });
        let report = json!({
            "model": self.name, "format": self.model.format().name(), "graph_name": self.model.graph().name, "symbols": symbols,
            "inputs": ports(&signature.inputs), "outputs": ports(&signature.outputs), "operators": operators_json(self.graph()),
            "parameters": parameters, "parameter_bytes": parameter_bytes, "plan": plan, "unsupported": [],
            "runs_alone_because": self.model.separable().err().map(|why| why.to_string()), "graph": text::print(self.graph()),
        });
        json::line(cx.out, &report)
    }
}

fn print_ports(signature: &Signature, cx: &mut Cx<'_>) -> Result<()> {
    let mut table = Table::new(&[("", Left), ("name", Left), ("type", Left), ("shape", Left)]);
    for (kind, ports) in [("input", &signature.inputs), ("output", &signature.outputs)] {
        for p in ports {
            table.row([kind.to_owned(), p.name.clone(), p.dtype.to_string(), p.text.clone()]);
        }
    }
    Ok(table.write(cx.out)?)
}

fn ports(ports: &[Port]) -> Vec<Value> {
    ports.iter().map(|p| json!({ "name": p.name, "dtype": p.dtype.name(), "shape": p.text })).collect()
}

fn step(s: &fastserve::ExplainStep) -> Value {
    json!({ "node": s.node, "op": s.op, "kernel": s.kernel, "shape": s.shape, "flops": s.flops, "bytes": s.bytes })
}

/// What a survey shows of a file that cannot be run.
pub(crate) fn survey_of(path: &std::path::Path) -> Result<onnx::Survey> {
    let bytes = onnx::map_file(path).map_err(fastserve::Error::from)?;
    Ok(onnx::survey(&bytes, &fastserve_ops::Ops).map_err(fastserve::Error::from)?)
}
