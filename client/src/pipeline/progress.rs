//! Progress records as one line at the foot of the terminal.

use psrp::body::{ProgressRecord, ProgressType};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::screen::printable;

/// What is taken off the terminal before anything else is written.
const CLEAR: &[u8] = b"\r\x1b[K";

/// The line, and whether it is there.
#[derive(Debug)]
pub(crate) struct Progress {
    wanted: bool,
    shown: String,
}

impl Progress {
    /// Only a terminal has a foot.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            shown: String::new(),
        }
    }

    /// The bytes that bring the terminal from the last record to this one.
    pub(crate) fn show(&mut self, record: &ProgressRecord, width: usize) -> Vec<u8> {
        if !self.wanted {
            return Vec::new();
        }
        if record.kind == ProgressType::Completed {
            return self.hidden();
        }
        let line = fit(&line(record), width.saturating_sub(1));
        if line == self.shown {
            return Vec::new();
        }
        let bytes = [CLEAR, line.as_bytes()].concat();
        self.shown = line;
        bytes
    }

    /// The bytes that take the line away, if it is there.
    pub(crate) fn hidden(&mut self) -> Vec<u8> {
        if std::mem::take(&mut self.shown).is_empty() {
            Vec::new()
        } else {
            CLEAR.to_vec()
        }
    }
}

/// `Activity: status (operation) 42%, 7s left`
fn line(record: &ProgressRecord) -> String {
    let mut text = record.activity.to_string_lossy().into_owned();
    if let Some(status) = record.status_description.as_ref().filter(|status| !status.is_empty()) {
        text.push_str(": ");
        text.push_str(&status.to_string_lossy());
    }
    if let Some(operation) = record
        .current_operation
        .as_ref()
        .filter(|operation| !operation.is_empty())
    {
        text.push_str(&format!(" ({})", operation.to_string_lossy()));
    }
    if (0..=100).contains(&record.percent_complete) {
        text.push_str(&format!(" {}%", record.percent_complete));
    }
    if record.seconds_remaining > 0 {
        text.push_str(&format!(", {}s left", record.seconds_remaining));
    }
    printable(&text).replace(['\n', '\t'], " ")
}

fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ProgressRecord {
        ProgressRecord {
            current_operation: Some("op".into()),
            percent_complete: 42,
            seconds_remaining: 7,
            ..ProgressRecord::new("act", "st")
        }
    }

    #[test]
    fn a_line_is_shown_changed_and_taken_away() {
        let mut progress = Progress::new(true);
        assert_eq!(progress.show(&record(), 80), b"\r\x1b[Kact: st (op) 42%, 7s left");
        assert_eq!(progress.show(&record(), 80), b"");
        let done = ProgressRecord {
            kind: ProgressType::Completed,
            ..record()
        };
        assert_eq!(progress.show(&done, 80), CLEAR);
        assert_eq!(progress.hidden(), b"");
    }

    #[test]
    fn it_never_wraps() {
        let mut progress = Progress::new(true);
        assert_eq!(progress.show(&record(), 10), "\r\x1b[Kact: st …".as_bytes());
    }

    #[test]
    fn a_pipe_has_no_foot() {
        assert_eq!(Progress::new(false).show(&record(), 80), b"");
    }
}
