//! `fastserve detect`: things in pictures, with detectors of the YOLOv8 kind.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fastserve::{Port, Session, Tensor};
use image::RgbImage;
use serde_json::{Value, json};

use crate::app::Cx;
use crate::commands::classify::read_labels;
use crate::commands::inspect::survey_of;
use crate::fail::{Outcome, usage};
use crate::io::boxes::{self, Found};
use crate::io::elements::to_f64;
use crate::io::images;
use crate::io::letterbox::Letterbox;
use crate::model;
use crate::show::numbers::{percent, time};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, draw, json, note, style};
use crate::stats::timed;

/// Sides where neither the input nor the file says one.
const DEFAULT_SIDE: u32 = 640;
const MAX_SIDE: u32 = 4096;

const EXAMPLES: &str = "\
Examples:
  fastserve detect yolov8n.onnx --image street.jpg --draw found.png
  fastserve detect yolov8n.onnx --image a.jpg b.jpg --labels coco.txt --threshold 0.5 --json";

/// Options of `detect`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// ONNX file of a detector with one output [1, 4 + classes, boxes]: centre, width and height in pixels, then scores
    model: PathBuf,
    /// Pictures (PNG or JPEG)
    #[arg(long = "image", value_name = "FILE", num_args = 1.., required = true)]
    images: Vec<PathBuf>,
    /// Names of the classes, one a line; those in the file if not given
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Boxes with a lower score are left out
    #[arg(long, value_name = "PART", default_value_t = 0.25)]
    threshold: f32,
    /// Of boxes of one class that overlap more (intersection over union), the best one stays
    #[arg(long, value_name = "PART", default_value_t = 0.45)]
    overlap: f32,
    /// Side of the square that pictures are fitted into, in pixels; as the model says if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(32..=i64::from(MAX_SIDE)))]
    size: Option<u32>,
    /// Write the picture with the boxes (one picture only)
    #[arg(long, value_name = "OUT.png")]
    draw: Option<PathBuf>,
}

/// Finds things in each picture.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    if args.draw.is_some() && args.images.len() > 1 {
        return Err(usage("--draw takes one picture"));
    }
    let metadata = survey_of(&args.model).map(|s| s.metadata).unwrap_or_default();
    let word = |key: &str| metadata.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v.as_str());
    let labels = args.labels.as_deref().map_or_else(|| Ok(boxes::quoted(word("names"))), read_labels)?;
    let loaded = model::load(Some(&args.model), cx.threads)?;
    let port = loaded.compiled.signature().inputs.first().context("the model has no input")?;
    let side = args.size.or_else(|| side_of(port)).or_else(|| first_number(word("imgsz"))).unwrap_or(DEFAULT_SIDE);
    let mut session = loaded.compiled.session()?;
    let mut reports = Vec::new();
    for path in &args.images {
        let seen = look(path, side, &mut session, args)?;
        if cx.json {
            reports.push(seen.json(path, &labels));
        } else {
            seen.print(path, &labels, cx)?;
        }
        if let Some(out) = &args.draw {
            seen.draw(out, &labels)?;
        }
    }
    if cx.json {
        json::line(cx.out, &json!({ "model": loaded.name, "load_ms": loaded.load_ms, "images": reports }))?;
    }
    Ok(Outcome::Fine)
}

/// A square input's side.
fn side_of(port: &Port) -> Option<u32> {
    let known: Vec<Option<usize>> = port.dims.iter().map(fastserve::ir::Dim::known).collect();
    let side = *known.last()?;
    side.and_then(|s| u32::try_from(s).ok()).filter(|s| (1..=MAX_SIDE).contains(s))
}

/// The first number in a text such as `[320, 320]`.
fn first_number(text: &str) -> Option<u32> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|w| !w.is_empty())?;
    digits.parse().ok().filter(|n| (32..=MAX_SIDE).contains(n))
}

/// What was found in a picture.
struct Seen {
    picture: RgbImage,
    found: Vec<Found>,
    latency_us: f64,
}

fn look(path: &Path, side: u32, session: &mut Session, args: &Args) -> Result<Seen> {
    let picture = images::open(path)?.to_rgb8();
    let fit = Letterbox::new(&picture, side);
    let pixels = Tensor::from_slice(&[1, 3, side as usize, side as usize], &fit.planes(&picture))?;
    let inputs = [pixels.view()?];
    let (latency_us, outputs) = timed(|| session.run(&inputs));
    let view = outputs?.get(0)?;
    let (rows, count) = match *view.shape().dims() {
        [1, a, b] if a > 4 => (a, b),
        ref other => bail!("the output has extents {other:?}; a detector's are [1, 4 + classes, boxes]"),
    };
    let mut found = boxes::decode(&to_f64(&view)?, rows, count, args.threshold);
    boxes::suppress(&mut found, args.overlap);
    found.iter_mut().for_each(|f| fit.back(&mut f.rectangle));
    Ok(Seen { picture, found, latency_us })
}

fn label(labels: &[String], class: usize) -> String {
    labels.get(class).map_or_else(|| format!("class {class}"), |l| clean::word(l))
}

impl Seen {
    fn json(&self, path: &Path, labels: &[String]) -> Value {
        let one = |f: &Found| json!({ "class": f.class, "label": labels.get(f.class), "score": f.score, "box": f.rectangle });
        let all: Vec<Value> = self.found.iter().map(one).collect();
        json!({ "file": path.display().to_string(), "latency_us": self.latency_us, "found": all })
    }

    fn print(&self, path: &Path, labels: &[String], cx: &mut Cx<'_>) -> Result<()> {
        let name = clean::word(&path.display().to_string());
        let size = format!("{}x{}", self.picture.width(), self.picture.height());
        writeln!(cx.out, "{}  {size}, {}", style::strong(&name, cx.color), time(self.latency_us))?;
        if self.found.is_empty() {
            return Ok(writeln!(cx.out, "  nothing found\n")?);
        }
        let mut table =
            Table::new(&[("what", Left), ("score", Right), ("left", Right), ("top", Right), ("right", Right), ("bottom", Right)]);
        for f in &self.found {
            let [l, t, r, b] = f.rectangle.map(|v| format!("{v:.0}"));
            table.row([label(labels, f.class), percent(f64::from(f.score)), l, t, r, b]);
        }
        table.write(cx.out)?;
        Ok(writeln!(cx.out)?)
    }

    fn draw(&self, out: &Path, labels: &[String]) -> Result<()> {
        let mut picture = self.picture.clone();
        for f in self.found.iter().rev() {
            draw::labelled(&mut picture, f.rectangle, &format!("{} {:.2}", label(labels, f.class), f.score), f.class);
        }
        picture.save(out).with_context(|| format!("cannot write {}", out.display()))?;
        note(&format!("wrote {}", out.display()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::first_number;

    #[test]
    fn sides_are_read() {
        assert_eq!([first_number("[320, 640]"), first_number("9"), first_number("")], [Some(320), None, None]);
    }
}
