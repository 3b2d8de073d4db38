//! `TensorProto` to tensors. Numbers that lie in the file as they lie in memory are not copied.

use std::collections::HashMap;

use bytes::Bytes;
use fastserve_tensor::{Bool, DType, Element, MAX_RANK, Shape, Tensor, TensorError, bf16, f16};

use crate::error::{OnnxError, Refusal};
use crate::external::External;
use crate::packed;
use crate::view::{self, Numbers, Width};
use crate::wire::{Field, Span, Value};

/// Every data type of the format: number, name, and the element type here if there is one.
const DATA_TYPES: &[(i64, &str, Option<DType>)] = &[
    (1, "FLOAT", Some(DType::F32)),
    (2, "UINT8", Some(DType::U8)),
    (3, "INT8", Some(DType::I8)),
    (4, "UINT16", Some(DType::U16)),
    (5, "INT16", Some(DType::I16)),
    (6, "INT32", Some(DType::I32)),
    (7, "INT64", Some(DType::I64)),
    (8, "STRING", None),
    (9, "BOOL", Some(DType::Bool)),
    (10, "FLOAT16", Some(DType::F16)),
    (11, "DOUBLE", Some(DType::F64)),
    (12, "UINT32", Some(DType::U32)),
    (13, "UINT64", Some(DType::U64)),
    (14, "COMPLEX64", None),
    (15, "COMPLEX128", None),
    (16, "BFLOAT16", Some(DType::BF16)),
    (17, "FLOAT8E4M3FN", Some(DType::F8E4M3FN)),
    (18, "FLOAT8E4M3FNUZ", Some(DType::F8E4M3FNUZ)),
    (19, "FLOAT8E5M2", Some(DType::F8E5M2)),
    (20, "FLOAT8E5M2FNUZ", Some(DType::F8E5M2FNUZ)),
    (21, "UINT4", Some(DType::U4)),
    (22, "INT4", Some(DType::I4)),
    (23, "FLOAT4E2M1", Some(DType::F4E2M1)),
    (24, "FLOAT8E8M0", Some(DType::F8E8M0)),
    (25, "UINT2", Some(DType::U2)),
    (26, "INT2", Some(DType::I2)),
];

/// The element type of a data type.
///
/// # Errors
/// `Unsupported` for a type that has none here, `Wrong` for a number that is no type.
pub(crate) fn dtype(data_type: i64, place: &str) -> Result<DType, Refusal> {
    match DATA_TYPES.iter().find(|row| row.0 == data_type) {
        Some((_, _, Some(dtype))) => Ok(*dtype),
        Some((_, name, None)) => Err(Refusal::Unsupported(format!("elements of type {name}"))),
        None => Err(OnnxError::invalid(place, format!("expected a data type of 1 to {}, got {data_type}", DATA_TYPES.len())).into()),
    }
}

/// The data type of an element type.
pub(crate) fn data_type(dtype: DType) -> i32 {
    DATA_TYPES.iter().find(|row| row.2 == Some(dtype)).map_or(0, |row| row.0 as i32)
}

/// Tensors of fewer bytes are read again where they are needed again.
const SMALL_BYTES: usize = 256;

/// Where tensors take their bytes from.
pub(crate) struct Data<'f> {
    /// The model's file.
    pub(crate) file: &'f Bytes,
    /// The files beside it.
    pub(crate) external: External,
    /// Tensors that were read, by their places in the file: a body that joins the graph often has its tensors once.
    seen: HashMap<usize, Tensor>,
}

/// The field in which numbers of a type stand when they do not stand in `raw_data`.
struct List {
    tag: u32,
    name: &'static str,
    width: Width,
}

const LISTS: [List; 5] = [
    List { tag: 4, name: "float_data", width: Width::Fixed32 },
    List { tag: 5, name: "int32_data", width: Width::Varint },
    List { tag: 7, name: "int64_data", width: Width::Varint },
    List { tag: 10, name: "double_data", width: Width::Fixed64 },
    List { tag: 11, name: "uint64_data", width: Width::Varint },
];

