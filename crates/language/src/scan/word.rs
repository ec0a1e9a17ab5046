//! Bare words: identifiers and keywords, parameters and dash operators, labels, and everything else.

use super::{Mode, Scanner};
use crate::character::{
    continues_identifier, ends_word, is_double_quote, is_single_quote, is_space, starts_identifier,
};
use crate::error::Error;
use crate::token::{Expandable, Keyword, Kind, Not, Precedence, Token};

impl Scanner {
    /// A word of which `word` has been read already, up to a character that no word goes across. Quotes inside of it
    /// are taken off, escapes resolved, variables and subexpressions kept as parts.
    pub(super) fn generic(&mut self, mut word: Expandable) -> Result<Token, Error> {
        loop {
            let mut c = self.next();
            if ends_word(c) {
                break;
            }
            if c == '`' {
                c = self.escape_or_backtick()?;
            } else if is_single_quote(c) {
                self.single_quoted(&mut word)?;
                continue;
            } else if is_double_quote(c) {
                self.double_quoted(&mut word)?;
                continue;
            } else if c == '$' && self.dollar(&mut word, false)? {
                continue;
            }
            word.push(c);
        }
        self.back();
        Ok(self.token(Kind::Generic(word)))
    }

    /// A word whose first characters are `head`.
    pub(super) fn generic_after(&mut self, head: &str) -> Result<Token, Error> {
        let mut word = Expandable::default();
        head.chars().for_each(|c| word.push(c));
        self.generic(word)
    }

    pub(super) fn identifier(&mut self, first: char) -> Result<Token, Error> {
        let mut name = String::from(first);
        let mut c = self.next();
        while continues_identifier(c) {
            name.push(c);
            c = self.next();
        }
        self.back();
        if self.simple_name || !self.in_command() {
            return Ok(self.token(Kind::Identifier));
        }
        if !ends_word(c) {
            return self.generic_after(&name);
        }
        Ok(self.token(Keyword::find(&name).map_or(Kind::Identifier, Kind::Keyword)))
    }

    /// Behind a dash and before a letter, `_` or `?`.
    pub(super) fn parameter(&mut self) -> Result<Token, Error> {
        let mut name = String::new();
        let mut colon = false;
        loop {
            let c = self.next();
            if is_space(c) {
                self.back();
                break;
            }
            match c {
                '{' | '}' | '(' | ')' | ';' | ',' | '|' | '&' | '.' | '[' | '\r' | '\n' | '\0' => {
                    self.back();
                    break;
                }
                ':' => {
                    colon = true;
                    if !self.in_command() {
                        self.back();
                    }
                    break;
                }
                _ if is_single_quote(c) || is_double_quote(c) => {
                    self.back();
                    if self.in_command() {
                        // No parameter has quotes: this is an argument, with the dash that it began with.
                        let dash = self.source.char(self.start);
                        return self.generic_after(&format!("{dash}{name}"));
                    }
                    break;
                }
                _ if c.is_ascii_alphabetic() || self.in_command() => name.push(c),
                _ => {
                    self.back();
                    break;
                }
            }
        }
        if self.mode == Mode::Expression
            && let Some(kind) = dash_operator(&name)
        {
            return Ok(self.token(kind));
        }
        let kind = if name.is_empty() {
            Kind::Minus
        } else {
            Kind::Parameter { name, colon }
        };
        Ok(self.token(kind))
    }

    /// Behind a colon in a command's words.
    pub(super) fn label(&mut self) -> Result<Token, Error> {
        let mut c = self.next();
        if !starts_identifier(c) {
            self.back();
            return self.generic_after(":");
        }
        let mut name = String::from(":");
        while continues_identifier(c) {
            name.push(c);
            c = self.next();
        }
        if self.in_command() && !ends_word(c) {
            // PowerShell takes the character that made it a word as it is, even a quote.
            name.push(c);
            return self.generic_after(&name);
        }
        self.back();
        Ok(self.token(Kind::Label))
    }

    /// Behind `--%`: the rest of the line as one text, up to a pipe or `&&` outside of double quotes.
    pub(crate) fn verbatim(&mut self) -> String {
        self.skip_space();
        self.start = self.at;
        let mut quoted = false;
        loop {
            let c = self.next();
            let ends_line = matches!(c, '\r' | '\n') || (c == '\0' && self.at_end());
            let ends_command = !quoted && (c == '|' || (c == '&' && self.peek() == '&'));
            if ends_line || ends_command {
                self.back();
                return self.text(self.start, self.at);
            }
            quoted ^= is_double_quote(c);
        }
    }
}

fn dash_operator(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "not" => return Some(Kind::DashNot(Not::Logical)),
        "bnot" => return Some(Kind::DashNot(Not::Bitwise)),
        _ => {}
    }
    let precedence = match name.as_str() {
        "and" | "or" | "xor" => Precedence::Logical,
        "band" | "bor" | "bxor" => Precedence::Bitwise,
        "f" => Precedence::Format,
        "is" | "isnot" | "as" | "join" | "shl" | "shr" => Precedence::Comparison,
        // The others come in three kinds: as they are, and with a letter for respecting case or not.
        "eq" | "ieq" | "ceq" | "ne" | "ine" | "cne" | "ge" | "ige" | "cge" | "gt" | "igt" | "cgt" | "lt" | "ilt"
        | "clt" | "le" | "ile" | "cle" | "like" | "ilike" | "clike" | "notlike" | "inotlike" | "cnotlike" | "match"
        | "imatch" | "cmatch" | "notmatch" | "inotmatch" | "cnotmatch" | "replace" | "ireplace" | "creplace"
        | "contains" | "icontains" | "ccontains" | "notcontains" | "inotcontains" | "cnotcontains" | "in" | "iin"
        | "cin" | "notin" | "inotin" | "cnotin" | "split" | "isplit" | "csplit" => Precedence::Comparison,
        _ => return None,
    };
    let unary = matches!(name.as_str(), "join" | "split" | "isplit" | "csplit");
    Some(Kind::DashOperator { precedence, unary })
}
