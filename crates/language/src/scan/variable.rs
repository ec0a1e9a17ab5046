//! Variables: `$name`, `${any text}`, `@name`.

use super::Scanner;
use crate::character::{ends_word, is_double_quote, is_letter_or_digit, starts_variable};
use crate::error::Error;
use crate::token::{Expandable, Kind, Token, VariablePath};

impl Scanner {
    /// Behind `$` or `@`. In a command's words a variable that something sticks to is part of a word.
    pub(super) fn variable(&mut self, splatted: bool, in_string: bool) -> Result<Token, Error> {
        let c = self.next();
        if c == '{' {
            return self.braced(in_string);
        }
        if !starts_variable(c) {
            self.back();
            let mut word = Expandable::default();
            word.push('$');
            return self.generic(word);
        }
        let mut name = String::from(c);
        if matches!(c, '$' | '?' | '^') {
            // One character is all of the name.
            if self.in_command() && !ends_word(self.peek()) {
                return self.again_as_word();
            }
        } else {
            loop {
                let c = self.next();
                if matches!(c, '_' | '?') || is_letter_or_digit(c) || (c == ':' && self.peek() != ':') {
                    name.push(c);
                    continue;
                }
                let ends = matches!(c, ':' | '.' | '[' | '=') || ends_word(c) || !self.in_command();
                if !ends {
                    return self.again_as_word();
                }
                self.back();
                break;
            }
        }
        let path = VariablePath::new(name);
        if path.name.is_empty() {
            let (id, text) = if path.drive().is_some() {
                (
                    "InvalidVariableReferenceWithDrive",
                    "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using ${} to delimit the name.",
                )
            } else {
                (
                    "InvalidVariableReference",
                    "Variable reference is not valid. '$' was not followed by a valid variable name character. Consider using ${} to delimit the name.",
                )
            };
            return Err(self.error(self.start, id, text));
        }
        Ok(self.token(Kind::Variable { path, splatted }))
    }

    /// Reads the token once more from its start, as a bare word.
    fn again_as_word(&mut self) -> Result<Token, Error> {
        self.at = self.start;
        self.generic(Expandable::default())
    }

    /// Behind `${`.
    fn braced(&mut self, in_string: bool) -> Result<Token, Error> {
        let start = self.at - 1;
        let mut name = String::new();
        loop {
            let mut c = self.next();
            match c {
                '}' => break,
                '`' => {
                    let escaped = self.next();
                    if escaped == '\0' && self.at_end() {
                        return Err(self.unclosed_brace(start));
                    }
                    c = self.escape(escaped)?;
                }
                '{' => {
                    let text = "Use `{ instead of { in variable names.";
                    return Err(self.error(self.at, "OpenBraceNeedsToBeBackTickedInVariableName", text));
                }
                '\0' if self.at_end() => return Err(self.unclosed_brace(start)),
                _ if in_string && is_double_quote(c) && is_double_quote(self.peek()) => c = self.next(),
                _ => {}
            }
            name.push(c);
        }
        if name.is_empty() {
            let text = "An empty ${} variable reference was found. A name is required inside the braces.";
            return Err(self.error(self.at - 1, "EmptyVariableReference", text));
        }
        if self.in_command() {
            let c = self.peek();
            if !ends_word(c) && !matches!(c, '.' | '[') {
                return self.again_as_word();
            }
        }
        let path = VariablePath::new(name);
        if path.name.is_empty() {
            let text = "Variable reference is not valid. The variable name is missing.";
            return Err(self.error(self.start, "InvalidBracedVariableReference", text));
        }
        Ok(self.token(Kind::Variable { path, splatted: false }))
    }

    fn unclosed_brace(&self, at: usize) -> Error {
        let text = "${variable} reference starting is missing the closing '}'.";
        self.unfinished(at, "IncompleteDollarVariableReference", text)
    }
}
