//! The ONNX wire types, generated from `proto/onnx.proto`: include as `mod proto;`.
//!
//! Don't edit: `cargo xtask gen` writes it.
//!
//! schema c7e29c2a1aef7a39c8662fa23e51cdc28965af09d329d22decdf9c70f4115e1d
//! generator 19f019ff1bc426f715ee5fa5c4fa95d77ef4bb25604f18ca740e006017445012
//! code 2eaaea21bbc87b6dbbebdf859c61d8b5f646d45a9225d253ccff5c96cbfb3fdf
//! tidy: generated
#![allow(missing_docs, unreachable_pub, clippy::all)]

/// A file: one graph, the operator sets it is written in, and local functions.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ModelProto {
    /// Version of the format, 1 to 13.
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// Name of the tool that wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: ::prost::alloc::string::String,
    /// Version of that tool.
    #[prost(string, tag = "3")]
    pub producer_version: ::prost::alloc::string::String,
    /// Reverse domain name of the model's owner.
    #[prost(string, tag = "4")]
    pub domain: ::prost::alloc::string::String,
    /// The owner's version of this model.
    #[prost(int64, tag = "5")]
    pub model_version: i64,
    /// Free text.
    #[prost(string, tag = "6")]
    pub doc_string: ::prost::alloc::string::String,
    /// The graph to run.
    #[prost(message, optional, tag = "7")]
    pub graph: ::core::option::Option<GraphProto>,
    /// Operator sets in use, one per domain.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: ::prost::alloc::vec::Vec<OperatorSetIdProto>,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// Functions that nodes may call as if they were operators.
    #[prost(message, repeated, tag = "25")]
    pub functions: ::prost::alloc::vec::Vec<FunctionProto>,
}
/// An operator set: a domain and a version of it.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct OperatorSetIdProto {
    /// Empty for the standard operators.
    #[prost(string, tag = "1")]
    pub domain: ::prost::alloc::string::String,
    /// Version of the set.
    #[prost(int64, tag = "2")]
    pub version: i64,
}
/// One entry of a string-to-string map.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct StringStringEntryProto {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: ::prost::alloc::string::String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: ::prost::alloc::string::String,
}
/// Nodes in topological order, with the constants and the borders of the graph.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct GraphProto {
    /// Nodes, each after the nodes it depends on.
    #[prost(message, repeated, tag = "1")]
    pub node: ::prost::alloc::vec::Vec<NodeProto>,
    /// Name of the graph.
    #[prost(string, tag = "2")]
    pub name: ::prost::alloc::string::String,
    /// Constants, by name.
    #[prost(message, repeated, tag = "5")]
    pub initializer: ::prost::alloc::vec::Vec<TensorProto>,
    /// Free text.
    #[prost(string, tag = "10")]
    pub doc_string: ::prost::alloc::string::String,
    /// Inputs. Before IR version 4 these include the initializers.
    #[prost(message, repeated, tag = "11")]
    pub input: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// Outputs.
    #[prost(message, repeated, tag = "12")]
    pub output: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// Types of values in between, where the writer knew them.
    #[prost(message, repeated, tag = "13")]
    pub value_info: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// Scale and zero point of tensors, by reference.
    #[prost(message, repeated, tag = "14")]
    pub quantization_annotation: ::prost::alloc::vec::Vec<TensorAnnotation>,
    /// Sparse constants.
    #[prost(message, repeated, tag = "15")]
    pub sparse_initializer: ::prost::alloc::vec::Vec<SparseTensorProto>,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "16")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// One call of an operator or of a local function.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct NodeProto {
    /// Names of input values; an empty name is an optional input left out.
    #[prost(string, repeated, tag = "1")]
    pub input: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// Names of output values; an empty name is an output nobody wants.
    #[prost(string, repeated, tag = "2")]
    pub output: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// Name of the node, possibly empty.
    #[prost(string, tag = "3")]
    pub name: ::prost::alloc::string::String,
    /// Name of the operator.
    #[prost(string, tag = "4")]
    pub op_type: ::prost::alloc::string::String,
    /// Attributes, by name.
    #[prost(message, repeated, tag = "5")]
    pub attribute: ::prost::alloc::vec::Vec<AttributeProto>,
    /// Free text.
    #[prost(string, tag = "6")]
    pub doc_string: ::prost::alloc::string::String,
    /// Domain of the operator; empty for the standard operators.
    #[prost(string, tag = "7")]
    pub domain: ::prost::alloc::string::String,
    /// Tells apart local functions of one name.
    #[prost(string, tag = "8")]
    pub overload: ::prost::alloc::string::String,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "9")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// A named constant of a node. `type` says which field holds it.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct AttributeProto {
    /// Name of the attribute.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    /// A 32-bit float.
    #[prost(float, optional, tag = "2")]
    pub f: ::core::option::Option<f32>,
    /// A 64-bit integer.
    #[prost(int64, optional, tag = "3")]
    pub i: ::core::option::Option<i64>,
    /// A string, as bytes.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
    /// A tensor.
    #[prost(message, optional, tag = "5")]
    pub t: ::core::option::Option<TensorProto>,
    /// A graph: the body of a control-flow operator.
    #[prost(message, optional, tag = "6")]
    pub g: ::core::option::Option<GraphProto>,
    /// A list of 32-bit floats.
    #[prost(float, repeated, tag = "7")]
    pub floats: ::prost::alloc::vec::Vec<f32>,
    /// A list of 64-bit integers.
    #[prost(int64, repeated, tag = "8")]
    pub ints: ::prost::alloc::vec::Vec<i64>,
    /// A list of strings, as bytes.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: ::prost::alloc::vec::Vec<::prost::alloc::vec::Vec<u8>>,
    /// A list of tensors.
    #[prost(message, repeated, tag = "10")]
    pub tensors: ::prost::alloc::vec::Vec<TensorProto>,
    /// A list of graphs.
    #[prost(message, repeated, tag = "11")]
    pub graphs: ::prost::alloc::vec::Vec<GraphProto>,
    /// Free text.
    #[prost(string, tag = "13")]
    pub doc_string: ::prost::alloc::string::String,
    /// A type.
    #[prost(message, optional, tag = "14")]
    pub tp: ::core::option::Option<TypeProto>,
    /// A list of types.
    #[prost(message, repeated, tag = "15")]
    pub type_protos: ::prost::alloc::vec::Vec<TypeProto>,
    /// Which of the fields above holds the value.
    #[prost(enumeration = "attribute_proto::AttributeType", tag = "20")]
    pub r#type: i32,
    /// Inside a function: name of the function's attribute to take the value from.
    #[prost(string, tag = "21")]
    pub ref_attr_name: ::prost::alloc::string::String,
    /// A sparse tensor.
    #[prost(message, optional, tag = "22")]
    pub sparse_tensor: ::core::option::Option<SparseTensorProto>,
    /// A list of sparse tensors.
    #[prost(message, repeated, tag = "23")]
    pub sparse_tensors: ::prost::alloc::vec::Vec<SparseTensorProto>,
}
/// Nested message and enum types in `AttributeProto`.
pub mod attribute_proto {
    /// The kinds of attribute.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum AttributeType {
        /// Not said: files of IR version 1.
        Undefined = 0,
        /// Field `f`.
        Float = 1,
        /// Field `i`.
        Int = 2,
        /// Field `s`.
        String = 3,
        /// Field `t`.
        Tensor = 4,
        /// Field `g`.
        Graph = 5,
        /// Field `floats`.
        Floats = 6,
        /// Field `ints`.
        Ints = 7,
        /// Field `strings`.
        Strings = 8,
        /// Field `tensors`.
        Tensors = 9,
        /// Field `graphs`.
        Graphs = 10,
        /// Field `sparse_tensor`.
        SparseTensor = 11,
        /// Field `sparse_tensors`.
        SparseTensors = 12,
        /// Field `tp`.
        TypeProto = 13,
        /// Field `type_protos`.
        TypeProtos = 14,
    }
    impl AttributeType {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Undefined => "UNDEFINED",
                Self::Float => "FLOAT",
                Self::Int => "INT",
                Self::String => "STRING",
                Self::Tensor => "TENSOR",
                Self::Graph => "GRAPH",
                Self::Floats => "FLOATS",
                Self::Ints => "INTS",
                Self::Strings => "STRINGS",
                Self::Tensors => "TENSORS",
                Self::Graphs => "GRAPHS",
                Self::SparseTensor => "SPARSE_TENSOR",
                Self::SparseTensors => "SPARSE_TENSORS",
                Self::TypeProto => "TYPE_PROTO",
                Self::TypeProtos => "TYPE_PROTOS",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "UNDEFINED" => Some(Self::Undefined),
                "FLOAT" => Some(Self::Float),
                "INT" => Some(Self::Int),
                "STRING" => Some(Self::String),
                "TENSOR" => Some(Self::Tensor),
                "GRAPH" => Some(Self::Graph),
                "FLOATS" => Some(Self::Floats),
                "INTS" => Some(Self::Ints),
                "STRINGS" => Some(Self::Strings),
                "TENSORS" => Some(Self::Tensors),
                "GRAPHS" => Some(Self::Graphs),
                "SPARSE_TENSOR" => Some(Self::SparseTensor),
                "SPARSE_TENSORS" => Some(Self::SparseTensors),
                "TYPE_PROTO" => Some(Self::TypeProto),
                "TYPE_PROTOS" => Some(Self::TypeProtos),
                _ => None,
            }
        }
    }
}
/// A value's name and type.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct ValueInfoProto {
    /// Name of the value.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: ::core::option::Option<TypeProto>,
    /// Free text.
    #[prost(string, tag = "3")]
    pub doc_string: ::prost::alloc::string::String,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "4")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// A tensor's numbers, in the file or beside it.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorProto {
    /// Extents, outermost first; empty for a scalar.
    #[prost(int64, repeated, tag = "1")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
    /// Element type, a `DataType`.
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Which part of a larger tensor this is; no known writer uses it.
    #[prost(message, optional, tag = "3")]
    pub segment: ::core::option::Option<tensor_proto::Segment>,
    /// Elements of FLOAT, and of COMPLEX64 in pairs.
    #[prost(float, repeated, tag = "4")]
    pub float_data: ::prost::alloc::vec::Vec<f32>,
    /// Elements of all integers up to 32 bits except UINT32, of BOOL, and the bit
    /// patterns of floats up to 16 bits; sub-byte types keep their packing.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: ::prost::alloc::vec::Vec<i32>,
    /// Elements of STRING.
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: ::prost::alloc::vec::Vec<::prost::alloc::vec::Vec<u8>>,
    /// Elements of INT64.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: ::prost::alloc::vec::Vec<i64>,
    /// Name of the tensor.
    #[prost(string, tag = "8")]
    pub name: ::prost::alloc::string::String,
    /// All elements, little-endian and without gaps; any type but STRING.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub raw_data: ::core::option::Option<::prost::bytes::Bytes>,
    /// Elements of DOUBLE, and of COMPLEX128 in pairs.
    #[prost(double, repeated, tag = "10")]
    pub double_data: ::prost::alloc::vec::Vec<f64>,
    /// Elements of UINT64 and UINT32.
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: ::prost::alloc::vec::Vec<u64>,
    /// Free text.
    #[prost(string, tag = "12")]
    pub doc_string: ::prost::alloc::string::String,
    /// Keys `location` (relative path), `offset` and `length` (bytes, in decimal)
    /// and `checksum`, when `data_location` is EXTERNAL.
    #[prost(message, repeated, tag = "13")]
    pub external_data: ::prost::alloc::vec::Vec<StringStringEntryProto>,
    /// Where the numbers are.
    #[prost(enumeration = "tensor_proto::DataLocation", tag = "14")]
    pub data_location: i32,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "16")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// Nested message and enum types in `TensorProto`.
