//! Every blocked convolution kernel, blocked pooling, and the way to blocks and back.

mod common;

use common::{Rng, assert_same_bits, teams};
use fastserve_kernels::blocked::{
    CONV_C16, ConvC16F32, ConvC16Row, InputLayout, average_pool_c16_f32, blocked_len, conv_c16_f32, from_blocks_f32, max_pool_c16_f32,
    pack_weights, packed_len, scratch_len, select, takes, to_blocks_f32,
};
use fastserve_kernels::conv::{self, CONV, ConvF32, ConvShape, conv_f32};
use fastserve_kernels::pool::{PoolShape, average_pool_f32, max_pool_f32};
use fastserve_kernels::window::Window;
use fastserve_kernels::{BiasAxis, Epilogue};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;

fn cpu() -> Cpu {
    Cpu::detect()
}

fn blocked(batch: usize, channels: usize, space: usize, x: &[f32]) -> Vec<f32> {
    let mut y = vec![f32::NAN; blocked_len(batch, channels, space).expect("small")];
    to_blocks_f32(cpu(), [batch, channels, space], x, &mut y, Team::serial()).expect("fits");
    y
}

fn planes(batch: usize, channels: usize, space: usize, x: &[f32]) -> Vec<f32> {
    let mut y = vec![f32::NAN; batch * channels * space];
    from_blocks_f32(cpu(), [batch, channels, space], x, &mut y, Team::serial()).expect("fits");
    y
}

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

    fn space(&self) -> [usize; 2] {
        [self.shape.input(), self.shape.output()].map(|[h, w]| h * w)
    }

    /// What the kernels of planes say, which are compared with the definition elsewhere.
    fn truth(&self, cpu: Cpu) -> Vec<f32> {
        let row = CONV.iter().find(|row| row.isa == cpu.id() && row.takes(&self.shape)).expect("a row");
        let mut weights = vec![f32::NAN; conv::packed_len(&self.shape)];
        conv::pack_weights(row, &self.shape, &self.w, &mut weights).expect("packs");
        let mut y = vec![f32::NAN; self.shape.output_len()];
        let mut scratch = vec![f32::NAN; conv::scratch_len(row, &self.shape, 1).expect("small")];
        let args = ConvF32 {
            shape: &self.shape,
            x: &self.x,
            weights: &weights,
            y: &mut y,
            epilogue: &self.epilogue,
            bias: Some(&self.bias),
            residual: Some(&self.residual),
        };
        conv_f32(cpu, row, args, &mut scratch, Team::serial()).expect("runs");
        y
    }

    fn run(&self, cpu: Cpu, row: &ConvC16Row, input: InputLayout, team: Team) -> Vec<f32> {
        let (shape, [inside, outside]) = (&self.shape, self.space());
        let mut weights = vec![f32::NAN; packed_len(shape).expect("small")];
        pack_weights(shape, &self.w, &mut weights).expect("packs");
        let x = match input {
            InputLayout::Blocked => spoiled(shape.batch(), shape.in_channels(), inside, &self.x),
            InputLayout::Planes => self.x.clone(),
        };
        let residual = blocked(shape.batch(), shape.out_channels(), outside, &self.residual);
        let mut y = vec![f32::NAN; residual.len()];
        let mut scratch = vec![f32::NAN; scratch_len(row, shape, input, team.threads()).expect("small")];
        let args = ConvC16F32 {
            shape,
            input,
            x: &x,
            weights: &weights,
            y: &mut y,
            epilogue: &self.epilogue,
            bias: Some(&self.bias),
            residual: Some(&residual),
        };
        conv_c16_f32(cpu, row, args, &mut scratch, team).expect("runs");
        planes(shape.batch(), shape.out_channels(), outside, &y)
    }
}

/// Blocks whose lanes beyond the channels hold NaN.
fn spoiled(batch: usize, channels: usize, space: usize, x: &[f32]) -> Vec<f32> {
    let mut y = blocked(batch, channels, space, x);
    let per_image = channels.div_ceil(16) * space;
    for (i, vector) in y.chunks_mut(16).enumerate() {
        let first = i % per_image / space * 16;
        vector.iter_mut().enumerate().filter(|(lane, _)| first + lane >= channels).for_each(|(_, v)| *v = f32::NAN);
    }
    y
}