fn list_of(dtype: DType) -> &'static List {
    match dtype {
        DType::F32 => &LISTS[0],
        DType::I64 => &LISTS[2],
        DType::F64 => &LISTS[3],
        DType::U64 | DType::U32 => &LISTS[4],
        _ => &LISTS[1],
    }
}

impl<'f> Data<'f> {
    pub(crate) fn new(file: &'f Bytes, external: External) -> Self {
        Self { file, external, seen: HashMap::new() }
    }

    /// The tensor that a message describes; `place` names it in errors.
    ///
    /// # Errors
    /// A type that is not supported, or numbers that do not fit type and extents.
    pub(crate) fn tensor(&mut self, proto: &view::Tensor<'_>, place: &str) -> Result<Tensor, Refusal> {
        if let Some(tensor) = self.seen.get(&proto.span.offset) {
            return Ok(tensor.clone());
        }
        let tensor = self.read(proto, place)?;
        if tensor.bytes().len() >= SMALL_BYTES {
            self.seen.insert(proto.span.offset, tensor.clone());
        }
        Ok(tensor)
    }

    fn read(&mut self, proto: &view::Tensor<'_>, place: &str) -> Result<Tensor, Refusal> {
        let dtype = dtype(proto.data_type, place)?;
        let failed = |source| Refusal::Wrong(OnnxError::Tensor { place: place.into(), source });
        let shape = shape(&proto.dims()?, place)?;
        let size = packed::bytes(dtype, dtype.storage_bytes(&shape).map_err(failed)?);
        let list = list_of(dtype);
        let has_list = LISTS.iter().any(|l| proto.span.fields().any(|f| f.is_ok_and(|f| f.tag == l.tag && !is_empty(&f))));
        if has_list && (proto.raw_data.is_some_and(|r| !r.bytes.is_empty()) || proto.external) {
            return Err(OnnxError::invalid(place, "expected numbers in one place, got a list and another").into());
        }
        let bytes = if proto.external {
            let unpacked = if packed::is_packed(dtype) { shape.numel() } else { 0 };
            self.external.read(&proto.external_data, size, dtype.size_bytes(), unpacked, place)?
        } else if let Some(raw) = proto.raw_data.filter(|_| !has_list) {
            part(self.file, raw)
        } else if let Some(chunk) = single_chunk(proto.span, list) {
            part(self.file, chunk)
        } else {
            return numbers(proto.span, dtype, shape, list, place);
        };
        if packed::is_packed(dtype) {
            return packed::unpack(dtype, shape, &bytes, place).map_err(Refusal::Wrong);
        }
        Tensor::from_shared(dtype, shape, bytes).map_err(failed)
    }
}

fn is_empty(field: &Field<'_>) -> bool {
    matches!(field.value, Value::Bytes(span) if span.bytes.is_empty())
}

/// The part of the file that a span is.
fn part(file: &Bytes, span: Span<'_>) -> Bytes {
    file.slice(span.offset..span.offset + span.bytes.len())
}

fn shape(dims: &[i64], place: &str) -> Result<Shape, OnnxError> {
    if dims.len() > MAX_RANK {
        return Err(OnnxError::Tensor { place: place.into(), source: TensorError::Rank(dims.len()) });
    }
    let extent = |(axis, &d): (usize, &i64)| {
        usize::try_from(d).map_err(|_| OnnxError::invalid(place, format!("extent {axis}: expected 0 or more, got {d}")))
    };
    let extents: Vec<usize> = dims.iter().enumerate().map(extent).collect::<Result<_, _>>()?;
    Shape::new(&extents).map_err(|source| OnnxError::Tensor { place: place.into(), source })
}

/// The bytes of a packed list of fixed width that is in one piece: they lie as in memory.
fn single_chunk<'a>(message: Span<'a>, list: &List) -> Option<Span<'a>> {
    if list.width == Width::Varint {
        return None;
    }
    let mut chunks = message.fields().filter_map(Result::ok).filter(|f| f.tag == list.tag);
    let chunk = chunks.next()?.span().ok()?;
    chunks.next().is_none().then_some(chunk)
}

