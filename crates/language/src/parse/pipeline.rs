//! Pipelines, chains of them, assignments and redirections.

use super::Parser;
use crate::error::Error;
use crate::scan::Mode;
use crate::syntax::{Element, Expression, Redirection, Statement};
use crate::token::{Kind, Token};

impl Parser {
    /// A pipeline, several joined by `&&` and `||`, or an assignment. `None` when nothing of the kind begins here.
    pub(super) fn pipeline_chain(&mut self) -> Result<Option<Statement>, Error> {
        // Read as an expression first: a variable to assign to, or the value that a pipeline begins with.
        let (first, assign) = self.in_mode(Mode::Expression, |parser| {
            let first = parser.expression(false)?;
            let assign = first.is_some() && parser.peek()?.kind == Kind::Assign;
            let token = if assign { Some(parser.next()?) } else { None };
            Ok((first, token))
        })?;
        let mut first = match (first, assign) {
            (Some(target), Some(operator)) => return self.assignment(target, &operator).map(Some),
            (first, _) => first,
        };
        let mut chain = Vec::new();
        let mut operator: Option<Token> = None;
        loop {
            let start = self.peek()?.clone();
            let Some(pipeline) = self.pipeline(first.take())? else {
                let Some(operator) = operator else { return Ok(None) };
                let text = "A pipeline chain operator must be followed by a pipeline.";
                return Err(if start.kind == Kind::EndOfInput {
                    self.scanner.incomplete(operator.end, "EmptyPipelineChainElement", text)
                } else {
                    self.scanner.error(operator.start, "EmptyPipelineChainElement", text)
                });
            };
            chain.push(pipeline);
            let token = self.peek()?.clone();
            match token.kind {
                Kind::AndAnd | Kind::OrOr => {
                    self.skip();
                    self.skip_lines()?;
                    if self.peek()?.kind == Kind::EndOfInput {
                        let text = "A pipeline chain operator must be followed by a pipeline.";
                        return Err(self.scanner.incomplete(token.end, "EmptyPipelineChainElement", text));
                    }
                    operator = Some(token);
                }
                Kind::Ampersand => {
                    // A job in the background: PowerShell drops the mark when it makes a command list.
                    self.skip();
                    let next = self.peek()?.clone();
                    if matches!(next.kind, Kind::AndAnd | Kind::OrOr) {
                        let text = "Background operators can only be used at the end of a pipeline chain.";
                        return Err(self
                            .scanner
                            .error(next.start, "BackgroundOperatorInPipelineChain", text));
                    }
                    break;
                }
                _ => break,
            }
        }
        Ok(match chain.pop() {
            Some(only) if chain.is_empty() => Some(Statement::Pipeline(only)),
            last => {
                chain.extend(last);
                Some(Statement::Chain(chain))
            }
        })
    }

    fn assignment(&mut self, target: Expression, operator: &Token) -> Result<Statement, Error> {
        self.skip_lines()?;
        match self.statement()? {
            Some(value) => Ok(Statement::Assignment {
                target,
                value: Box::new(value),
            }),
            None => Err(self.missing_value(operator)),
        }
    }

    pub(super) fn missing_value(&self, operator: &Token) -> Error {
        let text = format!(
            "You must provide a value expression following the '{}' operator.",
            self.text(operator)
        );
        self.scanner.incomplete(operator.end, "ExpectedValueExpression", text)
    }

    fn pipeline(&mut self, first: Option<Expression>) -> Result<Option<Vec<Element>>, Error> {
        let mut elements = Vec::new();
        let mut pipe: Option<Token> = None;
        let mut expression = first;
        loop {
            if expression.is_none() {
                expression = self.in_mode(Mode::Expression, |parser| parser.expression(false))?;
            }
            let element = match expression.take() {
                Some(expression) => {
                    if !elements.is_empty() {
                        let text = "Expressions are only allowed as the first element of a pipeline.";
                        return Err(self
                            .scanner
                            .error(expression.start, "ExpressionsMustBeFirstInPipeline", text));
                    }
                    let redirections = self.redirections()?;
                    Some(Element::Expression {
                        expression,
                        redirections,
                    })
                }
                None => self.command()?.map(Element::Command),
            };
            let mut token = self.peek()?.clone();
            match element {
                Some(element) => elements.push(element),
                None if !elements.is_empty() || token.kind == Kind::Pipe => {
                    let at = pipe.map_or(token.start, |pipe| pipe.end);
                    return Err(self.empty_element(at));
                }
                None => {}
            }
            if token.kind == Kind::NewLine && self.scanner.continues_with_pipe(token.end) {
                self.skip_lines()?;
                token = self.peek()?.clone();
            }
            match token.kind {
                Kind::Pipe => {
                    self.skip();
                    self.skip_lines()?;
                    if self.peek()?.kind == Kind::EndOfInput {
                        return Err(self.empty_element(token.end));
                    }
                    pipe = Some(token);
                }
                Kind::Semi
                | Kind::NewLine
                | Kind::RightParen
                | Kind::RightCurly
                | Kind::EndOfInput
                | Kind::AndAnd
                | Kind::OrOr
                | Kind::Ampersand => break,
                _ => return Err(self.unexpected(&token)),
            }
        }
        Ok(if elements.is_empty() { None } else { Some(elements) })
    }

    fn empty_element(&self, at: usize) -> Error {
        self.scanner
            .incomplete(at, "EmptyPipeElement", "An empty pipe element is not allowed.")
    }

    fn redirections(&mut self) -> Result<Vec<Redirection>, Error> {
        let mut redirections = Vec::new();
        while is_redirection(&self.peek()?.kind) {
            let token = self.next()?;
            self.redirection(&token, &mut redirections)?;
        }
        Ok(redirections)
    }

    pub(super) fn redirection(&mut self, token: &Token, into: &mut Vec<Redirection>) -> Result<(), Error> {
        let reserved = |parser: &Self| {
            let text = format!("The '{}' operator is reserved for future use.", parser.text(token));
            Err(parser.scanner.error(token.start, "RedirectionNotSupported", text))
        };
        if let Kind::MergeRedirection { from, to } = token.kind {
            if to != 1 || from == to {
                return reserved(self);
            }
            if into
                .iter()
                .any(|other| matches!(other, Redirection::Merge { from: taken, .. } if *taken == from))
            {
                let stream = ["*", "output", "error", "warning", "verbose", "debug", "information"]
                    .get(usize::from(from))
                    .unwrap_or(&"*");
                let text = format!("The {stream} stream for this command is already redirected.");
                return Err(self.scanner.error(token.start, "StreamAlreadyRedirected", text));
            }
            into.push(Redirection::Merge { from, at: token.start });
            return Ok(());
        }
        let Some(target) = self.single_argument()? else {
            let text = "Missing file specification after redirection operator.";
            return Err(self.scanner.error(token.end, "MissingFileSpecification", text));
        };
        if token.kind == Kind::InputRedirection {
            return reserved(self);
        }
        into.push(Redirection::File { from: target });
        Ok(())
    }
}

pub(super) fn is_redirection(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::FileRedirection | Kind::MergeRedirection { .. } | Kind::InputRedirection
    )
}