fn rows() -> Vec<(Cpu, &'static ConvC16Row)> {
    let all = Cpu::all_available();
    all.iter().flat_map(|&cpu| CONV_C16.iter().filter(move |row| cpu.id() == row.isa).map(move |row| (cpu, row))).collect()
}

fn random_shape(rng: &mut Rng, row: &ConvC16Row) -> ConvShape {
    loop {
        let window = Window {
            kernel: [rng.size(1, 5), rng.size(1, 5)],
            stride: [rng.size(1, 3), rng.size(1, 3)],
            dilation: [rng.size(1, 2), rng.size(1, 2)],
            pads: [rng.size(0, 2), rng.size(0, 3), rng.size(0, 3), rng.size(0, 2)],
        };
        let input = [rng.size(1, 13), rng.size(1, 33)];
        let (inputs, outputs, group) = match rng.size(0, 2) {
            0 => (rng.size(1, 50), rng.size(1, 90), 1),
            1 => (16 * 2 * rng.size(1, 2), 16 * 2 * rng.size(1, 3), 2),
            _ => {
                let channels = rng.size(2, 50);
                (channels, channels, channels)
            }
        };
        match ConvShape::new(rng.size(1, 2), inputs, outputs, group, input, window) {
            Ok(shape) if row.takes(&shape) => return shape,
            _ => {}
        }
    }
}

fn fixed_shapes() -> Vec<ConvShape> {
    let same = |k: usize, stride: usize| Window { pads: [k / 2; 4], stride: [stride; 2], ..Window::new([k, k]) };
    [
        ConvShape::new(1, 3, 32, 1, [31, 33], same(3, 2)),
        ConvShape::new(1, 3, 64, 1, [30, 30], same(7, 2)),
        ConvShape::new(2, 32, 48, 1, [14, 14], same(3, 1)),
        ConvShape::new(1, 260, 33, 1, [5, 6], same(3, 1)),
        ConvShape::new(1, 256, 64, 1, [7, 7], same(3, 1)),
        ConvShape::new(1, 2100, 20, 1, [3, 3], same(1, 1)),
        ConvShape::new(2, 40, 100, 1, [9, 9], same(1, 1)),
        ConvShape::new(2, 40, 100, 1, [9, 9], same(1, 2)),
        ConvShape::new(2, 24, 8, 1, [1, 1], same(1, 1)),
        ConvShape::new(2, 40, 40, 40, [14, 14], same(3, 1)),
        ConvShape::new(2, 40, 40, 40, [15, 15], same(3, 2)),
        ConvShape::new(1, 20, 20, 20, [14, 19], same(5, 1)),
        ConvShape::new(1, 20, 20, 20, [14, 19], same(5, 2)),
        ConvShape::new(1, 20, 20, 20, [2, 2], same(5, 1)),
    ]
    .into_iter()
    .map(|shape| shape.expect("a valid shape"))
    .collect()
}

#[test]
fn blocked_rows_have_the_bits_of_the_rows_of_planes() {
    for (cpu, row) in rows() {
        let mut rng = Rng(1);
        let random = (0..common::cases(250)).map(|_| random_shape(&mut rng, row)).collect::<Vec<_>>();
        for shape in random.into_iter().chain(fixed_shapes()).filter(|shape| row.takes(shape)) {
            let case = Case::new(&mut rng, shape);
            let truth = case.truth(cpu);
            assert_same_bits(&case.run(cpu, row, InputLayout::Blocked, Team::serial()), &truth, &format!("{} {shape:?}", row.name));
            if shape.group() == 1 {
                assert_same_bits(&case.run(cpu, row, InputLayout::Planes, Team::serial()), &truth, &format!("{} {shape:?}", row.name));
            }
        }
    }
}

#[test]
fn teams_do_not_change_bits() {
    for (cpu, row) in rows() {
        let mut rng = Rng(2);
        for shape in fixed_shapes().into_iter().filter(|shape| row.takes(shape)) {
            let case = Case::new(&mut rng, shape.with_batch(3).expect("small"));
            let serial = case.run(cpu, row, InputLayout::Blocked, Team::serial());
            for team in teams() {
                assert_same_bits(&case.run(cpu, row, InputLayout::Blocked, team), &serial, row.name);
            }
        }
    }
}

