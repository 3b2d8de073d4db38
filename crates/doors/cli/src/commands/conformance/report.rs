//! What the cases came to.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use super::Verdict;
use crate::app::Cx;
use crate::fail::Outcome;
use crate::show::table::{Left, Right, Table};
use crate::show::{clean, json, style};

/// Unsupported cases that are named for each reason.
const NAMED: usize = 4;

/// Names of cases, each in one list, and why those that did not pass did not.
#[derive(Default)]
pub(super) struct Report {
    passed: Vec<String>,
    failed: Vec<String>,
    unsupported: Vec<String>,
    reasons: BTreeMap<String, String>,
}

impl Report {
    /// Adds a case.
    pub(super) fn add(&mut self, name: String, verdict: Verdict) {
        let (list, reason) = match verdict {
            Verdict::Passed => (&mut self.passed, None),
            Verdict::Failed(why) => (&mut self.failed, Some(why)),
            Verdict::Unsupported(why) => (&mut self.unsupported, Some(why)),
        };
        list.push(name.clone());
        self.reasons.extend(reason.map(|why| (name, why)));
    }

    /// Shows it; the outcome is that of the failed cases.
    pub(super) fn show(&self, cx: &mut Cx<'_>) -> Result<Outcome> {
        if cx.json {
            let value = json!({ "passed": self.passed, "failed": self.failed, "unsupported": self.unsupported, "reasons": self.reasons });
            json::line(cx.out, &value)?;
        } else {
            self.print(cx)?;
        }
        Ok(if self.failed.is_empty() { Outcome::Fine } else { Outcome::Failed })
    }

    fn print(&self, cx: &mut Cx<'_>) -> Result<()> {
        let all = self.passed.len() + self.failed.len() + self.unsupported.len();
        let mut table = Table::new(&[("cases", Left), ("count", Right), ("part", Right)]);
        for (name, count) in
            [("passed", self.passed.len()), ("failed", self.failed.len()), ("unsupported", self.unsupported.len()), ("all", all)]
        {
            table.row([name.to_owned(), count.to_string(), crate::show::numbers::percent(count as f64 / all.max(1) as f64)]);
        }
        table.write(cx.out)?;
        self.print_unsupported(cx)?;
        self.print_failed(cx)
    }

    fn reason(&self, name: &str) -> &str {
        self.reasons.get(name).map_or("", String::as_str)
    }

    /// One line a reason, with some of its cases.
    fn print_unsupported(&self, cx: &mut Cx<'_>) -> Result<()> {
        let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in &self.unsupported {
            groups.entry(short(self.reason(name))).or_default().push(name);
        }
        if !groups.is_empty() {
            writeln!(cx.out, "\nunsupported:")?;
        }
        for (why, names) in groups {
            let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            let rest = names.len().saturating_sub(NAMED);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            writeln!(cx.out, "  {}: {}{more}", clean::word(&why), clean::word(&named))?;
        }
        Ok(())
    }

    fn print_failed(&self, cx: &mut Cx<'_>) -> Result<()> {
        if self.failed.is_empty() {
            return Ok(());
        }
        writeln!(cx.out, "\n{}", style::verdict("failed:", false, cx.color))?;
        for name in &self.failed {
            writeln!(cx.out, "  {}: {}", clean::word(name), clean::word(self.reason(name)))?;
        }
        Ok(())
    }
}

/// The operators of a refusal, without the nodes.
fn short(reason: &str) -> String {
    let kinds = reason.lines().filter(|l| l.starts_with("  ") && !l.starts_with("    "));
    let kinds: Vec<&str> = kinds.map(|l| l.trim().rsplit_once(" x ").map_or(l.trim(), |(kind, _)| kind)).collect();
    if kinds.is_empty() { reason.to_owned() } else { kinds.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_named_by_their_operators() {
        assert_eq!(short("not supported: 2 …\n  A (opset 7) x 2\n    `n`: no x y\n  B x 1"), "A (opset 7), B");
        assert_eq!(short("something"), "something");
    }
}
