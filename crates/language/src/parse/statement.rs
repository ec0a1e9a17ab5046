//! Statements and lists of them.

use super::Parser;
use crate::error::{Error, Refusal};
use crate::syntax::Statement;
use crate::token::{Keyword, Kind};

impl Parser {
    /// What may stand in front of a script block's statements. None of it makes a list of commands.
    pub(super) fn script_block_head(&mut self) -> Result<(), Error> {
        self.skip_lines()?;
        let token = self.peek()?.clone();
        match token.kind {
            Kind::Keyword(Keyword::Param) => {
                self.skip();
                self.skip_lines()?;
                if self.next()?.kind == Kind::LeftParen {
                    return Err(Error::unsupported("a param(...) block"));
                }
                // A command named `param`.
                self.resync(token.start);
            }
            Kind::Keyword(Keyword::Using) => return Err(Error::unsupported("a using statement")),
            _ => {}
        }
        self.skip_terminators()?;
        let token = self.peek()?.clone();
        if token.kind == Kind::Keyword(Keyword::NamedBlock) {
            let name = self.text(&token);
            if name.eq_ignore_ascii_case("end") {
                return Err(Error::unsupported("an end block"));
            }
            self.skip();
            self.skip_lines()?;
            if self.peek()?.kind != Kind::LeftCurly {
                let text = format!("Missing statement block after '{}'.", name.to_ascii_lowercase());
                return Err(self.scanner.incomplete(token.end, "MissingNamedStatementBlock", text));
            }
            self.skim()?;
            return Err(Error::Refused(Refusal::Clauses));
        }
        Ok(())
    }

    pub(super) fn statement_list(&mut self) -> Result<Vec<Statement>, Error> {
        let mut statements = Vec::new();
        self.skip_terminators()?;
        while let Some(statement) = self.statement()? {
            statements.push(statement);
            self.skip_terminators()?;
            if matches!(self.peek()?.kind, Kind::RightParen | Kind::RightCurly) {
                break;
            }
        }
        Ok(statements)
    }

    pub(super) fn statement(&mut self) -> Result<Option<Statement>, Error> {
        self.deeper(Self::statement_inside)
    }

    fn statement_inside(&mut self) -> Result<Option<Statement>, Error> {
        let token = self.next()?;
        match token.kind {
            Kind::EndOfInput => {
                self.unget(token);
                Ok(None)
            }
            Kind::Keyword(Keyword::If | Keyword::Loop) => {
                self.skip_lines()?;
                let next = self.peek()?.clone();
                if next.kind != Kind::LeftParen && next.kind != Kind::EndOfInput {
                    let word = self.text(&token).to_ascii_lowercase();
                    let (id, text) = match token.kind {
                        Kind::Keyword(Keyword::If) => (
                            "MissingOpenParenthesisInIfStatement",
                            format!("Missing '(' after '{word}' in if statement."),
                        ),
                        _ => (
                            "MissingOpenParenthesisAfterKeyword",
                            format!("Missing opening '(' after keyword '{word}'."),
                        ),
                    };
                    if !matches!(next.kind, Kind::Parameter { .. }) {
                        return Err(self.scanner.incomplete(token.end, id, text));
                    }
                }
                self.skim()?;
                Ok(Some(Statement::Control))
            }
            Kind::Keyword(Keyword::Block) => {
                self.skim()?;
                Ok(Some(Statement::Control))
            }
            Kind::Keyword(Keyword::Trap) => {
                self.trap()?;
                Ok(Some(Statement::Trap))
            }
            Kind::Keyword(Keyword::Flow) => Ok(Some(Statement::Flow(self.pipeline_chain()?.map(Box::new)))),
            Kind::Keyword(Keyword::Using) => {
                let text = "A 'using' statement must appear before any other statements in a script.";
                Err(self.scanner.error(token.start, "UsingMustBeAtStartOfScript", text))
            }
            Kind::Keyword(Keyword::Reserved) => {
                let word = self.text(&token).to_ascii_lowercase();
                let text = format!("The '{word}' keyword is not supported in this version of the language.");
                Err(self.scanner.error(token.start, "ReservedKeywordNotAllowed", text))
            }
            Kind::Label => {
                self.skip_lines()?;
                let next = self.peek()?.clone();
                let next = self.text(&next).to_ascii_lowercase();
                if matches!(next.as_str(), "switch" | "foreach" | "for" | "while" | "do") {
                    self.skim()?;
                    return Ok(Some(Statement::Control));
                }
                self.resync(token.start);
                self.pipeline_chain()
            }
            _ => {
                self.unget(token);
                self.pipeline_chain()
            }
        }
    }

    /// Behind `trap`: perhaps a type, then a block.
    fn trap(&mut self) -> Result<(), Error> {
        self.skip_lines()?;
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::LeftCurly => return self.script_block(&token).map(|_| ()),
                Kind::Generic(_) | Kind::NewLine | Kind::RightBracket => {}
                _ => {
                    let text = "The 'trap' statement was incomplete. A trap statement requires a body.";
                    return Err(self.scanner.incomplete(token.start, "MissingTrapStatement", text));
                }
            }
        }
    }
}
