//! Two networks of different makers hear the same scale, and the right one.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::f64::consts::TAU;

use common::fixture;
use fastserve::Tensor;

/// C major from C4 to C5, as MIDI numbers.
const SCALE: [u32; 8] = [60, 62, 64, 65, 67, 69, 71, 72];
/// What a good ear still takes for the same note.
const CENTS: f64 = 50.0;

fn hertz(midi: f64) -> f64 {
    440.0 * ((midi - 69.0) / 12.0).exp2()
}

/// One sample of a note with four harmonics that begins and ends within ten milliseconds.
fn note(midi: u32, at: usize, count: usize, rate: f64) -> f64 {
    let phase = TAU * hertz(f64::from(midi)) * at as f64 / rate;
    let tone: f64 = (1..=4).map(|k| (f64::from(k) * phase).sin() / f64::from(k)).sum();
    let edge = at.min(count - at) as f64 / (0.01 * rate);
    0.3 * tone * edge.min(1.0)
}

/// The scale as a file of 16 bits, and its samples as they are read again.
fn recording(rate: u32, samples: usize) -> Vec<f32> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scale.wav");
    let spec = hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    let each = samples / SCALE.len();
    for i in 0..samples {
        let value = SCALE.get(i / each).map_or(0.0, |midi| note(*midi, i % each, each, f64::from(rate)));
        writer.write_sample((value * 32767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
    hound::WavReader::open(&path).unwrap().samples::<i16>().map(|s| f32::from(s.unwrap()) / 32768.0).collect()
}

/// The value in the middle of each note.
fn middles<T: Copy>(frames: &[T]) -> Vec<T> {
    (0..SCALE.len()).map(|i| frames[(2 * i + 1) * frames.len() / (2 * SCALE.len())]).collect()
}

/// Basic Pitch scores the 88 keys of a piano in each frame, from 27.5 Hz on.
fn basic_pitch() -> Vec<f64> {
    let mut session = fixture("fixtures/basic_pitch/nmp.onnx");
    let input = Tensor::from_slice(&[1, 43844, 1], &recording(22050, 43844)).unwrap();
    let outputs = session.run_named(&[("serving_default_input_2:0", &input)]).unwrap();
    let (_, notes) = outputs.iter().map(Result::unwrap).find(|(name, _)| *name == "StatefulPartitionedCall:1").unwrap();
    let key = |frame: &[f32]| (0..88).max_by(|&a, &b| frame[a].total_cmp(&frame[b])).unwrap();
    let keys: Vec<usize> = notes.as_slice::<f32>().unwrap().chunks_exact(88).map(key).collect();
    middles(&keys).into_iter().map(|key| hertz(key as f64 + 21.0)).collect()
}

/// SwiftF0 gives the pitch of each frame in Hz.
fn swift_f0() -> Vec<f64> {
    let mut session = fixture("fixtures/swift_f0/model.onnx");
    let audio = Tensor::from_slice(&[1, 32000], &recording(16000, 32000)).unwrap();
    let [low, high] = [46.875f32, 2093.75].map(|hz| Tensor::scalar(hz).unwrap());
    let outputs = session.run_named(&[("audio", &audio), ("fmin", &low), ("fmax", &high)]).unwrap();
    let (_, pitch) = outputs.iter().map(Result::unwrap).find(|(name, _)| *name == "pitch").unwrap();
    middles(pitch.as_slice::<f64>().unwrap())
}

fn near(who: &str, got: &[f64], expected: &[f64]) {
    for (got, expected) in got.iter().zip(expected) {
        let cents = 1200.0 * (got / expected).log2();
        assert!(cents.abs() < CENTS, "{who}: {got} Hz, expected {expected} Hz: {cents:.1} cents");
    }
}

#[test]
fn a_scale_is_heard() {
    let truth = SCALE.map(|midi| hertz(f64::from(midi)));
    let (ours, theirs) = (basic_pitch(), swift_f0());
    println!("Basic Pitch {ours:.1?}\nSwiftF0     {theirs:.1?}");
    near("Basic Pitch", &ours, &truth);
    near("SwiftF0", &theirs, &truth);
    near("SwiftF0 beside Basic Pitch", &theirs, &ours);
}
