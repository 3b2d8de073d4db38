//! Pictures as tensors: decoded, resized and normalised.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use clap::ValueEnum;
use fastserve::{DType, Port, Shape, Signature, Tensor};
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};

use crate::fail::usage;
use crate::io::elements::of_f64;
use crate::io::preset::Preset;

/// Memory that decoding one picture may take, in bytes.
const DECODE_LIMIT_BYTES: u64 = 1 << 29;

/// Options for pictures.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Pictures")]
pub(crate) struct ImageArgs {
    /// Classify pictures (PNG or JPEG)
    #[arg(long = "image", value_name = "FILE", num_args = 1..)]
    pub(crate) images: Vec<PathBuf>,
    /// Names of the classes, one a line; ImageNet's if not given and the pictures are prepared for it
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// How many classes to show
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
    /// How pictures are prepared; told from the model's input and output if none of the options below is given
    #[arg(long, value_enum)]
    pub(crate) preprocess: Option<Preset>,
    /// Taken from each channel after scaling, such as 0.485,0.456,0.406
    #[arg(long, value_name = "LIST", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) mean: Vec<f32>,
    /// Each channel is divided by it after the mean is taken, such as 0.229,0.224,0.225
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) std: Vec<f32>,
    /// A pixel's 0..255 is divided by it; 255 if not given, 1 where the model takes integers
    #[arg(long, value_name = "NUMBER")]
    pub(crate) scale: Option<f32>,
    /// Size to resize to, bilinear; as the model's input if it says, else as the picture
    #[arg(long, value_name = "WxH")]
    pub(crate) resize: Option<Size>,
    /// Order of channels, height and width; told from the model's input if not given
    #[arg(long, value_enum)]
    pub(crate) layout: Option<Order>,
    /// Whether the picture becomes grey; `auto` where the model takes one channel
    #[arg(long, value_enum, default_value_t = Gray::Auto)]
    pub(crate) gray: Gray,
    /// Swap dark and light first: MNIST's digits are light on dark
    #[arg(long)]
    pub(crate) invert: bool,
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(u32, u32);

impl FromStr for Size {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let side = |t: &str| t.parse().ok().filter(|n| (1..=1 << 14).contains(n));
        let sides = s.split_once('x').and_then(|(w, h)| Some(Self(side(w)?, side(h)?)));
        sides.ok_or_else(|| format!("expected WxH of 1 to 16384 each, got `{s}`"))
    }
}

/// Order of axes after the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    Nchw,
    Nhwc,
}

/// Whether a picture becomes grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gray {
    Auto,
    Yes,
    No,
}

/// What the model's input says of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    order: Order,
    gray: bool,
    size: Option<Size>,
    batched: bool,
}

/// The first input that takes pictures.
pub(crate) fn picture_port<'s>(ports: &'s [Port], args: &ImageArgs) -> Result<&'s Port> {
    let found = ports.iter().find(|p| Frame::of(p, args).is_some());
    found.ok_or_else(|| {
        let all: Vec<String> = ports.iter().map(|p| format!("`{}` {}", p.name, p.expected())).collect();
        usage(format!("no input takes a picture (4 extents with 1 or 3 channels): {}; try --layout and --gray", all.join(", ")))
    })
}

/// A picture as the input takes it, and the picture itself.
pub(crate) fn read(path: &Path, port: &Port, args: &ImageArgs) -> Result<(Tensor, DynamicImage)> {
    let picture = open(path)?;
    let frame = Frame::of(port, args).with_context(|| format!("input `{}` takes no picture", port.name))?;
    let tensor = to_tensor(&picture, port.dtype, frame, args)?;
    Ok((tensor, picture))
}

/// A picture in few grey pixels: one byte each, and the width.
pub(crate) fn thumbnail(picture: &DynamicImage, width: u32) -> (Vec<u8>, usize) {
    let height = (u64::from(width) * u64::from(picture.height()) / u64::from(picture.width().max(1))).clamp(2, 64) as u32;
    let small = picture.resize_exact(width, height, FilterType::Triangle).into_luma8();
    (small.into_raw(), width as usize)
}

/// A picture from a file.
pub(crate) fn open(path: &Path) -> Result<DynamicImage> {
    decode(path).with_context(|| format!("cannot read the picture {}", path.display()))
}

fn decode(path: &Path) -> Result<DynamicImage> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_LIMIT_BYTES);
    reader.limits(limits);
    Ok(reader.decode()?)
}

impl ImageArgs {
    /// The preset that is asked for, or the one that fits the model if nothing is said of pixels.
    pub(crate) fn preset(&self, signature: &Signature) -> Preset {
        let silent = self.mean.is_empty() && self.std.is_empty() && self.scale.is_none() && self.resize.is_none();
        self.preprocess.unwrap_or_else(|| if silent { Preset::guess(signature) } else { Preset::Plain })
    }
}

