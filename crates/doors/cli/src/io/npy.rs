//! Tensors in `.npy` files.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use fastserve::{DType, Shape, Tensor, TensorView};
use npyz::{NpyHeader, Order, TypeChar, TypeStr, WriteOptions, WriterBuilder};

use crate::io::elements::{of_f64, to_f64};

/// The longest header that is read; numpy's own are of 118 bytes.
const HEADER_LIMIT: usize = 4096;
/// The most brackets in a header; a plain array has two.
const BRACKET_LIMIT: usize = 16;

/// Reads a tensor of a type that models have, in either byte and axis order.
pub(crate) fn read(path: &Path) -> Result<Tensor> {
    let place = || format!("cannot read {}", path.display());
    let file = std::fs::read(path).with_context(place)?;
    parse(&file).with_context(place)
}

fn parse(file: &[u8]) -> Result<Tensor> {
    check_header(file)?;
    let mut rest = file;
    let header = NpyHeader::from_reader(&mut rest)?;
    let (dtype, swapped) = dtype_of(&header.dtype())?;
    let dims: Vec<usize> = header.shape().iter().map(|&d| usize::try_from(d)).collect::<Result<_, _>>()?;
    let shape = Shape::new(&dims)?;
    let expected = dtype.storage_bytes(&shape)?;
    ensure!(rest.len() == expected, "{dtype}{shape} takes {expected} bytes, got {}", rest.len());
    let mut data = rest.to_vec();
    if header.order() == Order::Fortran {
        data = row_major(&data, &dims, dtype.size_bytes());
    }
    if swapped {
        data.chunks_exact_mut(dtype.size_bytes()).for_each(<[u8]>::reverse);
    }
    ensure!(dtype != DType::Bool || data.iter().all(|b| *b < 2), "a truth value is neither 0 nor 1");
    Ok(Tensor::copy_of(&TensorView::new(dtype, shape, &data)?)?)
}

/// Refuses headers that no array has, before their parser sees them: long ones, deep ones, and extents whose product
/// overflows.
fn check_header(file: &[u8]) -> Result<()> {
    let byte = |i: usize| file.get(i).copied().map(usize::from).context("this is no .npy file");
    ensure!(file.starts_with(b"\x93NUMPY"), "this is no .npy file");
    let short = byte(8)? | byte(9)? << 8;
    let (start, len) = if byte(6)? == 1 { (10, short) } else { (12, short | byte(10)? << 16 | byte(11)? << 24) };
    ensure!(len <= HEADER_LIMIT, "the header has {len} bytes, the limit is {HEADER_LIMIT}");
    let header = file.get(start..start + len).context("the file ends within its header")?;
    let brackets = header.iter().filter(|b| b"([{".contains(b)).count();
    ensure!(brackets <= BRACKET_LIMIT, "the header has {brackets} brackets, the limit is {BRACKET_LIMIT}");
    let numbers = header.split(|b| !b.is_ascii_digit()).filter(|n| n.iter().any(|d| *d != b'0'));
    let value = |n: &[u8]| std::str::from_utf8(n).ok()?.parse::<u64>().ok();
    let product = numbers.map(value).try_fold(1u64, |p, n| p.checked_mul(n?));
    product.map(drop).context("the extents are larger than memory can be")
}

/// The element type, and whether its bytes are in the order of other machines.
fn dtype_of(dtype: &npyz::DType) -> Result<(DType, bool)> {
    let npyz::DType::Plain(t) = dtype else { bail!("records are not supported; save a plain array") };
    let found = match (t.type_char(), t.size_field()) {
        (TypeChar::Bool, 1) => DType::Bool,
        (TypeChar::Uint, 1) => DType::U8,
        (TypeChar::Uint, 2) => DType::U16,
        (TypeChar::Uint, 4) => DType::U32,
        (TypeChar::Uint, 8) => DType::U64,
        (TypeChar::Int, 1) => DType::I8,
        (TypeChar::Int, 2) => DType::I16,
        (TypeChar::Int, 4) => DType::I32,
        (TypeChar::Int, 8) => DType::I64,
        (TypeChar::Float, 2) => DType::F16,
        (TypeChar::Float, 4) => DType::F32,
        (TypeChar::Float, 8) => DType::F64,
        _ => bail!("arrays of type {t} are not supported; convert it with `.astype`"),
    };
    Ok((found, t.endianness() == npyz::Endianness::Big))
}

/// Elements whose first axis runs fastest, in the order in which the last one does.
fn row_major(data: &[u8], dims: &[usize], size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut index = vec![0; dims.len()];
    for _ in 0..data.len() / size {
        let place = index.iter().zip(dims).rev().fold(0, |at, (i, d)| at * d + i);
        out.extend_from_slice(&data[place * size..][..size]);
        advance(&mut index, dims);
    }
    out
}

/// The next index in row-major order.
fn advance(index: &mut [usize], dims: &[usize]) {
    for (i, d) in index.iter_mut().zip(dims).rev() {
        *i += 1;
        if *i < *d {
            return;
        }
        *i = 0;
    }
}

