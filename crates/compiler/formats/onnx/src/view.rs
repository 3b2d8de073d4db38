//! Messages of the format, borrowed from the file. Fields may come in any order; of a field that is there twice, the last counts.

use crate::wire::{Cursor, Field, Span, Value, WireError};
use fastserve_tensor::MAX_RANK;

type Result<T> = std::result::Result<T, WireError>;

/// The numbers of a list, packed or not, bits as they are.
pub(crate) struct Numbers<'a> {
    fields: Cursor<'a>,
    packed: Cursor<'a>,
    tag: u32,
    read: fn(&mut Cursor<'a>) -> Result<u64>,
}

/// How the numbers of a list are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    Varint,
    Fixed32,
    Fixed64,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(message: Span<'a>, tag: u32, width: Width) -> Self {
        let read: fn(&mut Cursor<'a>) -> Result<u64> = match width {
            Width::Varint => Cursor::varint,
            Width::Fixed32 => |c| c.fixed32().map(u64::from),
            Width::Fixed64 => Cursor::fixed64,
        };
        Self { fields: message.fields(), packed: Cursor(Span::default()), tag, read }
    }
}

impl Iterator for Numbers<'_> {
    type Item = Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.packed.is_empty() {
                let number = (self.read)(&mut self.packed);
                if number.is_err() {
                    self.packed = Cursor(Span::default());
                }
                return Some(number);
            }
            match self.fields.next()? {
                Err(e) => return Some(Err(e)),
                Ok(f) if f.tag != self.tag => {}
                Ok(Field { value: Value::Bytes(span), .. }) => self.packed = Cursor(span),
                Ok(Field { value: Value::Varint(v) | Value::Fixed64(v), .. }) => return Some(Ok(v)),
                Ok(Field { value: Value::Fixed32(v), .. }) => return Some(Ok(v.into())),
            }
        }
    }
}

/// `ModelProto`.
#[derive(Default)]
pub(crate) struct Model<'a> {
    pub(crate) ir_version: i64,
    pub(crate) producer_name: &'a str,
    pub(crate) producer_version: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) model_version: i64,
    pub(crate) doc_string: &'a str,
    pub(crate) graph: Option<Span<'a>>,
    pub(crate) opsets: Vec<(&'a str, i64)>,
    pub(crate) metadata: Vec<(&'a str, &'a str)>,
    pub(crate) functions: Vec<Function<'a>>,
}

impl<'a> Model<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut m = Self::default();
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => m.ir_version = f.int()?,
                2 => m.producer_name = f.text()?,
                3 => m.producer_version = f.text()?,
                4 => m.domain = f.text()?,
                5 => m.model_version = f.int()?,
                6 => m.doc_string = f.text()?,
                7 => m.graph = Some(f.span()?),
                8 => m.opsets.push(opset(f.span()?)?),
                14 => m.metadata.push(entry(f.span()?)?),
                25 => m.functions.push(Function::read(f.span()?)?),
                _ => {}
            }
        }
        Ok(m)
    }
}

fn opset<'a>(span: Span<'a>) -> Result<(&'a str, i64)> {
    let (mut domain, mut version) = ("", 0);
    for field in span.fields() {
        let f = field?;
        match f.tag {
            1 => domain = f.text()?,
            2 => version = f.int()?,
            _ => {}
        }
    }
    Ok((domain, version))
}

fn entry<'a>(span: Span<'a>) -> Result<(&'a str, &'a str)> {
    let (mut key, mut value) = ("", "");
    for field in span.fields() {
        let f = field?;
        match f.tag {
            1 => key = f.text()?,
            2 => value = f.text()?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// `FunctionProto`; its body is read from `span`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Function<'a> {
    pub(crate) span: Span<'a>,
    pub(crate) domain: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Function<'a> {
    /// The field of a node of the body.
    pub(crate) const NODE: u32 = 7;

    fn read(span: Span<'a>) -> Result<Self> {
        let mut function = Self { span, ..Self::default() };
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => function.name = f.text()?,
                10 => function.domain = f.text()?,
                _ => {}
            }
        }
        Ok(function)
    }
}

/// What a function is made of.
#[derive(Default)]
pub(crate) struct FunctionBody<'a> {
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) nodes: Vec<Span<'a>>,
    pub(crate) opsets: Vec<(&'a str, i64)>,
    /// Attributes with values for where the call gives none.
    pub(crate) defaults: Vec<Span<'a>>,
}

