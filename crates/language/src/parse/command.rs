//! A command: its name, parameters, arguments and redirections.

use super::Parser;
use super::argument::Context;
use crate::error::Error;
use crate::scan::Mode;
use crate::syntax::{CommandSyntax, Expression, ExpressionKind, Invocation, Word};
use crate::token::{Kind, Token};

/// Behind this word the rest of the line is one text.
const VERBATIM: &str = "--%";

impl Parser {
    pub(super) fn command(&mut self) -> Result<Option<CommandSyntax>, Error> {
        self.in_mode(Mode::Command, Self::command_inside)
    }

    fn command_inside(&mut self) -> Result<Option<CommandSyntax>, Error> {
        let mut token = self.next()?;
        let first = token.clone();
        let invocation = match token.kind {
            Kind::Dot => Invocation::Dot,
            Kind::Ampersand => Invocation::Call,
            _ => Invocation::None,
        };
        let mut context = Context::Name;
        if invocation != Invocation::None {
            token = self.next()?;
            context = Context::NameAfterInvocation;
        }
        let mut words = Vec::new();
        let mut redirections = Vec::new();
        let mut dashes = false;
        loop {
            match token.kind {
                Kind::Pipe
                | Kind::RightCurly
                | Kind::RightParen
                | Kind::EndOfInput
                | Kind::NewLine
                | Kind::Semi
                | Kind::AndAnd
                | Kind::OrOr
                | Kind::Ampersand => {
                    self.unget(token);
                    break;
                }
                // The first `--` is a parameter named `-`; behind it everything is an argument.
                Kind::MinusMinus if !dashes => {
                    let text = self.text(&token);
                    words.push(Word::Parameter {
                        name: "-".to_owned(),
                        argument: None,
                        spaced: false,
                        text,
                    });
                    dashes = true;
                }
                Kind::MinusMinus => words.push(Word::Expression(self.word(&token))),
                Kind::Comma => {
                    let text = "Missing argument in parameter list.";
                    return Err(self.scanner.error(token.start, "MissingArgument", text));
                }
                Kind::Parameter { .. } if dashes || context != Context::Argument => {
                    words.push(Word::Expression(self.word(&token)));
                }
                Kind::Parameter { .. } => words.push(self.parameter(&token)?),
                Kind::FileRedirection | Kind::MergeRedirection { .. } | Kind::InputRedirection => {
                    if context == Context::Argument {
                        self.redirection(&token, &mut redirections)?;
                    } else {
                        words.push(Word::Expression(self.word(&token)));
                    }
                }
                _ => {
                    let verbatim = is_verbatim(&token.kind);
                    let Some(argument) = self.argument(context, token)? else {
                        debug_assert!(false, "every token that is no argument is dealt with above");
                        break;
                    };
                    words.push(Word::Expression(argument));
                    if verbatim
                        && self
                            .ahead
                            .as_ref()
                            .is_none_or(|token| matches!(token.kind, Kind::Parameter { .. }))
                    {
                        self.ahead = None;
                        let text = self.scanner.verbatim();
                        let end = self.scanner.position();
                        words.push(Word::Expression(Expression {
                            kind: ExpressionKind::String(text),
                            start: end,
                            end,
                        }));
                        break;
                    }
                }
            }
            context = Context::Argument;
            token = self.next()?;
        }
        if words.is_empty() {
            if invocation != Invocation::None {
                let text = format!("Missing expression after '{}' in pipeline element.", self.text(&first));
                return Err(self.scanner.error(first.start, "MissingExpression", text));
            }
            return Ok(None);
        }
        Ok(Some(CommandSyntax {
            invocation,
            words,
            redirections,
        }))
    }

    /// The token's text as a bare word.
    pub(super) fn word(&self, token: &Token) -> Expression {
        Expression {
            kind: ExpressionKind::String(self.text(token)),
            start: token.start,
            end: token.end,
        }
    }

    fn parameter(&mut self, token: &Token) -> Result<Word, Error> {
        let text = self.text(token);
        let Kind::Parameter { name, colon } = token.kind.clone() else {
            return Ok(Word::Expression(self.word(token)));
        };
        // A comma behind the colon is an error of its own, reported where it stands.
        if !colon || self.peek()?.kind == Kind::Comma {
            return Ok(Word::Parameter {
                name,
                argument: None,
                spaced: false,
                text,
            });
        }
        let next = self.next()?;
        let Some(argument) = self.argument(Context::Argument, next)? else {
            let message = format!("Parameter {text} requires an argument.");
            return Err(self.scanner.error(token.end, "ParameterRequiresArgument", message));
        };
        let spaced = argument.start != token.end;
        Ok(Word::Parameter {
            name,
            argument: Some(argument),
            spaced,
            text,
        })
    }
}

fn is_verbatim(kind: &Kind) -> bool {
    match kind {
        Kind::Generic(word) | Kind::Expandable(word) => word.text() == VERBATIM,
        Kind::Literal(text) => text == VERBATIM,
        _ => false,
    }
}
