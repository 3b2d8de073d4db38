//! Pictures in files, classified.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fastserve::{Session, Tensor};
use image::DynamicImage;
use serde_json::{Value, json};

use crate::app::Cx;
use crate::commands::ranking::Ranking;
use crate::commands::run::save;
use crate::fail::Outcome;
use crate::io::images::{self, ImageArgs};
use crate::io::inputs::{InputArgs, Named, views};
use crate::io::preset::Preset;
use crate::model::Loaded;
use crate::show::numbers::{percent, time};
use crate::show::{ascii, bars, clean, json, note, style};
use crate::stats::timed;

const THUMBNAIL_WIDTH: u32 = 28;
const BAR_WIDTH: usize = 20;

/// Classifies each picture on its own.
pub(crate) fn run(loaded: &Loaded, inputs: &InputArgs, args: &ImageArgs, folder: Option<&Path>, cx: &mut Cx<'_>) -> Result<Outcome> {
    let preset = args.preset(loaded.compiled.signature());
    if args.preprocess.is_none() && preset != Preset::Plain {
        note("a thousand classes of photos: prepared as for ImageNet (--preprocess plain does not)");
    }
    let args = &ImageArgs { preprocess: Some(preset), ..args.clone() };
    let labels = args.labels.as_deref().map_or_else(|| Ok(preset.labels()), read_labels)?;
    let mut session = loaded.compiled.session()?;
    let mut reports = Vec::new();
    for path in &args.images {
        let shown = one(path, &mut session, inputs, args, folder)?;
        if cx.json {
            reports.push(shown.json(&labels, args));
        } else {
            shown.print(&labels, args, cx)?;
        }
    }
    if cx.json {
        json::line(cx.out, &json!({ "model": loaded.name, "load_ms": loaded.load_ms, "images": reports }))?;
    }
    Ok(Outcome::Fine)
}

/// One picture and what the model takes it for.
struct Classified {
    path: PathBuf,
    picture: DynamicImage,
    ranking: Ranking,
    latency_us: f64,
}

fn one(path: &Path, session: &mut Session, inputs: &InputArgs, args: &ImageArgs, folder: Option<&Path>) -> Result<Classified> {
    let signature = session.signature().clone();
    let port = images::picture_port(&signature.inputs, args)?;
    let (value, picture) = images::read(path, port, args)?;
    let tensors: Vec<Tensor> = inputs.gather(&signature, vec![Named { name: port.name.clone(), value }], inputs.missing())?;
    let (latency_us, outputs) = {
        let inputs = views(&tensors)?;
        timed(|| session.run(&inputs).map(drop))
    };
    outputs?;
    let inputs = views(&tensors)?;
    let outputs = session.run(&inputs)?;
    if let Some(folder) = folder {
        let place = if args.images.len() == 1 { folder.to_owned() } else { folder.join(path.file_stem().unwrap_or_default()) };
        save(&place, &outputs)?;
    }
    Ok(Classified { path: path.to_owned(), picture, ranking: Ranking::of(&outputs.get(0)?)?, latency_us })
}

/// Names of classes, one a line.
pub(crate) fn read_labels(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the labels {}", path.display()))?;
    Ok(text.lines().map(|l| l.trim().to_owned()).collect())
}

fn label(labels: &[String], class: usize) -> String {
    labels.get(class).map_or_else(|| format!("class {class}"), |l| clean::word(l))
}

impl Classified {
    fn json(&self, labels: &[String], args: &ImageArgs) -> Value {
        let top = self.ranking.top(args.top.into());
        let rows: Vec<Value> = top.iter().map(|(i, p)| json!({ "class": i, "label": labels.get(*i), "probability": p })).collect();
        json!({ "file": self.path.display().to_string(), "latency_us": self.latency_us, "softmaxed": self.ranking.softmaxed, "top": rows })
    }

    fn print(&self, labels: &[String], args: &ImageArgs, cx: &mut Cx<'_>) -> Result<()> {
        let size = format!("{}x{}", self.picture.width(), self.picture.height());
        let name = clean::word(&self.path.display().to_string());
        writeln!(cx.out, "{}  {size}, {}", style::strong(&name, cx.color), time(self.latency_us))?;
        let (mut pixels, width) = images::thumbnail(&self.picture, THUMBNAIL_WIDTH);
        if args.invert {
            pixels.iter_mut().for_each(|p| *p = 255 - *p);
        }
        for line in ascii::beside(&ascii::art(&pixels, width), &self.rows(labels, args), 3) {
            writeln!(cx.out, "{}", ascii::indent(&line))?;
        }
        Ok(writeln!(cx.out)?)
    }

    fn rows(&self, labels: &[String], args: &ImageArgs) -> Vec<String> {
        let top = self.ranking.top(args.top.into());
        let names: Vec<String> = top.iter().map(|t| label(labels, t.0)).collect();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let row = |((_, p), n): (&(usize, f64), &String)| format!("{n:<width$}  {} {:>7}", bars::bar(*p, BAR_WIDTH), percent(*p));
        let mut rows: Vec<String> = top.iter().zip(&names).map(row).collect();
        if self.ranking.softmaxed {
            rows.extend([String::new(), "(softmax of the output)".to_owned()]);
        }
        rows
    }
}
