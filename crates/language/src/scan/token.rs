//! The next token: what its first characters say.

use super::{Mode, Scanner};
use crate::character::{
    ends_word, is_any_space, is_dash, is_double_quote, is_letter, is_single_quote, is_space, starts_identifier,
    starts_variable,
};
use crate::error::Error;
use crate::token::{Expandable, Kind, Precedence, Token};

impl Scanner {
    pub(crate) fn next_token(&mut self) -> Result<Token, Error> {
        loop {
            self.start = self.at;
            let c = self.next();
            match c {
                '#' => self.line_comment()?,
                '<' if self.peek() == '#' => {
                    self.skip();
                    self.block_comment()?;
                }
                '`' => {
                    if let Some(token) = self.backtick()? {
                        return Ok(token);
                    }
                }
                c if is_space(c) => self.skip_space(),
                c => return self.token_from(c),
            }
        }
    }

    /// A backtick outside of words: a line goes on, white space is skipped, or a word begins with an escape.
    fn backtick(&mut self) -> Result<Option<Token>, Error> {
        let c = self.next();
        if matches!(c, '\r' | '\n') {
            self.take_line_feed(c);
            return Ok(None);
        }
        if is_any_space(c) {
            self.skip_space();
            return Ok(None);
        }
        if c == '\0' && self.at_end() {
            return Err(self.unfinished(self.at, "IncompleteString", "Incomplete string token."));
        }
        let mut word = Expandable::default();
        let c = self.escape(c)?;
        word.push(c);
        self.generic(word).map(Some)
    }

    fn token_from(&mut self, c: char) -> Result<Token, Error> {
        let next = self.peek();
        let kind = match c {
            '\0' if self.at_end() => Kind::EndOfInput,
            '\r' | '\n' => {
                self.take_line_feed(c);
                Kind::NewLine
            }
            '(' => Kind::LeftParen,
            ')' => Kind::RightParen,
            '{' => Kind::LeftCurly,
            '}' => Kind::RightCurly,
            ']' => Kind::RightBracket,
            ';' => Kind::Semi,
            ',' => Kind::Comma,
            '&' => self.doubled('&', Kind::AndAnd, Kind::Ampersand),
            '|' => self.doubled('|', Kind::OrOr, Kind::Pipe),
            '@' => return self.at_sign(),
            '$' if next == '(' => {
                self.skip();
                Kind::DollarParen
            }
            '$' => return self.variable(false, false),
            '<' => Kind::InputRedirection,
            '>' => self.doubled('>', Kind::FileRedirection, Kind::FileRedirection),
            '1'..='6' if next == '>' => {
                self.skip();
                self.redirection(c as u8 - b'0')
            }
            '0'..='9' => return self.number(c),
            '[' if self.in_command() && !ends_word(next) => return self.generic_after("["),
            '[' => Kind::LeftBracket,
            '.' => return self.dot(),
            '=' => return self.operator(1, Kind::Assign),
            '+' | '*' | '/' | '%' => return self.sign(c, next),
            '!' => return self.exclaim(next),
            ':' => return self.colon(next),
            '?' if self.mode == Mode::Expression => self.question(next),
            _ if is_single_quote(c) => {
                let mut text = Expandable::default();
                self.single_quoted(&mut text)?;
                Kind::Literal(text.text())
            }
            _ if is_double_quote(c) => {
                let mut text = Expandable::default();
                self.double_quoted(&mut text)?;
                Kind::Expandable(text)
            }
            _ if is_dash(c) => return self.dash(c, next),
            _ if c == '_' || is_letter(c) => return self.identifier(c),
            _ => {
                let mut word = Expandable::default();
                word.push(c);
                return self.generic(word);
            }
        };
        Ok(self.token(kind))
    }

    fn doubled(&mut self, c: char, two: Kind, one: Kind) -> Kind {
        if self.peek() == c {
            self.skip();
            return two;
        }
        one
    }

    /// An operator of `length` characters, or in a command's words the start of a word when something sticks to it.
    fn operator(&mut self, length: usize, kind: Kind) -> Result<Token, Error> {
        self.at = self.start + length;
        if self.in_command() && !ends_word(self.peek()) {
            let head = self.text(self.start, self.at);
            return self.generic_after(&head);
        }
        Ok(self.token(kind))
    }

    fn sign(&mut self, c: char, next: char) -> Result<Token, Error> {
        match (c, next) {
            ('+', '+') => self.operator(2, Kind::PlusPlus),
            (_, '=') => self.operator(2, Kind::Assign),
            ('*', '>') => {
                self.skip();
                let kind = self.redirection(0);
                Ok(self.token(kind))
            }
            ('+', '0'..='9' | '.') if self.signed_numbers => self.number(c),
            ('+', _) => self.operator(1, Kind::Plus),
            _ => self.operator(1, Kind::Operator(Precedence::Multiply)),
        }
    }

