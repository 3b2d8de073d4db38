//! Numbers for people.

/// Microseconds in a fitting unit.
pub(crate) fn time(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us:.1} µs"),
        us if us < 1e6 => format!("{:.2} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

/// With a comma at every third digit.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// With the prefix that leaves at most three digits before the point: `1.54 M`.
pub(crate) fn si(n: u64, unit: &str) -> String {
    const PREFIXES: &[(f64, &str)] = &[(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let row = PREFIXES.iter().find(|(size, _)| n as f64 >= *size);
    row.map_or_else(|| format!("{n} {unit}"), |(size, prefix)| format!("{:.2} {prefix}{unit}", n as f64 / size))
}

/// A number of a tensor: few digits, always as wide as it needs.
pub(crate) fn element(v: f64) -> String {
    match v.abs() {
        a if a == 0.0 || (a >= 1e6 && v.fract() == 0.0 && a < 1e15) => format!("{v}"),
        a if (1e-3..1e6).contains(&a) && v.fract() == 0.0 => format!("{v}"),
        a if (1e-3..1e6).contains(&a) => format!("{v:.4}"),
        a if a.is_finite() => format!("{v:.2e}"),
        _ => format!("{v}"),
    }
}

/// A part as a percentage.
pub(crate) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// Extents as `[1,28]`.
pub(crate) fn extents(dims: &[usize]) -> String {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    format!("[{}]", dims.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_read_them() {
        assert_eq!([thousands(0), thousands(999), thousands(1000), thousands(1234567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([si(12, "B"), si(1_540_000, "FLOP")], ["12 B", "1.54 MFLOP"]);
        assert_eq!([time(41.24), time(2_500.0), time(3e6)], ["41.2 µs", "2.50 ms", "3.00 s"]);
        assert_eq!([element(0.5), element(-3.0), element(1e-9), element(f64::NAN)], ["0.5000", "-3", "1.00e-9", "NaN"]);
    }
}
