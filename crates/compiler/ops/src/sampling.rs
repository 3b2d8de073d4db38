//! Values between elements: which elements a position is made of, and with what weights.

/// The elements along an axis that a position is made of, each with its weight.
pub(crate) type Taps = Vec<(usize, f64)>;

/// The weights of the four neighbours of a position that lies `s` behind the second one: cubic convolution with the parameter `a`
/// (Keys, 1981).
pub(crate) fn cubic_weights(s: f64, a: f64) -> [f64; 4] {
    [s + 1.0, s, 1.0 - s, 2.0 - s].map(|d| cubic_curve(d, a))
}

/// The weight of an element at a distance: Keys' curve, 0 from 2 on.
pub(crate) fn cubic_curve(distance: f64, a: f64) -> f64 {
    match distance.abs() {
        d if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
        d if d < 2.0 => ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a,
        _ => 0.0,
    }
}

/// The sum of the elements that the taps of each axis pick together, each by the product of its weights. An element of weight 0 is
/// not looked at. `extents` are those of the elements that `x` gives by flat position.
pub(crate) fn weighted(extents: &[usize], taps: &[impl AsRef<[(usize, f64)]>], x: &impl Fn(usize) -> f64) -> f64 {
    along(extents, taps, 0, 1.0, x)
}

fn along(extents: &[usize], taps: &[impl AsRef<[(usize, f64)]>], at: usize, weight: f64, x: &impl Fn(usize) -> f64) -> f64 {
    let (Some((&extent, extents)), Some((first, rest))) = (extents.split_first(), taps.split_first()) else { return weight * x(at) };
    let inner = |&(i, w): &(usize, f64)| if w == 0.0 { 0.0 } else { along(extents, rest, at * extent + i, weight * w, x) };
    first.as_ref().iter().map(inner).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubic_weights_sum_to_one_and_pass_through_the_elements() {
        for s in [0.0, 0.25, 0.5, 0.9] {
            assert!((cubic_weights(s, -0.75).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert_eq!(cubic_weights(0.0, -0.75), [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn taps_of_two_axes_multiply() {
        let taps = [vec![(0, 0.5), (1, 0.5)], vec![(2, 1.0)]];
        assert_eq!(weighted(&[2, 3], &taps, &|i| i as f64), 3.5);
        assert_eq!(weighted(&[2, 3], &[vec![], vec![(2, 1.0)]], &|i| i as f64), 0.0);
    }
}