pub mod tensor_proto {
    /// A part of a larger tensor.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Segment {
        /// First element.
        #[prost(int64, tag = "1")]
        pub begin: i64,
        /// One past the last element.
        #[prost(int64, tag = "2")]
        pub end: i64,
    }
    /// Element types.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum DataType {
        /// Not said; never legal in a file.
        Undefined = 0,
        /// 32-bit float.
        Float = 1,
        /// Unsigned 8-bit integer.
        Uint8 = 2,
        /// Signed 8-bit integer.
        Int8 = 3,
        /// Unsigned 16-bit integer.
        Uint16 = 4,
        /// Signed 16-bit integer.
        Int16 = 5,
        /// Signed 32-bit integer.
        Int32 = 6,
        /// Signed 64-bit integer.
        Int64 = 7,
        /// Byte string.
        String = 8,
        /// Truth value, one byte each in `raw_data`.
        Bool = 9,
        /// IEEE 16-bit float.
        Float16 = 10,
        /// 64-bit float.
        Double = 11,
        /// Unsigned 32-bit integer.
        Uint32 = 12,
        /// Unsigned 64-bit integer.
        Uint64 = 13,
        /// Two 32-bit floats.
        Complex64 = 14,
        /// Two 64-bit floats.
        Complex128 = 15,
        /// The upper half of a 32-bit float.
        Bfloat16 = 16,
        /// 8-bit float, 4 exponent bits, no infinity.
        Float8e4m3fn = 17,
        /// 8-bit float, 4 exponent bits, no infinity, no negative zero.
        Float8e4m3fnuz = 18,
        /// 8-bit float, 5 exponent bits.
        Float8e5m2 = 19,
        /// 8-bit float, 5 exponent bits, no infinity, no negative zero.
        Float8e5m2fnuz = 20,
        /// Unsigned 4-bit integer, two per byte, low half first.
        Uint4 = 21,
        /// Signed 4-bit integer, two per byte, low half first.
        Int4 = 22,
        /// 4-bit float, two per byte, low half first.
        Float4e2m1 = 23,
        /// A power of two in 8 bits.
        Float8e8m0 = 24,
        /// Unsigned 2-bit integer, four per byte, low bits first.
        Uint2 = 25,
        /// Signed 2-bit integer, four per byte, low bits first.
        Int2 = 26,
    }
    impl DataType {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Undefined => "UNDEFINED",
                Self::Float => "FLOAT",
                Self::Uint8 => "UINT8",
                Self::Int8 => "INT8",
                Self::Uint16 => "UINT16",
                Self::Int16 => "INT16",
                Self::Int32 => "INT32",
                Self::Int64 => "INT64",
                Self::String => "STRING",
                Self::Bool => "BOOL",
                Self::Float16 => "FLOAT16",
                Self::Double => "DOUBLE",
                Self::Uint32 => "UINT32",
                Self::Uint64 => "UINT64",
                Self::Complex64 => "COMPLEX64",
                Self::Complex128 => "COMPLEX128",
                Self::Bfloat16 => "BFLOAT16",
                Self::Float8e4m3fn => "FLOAT8E4M3FN",
                Self::Float8e4m3fnuz => "FLOAT8E4M3FNUZ",
                Self::Float8e5m2 => "FLOAT8E5M2",
                Self::Float8e5m2fnuz => "FLOAT8E5M2FNUZ",
                Self::Uint4 => "UINT4",
                Self::Int4 => "INT4",
                Self::Float4e2m1 => "FLOAT4E2M1",
                Self::Float8e8m0 => "FLOAT8E8M0",
                Self::Uint2 => "UINT2",
                Self::Int2 => "INT2",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "UNDEFINED" => Some(Self::Undefined),
                "FLOAT" => Some(Self::Float),
                "UINT8" => Some(Self::Uint8),
                "INT8" => Some(Self::Int8),
                "UINT16" => Some(Self::Uint16),
                "INT16" => Some(Self::Int16),
                "INT32" => Some(Self::Int32),
                "INT64" => Some(Self::Int64),
                "STRING" => Some(Self::String),
                "BOOL" => Some(Self::Bool),
                "FLOAT16" => Some(Self::Float16),
                "DOUBLE" => Some(Self::Double),
                "UINT32" => Some(Self::Uint32),
                "UINT64" => Some(Self::Uint64),
                "COMPLEX64" => Some(Self::Complex64),
                "COMPLEX128" => Some(Self::Complex128),
                "BFLOAT16" => Some(Self::Bfloat16),
                "FLOAT8E4M3FN" => Some(Self::Float8e4m3fn),
                "FLOAT8E4M3FNUZ" => Some(Self::Float8e4m3fnuz),
                "FLOAT8E5M2" => Some(Self::Float8e5m2),
                "FLOAT8E5M2FNUZ" => Some(Self::Float8e5m2fnuz),
                "UINT4" => Some(Self::Uint4),
                "INT4" => Some(Self::Int4),
                "FLOAT4E2M1" => Some(Self::Float4e2m1),
                "FLOAT8E8M0" => Some(Self::Float8e8m0),
                "UINT2" => Some(Self::Uint2),
                "INT2" => Some(Self::Int2),
                _ => None,
            }
        }
    }
    /// Where the numbers are.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum DataLocation {
        /// In this message.
        Default = 0,
        /// In a file beside the model; see `external_data`.
        External = 1,
    }
    impl DataLocation {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Default => "DEFAULT",
                Self::External => "EXTERNAL",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "DEFAULT" => Some(Self::Default),
                "EXTERNAL" => Some(Self::External),
                _ => None,
            }
        }
    }
}
/// A tensor given by its elements that differ from zero.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct SparseTensorProto {
    /// Those elements, of shape \[n\]; its name is the name of the whole.
    #[prost(message, optional, tag = "1")]
    pub values: ::core::option::Option<TensorProto>,
    /// Their places, ascending: shape \[n\] (flat) or \[n, rank\].
    #[prost(message, optional, tag = "2")]
    pub indices: ::core::option::Option<TensorProto>,
    /// Extents of the whole.
    #[prost(int64, repeated, tag = "3")]
    pub dims: ::prost::alloc::vec::Vec<i64>,
}
/// Names the tensors that hold another tensor's quantization parameters.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorAnnotation {
    /// The tensor described.
    #[prost(string, tag = "1")]
    pub tensor_name: ::prost::alloc::string::String,
    /// Keys such as `SCALE_TENSOR` and `ZERO_POINT_TENSOR` to tensor names.
    #[prost(message, repeated, tag = "2")]
    pub quant_parameter_tensor_names: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
