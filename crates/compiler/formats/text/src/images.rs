//! Text images 0.1: labelled greyscale images.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::error::TextError;
use crate::limits::{MAX_IMAGE_LINE_BYTES, MAX_IMAGE_SIDE, MAX_IMAGES, MAX_LABEL};
use crate::lines::{END, Lines, integer};

/// Labelled greyscale images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledImages {
    /// The class of each image.
    pub labels: Vec<usize>,
    /// Rows of an image.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// All pixels, row-major: `[labels.len(), height, width]`; 0 is background, 255 full ink.
    pub pixels: Vec<u8>,
}

impl LabelledImages {
    /// The pixels of one image.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        let size = self.height * self.width;
        self.pixels.get(index.checked_mul(size)?..)?.get(..size)
    }

    /// The pixels as a network takes them: `pixel / 255`.
    pub fn to_f32(&self) -> Vec<f32> {
        self.pixels.iter().map(|&p| f32::from(p) / 255.0).collect()
    }
}

/// Reads images from bytes.
///
/// # Errors
/// See [`TextError`]; with the line and what was expected.
pub fn read_bytes(bytes: &[u8]) -> Result<LabelledImages, TextError> {
    read(bytes, bytes.len() as u64)
}

/// Reads images from a file.
///
/// # Errors
/// See [`TextError`]; with the line and what was expected.
pub fn read_file(path: &Path) -> Result<LabelledImages, TextError> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    read(BufReader::new(file), len)
}

fn read<R: BufRead>(reader: R, len: u64) -> Result<LabelledImages, TextError> {
    let mut lines = Lines::new(reader, len, MAX_IMAGE_LINE_BYTES);
    let (height, width, count) = header(&mut lines)?;
    let bytes = 2 * (height as u64) * (width as u64) * (count as u64);
    if bytes > lines.left {
        let why = format!("{count} images of {height}x{width} take at least {bytes} bytes, {} are left", lines.left);
        return Err(TextError::Limit { line: 1, why });
    }
    let mut images = LabelledImages { labels: Vec::with_capacity(count), height, width, pixels: Vec::with_capacity(bytes as usize / 2) };
    for _ in 0..count {
        let label = parsed(&mut lines, "`label N`", |line| line.strip_prefix("label").and_then(label))?;
        images.labels.push(label);
        for _ in 0..height {
            row(&mut lines, width, &mut images.pixels)?;
        }
    }
    while let Some(line) = lines.next()? {
        if blanks(line).next().is_some() {
            let line = line.to_owned();
            return Err(TextError::syntax(lines.number, "nothing after the last image", &line));
        }
    }
    Ok(images)
}

fn blanks(line: &str) -> std::str::SplitAsciiWhitespace<'_> {
    line.split_ascii_whitespace()
}

fn label(rest: &str) -> Option<usize> {
    let mut words = blanks(rest).filter(|_| rest.starts_with([' ', '\t']));
    let value = words.next().and_then(|w| integer(w, 0, MAX_LABEL));
    value.filter(|_| words.next().is_none())
}

/// The next line, read by `parse`.
fn parsed<R: BufRead, T>(lines: &mut Lines<R>, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, TextError> {
    let line = lines.next()?.unwrap_or(END);
    match parse(line) {
        Some(value) => Ok(value),
        None => {
            let got = line.to_owned();
            Err(TextError::syntax(lines.number, expected, &got))
        }
    }
}

fn header<R: BufRead>(lines: &mut Lines<R>) -> Result<(usize, usize, usize), TextError> {
    parsed(lines, "`fastserve-images 0.1 HxW N`", |line| {
        let words: Vec<&str> = blanks(line).collect();
        let ["fastserve-images", "0.1", size, count] = words[..] else { return None };
        let (height, width) = size.split_once('x')?;
        let side = |w| integer(w, 1, MAX_IMAGE_SIDE);
        Some((side(height)?, side(width)?, integer(count, 1, MAX_IMAGES)?))
    })
}

fn row<R: BufRead>(lines: &mut Lines<R>, width: usize, pixels: &mut Vec<u8>) -> Result<(), TextError> {
    let start = pixels.len();
    let line = lines.next()?.unwrap_or(END);
    let mut words = blanks(line);
    pixels.extend(words.by_ref().take(width).map_while(|w| integer(w, 0, 255)).map(|v| v as u8));
    if pixels.len() == start + width && words.next().is_none() {
        return Ok(());
    }
    let got = line.to_owned();
    Err(TextError::syntax(lines.number, format!("{width} integers of 0 to 255"), &got))
}
