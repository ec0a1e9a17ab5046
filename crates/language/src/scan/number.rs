//! Numbers: where one ends, and whether it is one at all.

use super::{Mode, Scanner};
use crate::character::{ends_number, ends_word, is_dash};
use crate::error::Error;
use crate::literal::{Format, Literal, Reading, Suffix};
use crate::token::{Expandable, Kind, Token};

impl Scanner {
    /// A number whose first character has been read; a word where it is none.
    pub(super) fn number(&mut self, first: char) -> Result<Token, Error> {
        let Some(literal) = self.literal(first) else {
            return self.number_as_word();
        };
        match literal.read() {
            Reading::Number(value) => Ok(self.token(Kind::Number(value))),
            Reading::Beyond => Err(Error::unsupported(format!(
                "the number {}",
                self.text(self.start, self.at)
            ))),
            Reading::NotANumber if self.mode == Mode::Expression => {
                let text = format!("The numeric constant {} is not valid.", self.text(self.start, self.at));
                Err(self.error(self.start, "BadNumericConstant", text))
            }
            Reading::NotANumber => self.number_as_word(),
        }
    }

    /// `7z`, `1_000`: read again from the start.
    fn number_as_word(&mut self) -> Result<Token, Error> {
        self.at = self.start;
        self.generic(Expandable::default())
    }

    /// The parts of a number, if it ends where a number may end.
    pub(super) fn literal(&mut self, first: char) -> Option<Literal> {
        let mut digits = String::new();
        let mut first = first;
        let mut valid = true;
        if is_dash(first) || first == '+' {
            digits.push(if first == '+' { '+' } else { '-' });
            first = self.next();
        }
        let mut format = Format::Decimal;
        let mut real = false;
        let next = self.peek();
        if first == '.' {
            digits.push('.');
            real = true;
            valid &= self.behind_point(&mut digits);
        } else if first == '0' && matches!(next, 'x' | 'X') {
            self.skip();
            format = Format::Hex;
            digits.push('0');
            self.digits(&mut digits, |c| c.is_ascii_hexdigit());
        } else if first == '0' && matches!(next, 'b' | 'B') {
            self.skip();
            format = Format::Binary;
            valid &= self.digits(&mut digits, |c| matches!(c, '0' | '1')) > 0;
        } else {
            digits.push(first);
            self.digits(&mut digits, |c| c.is_ascii_digit());
            match self.peek() {
                // Two points are the range operator.
                '.' if self.source.char(self.at + 1) != '.' => {
                    self.skip();
                    digits.push('.');
                    real = true;
                    valid &= self.behind_point(&mut digits);
                }
                'e' | 'E' => {
                    self.skip();
                    digits.push('e');
                    real = true;
                    valid &= self.exponent(&mut digits);
                }
                _ => {}
            }
        }
        let suffix = self.suffix();
        let multiplier = self.multiplier();
        let end = self.peek();
        let ends = ends_word(end) || (self.mode == Mode::Expression && ends_number(end, self.ternary_numbers));
        match (suffix, multiplier) {
            (Some(suffix), Some(multiplier)) if valid && ends => Some(Literal {
                digits,
                format,
                suffix,
                real,
                multiplier,
            }),
            _ => None,
        }
    }

    fn digits(&mut self, into: &mut String, is_digit: fn(char) -> bool) -> usize {
        let start = self.at;
        while is_digit(self.peek()) {
            into.push(self.next());
        }
        self.at - start
    }

    /// Behind the point; `1.` and `1.e1` are numbers.
    fn behind_point(&mut self, digits: &mut String) -> bool {
        self.digits(digits, |c| c.is_ascii_digit());
        if !matches!(self.peek(), 'e' | 'E') {
            return true;
        }
        self.skip();
        digits.push('e');
        self.exponent(digits)
    }

    fn exponent(&mut self, digits: &mut String) -> bool {
        let c = self.peek();
        if c == '+' || is_dash(c) {
            self.skip();
            digits.push(if c == '+' { '+' } else { '-' });
        }
        self.digits(digits, |c| c.is_ascii_digit()) > 0
    }

    /// `None` for letters that are no suffix together.
    fn suffix(&mut self) -> Option<Suffix> {
        let is_suffix = |c: char| matches!(c.to_ascii_lowercase(), 'd' | 'l' | 'n' | 's' | 'u' | 'y');
        if !is_suffix(self.peek()) {
            return Some(Suffix::None);
        }
        let first = self.next().to_ascii_lowercase();
        if !is_suffix(self.peek()) {
            return Some(match first {
                'd' => Suffix::Decimal,
                'l' => Suffix::Long,
                'n' => Suffix::BigInteger,
                's' => Suffix::Short,
                'u' => Suffix::Unsigned,
                _ => Suffix::SByte,
            });
        }
        match (first, self.next().to_ascii_lowercase()) {
            ('u', 'l') => Some(Suffix::ULong),
            ('u', 's') => Some(Suffix::UShort),
            ('u', 'y') => Some(Suffix::Byte),
            _ => None,
        }
    }

    fn multiplier(&mut self) -> Option<i64> {
        let power = match self.peek().to_ascii_lowercase() {
            'k' => 1,
            'm' => 2,
            'g' => 3,
            't' => 4,
            'p' => 5,
            _ => return Some(1),
        };
        self.skip();
        if !matches!(self.peek(), 'b' | 'B') {
            return None;
        }
        self.skip();
        Some(1 << (10 * power))
    }
}
