//! Labelled grey pictures, as the text images of version 0.1 hold them.

use std::path::Path;

use fastserve_tensor::Tensor;
use fastserve_text::images::LabelledImages;

use crate::error::Error;

/// Labelled pictures of one size, one byte a pixel.
#[derive(Clone, Debug)]
pub struct Digits(LabelledImages);

impl Digits {
    /// Reads the text form.
    ///
    /// # Errors
    /// The line, and what was expected there.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Ok(Self(fastserve_text::images::read_bytes(text)?))
    }

    /// Reads a file in the text form.
    ///
    /// # Errors
    /// The file cannot be read, or the line and what was expected there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.0.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Height and width in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.0.height, self.0.width)
    }

    /// The label of a picture.
    pub fn label(&self, i: usize) -> Option<usize> {
        self.0.labels.get(i).copied()
    }

    /// The pixels of a picture, row by row.
    pub fn pixels(&self, i: usize) -> Option<&[u8]> {
        let size = self.0.height * self.0.width;
        self.0.pixels.get(i.checked_mul(size)?..)?.get(..size)
    }

    /// A picture as the model takes it: f32 `[1, 1, H, W]`, pixel / 255.
    ///
    /// # Errors
    /// There is no such picture.
    pub fn tensor(&self, i: usize) -> Result<Tensor, Error> {
        self.batch(i..i + 1)
    }

    /// Pictures as one batch: f32 `[count, 1, H, W]`, pixel / 255.
    ///
    /// # Errors
    /// There are not so many pictures.
    pub fn batch(&self, range: std::ops::Range<usize>) -> Result<Tensor, Error> {
        let (height, width) = self.size();
        let data: Vec<f32> = range.clone().filter_map(|i| self.pixels(i)).flatten().map(|&p| f32::from(p) / 255.0).collect();
        Ok(Tensor::from_slice(&[range.len(), 1, height, width], &data)?)
    }
}
