//! Operands: literals, variables, everything in brackets, and the accesses behind them.

use super::Parser;
use crate::error::Error;
use crate::scan::Mode;
use crate::syntax::{Expression, ExpressionKind, Statement};
use crate::token::{Kind, Token, VariablePath};

impl Parser {
    /// A value, with its member and element accesses when `accesses`. `None`, and nothing taken, where none begins.
    pub(super) fn operand(&mut self, accesses: bool) -> Result<Option<Expression>, Error> {
        let token = self.next()?;
        let (start, end) = (token.start, token.end);
        let plain = |kind| Expression { kind, start, end };
        let expression = match token.kind {
            Kind::Variable { path, splatted } => self.variable(path, splatted, start, end, accesses)?,
            Kind::Number(value) => plain(ExpressionKind::Number(value)),
            Kind::Literal(text) => plain(ExpressionKind::String(text)),
            Kind::Expandable(string) => self.expand(string, start, end)?,
            Kind::LeftParen => self.paren(&token)?,
            Kind::AtParen | Kind::DollarParen => self.subexpression(&token)?,
            Kind::AtCurly => self.hashtable(&token)?,
            Kind::LeftCurly => self.script_block(&token)?,
            _ => {
                self.unget(token);
                return Ok(None);
            }
        };
        if !accesses {
            return Ok(Some(expression));
        }
        let access = self.next_access()?;
        self.accesses(expression, access).map(Some)
    }

    /// The variable of a token, or what `using:` in front of its name makes of it.
    pub(super) fn variable(
        &mut self,
        path: VariablePath,
        splatted: bool,
        start: usize,
        end: usize,
        accesses: bool,
    ) -> Result<Expression, Error> {
        let using = path.drive().is_some_and(|drive| drive.eq_ignore_ascii_case("using")) && !path.name.is_empty();
        if !using {
            return Ok(Expression {
                kind: ExpressionKind::Variable { path, splatted },
                start,
                end,
            });
        }
        let path = VariablePath::new(path.name);
        let mut inner = Expression {
            kind: ExpressionKind::Variable { path, splatted },
            start,
            end,
        };
        if accesses {
            let access = self.next_access()?;
            inner = self.accesses(inner, access)?;
        }
        let end = inner.end;
        Ok(Expression {
            kind: ExpressionKind::Using(Box::new(inner)),
            start,
            end,
        })
    }

    fn next_access(&mut self) -> Result<Option<Token>, Error> {
        // A token that was looked at already is no access: those stick to their operand.
        if self.ahead.is_some() {
            Ok(None)
        } else {
            self.scanner.member_access(true)
        }
    }

    pub(super) fn accesses(&mut self, expression: Expression, access: Option<Token>) -> Result<Expression, Error> {
        let mut expression = expression;
        let mut access = access;
        while let Some(token) = access {
            self.skip_lines()?;
            expression = match token.kind {
                Kind::LeftBracket | Kind::QuestionBracket => self.element(expression, &token)?,
                _ => self.member(expression, &token)?,
            };
            access = self.next_access()?;
        }
        Ok(expression)
    }

    fn element(&mut self, target: Expression, bracket: &Token) -> Result<Expression, Error> {
        self.skip_lines()?;
        let Some(index) = self.with_commas(|parser| parser.expression(false))? else {
            let text = "Array index expression is missing or not valid.";
            return Err(self
                .scanner
                .incomplete(bracket.end, "MissingArrayIndexExpression", text));
        };
        self.skip_lines()?;
        let closing = self.next()?;
        if closing.kind != Kind::RightBracket {
            let text = "Missing ']' after array index expression.";
            return Err(self.scanner.incomplete(index.end, "MissingEndSquareBracket", text));
        }
        let (start, end) = (target.start, closing.end);
        let kind = ExpressionKind::Index {
            target: Box::new(target),
            index: Box::new(index),
        };
        Ok(Expression { kind, start, end })
    }

    fn member(&mut self, target: Expression, operator: &Token) -> Result<Expression, Error> {
        let Some(member) = self.member_name()? else {
            let text = "Missing property name after reference operator.";
            return Err(self.scanner.incomplete(operator.end, "MissingPropertyName", text));
        };
        let (start, mut end) = (target.start, member.end);
        let mut arguments = Vec::new();
        if self.ahead.is_none()
            && let Some(token) = self.scanner.call()
        {
            if token.kind == Kind::LeftCurly {
                arguments.push(self.script_block(&token)?);
            } else {
                arguments = self.call_arguments(&token)?;
            }
            end = self.scanner.position();
        }
        let kind = ExpressionKind::Member {
            target: Box::new(target),
            member: Box::new(member),
            arguments,
        };
        Ok(Expression { kind, start, end })
    }

    /// An identifier whatever follows it, if one comes next.
    fn simple_name(&mut self) -> Result<Option<Expression>, Error> {
        self.scanner.simple_name = true;
        let token = self.peek().cloned();
        self.scanner.simple_name = false;
        let token = token?;
        if token.kind != Kind::Identifier {
            return Ok(None);
        }
        self.skip();
        Ok(Some(self.word(&token)))
    }

    fn member_name(&mut self) -> Result<Option<Expression>, Error> {
        if let Some(name) = self.simple_name()? {
            return Ok(Some(name));
        }
        let token = self.peek()?;
        if token.kind.is_unary() || token.kind == Kind::LeftBracket {
            self.unary(false)
        } else {
            self.operand(false)
        }
    }

