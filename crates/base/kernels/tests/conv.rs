//! Every convolution kernel of the table.

mod common;

use common::{Rng, Sum, activate, assert_same_bits, chain, sum_tolerance, teams};
use fastserve_kernels::class::CHANNEL_BLOCK;
use fastserve_kernels::conv::{
    CONV, ConvF32, ConvRow, ConvShape, conv_f32, pack_weights, packed_len, rows as rows_of, scratch_len, select,
};
use fastserve_kernels::window::Window;
use fastserve_kernels::{BiasAxis, Epilogue, KernelError};
use fastserve_parallel::Team;
use fastserve_simd::{Cpu, IsaId};

struct Case {
    shape: ConvShape,
    x: Vec<f32>,
    w: Vec<f32>,
    epilogue: Epilogue,
    bias: Vec<f32>,
    residual: Vec<f32>,
}

impl Case {
    fn new(rng: &mut Rng, shape: ConvShape) -> Case {
        Case {
            x: rng.f32s(shape.input_len()),
            w: rng.f32s(shape.weights_len()),
            epilogue: rng.epilogue(&[BiasAxis::None, BiasAxis::Row]),
            bias: rng.f32s(shape.out_channels()),
            residual: rng.f32s(shape.output_len()),
            shape,
        }
    }

    fn run(&self, cpu: Cpu, row: &ConvRow, team: Team) -> Vec<f32> {
        let mut weights = vec![f32::NAN; packed_len(&self.shape)];
        pack_weights(row, &self.shape, &self.w, &mut weights).expect("packs");
        let mut y = vec![f32::NAN; self.shape.output_len()];
        let mut scratch = vec![f32::NAN; scratch_len(row, &self.shape, team.threads()).expect("small")];
        let args = ConvF32 {
            shape: &self.shape,
            x: &self.x,
            weights: &weights,
            y: &mut y,
            epilogue: &self.epilogue,
            bias: Some(&self.bias),
            residual: Some(&self.residual),
        };
        conv_f32(cpu, row, args, &mut scratch, team).expect("runs");
        y
    }

    /// `(weight, input)` of each product of one output, in the order of the class. The padding is zero.
    fn terms(&self, image: usize, channel: usize, oy: usize, ox: usize) -> Vec<(f32, f32)> {
        let s = &self.shape;
        let (w, [h, width], group_in) = (s.window(), s.input(), s.in_channels() / s.group());
        let first = channel / (s.out_channels() / s.group()) * group_in;
        let mut terms = Vec::new();
        for block in (0..group_in).step_by(CHANNEL_BLOCK) {
            for ky in 0..w.kernel[0] {
                for kx in 0..w.kernel[1] {
                    for c in block..group_in.min(block + CHANNEL_BLOCK) {
                        let y = (oy * w.stride[0] + ky * w.dilation[0]).checked_sub(w.pads[0]);
                        let x = (ox * w.stride[1] + kx * w.dilation[1]).checked_sub(w.pads[1]);
                        let value = match (y.filter(|&y| y < h), x.filter(|&x| x < width)) {
                            (Some(y), Some(x)) => self.x[((image * s.in_channels() + first + c) * h + y) * width + x],
                            _ => 0.0,
                        };
                        let weight = ((channel * group_in + c) * w.kernel[0] + ky) * w.kernel[1] + kx;
                        terms.push((self.w[weight], value));
                    }
                }
            }
        }
        terms
    }

    /// Calls `check` with each output's index, channel and terms.
    fn for_each(&self, mut check: impl FnMut(usize, usize, &[(f32, f32)])) {
        let [oh, ow] = self.shape.output();
        let channels = self.shape.out_channels();
        for index in 0..self.shape.output_len() {
            let (plane, pixel) = (index / (oh * ow), index % (oh * ow));
            let (image, channel) = (plane / channels, plane % channels);
            check(index, channel, &self.terms(image, channel, pixel / ow, pixel % ow));
        }
    }

