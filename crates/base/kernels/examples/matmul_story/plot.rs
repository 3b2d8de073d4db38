//! GFLOP/s against size as SVG, both axes logarithmic.

use crate::measure::{Figure, Peaks};
use crate::steps::STEPS;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 540.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = WIDTH - 170.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = HEIGHT - 50.0;
/// Least distance of two names.
const LINE: f64 = 15.0;
const COLORS: [&str; 7] = ["#7f7f7f", "#8c564b", "#d8762f", "#bca000", "#2ca02c", "#2f7ed8", "#7b3fb5"];

/// From values to places.
struct Scale {
    sizes: [f64; 2],
    gflops: [f64; 2],
}

impl Scale {
    fn of(figures: &[Figure], peaks: &Peaks) -> Scale {
        let least = figures.iter().map(|f| f.gflops).fold(f64::INFINITY, f64::min);
        let most = figures.iter().map(|f| f.gflops).fold(peaks.of(2), f64::max);
        let sizes = figures.iter().map(|f| f.n as f64);
        let (from, to) = sizes.fold((f64::INFINITY, 0.0f64), |(low, high), n| (low.min(n), high.max(n)));
        Scale { sizes: [from, to], gflops: [least / 1.4, most * 1.4] }
    }

    fn x(&self, n: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * share(n, self.sizes)
    }

    fn y(&self, gflops: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * share(gflops, self.gflops)
    }
}

/// Where `value` lies between two others, by its logarithm.
fn share(value: f64, [from, to]: [f64; 2]) -> f64 {
    (value / from).ln() / (to / from).ln().max(f64::MIN_POSITIVE)
}

pub(crate) fn svg(figures: &[Figure], peaks: &Peaks) -> String {
    let scale = Scale::of(figures, peaks);
    let mut parts = vec![
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">"#),
        format!(r#"<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>"#),
        r#"<text x="10" y="24" font-size="15">The same matrix product, n × n by n × n, f32: GFLOP/s of each step</text>"#.into(),
    ];
    axes(figures, &scale, &mut parts);
    let mut names = vec![peak_line(peaks.of(1), "peak, one core", &scale, &mut parts)];
    if peaks.of(2) > 1.2 * peaks.of(1) {
        names.push(peak_line(peaks.of(2), "peak, two cores", &scale, &mut parts));
    }
    for (step, color) in STEPS.iter().zip(COLORS) {
        names.extend(step_line(figures, step.name, color, &scale, &mut parts));
    }
    write_names(names, &mut parts);
    parts.push("</svg>\n".into());
    parts.join("\n")
}

fn axes(figures: &[Figure], scale: &Scale, parts: &mut Vec<String>) {
    let mut sizes: Vec<usize> = figures.iter().map(|f| f.n).collect();
    sizes.dedup();
    for n in sizes {
        let x = scale.x(n as f64);
        parts.push(format!(r##"<line x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{BOTTOM}" stroke="#eee"/>"##));
        parts.push(format!(r#"<text x="{x:.1}" y="{:.1}" text-anchor="middle">{n}</text>"#, BOTTOM + 18.0));
    }
    let ticks = (-3..5).flat_map(|e| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(e)));
    for tick in ticks.filter(|tick| (scale.gflops[0]..scale.gflops[1]).contains(tick)) {
        let y = scale.y(tick);
        parts.push(format!(r##"<line x1="{LEFT}" y1="{y:.1}" x2="{RIGHT:.1}" y2="{y:.1}" stroke="#eee"/>"##));
        parts.push(format!(r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{tick}</text>"#, LEFT - 8.0, y + 4.0));
    }
    let middle = (LEFT + RIGHT) / 2.0;
    parts.push(format!(r#"<text x="{middle:.1}" y="{:.1}" text-anchor="middle">n</text>"#, BOTTOM + 36.0));
    parts.push(format!(r#"<text x="{:.1}" y="{:.1}" text-anchor="end">GFLOP/s</text>"#, LEFT - 8.0, TOP - 8.0));
}

/// A name at the right end of a line.
struct Name {
    text: String,
    color: &'static str,
    x: f64,
    y: f64,
}

fn peak_line(gflops: f64, name: &str, scale: &Scale, parts: &mut Vec<String>) -> Name {
    let y = scale.y(gflops);
    parts.push(format!(r#"<line x1="{LEFT}" y1="{y:.1}" x2="{RIGHT:.1}" y2="{y:.1}" stroke="black" stroke-dasharray="6 4"/>"#));
    Name { text: format!("{name} {gflops:.0}"), color: "black", x: RIGHT, y }
}

fn step_line(figures: &[Figure], name: &str, color: &'static str, scale: &Scale, parts: &mut Vec<String>) -> Option<Name> {
    let mine: Vec<&Figure> = figures.iter().filter(|f| f.step.name == name).collect();
    let place = |f: &&Figure| (scale.x(f.n as f64), scale.y(f.gflops));
    let points: Vec<String> = mine.iter().map(place).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    parts.push(format!(r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#, points.join(" ")));
    for (x, y) in mine.iter().map(place) {
        parts.push(format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{color}"/>"#));
    }
    let last = mine.last()?;
    let (x, y) = place(last);
    let digits = usize::from(last.gflops < 100.0);
    Some(Name { text: format!("{name} {:.digits$}", last.gflops), color, x, y })
}

/// Names, from top to bottom, none on another.
fn write_names(mut names: Vec<Name>, parts: &mut Vec<String>) {
    names.sort_by(|p, q| p.y.total_cmp(&q.y));
    let mut free = 0.0;
    for Name { text, color, x, y } in names {
        let y = y.max(free);
        free = y + LINE;
        parts.push(format!(r#"<text x="{:.1}" y="{:.1}" fill="{color}">{text}</text>"#, x + 8.0, y + 4.0));
    }
}
