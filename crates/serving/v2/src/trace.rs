//! The header `traceparent` of W3C's Trace Context.

use fastserve_serve::TraceContext;

/// The header's value, `00-TRACE-SPAN-FLAGS` in hexadecimal digits; `None` where it is not one, as the standard asks: a broken header
/// is as none.
pub fn parse(value: &str) -> Option<TraceContext> {
    let mut parts = value.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = hex(version, 2)?;
    if known == 0xff || (known == 0 && parts.next().is_some()) {
        return None;
    }
    let (trace_id, span_id) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
    let sampled = hex(flags, 2)? & 1 == 1;
    Some(TraceContext { trace_id, span_id, sampled }).filter(|t| t.trace_id != 0 && t.span_id != 0)
}

fn hex(digits: &str, len: usize) -> Option<u128> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digits.len() != len || !digits.bytes().all(lower) {
        return None;
    }
    u128::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_example() {
        let parsed = parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let expected = TraceContext { trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, span_id: 0x00f0_67aa_0ba9_02b7, sampled: true };
        assert_eq!(parsed, Some(expected));
    }

    #[test]
    fn broken_ones_are_none() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let upper = good.to_uppercase();
        let more = format!("{good}-00");
        for bad in ["", "00", &good[1..], &upper, &more, &good.replace("00-4", "ff-4"), &good.replace('7', "ä")] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
    }
}
