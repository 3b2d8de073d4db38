//! Elements of less than 8 bits: several stand in a byte of a file, the first one in the lowest bits, and each in a byte of memory.

use fastserve_tensor::{DType, Shape, Tensor};

use crate::error::OnnxError;

/// Whether a byte of a file has several elements of this type.
pub(crate) fn is_packed(dtype: DType) -> bool {
    dtype.bits() < 8
}

/// Elements in a byte of a file; 1 where an element takes a byte or more.
pub(crate) fn codes_in_byte(dtype: DType) -> usize {
    (8 / dtype.bits()).max(1)
}

/// The bytes that so many bytes of memory take in a file.
pub(crate) fn bytes(dtype: DType, in_memory: usize) -> usize {
    in_memory.div_ceil(codes_in_byte(dtype))
}

/// Spreads a byte of a file over the codes that it has; the last byte of a tensor may have fewer.
pub(crate) fn unpack_byte(dtype: DType, byte: u8, codes: &mut [u8]) {
    let bits = dtype.bits() as u32;
    for (i, code) in codes.iter_mut().enumerate() {
        let own = byte.checked_shr(i as u32 * bits).unwrap_or(0);
        *code = dtype.narrow().map_or(own, |n| n.canonical(own));
    }
}

/// The tensor that lies packed in these bytes.
///
/// # Errors
/// Too few bytes or too many, or no memory.
pub(crate) fn unpack(dtype: DType, shape: Shape, packed: &[u8], place: &str) -> Result<Tensor, OnnxError> {
    let failed = |source| OnnxError::Tensor { place: place.into(), source };
    let expected = bytes(dtype, dtype.storage_bytes(&shape).map_err(failed)?);
    if packed.len() != expected {
        return Err(OnnxError::invalid(place, format!("{dtype}{shape} takes {expected} bytes, got {}", packed.len())));
    }
    let mut tensor = Tensor::zeros(dtype, shape).map_err(failed)?;
    let mut view = tensor.view_mut().map_err(failed)?;
    let codes = view.bytes_mut().chunks_mut(codes_in_byte(dtype));
    codes.zip(packed).for_each(|(codes, &byte)| unpack_byte(dtype, byte, codes));
    Ok(tensor)
}

/// The bytes of a file for these codes.
pub(crate) fn pack(dtype: DType, codes: &[u8]) -> Vec<u8> {
    let bits = dtype.bits() as u32;
    let mask = u8::MAX >> (8 - bits.min(8));
    let byte = |codes: &[u8]| (0..).zip(codes).fold(0, |byte, (i, code)| byte | (code & mask) << (i * bits));
    codes.chunks(codes_in_byte(dtype)).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_is_in_the_lowest_bits() {
        let unpacked = |dtype, n: usize, packed: &[u8]| {
            let t = unpack(dtype, Shape::new(&[n]).unwrap(), packed, "t").unwrap();
            assert_eq!(pack(dtype, t.bytes()).len(), packed.len());
            t.bytes().iter().map(|&c| c as i8).collect::<Vec<_>>()
        };
        assert_eq!(unpacked(DType::I4, 3, &[0x8f, 0xf7]), [-1, -8, 7]);
        assert_eq!(unpacked(DType::U4, 3, &[0x8f, 0xf7]), [15, 8, 7]);
        assert_eq!(unpacked(DType::I2, 5, &[0b11_10_01_00, 0b10]), [0, 1, -2, -1, -2]);
        assert_eq!(unpacked(DType::U2, 5, &[0b11_10_01_00, 0b10]), [0, 1, 2, 3, 2]);
        assert_eq!(pack(DType::I4, &[0xff, 0xf8, 7]), [0x8f, 0x07]);
    }

    #[test]
    fn other_lengths_are_refused() {
        let shape = Shape::new(&[3]).unwrap();
        for packed in [&[][..], &[0], &[0; 3]] {
            assert!(unpack(DType::I4, shape, packed, "t").is_err());
        }
        assert!(unpack(DType::U2, Shape::new(&[usize::MAX, 2]).unwrap(), &[0], "t").is_err());
        assert_eq!(unpack(DType::U2, Shape::new(&[0, 2]).unwrap(), &[], "t").unwrap().numel(), 0);
    }
}
