//! Writes the twin of a model in f16 or bf16: `cargo run --release --example half -- IN.onnx OUT.onnx [bf16]`.

use fastserve::{DType, Format, Model, WriteOptions};
use fastserve_testkit::half::halved;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = &args[..] else { return Err("expected IN.onnx OUT.onnx [bf16]".into()) };
    let dtype = if rest.iter().any(|word| word == "bf16") { DType::BF16 } else { DType::F16 };
    let twin = Model::from_graph(halved(Model::open(from)?.graph(), dtype)?, Format::Onnx)?;
    println!("{} bytes", twin.write_onnx(to, &WriteOptions::default())?);
    Ok(())
}
