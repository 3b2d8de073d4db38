//! Names of element types.

use fastserve::DType;

/// The name of the type of texts; tensors of the engine have none of them.
pub const BYTES: &str = "BYTES";

const NAMES: &[(&str, DType)] = &[
    ("BOOL", DType::Bool),
    ("UINT8", DType::U8),
    ("UINT16", DType::U16),
    ("UINT32", DType::U32),
    ("UINT64", DType::U64),
    ("INT8", DType::I8),
    ("INT16", DType::I16),
    ("INT32", DType::I32),
    ("INT64", DType::I64),
    ("FP16", DType::F16),
    ("BF16", DType::BF16),
    ("FP32", DType::F32),
    ("FP64", DType::F64),
];

/// The element type of a name, such as `FP32`.
pub fn of_name(name: &str) -> Option<DType> {
    NAMES.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// The name of an element type; `None` for the narrow types, which the protocol lacks.
pub fn name(dtype: DType) -> Option<&'static str> {
    NAMES.iter().find(|row| row.1 == dtype).map(|row| row.0)
}

/// The name in texts for people and in metadata: the engine's own where the protocol has none.
pub fn any_name(dtype: DType) -> &'static str {
    name(dtype).unwrap_or_else(|| dtype.name())
}

/// All names, as the end of a sentence about one that is not known.
pub fn names() -> String {
    NAMES.iter().map(|row| row.0).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let named: Vec<DType> = DType::all().filter(|d| name(*d).is_some()).collect();
        assert_eq!(named.len(), NAMES.len());
        assert!(named.iter().all(|d| name(*d).and_then(of_name) == Some(*d)));
        assert_eq!((of_name("fp32"), any_name(DType::I4)), (None, "i4"));
    }
}
