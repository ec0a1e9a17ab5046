//! Types in brackets: `[int]`, `[System.Collections.Generic.List[string]]`, `[a, assembly]`.

use super::Scanner;
use crate::character::{is_any_space, is_letter_or_digit, starts_identifier};
use crate::error::Error;

impl Scanner {
    /// Behind `[`: the type's name up to the matching bracket, which is taken.
    pub(crate) fn type_name(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.skip_lines(false)?;
        let name = self.at;
        if !starts_identifier(self.peek()) {
            return Err(self.incomplete(start, "MissingTypename", "Missing type name after '['."));
        }
        let mut depth = 0;
        loop {
            let c = self.next();
            match c {
                '[' => depth += 1,
                ']' if depth == 0 => return Ok(self.text(name, self.at - 1).trim().to_owned()),
                ']' => depth -= 1,
                '(' => return Err(Error::unsupported("an attribute")),
                ',' | '.' | '`' | '_' | '+' | '#' | '\\' | '=' | '*' | '&' => {}
                _ if is_letter_or_digit(c) || is_any_space(c) => {}
                _ => {
                    let text = "Missing ] at end of attribute or type literal.";
                    return Err(self.incomplete(self.at - 1, "EndSquareBracketExpectedAtEndOfAttribute", text));
                }
            }
        }
    }
}
