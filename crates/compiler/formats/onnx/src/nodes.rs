//! Nodes: operators from names and attributes, then facts from operators.

use std::collections::HashSet;

use fastserve_ir::{Attrs, BuildError, Compose, ComposeError, Dim, Fact, Named, OpRef, ShapeError, ValueId, text};
use fastserve_tensor::{DType, MAX_RANK};

use crate::attributes;
use crate::error::{OnnxError, Refusal, shown};
use crate::header::{Header, domain};
use crate::limits::{MAX_DIM_TERMS, MAX_SYMBOLS, OPSETS};
use crate::load::Loader;
use crate::sequences::{Form, Held, SequenceOp};
use crate::sort::{label, place};
use crate::unsupported::Unsupported;
use crate::values::check_size;
use crate::view::Node;

/// Inputs that a message shows.
const SHOWN_INPUTS: usize = 16;

/// What a node becomes.
pub(crate) enum Made {
    /// A node.
    Op(OpRef),
    /// The nodes of one of the model's functions.
    Call,
    /// A node that runs graphs.
    Control,
    /// A node that takes or makes sequences or optional values.
    Sequence(SequenceOp),
    /// Attention with graphs that change what it computes.
    Flex,
    /// Nodes, in the version of the domain, for these attributes.
    Parts(Compose, i64, Attrs),
}

