//! The command line as a whole; each command's options stand beside it.

use clap::{Parser, Subcommand};

use crate::commands::{bench, conformance, detect, diff, embed, inspect, key, legacy, load, optimize, peer, run, serve};
use crate::system;

/// What a new user may type.
pub(crate) const FIRST_STEPS: &str = "\
Examples:
  fastserve run                                    classify handwritten digits with the model inside
  fastserve bench                                  how fast that is, here
  fastserve run model.onnx --random-inputs 0       run any ONNX model
  fastserve serve model.onnx                       serve it: REST at 127.0.0.1:8000, gRPC at 127.0.0.1:8001
  fastserve run mobilenet.onnx --image cat.jpg     what is in a picture
  fastserve embed --model DIR \"a cat\" \"a kitten\"   texts as vectors, and how similar they are
  fastserve inspect model.onnx                     what is in a model, and what it costs
  fastserve diff model.onnx --random-inputs 0      the same numbers as onnxruntime?
";

/// Load, compile and run neural networks.
#[derive(Parser)]
#[command(name = "fastserve", version = system::version(), after_help = FIRST_STEPS, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(flatten)]
    pub(crate) legacy: legacy::Args,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options of every command.
#[derive(clap::Args)]
pub(crate) struct Global {
    /// Threads that a run may use; 0 is all that the process is granted
    #[arg(long, global = true, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) threads: usize,
    /// Print results as JSON, on one line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a model once, on files, pictures or random numbers; without a model, on the digits inside
    Run(Box<run::Args>),
    /// Measure a model: latency, throughput, memory, and where the time goes
    Bench(Box<bench::Args>),
    /// Run folders of ONNX's test suites: model, inputs and expected outputs
    Conformance(conformance::Args),
    /// Find things in pictures with a detector, and draw them
    Detect(detect::Args),
    /// Turn texts into vectors with an encoder, and compare them
    Embed(embed::Args),
    /// Show what is in a model, what it costs, and what is not supported
    Inspect(inspect::Args),
    /// Compare results with onnxruntime, or with tensors in files
    Diff(Box<diff::Args>),
    /// Write a model as ONNX, with fewer and simpler nodes that compute the same
    Optimize(optimize::Args),
    /// Serve models: REST and gRPC, requests that share runs, many models at once
    Serve(Box<serve::Args>),
    /// Make a key for a server that asks who somebody is
    Key(key::Args),
    /// Ask a server many times, and measure how long its answers take
    Load(load::Args),
    /// Be measured beside other engines: answer `run N` lines
    #[command(hide = true)]
    Peer(peer::Args),
}
