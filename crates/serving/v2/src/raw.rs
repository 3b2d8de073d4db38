//! Tensors as bytes: little-endian, row-major, texts with their lengths before them.

use bytes::Bytes;
use fastserve::{DType, Tensor};
use fastserve_serve::ServeError;

use crate::shape::shape;

/// A tensor over `bytes`: a part of them where they are aligned, a copy where not.
///
/// # Errors
/// [`ServeError::Input`] if the extents cannot be, or take another number of bytes.
pub fn tensor(name: &str, dtype: DType, dims: &[i64], bytes: Bytes) -> Result<Tensor, ServeError> {
    let (shape, size) = shape(name, dtype, dims)?;
    if bytes.len() != size {
        let expected = format!("{size} bytes for {}{shape}", crate::datatype::any_name(dtype));
        return Err(ServeError::Input { name: name.into(), expected, got: format!("{} bytes", bytes.len()) });
    }
    Tensor::from_shared(dtype, shape, bytes).map_err(|e| ServeError::Invalid(format!("input `{name}`: {e}")))
}

/// The bytes of a tensor, without a copy.
pub fn bytes_of(tensor: Tensor) -> Bytes {
    struct Owner(Tensor);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.bytes()
        }
    }
    Bytes::from_owner(Owner(tensor))
}

/// Texts, each with its length in four bytes before it.
pub fn bytes_of_texts<T: AsRef<[u8]>>(texts: &[T]) -> Vec<u8> {
    let size = texts.iter().map(|t| t.as_ref().len() + 4).sum();
    let mut out = Vec::with_capacity(size);
    for text in texts {
        let text = text.as_ref();
        out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_a_tensor_and_bytes_again() {
        let bytes: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let t = tensor("x", DType::F32, &[2], bytes.clone().into()).unwrap();
        assert_eq!(t.as_slice::<f32>().unwrap(), [1.5, -2.0]);
        assert_eq!(bytes_of(t), bytes);
    }

    #[test]
    fn another_length_is_refused() {
        let error = tensor("x", DType::I64, &[2], Bytes::from_static(&[0; 15])).unwrap_err();
        assert_eq!(error.to_string(), "input `x`: expected 16 bytes for INT64[2], got 15 bytes");
    }

    #[test]
    fn texts_have_lengths() {
        assert_eq!(bytes_of_texts(&["ab", ""]), [2, 0, 0, 0, b'a', b'b', 0, 0, 0, 0]);
    }
}