    fn check(&self, got: &[f32], what: &str) {
        self.for_each(|index, channel, terms| {
            let mut sum = Sum::default();
            for &(w, x) in terms {
                sum.add(f64::from(w) * f64::from(x));
            }
            if self.epilogue.bias == BiasAxis::Row {
                sum.add(self.bias[channel].into());
            }
            if self.epilogue.residual {
                sum.add(self.residual[index].into());
            }
            let want = activate(self.epilogue.activation, sum.value);
            let tolerance = sum_tolerance(terms.len(), sum.magnitude);
            let got = f64::from(got[index]);
            assert!((got - want).abs() <= tolerance, "{what} {:?} at {index}: {got} is not {want}", self.shape);
        });
    }
}

fn rows() -> Vec<(Cpu, &'static ConvRow)> {
    let all = Cpu::all_available();
    all.iter().flat_map(|&cpu| CONV.iter().filter(move |row| cpu.has(row.isa)).map(move |row| (cpu, row))).collect()
}

fn random_shape(rng: &mut Rng) -> ConvShape {
    loop {
        let window = Window {
            kernel: [rng.size(1, 4), rng.size(1, 5)],
            stride: [rng.size(1, 3), rng.size(1, 2)],
            dilation: [rng.size(1, 2), rng.size(1, 3)],
            pads: [rng.size(0, 2), rng.size(0, 3), rng.size(0, 3), rng.size(0, 2)],
        };
        let group = rng.size(1, 3);
        let (inputs, outputs) = (group * rng.size(1, 20), group * rng.size(1, 9));
        let input = [rng.size(1, 13), rng.size(1, 21)];
        if let Ok(shape) = ConvShape::new(rng.size(1, 2), inputs, outputs, group, input, window) {
            return shape;
        }
    }
}

fn same_pads(kernel: usize) -> Window {
    Window { pads: [kernel / 2; 4], ..Window::new([kernel, kernel]) }
}

/// A layer for digits, a deep one whose K is longer than a chunk, depthwise, pointwise, a 7 x 7 map; then TinyCNN's layer,
/// and lines of several vectors, of many rows, and shorter than a vector.
fn fixed_shapes() -> Vec<ConvShape> {
    [
        ConvShape::new(2, 1, 8, 1, [28, 28], same_pads(3)),
        ConvShape::new(1, 260, 5, 1, [5, 6], same_pads(3)),
        ConvShape::new(1, 24, 24, 24, [9, 9], same_pads(3)),
        ConvShape::new(2, 40, 20, 1, [6, 7], same_pads(1)),
        ConvShape::new(1, 16, 30, 1, [7, 7], same_pads(3)),
        ConvShape::new(1, 3, 4, 1, [1, 50], Window { stride: [1, 3], ..Window::new([1, 7]) }),
        ConvShape::new(1, 4, 4, 2, [2, 2], same_pads(3)),
        ConvShape::new(1, 2, 3, 1, [40, 90], same_pads(5)),
        ConvShape::new(1, 1, 8, 1, [28, 28], Window::new([3, 3])),
        ConvShape::new(2, 4, 4, 4, [9, 70], Window::new([2, 3])),
        ConvShape::new(1, 20, 9, 1, [11, 13], Window::new([3, 1])),
        ConvShape::new(1, 5, 2, 1, [3, 4], Window::new([2, 1])),
        ConvShape::new(1, 160, 13, 1, [30, 17], Window { stride: [2, 1], dilation: [1, 2], ..same_pads(3) }),
    ]
    .into_iter()
    .map(|shape| shape.expect("a valid shape"))
    .collect()
}

#[test]
fn every_row_agrees_with_the_naive_convolution() {
    for (cpu, row) in rows() {
        let mut rng = Rng(1);
        let random = (0..150).map(|_| random_shape(&mut rng)).collect::<Vec<_>>();
        for shape in random.into_iter().chain(fixed_shapes()).filter(|shape| row.takes(shape)) {
            let case = Case::new(&mut rng, shape);
            case.check(&case.run(cpu, row, Team::serial()), row.name);
        }
    }
}

