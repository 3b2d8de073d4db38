//! Finding and reading lines of text. Thresholds and sizes are those of PP-OCRv4.

use std::path::Path;

use bytes::Bytes;
use fastserve::{CompileOptions, Cpu, Error, Model, Session, Tensor};
use image::imageops::{FilterType, crop_imm, resize, rotate90, rotate180};
use image::{Rgb, RgbImage};

type AnyError = Box<dyn std::error::Error>;

/// The shorter side is at least this while lines are found.
const MIN_SIDE: u32 = 736;
const MAX_SIDE: u32 = 4096;
/// The network halves the picture five times.
const STEP: u32 = 32;
/// From this probability on a pixel belongs to a line.
const PIXEL: f32 = 0.3;
/// From this mean probability on an area is a line.
const AREA: f32 = 0.5;
/// Areas are this much smaller than lines: Vatti's clipping, with area times this by circumference as the distance.
const GROWTH: f32 = 1.6;
const MIN_PIXELS: u32 = 3;
/// Height of a line while it is read, and the width of one while its direction is told.
const LINE_HEIGHT: u32 = 48;
const DIRECTION_WIDTH: u32 = 192;
const MAX_LINE_WIDTH: u32 = 3200;
/// From this probability on a line is turned.
const TURNED: f32 = 0.9;

/// A line of text.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Mean probability of its characters.
    pub(crate) confidence: f32,
}

/// The three networks.
pub(crate) struct Ocr {
    find: Session,
    turn: Session,
    read: Session,
    /// Characters by class; class 0 is none.
    alphabet: Vec<String>,
}

/// Left, top, width, height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Ocr {
    /// Opens `det.onnx`, `cls.onnx` and `rec.onnx` of a folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, AnyError> {
        let session = |name: &str| -> Result<Session, Error> {
            Model::open(folder.join(name))?.compile(&Cpu::new()?, &CompileOptions::default())?.session()
        };
        let survey = fastserve::onnx::survey(&Bytes::from(std::fs::read(folder.join("rec.onnx"))?), &fastserve::Ops)?;
        let characters = survey.metadata.into_iter().find(|(key, _)| key == "character").ok_or("rec.onnx names no characters")?.1;
        let mut alphabet = vec![String::new()];
        alphabet.extend(characters.lines().map(str::to_owned));
        alphabet.push(" ".to_owned());
        Ok(Self { find: session("det.onnx")?, turn: session("cls.onnx")?, read: session("rec.onnx")?, alphabet })
    }

    /// The lines of a picture, from top to bottom.
    pub(crate) fn read(&mut self, picture: &RgbImage) -> Result<Vec<Line>, AnyError> {
        let mut lines = Vec::new();
        for area in self.find(picture)? {
            let line = crop_imm(picture, area.left, area.top, area.width, area.height).to_image();
            // Columns of text are read from below.
            let line = if area.height * 2 >= area.width * 3 { rotate90(&line) } else { line };
            let line = if self.is_turned(&line)? { rotate180(&line) } else { line };
            lines.push(self.spell(&line)?);
        }
        lines.retain(|l| !l.text.is_empty());
        Ok(lines)
    }

    /// Where lines are.
    pub(crate) fn find(&mut self, picture: &RgbImage) -> Result<Vec<Area>, AnyError> {
        let (width, height) = picture.dimensions();
        let factor = (f64::from(MIN_SIDE) / f64::from(width.min(height).max(1))).max(1.0);
        let side = |n: u32| ((f64::from(n) * factor / f64::from(STEP)).round() as u32 * STEP).clamp(STEP, MAX_SIDE);
        let (w, h) = (side(width), side(height));
        let input = planes(&resize(picture, w, h, FilterType::Triangle), w)?;
        let map = run(&mut self.find, &input)?;
        let areas = areas(map.as_slice::<f32>()?, w, h);
        let scale = |v: u32, from: u32, to: u32| (u64::from(v) * u64::from(to) / u64::from(from)) as u32;
        let back = |a: Area| Area {
            left: scale(a.left, w, width),
            top: scale(a.top, h, height),
            width: scale(a.width, w, width).max(1),
            height: scale(a.height, h, height).max(1),
        };
        Ok(areas.into_iter().map(back).collect())
    }

    fn is_turned(&mut self, line: &RgbImage) -> Result<bool, AnyError> {
        let probabilities = run(&mut self.turn, &fitted(line, DIRECTION_WIDTH, DIRECTION_WIDTH)?)?;
        Ok(probabilities.as_slice::<f32>()?.get(1).is_some_and(|p| *p > TURNED))
    }

    /// Reads a line: the best class of each column; runs of one class count once, class 0 divides them.
    fn spell(&mut self, line: &RgbImage) -> Result<Line, AnyError> {
        let width = (u64::from(line.width()) * u64::from(LINE_HEIGHT)).div_ceil(u64::from(line.height().max(1)));
        let width = (width as u32).clamp(LINE_HEIGHT, MAX_LINE_WIDTH);
        let columns = run(&mut self.read, &fitted(line, width, width.max(320))?)?;
        let classes = columns.shape().dims().last().copied().unwrap_or(1).max(1);
        let (mut text, mut sum, mut count, mut last) = (String::new(), 0.0, 0, 0);
        for column in columns.as_slice::<f32>()?.chunks_exact(classes) {
            let best = (0..classes).max_by(|&a, &b| column[a].total_cmp(&column[b])).unwrap_or(0);
            if best != 0 && best != last {
                text.push_str(self.alphabet.get(best).map_or("", String::as_str));
                (sum, count) = (sum + column[best], count + 1);
            }
            last = best;
        }
        Ok(Line { text: text.trim().to_owned(), confidence: sum / (count.max(1) as f32) })
    }
}

