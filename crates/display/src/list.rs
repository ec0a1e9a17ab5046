//! The lines of a list: a label, a colon, and a value that goes on under itself.

use crate::cells::{blanks, cells, head, lines, wrap};

const SEPARATOR: &str = " : ";

/// `Label : value` for each, labels padded to the widest. `None` never wraps.
pub(crate) fn lines_of(fields: &[(String, String)], width: Option<usize>) -> String {
    let room = width.map(|width| width.saturating_sub(SEPARATOR.len() + 1));
    if fields.is_empty() || room == Some(0) {
        return String::new();
    }
    let widest = fields.iter().map(|(label, _)| cells(label)).max().unwrap_or(0);
    let labels = room.map_or(widest, |room| widest.min(room));
    let indent = labels + SEPARATOR.len();
    let mut text = String::new();
    for (label, value) in fields {
        let label = head(label, labels);
        let mut prefix = format!("{label}{}{SEPARATOR}", blanks(labels - cells(label)));
        let value_width = width.map_or(usize::MAX, |width| width - indent);
        for line in lines(value) {
            for part in wrap(&line, value_width) {
                text.push_str(&prefix);
                text.push_str(&part);
                text.push('\n');
                prefix = blanks(indent);
            }
        }
    }
    text
}
