//! The tokenizer: PowerShell reads the same characters differently as a command's words and as an expression.
//!
//! The parser sets the [`Mode`], looks one token ahead, and goes back to a token's start when it changes the mode.
//! NUL stands for the end of the text, as in PowerShell's own reader; a NUL inside is told from it by position.

mod number;
mod string;
mod token;
mod trivia;
mod type_name;
mod variable;
mod word;

use crate::error::{Error, SyntaxError};
use crate::source::Source;
use crate::token::{Kind, Token};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Bare words are arguments.
    Command,
    /// Bare words are names, signs are operators.
    Expression,
}

#[derive(Debug)]
pub(crate) struct Scanner {
    source: Source,
    /// The next character to read.
    at: usize,
    /// Where the token that is being read began.
    start: usize,
    pub(crate) mode: Mode,
    /// A sign in front of a digit belongs to the number.
    pub(crate) signed_numbers: bool,
    /// `?` and `:` end a number: a ternary expression may be meant.
    pub(crate) ternary_numbers: bool,
    /// A member or key is expected: an identifier ends where it ends, and no word is a keyword.
    pub(crate) simple_name: bool,
}

impl Scanner {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            at: 0,
            start: 0,
            mode: Mode::Command,
            signed_numbers: false,
            ternary_numbers: false,
            simple_name: false,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Reads on from `at`, as if nothing behind it had been read.
    pub(crate) fn resync(&mut self, at: usize) {
        self.at = at.min(self.source.len() + 1);
    }

    pub(crate) fn text(&self, start: usize, end: usize) -> String {
        self.source.text(start, end)
    }

    fn in_command(&self) -> bool {
        self.mode == Mode::Command
    }

    fn next(&mut self) -> char {
        let c = self.source.char(self.at);
        self.at += 1;
        c
    }

    fn back(&mut self) {
        debug_assert!(self.at > 0);
        self.at -= 1;
    }

    fn peek(&self) -> char {
        self.source.char(self.at)
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    /// The NUL just read was the end of the text.
    fn at_end(&self) -> bool {
        self.at > self.source.len()
    }

    fn token(&self, kind: Kind) -> Token {
        Token {
            kind,
            start: self.start,
            end: self.at,
        }
    }

    /// An error at a place in this source.
    pub(crate) fn error(&self, at: usize, id: &'static str, message: impl Into<String>) -> Error {
        Error::Syntax(SyntaxError {
            id,
            message: message.into(),
            offset: self.source.offset(at),
            incomplete: false,
        })
    }

    /// An error that more text could mend, if nothing but white space and comments is behind it.
    pub(crate) fn incomplete(&self, at: usize, id: &'static str, message: impl Into<String>) -> Error {
        let offset = self.source.offset(at);
        Error::Syntax(SyntaxError {
            id,
            message: message.into(),
            offset,
            incomplete: self.nothing_behind(at),
        })
    }

    /// An error at the end of the text, which more text could mend.
    pub(crate) fn unfinished(&self, at: usize, id: &'static str, message: impl Into<String>) -> Error {
        Error::Syntax(SyntaxError {
            id,
            message: message.into(),
            offset: self.source.offset(at),
            incomplete: true,
        })
    }
}