impl Frame {
    fn of(port: &Port, args: &ImageArgs) -> Option<Self> {
        let known: Vec<Option<usize>> = port.dims.iter().map(fastserve::ir::Dim::known).collect();
        let (batched, [a, b, c]) = match known[..] {
            [_, a, b, c] => (true, [a, b, c]),
            [a, b, c] => (false, [a, b, c]),
            _ => return None,
        };
        let is_channels = |d: Option<usize>| matches!(d, Some(1 | 3));
        let order = args.layout.or_else(|| match () {
            () if is_channels(a) => Some(Order::Nchw),
            () if is_channels(c) => Some(Order::Nhwc),
            () => None,
        })?;
        let (channels, height, width) = if order == Order::Nchw { (a, b, c) } else { (c, a, b) };
        let gray = match args.gray {
            Gray::Auto => channels == Some(1),
            gray => gray == Gray::Yes,
        };
        let side = |d: Option<usize>| d.and_then(|d| u32::try_from(d).ok()).filter(|d| *d > 0);
        Some(Self { order, gray, size: side(width).zip(side(height)).map(|(w, h)| Size(w, h)), batched })
    }
}

fn to_tensor(picture: &DynamicImage, dtype: DType, frame: Frame, args: &ImageArgs) -> Result<Tensor> {
    let Size(width, height) = args.resize.or(frame.size).unwrap_or(Size(picture.width(), picture.height()));
    let channels = if frame.gray { 1 } else { 3 };
    let flat = if frame.gray { DynamicImage::from(picture.to_luma8()) } else { DynamicImage::from(picture.to_rgb8()) };
    let preset = args.preprocess.unwrap_or(Preset::Plain);
    let small = preset.resize(&flat, width, height);
    let scale = args.scale.or(preset.pixels().map(|p| p.scale)).unwrap_or(if dtype.is_float() { 255.0 } else { 1.0 });
    let pixels = normalise(small.as_bytes(), channels, scale, args)?;
    let (h, w) = (height as usize, width as usize);
    let (values, dims) = match frame.order {
        Order::Nhwc => (pixels, [h, w, channels]),
        Order::Nchw => (planes(&pixels, channels), [channels, h, w]),
    };
    let dims = if frame.batched { [&[1], &dims[..]].concat() } else { dims.to_vec() };
    Ok(of_f64(dtype, Shape::new(&dims)?, values.into_iter().map(f64::from))?)
}

/// `(pixel / scale − mean) / std`, channel by channel.
fn normalise(pixels: &[u8], channels: usize, scale: f32, args: &ImageArgs) -> Result<Vec<f32>> {
    let pixels_of = args.preprocess.and_then(Preset::pixels).filter(|_| channels == 3);
    let given =
        |asked: &[f32], preset: Option<[f32; 3]>| if asked.is_empty() { preset.map_or(Vec::new(), Vec::from) } else { asked.to_vec() };
    let mean = per_channel("--mean", &given(&args.mean, pixels_of.map(|p| p.mean)), 0.0, channels)?;
    let std = per_channel("--std", &given(&args.std, pixels_of.map(|p| p.std)), 1.0, channels)?;
    if scale == 0.0 || std.contains(&0.0) {
        return Err(usage("--scale and --std divide, and so cannot be 0"));
    }
    let one = |(i, &p): (usize, &u8)| {
        let p = if args.invert { 255 - p } else { p };
        (f32::from(p) / scale - mean[i % channels]) / std[i % channels]
    };
    Ok(pixels.iter().enumerate().map(one).collect())
}

fn per_channel(option: &str, given: &[f32], default: f32, channels: usize) -> Result<Vec<f32>> {
    match given {
        [] => Ok(vec![default; channels]),
        [one] => Ok(vec![*one; channels]),
        all if all.len() == channels => Ok(all.to_vec()),
        all => Err(usage(format!("{option}: expected 1 or {channels} numbers, got {}", all.len()))),
    }
}

/// Channels after each other instead of beside each other.
fn planes(pixels: &[f32], channels: usize) -> Vec<f32> {
    (0..channels).flat_map(|c| pixels.iter().skip(c).step_by(channels)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_planes() {
        assert_eq!(planes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!("640x480".parse(), Ok(Size(640, 480)));
        assert!("0x4".parse::<Size>().is_err() && "4".parse::<Size>().is_err());
    }

    #[test]
    fn channel_lists_fit() {
        assert_eq!(per_channel("--mean", &[0.5], 0.0, 3).unwrap(), [0.5; 3]);
        assert!(per_channel("--mean", &[0.5, 0.5], 0.0, 3).is_err());
    }
}
