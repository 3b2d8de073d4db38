//! `fastserve run`: a model once.

use std::path::{Path, PathBuf};

use anyhow::Result;
use fastserve::{Outputs, Session, TensorView};
use serde_json::{Value, json};

use crate::app::Cx;
use crate::commands::{classify, digits};
use crate::fail::{Outcome, usage};
use crate::io::elements::to_f64;
use crate::io::images::ImageArgs;
use crate::io::inputs::{InputArgs, views};
use crate::io::outputs;
use crate::model::{self, Loaded};
use crate::show::numbers::{element, extents, time};
use crate::show::table::{Left, Table};
use crate::show::{json, note};
use crate::stats::timed;
use crate::system;

/// The first values of an output that are shown.
const FIRST: usize = 6;

const EXAMPLES: &str = "\
Examples:
  fastserve run
  fastserve run model.onnx --random-inputs 0 --shape image=1x3x224x224
  fastserve run model.onnx --input tokens=tokens.npy --output-dir out
  fastserve run mobilenet_v2.onnx --image cat.jpg dog.jpg --top 3
  fastserve run model.onnx --image cat.jpg --labels labels.txt --mean 0.5 --std 0.25
  fastserve run --image digit.png --invert";

/// Options of `run`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file or text weights; TinyCNN, which the program carries with it, if not given
    model: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Write the outputs as .npy files into this folder, with a manifest.json
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    #[command(flatten)]
    images: ImageArgs,
}

/// Runs a model on what is given.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    if args.images.images.is_empty() && args.images.labels.is_some() {
        return Err(usage("--labels names the classes of pictures; give some with --image FILE"));
    }
    let loaded = model::load_with(args.model.as_deref(), &args.inputs.shape.told(), cx.threads)?;
    if !args.images.images.is_empty() {
        return classify::run(&loaded, &args.inputs, &args.images, args.output_dir.as_deref(), cx);
    }
    if args.model.is_none() && args.inputs.is_empty() {
        return digits::demo(&loaded, args.output_dir.as_deref(), cx);
    }
    once(&loaded, args, cx)
}

fn once(loaded: &Loaded, args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    let tensors = args.inputs.gather(loaded.compiled.signature(), Vec::new(), args.inputs.missing())?;
    let mut session = loaded.compiled.session()?;
    let inputs = views(&tensors)?;
    let (run_us, outputs) = timed(|| session.run(&inputs));
    let outputs = outputs?;
    let rows =
        outputs.iter().map(|o| o.map_err(Into::into).and_then(|(name, view)| Summary::of(name, &view))).collect::<Result<Vec<_>>>()?;
    if let Some(folder) = &args.output_dir {
        save(folder, &outputs)?;
    }
    if cx.json {
        let all: Vec<Value> = rows.iter().map(Summary::json).collect();
        let folder = args.output_dir.as_ref().map(|f| f.display().to_string());
        let report = json!({ "model": loaded.name, "isa": system::isa(), "threads": system::threads(cx.threads),
            "load_ms": loaded.load_ms, "run_us": run_us, "outputs": all, "output_dir": folder });
        json::line(cx.out, &report)?;
    } else {
        print(loaded, run_us, &rows, cx)?;
    }
    Ok(Outcome::Fine)
}

/// Writes all outputs into a folder, and says so.
pub(crate) fn save(folder: &Path, outputs: &Outputs<'_>) -> Result<()> {
    let all = outputs.iter().collect::<Result<Vec<_>, _>>()?;
    let narrow = all.iter().any(|(_, view)| view.dtype() == fastserve::DType::BF16 || view.dtype().narrow().is_some());
    let count = outputs::write(folder, all)?.tensors.len();
    note(&format!("wrote {count} tensors and {} into {}", outputs::MANIFEST, folder.display()));
    if narrow {
        note("bf16 and types of 8 bits and less are written as f32, i8 or u8: .npy files do not have them");
    }
    Ok(())
}

/// Runs once and writes all outputs into a folder.
pub(crate) fn run_and_save(session: &mut Session, inputs: &[TensorView<'_>], folder: Option<&Path>) -> Result<()> {
    folder.map_or(Ok(()), |folder| save(folder, &session.run(inputs)?))
}

fn print(loaded: &Loaded, run_us: f64, rows: &[Summary], cx: &mut Cx<'_>) -> Result<()> {
    let (threads, isa) = (system::threads(cx.threads), system::isa());
    writeln!(cx.out, "{}: loaded in {:.1} ms, first run {}, {threads} threads, {isa}\n", loaded.name, loaded.load_ms, time(run_us))?;
    let titles = ["output", "type", "shape", "min", "mean", "max", "first values"];
    let mut table = Table::new(&titles.map(|t| (t, Left)));
    rows.iter().for_each(|r| table.row(r.cells()));
    Ok(table.write(cx.out)?)
}

/// An output in a few numbers.
struct Summary {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    /// Smallest, mean, largest; NaNs are left out of the first and the last.
    range: [f64; 3],
    first: Vec<f64>,
    elements: usize,
}

impl Summary {
    fn of(name: &str, view: &TensorView<'_>) -> Result<Self> {
        let all = to_f64(view)?;
        let min = all.iter().copied().fold(f64::NAN, f64::min);
        let max = all.iter().copied().fold(f64::NAN, f64::max);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let first = all.iter().take(FIRST).copied().collect();
        let (dtype, shape) = (view.dtype().to_string(), view.shape().to_vec());
        Ok(Self { name: name.to_owned(), dtype, shape, range: [min, mean, max], first, elements: all.len() })
    }

    fn json(&self) -> Value {
        let [min, mean, max] = self.range;
        json!({ "name": self.name, "dtype": self.dtype, "shape": self.shape, "min": min, "mean": mean, "max": max, "first": self.first })
    }

    fn cells(&self) -> [String; 7] {
        let [min, mean, max] = self.range.map(element);
        let more = if self.elements > FIRST { " …" } else { "" };
        let first = self.first.iter().map(|v| element(*v)).collect::<Vec<_>>().join(" ") + more;
        [self.name.clone(), self.dtype.clone(), extents(&self.shape), min, mean, max, first]
    }
}