    fn call_arguments(&mut self, paren: &Token) -> Result<Vec<Expression>, Error> {
        let before = std::mem::replace(&mut self.no_comma, true);
        let mut arguments: Vec<Expression> = Vec::new();
        let mut comma: Option<Token> = None;
        loop {
            self.skip_lines()?;
            let Some(argument) = self.expression(false)? else {
                let Some(comma) = comma else { break };
                let text = "Missing expression after ','.";
                return Err(self.scanner.incomplete(comma.end, "MissingExpressionAfterToken", text));
            };
            arguments.push(argument);
            self.skip_lines()?;
            if self.peek()?.kind != Kind::Comma {
                break;
            }
            comma = Some(self.next()?);
        }
        self.no_comma = before;
        self.skip_lines()?;
        if self.next()?.kind != Kind::RightParen {
            let at = arguments.last().map_or(paren.end, |last| last.end);
            let text = "Missing ')' in method call.";
            return Err(self.scanner.incomplete(at, "MissingEndParenthesisInMethodCall", text));
        }
        Ok(arguments)
    }

    /// Runs `rule` where a comma makes an array.
    fn with_commas<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let before = std::mem::replace(&mut self.no_comma, false);
        let result = rule(self);
        self.no_comma = before;
        result
    }

    fn in_brackets<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.with_commas(|parser| parser.in_mode(Mode::Command, rule))
    }

    fn paren(&mut self, paren: &Token) -> Result<Expression, Error> {
        let (statement, end) = self.in_brackets(|parser| {
            parser.skip_lines()?;
            let Some(statement) = parser.pipeline_chain()? else {
                let text = "An expression was expected after '('.";
                return Err(parser.scanner.incomplete(paren.end, "ExpectedExpression", text));
            };
            parser.skip_lines()?;
            let closing = parser.next()?;
            if closing.kind != Kind::RightParen {
                let at = parser.scanner.end_before(closing.start);
                let text = "Missing closing ')' in expression.";
                return Err(parser.scanner.incomplete(at, "MissingEndParenthesisInExpression", text));
            }
            Ok((statement, closing.end))
        })?;
        Ok(Expression {
            kind: ExpressionKind::Paren(Box::new(statement)),
            start: paren.start,
            end,
        })
    }

    fn subexpression(&mut self, first: &Token) -> Result<Expression, Error> {
        let (statements, end) = self.in_brackets(|parser| {
            parser.skip_lines()?;
            let statements = parser.statement_list()?;
            parser.skip_lines()?;
            let closing = parser.next()?;
            if closing.kind != Kind::RightParen {
                let text = "Missing closing ')' in subexpression.";
                return Err(parser
                    .scanner
                    .incomplete(closing.start, "MissingEndParenthesisInSubexpression", text));
            }
            Ok((statements, closing.end))
        })?;
        let kind = match first.kind {
            Kind::AtParen => ExpressionKind::ArraySubexpression(statements),
            _ => ExpressionKind::Subexpression(statements),
        };
        Ok(Expression {
            kind,
            start: first.start,
            end,
        })
    }

    /// What is in a script block is for the server's language; here it is refused, so only its end is looked for.
    pub(super) fn script_block(&mut self, curly: &Token) -> Result<Expression, Error> {
        let end = self.in_brackets(|parser| {
            parser.skim()?;
            let closing = parser.next()?;
            match closing.kind {
                Kind::RightCurly => Ok(closing.end),
                Kind::EndOfInput => Err(parser.missing_curly(curly.start)),
                _ => Err(parser.unexpected(&closing)),
            }
        })?;
        Ok(Expression {
            kind: ExpressionKind::ScriptBlock,
            start: curly.start,
            end,
        })
    }

    fn hashtable(&mut self, curly: &Token) -> Result<Expression, Error> {
        self.skip_lines()?;
        let mut pairs = Vec::new();
        while let Some(pair) = self.pair()? {
            pairs.push(pair);
            if !matches!(self.peek()?.kind, Kind::NewLine | Kind::Semi) {
                break;
            }
            self.skip_terminators()?;
        }
        let closing = self.next()?;
        if closing.kind != Kind::RightCurly {
            if closing.kind == Kind::EndOfInput {
                return Err(self.missing_curly(curly.end));
            }
            let text = "Missing closing '}' in statement block or type definition.";
            return Err(self.scanner.error(curly.end, "MissingEndCurlyBrace", text));
        }
        let kind = ExpressionKind::Hashtable(pairs);
        Ok(Expression {
            kind,
            start: curly.start,
            end: closing.end,
        })
    }

    fn pair(&mut self) -> Result<Option<(Expression, Statement)>, Error> {
        let Some((key, equals)) = self.in_mode(Mode::Expression, |parser| {
            let Some(key) = parser.key()? else { return Ok(None) };
            Ok(Some((key, parser.next()?)))
        })?
        else {
            return Ok(None);
        };
        if equals.kind != Kind::Assign || self.text(&equals) != "=" {
            let text = "Missing '=' operator after key in hash literal.";
            return Err(self.scanner.error(key.end, "MissingEqualsInHashLiteral", text));
        }
        let value = self.in_mode(Mode::Command, |parser| {
            parser.skip_lines()?;
            parser.statement()
        })?;
        match value {
            Some(value) => Ok(Some((key, value))),
            None => {
                let text = "Missing statement after '=' in hash literal.";
                Err(self
                    .scanner
                    .incomplete(equals.end, "MissingStatementInHashLiteral", text))
            }
        }
    }

    fn key(&mut self) -> Result<Option<Expression>, Error> {
        if let Some(name) = self.simple_name()? {
            return Ok(Some(name));
        }
        if matches!(self.peek()?.kind, Kind::NewLine | Kind::Semi) {
            return Ok(None);
        }
        let before = std::mem::replace(&mut self.no_comma, true);
        let key = self.unary(false);
        self.no_comma = before;
        key
    }
}
