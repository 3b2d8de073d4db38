//! Aligned tables.

use std::io::{Result, Write};

use crate::show::clean;

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}
pub(crate) use Align::{Left, Right};

/// Cells in columns; every cell is made harmless for terminals.
pub(crate) struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these titles.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let titles = columns.iter().map(|c| c.0.to_owned()).collect();
        Self { align: columns.iter().map(|c| c.1).collect(), rows: vec![titles] }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|c| clean::word(c)).collect());
    }

    /// Adds a row of any length.
    pub(crate) fn cells(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|c| clean::word(c)).collect());
    }

    /// Writes all rows, two blanks between columns, none at the end of a line.
    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<()> {
        let widths: Vec<usize> = (0..self.align.len()).map(|c| self.width(c)).collect();
        for row in &self.rows {
            let cells: Vec<String> = row.iter().zip(&widths).zip(&self.align).map(|((cell, &w), &a)| pad(cell, w, a)).collect();
            writeln!(out, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    }
}

fn pad(cell: &str, width: usize, align: Align) -> String {
    match align {
        Left => format!("{cell:<width$}"),
        Right => format!("{cell:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align() {
        let mut table = Table::new(&[("name", Left), ("µs", Right)]);
        table.row(["a".into(), "12.5".into()]);
        table.row(["longer\n".into(), "7".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "name        µs\na         12.5\nlonger\\n     7\n");
    }
}