#[test]
fn every_shape_that_is_taken_has_a_row() {
    let mut rng = Rng(3);
    for (cpu, row) in rows() {
        for shape in (0..50).map(|_| random_shape(&mut rng, row)).collect::<Vec<_>>() {
            assert!(takes(shape.in_channels(), shape.out_channels(), shape.group()));
            assert_eq!(select(cpu, &shape).map(|row| row.name), Some(row.name));
        }
    }
}

#[test]
fn scratch_is_enough_for_smaller_inputs() {
    let window = Window { pads: [1; 4], ..Window::new([3, 3]) };
    for row in CONV_C16 {
        for channels in [1, 3, 20, 200] {
            let need = |side| {
                let shape = ConvShape::new(1, channels, 20, 1, [side; 2], window).expect("a valid shape");
                scratch_len(row, &shape, InputLayout::Blocked, 2).expect("small")
            };
            assert!((1..300).map(need).collect::<Vec<_>>().is_sorted(), "{} {channels}", row.name);
        }
    }
}

#[test]
fn to_blocks_and_back() {
    let (mut rng, teams) = (Rng(4), teams());
    for _ in 0..60 {
        let (batch, channels, space) = (rng.size(1, 3), rng.size(1, 70), rng.size(1, 200));
        let x = rng.f32s(batch * channels * space);
        let y = blocked(batch, channels, space, &x);
        for (i, &v) in x.iter().enumerate() {
            let (image, c, at) = (i / space / channels, i / space % channels, i % space);
            let at = ((image * channels.div_ceil(16) + c / 16) * space + at) * 16 + c % 16;
            assert_eq!(y[at].to_bits(), v.to_bits());
        }
        assert_same_bits(&planes(batch, channels, space, &y), &x, "back");
        for (cpu, team) in Cpu::all_available().into_iter().flat_map(|cpu| teams.iter().map(move |&team| (cpu, team))) {
            let (mut again, mut back) = (vec![f32::NAN; y.len()], vec![f32::NAN; x.len()]);
            to_blocks_f32(cpu, [batch, channels, space], &x, &mut again, team).expect("fits");
            from_blocks_f32(cpu, [batch, channels, space], &y, &mut back, team).expect("fits");
            assert_same_bits(&again, &y, "teams");
            assert_same_bits(&back, &x, "teams");
        }
    }
}

#[test]
fn blocked_pooling_has_the_bits_of_pooling_of_planes() {
    let mut rng = Rng(5);
    for cpu in Cpu::all_available() {
        for case in 0..common::cases(120) {
            let (batch, channels) = (rng.size(1, 2), rng.size(1, 100));
            let window = Window {
                kernel: [rng.size(1, 4), rng.size(1, 4)],
                stride: [rng.size(1, 3), rng.size(1, 3)],
                dilation: [rng.size(1, 2), rng.size(1, 2)],
                pads: [rng.size(0, 1), rng.size(0, 1), rng.size(0, 1), rng.size(0, 1)],
            };
            let input = [rng.size(1, 15), rng.size(1, 15)];
            let window = if case % 4 == 0 { Window::new(input) } else { window };
            let Ok(output) = window.output(input) else { continue };
            let x = rng.f32s(batch * channels * input[0] * input[1]);
            let plain = PoolShape::new(batch * channels, input, output, window).expect("valid");
            let blocks = PoolShape::new(batch * channels.div_ceil(16), input, output, window).expect("valid");
            let xb = blocked(batch, channels, input[0] * input[1], &x);
            let team = Team::serial();
            let (mut y, mut yb) = (vec![f32::NAN; plain.output_len()], vec![f32::NAN; blocks.output_len() * 16]);
            let space = output[0] * output[1];
            max_pool_f32(cpu, &plain, &x, &mut y, team).expect("runs");
            max_pool_c16_f32(cpu, &blocks, &xb, &mut yb, team).expect("runs");
            assert_same_bits(&planes(batch, channels, space, &yb), &y, "max");
            for pad in [false, true] {
                average_pool_f32(cpu, &plain, pad, &x, &mut y, team).expect("runs");
                average_pool_c16_f32(cpu, &blocks, pad, &xb, &mut yb, team).expect("runs");
                assert_same_bits(&planes(batch, channels, space, &yb), &y, "average");
            }
        }
    }
}
