//! The parser: tokens to a tree, by the rules and with the error texts of PowerShell's own.
//!
//! It stops at the first error that PowerShell would report. Statements that are more than a pipeline are skimmed, not
//! understood: they are refused whatever is in them.

mod argument;
mod command;
mod expression;
mod operand;
mod pipeline;
mod skim;
mod statement;

use crate::error::Error;
use crate::scan::{Mode, Scanner};
use crate::source::Source;
use crate::syntax::Statement;
use crate::token::{Kind, Token};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const DEPTH: usize = 64;

#[derive(Debug)]
pub(crate) struct Parser {
    pub(crate) scanner: Scanner,
    /// The token that was looked at and not taken.
    ahead: Option<Token>,
    /// A comma separates arguments of a method instead of making an array.
    no_comma: bool,
    depth: usize,
}

impl Parser {
    pub(crate) fn new(source: Source) -> Self {
        Self::nested(source, 0)
    }

    fn nested(source: Source, depth: usize) -> Self {
        Self {
            scanner: Scanner::new(source),
            ahead: None,
            no_comma: false,
            depth,
        }
    }

    /// The whole text as a script block's statements.
    pub(crate) fn script(&mut self) -> Result<Vec<Statement>, Error> {
        self.script_block_head()?;
        let statements = self.statement_list()?;
        let token = self.next()?;
        if token.kind != Kind::EndOfInput {
            return Err(self.unexpected(&token));
        }
        Ok(statements)
    }

    /// Runs `rule` one level deeper.
    fn deeper<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= DEPTH {
            return Err(Error::unsupported(format!("text nested deeper than {DEPTH} levels")));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    /// Runs `rule` in another mode.
    fn in_mode<T>(&mut self, mode: Mode, rule: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let before = self.scanner.mode;
        self.set_mode(mode);
        let result = rule(self);
        self.set_mode(before);
        result
    }

    fn set_mode(&mut self, mode: Mode) {
        if mode != self.scanner.mode
            && let Some(token) = self.ahead.take_if(|token| !token.kind.is_mode_invariant())
        {
            self.scanner.resync(token.start);
        }
        self.scanner.mode = mode;
    }

    fn next(&mut self) -> Result<Token, Error> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.scanner.next_token(),
        }
    }

    fn peek(&mut self) -> Result<&Token, Error> {
        let token = self.next()?;
        Ok(self.ahead.insert(token))
    }

    fn unget(&mut self, token: Token) {
        debug_assert!(self.ahead.is_none(), "one token of look-ahead");
        self.ahead = Some(token);
    }

    fn skip(&mut self) {
        self.ahead = None;
    }

    fn resync(&mut self, at: usize) {
        self.ahead = None;
        self.scanner.resync(at);
    }

    fn skip_lines(&mut self) -> Result<(), Error> {
        if self.ahead.as_ref().is_none_or(|token| token.kind == Kind::NewLine) {
            self.ahead = None;
            self.scanner.skip_lines(false)?;
        }
        Ok(())
    }

    fn skip_terminators(&mut self) -> Result<(), Error> {
        if self
            .ahead
            .as_ref()
            .is_none_or(|token| matches!(token.kind, Kind::NewLine | Kind::Semi))
        {
            self.ahead = None;
            self.scanner.skip_lines(true)?;
        }
        Ok(())
    }

    fn text(&self, token: &Token) -> String {
        self.scanner.text(token.start, token.end)
    }

    fn unexpected(&self, token: &Token) -> Error {
        let text = format!("Unexpected token '{}' in expression or statement.", self.text(token));
        self.scanner.error(token.start, "UnexpectedToken", text)
    }
}
