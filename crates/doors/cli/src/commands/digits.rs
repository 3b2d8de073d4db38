//! Labelled grey pictures, classified and counted.

use std::path::Path;

use anyhow::{Context, Result};
use fastserve::ir::Dim;
use fastserve::{DType, Digits, Port, Session};
use serde_json::json;

use crate::app::Cx;
use crate::commands::ranking::Ranking;
use crate::commands::run::run_and_save;
use crate::fail::{Outcome, usage};
use crate::io::elements::to_f64;
use crate::model::Loaded;
use crate::show::numbers::{percent, thousands, time};
use crate::show::{ascii, bars, json, progress, style};
use crate::stats::{Latencies, timed};
use crate::system;

/// Pictures that the demonstration shows.
const SHOWN: usize = 3;
const BAR_WIDTH: usize = 24;
/// Untimed runs before the timed ones.
const WARMUP: usize = 10;
/// Time spent to measure batches, in microseconds.
const BATCH_TIME_US: f64 = 200_000.0;

/// A picture and what the model takes it for.
pub(crate) struct Verdict {
    pub(crate) label: usize,
    pub(crate) predicted: usize,
    pub(crate) probabilities: Vec<f64>,
    pub(crate) latency_us: f64,
}

impl Verdict {
    /// Whether the model is right.
    pub(crate) fn is_correct(&self) -> bool {
        self.label == self.predicted
    }

    /// The probability of what the model takes it for.
    pub(crate) fn confidence(&self) -> f64 {
        self.probabilities.get(self.predicted).copied().unwrap_or(0.0)
    }
}

/// All pictures with their verdicts and what they cost.
pub(crate) struct Report {
    pub(crate) verdicts: Vec<Verdict>,
    /// Pictures a second in one batch of all; none where the model's batch is fixed.
    batch_per_s: Option<f64>,
    latencies: Latencies,
}

/// The embedded digits, a few of them shown.
pub(crate) fn demo(loaded: &Loaded, folder: Option<&Path>, cx: &mut Cx<'_>) -> Result<Outcome> {
    let digits = fastserve::embedded_digits()?;
    let report = classify(loaded, &digits, folder)?;
    if cx.json {
        return report.json(loaded, cx);
    }
    writeln!(cx.out, "{}: {} handwritten digits of MNIST's test split\n", style::strong(&loaded.name, cx.color), digits.len())?;
    for i in report.to_show() {
        report.card(&digits, i, cx)?;
    }
    report.summary(loaded, cx)?;
    writeln!(cx.out, "\nNext: fastserve bench | fastserve run --image FILE.png | fastserve run MODEL.onnx --random-inputs 0")?;
    Ok(Outcome::Fine)
}

/// Whether an input takes these pictures.
pub(crate) fn takes(port: &Port, digits: &Digits) -> bool {
    let (height, width) = digits.size();
    let fits = |(dim, n): (&Dim, usize)| matches!(dim, Dim::Sym(_)) || dim.known() == Some(n);
    port.dtype == DType::F32 && port.dims.len() == 4 && port.dims.iter().zip([1, 1, height, width]).all(fits)
}

/// Classifies all pictures, one at a time and then as one batch.
pub(crate) fn classify(loaded: &Loaded, digits: &Digits, folder: Option<&Path>) -> Result<Report> {
    let signature = loaded.compiled.signature();
    let [port] = &signature.inputs[..] else { return Err(usage(format!("{} has more than one input", loaded.name))) };
    if !takes(port, digits) {
        let (height, width) = digits.size();
        return Err(usage(format!("input `{}` takes {}, the pictures are {height}x{width}", port.name, port.expected())));
    }
    let mut session = loaded.compiled.session()?;
    let verdicts = one_by_one(&mut session, digits)?;
    let any_batch = matches!(port.dims.first(), Some(Dim::Sym(_))) && !digits.is_empty();
    let batch_per_s = if any_batch { Some(batched(&mut session, digits, folder)?) } else { None };
    let latencies = Latencies::new(verdicts.iter().map(|v| v.latency_us).collect());
    Ok(Report { verdicts, batch_per_s, latencies })
}

fn one_by_one(session: &mut Session, digits: &Digits) -> Result<Vec<Verdict>> {
    if !digits.is_empty() {
        let first = digits.tensor(0)?;
        (0..WARMUP).try_for_each(|_| session.run(&[first.view()?]).map(drop))?;
    }
    let bar = progress::bar(digits.len() as u64, "classifying");
    let verdicts = (0..digits.len()).map(|i| (bar.inc(1), verdict(session, digits, i)).1).collect();
    progress::finish(&bar);
    verdicts
}

fn verdict(session: &mut Session, digits: &Digits, i: usize) -> Result<Verdict> {
    let (picture, label) = (digits.tensor(i)?, digits.label(i).context("a picture has no label")?);
    let inputs = [picture.view()?];
    let (latency_us, outputs) = timed(|| session.run(&inputs));
    let ranking = Ranking::of_scores(to_f64(&outputs?.get(0)?)?)?;
    Ok(Verdict { label, predicted: ranking.best(), probabilities: ranking.probabilities, latency_us })
}

