//! Errors that PowerShell finds in a tree that it has read to the end.

use std::collections::HashSet;

use crate::error::Error;
use crate::scan::Scanner;
use crate::syntax::{Element, Expression, ExpressionKind, Redirection, Statement, Unary, Word};
use crate::token::VariablePath;
use crate::walk::Walk;

pub(crate) fn check(scanner: &Scanner, statements: &[Statement]) -> Result<(), Error> {
    let mut checker = Checker { scanner };
    statements.iter().try_for_each(|statement| checker.statement(statement))
}

struct Checker<'a> {
    scanner: &'a Scanner,
}

impl Checker<'_> {
    fn elements(&mut self, elements: &[Element]) -> Result<(), Error> {
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

    fn word(&mut self, word: &Word) -> Result<(), Error> {
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

    /// No key of a hash literal stands in it twice, whatever its case.
    fn keys(&self, pairs: &[(Expression, Statement)]) -> Result<(), Error> {
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
        Ok(())
    }
}

impl Walk for Checker<'_> {
    type Error = Error;

    fn expression(&mut self, each: &Expression) -> Result<(), Error> {
        match &each.kind {
            ExpressionKind::Variable { path, splatted: true } => {
                let name = &path.full;
                let text = format!(
                    "The splatting operator '@' cannot be used to reference variables in an expression. '@{name}' can be used only as an argument to a command. To reference variables in an expression use '${name}'."
                );
                return Err(self.scanner.error(each.start, "SplattingNotPermitted", text));
            }
            ExpressionKind::Hashtable(pairs) => self.keys(pairs)?,
            ExpressionKind::Unary {
                operator: Unary::Step(step),
                operand,
            } if !is_assignable(operand) => {
                let text = format!("The '{step}' operator works only on variables or on properties.");
                return Err(self
                    .scanner
                    .error(operand.start, "OperatorRequiresVariableOrProperty", text));
            }
            ExpressionKind::Variable { splatted: false, .. }
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Type
            | ExpressionKind::Using(_)
            | ExpressionKind::ScriptBlock
            | ExpressionKind::Expandable(_)
            | ExpressionKind::Array(_)
            | ExpressionKind::ArraySubexpression(_)
            | ExpressionKind::Subexpression(_)
            | ExpressionKind::Paren(_)
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary(..)
            | ExpressionKind::Ternary(_)
            | ExpressionKind::Convert { .. }
            | ExpressionKind::Member { .. }
            | ExpressionKind::Index { .. } => {}
        }
        self.parts(each)
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Error> {
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
