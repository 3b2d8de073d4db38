//! Attention as one step beside the same as a product, a softmax and a product, one thread: `attention_speed [heads queries keys size]`.

use fastserve_kernels::Epilogue;
use fastserve_kernels::attention::{AttentionF32, AttentionSizes, HeadAxis, Matrix, attention_f32, attention_scratch};
use fastserve_kernels::gemm::{BatchAxis, GemmB, GemmF32, ScratchSizes, gemm_f32, scratch_len, select};
use fastserve_kernels::softmax::{SoftmaxShape, softmax_f32};
use fastserve_parallel::Team;
use fastserve_simd::Cpu;
use std::time::Instant;

fn best(mut run: impl FnMut()) -> f64 {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e6
    };
    (0..60).map(|_| time(&mut run)).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<usize> = std::env::args().skip(1).map(|a| a.parse()).collect::<Result<_, _>>()?;
    let &[heads, queries, keys, size] = given.as_slice() else { return Err("expected: heads queries keys size".into()) };
    let (cpu, row) = (Cpu::detect(), heads * size);
    let numbers = |n: usize, seed: usize| (0..n).map(|i| ((i * 7919 + seed) % 1000) as f32 / 500.0 - 1.0).collect::<Vec<f32>>();
    let (q, k, v) = (numbers(queries * row, 1), numbers(keys * row, 2), numbers(keys * row, 3));
    let (mut y, mut scores) = (vec![0.0; queries * row], vec![0.0; heads * queries * keys]);
    let mut powers = scores.clone();
    let sizes = AttentionSizes { queries, keys, inner: size, outer: size };
    let mut scratch = vec![0.0; attention_scratch(cpu, sizes, 1)?];
    let axis = HeadAxis { count: heads, qkv: [size; 3], y: size, condition: 0, added: [0; 2] };
    let joined = best(|| {
        let matrix = |data| Matrix { data, row, col: 1 };
        let qkv = [matrix(&q[..]), matrix(&k[..]), matrix(&v[..])];
        let args = AttentionF32 { sizes, qkv, scale: 0.2, condition: None, added: [None; 2], y: &mut y, y_row: row, heads: &[axis] };
        attention_f32(cpu, args, &mut scratch, Team::serial()).expect("runs");
    });
    let (plain, of_queries) = (Epilogue::default(), select(cpu, fastserve_kernels::RoundingClass::Chain, queries));
    let most = |n, k| scratch_len(of_queries, ScratchSizes { m: queries, n, k, packed: false }, 1);
    let mut scratch = vec![0.0; most(keys, size)?.max(most(size, keys)?)];
    let mut product = |a: &[f32], b: GemmB<'_>, c: &mut [f32], [n, k]: [usize; 2], [a_row, c_row]: [usize; 2], batch: BatchAxis| {
        best(|| {
            let args = GemmF32 {
                m: queries,
                n,
                k,
                a,
                a_row_stride: a_row,
                a_col_stride: 1,
                b,
                c,
                c_row_stride: c_row,
                epilogue: &plain,
                bias: None,
                residual: None,
                batch: &[batch],
            };
            gemm_f32(cpu, of_queries, args, &mut scratch, Team::serial()).expect("runs");
        })
    };
    let square = queries * keys;
    let keys_turned = GemmB::Strided { data: &k, row_stride: 1, col_stride: row };
    let first = product(&q, keys_turned, &mut scores, [keys, size], [row, keys], BatchAxis { count: heads, a: size, b: size, c: square });
    let shape = SoftmaxShape { outer: heads * queries, axis: keys, inner: 1 };
    let middle = best(|| softmax_f32(cpu, &shape, &scores, &mut powers, Team::serial()).expect("runs"));
    let values = GemmB::Strided { data: &v, row_stride: row, col_stride: 1 };
    let last = product(&powers, values, &mut y, [size, keys], [keys, row], BatchAxis { count: heads, a: square, b: size, c: size });
    println!("joined {joined:.1} µs; product {first:.1} + softmax {middle:.1} + product {last:.1} = {:.1} µs", first + middle + last);
    Ok(())
}
