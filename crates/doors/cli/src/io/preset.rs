//! How pictures are prepared for networks of known training.

use clap::ValueEnum;
use fastserve::Signature;
use image::DynamicImage;
use image::imageops::FilterType;

/// Inputs from this size on are those of photos.
const PHOTO_SIDE: usize = 128;
/// Classes of ImageNet's classifiers.
const IMAGENET_CLASSES: usize = 1000;
/// Names of ImageNet's classes, the first of each synset.
const IMAGENET_LABELS: &str = include_str!("../../../../../models/imagenet_labels.txt");

/// A way to prepare pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// The whole picture is stretched to the input's size; pixel / 255
    Plain,
    /// As torchvision does: shorter side to 256 (of 224), bilinear; the centre; ImageNet's mean and deviation
    Imagenet,
    /// As EfficientNet-Lite does: shorter side to 256 (of 224), bicubic; the centre; (pixel - 127) / 128
    EfficientnetLite,
}

/// What a preset says of pixels: `(pixel / scale - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) scale: f32,
    pub(crate) mean: [f32; 3],
    pub(crate) std: [f32; 3],
}

impl Preset {
    /// What a classifier's signature suggests: a thousand classes of RGB photos are ImageNet's.
    pub(crate) fn guess(signature: &Signature) -> Self {
        let classes = signature.outputs.first().map(|o| o.dims.iter().filter_map(fastserve::ir::Dim::known).product::<usize>());
        let sides = signature.inputs.first().map(|i| i.dims.iter().filter_map(fastserve::ir::Dim::known).collect::<Vec<_>>());
        let is_photo = |dims: &[usize]| dims.contains(&3) && dims.iter().filter(|d| **d >= PHOTO_SIDE).count() == 2;
        match classes == Some(IMAGENET_CLASSES) && sides.is_some_and(|s| is_photo(&s)) {
            true => Preset::Imagenet,
            false => Preset::Plain,
        }
    }

    /// Names of the classes, where the preset knows them.
    pub(crate) fn labels(self) -> Vec<String> {
        match self {
            Preset::Plain => Vec::new(),
            Preset::Imagenet | Preset::EfficientnetLite => IMAGENET_LABELS.lines().map(str::to_owned).collect(),
        }
    }

    /// What becomes of a pixel; `None` for the scale alone.
    pub(crate) fn pixels(self) -> Option<Pixels> {
        match self {
            Preset::Plain => None,
            Preset::Imagenet => Some(Pixels { scale: 255.0, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }),
            Preset::EfficientnetLite => Some(Pixels { scale: 1.0, mean: [127.0; 3], std: [128.0; 3] }),
        }
    }

    /// The picture at this width and height.
    pub(crate) fn resize(self, picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
        match self {
            Preset::Plain if (picture.width(), picture.height()) == (width, height) => picture.clone(),
            Preset::Plain => picture.resize_exact(width, height, FilterType::Triangle),
            Preset::Imagenet => centre(picture, width, height, FilterType::Triangle),
            Preset::EfficientnetLite => centre(picture, width, height, FilterType::CatmullRom),
        }
    }
}

/// The middle of a picture that was resized so that 7/8 of its shorter side remain.
fn centre(picture: &DynamicImage, width: u32, height: u32, filter: FilterType) -> DynamicImage {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let factor = f64::max(f64::from(width) / w, f64::from(height) / h) * 8.0 / 7.0;
    let side = |length: f64, at_least: u32| ((length * factor + 1e-6) as u32).max(at_least);
    let (w, h) = (side(w, width), side(h, height));
    let start = |outer: u32, inner: u32| (f64::from(outer - inner) / 2.0).round_ties_even() as u32;
    picture.resize_exact(w, h, filter).crop_imm(start(w, width), start(h, height), width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_has_the_size_asked_for() {
        for (w, h) in [(451, 300), (300, 451), (1, 9), (224, 224)] {
            let small = centre(&DynamicImage::new_rgb8(w, h), 224, 192, FilterType::Triangle);
            assert_eq!((small.width(), small.height()), (224, 192), "{w}x{h}");
        }
    }

    #[test]
    fn there_are_a_thousand_names() {
        let labels = Preset::Imagenet.labels();
        assert_eq!((labels.len(), labels[285].as_str(), labels[967].as_str()), (1000, "Egyptian cat", "espresso"));
        assert!(labels.iter().collect::<std::collections::HashSet<_>>().len() == 1000);
    }
}
