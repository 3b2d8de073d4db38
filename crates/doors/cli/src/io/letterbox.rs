//! Pictures fitted into squares, with their proportions kept.

use image::RgbImage;
use image::imageops::{FilterType, resize};

/// Grey of the margins: what detectors of the YOLO family are trained with.
const MARGIN: u8 = 114;

/// Where a picture lies in a square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Letterbox {
    side: u32,
    /// Width and height of the picture in the square.
    size: (u32, u32),
    /// Width and height of the picture itself.
    from: (u32, u32),
}

impl Letterbox {
    /// The largest place in the middle of a square.
    pub(crate) fn new(picture: &RgbImage, side: u32) -> Self {
        let from = (picture.width().max(1), picture.height().max(1));
        let factor = f64::from(side) / f64::from(from.0.max(from.1));
        let fit = |length: u32| ((f64::from(length) * factor).round() as u32).clamp(1, side);
        Self { side, size: (fit(from.0), fit(from.1)), from }
    }

    /// Left and top of the picture in the square.
    fn start(&self) -> (u32, u32) {
        ((self.side - self.size.0) / 2, (self.side - self.size.1) / 2)
    }

    /// The square's pixels / 255, one channel after the other.
    pub(crate) fn planes(&self, picture: &RgbImage) -> Vec<f32> {
        let small = resize(picture, self.size.0, self.size.1, FilterType::Triangle);
        let (left, top) = self.start();
        let inside = |x: u32, y: u32| x.checked_sub(left).zip(y.checked_sub(top)).filter(|(x, y)| *x < self.size.0 && *y < self.size.1);
        let value = |x, y, c: usize| inside(x, y).map_or(MARGIN, |(x, y)| small.get_pixel(x, y).0[c]);
        let square = |c| (0..self.side).flat_map(move |y| (0..self.side).map(move |x| (x, y, c)));
        (0..3).flat_map(square).map(|(x, y, c)| f32::from(value(x, y, c)) / 255.0).collect()
    }

    /// A rectangle (left, top, right, bottom) of the square as one of the picture.
    pub(crate) fn back(&self, rectangle: &mut [f32; 4]) {
        let (left, top) = self.start();
        let axis = |v: f32, start: u32, size: u32, from: u32| ((v - start as f32) * from as f32 / size as f32).clamp(0.0, from as f32);
        for (i, v) in rectangle.iter_mut().enumerate() {
            *v = if i % 2 == 0 { axis(*v, left, self.size.0, self.from.0) } else { axis(*v, top, self.size.1, self.from.1) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn rectangles_come_back() {
        let picture = RgbImage::from_pixel(200, 100, Rgb([255, 0, 0]));
        let fit = Letterbox::new(&picture, 64);
        assert_eq!((fit.size, fit.start()), ((64, 32), (0, 16)));
        let mut whole = [0.0, 16.0, 64.0, 48.0];
        fit.back(&mut whole);
        assert_eq!(whole, [0.0, 0.0, 200.0, 100.0]);
        let planes = fit.planes(&picture);
        assert_eq!((planes.len(), planes[0], planes[32 * 64]), (3 * 64 * 64, f32::from(MARGIN) / 255.0, 1.0));
    }
}
