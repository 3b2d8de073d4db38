//! A distribution of latencies as a picture.

use std::fmt::Write as _;

use crate::report::Report;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 56.0;
const COLOURS: &[&str] = &["#0b6e99", "#c0392b", "#27834a", "#8e44ad", "#b9770e", "#34495e"];
/// The percentiles that are marked; the last is the right edge.
const MARKS: &[f64] = &[0.0, 50.0, 90.0, 99.0, 99.9, 99.99];

/// Latency by percentile, both axes logarithmic (the right end is 99.99 %), a line for each report.
pub fn svg(title: &str, reports: &[(String, &Report)]) -> String {
    let latencies = reports.iter().flat_map(|(_, r)| &r.curve).map(|p| p.latency_us).filter(|l| *l > 0.0);
    let (low, high) = latencies.fold((f64::MAX, 0.0f64), |(low, high), l| (low.min(l), high.max(l)));
    let (low, high) = if high > 0.0 { (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0)) } else { (0.0, 1.0) };
    let y = |latency: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (latency.max(1e-3).log10() - low) / (high - low));
    let mut out = String::new();
    head(&mut out, title);
    for decade in low as i32..=high as i32 {
        rule(&mut out, y(10f64.powi(decade)), &time(10f64.powi(decade)));
    }
    for &mark in MARKS {
        tick(&mut out, x(mark), &format!("{mark} %"));
    }
    for (at, (name, report)) in reports.iter().enumerate() {
        let colour = COLOURS.get(at % COLOURS.len()).copied().unwrap_or("black");
        line(&mut out, report, colour, y);
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" fill=\"{colour}\">{}</text>",
            LEFT + 12.0,
            TOP + 18.0 * (at as f64 + 1.0),
            escaped(name)
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Writing into a String cannot fail: results are left out below.
fn head(out: &mut String, title: &str) {
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"26\" font-size=\"15\">{}</text>",
        escaped(title)
    );
}

fn rule(out: &mut String, y: f64, label: &str) {
    let (right, text) = (WIDTH - RIGHT, LEFT - 8.0);
    let _ = writeln!(
        out,
        "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{text}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
        y + 4.0
    );
}

fn tick(out: &mut String, x: f64, label: &str) {
    let bottom = HEIGHT - BOTTOM;
    let _ = writeln!(
        out,
        "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#eee\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
        bottom + 20.0
    );
}

fn line(out: &mut String, report: &Report, colour: &str, y: impl Fn(f64) -> f64) {
    let points = report.curve.iter().filter(|p| p.latency_us > 0.0);
    let points: Vec<String> = points.map(|p| format!("{:.1},{:.1}", x(p.percentile), y(p.latency_us))).collect();
    let _ = writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>", points.join(" "));
}

/// Each further nine takes as much room as the one before.
fn x(percentile: f64) -> f64 {
    let nines = -(1.0 - percentile.min(99.99) / 100.0).max(1e-4).log10();
    LEFT + (WIDTH - LEFT - RIGHT) * nines / 4.0
}

fn time(us: f64) -> String {
    match us {
        us if us >= 1e6 => format!("{} s", us / 1e6),
        us if us >= 1e3 => format!("{} ms", us / 1e3),
        us => format!("{us} µs"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