    fn dash(&mut self, c: char, next: char) -> Result<Token, Error> {
        if is_dash(next) {
            return self.operator(2, Kind::MinusMinus);
        }
        if next == '=' {
            return self.operator(2, Kind::Assign);
        }
        if is_letter(next) || matches!(next, '_' | '?') {
            return self.parameter();
        }
        if self.signed_numbers && (next.is_ascii_digit() || next == '.') {
            return self.number(c);
        }
        self.operator(1, Kind::Minus)
    }

    /// Behind `N>` or `*>` (`from` 0).
    fn redirection(&mut self, from: u8) -> Kind {
        match self.peek() {
            '>' => {
                self.skip();
                Kind::FileRedirection
            }
            '&' => {
                let to = self.source.char(self.at + 1);
                if to == '1' || (to == '2' && from != 0) {
                    self.at += 2;
                    return Kind::MergeRedirection {
                        from,
                        to: to as u8 - b'0',
                    };
                }
                Kind::FileRedirection
            }
            _ => Kind::FileRedirection,
        }
    }

    fn at_sign(&mut self) -> Result<Token, Error> {
        let c = self.next();
        if c == '{' {
            return Ok(self.token(Kind::AtCurly));
        }
        if c == '(' {
            return Ok(self.token(Kind::AtParen));
        }
        if is_single_quote(c) || is_double_quote(c) {
            return self.here_string(is_double_quote(c));
        }
        self.back();
        if starts_variable(c) {
            return self.variable(true, false);
        }
        Err(self.error(self.at - 1, "UnrecognizedToken", "Unrecognized token in source text."))
    }

    fn dot(&mut self) -> Result<Token, Error> {
        let next = self.peek();
        if next == '.' {
            self.skip();
            if self.in_command() && !ends_word(self.peek()) {
                self.back();
                return self.generic_after(".");
            }
            return Ok(self.token(Kind::DotDot));
        }
        if next.is_ascii_digit() {
            return self.number('.');
        }
        // `.$x`, `."a b"` and `.'a b'` are dot sourcing.
        if self.in_command() && !ends_word(next) && !matches!(next, '$' | '"' | '\'') {
            return self.generic_after(".");
        }
        Ok(self.token(Kind::Dot))
    }

    fn exclaim(&mut self, next: char) -> Result<Token, Error> {
        let sticks = if self.in_command() {
            !ends_word(next)
        } else {
            starts_identifier(next)
        };
        if sticks {
            return self.generic_after("!");
        }
        if self.mode == Mode::Expression && (next.is_ascii_digit() || next == '.') {
            let at = self.at;
            let first = self.next();
            let number = self.literal(first);
            self.at = at;
            if number.is_none() {
                return self.generic_after("!");
            }
        }
        Ok(self.token(Kind::Exclaim))
    }

    fn colon(&mut self, next: char) -> Result<Token, Error> {
        if next == ':' {
            self.skip();
            if self.in_command() && !self.simple_name && !ends_word(self.peek()) {
                return self.generic_after("::");
            }
            return Ok(self.token(Kind::ColonColon));
        }
        if self.in_command() {
            return self.label();
        }
        Ok(self.token(Kind::Colon))
    }

    fn question(&mut self, next: char) -> Kind {
        if next != '?' {
            return Kind::QuestionMark;
        }
        self.skip();
        self.doubled('=', Kind::Assign, Kind::Operator(Precedence::Coalesce))
    }

    /// Directly behind an operand: the start of a member or element access, if there is one. No white space is skipped,
    /// but block comments are.
    pub(crate) fn member_access(&mut self, brackets: bool) -> Result<Option<Token>, Error> {
        while self.peek() == '<' && self.source.char(self.at + 1) == '#' {
            self.at += 2;
            self.block_comment()?;
        }
        self.start = self.at;
        let next = self.source.char(self.at + 1);
        let gap = |c: char| self.in_command() && (is_any_space(c) || c == '\0');
        let (length, kind) = match (self.peek(), next) {
            ('.', '.') => return Ok(None),
            ('.', c) if !gap(c) => (1, Kind::Dot),
            (':', ':') if !gap(self.source.char(self.at + 2)) => (2, Kind::ColonColon),
            ('[', _) if brackets => (1, Kind::LeftBracket),
            ('?', '.') => (2, Kind::QuestionDot),
            ('?', '[') if brackets => (2, Kind::QuestionBracket),
            _ => return Ok(None),
        };
        self.at += length;
        Ok(Some(self.token(kind)))
    }

    /// Directly behind a member's name: the parenthesis or brace of a call.
    pub(crate) fn call(&mut self) -> Option<Token> {
        self.start = self.at;
        let kind = match self.peek() {
            '(' => Kind::LeftParen,
            '{' => Kind::LeftCurly,
            _ => return None,
        };
        self.skip();
        Some(self.token(kind))
    }
}