/// A tensor for an input of this type. Numbers become bf16 or codes where the format has no such type, if they stay what they are.
pub(crate) fn read_as(path: &Path, dtype: DType) -> Result<Tensor> {
    let tensor = read(path)?;
    if dtype == tensor.dtype() || type_str(dtype) != type_str(tensor.dtype()) {
        return Ok(tensor);
    }
    let numbers = to_f64(&tensor.view()?)?;
    let made = of_f64(dtype, *tensor.shape(), numbers.iter().copied())?;
    let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
    let exact = numbers.iter().zip(&to_f64(&made.view()?)?).all(same);
    ensure!(exact, "{}: {dtype} does not have all of its numbers", path.display());
    Ok(made)
}

/// The tensor in a type that the format has, where it does not have the tensor's own: floats as f32, integers as those of 8 bits.
pub(crate) fn plain(view: &TensorView<'_>) -> Result<Option<Tensor>> {
    let to = match view.dtype() {
        DType::I4 | DType::I2 => DType::I8,
        DType::U4 | DType::U2 => DType::U8,
        dtype if dtype == DType::BF16 || dtype.narrow().is_some() => DType::F32,
        _ => return Ok(None),
    };
    Ok(Some(of_f64(to, *view.shape(), to_f64(view)?.into_iter())?))
}

/// Writes a tensor. What the format has no type for becomes one that holds it exactly.
pub(crate) fn write(path: &Path, view: &TensorView<'_>) -> Result<()> {
    let place = || format!("cannot write {}", path.display());
    std::fs::write(path, to_bytes(view).with_context(place)?).with_context(place)
}

fn to_bytes(view: &TensorView<'_>) -> Result<Vec<u8>> {
    if let Some(plain) = plain(view)? {
        return to_bytes(&plain.view()?);
    }
    let type_str: TypeStr = type_str(view.dtype()).parse()?;
    let shape: Vec<u64> = view.shape().iter().map(|&d| d as u64).collect();
    let options = WriteOptions::new_header_only().dtype(npyz::DType::Plain(type_str)).shape(&shape);
    let mut file = options.writer(Vec::new()).write_header_only()?;
    file.extend_from_slice(view.bytes());
    Ok(file)
}

fn type_str(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "|b1",
        DType::U8 | DType::U4 | DType::U2 => "|u1",
        DType::U16 => "<u2",
        DType::U32 => "<u4",
        DType::U64 => "<u8",
        DType::I8 | DType::I4 | DType::I2 => "|i1",
        DType::I16 => "<i2",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::F16 => "<f2",
        DType::F64 => "<f8",
        _ => "<f4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastserve::{Bool, bf16, f16};

    fn round_trip(tensor: &Tensor) -> Tensor {
        parse(&to_bytes(&tensor.view().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn every_type_comes_back() {
        for dtype in DType::all() {
            for dims in [&[][..], &[0], &[3], &[2, 3, 1]] {
                let tensor = crate::io::random::tensor(dtype, dims, 1, Default::default()).unwrap();
                let kept = plain(&tensor.view().unwrap()).unwrap();
                assert_eq!(round_trip(&tensor), kept.unwrap_or(tensor), "{dtype}{dims:?}");
            }
        }
        let half = Tensor::from_slice(&[1], &[bf16::from_f32(1.5)]).unwrap();
        assert_eq!(round_trip(&half).as_slice::<f32>().unwrap(), [1.5]);
    }

    #[test]
    fn headers_are_numpys() {
        let text = |t: Tensor| String::from_utf8_lossy(&to_bytes(&t.view().unwrap()).unwrap()[10..]).into_owned();
        assert!(text(Tensor::from_slice(&[1], &[Bool::from(true)]).unwrap()).starts_with("{'descr': '|b1'"));
        assert!(text(Tensor::from_slice(&[1], &[f16::ONE]).unwrap()).starts_with("{'descr': '<f2'"));
    }

    fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn other_orders_are_turned() {
        let t = parse(&file("|u1", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6])).unwrap();
        assert_eq!(t.as_slice::<u8>().unwrap(), [1, 2, 3, 4, 5, 6]);
        let t = parse(&file(">i2", "False", "(2,)", &[0, 1, 1, 0])).unwrap();
        assert_eq!(t.as_slice::<i16>().unwrap(), [1, 256]);
    }

    #[test]
    fn bad_files_are_refused() {
        let deep = file("<f4", "False", &"(".repeat(1000), &[]);
        let wide = file("<f4", "False", "(4294967296, 4294967296, 4294967296)", &[]);
        let short = file("<f4", "False", "(2,)", &[0; 7]);
        let mut endless = file("<f4", "False", "(1,)", &[0; 4]);
        endless[6] = 2;
        for bad in [&deep, &wide, &short, &endless, &file("<c8", "False", "(1,)", &[0; 8]), &file("|b1", "False", "(1,)", &[7])] {
            assert!(parse(bad).is_err());
        }
        let good = file("<f4", "False", "(1,)", &[0; 4]);
        assert!((0..good.len()).all(|n| parse(&good[..n]).is_err()));
    }
}
