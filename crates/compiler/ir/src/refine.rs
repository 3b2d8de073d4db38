//! What becomes known of extents that only data told, once their inputs are constant.

use crate::dim::Dim;
use crate::fact::Fact;
use crate::graph::Graph;
use crate::ids::{NodeId, SymId, ValueId};

impl Graph {
    /// Whether an input of the graph tells the symbol.
    pub fn is_given(&self, symbol: SymId) -> bool {
        self.inputs().iter().flat_map(|&v| &self.fact(v).shape).any(|d| d.has(symbol))
    }

    /// Infers every node again, and lets what is found stand for symbols that it made.
    pub(crate) fn refine(&mut self) {
        let given: Vec<bool> = (0..self.symbols().len()).map(|s| self.is_given(SymId::new(s))).collect();
        if given.iter().all(|&g| g) {
            return;
        }
        let order: Vec<NodeId> = self.nodes().map(|(id, _)| id).collect();
        for id in order {
            for (symbol, dim) in self.found(id, &given) {
                self.substitute(symbol, &dim);
            }
        }
    }

    /// Symbols of a node's outputs for which inference knows something better.
    fn found(&self, id: NodeId, given: &[bool]) -> Vec<(SymId, Dim)> {
        let Some(node) = self.node(id) else { return Vec::new() };
        let own = |s: &SymId| {
            let used = node.inputs.iter().flatten().flat_map(|&v| &self.fact(v).shape).any(|d| d.has(*s));
            !used && !given.get(s.index()).copied().unwrap_or_default()
        };
        let made = |v: &ValueId| self.fact(*v).shape.iter().any(|d| matches!(d, Dim::Sym(s) if own(s)));
        if !node.outputs.iter().any(made) {
            return Vec::new();
        }
        let Ok(facts) = self.infer(&node.op, &node.inputs) else { return Vec::new() };
        let pairs = node.outputs.iter().zip(&facts).flat_map(|(&v, fact)| self.fact(v).shape.iter().zip(&fact.shape));
        pairs
            .filter_map(|(has, dim)| match has {
                Dim::Sym(s) if own(s) && *dim != Dim::New && !dim.has(*s) => Some((*s, dim.clone())),
                _ => None,
            })
            .collect()
    }

    /// Lets `dim` stand for a symbol in all facts.
    pub(crate) fn substitute(&mut self, symbol: SymId, dim: &Dim) {
        for fact in self.values.iter_mut().map(|v| &mut v.fact) {
            substitute(fact, symbol, dim);
        }
    }
}

fn substitute(fact: &mut Fact, symbol: SymId, by: &Dim) {
    for dim in fact.shape.iter_mut().filter(|d| d.has(symbol)) {
        if let Some(new) = dim.substitute(symbol, by) {
            *dim = new;
        }
    }
    if let Some(ints) = fact.ints.as_ref().filter(|ints| ints.iter().any(|d| d.has(symbol))) {
        fact.ints = ints.iter().map(|d| d.substitute(symbol, by)).collect();
    }
}
