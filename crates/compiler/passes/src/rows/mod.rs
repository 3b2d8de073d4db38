//! Whether requests can share a run: a proof that rows along axis 0 of the inputs are computed apart from each other.
//!
//! Each value is fixed (the same whatever the batch), a size (integers that say how large something is), or holds rows: along one axis,
//! whose extent is a multiple of the batch's, each request's elements lie together and depend on that request's inputs alone. A table says
//! for each operator when it keeps rows apart; an operator that is not in it, or not in this way, ends the proof, and is named.
//!
//! The proof is about graphs as files have them, before passes. That kernels keep the bits of a row whatever the number of rows is an
//! invariant of theirs (ARCHITECTURE.md, "The same bits").

mod places;
mod products;
mod rules;

use fastserve_ir::{Dim, Fact, Graph, Node, SymId, ValueId};
use thiserror::Error;

use rules::Rule;

/// Why requests cannot share a run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Inseparable {
    /// The model takes nothing.
    #[error("the model has no inputs")]
    NoInputs,
    /// An input does not have the batch on axis 0.
    #[error("input `{input}`: {why}")]
    Input {
        /// Its name.
        input: String,
        /// Why.
        why: &'static str,
    },
    /// A node mixes rows, or nobody knows that it does not.
    #[error("node `{node}` ({op}): {why}")]
    Node {
        /// Its name.
        node: String,
        /// Its operator.
        op: String,
        /// Why.
        why: String,
    },
    /// An output has no rows, or not on axis 0.
    #[error("output `{output}`: {why}")]
    Output {
        /// Its name.
        output: String,
        /// Why.
        why: &'static str,
    },
}

/// How a value depends on the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// The same whatever the batch.
    Fixed,
    /// Integers that follow from the batch's size alone.
    Sizes,
    /// Rows along this axis.
    Rows(usize),
}

/// Shows that rows along axis 0 are computed apart: several requests' rows, one after the other in every input, give each request's
/// outputs one after the other. Returns the symbol of the batch.
///
/// # Errors
/// What stands against it, or is not known.
///
/// ```
/// use fastserve_ir::text::parse;
/// use fastserve_ops::Ops;
/// use fastserve_passes::rows::separable;
///
/// let graph = parse("graph g(N) { input %x: f32[N,4] %y: f32[N,4] = Softmax { axis = 1 } (%x) @n return %y }", &Ops)?;
/// assert!(separable(&graph).is_ok());
/// let graph = parse("graph g(N) { input %x: f32[N,4] %y: f32[N,4] = Softmax { axis = 0 } (%x) @n return %y }", &Ops)?;
/// assert_eq!(separable(&graph).map_err(|e| e.to_string()), Err("node `n` (Softmax): it computes along the batch".to_owned()));
/// # Ok::<(), fastserve_ir::text::ParseError>(())
/// ```
pub fn separable(graph: &Graph) -> Result<SymId, Inseparable> {
    let batch = batch_of(graph)?;
    let mut flows = vec![Flow::Fixed; graph.num_values()];
    for &input in graph.inputs() {
        set(&mut flows, input, Flow::Rows(0));
    }
    for (_, node) in graph.nodes() {
        let cx = Cx { graph, node, flows: &flows, batch };
        let found = cx.outputs().map_err(|why| Inseparable::Node { node: node.name.to_string(), op: node.op.name().to_owned(), why })?;
        found.into_iter().for_each(|(value, flow)| set(&mut flows, value, flow));
    }
    for &output in graph.outputs() {
        let name = || graph.value(output).name.to_string();
        match flow_of(&flows, output) {
            Flow::Rows(0) => {}
            Flow::Rows(_) => return Err(Inseparable::Output { output: name(), why: "its rows are not on axis 0" }),
            _ => return Err(Inseparable::Output { output: name(), why: "it has no rows" }),
        }
    }
    Ok(batch)
}

fn set(flows: &mut [Flow], value: ValueId, flow: Flow) {
    if let Some(place) = flows.get_mut(value.index()) {
        *place = flow;
    }
}

fn flow_of(flows: &[Flow], value: ValueId) -> Flow {
    flows.get(value.index()).copied().unwrap_or(Flow::Fixed)
}

