//! Bodies whose nodes join the graph: functions of the model where they are called, and branches that a constant chooses.

use fastserve_ir::Attrs;
use fastserve_tensor::DType;

use crate::attributes;
use crate::bodies::{free_names, graph_of};
use crate::error::{OnnxError, Refusal, shown};
use crate::header::Header;
use crate::limits::{MAX_INLINED_DEPTH, MAX_INLINED_NODES};
use crate::load::Loader;
use crate::nodes::row;
use crate::sequences::{Held, Names};
use crate::sort::{self, label, place};
use crate::view::{FunctionBody, Graph, Node, ValueInfo};

impl<'f> Loader<'f, '_> {
    /// Adds the nodes of the function that a node calls.
    pub(crate) fn call(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let place = place(node, i);
        let span = header.function(node.domain, node.op).ok_or_else(|| OnnxError::invalid(&*place, "no such function"))?;
        let body = FunctionBody::read(span)?;
        let attrs = match self.call_attrs(node, &body, &place) {
            Ok(attrs) => attrs,
            Err(Refusal::Wrong(e)) => return Err(e),
            Err(Refusal::Unsupported(why)) => {
                self.unsupported.push(row(node, i, header, why));
                return Ok(());
            }
        };
        let mut names = Names::new();
        for (at, &formal) in body.inputs.iter().enumerate() {
            let actual = node.inputs.get(at).filter(|n| !n.is_empty()).map(|n| self.held(n).cloned());
            // An input that the call leaves out is an empty name in the body.
            if let Some(actual) = actual {
                names.insert(formal, actual);
            }
        }
        let absent: Vec<&str> = body.inputs.iter().copied().filter(|n| !names.contains_key(n)).collect();
        let inner = header.with_function(Graph { nodes: body.nodes, ..Graph::default() }, &body.outputs, &body.opsets)?;
        let given = std::mem::replace(&mut self.given_attrs, attrs);
        let made = self.inlined(&inner, names, &absent, &label(node, i), &body.outputs);
        self.given_attrs = given;
        self.name_held(node, i, &made?)
    }

    /// The attributes of a call, and the function's own values for those that are left out.
    fn call_attrs(&mut self, node: &Node<'f>, body: &FunctionBody<'f>, place: &str) -> Result<Attrs, Refusal> {
        let mut attrs = attributes::read(&node.attributes, &mut self.data, &self.given_attrs, place)?;
        let defaults = attributes::read(&body.defaults, &mut self.data, &Attrs::new(), place)?;
        for (name, value) in defaults.iter() {
            if attrs.get(name).is_none() {
                attrs.set(name, value.clone());
            }
        }
        Ok(attrs)
    }

    /// Adds the nodes of the branch that a constant condition takes; whether there was one.
    pub(crate) fn taken(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<bool, OnnxError> {
        let condition = node.inputs.first().and_then(|n| self.tensor(n)).and_then(|v| self.graph.constant(v));
        let (Some(condition), "If") = (condition, node.op) else { return Ok(false) };
        let (DType::Bool, [holds]) = (condition.dtype(), condition.bytes()) else { return Ok(false) };
        let branch = if *holds != 0 { "then_branch" } else { "else_branch" };
        let body = Graph::read(graph_of(node, branch, &place(node, i))?)?;
        let names = self.names_of(&free_names(&body)?);
        let outputs = body.outputs.iter().map(|&s| Ok(ValueInfo::read(s)?.name)).collect::<Result<Vec<&str>, OnnxError>>()?;
        let made = self.inlined(&header.with_graph(body), names, &[], &label(node, i), &outputs)?;
        self.name_held(node, i, &made)?;
        Ok(true)
    }

    /// Those of these names that are known here.
    pub(crate) fn names_of(&self, names: &[&'f str]) -> Names<'f> {
        names.iter().filter_map(|n| Some((*n, self.names.get(n)?.clone()))).collect()
    }

    /// Adds the nodes of a body in which `names` are known; returns its outputs.
    pub(crate) fn inlined(
        &mut self,
        header: &Header<'f>,
        names: Names<'f>,
        absent: &[&'f str],
        name: &str,
        outputs: &[&'f str],
    ) -> Result<Vec<Option<Held>>, OnnxError> {
        let (depth, nodes) = self.inlined;
        let body = header.graph.nodes.len().saturating_add(header.graph.initializers.len()).max(1);
        let all = nodes.saturating_add(body);
        if depth == MAX_INLINED_DEPTH || all > MAX_INLINED_NODES {
            let why = format!(
                "bodies of functions, branches and sequences nest deeper than {MAX_INLINED_DEPTH} or have more than {MAX_INLINED_NODES} nodes"
            );
            return Err(OnnxError::invalid(name, why));
        }
        self.inlined = (depth + 1, all);
        let outer = std::mem::replace(&mut self.names, names);
        let prefix = std::mem::take(&mut self.prefix);
        self.prefix = format!("{prefix}{}/", shown(name));
        let filled = self.fill_inlined(header, absent);
        self.prefix = prefix;
        let inner = std::mem::replace(&mut self.names, outer);
        self.inlined.0 = depth;
        filled.map_err(|e| e.within(name))?;
        Ok(outputs.iter().map(|n| inner.get(n).cloned().flatten()).collect())
    }

    fn fill_inlined(&mut self, header: &Header<'f>, absent: &[&'f str]) -> Result<(), OnnxError> {
        self.constants(&header.graph.initializers)?;
        self.sparse_constants(&header.graph.sparse_initializers)?;
        let known = |name: &str| self.given(name).or_else(|| absent.contains(&name).then_some("an input that is left out"));
        let order = sort::order(&header.graph.nodes, &known)?;
        let ops = self.operators(header)?;
        self.add_nodes(header, &order, ops)
    }
}
