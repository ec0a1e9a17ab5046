//! The lines of a table: columns fitted to the width, a header, rows.

use crate::cells::{blanks, cells, head, lines, tail, wrap};
use crate::view::{Align, Column};

/// Columns with their final widths.
#[derive(Debug)]
pub(crate) struct Layout {
    columns: Vec<Fitted>,
    /// Text that does not fit is cut; without a width it is not.
    cuts: bool,
    wraps: bool,
}

#[derive(Debug)]
struct Fitted {
    label: String,
    /// 0: hidden, there is no room for it.
    width: usize,
    align: Align,
}

impl Layout {
    /// `widths` as wanted, 0 for what is left. `None` is a table that is never cut.
    pub(crate) fn new(columns: &[Column], mut widths: Vec<usize>, total: Option<usize>) -> Self {
        match total {
            Some(total) => fit(&mut widths, total),
            None => widths
                .iter_mut()
                .zip(columns)
                .filter(|(width, _)| **width == 0)
                .for_each(|(width, column)| {
                    *width = cells(&column.label).max(1);
                }),
        }
        let fitted = columns.iter().zip(widths);
        Self {
            columns: fitted
                .map(|(column, width)| Fitted {
                    label: column.label.clone(),
                    width,
                    align: column.align,
                })
                .collect(),
            cuts: total.is_some(),
            wraps: columns.iter().any(|column| column.wraps),
        }
    }

    /// The labels and the dashes under them.
    pub(crate) fn header(&self) -> String {
        let labels: Vec<String> = self.columns.iter().map(|column| column.label.clone()).collect();
        let dashes: Vec<String> = self
            .columns
            .iter()
            .map(|column| "-".repeat(column.width.min(cells(&column.label))))
            .collect();
        self.wrapped(&labels) + &self.single(&dashes)
    }

    pub(crate) fn row(&self, values: &[String]) -> String {
        if self.wraps {
            self.wrapped(values)
        } else {
            self.single(values)
        }
    }

    fn visible(&self) -> impl Iterator<Item = (usize, &Fitted)> {
        self.columns.iter().enumerate().filter(|(_, column)| column.width > 0)
    }

    fn single(&self, values: &[String]) -> String {
        let last = self.columns.len().saturating_sub(1);
        let mut line = String::new();
        for (at, column) in self.visible() {
            if at > 0 {
                line.push(' ');
            }
            let value = values.get(at).map(String::as_str).unwrap_or_default();
            line.push_str(&self.field(value, column, at < last));
        }
        line.push('\n');
        line
    }

    /// One field of a row of one line.
    fn field(&self, value: &str, column: &Fitted, pads: bool) -> String {
        let width = column.width;
        let mut text = first_line(value);
        let wide = cells(&text);
        if wide < width {
            return match (column.align, pads) {
                (Align::Right, _) => blanks(width - wide) + &text,
                (Align::Left, true) => text + &blanks(width - wide),
                (Align::Left, false) => text,
            };
        }
        if wide > width && self.cuts {
            let kept = width - 1;
            text = match column.align {
                Align::Right if kept > 0 => format!("…{}", tail(&text, kept)),
                Align::Right => tail(&text, width).to_owned(),
                Align::Left if kept > 0 => format!("{}…", head(&text, kept)),
                Align::Left => head(&text, width).to_owned(),
            };
            // Cutting a wide character in two leaves a cell.
            if cells(&text) < width {
                match (column.align, pads) {
                    (Align::Right, _) => text.insert(0, ' '),
                    (Align::Left, true) => text.push(' '),
                    (Align::Left, false) => {}
                }
            }
        }
        text
    }

    /// A row whose fields go on over several lines.
    fn wrapped(&self, values: &[String]) -> String {
        let last = self.visible().map(|(at, _)| at).last().unwrap_or(0);
        let fields: Vec<(usize, &Fitted, Vec<String>)> = self
            .visible()
            .map(|(at, column)| {
                let value = values.get(at).map(String::as_str).unwrap_or_default();
                let width = if self.cuts { column.width } else { usize::MAX };
                let parts = lines(value).iter().flat_map(|line| wrap(line, width)).collect();
                (at, column, parts)
            })
            .collect();
        let height = fields.iter().map(|(_, _, parts)| parts.len()).max().unwrap_or(0);
        let mut text = String::new();
        for row in 0..height {
            let mut line = String::new();
            let end = fields.iter().rposition(|(_, _, parts)| parts.len() > row).unwrap_or(0);
            for (place, (at, column, parts)) in fields.iter().enumerate().take(end + 1) {
                if place > 0 {
                    line.push(' ');
                }
                match parts.get(row) {
                    Some(part) => line.push_str(&self.field(part, column, *at < last)),
                    None => line.push_str(&blanks(column.width)),
                }
            }
            if height > 1 {
                line.truncate(line.trim_end().len());
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// A line end inside of a cell cuts it.
fn first_line(text: &str) -> String {
    match text.find(['\n', '\r']) {
        Some(at) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Shares out what is left among columns of no width, or takes from the last ones what is too much.
fn fit(widths: &mut [usize], total: usize) {
    let open: Vec<bool> = widths.iter().map(|width| *width == 0).collect();
    widths
        .iter_mut()
        .filter(|width| **width == 0)
        .for_each(|width| *width = 1);
    if open.contains(&true) {
        let mut room = total.saturating_sub(sum(widths));
        while room > 0 {
            for (width, _) in widths.iter_mut().zip(&open).filter(|(_, open)| **open) {
                *width += 1;
                room -= 1;
                if room == 0 {
                    break;
                }
            }
        }
    }
    let mut last = widths.len();
    while last > 0 {
        let excess = sum(&widths[..last]).saturating_sub(total);
        if excess == 0 {
            break;
        }
        if widths[last - 1] > excess {
            widths[last - 1] -= excess;
            break;
        }
        widths[last - 1] = 0;
        last -= 1;
    }
}

/// The width of columns with one blank between them.
fn sum(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + widths.len().saturating_sub(1)
}
