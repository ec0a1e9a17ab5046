//! What PowerShell refuses to make commands of, in the order in which it looks.

use crate::error::Refusal;
use crate::syntax::{CommandSyntax, Element, Expression, ExpressionKind, Invocation, Redirection, Statement, Word};
use crate::token::{Place, VariablePath};
use crate::walk::Walk;

/// Statements at the top of a script block.
pub(crate) fn check(statements: &[Statement]) -> Result<(), Refusal> {
    // PowerShell keeps traps beside the statements, so a trap alone is an empty block.
    if statements.iter().all(|statement| *statement == Statement::Trap) {
        return Err(Refusal::Empty);
    }
    if statements.contains(&Statement::Trap) {
        return Err(Refusal::Trap);
    }
    if !statements
        .iter()
        .all(|statement| matches!(statement, Statement::Pipeline(_)))
    {
        return Err(Refusal::NotPipelines);
    }
    let mut checker = Checker { using: None };
    statements
        .iter()
        .try_for_each(|each| checker.statement_at(each, true))?;
    match checker.using {
        Some(name) => Err(Refusal::UsingVariable { name }),
        None => Ok(()),
    }
}

struct Checker {
    /// The first `$using:` variable: PowerShell takes their values when all else is found to be in order.
    using: Option<String>,
}

impl Checker {
    fn statement_at(&mut self, statement: &Statement, top: bool) -> Result<(), Refusal> {
        match statement {
            Statement::Pipeline(elements) => self.pipeline(elements, top),
            Statement::Chain(pipelines) => pipelines.iter().try_for_each(|each| self.pipeline(each, false)),
            Statement::Assignment { target, value } => {
                self.expression(target)?;
                self.statement(value)
            }
            Statement::Flow(Some(value)) => self.statement(value),
            Statement::Flow(None) | Statement::Control | Statement::Trap => Ok(()),
        }
    }

    fn pipeline(&mut self, elements: &[Element], top: bool) -> Result<(), Refusal> {
        if matches!(elements.first(), Some(Element::Expression { .. })) {
            let pure = matches!(elements, [Element::Expression { redirections, .. }] if redirections.is_empty());
            if top || !pure {
                return Err(Refusal::StartsWithExpression);
            }
        }
        for element in elements {
            match element {
                Element::Command(each) => self.command(each, top)?,
                Element::Expression {
                    expression: each,
                    redirections: others,
                } => {
                    self.expression(each)?;
                    redirections(others)?;
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &CommandSyntax, top: bool) -> Result<(), Refusal> {
        if command.invocation == Invocation::Dot {
            return Err(Refusal::DotSourcing);
        }
        if !top {
            return Err(Refusal::CommandInvocation);
        }
        if let Some(Word::Expression(Expression {
            kind: ExpressionKind::ScriptBlock,
            ..
        })) = command.words.first()
        {
            return Err(Refusal::ScriptBlockInvocation);
        }
        for word in &command.words {
            match word {
                Word::Parameter { argument: None, .. } => {}
                Word::Parameter {
                    argument: Some(each), ..
                }
                | Word::Expression(each) => self.expression(each)?,
            }
        }
        redirections(&command.redirections)
    }
}

impl Walk for Checker {
    type Error = Refusal;

    fn expression(&mut self, each: &Expression) -> Result<(), Refusal> {
        match &each.kind {
            // What `using:` takes is taken before anything is sent, so PowerShell does not look into it.
            ExpressionKind::Using(inner) => {
                if self.using.is_none() {
                    self.using = Some(root(inner));
                }
                Ok(())
            }
            ExpressionKind::Variable { path, splatted } => variable(path, *splatted),
            ExpressionKind::ScriptBlock => Err(Refusal::ScriptBlockArgument),
            ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Type
            | ExpressionKind::Expandable(_)
            | ExpressionKind::Array(_)
            | ExpressionKind::ArraySubexpression(_)
            | ExpressionKind::Subexpression(_)
            | ExpressionKind::Paren(_)
            | ExpressionKind::Hashtable(_)
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary(..)
            | ExpressionKind::Ternary(_)
            | ExpressionKind::Convert { .. }
            | ExpressionKind::Member { .. }
            | ExpressionKind::Index { .. } => self.parts(each),
        }
    }

    fn statement(&mut self, statement: &Statement) -> Result<(), Refusal> {
        self.statement_at(statement, false)
    }
}

fn redirections(redirections: &[Redirection]) -> Result<(), Refusal> {
    let file = redirections
        .iter()
        .any(|redirection| matches!(redirection, Redirection::File { .. }));
    if file { Err(Refusal::Redirection) } else { Ok(()) }
}

fn variable(path: &VariablePath, splatted: bool) -> Result<(), Refusal> {
    if path.place == Place::Local && (path.is_args() || (!splatted && path.is_constant())) {
        return Ok(());
    }
    Err(Refusal::UndeclaredVariable {
        name: path.full.clone(),
    })
}

/// The name of the variable that members and elements are taken of.
fn root(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Variable { path, .. } => path.full.clone(),
        ExpressionKind::Member { target, .. } | ExpressionKind::Index { target, .. } => root(target),
        _ => String::new(),
    }
}
