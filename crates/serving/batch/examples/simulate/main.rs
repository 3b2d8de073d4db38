//! The batcher in virtual time: the adaptive mode, which nobody tunes, beside the best of a grid of fixed settings.
//!
//! `cargo xtask simulate` runs it. Times of runs are those of `testdata/serving/`, with noise; nothing here looks at a clock.
#![allow(clippy::unwrap_used)]

mod cell;
mod load;
mod plot;
mod random;
mod table;
mod world;

use std::path::PathBuf;

use clap::Parser;

use cell::{Cell, Figures, cells};
use table::Table;

/// Compare the adaptive batcher with the best fixed setting, in virtual time.
#[derive(Parser)]
struct Args {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Write a plot.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Requests of each run.
    #[arg(long, value_name = "N", default_value_t = 6000)]
    requests: usize,
    /// The first random number.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// Only cells whose name holds this word.
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// Folder of the tables.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../testdata/serving"))]
    tables: PathBuf,
}

fn main() -> Result<(), String> {
    let args = Args::parse();
    let tables = Table::read_all(&args.tables)?;
    let chosen = |cell: &Cell| args.only.as_ref().is_none_or(|word| cell.name().contains(word));
    let cells: Vec<Cell> = tables.iter().flat_map(cells).filter(chosen).collect();
    let figures: Vec<Figures> = cells.iter().map(|cell| cell.measure(args.requests, args.seed)).collect();
    if let Some(path) = &args.svg {
        std::fs::write(path, plot::svg(&figures)).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    if args.json {
        let text = serde_json::to_string(&figures).map_err(|e| e.to_string())?;
        println!("{text}");
    } else {
        print(&figures);
    }
    Ok(())
}

fn print(figures: &[Figures]) {
    let width = figures.iter().map(|f| f.cell.chars().count()).max().unwrap_or(4);
    let heads = ["target ms", "adaptive", "best", "ratio", "no target"];
    let [target, adaptive, best, ratio, knee] = heads;
    println!("{:width$}  {target:>9}  {adaptive:>8}  {best:>6}  {ratio:>6}  {knee:>9}  best fixed setting", "cell");
    for f in figures {
        let ratio = f.ratio().map_or_else(|| "–".into(), |r| format!("{r:.3}"));
        let (adaptive, best, knee) = (f.adaptive.goodput, f.best.goodput, f.knee.goodput);
        let setting = f.setting;
        print!("{:width$}  {:>9.3}  {adaptive:>8.3}  {best:>6.3}  {ratio:>6}  {knee:>9.3}  ", f.cell, f.target_ms);
        println!("{} rows, delay {:.3}, timeout {:.3} ms", setting.rows, setting.delay_ms, setting.timeout_ms);
    }
    let worst = figures.iter().filter_map(Figures::ratio).min_by(f64::total_cmp);
    println!("goodput: answers within the target, as a part of requests; the worst ratio is {:.3}", worst.unwrap_or(f64::NAN));
}
