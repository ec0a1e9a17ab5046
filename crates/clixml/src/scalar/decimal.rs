//! `D`: .NET's decimal, exact.

use std::fmt;
use std::str::FromStr;

use crate::Refusal;

/// A number of 96 bits with 0 to 28 decimal places. `1.20` and `1.2` are different values, as they are in .NET.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits as one number, least significant word first; `u128` would make every value larger.
    words: [u32; 3],
    scale: u8,
    negative: bool,
}

const LARGEST: u128 = (1 << 96) - 1;

impl Decimal {
    /// `mantissa` with its last `scale` digits behind the point. `None` over 96 bits or 28 places. Zero has no sign.
    pub fn new(mantissa: u128, scale: u8, negative: bool) -> Option<Self> {
        if mantissa > LARGEST || scale > 28 {
            return None;
        }
        let word = |index: u32| (mantissa >> (32 * index)) as u32;
        Some(Decimal {
            words: [word(0), word(1), word(2)],
            scale,
            negative: negative && mantissa != 0,
        })
    }

    /// All digits as one number.
    pub fn mantissa(self) -> u128 {
        self.words
            .iter()
            .rev()
            .fold(0, |sum, word| sum << 32 | u128::from(*word))
    }

    /// How many of the digits stand behind the point.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        let word = |index: u32| (number.unsigned_abs() >> (32 * index)) as u32;
        Decimal {
            words: [word(0), word(1), 0],
            scale: 0,
            negative: number < 0,
        }
    }
}

/// Digits beyond what fits are rounded half to even, as .NET does; one too large is refused.
impl FromStr for Decimal {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let (negative, text) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return Err(Refusal::Malformed);
        }
        let mut mantissa: u128 = 0;
        let grown =
            |mantissa: u128, digit: u8| Some(mantissa * 10 + u128::from(digit - b'0')).filter(|sum| *sum <= LARGEST);
        for digit in whole.bytes() {
            mantissa = grown(mantissa, digit).ok_or(Refusal::Malformed)?;
        }
        let mut scale = 0;
        let mut rest = fraction.bytes();
        while let Some(digit) = rest.clone().next() {
            match grown(mantissa, digit) {
                Some(sum) if scale < 28 => mantissa = sum,
                _ => break,
            }
            scale += 1;
            rest.next();
        }
        let up = match rest.next() {
            None | Some(b'0'..=b'4') => false,
            Some(b'5') => mantissa % 2 == 1 || rest.any(|digit| digit != b'0'),
            Some(_) => true,
        };
        mantissa += u128::from(up);
        if mantissa > LARGEST && scale > 0 {
            mantissa = (mantissa + 5) / 10;
            scale -= 1;
        }
        Decimal::new(mantissa, scale, negative).ok_or(Refusal::Malformed)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.scale);
        let digits = format!("{:0width$}", self.mantissa(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.negative { "-" } else { "" };
        let point = if places > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_and_place_is_kept() {
        for text in [
            "0",
            "1.20",
            "-0.0000000000000000000000000001",
            "79228162514264337593543950335",
            "-12.5",
            "0.00",
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        assert_ne!("1.20".parse::<Decimal>(), "1.2".parse());
        assert_eq!(Decimal::from(i64::MIN).to_string(), "-9223372036854775808");
    }

    #[test]
    fn spellings_that_dotnet_reads() {
        for (text, read) in [
            ("+1", "1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("007.0", "7.0"),
            ("-0.0", "0.0"),
        ] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), read);
        }
    }

    #[test]
    fn digits_beyond_the_last_place_are_rounded_half_to_even() {
        let places = |digits: &str| {
            format!("0.{}{digits}", "0".repeat(27))
                .parse::<Decimal>()
                .unwrap()
                .mantissa()
        };
        assert_eq!([places("25"), places("35"), places("251"), places("24")], [2, 4, 3, 2]);
        assert_eq!(
            "7.92281625142643375935439503355"
                .parse::<Decimal>()
                .unwrap()
                .to_string(),
            "7.922816251426433759354395034"
        );
    }

    #[test]
    fn what_dotnet_refuses_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1E3",
            "1,5",
            "0x1",
            " 1",
            "1..2",
            "--1",
            "79228162514264337593543950336",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(Refusal::Malformed), "{text}");
        }
        assert_eq!(
            "79228162514264337593543950335.5".parse::<Decimal>(),
            Err(Refusal::Malformed)
        );
    }
}
