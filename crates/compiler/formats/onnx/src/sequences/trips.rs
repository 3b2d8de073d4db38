//! A Loop that carries a sequence: its trips are known when the model is loaded, and join the graph one after the other.

use fastserve_ir::ValueId;
use fastserve_tensor::{Bool, DType, Tensor};

use super::held::Held;
use crate::error::{OnnxError, Refusal};
use crate::header::Header;
use crate::load::Loader;
use crate::nodes::trimmed;
use crate::parts::Site;
use crate::view::{Node, Type};

/// Where the inputs of a body that are carried begin.
const CARRIED: usize = 2;

impl<'f> Loader<'f, '_> {
    /// Adds the trips of a Loop that carries what is no tensor; whether it is one.
    pub(crate) fn trips(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<bool, OnnxError> {
        let carried = trimmed(&node.inputs).iter().skip(CARRIED);
        if carried.filter_map(|name| self.held(name)).all(|held| held.tensor().is_some()) {
            return Ok(false);
        }
        let before = self.unsupported.len();
        let made = self.unroll(&Site { node, i, header });
        self.settle(node, i, header, before, made)?;
        Ok(true)
    }

    fn unroll(&mut self, site: &Site<'_, 'f>) -> Result<Vec<Option<Held>>, Refusal> {
        let most = self.trip_count(site)?;
        let mut goes = match site.input(1) {
            None => true,
            Some(name) => self.known_bool(self.tensor(name)).ok_or_else(told_condition)?,
        };
        let body = self.unrolled_body("body", site)?;
        let carried = trimmed(&site.node.inputs).iter().skip(CARRIED);
        let mut state: Vec<Held> = carried.filter_map(|name| self.held(name)).cloned().collect();
        let count = state.len();
        if body.inputs.len() != count + CARRIED || body.outputs.len() <= count {
            return Err(site.wrong(format!("expected a body that carries {count} values")));
        }
        let rank_one = |at: usize| matches!(&body.inputs[at].kind, Type::Tensor(_, Some(extents)) if extents.len() == 1);
        let mut rows: Vec<Vec<ValueId>> = vec![Vec::new(); body.outputs.len() - count - 1];
        let mut trip = 0i64;
        while goes && most.is_none_or(|most| trip < most) {
            let number = if rank_one(0) { self.part_ints(&[trip], site)? } else { self.part_int(trip, site)? };
            let extents: &[usize] = if rank_one(1) { &[1] } else { &[] };
            let holds = Tensor::from_slice(extents, &[Bool::from(true)]).map_err(|e| site.wrong(e.to_string()))?;
            let holds = self.part_const(holds, site);
            let inputs = [Held::Tensor(number), Held::Tensor(holds)].into_iter().chain(state).collect();
            let mut made = self.turn(&body, inputs, &trip.to_string(), site)?.into_iter();
            trip += 1;
            let condition = made.next().and_then(|held| held.tensor());
            if most != Some(trip) {
                goes = self.known_bool(condition).ok_or_else(told_condition)?;
            }
            state = made.by_ref().take(count).collect();
            for (row, held) in rows.iter_mut().zip(made) {
                row.push(held.tensor().ok_or_else(|| site.wrong(format!("a body stacks {}, and not a tensor", held.what())))?);
            }
        }
        let mut outputs: Vec<Option<Held>> = state.into_iter().map(Some).collect();
        for row in rows {
            if row.is_empty() {
                return Err(Refusal::Unsupported("a Loop that carries a sequence, makes no trip and stacks what its trips make".into()));
            }
            outputs.push(Some(Held::Tensor(self.stacked(&row, site)?)));
        }
        Ok(outputs)
    }

    /// How many trips there are at most; `None` without a bound.
    fn trip_count(&self, site: &Site<'_, 'f>) -> Result<Option<i64>, Refusal> {
        let Some(name) = site.input(0) else { return Ok(None) };
        let known = self.tensor(name).and_then(|value| self.known_ints(value));
        match known.as_deref() {
            Some(&[trips]) => Ok(Some(trips)),
            Some(_) => Err(site.wrong("input 0: expected one number of trips")),
            None => Err(Refusal::Unsupported(
                "a Loop that carries a sequence, and whose number of trips depends on the contents of input 0".into(),
            )),
        }
    }

    fn known_bool(&self, value: Option<ValueId>) -> Option<bool> {
        let tensor = self.graph.constant(value?).filter(|t| t.dtype() == DType::Bool)?;
        if let [byte] = tensor.bytes() { Some(*byte != 0) } else { None }
    }
}

fn told_condition() -> Refusal {
    Refusal::Unsupported("a Loop that carries a sequence, and whose condition depends on the contents of its inputs".into())
}
