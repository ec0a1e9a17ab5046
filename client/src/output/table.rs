//! Columns with a head, as `Get-PSSession` has it.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Row;

/// What is under one title.
struct Column {
    title: &'static str,
    /// Numbers stand to the right.
    right: bool,
    cells: Vec<String>,
    width: usize,
}

/// Writes rows of the same shape; `width` cuts lines, `None` never. A column with nothing in it is left out: tables are
/// for people.
pub(super) fn write(out: &mut dyn Write, rows: &[Row], width: Option<usize>) -> io::Result<()> {
    let columns = columns(rows);
    let titles = columns.iter().map(|column| column.title.to_owned());
    line(out, &columns, titles, width)?;
    let rules = columns.iter().map(|column| "-".repeat(column.title.width()));
    line(out, &columns, rules, width)?;
    (0..rows.len()).try_for_each(|at| {
        let cells = columns
            .iter()
            .map(|column| column.cells.get(at).cloned().unwrap_or_default());
        line(out, &columns, cells, width)
    })
}

fn columns(rows: &[Row]) -> Vec<Column> {
    let Some(first) = rows.first() else { return Vec::new() };
    let titled = first.0.iter().enumerate().filter(|(_, field)| !field.title.is_empty());
    let all = titled.map(|(at, field)| {
        let cells: Vec<String> = rows
            .iter()
            .filter_map(|row| row.0.get(at))
            .map(|field| printable(&field.cell.shown()))
            .collect();
        let widest = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
        Column {
            title: field.title,
            right: field.cell.is_number(),
            cells,
            width: widest.max(field.title.width()),
        }
    });
    all.filter(|column| column.cells.iter().any(|cell| !cell.is_empty()))
        .collect()
}

fn line(
    out: &mut dyn Write,
    columns: &[Column],
    cells: impl Iterator<Item = String>,
    width: Option<usize>,
) -> io::Result<()> {
    let mut text = String::new();
    for (column, cell) in columns.iter().zip(cells) {
        let gap = " ".repeat(column.width.saturating_sub(cell.width()));
        let (before, after) = if column.right {
            (gap.as_str(), "")
        } else {
            ("", gap.as_str())
        };
        text.extend([before, cell.as_str(), after, " "]);
    }
    writeln!(out, "{}", cut(text.trim_end(), width))
}

/// A cell is one line of characters that leave the terminal as it is, whatever a server put in it.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, width: Option<usize>) -> String {
    let Some(limit) = width.filter(|&limit| text.width() > limit) else {
        return text.to_owned();
    };
    let mut left = limit.saturating_sub(1);
    let mut kept = String::new();
    for c in text.chars() {
        let size = c.width().unwrap_or(0);
        if size > left {
            break;
        }
        left -= size;
        kept.push(c);
    }
    kept.push('…');
    kept
}