/// The symbol that every input has on axis 0, and nowhere else.
fn batch_of(graph: &Graph) -> Result<SymId, Inseparable> {
    let mut batch = None;
    for &id in graph.inputs() {
        let (fact, input) = (graph.fact(id), graph.value(id).name.to_string());
        let Some(Dim::Sym(symbol)) = fact.shape.first() else {
            return Err(Inseparable::Input { input, why: "axis 0 has no symbol" });
        };
        if *batch.get_or_insert(*symbol) != *symbol {
            return Err(Inseparable::Input { input, why: "axis 0 is not the batch of the first input" });
        }
        if fact.shape.iter().skip(1).any(|d| d.has(*symbol)) {
            return Err(Inseparable::Input { input, why: "the batch is on another axis too" });
        }
    }
    batch.ok_or(Inseparable::NoInputs)
}

/// A node and what is known of its inputs.
struct Cx<'g> {
    graph: &'g Graph,
    node: &'g Node,
    flows: &'g [Flow],
    batch: SymId,
}

/// Why a node ends the proof.
type Verdict = Result<(), String>;

impl Cx<'_> {
    /// How the outputs depend on the batch.
    fn outputs(&self) -> Result<Vec<(ValueId, Flow)>, String> {
        let inputs: Vec<Flow> = self.node.inputs.iter().flatten().map(|&v| flow_of(self.flows, v)).collect();
        if !self.node.op.repeatable() && !self.is_dropout_of_nothing() {
            return Err("it draws random numbers".into());
        }
        let is_fixed = inputs.iter().all(|&f| f == Flow::Fixed);
        if !is_fixed && !self.are_sizes() {
            self.legal()?;
        }
        self.node.outputs.iter().map(|&v| Ok((v, self.flow(v, is_fixed)?))).collect()
    }

    /// Whether it is a Dropout that is not told to train: it changes nothing.
    fn is_dropout_of_nothing(&self) -> bool {
        let trains = |fact: &Fact| fact.value.as_ref().is_none_or(|v| v.bytes().iter().any(|&b| b != 0));
        self.node.op.name() == "Dropout" && !self.fact(2).is_some_and(trains)
    }

    /// Whether all outputs are integers that are known as expressions of extents.
    fn are_sizes(&self) -> bool {
        self.node.outputs.iter().all(|&v| self.graph.fact(v).ints.is_some())
    }

    fn flow(&self, output: ValueId, is_fixed: bool) -> Result<Flow, String> {
        let fact = self.graph.fact(output);
        let axes: Vec<usize> = self.batch_axes(fact).collect();
        match (axes.as_slice(), &fact.ints) {
            ([], Some(ints)) => Ok(if ints.iter().any(|d| d.has(self.batch)) { Flow::Sizes } else { Flow::Fixed }),
            ([], None) if is_fixed => Ok(Flow::Fixed),
            ([], None) => Err("it leaves no rows apart".into()),
            ([axis], None) if !is_fixed => Ok(Flow::Rows(*axis)),
            ([_], _) => Err("it counts the rows of the batch".into()),
            _ => Err("the batch is on two axes of its output".into()),
        }
    }

    fn batch_axes<'f>(&'f self, fact: &'f Fact) -> impl Iterator<Item = usize> + 'f {
        fact.shape.iter().enumerate().filter(|(_, d)| d.has(self.batch)).map(|(axis, _)| axis)
    }

    /// The fact of an input that is there.
    fn fact(&self, input: usize) -> Option<&Fact> {
        self.node.inputs.get(input).copied().flatten().map(|v| self.graph.fact(v))
    }

    /// How an input depends on the batch; one that is absent is fixed.
    fn input(&self, input: usize) -> Flow {
        self.node.inputs.get(input).copied().flatten().map_or(Flow::Fixed, |v| flow_of(self.flows, v))
    }

    /// The first output's fact, and the axis of its rows.
    fn result(&self) -> Result<(&Fact, usize), String> {
        let fact = self.node.outputs.first().map(|&v| self.graph.fact(v)).ok_or("it has no output")?;
        let axis = self.batch_axes(fact).next().ok_or("it leaves no rows apart")?;
        Ok((fact, axis))
    }

    fn legal(&self) -> Verdict {
        let rule = rules::rule(self.node.op.name()).ok_or("nobody has shown that it keeps rows apart")?;
        let sizes_at: &[usize] = match rule {
            Rule::Reshape | Rule::Expand => &[1],
            Rule::Fill => &[0],
            _ => &[],
        };
        let takes_size = |(at, _): (usize, &Option<ValueId>)| self.input(at) != Flow::Sizes || sizes_at.contains(&at);
        if !self.node.inputs.iter().enumerate().all(takes_size) {
            return Err("its numbers depend on the size of the batch".into());
        }
        rule.check(self)
    }
}

#[cfg(test)]
mod tests;