/// Counts the numbers of a list, and only then reserves memory for them.
fn numbers(message: Span<'_>, dtype: DType, shape: Shape, list: &'static List, place: &str) -> Result<Tensor, Refusal> {
    let all = || Numbers::new(message, list.tag, list.width);
    let mut count = 0usize;
    for number in all() {
        number?;
        count += 1;
    }
    // Elements of less than 8 bits stand there as in `raw_data`: a number is a byte.
    let expected = if packed::is_packed(dtype) { packed::bytes(dtype, shape.numel()) } else { shape.numel() };
    if count != expected {
        let what = if packed::is_packed(dtype) { "numbers" } else { "elements" };
        let why = format!("{dtype}{shape} takes {expected} {what}, {} has {count}", list.name);
        return Err(OnnxError::invalid(place, why).into());
    }
    let mut tensor = Tensor::zeros(dtype, shape).map_err(|source| OnnxError::Tensor { place: place.into(), source })?;
    fill_any(&mut tensor, all()).map_err(|wrong| wrong.refuse(list, place))?;
    Ok(tensor)
}

/// Why a list does not fill a tensor.
enum Wrong {
    Tensor(TensorError),
    /// An element that its type cannot hold.
    Range(usize, i64),
}

impl Wrong {
    fn refuse(self, list: &List, place: &str) -> Refusal {
        let place = place.to_owned();
        Refusal::Wrong(match self {
            Wrong::Tensor(source) => OnnxError::Tensor { place, source },
            Wrong::Range(i, v) => OnnxError::invalid(place, format!("{}[{i}] is {v}, which the element type cannot hold", list.name)),
        })
    }
}

fn fill_any(tensor: &mut Tensor, all: Numbers<'_>) -> Result<(), Wrong> {
    // int32_data holds 32 bits, whatever the varint says beyond them.
    let int = |v: u64| v as i32;
    let bits = |v: u64| u16::try_from(v as i32).ok();
    match tensor.dtype() {
        DType::F32 => fill(tensor, all, |v| Some(f32::from_bits(v as u32))),
        DType::F64 => fill(tensor, all, |v| Some(f64::from_bits(v))),
        DType::I64 => fill(tensor, all, |v| Some(v as i64)),
        DType::U64 => fill(tensor, all, Some),
        DType::U32 => fill(tensor, all, |v| u32::try_from(v).ok()),
        DType::I32 => fill(tensor, all, |v| Some(int(v))),
        DType::I16 => fill(tensor, all, |v| i16::try_from(int(v)).ok()),
        DType::U16 => fill(tensor, all, |v| u16::try_from(int(v)).ok()),
        DType::I8 => fill(tensor, all, |v| i8::try_from(int(v)).ok()),
        DType::U8 => fill(tensor, all, |v| u8::try_from(int(v)).ok()),
        DType::Bool => fill(tensor, all, |v| u8::try_from(int(v)).ok().filter(|&b| b < 2).map(Bool)),
        DType::F16 => fill(tensor, all, |v| bits(v).map(f16::from_bits)),
        DType::BF16 => fill(tensor, all, |v| bits(v).map(bf16::from_bits)),
        _ => fill_codes(tensor, all, |v| u8::try_from(int(v)).ok()),
    }
}

fn fill_codes(tensor: &mut Tensor, all: Numbers<'_>, convert: impl Fn(u64) -> Option<u8>) -> Result<(), Wrong> {
    let dtype = tensor.dtype();
    let mut view = tensor.view_mut().map_err(Wrong::Tensor)?;
    let codes = view.bytes_mut().chunks_mut(packed::codes_in_byte(dtype));
    for (i, (codes, number)) in codes.zip(all.filter_map(Result::ok)).enumerate() {
        packed::unpack_byte(dtype, convert(number).ok_or(Wrong::Range(i, number as i64))?, codes);
    }
    Ok(())
}

fn fill<T: Element>(tensor: &mut Tensor, all: Numbers<'_>, convert: impl Fn(u64) -> Option<T>) -> Result<(), Wrong> {
    let to = tensor.as_mut_slice::<T>().map_err(Wrong::Tensor)?;
    for (i, (to, number)) in to.iter_mut().zip(all.filter_map(Result::ok)).enumerate() {
        *to = convert(number).ok_or(Wrong::Range(i, number as i64))?;
    }
    Ok(())
}