/// A shape: one entry per dimension.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TensorShapeProto {
    /// Dimensions, outermost first.
    #[prost(message, repeated, tag = "1")]
    pub dim: ::prost::alloc::vec::Vec<tensor_shape_proto::Dimension>,
}
/// Nested message and enum types in `TensorShapeProto`.
pub mod tensor_shape_proto {
    /// A number, a name, or neither when nothing is known.
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Dimension {
        /// What the axis means, for people.
        #[prost(string, tag = "3")]
        pub denotation: ::prost::alloc::string::String,
        /// What is known of the extent.
        #[prost(oneof = "dimension::Value", tags = "1, 2")]
        pub value: ::core::option::Option<dimension::Value>,
    }
    /// Nested message and enum types in `Dimension`.
    pub mod dimension {
        /// What is known of the extent.
        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
        pub enum Value {
            /// The extent.
            #[prost(int64, tag = "1")]
            DimValue(i64),
            /// A name: equal names are equal extents.
            #[prost(string, tag = "2")]
            DimParam(::prost::alloc::string::String),
        }
    }
}
/// The type of a value.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct TypeProto {
    /// What the value means, for people.
    #[prost(string, tag = "6")]
    pub denotation: ::prost::alloc::string::String,
    /// Which kind of type.
    #[prost(oneof = "type_proto::Value", tags = "1, 4, 5, 7, 8, 9")]
    pub value: ::core::option::Option<type_proto::Value>,
}
/// Nested message and enum types in `TypeProto`.
pub mod type_proto {
    /// A dense tensor.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Tensor {
        /// Element type, a `TensorProto.DataType`.
        #[prost(int32, tag = "1")]
        pub elem_type: i32,
        /// Shape; absent when even the rank is unknown.
        #[prost(message, optional, tag = "2")]
        pub shape: ::core::option::Option<super::TensorShapeProto>,
    }
    /// A list of values of one type.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Sequence {
        /// Type of each value.
        #[prost(message, optional, boxed, tag = "1")]
        pub elem_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }
    /// A map.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Map {
        /// Type of the keys, a `TensorProto.DataType`.
        #[prost(int32, tag = "1")]
        pub key_type: i32,
        /// Type of the values.
        #[prost(message, optional, boxed, tag = "2")]
        pub value_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }
    /// A value or nothing.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Optional {
        /// Type of the value.
        #[prost(message, optional, boxed, tag = "1")]
        pub elem_type: ::core::option::Option<::prost::alloc::boxed::Box<super::TypeProto>>,
    }
    /// A sparse tensor.
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct SparseTensor {
        /// Element type, a `TensorProto.DataType`.
        #[prost(int32, tag = "1")]
        pub elem_type: i32,
        /// Shape; absent when even the rank is unknown.
        #[prost(message, optional, tag = "2")]
        pub shape: ::core::option::Option<super::TensorShapeProto>,
    }
    /// A type that only its domain understands.
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Opaque {
        /// The domain.
        #[prost(string, tag = "1")]
        pub domain: ::prost::alloc::string::String,
        /// Name of the type in it.
        #[prost(string, tag = "2")]
        pub name: ::prost::alloc::string::String,
    }
    /// Which kind of type.
    #[derive(Clone, PartialEq, ::prost::Oneof)]
    pub enum Value {
        /// A dense tensor.
        #[prost(message, tag = "1")]
        TensorType(Tensor),
        /// A list.
        #[prost(message, tag = "4")]
        SequenceType(::prost::alloc::boxed::Box<Sequence>),
        /// A map.
        #[prost(message, tag = "5")]
        MapType(::prost::alloc::boxed::Box<Map>),
        /// A domain's own type.
        #[prost(message, tag = "7")]
        OpaqueType(Opaque),
        /// A sparse tensor.
        #[prost(message, tag = "8")]
        SparseTensorType(SparseTensor),
        /// A value or nothing.
        #[prost(message, tag = "9")]
        OptionalType(::prost::alloc::boxed::Box<Optional>),
    }
}
/// A subgraph that nodes call by name; the triple (domain, name, overload) is unique.
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct FunctionProto {
    /// Name that a node's `op_type` refers to.
    #[prost(string, tag = "1")]
    pub name: ::prost::alloc::string::String,
    /// Names of inputs.
    #[prost(string, repeated, tag = "4")]
    pub input: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// Names of outputs.
    #[prost(string, repeated, tag = "5")]
    pub output: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// Names of attributes without a default.
    #[prost(string, repeated, tag = "6")]
    pub attribute: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
    /// The body, in topological order.
    #[prost(message, repeated, tag = "7")]
    pub node: ::prost::alloc::vec::Vec<NodeProto>,
    /// Free text.
    #[prost(string, tag = "8")]
    pub doc_string: ::prost::alloc::string::String,
    /// Operator sets that the body is written in.
    #[prost(message, repeated, tag = "9")]
    pub opset_import: ::prost::alloc::vec::Vec<OperatorSetIdProto>,
    /// Domain that a node's `domain` refers to.
    #[prost(string, tag = "10")]
    pub domain: ::prost::alloc::string::String,
    /// Attributes with a default.
    #[prost(message, repeated, tag = "11")]
    pub attribute_proto: ::prost::alloc::vec::Vec<AttributeProto>,
    /// Types of values in the body, where known.
    #[prost(message, repeated, tag = "12")]
    pub value_info: ::prost::alloc::vec::Vec<ValueInfoProto>,
    /// Tells apart functions of one name.
    #[prost(string, tag = "13")]
    pub overload: ::prost::alloc::string::String,
    /// Free key-value pairs.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: ::prost::alloc::vec::Vec<StringStringEntryProto>,
}
