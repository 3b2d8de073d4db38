//! Where a run must stop to see what extents come next: segments of steps between data that tell extents.

use std::collections::HashMap;
use std::ops::Range;

use fastserve_ir::{Dim, Graph, Lowered, SymId, ValueId};

use crate::model::ModelStep;

/// Steps that run by one plan.
#[derive(Debug)]
pub(crate) struct Segment {
    /// The steps, by their place in the model.
    pub(crate) steps: Range<usize>,
    /// Those among them whose inputs, all made before, tell extents of their outputs, and those that run graphs.
    pub(crate) resolves: Vec<usize>,
}

/// How a model is cut.
#[derive(Debug)]
pub(crate) struct Segments {
    /// In order; at least one.
    pub(crate) all: Vec<Segment>,
    /// For each value, the first segment in which its extents are known.
    pub(crate) known_in: Vec<usize>,
    /// For each value that owns its bytes, the segment that makes them.
    pub(crate) made_in: Vec<usize>,
    /// For each symbol, the segment at whose start it is known.
    pub(crate) symbol_in: Vec<usize>,
    /// Whether a value that owns bytes must hold them until the run ends: outputs, and what later segments read.
    pub(crate) kept: Vec<bool>,
}

/// The symbols of extents that are not known yet: what a node with these outputs tells.
pub(crate) fn new_symbols(graph: &Graph, outs: &[ValueId], known: &HashMap<SymId, usize>) -> Vec<SymId> {
    let dims = outs.iter().flat_map(|&v| &graph.fact(v).shape);
    dims.filter_map(|d| if let Dim::Sym(s) = d { Some(*s) } else { None }).filter(|s| !known.contains_key(s)).collect()
}

/// The symbols that inputs tell, all known in the first segment.
pub(crate) fn given_symbols(graph: &Graph) -> HashMap<SymId, usize> {
    (0..graph.symbols().len()).map(SymId::new).filter(|&s| graph.is_given(s)).map(|s| (s, 0)).collect()
}

impl Segments {
    /// Cuts a model's steps, and brings them into the order of their segments.
    pub(crate) fn of(graph: &Graph, steps: &mut Vec<ModelStep>, roots: &[ValueId]) -> Self {
        let mut cut = Cut { graph, roots, known: given_symbols(graph), known_in: vec![None; graph.num_values()] };
        let mut levels: Vec<(usize, bool)> = steps.iter().map(|step| cut.step(step)).collect();
        let known_in: Vec<usize> = (0..graph.num_values()).map(|i| cut.value(ValueId::new(i))).collect();
        let mut order: Vec<usize> = (0..steps.len()).collect();
        order.sort_by_key(|&i| levels[i].0);
        levels = order.iter().map(|&i| levels[i]).collect();
        let mut taken: Vec<Option<ModelStep>> = steps.drain(..).map(Some).collect();
        steps.extend(order.iter().filter_map(|&i| taken[i].take()));
        let count = levels.last().map_or(1, |l| l.0 + 1);
        let all = (0..count).map(|s| segment(&levels, s)).collect();
        let mut made_in = vec![0; graph.num_values()];
        steps.iter().zip(&levels).for_each(|(step, (level, _))| step.outs.iter().for_each(|v| made_in[v.index()] = *level));
        let mut kept = vec![false; graph.num_values()];
        for (step, (level, _)) in steps.iter().zip(&levels) {
            let read = step.ins.iter().flatten().map(|v| roots[v.index()]);
            read.filter(|v| made_in[v.index()] < *level).for_each(|v| kept[v.index()] = true);
        }
        graph.outputs().iter().for_each(|v| kept[roots[v.index()].index()] = true);
        let symbol_in = (0..graph.symbols().len()).map(|s| cut.known.get(&SymId::new(s)).copied().unwrap_or(0)).collect();
        Self { all, known_in, made_in, symbol_in, kept }
    }
}

fn segment(levels: &[(usize, bool)], s: usize) -> Segment {
    let steps = levels.partition_point(|l| l.0 < s)..levels.partition_point(|l| l.0 <= s);
    let resolves = steps.clone().filter(|&i| levels[i].1).collect();
    Segment { steps, resolves }
}

struct Cut<'a> {
    graph: &'a Graph,
    roots: &'a [ValueId],
    /// The segment in which a symbol is known.
    known: HashMap<SymId, usize>,
    known_in: Vec<Option<usize>>,
}

impl Cut<'_> {
    /// The segment of a step, and whether its inputs tell extents.
    fn step(&mut self, step: &ModelStep) -> (usize, bool) {
        let before = step.ins.iter().flatten().map(|&v| self.value(v)).max().unwrap_or(0);
        let sized = step.outs.iter().map(|&v| self.symbols_of(v)).max().unwrap_or(0);
        let new = new_symbols(self.graph, &step.outs, &self.known);
        let resolves = !new.is_empty() || matches!(step.lowered, Lowered::Control(_));
        let level = before.max(sized) + usize::from(resolves);
        self.known.extend(new.into_iter().map(|s| (s, level)));
        step.outs.iter().for_each(|v| self.known_in[v.index()] = Some(level));
        (level, resolves)
    }

    /// The segment in which a value is there and its extents are known.
    fn value(&self, v: ValueId) -> usize {
        let made = |v: ValueId| self.known_in[v.index()].unwrap_or(0);
        made(v).max(made(self.roots[v.index()])).max(self.symbols_of(v))
    }

    fn symbols_of(&self, v: ValueId) -> usize {
        self.graph.fact(v).shape.iter().map(|d| self.symbols_in(d)).max().unwrap_or(0)
    }

    fn symbols_in(&self, dim: &Dim) -> usize {
        match dim {
            Dim::Sym(s) => self.known.get(s).copied().unwrap_or(0),
            Dim::Expr(e) => self.symbols_in(&e.a).max(self.symbols_in(&e.b)),
            Dim::Known(_) | Dim::New => 0,
        }
    }
}
