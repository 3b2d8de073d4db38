//! Runs a model of ONNX's test suites with another engine: `xtask-peers ENGINE MODEL OUT INPUT…`.
//! Inputs are files of one `TensorProto` each, in the order of the graph's inputs; outputs are written to `OUT/output_N.pb`.
//!
//! Run it through `cargo xtask suites --rust-peers`. This package is a workspace of its own, with its own lock file: the engines
//! are only compared with, and nobody who builds or tests FastServe should pay for them.

mod proto;
mod rten;
mod tract;

use std::path::Path;

use anyhow::{Context, Result, bail};
use prost::Message;
use tract_onnx::pb::TensorProto;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [engine, model, out, inputs @ ..] = args.as_slice() else {
        bail!("usage: xtask-peers tract|rten MODEL OUT [INPUT…]");
    };
    let inputs = inputs.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    let outputs = match engine.as_str() {
        "tract" => tract::run(model, &inputs)?,
        "rten" => rten::run(model, &inputs)?,
        other => bail!("there is no engine {other}: tract or rten"),
    };
    for (i, output) in outputs.iter().enumerate() {
        std::fs::write(Path::new(out).join(format!("output_{i}.pb")), output.encode_to_vec())?;
    }
    Ok(())
}

fn read(path: &str) -> Result<TensorProto> {
    let bytes = std::fs::read(path).with_context(|| path.to_owned())?;
    TensorProto::decode(bytes.as_slice()).with_context(|| path.to_owned())
}
