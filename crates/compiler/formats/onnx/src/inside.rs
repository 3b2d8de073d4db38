//! Nodes in the graphs of other nodes and in functions, which are listed with them where they are not supported.

use crate::error::{OnnxError, Refusal, shown};
use crate::header::{Header, domain};
use crate::load::Loader;
use crate::nodes::row;
use crate::sort::label;
use crate::unsupported::Unsupported;
use crate::view::{Attribute, Function, Graph, Node, Tensor};
use crate::wire::Span;

/// Characters of the outer node's name before an inner one: rows stay small, however many there are.
const OUTER_CHARS: usize = 32;

/// Nodes that stand in a graph or in a function.
#[derive(Clone, Copy)]
enum Body<'f> {
    Graph(Span<'f>),
    Function(Span<'f>),
}

impl<'f> Loader<'f, '_> {
    /// Lists what is not supported in the graphs that a node holds and in the functions that it calls, at any depth. A function is
    /// looked at once.
    pub(crate) fn inside(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let outer: String = shown(&label(node, i)).chars().take(OUTER_CHARS).collect();
        let mut left = Vec::new();
        self.push_bodies(&mut left, node, header)?;
        while let Some(body) = left.pop() {
            let nodes = match body {
                Body::Graph(span) => {
                    let graph = Graph::read(span)?;
                    self.constants_inside(&outer, &graph)?;
                    graph.nodes
                }
                Body::Function(span) => function_nodes(span)?,
            };
            for (i, &span) in nodes.iter().enumerate() {
                let node = Node::read(span)?;
                // What is wrong there is not looked for: it is not used.
                if let Err(Refusal::Unsupported(why)) = self.operator(&node, i, header) {
                    let row = row(&node, i, header, why);
                    self.unsupported.push(Unsupported { node: format!("{outer}/{}", row.node), ..row });
                }
                self.push_bodies(&mut left, &node, header)?;
            }
        }
        Ok(())
    }

    fn constants_inside(&mut self, outer: &str, graph: &Graph<'f>) -> Result<(), OnnxError> {
        for &span in &graph.initializers {
            let proto = Tensor::read(span)?;
            if let Err(Refusal::Unsupported(why)) = crate::tensors::dtype(proto.data_type, outer) {
                self.unsupported.push(Unsupported::part(&format!("{outer}/{}", proto.name), "initializer", why));
            }
        }
        Ok(())
    }

    fn push_bodies(&mut self, left: &mut Vec<Body<'f>>, node: &Node<'f>, header: &Header<'f>) -> Result<(), OnnxError> {
        for &span in &node.attributes {
            for field in span.fields() {
                let field = field?;
                if Attribute::GRAPHS.contains(&field.tag) {
                    left.push(Body::Graph(field.span()?));
                }
            }
        }
        if let Some(body) = header.function(node.domain, node.op)
            && self.functions_seen.insert((domain(node.domain), node.op))
        {
            left.push(Body::Function(body));
        }
        Ok(())
    }
}

fn function_nodes(span: Span<'_>) -> Result<Vec<Span<'_>>, OnnxError> {
    let mut nodes = Vec::new();
    for field in span.fields() {
        let field = field?;
        if field.tag == Function::NODE {
            nodes.push(field.span()?);
        }
    }
    Ok(nodes)
}
