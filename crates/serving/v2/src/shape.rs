//! Extents that a client claims.

use fastserve::{DType, Shape};
use fastserve_serve::ServeError;

/// The extents of a tensor, and the bytes that it takes.
///
/// # Errors
/// [`ServeError::Input`] for a negative extent, more of them than a tensor can have, or a product that overflows.
pub fn shape(name: &str, dtype: DType, dims: &[i64]) -> Result<(Shape, usize), ServeError> {
    let refuse =
        |expected: &str| ServeError::Input { name: name.into(), expected: expected.into(), got: format!("shape {}", listed(dims)) };
    let extents: Option<Vec<usize>> = dims.iter().map(|&d| usize::try_from(d).ok()).collect();
    let extents = extents.ok_or_else(|| refuse("extents from 0 on"))?;
    let shape = Shape::new(&extents).map_err(|e| refuse(&format!("a shape that fits ({e})")))?;
    let bytes = dtype.storage_bytes(&shape).map_err(|_| refuse("a tensor that fits in memory"))?;
    Ok((shape, bytes))
}

/// The first extents of a long list, so that an error stays short.
fn listed(dims: &[i64]) -> String {
    let shown: Vec<String> = dims.iter().take(9).map(i64::to_string).collect();
    let more = if dims.len() > shown.len() { ",…" } else { "" };
    format!("[{}{more}]", shown.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_are_refused_by_name() {
        assert_eq!(shape("x", DType::F32, &[2, 3]).map(|s| s.1), Ok(24));
        assert_eq!(shape("x", DType::F32, &[0, i64::MAX]).map(|s| s.1), Ok(0));
        for bad in [&[-1, 2][..], &[i64::MAX, 2], &[i64::MAX, i64::MAX], &[1; 9], &[1; 10_000]] {
            let error = shape("x", DType::F32, bad).unwrap_err().to_string();
            assert!(error.starts_with("input `x`: expected ") && error.len() < 200, "{error}");
        }
    }
}
