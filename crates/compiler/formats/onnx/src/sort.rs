//! The order in which nodes can run. Files should have it already; a file that has not is sorted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::error::{OnnxError, shown};
use crate::view::Node;
use crate::wire::{Span, WireError};

/// Nodes that a message about a circle names.
const NAMED: usize = 16;

/// What a node is called: its name, or else its first output's, or else its number.
pub(crate) fn label(node: &Node<'_>, index: usize) -> String {
    let name = if node.name.is_empty() { node.outputs.iter().find(|o| !o.is_empty()).copied().unwrap_or_default() } else { node.name };
    if name.is_empty() { format!("node[{index}]") } else { name.to_owned() }
}

/// A node's place in the file, for errors.
pub(crate) fn place(node: &Node<'_>, index: usize) -> String {
    format!("graph.node[{index}] `{}` ({})", shown(&label(node, index)), shown(node.op))
}

/// The numbers of the nodes in an order in which they can run: the file's own where that is one. `given` says what a name
/// is that no node makes.
///
/// # Errors
/// A name made twice or not at all, or nodes in a circle.
pub(crate) fn order(nodes: &[Span<'_>], given: &dyn Fn(&str) -> Option<&'static str>) -> Result<Vec<u32>, OnnxError> {
    let makers = makers(nodes, given)?;
    let mut sorted = true;
    for (i, &span) in nodes.iter().enumerate() {
        let node = Node::read(span)?;
        for &name in node.inputs.iter().filter(|n| !n.is_empty()) {
            match makers.get(name) {
                Some(&maker) => sorted &= (maker as usize) < i,
                None if given(name).is_some() => {}
                None => return Err(OnnxError::MissingValue { place: place(&node, i), name: shown(name) }),
            }
        }
    }
    if sorted { Ok((0..nodes.len() as u32).collect()) } else { sort(nodes, &makers) }
}

/// Which node makes a name.
fn makers<'a>(nodes: &[Span<'a>], given: &dyn Fn(&str) -> Option<&'static str>) -> Result<HashMap<&'a str, u32>, OnnxError> {
    let mut makers = HashMap::new();
    for (i, &span) in nodes.iter().enumerate() {
        let node = Node::read(span)?;
        for &name in node.outputs.iter().filter(|n| !n.is_empty()) {
            let other = match makers.insert(name, i as u32) {
                Some(first) => Some(place(&Node::read(nodes[first as usize])?, first as usize)),
                None => given(name).map(str::to_owned),
            };
            if let Some(other) = other {
                return Err(OnnxError::DuplicateName { place: place(&node, i), name: shown(name), other });
            }
        }
    }
    Ok(makers)
}

type Makers<'a> = HashMap<&'a str, u32>;

/// The nodes that make a node's inputs, one for each use.
fn sources<'m>(span: Span<'m>, makers: &'m Makers<'m>) -> Result<impl Iterator<Item = usize> + 'm, WireError> {
    let inputs = Node::read(span)?.inputs;
    Ok(inputs.into_iter().filter_map(move |name| makers.get(name)).map(|&m| m as usize))
}

/// Kahn's algorithm; among nodes that can run, the first of the file comes first.
fn sort<'a>(nodes: &[Span<'a>], makers: &Makers<'a>) -> Result<Vec<u32>, OnnxError> {
    let users = Users::of(nodes, makers)?;
    let mut waiting = users.waiting.clone();
    let mut ready: BinaryHeap<Reverse<u32>> = (0..nodes.len() as u32).filter(|&i| waiting[i as usize] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(i)) = ready.pop() {
        order.push(i);
        for &user in users.of_node(i as usize) {
            waiting[user as usize] -= 1;
            if waiting[user as usize] == 0 {
                ready.push(Reverse(user));
            }
        }
    }
    if order.len() == nodes.len() { Ok(order) } else { Err(cycle(nodes, makers, &waiting)?) }
}

/// The users of every node, in one list.
struct Users {
    /// Number of inputs of each node that other nodes make.
    waiting: Vec<u32>,
    /// Where the users of each node start in `list`; one more than there are nodes.
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Users {
    fn of<'a>(nodes: &[Span<'a>], makers: &Makers<'a>) -> Result<Self, OnnxError> {
        let mut starts = vec![0u32; nodes.len() + 1];
        let mut waiting = vec![0u32; nodes.len()];
        for (i, &span) in nodes.iter().enumerate() {
            for source in sources(span, makers)? {
                starts[source + 1] += 1;
                waiting[i] += 1;
            }
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut list = vec![0u32; starts[nodes.len()] as usize];
        let mut next = starts.clone();
        for (i, &span) in nodes.iter().enumerate() {
            for source in sources(span, makers)? {
                list[next[source] as usize] = i as u32;
                next[source] += 1;
            }
        }
        Ok(Self { waiting, starts, list })
    }

    fn of_node(&self, i: usize) -> &[u32] {
        &self.list[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

/// Walks back from a node that waits until a node comes again: those in between are a circle.
fn cycle<'a>(nodes: &[Span<'a>], makers: &Makers<'a>, waiting: &[u32]) -> Result<OnnxError, WireError> {
    let mut at = waiting.iter().position(|&w| w > 0).unwrap_or_default();
    let mut path = Vec::new();
    let mut seen = vec![None; nodes.len()];
    while seen[at].is_none() {
        seen[at] = Some(path.len());
        path.push(at);
        at = sources(nodes[at], makers)?.find(|&m| waiting[m] > 0).unwrap_or(at);
    }
    let first = seen[at].unwrap_or_default();
    let named = path[first..].iter().take(NAMED).map(|&i| Ok(place(&Node::read(nodes[i])?, i)));
    Ok(OnnxError::Cycle { nodes: named.collect::<Result<_, WireError>>()? })
}
