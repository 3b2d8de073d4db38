//! What the program carries with it: TinyCNN and some digits.

use crate::error::Error;
use crate::images::Digits;

/// TinyCNN's weights, as `models/tiny_cnn_weights.txt`.
pub(crate) const WEIGHTS: &str = include_str!("../../../models/tiny_cnn_weights.txt");

const IMAGES: &str = include_str!("../../../models/test_images.txt");

/// A hundred labelled test digits of MNIST, as `models/test_images.txt`.
///
/// # Errors
/// None for the file that ships.
pub fn embedded_digits() -> Result<Digits, Error> {
    Digits::parse(IMAGES.as_bytes())
}