impl<'f> Loader<'f, '_> {
    /// The operators of all nodes; those that are not supported are listed instead.
    pub(crate) fn operators(&mut self, header: &Header<'f>) -> Result<Vec<Option<Made>>, OnnxError> {
        let mut ops = Vec::with_capacity(header.graph.nodes.len());
        for (i, &span) in header.graph.nodes.iter().enumerate() {
            let node = Node::read(span)?;
            match self.operator(&node, i, header) {
                Ok(made) => {
                    if matches!(made, Made::Call | Made::Control | Made::Flex | Made::Sequence(SequenceOp::Map)) {
                        self.inside(&node, i, header)?;
                    }
                    ops.push(Some(made));
                }
                Err(Refusal::Wrong(e)) => return Err(e),
                Err(Refusal::Unsupported(why)) => {
                    self.unsupported.push(row(&node, i, header, why));
                    self.inside(&node, i, header)?;
                    ops.push(None);
                }
            }
        }
        Ok(ops)
    }

    /// The operator of one node.
    pub(crate) fn operator(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<Made, Refusal> {
        let place = place(node, i);
        if header.has_function(node.domain, node.op) {
            return Ok(Made::Call);
        }
        let Some(opset) = header.opsets.version(node.domain) else {
            let why = format!("opset_import has no version for the domain `{}`", shown(node.domain));
            return Err(OnnxError::invalid(place, why).into());
        };
        if crate::bodies::is_control(node) {
            return Ok(Made::Control);
        }
        if crate::flex::is_modified(node)? {
            return Ok(Made::Flex);
        }
        if let Some(op) = SequenceOp::of(node, opset) {
            return Ok(Made::Sequence(op));
        }
        if let Some(compose) = self.ops.composite(domain(node.domain), node.op, opset) {
            return Ok(Made::Parts(compose, opset, attributes::read(&node.attributes, &mut self.data, &self.given_attrs, &place)?));
        }
        let build = |attrs: &Attrs| self.ops.build(domain(node.domain), node.op, opset, &counted(node, attrs));
        match attributes::read(&node.attributes, &mut self.data, &self.given_attrs, &place) {
            Ok(attrs) => build(&attrs).map(Made::Op).map_err(|e| Refusal::Unsupported(self.why_not(&e, node))),
            // An operator that is not there at all is the better reason.
            Err(Refusal::Unsupported(why)) => match build(&Attrs::new()) {
                Err(e @ BuildError::Unsupported { .. }) => Err(Refusal::Unsupported(format!("{} ({why})", self.why_not(&e, node)))),
                _ => Err(Refusal::Unsupported(why)),
            },
            Err(wrong) => Err(wrong),
        }
    }

    fn why_not(&self, error: &BuildError, node: &Node<'f>) -> String {
        let newest = |attrs| self.ops.build(domain(node.domain), node.op, *OPSETS.end(), attrs);
        match error {
            BuildError::Unsupported { .. } => match newest(&Attrs::new()) {
                Err(BuildError::Unsupported { .. }) => "no such operator".into(),
                _ => "only a later version of the operator is there".into(),
            },
            BuildError::Attr { source, .. } => shown(&source.to_string()),
        }
    }

    /// Adds the nodes in `order`, with the facts they infer.
    pub(crate) fn add_nodes(&mut self, header: &Header<'f>, order: &[u32], mut ops: Vec<Option<Made>>) -> Result<(), OnnxError> {
        let mut used = Used::new(header);
        for &i in order {
            let i = i as usize;
            let node = Node::read(header.graph.nodes[i])?;
            match ops[i].take() {
                Some(Made::Op(op)) if !self.needs_unsupported(&node) => {
                    if !self.identity_of_list(&node, &place(&node, i))? {
                        self.add_node(&node, i, op, None, &mut used)?;
                    }
                }
                // What is not supported within is listed already.
                Some(Made::Call) if self.unsupported.is_empty() => self.call(&node, i, header)?,
                Some(Made::Control) if self.unsupported.is_empty() => self.add_control(&node, i, header, &mut used)?,
                Some(Made::Flex) if self.unsupported.is_empty() => self.flex_node(&node, i, header)?,
                Some(Made::Sequence(op)) if self.unsupported.is_empty() => self.sequence_node(op, &node, i, header)?,
                Some(Made::Parts(compose, opset, attrs)) if !self.needs_unsupported(&node) => {
                    self.add_parts(&node, i, compose, Named { domain: domain(node.domain), op: node.op, opset, attrs: &attrs }, header)?;
                }
                _ => self.without_outputs(&node),
            }
        }
        Ok(())
    }

    /// Adds a node that runs graphs, or the nodes of these graphs where it is known now which of them run.
    fn add_control(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>, used: &mut Used<'_, 'f>) -> Result<(), OnnxError> {
        let joined = match node.op {
            "If" => self.taken(node, i, header)?,
            "Loop" => self.trips(node, i, header)?,
            _ => false,
        };
        if joined {
            return Ok(());
        }
        self.refuse_listed(node, &place(node, i))?;
        match self.control(node, i, header)? {
            Some((wired, forms)) if forms.iter().any(|f| *f != Form::Tensor) => self.add_listed(node, i, wired, &forms),
            Some(((op, inputs), _)) => self.add_node(node, i, op, Some(inputs), used),
            None => {
                self.without_outputs(node);
                Ok(())
            }
        }
    }

    /// Whether a node is an Identity of what is no tensor, whose output then is its input; an error where another operator has such
    /// an input.
    fn identity_of_list(&mut self, node: &Node<'f>, place: &str) -> Result<bool, OnnxError> {
        let Some((_, held)) = self.listed_input(node) else { return Ok(false) };
        match (node.op, domain(node.domain), node.outputs.first()) {
            ("Identity", "", Some(&output)) => {
                let held = held.clone();
                self.names.insert(output, Some(held));
                Ok(true)
            }
            _ => self.refuse_listed(node, place).map(|()| false),
        }
    }

    /// Adds a node, whose inputs are those that it names unless they are given.
    fn add_node(
        &mut self,
        node: &Node<'f>,
        i: usize,
        op: OpRef,
        inputs: Option<Vec<Option<ValueId>>>,
        used: &mut Used<'_, 'f>,
    ) -> Result<(), OnnxError> {
        let named = || trimmed(&node.inputs).iter().map(|n| self.tensor(n)).collect();
        let inputs: Vec<Option<ValueId>> = inputs.unwrap_or_else(named);
        let mut outputs = trimmed(&node.outputs).to_vec();
        if outputs.is_empty() {
            return Err(OnnxError::invalid(place(node, i), "expected an output, got none"));
        }
        match self.graph.infer(&op, &inputs) {
            Ok(made) => self.drop_unused(node, i, &mut outputs, made.len(), used)?,
            Err(e) => return self.not_inferred(node, i, &inputs, e, used.header),
        }
        let names: Vec<String> = (0..outputs.len()).map(|o| self.output_name(node, i, o, used)).collect::<Result<_, _>>()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let id = self
            .graph
            .add_node(&format!("{}{}", self.prefix, label(node, i)), op, &inputs, &names)
            .map_err(|e| self.infer_error(node, i, &inputs, e))?;
        let made = self.graph.node(id).map(|n| n.outputs.clone()).unwrap_or_default();
        for (&name, &value) in outputs.iter().zip(&made) {
            check_fact(self.graph.fact(value), &place(node, i))?;
            self.names.insert(name, Some(Held::Tensor(value)));
        }
        self.check_symbols(node, i)
    }

    pub(crate) fn check_symbols(&self, node: &Node<'f>, i: usize) -> Result<(), OnnxError> {
        if self.graph.symbols().len() <= MAX_SYMBOLS {
            return Ok(());
        }
        Err(OnnxError::invalid(place(node, i), format!("more than {MAX_SYMBOLS} extents that are known at run time only")))
    }

    /// Adds what an operator is made of.
    fn add_parts(&mut self, node: &Node<'f>, i: usize, compose: Compose, named: Named<'_>, header: &Header<'f>) -> Result<(), OnnxError> {
        self.refuse_listed(node, &place(node, i))?;
        let inputs: Vec<Option<ValueId>> = trimmed(&node.inputs).iter().map(|n| self.tensor(n)).collect();
        let outputs = trimmed(&node.outputs);
        let names: Vec<String> = outputs.iter().map(|n| if n.is_empty() { String::new() } else { format!("{}{n}", self.prefix) }).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let node_name = format!("{}{}", self.prefix, label(node, i));
        let made = match self.graph.compose(self.ops, compose, named, &node_name, &inputs, &names) {
            Ok(made) => made,
            Err(ComposeError::Shape(e)) => return self.not_inferred(node, i, &inputs, e, header),
            Err(ComposeError::Build(e)) => return self.without_parts(node, i, header, shown(&e.to_string())),
            Err(ComposeError::Attr(e)) => return self.without_parts(node, i, header, shown(&e.to_string())),
        };
        for (&name, value) in outputs.iter().zip(made).filter(|(name, _)| !name.is_empty()) {
            check_fact(self.graph.fact(value), &place(node, i))?;
            self.names.insert(name, Some(Held::Tensor(value)));
        }
        self.check_symbols(node, i)
    }

    fn without_parts(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>, why: String) -> Result<(), OnnxError> {
        self.unsupported.push(row(node, i, header, why));
        self.without_outputs(node);
        Ok(())
    }

    /// Outputs beyond those that the operator makes are dropped if nobody uses them.
    fn drop_unused(
        &mut self,
        node: &Node<'f>,
        i: usize,
        outputs: &mut Vec<&'f str>,
        made: usize,
        used: &mut Used<'_, 'f>,
    ) -> Result<(), OnnxError> {
        for (o, name) in outputs.iter().enumerate().skip(made).filter(|(_, name)| !name.is_empty()) {
            if used.names()?.contains(name) {
                let why = format!("output {o} (`{}`) is used, but only {made} are supported", shown(name));
                self.unsupported.push(row(node, i, used.header, why));
                self.names.insert(name, None);
            }
        }
        outputs.truncate(made);
        // What nobody uses is not asked for: kernels make what is.
        while outputs.len() > 1 && !used.names()?.contains(outputs[outputs.len() - 1]) {
            outputs.pop();
        }
        Ok(())
    }

    /// Whether a node needs a value that there is none of, because of something that is not supported.
    fn needs_unsupported(&self, node: &Node<'f>) -> bool {
        node.inputs.iter().any(|name| self.names.get(name).is_some_and(Option::is_none))
    }

    /// The outputs keep their names, and have no values.
    pub(crate) fn without_outputs(&mut self, node: &Node<'f>) {
        self.names.extend(node.outputs.iter().filter(|name| !name.is_empty()).map(|name| (*name, None)));
    }

    /// Lists a node whose inputs its operator does not take in this version; an error where no version does.
    fn not_inferred(
        &mut self,
        node: &Node<'f>,
        i: usize,
        inputs: &[Option<ValueId>],
        source: ShapeError,
        header: &Header<'f>,
    ) -> Result<(), OnnxError> {
        let lack = match &source {
            // Another type than that of another input is a mistake of the model.
            ShapeError::DType { expected, .. } => expected.parse::<DType>().is_err(),
            ShapeError::DataDependent(_) | ShapeError::Unsupported(_) => true,
            _ => false,
        };
        let error = self.infer_error(node, i, inputs, source);
        let OnnxError::Infer { op, inputs, source, .. } = &error else { return Err(error) };
        if !lack {
            return Err(error);
        }
        self.unsupported.push(row(node, i, header, shown(&format!("{source}, of {op}({inputs})"))));
        self.without_outputs(node);
        Ok(())
    }

    /// The name of an output; a new one where the file has none.
    fn output_name(&self, node: &Node<'f>, i: usize, o: usize, used: &mut Used<'_, 'f>) -> Result<String, OnnxError> {
        let given = node.outputs[o];
        if !given.is_empty() {
            return Ok(format!("{}{given}", self.prefix));
        }
        let mut name = format!("{}{}#{o}", self.prefix, label(node, i));
        while used.made()?.contains(name.as_str()) || self.given(&name).is_some() {
            name.push('_');
        }
        Ok(name)
    }

    pub(crate) fn infer_error(&self, node: &Node<'f>, i: usize, inputs: &[Option<ValueId>], source: ShapeError) -> OnnxError {
        let show = |v: &Option<ValueId>| v.map_or_else(|| "_".into(), |v| text::fact(&self.graph, self.graph.fact(v)));
        let inputs: Vec<String> = inputs.iter().take(SHOWN_INPUTS).map(show).collect();
        OnnxError::Infer { node: place(node, i), op: shown(node.op), inputs: inputs.join(", "), source }
    }
}

