//! Quoted strings, here-strings and escapes.

use super::{Mode, Scanner};
use crate::character::{is_double_quote, is_single_quote, is_space, starts_variable};
use crate::error::Error;
use crate::source::Source;
use crate::token::{Expandable, Kind, Part, Token};

impl Scanner {
    fn unterminated(&self, at: usize, terminator: &str) -> Error {
        let text = format!("The string is missing the terminator: {terminator}.");
        self.unfinished(at, "TerminatorExpectedAtEndOfString", text)
    }

    /// Behind a single quote, up to and with the closing one. Two quotes are one; any of the five counts.
    pub(super) fn single_quoted(&mut self, into: &mut Expandable) -> Result<(), Error> {
        let start = self.at - 1;
        loop {
            let mut c = self.next();
            if c == '\0' && self.at_end() {
                return Err(self.unterminated(start, "'"));
            }
            if is_single_quote(c) {
                if !is_single_quote(self.peek()) {
                    return Ok(());
                }
                c = self.next();
            }
            into.push(c);
        }
    }

    /// Behind a double quote, up to and with the closing one.
    pub(super) fn double_quoted(&mut self, into: &mut Expandable) -> Result<(), Error> {
        let start = self.at - 1;
        loop {
            let mut c = self.next();
            if c == '\0' && self.at_end() {
                return Err(self.unterminated(start, "\""));
            }
            if is_double_quote(c) {
                if !is_double_quote(self.peek()) {
                    return Ok(());
                }
                c = self.next();
            } else if c == '$' {
                if self.dollar(into, false)? {
                    continue;
                }
            } else if c == '`' {
                c = self.escape_or_backtick()?;
            }
            into.push(c);
        }
    }

    /// Behind a backtick in a string or a word: what it stands for; itself at the end of the text.
    pub(super) fn escape_or_backtick(&mut self) -> Result<char, Error> {
        let c = self.peek();
        if c == '\0' {
            return Ok('`');
        }
        self.skip();
        self.escape(c)
    }

    /// What a backtick and `c` stand for.
    pub(super) fn escape(&mut self, c: char) -> Result<char, Error> {
        Ok(match c {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode_escape()?,
            'v' => '\u{b}',
            other => other,
        })
    }

    /// Behind `` `u ``: one to six hexadecimal digits in braces.
    fn unicode_escape(&mut self) -> Result<char, Error> {
        let invalid = "The Unicode escape sequence is not valid. A valid sequence is `u{ followed by one to six hex digits and a closing '}'.";
        let start = self.at - 2;
        if self.next() != '{' {
            return Err(self.error(start, "InvalidUnicodeEscapeSequence", invalid));
        }
        let mut value = 0;
        for count in 0..=6 {
            let c = self.next();
            if c == '}' {
                if count == 0 {
                    return Err(self.error(start, "InvalidUnicodeEscapeSequence", invalid));
                }
                break;
            }
            let Some(digit) = c.to_digit(16) else {
                self.back();
                if count < 6 {
                    return Err(self.error(self.at, "InvalidUnicodeEscapeSequence", invalid));
                }
                let text = "The Unicode escape sequence is missing the closing '}'.";
                return Err(self.error(self.at, "MissingUnicodeEscapeSequenceTerminator", text));
            };
            if count == 6 {
                self.back();
                let text =
                    "The Unicode escape sequence contains more than the maximum of six hex digits between braces.";
                return Err(self.error(self.at, "TooManyDigitsInUnicodeEscapeSequence", text));
            }
            value = value * 16 + digit;
        }
        if value > 0x10_ffff {
            let text = "The Unicode escape sequence value is out of range. The maximum value is 0x10FFFF.";
            return Err(self.error(start + 3, "InvalidUnicodeEscapeSequenceValue", text));
        }
        char::from_u32(value).ok_or_else(|| Error::unsupported("an escaped half of a surrogate pair"))
    }

