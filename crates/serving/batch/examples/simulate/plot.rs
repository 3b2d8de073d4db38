//! Goodput of the adaptive mode beside that of the best fixed setting, as SVG: a row of bars for each model, two bars a load.

use crate::cell::Figures;

const LEFT: f64 = 150.0;
const TOP: f64 = 70.0;
const BAR: f64 = 9.0;
const STEP: f64 = 30.0;
const HEIGHT: f64 = 70.0;
const GAP: f64 = 30.0;
const COLORS: [(&str, &str); 3] =
    [("#2f7ed8", "adaptive, with the target"), ("#bca000", "adaptive, without"), ("#7f7f7f", "best fixed setting")];

pub(crate) fn svg(figures: &[Figures]) -> String {
    let distinct = |name: fn(&Figures) -> &String| {
        let mut names: Vec<&String> = Vec::new();
        figures.iter().map(name).for_each(|n| {
            if !names.contains(&n) {
                names.push(n)
            }
        });
        names
    };
    let (models, loads) = (distinct(|f| &f.model), distinct(|f| &f.load));
    let width = LEFT + STEP * loads.len() as f64 * 1.3 + 20.0;
    let bottom = TOP + (HEIGHT + GAP) * models.len() as f64;
    let mut parts = vec![
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{}" font-family="sans-serif" font-size="12">"#,
            bottom + 90.0
        ),
        format!(r#"<rect width="{width}" height="{}" fill="white"/>"#, bottom + 90.0),
        r#"<text x="10" y="24" font-size="15">Answers within the target, as a part of the requests</text>"#.into(),
    ];
    for (at, (color, name)) in COLORS.iter().enumerate() {
        let x = 10.0 + 190.0 * at as f64;
        parts.push(format!(r#"<rect x="{x}" y="36" width="12" height="12" fill="{color}"/><text x="{}" y="46">{name}</text>"#, x + 18.0));
    }
    for (row, model) in models.iter().enumerate() {
        let base = TOP + (HEIGHT + GAP) * row as f64 + HEIGHT;
        parts.push(format!(r#"<text x="{}" y="{}" text-anchor="end">{model}</text>"#, LEFT - 40.0, base - HEIGHT / 2.0));
        for tick in [0.0, 0.5, 1.0] {
            let y = base - HEIGHT * tick;
            parts.push(format!(r##"<line x1="{LEFT}" y1="{y}" x2="{}" y2="{y}" stroke="#ddd"/>"##, width - 10.0));
            parts.push(format!(r#"<text x="{}" y="{}" text-anchor="end">{tick}</text>"#, LEFT - 6.0, y + 4.0));
        }
        for (column, load) in loads.iter().enumerate() {
            let found = figures.iter().find(|f| f.model == **model && f.load == **load);
            parts.extend(found.into_iter().flat_map(|f| bars(f, LEFT + 6.0 + STEP * 1.3 * column as f64, base)));
        }
    }
    for (column, load) in loads.iter().enumerate() {
        let x = LEFT + 18.0 + STEP * 1.3 * column as f64;
        parts.push(format!(r#"<text transform="translate({x:.1},{:.1}) rotate(40)">{load}</text>"#, bottom - GAP + 16.0));
    }
    parts.push("</svg>\n".into());
    parts.join("\n")
}

fn bars(f: &Figures, x: f64, base: f64) -> Vec<String> {
    let scores = [f.adaptive, f.knee, f.best];
    let bar = |(at, ((color, _), score)): (usize, (&(&str, &str), &crate::world::Score))| {
        let height = HEIGHT * score.goodput.clamp(0.0, 1.05);
        let (x, y) = (x + BAR * at as f64, base - height);
        format!(r#"<rect x="{x:.1}" y="{y:.1}" width="{}" height="{height:.1}" fill="{color}"/>"#, BAR - 1.0)
    };
    COLORS.iter().zip(&scores).enumerate().map(bar).collect()
}
