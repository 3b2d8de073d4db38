//! `fastserve embed`: texts to vectors.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use fastserve::{Session, Tensor};
use serde::Deserialize;
use serde_json::json;
use tokenizers::{Encoding, PaddingStrategy, Tokenizer, TruncationParams};

use crate::app::Cx;
use crate::fail::Outcome;
use crate::io::elements::to_f64;
use crate::model;
use crate::show::numbers::{element, time};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json};
use crate::stats::timed;

/// Texts that run together.
const BATCH: usize = 32;
/// Bytes of a tokenizer's file.
const MAX_TOKENIZER_BYTES: u64 = 1 << 26;
/// Bytes of all texts.
const MAX_TEXT_BYTES: usize = 1 << 24;
/// Texts up to this number are shown with all their similarities.
const MATRIX: usize = 12;
/// Characters of a text in a table.
const SHOWN_CHARS: usize = 44;
/// The first values of a vector that are shown.
const FIRST: usize = 4;
/// The output that is taken.
const OUTPUT: &str = "sentence_embedding";

const EXAMPLES: &str = "\
Examples:
  fastserve embed --model all-MiniLM-L6-v2 \"A cat sleeps.\" \"A kitten naps.\" \"Stocks fell.\"
  fastserve embed --model all-MiniLM-L6-v2 \"A cat sleeps.\" --json";

/// Options of `embed`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folder with config.json, model.safetensors and tokenizer.json: an encoder of the BERT family
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The texts; with several, how similar they are is shown too
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,
    /// Longer texts are cut to this many tokens; as the folder says if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(3..))]
    max_tokens: Option<u16>,
}

/// Tokenizes, runs and shows.
pub(crate) fn run(args: &Args, cx: &mut Cx<'_>) -> Result<Outcome> {
    ensure!(args.texts.iter().map(String::len).sum::<usize>() <= MAX_TEXT_BYTES, "the texts have more than {MAX_TEXT_BYTES} bytes");
    let limit = args.max_tokens.map_or_else(|| token_limit(&args.model), |n| Ok(usize::from(n)))?;
    let tokenizer = tokenizer(&args.model, limit)?;
    let loaded = model::load(Some(&args.model), cx.threads)?;
    let mut session = loaded.compiled.session()?;
    let mut all = Embedded::default();
    let (run_us, result) = timed(|| args.texts.chunks(BATCH).try_for_each(|texts| all.add(texts, &tokenizer, &mut session)));
    result?;
    if cx.json {
        let report = json!({ "model": loaded.name, "load_ms": loaded.load_ms, "run_us": run_us, "tokens": all.tokens,
            "embeddings": all.vectors, "similarity": all.similarities() });
        json::line(cx.out, &report)?;
    } else {
        writeln!(cx.out, "{}: loaded in {:.0} ms, {} texts in {}\n", loaded.name, loaded.load_ms, args.texts.len(), time(run_us))?;
        all.print(&args.texts, cx)?;
    }
    Ok(Outcome::Fine)
}

/// Vectors of length 1, and how many tokens each text has.
#[derive(Default)]
struct Embedded {
    tokens: Vec<usize>,
    vectors: Vec<Vec<f64>>,
}

impl Embedded {
    fn add(&mut self, texts: &[String], tokenizer: &Tokenizer, session: &mut Session) -> Result<()> {
        let encoded = tokenizer.encode_batch(texts.to_vec(), true).map_err(|e| anyhow!("cannot tokenize: {e}"))?;
        let [ids, mask, types] = [Encoding::get_ids, Encoding::get_attention_mask, Encoding::get_type_ids].map(|f| batch(&encoded, f));
        let (ids, mask, types) = (ids?, mask?, types?);
        let outputs = session.run_named(&[("input_ids", &ids), ("attention_mask", &mask), ("token_type_ids", &types)])?;
        let named = outputs.iter().collect::<Result<Vec<_>, _>>()?;
        let (_, view) = named.iter().find(|(name, _)| *name == OUTPUT).context("the model has no output `sentence_embedding`")?;
        let values = to_f64(view)?;
        self.vectors.extend(values.chunks((values.len() / texts.len()).max(1)).map(<[f64]>::to_vec));
        self.tokens.extend(encoded.iter().map(|e| e.get_attention_mask().iter().sum::<u32>() as usize));
        Ok(())
    }

