//! Which fields hold messages, names and numbers, and what each takes in memory once it is loaded.
//!
//! A field that is not here is skipped unseen. Costs are upper bounds for what this crate and the graph reserve for one
//! occurrence (for one element of a list of numbers), growth of vectors and hash tables included; the tests on crafted files
//! measure that they hold.

use fastserve_ir::{Node, Value};

/// A message: its fields.
pub(crate) struct Message {
    pub(crate) fields: &'static [Field],
}

/// A field of a message.
pub(crate) struct Field {
    pub(crate) tag: u32,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it may be there more than once.
    pub(crate) list: bool,
    /// Bytes that an occurrence takes when loaded; of a list of numbers, an element.
    pub(crate) cost: usize,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A number of 1 to 10 bytes; a list may be packed.
    Varint,
    /// 32 bits; a list may be packed.
    Fixed32,
    /// 64 bits; a list may be packed.
    Fixed64,
    /// UTF-8 of at most `MAX_NAME_BYTES`; two copies of it are charged.
    Name,
    /// UTF-8 of any length; two copies of it are charged.
    Text,
    /// Bytes that may be copied once.
    Bytes,
    /// Bytes that nothing looks at.
    Unread,
    /// Another message.
    Message(&'static Message),
}

/// Positions in a message's table.
pub(crate) const MAX_FIELDS: usize = 24;

impl Message {
    /// The field of this number and its position in the table.
    pub(crate) fn find(&self, tag: u32) -> Option<(usize, &'static Field)> {
        self.fields.iter().enumerate().find(|(_, f)| f.tag == tag)
    }
}

const fn one(tag: u32, name: &'static str, kind: Kind) -> Field {
    Field { tag, name, kind, list: false, cost: 0 }
}

const fn list(tag: u32, name: &'static str, kind: Kind, cost: usize) -> Field {
    Field { tag, name, kind, list: true, cost }
}

/// A vector that doubles holds up to twice, and while it moves three times, what is in it.
const GROWTH: usize = 3;
const VALUE: usize = GROWTH * size_of::<Value>() + 320;
const NODE: usize = GROWTH * size_of::<Node>() + 1024;
const NAME_REF: usize = 128;
const ATTRIBUTE: usize = 512;
const ROW: usize = 512;

use Kind::{Bytes, Fixed32, Fixed64, Message as Msg, Name, Text, Unread, Varint};

pub(crate) static MODEL: Message = Message {
    fields: &[
        one(1, "ir_version", Varint),
        one(2, "producer_name", Text),
        one(3, "producer_version", Text),
        one(4, "domain", Text),
        one(5, "model_version", Varint),
        one(6, "doc_string", Text),
        one(7, "graph", Msg(&GRAPH)),
        list(8, "opset_import", Msg(&OPSET), 256),
        list(14, "metadata_props", Msg(&ENTRY), 256),
        list(25, "functions", Msg(&FUNCTION), ROW),
    ],
};

static OPSET: Message = Message { fields: &[one(1, "domain", Name), one(2, "version", Varint)] };

static ENTRY: Message = Message { fields: &[one(1, "key", Text), one(2, "value", Text)] };

static GRAPH: Message = Message {
    fields: &[
        list(1, "node", Msg(&NODE_PROTO), NODE),
        one(2, "name", Name),
        list(5, "initializer", Msg(&TENSOR), VALUE),
        one(10, "doc_string", Unread),
        list(11, "input", Msg(&VALUE_INFO), VALUE + 1024),
        list(12, "output", Msg(&VALUE_INFO), ROW),
        list(13, "value_info", Unread, 0),
        list(14, "quantization_annotation", Unread, 0),
        list(15, "sparse_initializer", Msg(&SPARSE_TENSOR), ROW),
    ],
};

static NODE_PROTO: Message = Message {
    fields: &[
        list(1, "input", Name, NAME_REF),
        list(2, "output", Name, VALUE),
        one(3, "name", Name),
        one(4, "op_type", Name),
        list(5, "attribute", Msg(&ATTRIBUTE_PROTO), ATTRIBUTE),
        one(6, "doc_string", Unread),
        one(7, "domain", Name),
        one(8, "overload", Name),
    ],
};

static ATTRIBUTE_PROTO: Message = Message {
    fields: &[
        one(1, "name", Name),
        one(2, "f", Fixed32),
        one(3, "i", Varint),
        one(4, "s", Text),
        one(5, "t", Msg(&TENSOR)),
        one(6, "g", Msg(&GRAPH)),
        list(7, "floats", Fixed32, 16),
        list(8, "ints", Varint, 32),
        list(9, "strings", Text, NAME_REF),
        list(10, "tensors", Msg(&TENSOR), 0),
        list(11, "graphs", Msg(&GRAPH), 128),
        one(13, "doc_string", Unread),
        one(20, "type", Varint),
        one(21, "ref_attr_name", Name),
    ],
};

static VALUE_INFO: Message = Message { fields: &[one(1, "name", Name), one(2, "type", Msg(&TYPE)), one(3, "doc_string", Unread)] };

static TYPE: Message = Message {
    fields: &[
        one(1, "tensor_type", Msg(&TENSOR_TYPE)),
        one(4, "sequence_type", Msg(&ELEMENT_TYPE)),
        one(5, "map_type", Unread),
        one(7, "opaque_type", Unread),
        one(8, "sparse_tensor_type", Unread),
        one(9, "optional_type", Msg(&ELEMENT_TYPE)),
    ],
};

/// Of a sequence or an optional value: the type of what is in it.
static ELEMENT_TYPE: Message = Message { fields: &[one(1, "elem_type", Msg(&TYPE))] };

static TENSOR_TYPE: Message = Message { fields: &[one(1, "elem_type", Varint), one(2, "shape", Msg(&SHAPE))] };

static SHAPE: Message = Message { fields: &[list(1, "dim", Msg(&DIMENSION), 0)] };

static DIMENSION: Message = Message { fields: &[one(1, "dim_value", Varint), one(2, "dim_param", Name)] };

pub(crate) static TENSOR: Message = Message {
    fields: &[
        list(1, "dims", Varint, 0),
        one(2, "data_type", Varint),
        one(3, "segment", Unread),
        list(4, "float_data", Fixed32, 4),
        list(5, "int32_data", Varint, 4),
        list(6, "string_data", Unread, 0),
        list(7, "int64_data", Varint, 8),
        one(8, "name", Name),
        one(9, "raw_data", Bytes),
        list(10, "double_data", Fixed64, 8),
        list(11, "uint64_data", Varint, 8),
        one(12, "doc_string", Unread),
        list(13, "external_data", Msg(&ENTRY), 64),
        one(14, "data_location", Varint),
    ],
};

pub(crate) static SEQUENCE: Message = Message {
    fields: &[
        one(1, "name", Name),
        one(2, "elem_type", Varint),
        list(3, "tensor_values", Msg(&TENSOR), VALUE),
        list(4, "sparse_tensor_values", Unread, 0),
        list(5, "sequence_values", Unread, 0),
        list(6, "map_values", Unread, 0),
        list(7, "optional_values", Unread, 0),
    ],
};

pub(crate) static OPTIONAL: Message = Message {
    fields: &[
        one(1, "name", Name),
        one(2, "elem_type", Varint),
        one(3, "tensor_value", Msg(&TENSOR)),
        one(4, "sparse_tensor_value", Unread),
        one(5, "sequence_value", Msg(&SEQUENCE)),
        one(6, "map_value", Unread),
        one(7, "optional_value", Unread),
    ],
};

static SPARSE_TENSOR: Message = Message { fields: &[one(1, "values", Msg(&TENSOR))] };

static FUNCTION: Message = Message {
    fields: &[
        one(1, "name", Name),
        list(4, "input", Name, NAME_REF),
        list(5, "output", Name, NAME_REF),
        list(6, "attribute", Name, NAME_REF),
        list(7, "node", Msg(&NODE_PROTO), ROW),
        list(9, "opset_import", Msg(&OPSET), 256),
        one(10, "domain", Name),
        list(11, "attribute_proto", Msg(&ATTRIBUTE_PROTO), ATTRIBUTE),
        one(13, "overload", Name),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_short_enough() {
        for message in [&MODEL, &GRAPH, &NODE_PROTO, &ATTRIBUTE_PROTO, &TENSOR] {
            assert!(message.fields.len() <= MAX_FIELDS);
        }
    }
}
