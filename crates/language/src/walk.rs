//! The way through a tree: whoever looks for something in it says what to look for, and not how to get there.

use crate::syntax::{Expression, ExpressionKind, Piece, Statement};

/// Somebody who looks through a tree, until something is wrong with it.
pub(crate) trait Walk {
    /// What may be wrong.
    type Error;

    /// Looks at an expression; its parts only if it asks for [`parts`](Self::parts).
    fn expression(&mut self, expression: &Expression) -> Result<(), Self::Error>;

    /// Looks at a statement within an expression.
    fn statement(&mut self, statement: &Statement) -> Result<(), Self::Error>;

    /// Looks at each part of an expression, in the order in which they stand. Neither a script block nor what `$using:`
    /// takes has any: PowerShell looks into neither.
    fn parts(&mut self, whole: &Expression) -> Result<(), Self::Error> {
        match &whole.kind {
            ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::Type
            | ExpressionKind::Variable { .. }
            | ExpressionKind::Using(_)
            | ExpressionKind::ScriptBlock => Ok(()),
            ExpressionKind::Expandable(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(_) => Ok(()),
                Piece::Nested(nested) => self.expression(nested),
            }),
            ExpressionKind::Array(items) => items.iter().try_for_each(|item| self.expression(item)),
            ExpressionKind::ArraySubexpression(statements) | ExpressionKind::Subexpression(statements) => {
                statements.iter().try_for_each(|statement| self.statement(statement))
            }
            ExpressionKind::Paren(statement) => self.statement(statement),
            ExpressionKind::Hashtable(pairs) => pairs.iter().try_for_each(|(key, value)| {
                self.expression(key)?;
                self.statement(value)
            }),
            ExpressionKind::Unary { operand, .. } | ExpressionKind::Convert { operand, .. } => self.expression(operand),
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
}
