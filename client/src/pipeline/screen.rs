//! Where a pipeline is written: objects to standard output, everything else to standard error, progress over it.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};

use super::echo::{Echo, Way};
use super::progress::Progress;
use crate::context::stdout;

/// Both outputs, in an order that a terminal with both shows as it happened.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) out: BufWriter<StdoutLock<'static>>,
    pub(crate) progress: Progress,
    echo: Echo,
    colors: bool,
    /// Text of a `Write-Host -NoNewline` stands before the cursor.
    mid_line: bool,
}

/// PowerShell's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Plain,
    Red,
    Yellow,
}

impl Screen {
    pub(crate) fn new(quiet: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let colors = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            out: stdout(),
            progress: Progress::new(terminal && !quiet),
            echo: Echo::default(),
            colors,
            mid_line: false,
        }
    }

    /// What is written so far is seen by its reader.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// A line on standard error that may come a second time the other way.
    pub(crate) fn once(&mut self, way: Way, color: Color, line: &str) -> io::Result<()> {
        if self.echo.is_new(way, line) {
            self.line(color, line)
        } else {
            Ok(())
        }
    }

    /// A line on standard error.
    pub(crate) fn line(&mut self, color: Color, line: &str) -> io::Result<()> {
        let text = printable(line);
        let text = match (self.colors, color) {
            (true, Color::Red) => format!("\x1b[31;1m{text}\x1b[0m\n"),
            (true, Color::Yellow) => format!("\x1b[33;1m{text}\x1b[0m\n"),
            (false, _) | (_, Color::Plain) => format!("{text}\n"),
        };
        let before = if self.mid_line { "\n" } else { "" };
        self.mid_line = false;
        self.text(&format!("{before}{text}"))
    }

    /// Part of a line on standard error.
    pub(crate) fn part(&mut self, text: &str) -> io::Result<()> {
        self.mid_line = !text.is_empty();
        self.text(&printable(text))
    }

    /// The rest of a line that was begun; the whole of one else.
    pub(crate) fn rest(&mut self, way: Way, text: &str) -> io::Result<()> {
        if !self.mid_line {
            return self.once(way, Color::Plain, text);
        }
        self.mid_line = false;
        self.text(&format!("{}\n", printable(text)))
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.flush()?;
        let mut error = io::stderr().lock();
        let mut bytes = self.progress.hidden();
        bytes.extend_from_slice(text.as_bytes());
        // Nobody who reads standard error is no reason to stop.
        let _ = error.write_all(&bytes);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let hidden = self.progress.hidden();
        let _ = io::stderr().lock().write_all(&hidden);
    }
}

/// A server's words must not move the cursor or change the terminal: of the control characters only the line's end and
/// the tab stay.
pub(crate) fn printable(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_drive_the_terminal() {
        assert_eq!(printable("a\r\nb\tc\x1b[2J\x07"), "a\nb\tc\u{fffd}[2J\u{fffd}");
    }
}