impl<'a> FunctionBody<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut b = Self::default();
        for field in span.fields() {
            let f = field?;
            match f.tag {
                4 => b.inputs.push(f.text()?),
                5 => b.outputs.push(f.text()?),
                7 => b.nodes.push(f.span()?),
                9 => b.opsets.push(opset(f.span()?)?),
                11 => b.defaults.push(f.span()?),
                _ => {}
            }
        }
        Ok(b)
    }
}

/// `GraphProto`.
#[derive(Default)]
pub(crate) struct Graph<'a> {
    pub(crate) name: &'a str,
    pub(crate) nodes: Vec<Span<'a>>,
    pub(crate) initializers: Vec<Span<'a>>,
    pub(crate) sparse_initializers: Vec<Span<'a>>,
    pub(crate) inputs: Vec<Span<'a>>,
    pub(crate) outputs: Vec<Span<'a>>,
}

impl<'a> Graph<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut g = Self::default();
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => g.nodes.push(f.span()?),
                2 => g.name = f.text()?,
                5 => g.initializers.push(f.span()?),
                11 => g.inputs.push(f.span()?),
                12 => g.outputs.push(f.span()?),
                15 => g.sparse_initializers.push(f.span()?),
                _ => {}
            }
        }
        Ok(g)
    }
}

/// `NodeProto`.
#[derive(Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) op: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<Span<'a>>,
}

impl<'a> Node<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut n = Self::default();
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => n.inputs.push(f.text()?),
                2 => n.outputs.push(f.text()?),
                3 => n.name = f.text()?,
                4 => n.op = f.text()?,
                5 => n.attributes.push(f.span()?),
                7 => n.domain = f.text()?,
                _ => {}
            }
        }
        Ok(n)
    }
}

/// `AttributeProto`; lists are read from `span`.
#[derive(Default)]
pub(crate) struct Attribute<'a> {
    pub(crate) span: Span<'a>,
    pub(crate) name: &'a str,
    pub(crate) kind: i64,
    pub(crate) f: f32,
    pub(crate) i: i64,
    pub(crate) s: &'a str,
    pub(crate) t: Option<Span<'a>>,
    pub(crate) g: Option<Span<'a>>,
    /// The attribute of the function around that the value is.
    pub(crate) reference: &'a str,
}

impl<'a> Attribute<'a> {
    /// The fields of one graph, and of several.
    pub(crate) const GRAPHS: [u32; 2] = [6, 11];

    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut a = Self { span, ..Self::default() };
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => a.name = f.text()?,
                2 => a.f = f.float()?,
                3 => a.i = f.int()?,
                4 => a.s = f.text()?,
                5 => a.t = Some(f.span()?),
                6 => a.g = Some(f.span()?),
                21 => a.reference = f.text()?,
                20 => a.kind = f.int()?,
                _ => {}
            }
        }
        Ok(a)
    }
}

/// `ValueInfoProto` with its type.
#[derive(Default)]
pub(crate) struct ValueInfo<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: Type<'a>,
}

/// `TypeProto`.
#[derive(Default)]
pub(crate) enum Type<'a> {
    /// Nothing is said.
    #[default]
    Unknown,
    /// A dense tensor: element type, and extents unless even the rank is unknown.
    Tensor(i64, Option<Vec<Extent<'a>>>),
    /// A sequence of tensors, or an optional value.
    List(ListType<'a>),
    /// Something else, by name.
    Other(&'static str),
}

/// A sequence of tensors, an optional tensor, or an optional sequence of tensors.
#[derive(Default)]
pub(crate) struct ListType<'a> {
    pub(crate) optional: bool,
    pub(crate) sequence: bool,
    /// The data type of the tensors.
    pub(crate) element: i64,
    /// Their extents, unless even their rank is unknown.
    pub(crate) extents: Option<Vec<Extent<'a>>>,
}

/// `TensorShapeProto.Dimension`.
#[derive(Clone, Copy, Default)]
pub(crate) enum Extent<'a> {
    #[default]
    Unknown,
    Value(i64),
    Param(&'a str),
}

impl<'a> ValueInfo<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut info = Self::default();
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => info.name = f.text()?,
                2 => info.kind = Type::read(f.span()?)?,
                _ => {}
            }
        }
        Ok(info)
    }
}

impl<'a> Type<'a> {
    fn read(span: Span<'a>) -> Result<Self> {
        let mut kind = Type::Unknown;
        for field in span.fields() {
            let f = field?;
            kind = match f.tag {
                1 => Self::tensor(f.span()?)?,
                4 => Self::sequence(f.span()?, false)?,
                5 => Type::Other("a map"),
                7 => Type::Other("an opaque type"),
                8 => Type::Other("a sparse tensor"),
                9 => Self::optional(f.span()?)?,
                _ => kind,
            };
        }
        Ok(kind)
    }

