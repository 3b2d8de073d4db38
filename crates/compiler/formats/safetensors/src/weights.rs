//! The tensors of a safetensors file.

use bytes::Bytes;
use fastserve_tensor::{DType, Shape, Tensor, TensorError, bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::Metadata, tensor::TensorInfo};

use crate::error::SafetensorsError;
use crate::limits::MAX_HEADER_BYTES;

/// Bytes of the header's length.
const LENGTH_BYTES: usize = 8;

/// A file's tensors, where they lie in it.
pub(crate) struct Weights {
    metadata: Metadata,
    body: Bytes,
}

impl Weights {
    /// Reads the header; each tensor's bytes are then known to be there.
    pub(crate) fn read(file: Bytes) -> Result<Self, SafetensorsError> {
        let length = file.first_chunk::<LENGTH_BYTES>().map_or(0, |b| u64::from_le_bytes(*b));
        if length > MAX_HEADER_BYTES {
            return Err(SafetensorsError::Limit(format!("a header of {length} bytes; at most {MAX_HEADER_BYTES} are read")));
        }
        let (header, metadata) = SafeTensors::read_metadata(&file)?;
        let body = file.slice((LENGTH_BYTES + header).min(file.len())..);
        Ok(Self { metadata, body })
    }

    /// Whether there is a tensor of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.metadata.info(name).is_some()
    }

    /// A tensor of these extents as f32.
    pub(crate) fn get(&self, name: &str, dims: &[usize]) -> Result<Tensor, SafetensorsError> {
        let info = self.metadata.info(name).ok_or_else(|| SafetensorsError::Missing(name.to_owned()))?;
        let wrong = || SafetensorsError::Tensor {
            name: name.to_owned(),
            expected: format!("f32, f16 or bf16 {dims:?}"),
            got: format!("{:?} {:?}", info.dtype, info.shape),
        };
        if info.shape != dims {
            return Err(wrong());
        }
        let dtype = match info.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            _ => return Err(wrong()),
        };
        self.tensor(info, dtype).map_err(|source| SafetensorsError::Memory { name: name.to_owned(), source })
    }

    fn tensor(&self, info: &TensorInfo, dtype: DType) -> Result<Tensor, TensorError> {
        let (start, end) = info.data_offsets;
        let (end, start) = (end.min(self.body.len()), start.min(self.body.len()));
        let tensor = Tensor::from_shared(dtype, Shape::new(&info.shape)?, self.body.slice(start.min(end)..end))?;
        match dtype {
            DType::F16 => widen(&tensor, f16::to_f32),
            DType::BF16 => widen(&tensor, bf16::to_f32),
            _ => Ok(tensor),
        }
    }
}

fn widen<T: fastserve_tensor::Element>(narrow: &Tensor, to_f32: impl Fn(T) -> f32) -> Result<Tensor, TensorError> {
    let mut wide = Tensor::zeros(DType::F32, *narrow.shape())?;
    for (to, from) in wide.as_mut_slice::<f32>()?.iter_mut().zip(narrow.as_slice::<T>()?) {
        *to = to_f32(*from);
    }
    Ok(wide)
}
