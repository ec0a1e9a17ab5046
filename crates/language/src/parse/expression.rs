//! Expressions: ternary, binary and unary operators, casts and comma lists.

use super::Parser;
use crate::error::Error;
use crate::scan::Mode;
use crate::syntax::{Expression, ExpressionKind, Unary};
use crate::token::{Kind, Token};

impl Parser {
    /// An expression, or `None` where none begins. With `ternary`, `?` and `:` end a number.
    pub(super) fn expression(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        self.deeper(|parser| parser.in_mode(Mode::Expression, |parser| parser.expression_inside(ternary)))
    }

    fn expression_inside(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        let Some(condition) = self.binary(ternary)? else {
            return Ok(None);
        };
        if self.peek()?.kind != Kind::QuestionMark {
            return Ok(Some(condition));
        }
        let question = self.next()?;
        self.skip_lines()?;
        let Some(if_true) = self.expression(true)? else {
            return Err(self.missing_value(&question));
        };
        self.skip_lines()?;
        let colon = self.next()?;
        if colon.kind != Kind::Colon {
            let text = "Missing ':' in the ternary expression.";
            return Err(self
                .scanner
                .incomplete(colon.start, "MissingColonInTernaryExpression", text));
        }
        self.skip_lines()?;
        let Some(if_false) = self.expression(true)? else {
            return Err(self.missing_value(&colon));
        };
        let (start, end) = (condition.start, if_false.end);
        let kind = ExpressionKind::Ternary(Box::new([condition, if_true, if_false]));
        Ok(Some(Expression { kind, start, end }))
    }

    /// Operands and operators between them. A binary operation is never a constant to PowerShell, so the operands are
    /// kept in their order and the precedence is not.
    fn binary(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        let Some(mut left) = self.comma_list(ternary)? else {
            return Ok(None);
        };
        loop {
            let token = self.peek()?.clone();
            if matches!(token.kind, Kind::Parameter { .. }) {
                return Err(self.unexpected(&token));
            }
            if token.kind.binary().is_none() {
                return Ok(Some(left));
            }
            self.skip();
            self.skip_lines()?;
            let Some(right) = self.comma_list(true)? else {
                return Err(self.missing_value(&token));
            };
            let (start, end) = (left.start, right.end);
            left = Expression {
                kind: ExpressionKind::Binary(Box::new(left), Box::new(right)),
                start,
                end,
            };
        }
    }

    fn comma_list(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        let Some(first) = self.unary(ternary)? else {
            return Ok(None);
        };
        if self.no_comma || self.peek()?.kind != Kind::Comma {
            return Ok(Some(first));
        }
        let (start, mut end) = (first.start, first.end);
        let mut items = vec![first];
        while self.peek()?.kind == Kind::Comma {
            let comma = self.next()?;
            self.skip_lines()?;
            let Some(item) = self.unary(true)? else {
                let text = "Missing expression after ','.";
                return Err(self.scanner.incomplete(comma.end, "MissingExpressionAfterToken", text));
            };
            end = item.end;
            items.push(item);
        }
        Ok(Some(Expression {
            kind: ExpressionKind::Array(items),
            start,
            end,
        }))
    }

    /// An operand with what stands in front of it.
    pub(super) fn unary(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        self.deeper(|parser| parser.unary_inside(ternary))
    }

    fn unary_inside(&mut self, ternary: bool) -> Result<Option<Expression>, Error> {
        let token = self.peek_operand(ternary)?;
        let expression = if token.kind.is_unary() {
            if self.no_comma && token.kind == Kind::Comma {
                return Ok(None);
            }
            self.skip();
            self.skip_lines()?;
            let Some(operand) = self.unary(true)? else {
                let text = format!("Missing expression after unary operator '{}'.", self.text(&token));
                return Err(self
                    .scanner
                    .incomplete(token.end, "MissingExpressionAfterOperator", text));
            };
            Some(prefixed(&token, operand))
        } else if token.kind == Kind::LeftBracket {
            Some(self.cast(&token)?)
        } else {
            self.operand(true)?
        };
        let Some(expression) = expression else { return Ok(None) };
        let step = match self.peek()?.kind {
            Kind::PlusPlus => "++",
            Kind::MinusMinus => "--",
            _ => return Ok(Some(expression)),
        };
        let token = self.next()?;
        let (start, end) = (expression.start, token.end);
        let kind = ExpressionKind::Unary {
            operator: Unary::Step(step),
            operand: Box::new(expression),
        };
        Ok(Some(Expression { kind, start, end }))
    }

    /// The next token, read so that a sign belongs to a number behind it.
    fn peek_operand(&mut self, ternary: bool) -> Result<Token, Error> {
        let before = (self.scanner.signed_numbers, self.scanner.ternary_numbers);
        self.scanner.signed_numbers = true;
        self.scanner.ternary_numbers = ternary;
        if let Some(token) = self
            .ahead
            .take_if(|token| token.kind == Kind::Minus || (ternary && matches!(token.kind, Kind::Generic(_))))
        {
            self.scanner.resync(token.start);
        }
        let token = self.peek()?.clone();
        (self.scanner.signed_numbers, self.scanner.ternary_numbers) = before;
        Ok(token)
    }

    /// A type in brackets: of an operand to convert, of a static member, or for itself.
    fn cast(&mut self, bracket: &Token) -> Result<Expression, Error> {
        self.resync(bracket.end);
        let type_name = self.scanner.type_name()?;
        let start = bracket.start;
        let end = self.scanner.position();
        let literal = Expression {
            kind: ExpressionKind::Type,
            start,
            end,
        };
        if let Some(token) = self.scanner.member_access(false)? {
            return self.accesses(literal, Some(token));
        }
        if matches!(self.peek()?.kind, Kind::NewLine | Kind::Comma) {
            return Ok(literal);
        }
        let Some(operand) = self.unary(true)? else {
            return Ok(literal);
        };
        let end = operand.end;
        Ok(Expression {
            kind: ExpressionKind::Convert {
                type_name,
                operand: Box::new(operand),
            },
            start,
            end,
        })
    }
}

fn prefixed(token: &Token, operand: Expression) -> Expression {
    let (start, end) = (token.start, operand.end);
    let operator = match token.kind {
        Kind::Comma => {
            return Expression {
                kind: ExpressionKind::Array(vec![operand]),
                start,
                end,
            };
        }
        Kind::Exclaim => Unary::Not(crate::token::Not::Logical),
        Kind::DashNot(not) => Unary::Not(not),
        Kind::Plus => Unary::Plus,
        Kind::Minus => Unary::Minus,
        Kind::PlusPlus => Unary::Step("++"),
        Kind::MinusMinus => Unary::Step("--"),
        _ => Unary::Text,
    };
    Expression {
        kind: ExpressionKind::Unary {
            operator,
            operand: Box::new(operand),
        },
        start,
        end,
    }
}
