//! What a comparison shows.

use anyhow::Result;
use fastserve::Tensor;
use serde_json::{Value as Json, json};

use super::ours::Value;
use crate::app::Cx;
use crate::commands::compare::{Distance, Tolerance, compare, index_of};
use crate::fail::Outcome;
use crate::show::numbers::{extents, thousands};
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json, style};

/// Names of tensors that were not compared which are shown.
const NAMED: usize = 8;

/// All that was compared.
pub(super) struct Report {
    pub(super) model: String,
    /// Where the expected tensors come from.
    pub(super) against: String,
    per_node: bool,
    rows: Vec<Row>,
    missing: Vec<String>,
    missing_output: bool,
}

/// One tensor.
struct Row {
    name: String,
    node: Option<(String, String)>,
    dtype: String,
    shape: Vec<usize>,
    tolerance: Tolerance,
    /// Or why it cannot be compared.
    distance: Result<Distance, String>,
}

impl Row {
    fn agrees(&self) -> bool {
        self.distance.as_ref().is_ok_and(|d| d.differing == 0)
    }

    fn cells(&self) -> [String; 7] {
        let verdict = if self.agrees() { "ok" } else { "DIFFERS" }.to_owned();
        let shape = format!("{}{}", self.dtype, extents(&self.shape));
        let Ok(d) = &self.distance else { return [self.name.clone(), shape, "".into(), "".into(), "".into(), "".into(), verdict] };
        let ulp = d.max_ulp.map_or_else(|| "-".to_owned(), thousands);
        let at = d.first.map_or_else(|| "-".to_owned(), |f| extents(&index_of(f.0, &self.shape)));
        [self.name.clone(), shape, format!("{:.2e}", d.max_abs), format!("{:.2e}", d.max_rel), ulp, at, verdict]
    }

    fn json(&self) -> Json {
        let (node, op) = self.node.clone().unzip();
        let mut row = json!({ "name": self.name, "node": node, "op": op, "dtype": self.dtype, "shape": self.shape, "ok": self.agrees() });
        match &self.distance {
            Ok(d) => {
                row["max_abs"] = json!(d.max_abs);
                row["max_rel"] = json!(d.max_rel);
                row["max_ulp"] = json!(d.max_ulp);
                row["differing"] = json!(d.differing);
                row["first_index"] = json!(d.first.map(|f| index_of(f.0, &self.shape)));
            }
            Err(why) => row["error"] = json!(why),
        }
        row
    }

    /// Name, node and how far.
    fn sentence(&self) -> String {
        let node = self.node.as_ref().map_or_else(String::new, |(name, op)| format!(", made by node `{name}` ({op})"));
        let what = match &self.distance {
            Err(why) => why.clone(),
            Ok(Distance { first: Some((place, got, want)), differing, max_abs, .. }) => {
                let (at, Tolerance { abs, rel }) = (extents(&index_of(*place, &self.shape)), self.tolerance);
                format!(
                    "{differing} elements are beyond {abs:e} + {rel:e} * |b|, the first at {at}: got {got:.8e}, expected {want:.8e}; at most {max_abs:.2e} apart"
                )
            }
            Ok(_) => "equal".to_owned(),
        };
        clean::word(&format!("`{}`{node}: {what}", self.name))
    }
}

impl Report {
    /// Nothing compared yet.
    pub(super) fn new(model: String, per_node: bool) -> Self {
        Self { model, against: "files".to_owned(), per_node, rows: Vec::new(), missing: Vec::new(), missing_output: false }
    }

    /// Whether nothing was compared.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Compares a tensor.
    pub(super) fn compare(&mut self, ours: &Value, expected: &Tensor, tolerance: Option<Tolerance>) -> Result<()> {
        let dtype = ours.tensor.dtype();
        let tolerance = tolerance.unwrap_or_else(|| Tolerance::of(dtype));
        let distance = compare(&ours.tensor, expected, tolerance)?;
        let (name, node, shape) = (ours.name.clone(), ours.node.clone(), ours.tensor.shape().to_vec());
        self.rows.push(Row { name, node, dtype: dtype.to_string(), shape, tolerance, distance });
        Ok(())
    }

    /// Notes a tensor that there is nothing to compare with.
    pub(super) fn missing(&mut self, ours: &Value) {
        self.missing.push(ours.name.clone());
        self.missing_output |= ours.is_output;
    }

    fn first(&self) -> Option<&Row> {
        self.rows.iter().find(|r| !r.agrees())
    }

    fn agrees(&self) -> bool {
        self.first().is_none() && !self.missing_output
    }

    /// Prints all, and says whether all agree.
    pub(super) fn show(&self, cx: &mut Cx<'_>) -> Result<Outcome> {
        if cx.json {
            self.json(cx)?
        } else {
            self.print(cx)?
        }
        Ok(if self.agrees() { Outcome::Fine } else { Outcome::Failed })
    }

    fn print(&self, cx: &mut Cx<'_>) -> Result<()> {
        let columns =
            [("tensor", Left), ("shape", Left), ("max abs", Right), ("max rel", Right), ("ulp", Right), ("differs at", Left), ("", Left)];
        let mut table = Table::new(&columns);
        self.rows.iter().for_each(|r| table.row(r.cells()));
        table.write(cx.out)?;
        writeln!(cx.out)?;
        if !self.missing.is_empty() {
            let named: Vec<&str> = self.missing.iter().take(NAMED).map(String::as_str).collect();
            let more = if self.missing.len() > NAMED { ", …" } else { "" };
            writeln!(cx.out, "not compared, as {} has no such tensor: {}{more}", self.against, clean::word(&named.join(", ")))?;
        }
        let bad = self.rows.iter().filter(|r| !r.agrees()).count();
        if let Some(first) = self.first() {
            writeln!(cx.out, "first to differ: {}", first.sentence())?;
            let advice = if self.per_node { "" } else { "; --per-node finds the node where it starts" };
            let text = format!("{bad} of {} tensors differ from {}", self.rows.len(), self.against);
            return Ok(writeln!(cx.out, "{}{advice}", style::verdict(&text, false, cx.color))?);
        }
        let text = format!("{} of {} tensors agree with {}", self.rows.len(), self.rows.len() + self.missing.len(), self.against);
        Ok(writeln!(cx.out, "{}", style::verdict(&text, self.agrees(), cx.color))?)
    }

    fn json(&self, cx: &mut Cx<'_>) -> Result<()> {
        let report = json!({
            "model": self.model, "against": self.against, "per_node": self.per_node, "agree": self.agrees(),
            "first_difference": self.first().map(|r| &r.name), "missing": self.missing,
            "tensors": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
        });
        json::line(cx.out, &report)
    }
}
