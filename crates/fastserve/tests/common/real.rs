//! Inputs made from pictures, recordings, files and sentences.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use fastserve::{DType, Tensor};
use fastserve_testkit::fixtures;
use image::imageops::FilterType;
use serde::Deserialize;

use super::file;

/// Where the values of an input come from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Source {
    /// One request of a batch for each picture.
    Pictures(Pictures),
    /// A recording (WAV, one channel, 16 bits), in frames.
    Recording(String),
    /// What Magika looks at of each file.
    Contents(Vec<String>),
    /// Integers, such as tokens.
    Rows(Vec<Vec<i64>>),
}

/// Pictures as planes: f32 `[N, 3, height, width]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pictures {
    files: Vec<String>,
    /// Left, top, width and height of the part that is taken; all if absent.
    part: Option<[u32; 4]>,
    /// Width and height to resize to, bilinear.
    size: [u32; 2],
    #[serde(default)]
    pixels: Pixels,
    /// Blue first.
    #[serde(default)]
    bgr: bool,
}

/// What becomes of a pixel.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pixels {
    /// 0 to 1.
    #[default]
    Unit,
    /// -1 to 1.
    Signed,
    /// Mean 0 and deviation 1 over ImageNet's photos.
    Imagenet,
}

impl Pixels {
    fn value(self, channel: usize, pixel: u8) -> f32 {
        let (mean, deviation) = match self {
            Pixels::Unit => (0.0, 1.0),
            Pixels::Signed => (0.5, 0.5),
            Pixels::Imagenet => ([0.485, 0.456, 0.406][channel], [0.229, 0.224, 0.225][channel]),
        };
        (f32::from(pixel) / 255.0 - mean) / deviation
    }
}

impl Source {
    /// The input, of a type where that is open.
    pub(crate) fn tensor(&self, dtype: DType) -> Tensor {
        match self {
            Source::Pictures(pictures) => pictures.tensor(),
            Source::Recording(path) => frames(&place(path)),
            Source::Contents(paths) => {
                let rows: Vec<Vec<i32>> = paths.iter().map(|path| features(&std::fs::read(place(path)).unwrap())).collect();
                Tensor::from_slice(&[rows.len(), rows[0].len()], &rows.concat()).unwrap()
            }
            Source::Rows(rows) => {
                let dims = [rows.len(), rows[0].len()];
                let values = rows.concat();
                match dtype {
                    DType::I32 => Tensor::from_slice(&dims, &values.iter().map(|&v| v as i32).collect::<Vec<_>>()).unwrap(),
                    _ => Tensor::from_slice(&dims, &values).unwrap(),
                }
            }
        }
    }
}

/// A file of the cache, or else of the repository.
fn place(path: &str) -> PathBuf {
    if path.starts_with("fixtures/") { fixtures::path(path) } else { file(path).into() }
}

impl Pictures {
    fn tensor(&self) -> Tensor {
        let [width, height] = self.size.map(|side| side as usize);
        let values: Vec<f32> =
            self.files.iter().flat_map(|name| self.planes(&fixtures::path(&format!("fixtures/pictures/{name}")))).collect();
        Tensor::from_slice(&[self.files.len(), 3, height, width], &values).unwrap()
    }

    fn planes(&self, path: &Path) -> Vec<f32> {
        let picture = image::open(path).unwrap();
        let [left, top, width, height] = self.part.unwrap_or([0, 0, picture.width(), picture.height()]);
        let part = picture.crop_imm(left, top, width, height);
        let pixels = part.resize_exact(self.size[0], self.size[1], FilterType::Triangle).into_rgb8().into_raw();
        let plane = |c: usize| {
            let from = if self.bgr { 2 - c } else { c };
            pixels.chunks_exact(3).map(move |pixel| self.pixels.value(from, pixel[from]))
        };
        (0..3).flat_map(plane).collect()
    }
}

/// Frames of 512 samples behind the last 64 of the frame before.
pub(crate) fn frames(path: &Path) -> Tensor {
    let samples: Vec<f32> = hound::WavReader::open(path).unwrap().samples::<i16>().map(|s| f32::from(s.unwrap()) / 32768.0).collect();
    let padded = [&[0.0; 64], &samples[..]].concat();
    let count = samples.len() / 512;
    let all: Vec<f32> = (0..count).flat_map(|i| padded[i * 512..][..576].to_vec()).collect();
    Tensor::from_slice(&[count, 576], &all).unwrap()
}

pub(crate) const PART: usize = 1024;
const BLOCK: usize = 4096;
/// What fills up short files.
const PADDING: i32 = 256;

/// What Magika looks at: the first and the last bytes without white space around.
pub(crate) fn features(content: &[u8]) -> Vec<i32> {
    let is_space = |b: &u8| b" \t\n\r\x0b\x0c".contains(b);
    let head = &content[..content.len().min(BLOCK)];
    let head = &head[head.iter().position(|b| !is_space(b)).unwrap_or(head.len())..];
    let tail = &content[content.len().saturating_sub(BLOCK)..];
    let tail = &tail[..tail.iter().rposition(|b| !is_space(b)).map_or(0, |i| i + 1)];
    let (head, tail) = (&head[..head.len().min(PART)], &tail[tail.len().saturating_sub(PART)..]);
    let padding = |part: &[u8]| vec![PADDING; PART - part.len()];
    let bytes = |part: &[u8]| part.iter().map(|b| i32::from(*b)).collect::<Vec<_>>();
    [bytes(head), padding(head), padding(tail), bytes(tail)].concat()
}
