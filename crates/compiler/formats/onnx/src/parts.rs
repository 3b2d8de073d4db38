//! Nodes that become several: where they stand, and the standard operators that they are made of.

use fastserve_ir::{Attrs, ComposeError, LATEST_OPSET, Named, ShapeError, ValueId};
use fastserve_tensor::Tensor;

use crate::attributes;
use crate::error::{OnnxError, Refusal, shown};
use crate::header::Header;
use crate::load::Loader;
use crate::nodes::{check_fact, row};
use crate::sequences::Held;
use crate::sort::{label, place};
use crate::view::{Attribute, Node};
use crate::wire::Span;

/// A node, where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Site<'s, 'f> {
    pub(crate) node: &'s Node<'f>,
    pub(crate) i: usize,
    pub(crate) header: &'s Header<'f>,
}

impl<'f> Site<'_, 'f> {
    pub(crate) fn place(&self) -> String {
        place(self.node, self.i)
    }

    pub(crate) fn wrong(&self, why: impl Into<String>) -> Refusal {
        OnnxError::invalid(self.place(), why).into()
    }

    /// The name of an input that is not left out.
    pub(crate) fn input(&self, at: usize) -> Option<&'f str> {
        self.node.inputs.get(at).copied().filter(|name| !name.is_empty())
    }
}

impl<'f> Loader<'f, '_> {
    /// Names what a node makes; lists it where that is not supported. `before` is how many things were listed when it was begun.
    pub(crate) fn settle(
        &mut self,
        node: &Node<'f>,
        i: usize,
        header: &Header<'f>,
        before: usize,
        made: Result<Vec<Option<Held>>, Refusal>,
    ) -> Result<(), OnnxError> {
        match made {
            Ok(made) => self.name_held(node, i, &made),
            Err(Refusal::Unsupported(why)) => {
                self.unsupported.push(row(node, i, header, shown(&why)));
                self.without_outputs(node);
                Ok(())
            }
            Err(Refusal::Wrong(_)) if self.unsupported.len() > before => {
                self.without_outputs(node);
                Ok(())
            }
            Err(Refusal::Wrong(e)) => Err(e),
        }
    }

    /// The attributes of a node that are neither graphs nor types.
    pub(crate) fn plain_part_attrs(&mut self, site: &Site<'_, 'f>) -> Result<Attrs, Refusal> {
        let plain = |span: &Span<'f>| Attribute::read(*span).is_ok_and(|a| a.g.is_none() && !matches!(a.kind, 13 | 14));
        let spans: Vec<Span<'f>> = site.node.attributes.iter().copied().filter(plain).collect();
        attributes::read(&spans, &mut self.data, &self.given_attrs, &site.place())
    }

    /// A new name for a part of a node.
    pub(crate) fn part_name(&mut self, site: &Site<'_, 'f>) -> String {
        self.parts += 1;
        format!("{}{}@{}", self.prefix, label(site.node, site.i), self.parts)
    }

    pub(crate) fn part_const(&mut self, tensor: Tensor, site: &Site<'_, 'f>) -> ValueId {
        let name = self.part_name(site);
        self.graph.add_const(&name, tensor)
    }

    /// A constant vector.
    pub(crate) fn part_ints(&mut self, values: &[i64], site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let tensor = Tensor::from_slice(&[values.len()], values).map_err(|e| site.wrong(e.to_string()))?;
        Ok(self.part_const(tensor, site))
    }

    /// A constant number.
    pub(crate) fn part_int(&mut self, value: i64, site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let tensor = Tensor::scalar(value).map_err(|e| site.wrong(e.to_string()))?;
        Ok(self.part_const(tensor, site))
    }

    /// Adds a standard operator with one output.
    pub(crate) fn part(&mut self, op: &str, attrs: Attrs, inputs: &[ValueId], site: &Site<'_, 'f>) -> Result<ValueId, Refusal> {
        let made = self.part_outputs(op, attrs, inputs, 1, site)?;
        made.first().copied().ok_or_else(|| site.wrong(format!("{op} makes no output")))
    }

    /// Adds a standard operator, in its newest form.
    pub(crate) fn part_outputs(
        &mut self,
        op: &str,
        attrs: Attrs,
        inputs: &[ValueId],
        outputs: usize,
        site: &Site<'_, 'f>,
    ) -> Result<Vec<ValueId>, Refusal> {
        self.count_inlined(outputs, &site.place())?;
        let names: Vec<String> = (0..outputs).map(|_| self.part_name(site)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let inputs: Vec<Option<ValueId>> = inputs.iter().copied().map(Some).collect();
        let named = Named { domain: "", op, opset: LATEST_OPSET, attrs: &attrs };
        let node = names.first().copied().unwrap_or_default();
        let made = self.graph.add_operator(self.ops, named, node, &inputs, &names).map_err(|e| match e {
            ComposeError::Shape(ShapeError::DataDependent(_) | ShapeError::Unsupported(_)) => Refusal::Unsupported(e.to_string()),
            e => site.wrong(e.to_string()),
        })?;
        for &value in &made {
            check_fact(self.graph.fact(value), &site.place())?;
        }
        self.check_symbols(site.node, site.i)?;
        Ok(made)
    }
}
