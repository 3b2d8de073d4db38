//! Nodes in the graphs of other nodes, which are listed with them where they are not supported.

use crate::error::{OnnxError, Refusal, shown};
use crate::header::Header;
use crate::load::Loader;
use crate::nodes::row;
use crate::sort::label;
use crate::unsupported::Unsupported;
use crate::view::{Attribute, Graph, Node, Tensor};
use crate::wire::Span;

/// Characters of the outer node's name before an inner one: rows stay small, however many there are.
const OUTER_CHARS: usize = 32;

impl<'f> Loader<'f, '_> {
    /// Lists what is not supported in the graphs that a node holds, at any depth.
    pub(crate) fn inside(&mut self, node: &Node<'f>, i: usize, header: &Header<'f>) -> Result<(), OnnxError> {
        let outer: String = shown(&label(node, i)).chars().take(OUTER_CHARS).collect();
        let mut left = Vec::new();
        push_graphs(&mut left, node)?;
        while let Some(span) = left.pop() {
            let graph = Graph::read(span)?;
            self.constants_inside(&outer, &graph)?;
            for (i, &span) in graph.nodes.iter().enumerate() {
                let node = Node::read(span)?;
                // What is wrong there is not looked for: the graph is not used.
                if let Err(Refusal::Unsupported(why)) = self.operator(&node, i, header) {
                    let row = row(&node, i, header, why);
                    self.unsupported.push(Unsupported { node: format!("{outer}/{}", row.node), ..row });
                }
                push_graphs(&mut left, &node)?;
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
}

fn push_graphs<'f>(left: &mut Vec<Span<'f>>, node: &Node<'f>) -> Result<(), OnnxError> {
    for &span in &node.attributes {
        for field in span.fields() {
            let field = field?;
            if Attribute::GRAPHS.contains(&field.tag) {
                left.push(field.span()?);
            }
        }
    }
    Ok(())
}
