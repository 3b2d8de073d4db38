//! What detectors of the YOLOv8 kind give, as boxes.

/// Boxes that are compared with each other at most, the best ones.
const MAX_CANDIDATES: usize = 4096;
/// Boxes that are kept at most.
const MAX_FOUND: usize = 300;

/// Something in a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) class: usize,
    pub(crate) score: f32,
    /// Left, top, right, bottom, in pixels.
    pub(crate) rectangle: [f32; 4],
}

/// Boxes of an output `[4 + classes, count]` whose best class has at least this score, the best first.
pub(crate) fn decode(values: &[f64], rows: usize, count: usize, threshold: f32) -> Vec<Found> {
    let at = |row: usize, i: usize| values.get(row * count + i).map_or(0.0, |v| *v as f32);
    let one = |i: usize| {
        let scores = (4..rows).map(|row| (row - 4, at(row, i)));
        let (class, score) = scores.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let [x, y, w, h] = [0, 1, 2, 3].map(|row| at(row, i));
        let rectangle = [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0];
        (score >= threshold && rectangle.iter().all(|v| v.is_finite())).then_some(Found { class, score, rectangle })
    };
    let mut found: Vec<Found> = (0..count).filter_map(one).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(MAX_CANDIDATES);
    found
}

/// Leaves the best of boxes of one class that overlap more than this; `found` is in order of scores.
pub(crate) fn suppress(found: &mut Vec<Found>, overlap: f32) {
    let mut kept: Vec<Found> = Vec::new();
    for f in found.drain(..) {
        let is_new = kept.iter().all(|k| k.class != f.class || intersection_over_union(k.rectangle, f.rectangle) <= overlap);
        if is_new && kept.len() < MAX_FOUND {
            kept.push(f);
        }
    }
    *found = kept;
}

fn intersection_over_union(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |r: [f32; 4]| (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0);
    let common = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let all = area(a) + area(b) - common;
    if all > 0.0 { common / all } else { 0.0 }
}

/// The quoted words of a text such as `{0: 'person', 1: "dog's bed"}`, in order.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = if rest[start..].starts_with('"') { '"' } else { '\'' };
        let Some((word, behind)) = rest[start + 1..].split_once(quote) else { break };
        words.push(word.to_owned());
        rest = behind;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_decoded_and_the_best_stays() {
        // Three boxes as columns: x, y, w, h, two classes.
        let values = [10.0, 11.0, 40.0, 10.0, 10.0, 40.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 0.9, 0.8, 0.1, 0.0, 0.1, 0.2];
        let mut found = decode(&values, 6, 3, 0.15);
        assert_eq!(found.iter().map(|f| (f.class, f.score)).collect::<Vec<_>>(), [(0, 0.9), (0, 0.8), (1, 0.2)]);
        assert_eq!(found[0].rectangle, [6.0, 6.0, 14.0, 14.0]);
        suppress(&mut found, 0.5);
        assert_eq!(found.iter().map(|f| f.score).collect::<Vec<_>>(), [0.9, 0.2]);
    }

    #[test]
    fn names_are_found_in_python_text() {
        assert_eq!(quoted("{0: 'a b', 1: \"c's\"}"), ["a b", "c's"]);
        assert!(quoted("{0: 'open").is_empty() && quoted("").is_empty());
    }
}
