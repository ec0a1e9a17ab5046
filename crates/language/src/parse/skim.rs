//! Past what is refused anyway: only brackets and strings are looked at.

use super::Parser;
use crate::error::Error;
use crate::scan::Mode;
use crate::token::Kind;

impl Parser {
    /// Takes tokens up to the closing bracket of whatever this is in, which stays, or to the end of the text.
    pub(super) fn skim(&mut self) -> Result<(), Error> {
        self.in_mode(Mode::Command, |parser| {
            let mut open = Vec::new();
            loop {
                let token = parser.next()?;
                match token.kind {
                    Kind::LeftParen | Kind::DollarParen | Kind::AtParen => open.push((Kind::RightParen, token.start)),
                    Kind::LeftCurly | Kind::AtCurly => open.push((Kind::RightCurly, token.start)),
                    Kind::RightParen | Kind::RightCurly => match open.pop() {
                        Some((closing, _)) if closing == token.kind => {}
                        Some(_) => return Err(parser.unexpected(&token)),
                        None => {
                            parser.unget(token);
                            return Ok(());
                        }
                    },
                    Kind::EndOfInput => {
                        parser.unget(token);
                        return match open.pop() {
                            None => Ok(()),
                            Some((Kind::RightCurly, at)) => Err(parser.missing_curly(at)),
                            Some((_, at)) => {
                                let text = "Missing closing ')' in expression.";
                                Err(parser.scanner.unfinished(at, "MissingEndParenthesisInExpression", text))
                            }
                        };
                    }
                    _ => {}
                }
            }
        })
    }

    pub(super) fn missing_curly(&self, at: usize) -> Error {
        let text = "Missing closing '}' in statement block or type definition.";
        self.scanner.unfinished(at, "MissingEndCurlyBrace", text)
    }
}
