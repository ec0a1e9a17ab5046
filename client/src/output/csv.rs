//! Rows as comma-separated values (RFC 4180, lines end as the system's do).

use std::io::{self, Write};

use super::{Cell, Row};

/// A head of keys, then a line for each row.
pub(super) fn write(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let head: Vec<&str> = first.0.iter().map(|field| field.key).collect();
    writeln!(out, "{}", head.join(","))?;
    for row in rows {
        let cells: Vec<String> = row.0.iter().map(|field| quoted(&plain(&field.cell))).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Time(Some(time)) => time.as_secs_f64().to_string(),
        other => other.shown(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
