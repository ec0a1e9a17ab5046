//! One argument of a command: a bare word, a value, or several joined by commas.

use super::Parser;
use super::pipeline::is_redirection;
use crate::error::Error;
use crate::scan::Mode;
use crate::syntax::{Expression, ExpressionKind, Piece};
use crate::token::{Expandable, Kind, Part, Token};

/// Where an argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// A command's name, never expanded.
    Name,
    /// Behind `&` or `.`.
    NameAfterInvocation,
    /// A file behind `>`.
    File,
    Argument,
}

impl Parser {
    /// One argument outside of a command's words; `None` where none can begin.
    pub(super) fn single_argument(&mut self) -> Result<Option<Expression>, Error> {
        if matches!(self.peek()?.kind, Kind::Comma | Kind::EndOfInput) {
            return Ok(None);
        }
        self.in_mode(Mode::Command, |parser| {
            let token = parser.next()?;
            parser.argument(Context::File, token)
        })
    }

    /// The argument that `token` begins; `None`, and the token is put back, if it begins none.
    pub(super) fn argument(&mut self, context: Context, token: Token) -> Result<Option<Expression>, Error> {
        let mut items: Vec<Expression> = Vec::new();
        let mut token = token;
        let mut comma: Option<Token> = None;
        loop {
            if ends_arguments(&token.kind) {
                self.unget(token);
                let Some(comma) = comma else { return Ok(None) };
                let text = "Missing expression after ',' in pipeline element.";
                return Err(self.scanner.incomplete(comma.end, "MissingExpression", text));
            }
            let (item, verbatim) = self.item(context, token)?;
            items.push(item);
            if context != Context::Argument || verbatim || self.peek()?.kind != Kind::Comma {
                break;
            }
            comma = Some(self.next()?);
            self.skip_lines()?;
            token = self.next()?;
        }
        let (start, end) = match (items.first(), items.last()) {
            (Some(first), Some(last)) => (first.start, last.end),
            _ => return Ok(None),
        };
        if items.len() == 1 {
            return Ok(items.pop());
        }
        Ok(Some(Expression {
            kind: ExpressionKind::Array(items),
            start,
            end,
        }))
    }

    /// A single item, and whether it is `--%`.
    fn item(&mut self, context: Context, token: Token) -> Result<(Expression, bool), Error> {
        match token.kind {
            Kind::Variable { .. }
            | Kind::Number(_)
            | Kind::Literal(_)
            | Kind::Expandable(_)
            | Kind::LeftParen
            | Kind::DollarParen
            | Kind::AtParen
            | Kind::AtCurly
            | Kind::LeftCurly => {
                let word = self.word(&token);
                self.unget(token);
                let operand = self.deeper(|parser| parser.operand(true))?;
                debug_assert!(operand.is_some(), "these tokens all begin an operand");
                Ok((operand.unwrap_or(word), false))
            }
            Kind::Generic(ref word) if word.is_constant() || context == Context::Name => {
                let text = word.text();
                let verbatim = text == "--%";
                Ok((
                    Expression {
                        kind: ExpressionKind::String(text),
                        start: token.start,
                        end: token.end,
                    },
                    verbatim,
                ))
            }
            Kind::Generic(word) => Ok((self.expand(word, token.start, token.end)?, false)),
            _ => Ok((self.word(&token), false)),
        }
    }

    /// A string's variables and subexpressions, parsed.
    pub(super) fn expand(&mut self, string: Expandable, start: usize, end: usize) -> Result<Expression, Error> {
        if string.is_constant() {
            return Ok(Expression {
                kind: ExpressionKind::String(string.text()),
                start,
                end,
            });
        }
        let mut pieces = Vec::with_capacity(string.parts.len());
        for part in string.parts {
            pieces.push(match part {
                Part::Text(text) => Piece::Text(text),
                Part::Variable { path, .. } => Piece::Nested(self.variable(path, false, start, end, false)?),
                Part::SubExpression { source, .. } => {
                    let depth = self.depth + 1;
                    let mut parser = self.deeper(|_| Ok(Self::nested(source, depth)))?;
                    match parser.operand(true)? {
                        Some(expression) => Piece::Nested(expression),
                        None => return Err(Error::unsupported("this subexpression in a string")),
                    }
                }
            });
        }
        Ok(Expression {
            kind: ExpressionKind::Expandable(pieces),
            start,
            end,
        })
    }
}

fn ends_arguments(kind: &Kind) -> bool {
    is_redirection(kind)
        || matches!(
            kind,
            Kind::Pipe
                | Kind::RightCurly
                | Kind::RightParen
                | Kind::EndOfInput
                | Kind::NewLine
                | Kind::Semi
                | Kind::AndAnd
                | Kind::OrOr
                | Kind::Ampersand
                | Kind::MinusMinus
                | Kind::Comma
        )
}