    /// Cosines of all pairs.
    fn similarities(&self) -> Vec<Vec<f64>> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        self.vectors.iter().map(|a| self.vectors.iter().map(|b| dot(a, b)).collect()).collect()
    }

    fn print(&self, texts: &[String], cx: &mut Cx<'_>) -> Result<()> {
        let similar = self.similarities();
        let mut columns = vec![("", Right), ("text", Left), ("tokens", Right)];
        let numbers: Vec<String> = (1..=texts.len()).map(|i| i.to_string()).collect();
        let is_matrix = (2..=MATRIX).contains(&texts.len());
        match texts.len() {
            1 => columns.push(("vector", Left)),
            _ if is_matrix => columns.extend(numbers.iter().map(|n| (n.as_str(), Right))),
            _ => columns.extend([("nearest", Right), ("similarity", Right)]),
        }
        let mut table = Table::new(&columns);
        for (i, text) in texts.iter().enumerate() {
            let mut cells = vec![numbers[i].clone(), shortened(text), self.tokens[i].to_string()];
            match nearest(&similar[i], i) {
                None => cells.push(first_values(&self.vectors[i])),
                Some(_) if is_matrix => cells.extend(similar[i].iter().map(|s| format!("{s:.3}"))),
                Some((j, s)) => cells.extend([(j + 1).to_string(), format!("{s:.3}")]),
            }
            table.cells(cells);
        }
        Ok(table.write(cx.out)?)
    }
}

/// The other text that is most similar.
fn nearest(row: &[f64], to: usize) -> Option<(usize, f64)> {
    row.iter().copied().enumerate().filter(|(j, _)| *j != to).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    clean::word(&short)
}

fn first_values(vector: &[f64]) -> String {
    let first: Vec<String> = vector.iter().take(FIRST).map(|v| element(*v)).collect();
    format!("[{}, …] ({} values)", first.join(", "), vector.len())
}

/// One number a token, padded to the longest text: i64 `[texts, tokens]`.
fn batch(encoded: &[Encoding], of: impl Fn(&Encoding) -> &[u32]) -> Result<Tensor> {
    let width = encoded.first().map_or(0, |e| e.len());
    let all: Vec<i64> = encoded.iter().flat_map(of).map(|&n| i64::from(n)).collect();
    Ok(Tensor::from_slice(&[encoded.len(), width], &all)?)
}

fn tokenizer(folder: &Path, limit: usize) -> Result<Tokenizer> {
    let path = folder.join("tokenizer.json");
    let text = read_small(&path, MAX_TOKENIZER_BYTES)?;
    let failed = |e| anyhow!("cannot read {}: {e}", path.display());
    let mut tokenizer = Tokenizer::from_bytes(&text).map_err(failed)?;
    let mut padding = tokenizer.get_padding().cloned().unwrap_or_default();
    padding.strategy = PaddingStrategy::BatchLongest;
    padding.pad_to_multiple_of = None;
    tokenizer.with_padding(Some(padding));
    tokenizer.with_truncation(Some(TruncationParams { max_length: limit, ..TruncationParams::default() })).map_err(failed)?;
    Ok(tokenizer)
}

/// What a folder says of the length of texts.
#[derive(Deserialize)]
struct Length {
    #[serde(alias = "max_position_embeddings")]
    max_seq_length: usize,
}

/// Tokens that the folder's network was made for.
fn token_limit(folder: &Path) -> Result<usize> {
    let files = ["sentence_bert_config.json", "config.json"].map(|name| folder.join(name));
    let path = files.iter().find(|p| p.is_file()).with_context(|| format!("{} has no config.json", folder.display()))?;
    let length: Length = serde_json::from_slice(&read_small(path, 1 << 20)?).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(length.max_seq_length)
}

fn read_small(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= limit, "{} has {size} bytes; at most {limit} are read", path.display());
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_another_one() {
        assert_eq!(nearest(&[0.1, 1.0, 0.4], 1), Some((2, 0.4)));
        assert_eq!(nearest(&[1.0], 0), None);
    }

    #[test]
    fn long_texts_are_cut_for_the_table() {
        assert_eq!(shortened("a\tb"), "a\\tb");
        assert_eq!(shortened(&"ä".repeat(50)), format!("{}…", "ä".repeat(SHOWN_CHARS)));
    }
}
