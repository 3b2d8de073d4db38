//! What the metadata of a call says: its deadline and its trace.

use std::time::{Duration, Instant};

use fastserve_serve::TraceContext;
use tonic::metadata::MetadataMap;

/// When the answer is of no use any more, of `grpc-timeout`. A value that is none is as if there were none.
pub(crate) fn deadline(metadata: &MetadataMap, now: Instant) -> Option<Instant> {
    now.checked_add(timeout(metadata.get("grpc-timeout")?.to_str().ok()?)?)
}

/// The parent span, of `traceparent`.
pub(crate) fn trace(metadata: &MetadataMap) -> Option<TraceContext> {
    fastserve_v2::trace::parse(metadata.get("traceparent")?.to_str().ok()?)
}

/// Up to eight digits and a unit.
fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(n.checked_mul(3600)?)),
        "M" => Some(Duration::from_secs(n.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(n)),
        "m" => Some(Duration::from_millis(n)),
        "u" => Some(Duration::from_micros(n)),
        "n" => Some(Duration::from_nanos(n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_timeouts() {
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!((timeout("5m"), timeout("5u")), (Some(Duration::from_millis(5)), Some(Duration::from_micros(5))));
        for bad in ["", "5", "m", "123456789S", "-1S", "1.5S", "5 S", "5ä"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }
}
