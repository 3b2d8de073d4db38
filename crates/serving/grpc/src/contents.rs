//! Elements of a tensor as typed lists.

use fastserve::{Bool, DType, Element, Shape, Tensor, TensorError};
use fastserve_serve::ServeError;

use crate::proto::InferTensorContents;

/// The tensor of the list that belongs to its type.
///
/// # Errors
/// [`ServeError::Input`] if another list is filled, the number of elements is not that of the shape, or one is out of range.
pub(crate) fn tensor(name: &str, dtype: DType, shape: Shape, contents: &InferTensorContents) -> Result<Tensor, ServeError> {
    let refuse = |expected: String, got: String| ServeError::Input { name: name.into(), expected, got };
    let Some(list) = list_of(dtype) else {
        return Err(refuse(format!("{} in `raw_input_contents`", fastserve_v2::datatype::any_name(dtype)), "`contents`".into()));
    };
    if let Some((other, _)) = lens(contents).into_iter().find(|(other, len)| *other != list && *len > 0) {
        return Err(refuse(format!("elements in `{list}`"), format!("elements in `{other}`")));
    }
    let len = lens(contents).into_iter().find(|(other, _)| *other == list).map_or(0, |(_, len)| len);
    if len != shape.numel() {
        return Err(refuse(format!("{} elements for shape {shape}", shape.numel()), len.to_string()));
    }
    convert(dtype, &shape, contents).map_err(|fault| match fault {
        Fault::Range(value) => refuse(format!("elements in the range of {}", fastserve_v2::datatype::any_name(dtype)), value.to_string()),
        Fault::Tensor(error) => ServeError::Invalid(format!("input `{name}`: {error}")),
    })
}

/// The list for a type; `None` where there is none.
fn list_of(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "bool_contents",
        DType::I8 | DType::I16 | DType::I32 => "int_contents",
        DType::I64 => "int64_contents",
        DType::U8 | DType::U16 | DType::U32 => "uint_contents",
        DType::U64 => "uint64_contents",
        DType::F32 => "fp32_contents",
        DType::F64 => "fp64_contents",
        _ => return None,
    })
}

fn lens(contents: &InferTensorContents) -> [(&'static str, usize); 8] {
    [
        ("bool_contents", contents.bool_contents.len()),
        ("int_contents", contents.int_contents.len()),
        ("int64_contents", contents.int64_contents.len()),
        ("uint_contents", contents.uint_contents.len()),
        ("uint64_contents", contents.uint64_contents.len()),
        ("fp32_contents", contents.fp32_contents.len()),
        ("fp64_contents", contents.fp64_contents.len()),
        ("bytes_contents", contents.bytes_contents.len()),
    ]
}

enum Fault {
    Range(i64),
    Tensor(TensorError),
}

fn convert(dtype: DType, shape: &Shape, contents: &InferTensorContents) -> Result<Tensor, Fault> {
    match dtype {
        DType::Bool => {
            let flags: Vec<Bool> = contents.bool_contents.iter().map(|b| Bool(u8::from(*b))).collect();
            made(shape, &flags)
        }
        DType::I8 => narrowed::<i32, i8>(shape, &contents.int_contents),
        DType::I16 => narrowed::<i32, i16>(shape, &contents.int_contents),
        DType::I32 => made(shape, &contents.int_contents),
        DType::I64 => made(shape, &contents.int64_contents),
        DType::U8 => narrowed::<u32, u8>(shape, &contents.uint_contents),
        DType::U16 => narrowed::<u32, u16>(shape, &contents.uint_contents),
        DType::U32 => made(shape, &contents.uint_contents),
        DType::U64 => made(shape, &contents.uint64_contents),
        DType::F32 => made(shape, &contents.fp32_contents),
        _ => made(shape, &contents.fp64_contents),
    }
}

fn made<T: Element>(shape: &Shape, elements: &[T]) -> Result<Tensor, Fault> {
    Tensor::from_slice(shape.dims(), elements).map_err(Fault::Tensor)
}

fn narrowed<W: Copy + Into<i64>, N: Element + TryFrom<W>>(shape: &Shape, elements: &[W]) -> Result<Tensor, Fault> {
    let narrow: Result<Vec<N>, Fault> = elements.iter().map(|v| N::try_from(*v).map_err(|_| Fault::Range((*v).into()))).collect();
    made(shape, &narrow?)
}
