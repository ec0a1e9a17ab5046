//! Errors that PowerShell finds in a tree that it has read to the end.

use std::collections::HashSet;

use crate::error::Error;
use crate::scan::Scanner;
use crate::syntax::{Element, Expression, ExpressionKind, Piece, Redirection, Statement, Unary, Word};
use crate::token::VariablePath;

pub(crate) fn check(scanner: &Scanner, statements: &[Statement]) -> Result<(), Error> {
    let checker = Checker { scanner };
    statements.iter().try_for_each(|statement| checker.statement(statement))
}

struct Checker<'a> {
    scanner: &'a Scanner,
}

impl Checker<'_> {
    fn statement(&self, statement: &Statement) -> Result<(), Error> {
        match statement {
            Statement::Pipeline(elements) => self.elements(elements),
            Statement::Chain(pipelines) => pipelines.iter().try_for_each(|pipeline| self.elements(pipeline)),
            Statement::Assignment { target, value } => {
                if !is_assignable(target) {
                    let text = "The assignment expression is not valid. The input to an assignment operator must be an object that is able to accept assignments, such as a variable or a property.";
                    return Err(self.scanner.error(target.start, "InvalidLeftHandSide", text));
                }
                self.expression(target)?;
                self.statement(value)
            }
            Statement::Flow(Some(value)) => self.statement(value),
            Statement::Flow(None) | Statement::Control | Statement::Trap => Ok(()),
        }
    }

    fn elements(&self, elements: &[Element]) -> Result<(), Error> {
        for element in elements {
            let redirections = match element {
                Element::Expression {
                    expression,
                    redirections,
                } => {
                    self.expression(expression)?;
                    redirections
                }
                Element::Command(command) => {
                    command.words.iter().try_for_each(|word| self.word(word))?;
                    &command.redirections
                }
            };
            for redirection in redirections {
                if let Redirection::File { from } = redirection {
                    self.expression(from)?;
                }
            }
        }
        Ok(())
    }

    fn word(&self, word: &Word) -> Result<(), Error> {
        match word {
            Word::Parameter { argument: None, .. } => Ok(()),
            Word::Parameter {
                argument: Some(argument),
                ..
            } => self.expression(argument),
            Word::Expression(expression) => match &expression.kind {
                // Only here a variable may be splatted.
                ExpressionKind::Variable { .. } | ExpressionKind::Using(_) => Ok(()),
                ExpressionKind::Array(items) => items.iter().try_for_each(|item| match &item.kind {
                    ExpressionKind::Variable { path, splatted: true } => {
                        let text = splatting_in_list(path);
                        Err(self
                            .scanner
                            .error(item.start, "SplattingNotPermittedInArgumentList", text))
                    }
                    _ => self.expression(item),
                }),
                _ => self.expression(expression),
            },
        }
    }

    fn expression(&self, each: &Expression) -> Result<(), Error> {
        match &each.kind {
            ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Type
            | ExpressionKind::ScriptBlock
            | ExpressionKind::Variable { splatted: false, .. }
            | ExpressionKind::Using(_) => Ok(()),
            ExpressionKind::Variable { path, splatted: true } => {
                let name = &path.full;
                let text = format!(
                    "The splatting operator '@' cannot be used to reference variables in an expression. '@{name}' can be used only as an argument to a command. To reference variables in an expression use '${name}'."
                );
                Err(self.scanner.error(each.start, "SplattingNotPermitted", text))
            }
            ExpressionKind::Expandable(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(_) => Ok(()),
                Piece::Nested(nested) => self.expression(nested),
            }),
            ExpressionKind::Array(items) => items.iter().try_for_each(|item| self.expression(item)),
            ExpressionKind::ArraySubexpression(statements) | ExpressionKind::Subexpression(statements) => {
                statements.iter().try_for_each(|statement| self.statement(statement))
            }
            ExpressionKind::Paren(statement) => self.statement(statement),
            ExpressionKind::Hashtable(pairs) => self.hashtable(pairs),
            ExpressionKind::Unary { operator, operand } => {
                if let Unary::Step(step) = operator
                    && !is_assignable(operand)
                {
                    let text = format!("The '{step}' operator works only on variables or on properties.");
                    return Err(self
                        .scanner
                        .error(operand.start, "OperatorRequiresVariableOrProperty", text));
                }
                self.expression(operand)
            }
            ExpressionKind::Convert { operand, .. } => self.expression(operand),
            ExpressionKind::Binary(left, right) => {
                self.expression(left)?;
                self.expression(right)
            }
            ExpressionKind::Ternary(parts) => parts.iter().try_for_each(|part| self.expression(part)),
            ExpressionKind::Member {
                target,
                member,
                arguments,
            } => {
                self.expression(target)?;
                self.expression(member)?;
                arguments.iter().try_for_each(|argument| self.expression(argument))
            }
            ExpressionKind::Index { target, index } => {
                self.expression(target)?;
                self.expression(index)
            }
        }
    }

    fn hashtable(&self, pairs: &[(Expression, Statement)]) -> Result<(), Error> {
        let mut keys = HashSet::new();
        for (key, _) in pairs {
            let text = match &key.kind {
                ExpressionKind::Number(value) => value.to_string(),
                ExpressionKind::String(text) => text.clone(),
                _ => continue,
            };
            if !keys.insert(text.to_uppercase()) {
                let message = format!("Duplicate keys '{text}' are not allowed in hash literals.");
                return Err(self.scanner.error(key.start, "DuplicateKeyInHashLiteral", message));
            }
        }
        for (key, value) in pairs {
            self.expression(key)?;
            self.statement(value)?;
        }
        Ok(())
    }
}

fn splatting_in_list(path: &VariablePath) -> String {
    format!(
        "Splatted variables like '@{}' cannot be part of a comma-separated list of arguments.",
        path.full
    )
}

/// A variable, a property, an element, or several of them.
fn is_assignable(target: &Expression) -> bool {
    match &target.kind {
        ExpressionKind::Variable { .. } | ExpressionKind::Index { .. } => true,
        ExpressionKind::Member { arguments, .. } => arguments.is_empty(),
        ExpressionKind::Array(items) => items.iter().all(is_assignable),
        ExpressionKind::Convert { operand, .. } => is_assignable(operand),
        ExpressionKind::Paren(statement) => match statement.as_ref() {
            Statement::Pipeline(elements) => {
                matches!(elements.as_slice(), [Element::Expression { expression, .. }] if is_assignable(expression))
            }
            _ => false,
        },
        _ => false,
    }
}
