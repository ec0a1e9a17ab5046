//! The values of expressions that are constants, as PowerShell computes them for a command list.
//!
//! PowerShell first asks whether an expression is safe (no operators between operands, no members, no commands), and
//! refuses the whole argument if it is not. A few safe things are computed by its compiler; of those the plain cases are
//! computed here and the others are named as not understood.

mod index;
mod operator;
mod text;

use crate::Constant;
use crate::syntax::{Element, Expression, ExpressionKind, Statement, Unary};

/// Why an expression has no value here.
#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    /// PowerShell refuses it.
    Dynamic,
    /// PowerShell may have a value for it.
    Unsupported(&'static str),
}

pub(crate) fn value(expression: &Expression) -> Result<Constant, Failure> {
    if is_safe(expression) {
        evaluate(expression)
    } else {
        Err(Failure::Dynamic)
    }
}

fn is_safe(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Number(_) | ExpressionKind::String(_) | ExpressionKind::Variable { .. } => true,
        ExpressionKind::Expandable(pieces) => text::nested(pieces).all(is_safe),
        ExpressionKind::Array(items) => items.iter().all(is_safe),
        ExpressionKind::ArraySubexpression(statements) | ExpressionKind::Subexpression(statements) => {
            statements.iter().all(is_safe_statement)
        }
        ExpressionKind::Paren(statement) => is_safe_statement(statement),
        ExpressionKind::Hashtable(pairs) => pairs
            .iter()
            .all(|(key, value)| is_safe(key) && is_safe_statement(value)),
        ExpressionKind::Unary { operator, operand } => match operator {
            Unary::Not(_) | Unary::Plus | Unary::Minus => is_safe(operand),
            Unary::Text | Unary::Step(_) => false,
        },
        ExpressionKind::Convert { type_name, operand } => {
            operator::Target::find(type_name).is_some() && is_safe(operand)
        }
        ExpressionKind::Ternary(parts) => parts.iter().all(is_safe),
        ExpressionKind::Index { target, index } => is_safe(index) && is_safe(target),
        ExpressionKind::Binary(..)
        | ExpressionKind::Member { .. }
        | ExpressionKind::Type
        | ExpressionKind::ScriptBlock
        | ExpressionKind::Using(_) => false,
    }
}

fn is_safe_statement(statement: &Statement) -> bool {
    pure(statement).is_some_and(is_safe)
}

/// The expression that a statement is nothing more than.
fn pure(statement: &Statement) -> Option<&Expression> {
    let Statement::Pipeline(elements) = statement else {
        return None;
    };
    match elements.as_slice() {
        [
            Element::Expression {
                expression,
                redirections,
            },
        ] if redirections.is_empty() => Some(expression),
        _ => None,
    }
}

fn evaluate(expression: &Expression) -> Result<Constant, Failure> {
    Ok(match &expression.kind {
        ExpressionKind::Number(value) => value.clone(),
        ExpressionKind::String(text) => Constant::String(text.clone()),
        ExpressionKind::Variable { path, .. } => match path.name.to_ascii_lowercase().as_str() {
            "true" => Constant::Boolean(true),
            "false" => Constant::Boolean(false),
            "null" => Constant::Null,
            _ => Constant::Array(Vec::new()),
        },
        ExpressionKind::Expandable(pieces) => Constant::String(text::expand(pieces)?),
        ExpressionKind::Array(items) => Constant::Array(items.iter().map(evaluate).collect::<Result<_, _>>()?),
        ExpressionKind::ArraySubexpression(statements) | ExpressionKind::Subexpression(statements) => {
            Constant::Array(gather(statements)?)
        }
        ExpressionKind::Paren(statement) => of_statement(statement)?,
        ExpressionKind::Hashtable(pairs) => hashtable(pairs)?,
        ExpressionKind::Unary { operator, operand } => operator::unary(*operator, &evaluate(operand)?)?,
        ExpressionKind::Convert { type_name, operand } => {
            let target = operator::Target::find(type_name).ok_or(Failure::Dynamic)?;
            operator::convert(target, &evaluate(operand)?)?
        }
        ExpressionKind::Ternary(parts) => {
            let [condition, if_true, if_false] = parts.as_ref();
            let branch = if evaluate(condition)?.is_true() {
                if_true
            } else {
                if_false
            };
            if has_subexpression(branch) {
                return Err(Failure::Unsupported("a subexpression in a ternary expression"));
            }
            evaluate(branch)?
        }
        ExpressionKind::Index { target, index } => {
            let index = evaluate(index)?;
            index::indexed(&evaluate(target)?, &index)?
        }
        ExpressionKind::Binary(..)
        | ExpressionKind::Member { .. }
        | ExpressionKind::Type
        | ExpressionKind::ScriptBlock
        | ExpressionKind::Using(_) => return Err(Failure::Dynamic),
    })
}

fn of_statement(statement: &Statement) -> Result<Constant, Failure> {
    evaluate(pure(statement).ok_or(Failure::Dynamic)?)
}

/// The values of statements in a row: arrays are taken apart once, as a pipeline does.
fn gather(statements: &[Statement]) -> Result<Vec<Constant>, Failure> {
    let mut items = Vec::new();
    for statement in statements {
        match of_statement(statement)? {
            Constant::Array(inner) => items.extend(inner),
            value => items.push(value),
        }
    }
    Ok(items)
}

fn hashtable(pairs: &[(Expression, Statement)]) -> Result<Constant, Failure> {
    let mut entries: Vec<(Constant, Constant)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let key = evaluate(key)?;
        match key {
            Constant::Null => return Err(Failure::Dynamic),
            Constant::Array(_) | Constant::Hashtable(_) => {
                return Err(Failure::Unsupported("a hashtable key of several values"));
            }
            _ => {}
        }
        if entries.iter().any(|(other, _)| index::same_key(other, &key)) {
            return Err(Failure::Dynamic);
        }
        entries.push((key, of_statement(value)?));
    }
    Ok(Constant::Hashtable(entries))
}

/// PowerShell's compiler unrolls a subexpression of one value, its constant evaluation does not.
fn has_subexpression(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Subexpression(_) | ExpressionKind::ArraySubexpression(_) | ExpressionKind::Expandable(_) => {
            true
        }
        ExpressionKind::Array(items) => items.iter().any(has_subexpression),
        ExpressionKind::Paren(statement) => pure(statement).is_some_and(has_subexpression),
        ExpressionKind::Hashtable(pairs) => pairs
            .iter()
            .any(|(_, value)| pure(value).is_some_and(has_subexpression)),
        ExpressionKind::Ternary(parts) => parts.iter().any(has_subexpression),
        ExpressionKind::Unary { operand, .. } | ExpressionKind::Convert { operand, .. } => has_subexpression(operand),
        // Bounds are checked otherwise by the compiler.
        ExpressionKind::Index { .. } => true,
        _ => false,
    }
}
