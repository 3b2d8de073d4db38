//! `SequenceMap`: its body joins the graph once for each element.

use fastserve_ir::ValueId;
use fastserve_tensor::DType;

use super::held::Held;
use crate::error::{Refusal, shown};
use crate::load::Loader;
use crate::parts::Site;
use crate::tensors;
use crate::view::{Type, ValueInfo};

impl<'f> Loader<'f, '_> {
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
            for (list, held) in made.iter_mut().zip(self.turn(&body, inputs, &turn.to_string(), site)?) {
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
