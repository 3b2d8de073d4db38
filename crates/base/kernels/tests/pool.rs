//! Pooling against its definition.

mod common;

use common::{Rng, assert_same_bits, teams};
use fastserve_kernels::pool::{PoolShape, average_pool_f32, max_pool_f32};
use fastserve_kernels::window::Window;
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

#[derive(Debug)]
struct Case {
    planes: usize,
    input: [usize; 2],
    output: [usize; 2],
    window: Window,
}

impl Case {
    fn random(rng: &mut Rng) -> Case {
        loop {
            let window = Window {
                kernel: [rng.size(1, 4), rng.size(1, 4)],
                stride: [rng.size(1, 3), rng.size(1, 3)],
                dilation: [rng.size(1, 2), rng.size(1, 2)],
                pads: [rng.size(0, 2), rng.size(0, 2), rng.size(0, 2), rng.size(0, 2)],
            };
            let input = [rng.size(1, 12), rng.size(1, 40)];
            if let Ok([h, w]) = window.output(input) {
                // Rounded up, a last window may hang over the padding.
                let output = [h + rng.size(0, 1), w + rng.size(0, 1)];
                return Case { planes: rng.size(1, 5), input, output, window };
            }
        }
    }

    /// Windows of 2 x 2 side by side.
    fn halved(rng: &mut Rng) -> Case {
        let (planes, output) = (rng.size(1, 5), [rng.size(1, 9), rng.size(1, 40)]);
        let input = output.map(|size| 2 * size + rng.size(0, 1));
        Case { planes, input, output, window: Window { stride: [2, 2], ..Window::new([2, 2]) } }
    }

    fn shape(&self) -> PoolShape {
        PoolShape::new(self.planes, self.input, self.output, self.window).expect("small")
    }

    /// For one output: the elements of its window, and how many positions lie in the padded input.
    fn window(&self, x: &[f32], plane: usize, oy: usize, ox: usize) -> (Vec<f32>, usize) {
        let (w, [height, width]) = (&self.window, self.input);
        let (mut values, mut padded) = (Vec::new(), 0);
        for ky in 0..w.kernel[0] {
            for kx in 0..w.kernel[1] {
                let y = oy * w.stride[0] + ky * w.dilation[0];
                let x_at = ox * w.stride[1] + kx * w.dilation[1];
                let inside = y < height + w.pads[0] + w.pads[2] && x_at < width + w.pads[1] + w.pads[3];
                padded += usize::from(inside);
                if let (Some(y), Some(at)) = (y.checked_sub(w.pads[0]), x_at.checked_sub(w.pads[1]))
                    && y < height
                    && at < width
                {
                    values.push(x[(plane * height + y) * width + at]);
                }
            }
        }
        (values, padded)
    }

    fn truth(&self, x: &[f32], reduce: impl Fn(&[f32], usize) -> f32) -> Vec<f32> {
        let [oh, ow] = self.output;
        let outputs = 0..self.planes * oh * ow;
        let window = |i: usize| self.window(x, i / (oh * ow), i / ow % oh, i % ow);
        outputs.map(window).map(|(values, padded)| reduce(&values, padded)).collect()
    }
}

fn max(values: &[f32], _: usize) -> f32 {
    values.iter().fold(f32::NEG_INFINITY, |best, &x| if x > best || x.is_nan() { x } else { best })
}

fn mean(values: &[f32], count: usize) -> f32 {
    values.iter().fold(0.0, |sum, x| sum + x) / count.max(1) as f32
}

#[test]
fn pools_have_the_bits_of_their_definition() {
    for cpu in Cpu::all_available() {
        let mut rng = Rng(1);
        for round in 0..common::cases(300) {
            let case = if round % 10 == 0 { Case::halved(&mut rng) } else { Case::random(&mut rng) };
            let shape = case.shape();
            let mut x = rng.f32s(shape.input_len());
            if round % 5 == 0 {
                x[0] = f32::NAN;
                x.iter_mut().skip(1).step_by(3).for_each(|x| *x = 0.0);
                x.iter_mut().skip(2).step_by(3).for_each(|x| *x = -0.0);
            }
            let mut y = vec![9.0; shape.output_len()];
            max_pool_f32(cpu, &shape, &x, &mut y, Team::serial()).expect("runs");
            assert_same_bits(&y, &case.truth(&x, max), &format!("max {case:?}"));
            average_pool_f32(cpu, &shape, false, &x, &mut y, Team::serial()).expect("runs");
            let truth = case.truth(&x, |values, _| mean(values, values.len()));
            assert_same_bits(&y, &truth, &format!("average {case:?}"));
            average_pool_f32(cpu, &shape, true, &x, &mut y, Team::serial()).expect("runs");
            assert_same_bits(&y, &case.truth(&x, mean), &format!("average with padding {case:?}"));
        }
    }
}

#[test]
fn teams_do_not_change_bits() {
    let window = Window { stride: [2, 2], ..Window::new([3, 3]) };
    let case = Case { planes: 70, input: [41, 57], output: [20, 28], window };
    let shape = case.shape();
    let x = Rng(2).f32s(shape.input_len());
    let mut truth = vec![0.0; shape.output_len()];
    let cpu = Cpu::detect();
    max_pool_f32(cpu, &shape, &x, &mut truth, Team::serial()).expect("runs");
    for team in teams() {
        let mut y = vec![0.0; shape.output_len()];
        max_pool_f32(cpu, &shape, &x, &mut y, team).expect("runs");
        assert_same_bits(&y, &truth, "max");
    }
}

#[test]
fn misfits_are_errors() {
    let still = Window { stride: [0, 1], ..Window::new([2, 2]) };
    assert!(PoolShape::new(1, [4, 4], [2, 2], still).is_err());
    assert!(PoolShape::new(usize::MAX, [4, 4], [2, 2], Window::new([2, 2])).is_err());
    let shape = PoolShape::new(1, [4, 4], [3, 3], Window::new([2, 2])).expect("fits");
    let mut y = [0.0; 9];
    assert!(max_pool_f32(Cpu::detect(), &shape, &[0.0; 15], &mut y, Team::serial()).is_err());
    assert!(max_pool_f32(Cpu::detect(), &shape, &[0.0; 16], &mut y[..8], Team::serial()).is_err());
}
