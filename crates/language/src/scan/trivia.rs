//! White space, line ends, comments and line continuations.

use super::Scanner;
use crate::character::{is_any_space, is_space};
use crate::error::Error;

impl Scanner {
    pub(super) fn skip_space(&mut self) {
        while is_space(self.peek()) {
            self.skip();
        }
    }

    /// Behind a `\r`: takes the `\n` that belongs to it.
    pub(super) fn take_line_feed(&mut self, c: char) {
        if c == '\r' && self.peek() == '\n' {
            self.skip();
        }
    }

    /// Skips everything that may stand between two lines, and `;` when `semicolons`.
    pub(crate) fn skip_lines(&mut self, semicolons: bool) -> Result<(), Error> {
        loop {
            let c = self.next();
            match c {
                '\r' | '\n' => self.take_line_feed(c),
                ';' if semicolons => {}
                '#' => {
                    self.start = self.at - 1;
                    self.line_comment()?;
                }
                '<' if self.peek() == '#' => {
                    self.skip();
                    self.block_comment()?;
                }
                '`' => {
                    let escaped = self.next();
                    if matches!(escaped, '\r' | '\n') {
                        self.take_line_feed(escaped);
                    } else if is_any_space(escaped) {
                        self.skip_space();
                    } else {
                        self.back();
                        break;
                    }
                }
                c if is_space(c) => self.skip_space(),
                _ => break,
            }
        }
        self.back();
        Ok(())
    }

    /// Behind `#`: up to the line's end, which stays. `#requires` would be an instruction, so it is no comment to skip.
    pub(super) fn line_comment(&mut self) -> Result<(), Error> {
        let start = self.at;
        while !matches!(self.peek(), '\r' | '\n') && self.at < self.source.len() {
            self.skip();
        }
        let text = self.text(start, self.at);
        if text.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("requires")) {
            return Err(Error::unsupported("a #requires line"));
        }
        Ok(())
    }

    /// Behind `<#`.
    pub(super) fn block_comment(&mut self) -> Result<(), Error> {
        let start = self.at - 2;
        loop {
            let c = self.next();
            if c == '#' && self.peek() == '>' {
                self.skip();
                return Ok(());
            }
            if c == '\0' && self.at_end() {
                self.back();
                let text = "The terminator '#>' is missing from the multiline comment.";
                return Err(self.unfinished(start, "MissingTerminatorMultiLineComment", text));
            }
        }
    }

    /// Whether the first thing on a following line is a pipe, so that the pipeline goes on there. A blank line between
    /// ends it, a comment line does not.
    pub(crate) fn continues_with_pipe(&self, end_of_line: usize) -> bool {
        let length = self.source.len();
        if end_of_line >= length {
            return false;
        }
        let mut blank = true;
        let mut at = end_of_line;
        // The last character is looked at alone, as PowerShell does: no construct of two characters begins there.
        while at < length - 1 {
            let c = self.source.char(at);
            if is_space(c) {
                at += 1;
            } else if matches!(c, '\r' | '\n') {
                if blank {
                    return false;
                }
                blank = true;
                at += if c == '\r' && self.source.char(at + 1) == '\n' {
                    2
                } else {
                    1
                };
            } else if let Some(behind) = self.behind_comment(at) {
                blank = false;
                at = behind;
            } else {
                return c == '|';
            }
        }
        self.source.char(length - 1) == '|'
    }

    /// Only white space and comments come behind `at` on the last line.
    pub(super) fn nothing_behind(&self, at: usize) -> bool {
        let length = self.source.len();
        let mut at = at;
        while at < length {
            if let Some(behind) = self.behind_comment(at) {
                at = behind;
            } else if is_space(self.source.char(at)) {
                at += 1;
            } else {
                return false;
            }
        }
        true
    }

    /// Where the comment that begins at `at` is over; nothing where none begins.
    fn behind_comment(&self, at: usize) -> Option<usize> {
        let rest = || at..self.source.len();
        match (self.source.char(at), self.source.char(at + 1)) {
            ('#', _) => {
                let end = rest().find(|&at| matches!(self.source.char(at), '\r' | '\n'));
                Some(end.unwrap_or(self.source.len()))
            }
            ('<', '#') => {
                let closes = |at: &usize| self.source.char(*at) == '#' && self.source.char(*at + 1) == '>';
                Some(rest().skip(2).find(closes).unwrap_or(self.source.len()) + 2)
            }
            _ => None,
        }
    }

    /// The end of what stands before `at`: back over white space and line ends.
    pub(crate) fn end_before(&self, at: usize) -> usize {
        let mut at = at.min(self.source.len());
        while at > 0 && is_any_space(self.source.char(at - 1)) {
            at -= 1;
        }
        at
    }
}
