//! Attributes to `AttributeProto`.

use fastserve_ir::{Attr, Attrs};

use super::values;
use crate::proto::attribute_proto::AttributeType;
use crate::proto::{AttributeProto, GraphProto};

/// All attributes, in the order of their names, then the graphs.
pub(super) fn write(attrs: &Attrs, graphs: Vec<(&'static str, GraphProto)>) -> Vec<AttributeProto> {
    let graph = |(name, graph): (&str, GraphProto)| AttributeProto {
        name: name.to_owned(),
        r#type: AttributeType::Graph as i32,
        g: Some(graph),
        ..Default::default()
    };
    attrs.iter().map(|(name, attr)| attribute(name, attr)).chain(graphs.into_iter().map(graph)).collect()
}

fn attribute(name: &str, attr: &Attr) -> AttributeProto {
    let of = |kind: AttributeType| AttributeProto { name: name.to_owned(), r#type: kind as i32, ..Default::default() };
    match attr {
        Attr::Int(v) => AttributeProto { i: Some(*v), ..of(AttributeType::Int) },
        Attr::Float(v) => AttributeProto { f: Some(*v), ..of(AttributeType::Float) },
        Attr::Str(v) => AttributeProto { s: Some(v.as_bytes().to_vec()), ..of(AttributeType::String) },
        Attr::Ints(v) => AttributeProto { ints: v.clone(), ..of(AttributeType::Ints) },
        Attr::Floats(v) => AttributeProto { floats: v.clone(), ..of(AttributeType::Floats) },
        Attr::Strs(v) => AttributeProto { strings: v.iter().map(|s| s.as_bytes().to_vec()).collect(), ..of(AttributeType::Strings) },
        // Graphs are written by their nodes.
        Attr::Graph(_) => of(AttributeType::Graph),
        Attr::Tensor(v) => AttributeProto { t: Some(values::tensor("", v)), ..of(AttributeType::Tensor) },
    }
}
