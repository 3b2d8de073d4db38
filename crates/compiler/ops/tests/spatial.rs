//! Places that only data tell: what is no number, infinite or far away takes no longer than what is near, and is named or told.
#![allow(clippy::unwrap_used)]

use fastserve_ir::{Attrs, OpSet};
use fastserve_ops::Ops;
use fastserve_tensor::Tensor;
use fastserve_testkit::reference;

fn f32s(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::from_slice(shape, values).unwrap()
}

fn run(op: &str, attrs: Attrs, inputs: &[Tensor]) -> Result<Vec<f32>, String> {
    let op = Ops.build("", op, 22, &attrs).map_err(|e| e.to_string())?;
    let inputs: Vec<Option<Tensor>> = inputs.iter().cloned().map(Some).collect();
    let made = reference::run(&op, &inputs).map_err(|e| e.to_string())?;
    Ok(made[0].as_slice::<f32>().unwrap().to_vec())
}

fn image() -> Tensor {
    f32s(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])
}

#[test]
fn positions_without_end_have_a_value() {
    let grid = f32s(&[1, 1, 3, 2], &[f32::NAN, 0.0, 1e30, 1e30, f32::INFINITY, -1e30]);
    let sample = |padding: &str| run("GridSample", Attrs::new().with_str("padding_mode", padding), &[image(), grid.clone()]).unwrap();
    let zeros = sample("zeros");
    assert!(zeros[0].is_nan() && zeros[1] == 0.0, "{zeros:?}");
    assert_eq!(sample("border")[1..], [4.0, 2.0]);
    assert!((1.0..=4.0).contains(&sample("reflection")[1]));
}

#[test]
fn a_box_without_ends_is_refused_and_a_large_one_is_sampled() {
    let index = Tensor::from_slice(&[1], &[0i64]).unwrap();
    let align = |corners: [f32; 4]| {
        let size = Attrs::new().with_int("output_height", 2).with_int("output_width", 2);
        run("RoiAlign", size, &[image(), f32s(&[1, 4], &corners), index.clone()])
    };
    for end in [f32::NAN, f32::INFINITY] {
        assert!(align([0.0, 0.0, end, 1.0]).unwrap_err().contains("a box from"));
    }
    let far = align([-1e9, -1e9, 1e9, 1e9]).unwrap();
    assert!(far.iter().all(|v| v.abs() < 1e-3), "{far:?}");
    assert!(align([-1e30, -1e30, 1e30, 1e30]).is_ok());
    assert_eq!(align([1.0, 1.0, -3.0, -3.0]).unwrap(), [0.0; 4]);
    let samples = Attrs::new().with_int("sampling_ratio", 1i64 << 40);
    assert!(run("RoiAlign", samples, &[image(), f32s(&[1, 4], &[0.0; 4]), index.clone()]).unwrap_err().contains("at most 256"));
}

#[test]
fn a_part_of_nothing_is_zero_and_boxes_are_checked() {
    let pool = |roi: [f32; 5]| {
        let attrs = Attrs::new().with_ints("pooled_shape", vec![1i64, 1]);
        run("MaxRoiPool", attrs, &[image(), f32s(&[1, 5], &roi)])
    };
    assert_eq!(pool([0.0, 5.0, 5.0, 9.0, 9.0]).unwrap(), [0.0]);
    assert_eq!(pool([0.0, -1e30, -1e30, 1e30, 1e30]).unwrap(), [4.0]);
    for roi in [[1.0, 0.0, 0.0, 1.0, 1.0], [-1.0, 0.0, 0.0, 1.0, 1.0], [f32::NAN, 0.0, 0.0, 1.0, 1.0], [0.0, 0.0, f32::NAN, 1.0, 1.0]] {
        assert!(pool(roi).unwrap_err().contains("input 1"), "{roi:?}");
    }
}

#[test]
fn offsets_without_end_read_nothing() {
    let weights = f32s(&[1, 1, 1, 1], &[1.0]);
    let offsets = f32s(&[1, 2, 2, 2], &[f32::NAN, f32::INFINITY, -1e30, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(run("DeformConv", Attrs::new(), &[image(), weights, offsets]).unwrap(), [0.0, 0.0, 0.0, 4.0]);
}

#[test]
fn places_outside_are_refused() {
    let places = Tensor::from_slice(&[1, 1, 2, 2], &[0i64, 1, 2, 99]).unwrap();
    let two = Attrs::new().with_ints("kernel_shape", vec![2i64, 2]).with_ints("strides", vec![2i64, 2]);
    assert!(run("MaxUnpool", two, &[image(), places]).unwrap_err().contains("place 99"));
}
