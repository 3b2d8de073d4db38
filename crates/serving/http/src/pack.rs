//! Packed bodies.

use std::io::Write;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::failure::Failure;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, which HTTP calls deflate.
    Deflate,
}

impl Packing {
    fn of(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Packing::Gzip),
            "deflate" => Some(Packing::Deflate),
            _ => None,
        }
    }

    /// Its name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Deflate => "deflate",
        }
    }
}

/// How the body of a request is packed.
pub(crate) fn packing(headers: &HeaderMap) -> Result<Option<Packing>, Failure> {
    let Some(value) = headers.get(CONTENT_ENCODING) else {
        return Ok(None);
    };
    let name = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    match Packing::of(&name) {
        Some(packing) => Ok(Some(packing)),
        None if name.is_empty() || name == "identity" => Ok(None),
        None => Err(Failure::Packing(name)),
    }
}

/// How the client wants its answer packed: nearly all clients say that they can read several packings; one that names a single one wants it.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Packing> {
    let value = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    Packing::of(value.trim().to_ascii_lowercase().as_str())
}

/// Packs an answer, fast rather than small.
pub(crate) fn pack(parts: &[&[u8]], packing: Packing) -> std::io::Result<Vec<u8>> {
    match packing {
        Packing::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            parts.iter().try_for_each(|part| encoder.write_all(part))?;
            encoder.finish()
        }
        Packing::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            parts.iter().try_for_each(|part| encoder.write_all(part))?;
            encoder.finish()
        }
    }
}