#[test]
fn fused_rows_have_the_bits_of_the_chain() {
    for (cpu, row) in rows().into_iter().filter(|(_, row)| row.isa != IsaId::Portable) {
        let mut rng = Rng(2);
        let random = (0..40).map(|_| random_shape(&mut rng)).collect::<Vec<_>>();
        for shape in random.into_iter().chain(fixed_shapes()).filter(|shape| row.takes(shape)) {
            let mut case = Case::new(&mut rng, shape);
            case.epilogue = Epilogue::default();
            let got = case.run(cpu, row, Team::serial());
            case.for_each(|index, _, terms| {
                assert_eq!(got[index].to_bits(), chain(terms).to_bits(), "{} {shape:?} at {index}", row.name);
            });
        }
    }
}

#[test]
fn teams_and_batches_do_not_change_bits() {
    for (cpu, row) in rows() {
        let mut rng = Rng(3);
        for shape in fixed_shapes().into_iter().filter(|shape| row.takes(shape)) {
            let case = Case::new(&mut rng, shape.with_batch(3).expect("small"));
            let serial = case.run(cpu, row, Team::serial());
            for team in teams() {
                assert_same_bits(&case.run(cpu, row, team), &serial, row.name);
            }
            let alone = shape.with_batch(1).expect("small");
            for image in 0..3 {
                let (x, y) = (alone.input_len(), alone.output_len());
                let case = Case {
                    shape: alone,
                    x: case.x[image * x..(image + 1) * x].to_vec(),
                    w: case.w.clone(),
                    bias: case.bias.clone(),
                    residual: case.residual[image * y..(image + 1) * y].to_vec(),
                    epilogue: case.epilogue,
                };
                let got = case.run(cpu, row, Team::serial());
                assert_same_bits(&got, &serial[image * y..(image + 1) * y], row.name);
            }
        }
    }
}

#[test]
fn misfits_are_errors() {
    let window = Window::new([3, 3]);
    assert!(matches!(ConvShape::new(1, 3, 4, 2, [8, 8], window), Err(KernelError::Shape { .. })));
    assert!(matches!(ConvShape::new(1, 2, 4, 0, [8, 8], window), Err(KernelError::Shape { .. })));
    assert!(matches!(ConvShape::new(1, 2, 4, 1, [2, 8], window), Err(KernelError::Shape { .. })));
    let huge = ConvShape::new(usize::MAX / 8, 2, 4, 1, [8, 8], window);
    assert!(matches!(huge, Err(KernelError::Overflow { .. })));
    let still = Window { stride: [0, 1], ..window };
    assert!(matches!(ConvShape::new(1, 2, 4, 1, [8, 8], still), Err(KernelError::Shape { .. })));
}

#[test]
fn the_choice_takes_the_shape_and_does_not_see_the_batch() {
    let mut rng = Rng(4);
    for cpu in Cpu::all_available() {
        let mr = CONV.iter().find(|row| row.isa == cpu.id()).expect("a row").mr;
        for shape in (0..100).map(|_| random_shape(&mut rng)).chain(fixed_shapes()) {
            let row = select(cpu, mr, &shape).expect("a row");
            assert!(row.takes(&shape));
            let many = shape.with_batch(8).expect("small");
            assert_eq!(select(cpu, mr, &many).map(|row| row.name), Some(row.name));
            for row in rows_of(cpu, mr).filter(|row| row.takes(&shape)) {
                let need = |shape: &ConvShape| scratch_len(row, shape, 3).expect("small");
                assert!(need(&many) >= need(&shape), "{}", row.name);
            }
        }
        assert!(select(cpu, mr + 1, &fixed_shapes()[0]).is_none());
    }
}

#[test]
fn scratch_of_the_direct_kernels_is_enough_for_smaller_inputs() {
    let window = Window { pads: [1; 4], ..Window::new([3, 3]) };
    let shape = |channels, side| ConvShape::new(1, channels, 4, 1, [side; 2], window).expect("a valid shape");
    for row in CONV.iter().filter(|row| row.name.contains("direct")) {
        for channels in [1, 3, 20, 200] {
            let need: Vec<usize> = (1..400).map(|side| scratch_len(row, &shape(channels, side), 2).expect("small")).collect();
            assert!(need.is_sorted(), "{} {channels}", row.name);
        }
    }
}