    /// Behind `$` in a string: takes the variable or the subexpression that it starts, or nothing.
    pub(super) fn dollar(&mut self, into: &mut Expandable, here: bool) -> Result<bool, Error> {
        let dollar = self.at - 1;
        let c = self.peek();
        if c == '(' {
            self.skip();
            let source = self.subexpression(here)?;
            into.parts.push(Part::SubExpression {
                source,
                raw: self.text(dollar, self.at),
            });
            return Ok(true);
        }
        if !(starts_variable(c) || c == '{') {
            return Ok(false);
        }
        let (mode, start) = (self.mode, self.start);
        self.mode = Mode::Expression;
        self.start = dollar;
        let token = self.variable(false, true);
        self.mode = mode;
        self.start = start;
        match token?.kind {
            Kind::Variable { path, .. } => into.parts.push(Part::Variable {
                path,
                raw: self.text(dollar, self.at),
            }),
            // A name that starts a variable is one in expression mode; nothing else comes back from there.
            kind => debug_assert!(false, "no variable behind a dollar sign but {kind:?}"),
        }
        Ok(true)
    }

    /// Behind `$(`: everything up to the matching parenthesis, quoted parentheses too; PowerShell counts no strings here.
    fn subexpression(&mut self, here: bool) -> Result<Source, Error> {
        let start = self.at - 2;
        let mut source = Source::nested();
        source.push('$', self.source.offset(start));
        source.push('(', self.source.offset(start + 1));
        let mut depth = 1;
        while depth > 0 {
            let mut c = self.next();
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\0' if self.at_end() => {
                    let text = "$(subexpression) is missing the closing ')'.";
                    return Err(self.unfinished(start, "IncompleteDollarSubexpressionReference", text));
                }
                // A quote that is doubled or escaped for the string around is one quote inside.
                _ if (c == '`' || is_double_quote(c)) && !here && is_double_quote(self.peek()) => c = self.next(),
                _ => {}
            }
            source.push(c, self.source.offset(self.at - 1));
        }
        source.end(self.source.offset(self.at));
        Ok(source)
    }

    pub(super) fn here_string(&mut self, double: bool) -> Result<Token, Error> {
        let start = self.at - 2;
        let terminator = if double { "\"@" } else { "'@" };
        let mut c = self.next();
        while is_space(c) {
            c = self.next();
        }
        if !matches!(c, '\r' | '\n') {
            if c == '\0' && self.at_end() {
                return Err(self.unterminated(start, terminator));
            }
            self.back();
            let text = "No characters are allowed after a here-string header but before the end of the line.";
            return Err(self.error(self.at, "UnexpectedCharactersAfterHereStringHeader", text));
        }
        self.take_line_feed(c);
        let mut content = Expandable::default();
        let mut indented = None;
        if self.here_footer(double, &mut content, &mut indented) {
            return Ok(self.here_token(double, content));
        }
        loop {
            let mut c = self.next();
            match c {
                '\r' | '\n' => {
                    let before = content.mark();
                    content.push(c);
                    if c == '\r' && self.peek() == '\n' {
                        self.skip();
                        content.push('\n');
                    }
                    if self.here_footer(double, &mut content, &mut indented) {
                        // The last line end belongs to the footer.
                        content.cut(before);
                        return Ok(self.here_token(double, content));
                    }
                    continue;
                }
                '\0' if self.at_end() => {
                    let Some(at) = indented else {
                        return Err(self.unterminated(start, terminator));
                    };
                    let text = "White space is not allowed before the string terminator.";
                    return Err(self.unfinished(at, "WhitespaceBeforeHereStringFooter", text));
                }
                '$' if double && self.dollar(&mut content, true)? => continue,
                '`' if double => c = self.escape_or_backtick()?,
                _ => {}
            }
            content.push(c);
        }
    }

    fn here_token(&self, double: bool, content: Expandable) -> Token {
        self.token(if double {
            Kind::Expandable(content)
        } else {
            Kind::Literal(content.text())
        })
    }

    /// At the start of a line: takes the footer, or the white space in front of something else.
    fn here_footer(&mut self, double: bool, content: &mut Expandable, indented: &mut Option<usize>) -> bool {
        let is_quote = if double { is_double_quote } else { is_single_quote };
        let mut c = self.next();
        if is_quote(c) && self.peek() == '@' {
            self.skip();
            return true;
        }
        while is_space(c) {
            content.push(c);
            c = self.next();
        }
        if is_quote(c) && self.peek() == '@' {
            content.push(c);
            indented.get_or_insert(self.at - 1);
            let at = self.next();
            content.push(at);
        } else {
            self.back();
        }
        false
    }
}