/// Pictures a second in batches of all; the outputs go into `folder`.
fn batched(session: &mut Session, digits: &Digits, folder: Option<&Path>) -> Result<f64> {
    let all = digits.batch(0..digits.len())?;
    let inputs = [all.view()?];
    run_and_save(session, &inputs, folder)?;
    session.run(&inputs)?;
    let (mut total_us, mut runs) = (0.0, 0.0);
    while total_us < BATCH_TIME_US {
        let (us, outputs) = timed(|| session.run(&inputs).map(drop));
        outputs?;
        total_us += us;
        runs += 1.0;
    }
    Ok(runs * digits.len() as f64 * 1e6 / total_us)
}

impl Report {
    fn correct(&self) -> usize {
        self.verdicts.iter().filter(|v| v.is_correct()).count()
    }

    fn accuracy(&self) -> f64 {
        self.correct() as f64 / self.verdicts.len().max(1) as f64
    }

    /// The first picture, and those that the model finds hardest: wrong ones, then unsure ones.
    fn to_show(&self) -> Vec<usize> {
        let mut rest: Vec<usize> = (1..self.verdicts.len()).collect();
        let ease = |i: &usize| self.verdicts.get(*i).map_or(0.0, |v| v.confidence() + f64::from(u8::from(v.is_correct())));
        rest.sort_by(|a, b| ease(a).total_cmp(&ease(b)));
        (0..self.verdicts.len().min(1)).chain(rest.into_iter().take(SHOWN - 1)).collect()
    }

    /// A picture beside the probabilities of all classes.
    pub(crate) fn card(&self, digits: &Digits, i: usize, cx: &mut Cx<'_>) -> Result<()> {
        let (Some(v), Some(pixels)) = (self.verdicts.get(i), digits.pixels(i)) else { return Ok(()) };
        let right: Vec<String> = v.probabilities.iter().enumerate().map(|(class, &p)| class_row(class, p)).collect();
        writeln!(cx.out, "image {}, {}, {}", i + 1, self.sentence(i, cx.color), time(v.latency_us))?;
        for line in ascii::beside(ascii::trimmed(&ascii::art(pixels, digits.size().1)), &right, 3) {
            writeln!(cx.out, "{}", ascii::indent(&line))?;
        }
        Ok(writeln!(cx.out)?)
    }

    /// `label 7, predicted 7: correct`.
    pub(crate) fn sentence(&self, i: usize, color: bool) -> String {
        self.verdicts.get(i).map_or_else(String::new, |v| {
            let word = style::verdict(if v.is_correct() { "correct" } else { "wrong" }, v.is_correct(), color);
            format!("label {}, predicted {} ({}): {word}", v.label, v.predicted, percent(v.confidence()))
        })
    }

    /// Accuracy, latency and throughput.
    pub(crate) fn summary(&self, loaded: &Loaded, cx: &mut Cx<'_>) -> Result<()> {
        let (l, all, correct) = (&self.latencies, self.verdicts.len(), self.correct());
        let accuracy = style::verdict(&percent(self.accuracy()), correct * 2 > all, cx.color);
        writeln!(cx.out, "accuracy    {correct}/{all} correct ({accuracy})")?;
        writeln!(cx.out, "latency     {} per image (median; p99 {})", time(l.median()), time(l.percentile(99.0)))?;
        write!(cx.out, "throughput  {} images/s one at a time", thousands(l.runs_per_s() as u64))?;
        if let Some(per_s) = self.batch_per_s {
            write!(cx.out, ", {} images/s in a batch of {all}", thousands(per_s as u64))?;
        }
        let (isa, threads) = (system::isa(), system::threads(cx.threads));
        Ok(writeln!(cx.out, "\nengine      {isa}, {threads} threads, model loaded in {:.1} ms", loaded.load_ms)?)
    }

    /// The same and every verdict as JSON.
    pub(crate) fn json(&self, loaded: &Loaded, cx: &mut Cx<'_>) -> Result<Outcome> {
        let verdict =
            |v: &Verdict| json!({ "label": v.label, "predicted": v.predicted, "probability": v.confidence(), "latency_us": v.latency_us });
        let l = &self.latencies;
        let report = json!({
            "model": loaded.name, "isa": system::isa(), "threads": system::threads(cx.threads), "load_ms": loaded.load_ms,
            "images": self.verdicts.len(), "correct": self.correct(), "accuracy": self.accuracy(),
            "median_us": l.median(), "p99_us": l.percentile(99.0), "throughput_per_s": l.runs_per_s(),
            "batch_throughput_per_s": self.batch_per_s, "predictions": self.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        });
        json::line(cx.out, &report)?;
        Ok(Outcome::Fine)
    }
}

fn class_row(class: usize, probability: f64) -> String {
    format!("{class} {} {:>7}", bars::bar(probability, BAR_WIDTH), percent(probability))
}
