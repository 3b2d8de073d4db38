//! Says when somebody speaks in a recording (WAV, 16 kHz, one channel, 16 bits), with Silero VAD:
//!
//! ```text
//! cargo xtask fixtures
//! cargo run --release -p fastserve --example vad -- \
//!     ~/.cache/fastserve/fixtures/silero/silero_vad_v6.onnx ~/.cache/fastserve/fixtures/speech/beckett.wav
//! ```

use fastserve::{CompileOptions, Cpu, Model, Tensor};

type AnyError = Box<dyn std::error::Error>;

const RATE: u32 = 16_000;
/// Samples of a frame, and of the frame before it that the network sees too.
const FRAME: usize = 512;
const CONTEXT: usize = 64;
/// From this probability on somebody speaks.
const SPEECH: f32 = 0.5;

fn main() -> Result<(), AnyError> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [model, recording] = &args[..] else { return Err("usage: vad MODEL.onnx RECORDING.wav".into()) };
    let probabilities = probabilities(model, &samples(recording)?)?;
    let seconds = FRAME as f32 / RATE as f32;
    for (start, end) in spans(&probabilities) {
        println!("{:>7.2} s – {:>7.2} s", start as f32 * seconds, end as f32 * seconds);
    }
    Ok(())
}

/// Samples from −1 to 1.
fn samples(path: &str) -> Result<Vec<f32>, AnyError> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (RATE, 1, 16) {
        return Err(format!("{path}: expected 16 kHz, one channel, 16 bits; got {spec:?}").into());
    }
    Ok(reader.samples::<i16>().map(|s| s.map(|s| f32::from(s) / 32768.0)).collect::<Result<_, _>>()?)
}

/// One probability a frame.
fn probabilities(model: &str, samples: &[f32]) -> Result<Vec<f32>, AnyError> {
    let mut session = Model::open(model)?.compile(&Cpu::new()?, &CompileOptions::default())?.session()?;
    let frames = samples.len() / FRAME;
    let padded = [&[0.0; CONTEXT], samples].concat();
    let input: Vec<f32> = (0..frames).flat_map(|i| padded[i * FRAME..].iter().copied().take(CONTEXT + FRAME)).collect();
    let input = Tensor::from_slice(&[frames, CONTEXT + FRAME], &input)?;
    let state = Tensor::from_slice(&[1, 1, 128], &[0.0f32; 128])?;
    let outputs = session.run_named(&[("input", &input), ("h", &state), ("c", &state)])?;
    Ok(outputs.get(0)?.as_slice::<f32>()?.to_vec())
}

/// First frames of speech, and the frames behind the last.
fn spans(probabilities: &[f32]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (i, _) in probabilities.iter().enumerate().filter(|(_, p)| **p >= SPEECH) {
        match spans.last_mut() {
            Some(last) if last.1 == i => last.1 = i + 1,
            _ => spans.push((i, i + 1)),
        }
    }
    spans
}