/// Names without the empty ones at the end.
pub(crate) fn trimmed<'s, 'a>(names: &'s [&'a str]) -> &'s [&'a str] {
    let len = names.iter().rposition(|n| !n.is_empty()).map_or(0, |last| last + 1);
    &names[..len]
}

pub(crate) fn row(node: &Node<'_>, i: usize, header: &Header<'_>, why: String) -> Unsupported {
    let opset = header.opsets.version(node.domain).unwrap_or_default();
    Unsupported { node: shown(&label(node, i)), op: shown(node.op), domain: shown(domain(node.domain)), opset, why }
}

/// Facts stay small: of a rank that shapes can hold, and of expressions that can be walked quickly.
pub(crate) fn check_fact(fact: &Fact, place: &str) -> Result<(), OnnxError> {
    if fact.rank() > MAX_RANK {
        return Err(OnnxError::invalid(place, format!("makes a value of rank {}: at most {MAX_RANK} is supported", fact.rank())));
    }
    let ints = fact.ints.as_deref().unwrap_or_default();
    if fact.shape.iter().chain(ints).any(|d| terms(d, MAX_DIM_TERMS).is_none()) {
        return Err(OnnxError::invalid(place, format!("makes a value with an extent of more than {MAX_DIM_TERMS} terms")));
    }
    check_size(fact.dtype, &fact.shape, place)
}

