//! From text to the list of commands.

use crate::check;
use crate::error::{Error, Refusal};
use crate::evaluate::{self, Failure};
use crate::parse::Parser;
use crate::semantics;
use crate::source::Source;
use crate::syntax::{CommandSyntax, Element, Expression, ExpressionKind, Redirection, Statement, Word};
use crate::{Argument, Command, CommandList, Constant, Merge};

/// The list of commands that PowerShell makes of `text` (`ScriptBlock.GetPowerShell()`, protocol.md section 25).
///
/// # Errors
///
/// [`Error::Syntax`] with the first error of PowerShell's parser, [`Error::Refused`] with PowerShell's refusal, and
/// [`Error::Unsupported`] for what PowerShell might take and this crate does not.
pub fn parse(text: &str) -> Result<CommandList, Error> {
    let mut parser = Parser::new(Source::new(text));
    let statements = parser.script()?;
    semantics::check(&parser.scanner, &statements)?;
    check::check(&statements).map_err(Error::Refused)?;
    let converter = Converter { parser: &parser };
    let mut list = CommandList::default();
    for statement in &statements {
        let Statement::Pipeline(elements) = statement else {
            return Err(Error::Refused(Refusal::NotPipelines));
        };
        if let Some(last) = list.commands.last_mut() {
            last.end_of_statement = true;
        }
        for element in elements {
            let Element::Command(command) = element else {
                return Err(Error::Refused(Refusal::StartsWithExpression));
            };
            list.commands.push(converter.command(command)?);
        }
    }
    debug_assert!(!list.commands.is_empty());
    Ok(list)
}

struct Converter<'a> {
    parser: &'a Parser,
}

impl Converter<'_> {
    fn command(&self, syntax: &CommandSyntax) -> Result<Command, Error> {
        let Some((first, rest)) = syntax.words.split_first() else {
            return Err(Error::Refused(Refusal::Empty));
        };
        let mut command = Command::new(self.name(first)?);
        command.merges = merges(&syntax.redirections);
        for word in rest {
            command.arguments.push(match word {
                Word::Expression(expression) => {
                    // `@args` stands for no argument at all: a text has none.
                    if matches!(expression.kind, ExpressionKind::Variable { splatted: true, .. }) {
                        continue;
                    }
                    Argument::positional(self.argument(expression)?)
                }
                Word::Parameter {
                    name, argument: None, ..
                } => Argument::parameter(format!("-{name}")),
                Word::Parameter {
                    name,
                    argument: Some(argument),
                    spaced,
                    ..
                } => {
                    let colon = if *spaced { ": " } else { ":" };
                    Argument::named(format!("-{name}{colon}"), self.value(argument)?)
                }
            });
        }
        Ok(command)
    }

    fn name(&self, word: &Word) -> Result<String, Error> {
        let name = match word {
            Word::Parameter { text, .. } => text.clone(),
            Word::Expression(expression) => match self.value(expression)? {
                Constant::String(name) => name,
                _ => String::new(),
            },
        };
        if name.trim().is_empty() {
            return Err(Error::Refused(Refusal::ScriptBlockInvocation));
        }
        Ok(name)
    }

    /// An argument without a name: a number keeps its spelling where it prints otherwise.
    fn argument(&self, expression: &Expression) -> Result<Constant, Error> {
        let value = self.value(expression)?;
        if matches!(expression.kind, ExpressionKind::Number(_)) {
            let text = self.text(expression);
            if text != value.to_string() {
                return Ok(Constant::Spelled {
                    value: Box::new(value),
                    text,
                });
            }
        }
        Ok(value)
    }

    fn value(&self, expression: &Expression) -> Result<Constant, Error> {
        evaluate::value(expression).map_err(|failure| match failure {
            Failure::Dynamic => Error::Refused(Refusal::DynamicExpression {
                text: self.text(expression),
            }),
            Failure::Unsupported(what) => Error::unsupported(format!("{what} in {}", self.text(expression))),
        })
    }

    fn text(&self, expression: &Expression) -> String {
        self.parser.scanner.text(expression.start, expression.end)
    }
}

fn merges(redirections: &[Redirection]) -> Vec<Merge> {
    let mut merges: Vec<Merge> = redirections
        .iter()
        .filter_map(|redirection| match redirection {
            Redirection::Merge { from: 0, .. } => Some(Merge::All),
            Redirection::Merge { from: 2, .. } => Some(Merge::Error),
            Redirection::Merge { from: 3, .. } => Some(Merge::Warning),
            Redirection::Merge { from: 4, .. } => Some(Merge::Verbose),
            Redirection::Merge { from: 5, .. } => Some(Merge::Debug),
            Redirection::Merge { from: 6, .. } => Some(Merge::Information),
            Redirection::Merge { .. } | Redirection::File { .. } => None,
        })
        .collect();
    merges.sort_unstable();
    merges
}