fn run(session: &mut Session, input: &Tensor) -> Result<Tensor, AnyError> {
    let outputs = session.run(&[input.view()?])?;
    Ok(Tensor::copy_of(&outputs.get(0)?)?)
}

/// A line at the height it is read in, up to `width` wide, in a field that is `field` wide.
fn fitted(line: &RgbImage, width: u32, field: u32) -> Result<Tensor, AnyError> {
    let natural = (u64::from(line.width()) * u64::from(LINE_HEIGHT)).div_ceil(u64::from(line.height().max(1)));
    let width = (natural as u32).clamp(1, width);
    planes(&resize(line, width, LINE_HEIGHT, FilterType::Triangle), field)
}

/// Blue, green and red from −1 to 1, in a field that is `field` wide: f32 `[1, 3, height, field]`; the rest is 0.
fn planes(picture: &RgbImage, field: u32) -> Result<Tensor, AnyError> {
    let (height, field) = (picture.height() as usize, field as usize);
    let mut values = vec![0.0; 3 * height * field];
    for (x, y, Rgb(pixel)) in picture.enumerate_pixels() {
        for (c, value) in pixel.iter().rev().enumerate() {
            values[(c * height + y as usize) * field + x as usize] = f32::from(*value) / 127.5 - 1.0;
        }
    }
    Ok(Tensor::from_slice(&[1, 3, height, field], &values)?)
}

/// The areas of a map of probabilities, grown to whole lines, from top to bottom.
fn areas(map: &[f32], width: u32, height: u32) -> Vec<Area> {
    let (w, h) = (width as usize, height as usize);
    let mut seen = vec![false; map.len()];
    let mut found = Vec::new();
    for start in 0..map.len().min(w * h) {
        if !seen[start] && map[start] > PIXEL {
            found.extend(grown(component(map, &mut seen, start, w, h), map, width, height));
        }
    }
    found.sort_by_key(|a| (a.top + a.height / 2, a.left));
    found
}

/// Left, top, right and bottom (inclusive) of the pixels that hang together with one.
fn component(map: &[f32], seen: &mut [bool], start: usize, w: usize, h: usize) -> [usize; 4] {
    let mut bounds = [w, h, 0, 0];
    let mut open = vec![start];
    seen[start] = true;
    while let Some(at) = open.pop() {
        let (x, y) = (at % w, at / w);
        bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
        for (dx, dy) in [(-1i64, 0i64), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)] {
            let (x, y) = (x as i64 + dx, y as i64 + dy);
            if x < 0 || y < 0 || x >= w as i64 || y >= h as i64 {
                continue;
            }
            let next = y as usize * w + x as usize;
            if !seen[next] && map[next] > PIXEL {
                seen[next] = true;
                open.push(next);
            }
        }
    }
    bounds
}

fn grown([left, top, right, bottom]: [usize; 4], map: &[f32], width: u32, height: u32) -> Option<Area> {
    let (w, h) = (right - left + 1, bottom - top + 1);
    let rows = (top..=bottom).flat_map(|y| &map[y * width as usize + left..][..w]);
    let mean = rows.sum::<f32>() / (w * h) as f32;
    if mean < AREA || w.min(h) < MIN_PIXELS as usize {
        return None;
    }
    let growth = ((w * h) as f32 * GROWTH / (2 * (w + h)) as f32).round() as u32;
    let (x, y) = ((left as u32).saturating_sub(growth), (top as u32).saturating_sub(growth));
    let (right, bottom) = ((right as u32 + growth + 1).min(width), (bottom as u32 + growth + 1).min(height));
    Some(Area { left: x, top: y, width: right - x, height: bottom - y })
}
