//! Boxes with names in pictures.

use image::{Rgb, RgbImage};

/// Colours of classes, in turn.
const COLORS: [[u8; 3]; 8] =
    [[230, 60, 50], [40, 160, 70], [40, 110, 220], [240, 160, 20], [150, 70, 200], [20, 170, 180], [220, 70, 150], [120, 120, 40]];
const INK: Rgb<u8> = Rgb([255, 255, 255]);
/// Columns of a letter, with the gap behind it, and rows.
const ADVANCE: i64 = 6;
const ROWS: i64 = 9;

/// Draws a rectangle (left, top, right, bottom) with a label on it, in the colour of its class.
pub(crate) fn labelled(picture: &mut RgbImage, rectangle: [f32; 4], label: &str, class: usize) {
    let color = Rgb(COLORS[class % COLORS.len()]);
    let scale = i64::from(picture.width().max(picture.height()) / 400).max(1);
    let [left, top, right, bottom] = rectangle.map(|v| v.round() as i64);
    for line in 0..scale + 1 {
        frame(picture, [left + line, top + line, right - line, bottom - line], color);
    }
    let height = ROWS * scale;
    let y = if top >= height { top - height } else { top };
    let width = (label.chars().count() as i64 * ADVANCE + 1) * scale;
    fill(picture, [left, y, left + width, y + height], color);
    for (i, letter) in label.chars().enumerate() {
        let x = left + (i as i64 * ADVANCE + 1) * scale;
        glyph(picture, letter, x, y + scale, scale);
    }
}

fn put(picture: &mut RgbImage, x: i64, y: i64, color: Rgb<u8>) {
    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
        && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
    {
        *pixel = color;
    }
}

/// The part of a span that lies in a picture.
fn within(from: i64, to: i64, length: u32) -> std::ops::Range<i64> {
    from.max(0)..to.min(i64::from(length))
}

fn frame(picture: &mut RgbImage, [left, top, right, bottom]: [i64; 4], color: Rgb<u8>) {
    for x in within(left, right + 1, picture.width()) {
        put(picture, x, top, color);
        put(picture, x, bottom, color);
    }
    for y in within(top, bottom + 1, picture.height()) {
        put(picture, left, y, color);
        put(picture, right, y, color);
    }
}

fn fill(picture: &mut RgbImage, [left, top, right, bottom]: [i64; 4], color: Rgb<u8>) {
    for y in within(top, bottom, picture.height()) {
        for x in within(left, right, picture.width()) {
            put(picture, x, y, color);
        }
    }
}

fn glyph(picture: &mut RgbImage, letter: char, x: i64, y: i64, scale: i64) {
    for (column, bits) in columns(letter).into_iter().enumerate() {
        for row in (0..7).filter(|row| bits >> row & 1 == 1) {
            let (left, top) = (x + column as i64 * scale, y + row * scale);
            fill(picture, [left, top, left + scale, top + scale], INK);
        }
    }
}

/// Five columns of seven pixels, the lowest bit on top; small letters are shown as capitals.
fn columns(letter: char) -> [u8; 5] {
    const DIGITS: [[u8; 5]; 10] = [
        [0x3e, 0x51, 0x49, 0x45, 0x3e],
        [0x00, 0x42, 0x7f, 0x40, 0x00],
        [0x42, 0x61, 0x51, 0x49, 0x46],
        [0x21, 0x41, 0x45, 0x4b, 0x31],
        [0x18, 0x14, 0x12, 0x7f, 0x10],
        [0x27, 0x45, 0x45, 0x45, 0x39],
        [0x3c, 0x4a, 0x49, 0x49, 0x30],
        [0x01, 0x71, 0x09, 0x05, 0x03],
        [0x36, 0x49, 0x49, 0x49, 0x36],
        [0x06, 0x49, 0x49, 0x29, 0x1e],
    ];
    const LETTERS: [[u8; 5]; 26] = [
        [0x7e, 0x11, 0x11, 0x11, 0x7e],
        [0x7f, 0x49, 0x49, 0x49, 0x36],
        [0x3e, 0x41, 0x41, 0x41, 0x22],
        [0x7f, 0x41, 0x41, 0x22, 0x1c],
        [0x7f, 0x49, 0x49, 0x49, 0x41],
        [0x7f, 0x09, 0x09, 0x09, 0x01],
        [0x3e, 0x41, 0x49, 0x49, 0x7a],
        [0x7f, 0x08, 0x08, 0x08, 0x7f],
        [0x00, 0x41, 0x7f, 0x41, 0x00],
        [0x20, 0x40, 0x41, 0x3f, 0x01],
        [0x7f, 0x08, 0x14, 0x22, 0x41],
        [0x7f, 0x40, 0x40, 0x40, 0x40],
        [0x7f, 0x02, 0x0c, 0x02, 0x7f],
        [0x7f, 0x04, 0x08, 0x10, 0x7f],
        [0x3e, 0x41, 0x41, 0x41, 0x3e],
        [0x7f, 0x09, 0x09, 0x09, 0x06],
        [0x3e, 0x41, 0x51, 0x21, 0x5e],
        [0x7f, 0x09, 0x19, 0x29, 0x46],
        [0x46, 0x49, 0x49, 0x49, 0x31],
        [0x01, 0x01, 0x7f, 0x01, 0x01],
        [0x3f, 0x40, 0x40, 0x40, 0x3f],
        [0x1f, 0x20, 0x40, 0x20, 0x1f],
        [0x3f, 0x40, 0x38, 0x40, 0x3f],
        [0x63, 0x14, 0x08, 0x14, 0x63],
        [0x07, 0x08, 0x70, 0x08, 0x07],
        [0x61, 0x51, 0x49, 0x45, 0x43],
    ];
    match letter.to_ascii_uppercase() {
        c @ '0'..='9' => DIGITS[c as usize - '0' as usize],
        c @ 'A'..='Z' => LETTERS[c as usize - 'A' as usize],
        '.' => [0x00, 0x60, 0x60, 0x00, 0x00],
        '-' => [0x08; 5],
        '_' => [0x40; 5],
        ' ' => [0; 5],
        _ => [0x7f, 0x41, 0x41, 0x41, 0x7f],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_beyond_the_picture_are_cut() {
        let mut picture = RgbImage::new(40, 30);
        labelled(&mut picture, [-5.0, 12.0, 1e9, 25.0], "A_1.5 %", 9);
        assert_eq!(picture.get_pixel(20, 12).0, COLORS[1]);
        assert_eq!(picture.get_pixel(20, 26).0, [0; 3]);
        assert!(picture.pixels().any(|p| *p == INK));
    }
}