/// Number of terms of an extent, or `None` if there are more than `limit`.
fn terms(dim: &Dim, limit: usize) -> Option<usize> {
    let rest = limit.checked_sub(1)?;
    match dim {
        Dim::Known(_) | Dim::Sym(_) | Dim::New => Some(1),
        Dim::Expr(e) => {
            let a = terms(&e.a, rest)?;
            Some(1 + a + terms(&e.b, rest - a)?)
        }
    }
}

/// The names that nodes make, and those that nodes or outputs use; read when they are first needed.
struct Used<'h, 'f> {
    header: &'h Header<'f>,
    names: Option<HashSet<&'f str>>,
    made: Option<HashSet<&'f str>>,
}

impl<'h, 'f> Used<'h, 'f> {
    fn new(header: &'h Header<'f>) -> Self {
        Self { header, names: None, made: None }
    }

    fn names(&mut self) -> Result<&HashSet<&'f str>, OnnxError> {
        if self.names.is_none() {
            let mut names = HashSet::new();
            for &span in &self.header.graph.nodes {
                let node = Node::read(span)?;
                names.extend(crate::bodies::used_within(&node)?);
                names.extend(node.inputs);
            }
            names.extend(&self.header.results);
            for &span in &self.header.graph.outputs {
                names.insert(crate::view::ValueInfo::read(span)?.name);
            }
            self.names = Some(names);
        }
        Ok(self.names.get_or_insert_default())
    }

    fn made(&mut self) -> Result<&HashSet<&'f str>, OnnxError> {
        if self.made.is_none() {
            let mut made = HashSet::new();
            for &span in &self.header.graph.nodes {
                made.extend(Node::read(span)?.outputs);
            }
            self.made = Some(made);
        }
        Ok(self.made.get_or_insert_default())
    }
}

/// Split may leave it to the number of its outputs how many parts there are.
fn counted(node: &Node<'_>, attrs: &Attrs) -> Attrs {
    let told = ["split", "num_outputs"].iter().any(|name| attrs.get(name).is_some()) || trimmed(&node.inputs).len() > 1;
    if node.op == "Split" && domain(node.domain).is_empty() && !told {
        return attrs.clone().with_int("num_outputs", node.outputs.len() as i64);
    }
    attrs.clone()
}
