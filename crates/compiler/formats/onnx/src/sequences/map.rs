//! `SequenceMap`: its body joins the graph once for each element.

use fastserve_ir::ValueId;
use fastserve_tensor::DType;

use super::Site;
use super::held::{Held, Names};
use crate::bodies::{free_names, graph_of};
use crate::error::{OnnxError, Refusal, shown};
use crate::load::Loader;
use crate::sort::label;
use crate::tensors;
use crate::view::{Graph, Type, ValueInfo};
use crate::wire::Span;

/// Bytes of a body's nodes, and names that it uses of those around it, that count as another node each time it is read.
const BYTES_A_NODE: usize = 1024;
const NAMES_A_NODE: usize = 16;

/// A graph whose nodes join the one at hand again and again.
pub(super) struct Body<'f> {
    span: Span<'f>,
    pub(super) inputs: Vec<ValueInfo<'f>>,
    pub(super) outputs: Vec<ValueInfo<'f>>,
    /// The names that it uses of those around it.
    around: Names<'f>,
    /// What reading it once more counts beside its nodes.
    weight: usize,
}

impl<'f> Loader<'f, '_> {
    /// The graph in an attribute of a node.
    pub(super) fn unrolled_body(&self, name: &str, site: &Site<'_, 'f>) -> Result<Body<'f>, OnnxError> {
        let span = graph_of(site.node, name, &site.place())?;
        let graph = Graph::read(span)?;
        let infos = |spans: &[Span<'f>]| spans.iter().map(|&s| Ok(ValueInfo::read(s)?)).collect::<Result<Vec<_>, OnnxError>>();
        let around = self.names_of(&free_names(&graph)?);
        let bytes: usize = graph.nodes.iter().map(|node| node.bytes.len()).sum();
        let weight = bytes / BYTES_A_NODE + around.len() / NAMES_A_NODE;
        Ok(Body { weight, span, inputs: infos(&graph.inputs)?, outputs: infos(&graph.outputs)?, around })
    }

    /// Adds the nodes of a body for these inputs; returns its outputs.
    pub(super) fn turn(&mut self, body: &Body<'f>, inputs: Vec<Held>, turn: usize, site: &Site<'_, 'f>) -> Result<Vec<Held>, Refusal> {
        self.count_inlined(body.weight, &site.place())?;
        let mut names = body.around.clone();
        names.extend(body.inputs.iter().map(|info| info.name).zip(inputs.into_iter().map(Some)));
        let outputs: Vec<&str> = body.outputs.iter().map(|info| info.name).collect();
        let name = format!("{}[{turn}]", label(site.node, site.i));
        let made = self.inlined(&site.header.with_graph(Graph::read(body.span)?), names, &[], &name, &outputs)?;
        let missing = |at: usize| site.wrong(format!("the body does not make `{}`", shown(outputs[at])));
        made.into_iter().enumerate().map(|(at, held)| held.ok_or_else(|| missing(at))).collect()
    }

    pub(super) fn map(&mut self, site: &Site<'_, 'f>) -> Result<Vec<Option<Held>>, Refusal> {
        let len = self.sequence_input(0, site)?.elements.len();
        let body = self.unrolled_body("body", site)?;
        let given: Vec<Held> = site.node.inputs.iter().filter_map(|name| self.held(name)).cloned().collect();
        if given.len() != site.node.inputs.len() || given.len() != body.inputs.len() {
            let (expected, got) = (site.node.inputs.len(), body.inputs.len());
            return Err(site.wrong(format!("expected a body of {expected} inputs, got {got}")));
        }
        let mut made: Vec<Vec<ValueId>> = vec![Vec::new(); body.outputs.len()];
        for turn in 0..len {
            let inputs = given.iter().map(|held| of_turn(held, turn, len, site)).collect::<Result<_, _>>()?;
            for (list, held) in made.iter_mut().zip(self.turn(&body, inputs, turn, site)?) {
                list.push(held.tensor().ok_or_else(|| site.wrong(format!("the body makes {}, and not a tensor", held.what())))?);
            }
        }
        let lists = made.into_iter().zip(&body.outputs);
        lists.map(|(list, info)| self.mapped(list, info, site).map(Some)).collect()
    }

    fn mapped(&mut self, elements: Vec<ValueId>, info: &ValueInfo<'f>, site: &Site<'_, 'f>) -> Result<Held, Refusal> {
        let dtype: DType = match (elements.first(), &info.kind) {
            (Some(&first), _) => self.graph.fact(first).dtype,
            (None, Type::Tensor(element, _)) => tensors::dtype(*element, &site.place())?,
            _ => return Err(site.wrong(format!("the body does not say what `{}` is", shown(info.name)))),
        };
        if elements.iter().any(|&e| self.graph.fact(e).dtype != dtype) {
            return Err(site.wrong(format!("elements of different types for `{}`", shown(info.name))));
        }
        Ok(self.sequence(dtype, elements, &site.place())?)
    }
}

/// What a body gets of a value: an element of a sequence, and everything of a tensor.
fn of_turn(held: &Held, turn: usize, len: usize, site: &Site<'_, '_>) -> Result<Held, Refusal> {
    match held {
        Held::Sequence(s) if s.elements.len() != len => {
            Err(site.wrong(format!("expected sequences of one length, got {len} and {}", s.elements.len())))
        }
        Held::Sequence(s) => Ok(s.elements.get(turn).map_or(Held::Nothing, |&e| Held::Tensor(e))),
        other => Ok(other.clone()),
    }
}
