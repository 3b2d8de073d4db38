//! A scale that the numbers themselves tell.

/// The scale and the zero point with which numbers fill the codes 0 to 255: their range, widened to hold 0, is divided into 255 steps.
pub(crate) fn scale_of(x: &[f32]) -> (f32, i32) {
    let low = x.iter().fold(0.0f32, |m, &v| if v < m { v } else { m });
    let high = x.iter().fold(0.0f32, |m, &v| if v > m { v } else { m });
    let scale = if low == high { 1.0 } else { (high - low) / 255.0 };
    let zero = (0.0 - low / scale).clamp(0.0, 255.0).round_ties_even();
    (scale, zero as i32)
}
