//! Columns with a head, as `Get-PSSession` has it.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::Row;

/// Writes rows of the same shape; `width` cuts lines, `None` never.
pub(super) fn write(out: &mut dyn Write, rows: &[Row], width: Option<usize>) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let titles: Vec<(&str, bool)> = first
        .0
        .iter()
        .filter(|f| !f.title.is_empty())
        .map(|f| (f.title, f.cell.is_number()))
        .collect();
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            row.0
                .iter()
                .filter(|f| !f.title.is_empty())
                .map(|f| printable(&f.cell.shown()))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = titles
        .iter()
        .enumerate()
        .map(|(at, (title, _))| {
            lines
                .iter()
                .filter_map(|line| line.get(at))
                .map(|text| text.width())
                .max()
                .unwrap_or(0)
                .max(title.width())
        })
        .collect();
    let head: Vec<String> = titles.iter().map(|(title, _)| (*title).to_owned()).collect();
    let rule: Vec<String> = titles.iter().map(|(title, _)| "-".repeat(title.width())).collect();
    for line in [head, rule].iter().chain(&lines) {
        let mut text = String::new();
        for ((cell, size), (_, right)) in line.iter().zip(&widths).zip(&titles) {
            let gap = " ".repeat(size - cell.width());
            let (before, after) = if *right { (gap.as_str(), "") } else { ("", gap.as_str()) };
            text.extend([before, cell.as_str(), after, " "]);
        }
        writeln!(out, "{}", cut(text.trim_end(), width))?;
    }
    Ok(())
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
