//! Attributes to `AttributeProto`.

use fastserve_ir::{Attr, Attrs};

use super::values;
use crate::proto::AttributeProto;
use crate::proto::attribute_proto::AttributeType;

/// All attributes, in the order of their names.
pub(super) fn write(attrs: &Attrs) -> Vec<AttributeProto> {
    attrs.iter().map(|(name, attr)| attribute(name, attr)).collect()
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
        // Nodes that hold graphs are refused before.
        Attr::Graph(_) => of(AttributeType::Graph),
        Attr::Tensor(v) => AttributeProto { t: Some(values::tensor("", v)), ..of(AttributeType::Tensor) },
    }
}