    /// `SequenceTypeProto`.
    fn sequence(span: Span<'a>, optional: bool) -> Result<Self> {
        match element_type(span)? {
            Some((1, tensor)) => Ok(Self::tensor(tensor)?.listed(optional, true)),
            _ => Ok(Type::Other("a sequence of something else than tensors")),
        }
    }

    /// `OptionalTypeProto`.
    fn optional(span: Span<'a>) -> Result<Self> {
        match element_type(span)? {
            Some((1, tensor)) => Ok(Self::tensor(tensor)?.listed(true, false)),
            Some((4, sequence)) => Self::sequence(sequence, true),
            _ => Ok(Type::Other("an optional value of something else than a tensor or a sequence")),
        }
    }

    fn listed(self, optional: bool, sequence: bool) -> Self {
        match self {
            Type::Tensor(element, extents) => Type::List(ListType { optional, sequence, element, extents }),
            other => other,
        }
    }

    /// The extents of a tensor, or of what is in a list.
    pub(crate) fn extents(&self) -> &[Extent<'a>] {
        match self {
            Type::Tensor(_, Some(extents)) | Type::List(ListType { extents: Some(extents), .. }) => extents,
            _ => &[],
        }
    }

    fn tensor(span: Span<'a>) -> Result<Self> {
        let (mut element, mut shape) = (0, None);
        for field in span.fields() {
            let f = field?;
            match f.tag {
                1 => element = f.int()?,
                2 => shape = Some(extents(f.span()?)?),
                _ => {}
            }
        }
        Ok(Type::Tensor(element, shape))
    }
}

/// The type within a type: its field and its message.
fn element_type<'a>(span: Span<'a>) -> Result<Option<(u32, Span<'a>)>> {
    let mut found = None;
    for field in span.fields() {
        let field = field?;
        if field.tag == 1 {
            for inner in field.span()?.fields() {
                let inner = inner?;
                if matches!(inner.tag, 1 | 4 | 5 | 7 | 8 | 9) {
                    found = Some((inner.tag, inner.span()?));
                }
            }
        }
    }
    Ok(found)
}

/// The extents, at most one more than a shape holds.
fn extents<'a>(span: Span<'a>) -> Result<Vec<Extent<'a>>> {
    let mut dims = Vec::new();
    for field in span.fields() {
        let f = field?;
        if f.tag == 1 && dims.len() <= MAX_RANK {
            dims.push(extent(f.span()?)?);
        }
    }
    Ok(dims)
}

fn extent<'a>(span: Span<'a>) -> Result<Extent<'a>> {
    let mut extent = Extent::Unknown;
    for field in span.fields() {
        let f = field?;
        extent = match f.tag {
            1 => Extent::Value(f.int()?),
            2 => Extent::Param(f.text()?),
            _ => extent,
        };
    }
    Ok(extent)
}

/// `TensorProto`; lists of numbers are read from `span`.
#[derive(Default)]
pub(crate) struct Tensor<'a> {
    pub(crate) span: Span<'a>,
    pub(crate) name: &'a str,
    pub(crate) data_type: i64,
    pub(crate) raw_data: Option<Span<'a>>,
    pub(crate) external: bool,
    pub(crate) external_data: Vec<(&'a str, &'a str)>,
}

impl<'a> Tensor<'a> {
    pub(crate) fn read(span: Span<'a>) -> Result<Self> {
        let mut t = Self { span, ..Self::default() };
        for field in span.fields() {
            let f = field?;
            match f.tag {
                2 => t.data_type = f.int()?,
                8 => t.name = f.text()?,
                9 => t.raw_data = Some(f.span()?),
                13 => t.external_data.push(entry(f.span()?)?),
                14 => t.external = f.int()? == 1,
                _ => {}
            }
        }
        Ok(t)
    }

    /// The extents, at most one more than a shape holds.
    pub(crate) fn dims(&self) -> Result<Vec<i64>> {
        Numbers::new(self.span, 1, Width::Varint).take(MAX_RANK + 1).map(|v| v.map(|v| v as i64)).collect()
    }
}

/// The name of a `SparseTensorProto`, which is that of its values.
pub(crate) fn sparse_name<'a>(span: Span<'a>) -> Result<&'a str> {
    for field in span.fields() {
        let f = field?;
        if f.tag == 1 {
            return Ok(Tensor::read(f.span()?)?.name);
        }
    }
    Ok("")
}
