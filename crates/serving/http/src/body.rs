//! The body of a request: how long it may take, how large it may be, and what it unpacks to.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use fastserve_serve::ServeError;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;

use crate::beside::beside;
use crate::failure::Failure;
use crate::pack::{Packing, packing};

/// How many times its size a packed body may have.
const MOST_RATIO: usize = 100;
/// What a small packed body may have all the same.
const SMALL_BYTES: usize = 1 << 20;

/// Reads a body, and unpacks it.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most_bytes: usize, limit: Duration) -> Result<Bytes, Failure> {
    let packing = packing(headers)?;
    let claimed = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if claimed.is_some_and(|n| n > most_bytes) {
        return Err(too_large(most_bytes).into());
    }
    let bytes = tokio::time::timeout(limit, collect(body, claimed.unwrap_or(0), most_bytes)).await.map_err(|_| Failure::TooSlow)??;
    match packing {
        None => Ok(bytes),
        // It may be far larger than what came.
        Some(packing) => beside(bytes.len().saturating_mul(16), move || Ok(unpack(&bytes, packing, most_bytes)?)).await,
    }
}

fn too_large(most_bytes: usize) -> ServeError {
    ServeError::TooLarge(format!("the body of a request may have {most_bytes} bytes (--max-request-bytes)"))
}

/// All of a body. One that comes in one piece is not copied.
async fn collect(mut body: Body, claimed: usize, most_bytes: usize) -> Result<Bytes, ServeError> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| ServeError::Invalid(format!("the body broke off: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > most_bytes {
            return Err(too_large(most_bytes));
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            // What is claimed was compared with the limit, and is reserved only once something has come.
            all.reserve(claimed.max(first.len() + data.len()));
            all.extend_from_slice(&first);
            first = Bytes::new();
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Unpacks a body, to at most so many bytes and a hundred times its size.
///
/// # Errors
/// It unpacks to more, or is not packed in this way.
pub fn unpack(bytes: &Bytes, packing: Packing, most_bytes: usize) -> Result<Bytes, ServeError> {
    let most = bytes.len().saturating_mul(MOST_RATIO).max(SMALL_BYTES).min(most_bytes);
    let mut out = Vec::new();
    let limit = most as u64 + 1;
    let read = match packing {
        Packing::Gzip => MultiGzDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut out),
        Packing::Deflate => ZlibDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut out),
    };
    read.map_err(|e| ServeError::Invalid(format!("the body is not {}: {e}", packing.name())))?;
    match out.len() > most {
        true if most < most_bytes => Err(ServeError::TooLarge(format!("the body unpacks to more than {MOST_RATIO} times its size"))),
        true => Err(too_large(most_bytes)),
        false => Ok(out.into()),
    }
}
