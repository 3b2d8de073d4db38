//! A compiled graph: what all its sessions share.

use std::sync::Arc;

use fastserve_backend::{CompileError, Executable, Explain, RunError, Session, Signature};
use fastserve_ir::{ControlSpec, Graph, LowerCx, Lowered, NodeId, OpRef, ValueId};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

use crate::cache::PlanCache;
use crate::plan::Plan;
use crate::segment::{Segments, given_symbols, new_symbols};
use crate::session::CpuSession;

/// A compiled graph. Cheap to clone: everything is shared.
#[derive(Clone)]
pub struct CpuModel(pub(crate) Arc<Inner>);

/// What the sessions of a model share.
pub(crate) struct Inner {
    pub(crate) graph: Graph,
    pub(crate) signature: Signature,
    pub(crate) steps: Vec<ModelStep>,
    pub(crate) segments: Segments,
    /// For each step, the graphs that it runs.
    pub(crate) children: Vec<Vec<CpuModel>>,
    /// For each value, the one whose bytes it shares: itself, or through aliases another.
    pub(crate) roots: Vec<ValueId>,
    pub(crate) plans: PlanCache,
    pub(crate) cpu: Cpu,
    pub(crate) team: Team,
    pub(crate) did: PassesDid,
}

/// What the passes did, for `explain`.
pub(crate) struct PassesDid {
    /// How often each pattern was recognised.
    pub(crate) patterns: Vec<(String, usize)>,
    /// `(node, why nothing was done)`.
    pub(crate) notes: Vec<(String, String)>,
}

/// What runs for a node. It does not depend on extents.
pub(crate) struct ModelStep {
    pub(crate) node: Arc<str>,
    pub(crate) op: OpRef,
    pub(crate) lowered: Lowered,
    pub(crate) ins: Vec<Option<ValueId>>,
    pub(crate) outs: Vec<ValueId>,
}

impl CpuModel {
    /// Prepares a graph whose passes have run.
    ///
    /// `compile` makes models of the graphs that run within its nodes.
    pub(crate) fn new(
        mut graph: Graph,
        cpu: Cpu,
        team: Team,
        did: PassesDid,
        compile: &dyn Fn(&Graph) -> Result<CpuModel, CompileError>,
    ) -> Result<Self, CompileError> {
        graph.forget_unused_constants();
        // Nothing of the model's file may stay mapped: somebody could truncate it under a running server.
        graph.map_constants(|tensor| tensor.detached()).map_err(|(name, source)| CompileError::Constant { name, source })?;
        let (roots, aliases) = find_aliases(&graph);
        let mut steps = graph.nodes().filter(|(id, _)| !aliases.contains(id)).map(|(_, node)| model_step(&graph, node)).collect();
        let segments = Segments::of(&graph, &mut steps, &roots);
        let signature = Signature::of(&graph);
        let compile_all = |step: &ModelStep| bodies(&step.lowered).iter().map(|g| compile(g)).collect::<Result<Vec<_>, _>>();
        let children = steps.iter().map(compile_all).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Inner { graph, signature, steps, segments, children, roots, plans: PlanCache::default(), cpu, team, did })))
    }
}

/// The graphs that a step runs.
fn bodies(lowered: &Lowered) -> Vec<Arc<Graph>> {
    match lowered {
        Lowered::Control(ControlSpec::If(then, other)) => vec![then.graph.clone(), other.graph.clone()],
        Lowered::Control(ControlSpec::Loop(body, _) | ControlSpec::Scan(body, _)) => vec![body.graph.clone()],
        _ => Vec::new(),
    }
}

fn model_step(graph: &Graph, node: &fastserve_ir::Node) -> ModelStep {
    let lowered = lower(graph, node);
    ModelStep { node: node.name.clone(), op: node.op.clone(), lowered, ins: node.inputs.clone(), outs: node.outputs.clone() }
}

fn lower(graph: &Graph, node: &fastserve_ir::Node) -> Lowered {
    let inputs: Vec<_> = node.inputs.iter().map(|v| v.map(|v| graph.fact(v))).collect();
    let outputs: Vec<_> = node.outputs.iter().map(|&v| graph.fact(v)).collect();
    node.op.lower(&LowerCx { inputs: fastserve_ir::Inputs(&inputs), outputs: &outputs })
}

/// The root of each value, and the nodes that only rename bytes.
fn find_aliases(graph: &Graph) -> (Vec<ValueId>, Vec<NodeId>) {
    let mut roots: Vec<ValueId> = graph.values().map(|(id, _)| id).collect();
    let mut aliases = Vec::new();
    let mut known = given_symbols(graph);
    for (id, node) in graph.nodes() {
        // What tells extents is a step of its own.
        let new = new_symbols(graph, &node.outputs, &known);
        if !new.is_empty() {
            known.extend(new.into_iter().map(|s| (s, 0)));
            continue;
        }
        if let ([out], Some(Some(input)), Lowered::Alias) = (&node.outputs[..], node.inputs.first(), lower(graph, node)) {
            roots[out.index()] = roots[input.index()];
            aliases.push(id);
        }
    }
    (roots, aliases)
}

impl Inner {
    /// The value whose bytes a value shares.
    pub(crate) fn root(&self, id: ValueId) -> ValueId {
        self.roots[id.index()]
    }

    pub(crate) fn name(&self, id: ValueId) -> String {
        self.graph.value(id).name.to_string()
    }

    /// The plan of a segment for these extents of the symbols: that of the bucket whose `upper` end serves them all, or one for
    /// these alone where extents must fit something that does not grow with them, as the inner extent of a product does its weights.
    pub(crate) fn plan(&self, segment: usize, symbols: &[usize], upper: &[usize]) -> Result<Arc<Plan>, RunError> {
        let made = |extents: &[usize]| self.plans.get(segment, extents, || Plan::new(self, segment, extents));
        made(upper).or_else(|misfit| if symbols == upper { Err(misfit) } else { made(symbols) })
    }

    /// The segment that makes the bytes of a value.
    pub(crate) fn made_in(&self, id: ValueId) -> usize {
        self.segments.made_in[self.root(id).index()]
    }
}

impl Executable for CpuModel {
    fn signature(&self) -> &Signature {
        &self.0.signature
    }

    fn session(&self) -> Result<Box<dyn Session>, RunError> {
        Ok(Box::new(CpuSession::new(self.0.clone())?))
    }

    fn graph(&self) -> Option<&Graph> {
        Some(&self.0.graph)
    }

    fn explain(&self, symbols: &[usize]) -> Result<Explain, RunError> {
        crate::explain::explain(&self.0, symbols)
    }
}
