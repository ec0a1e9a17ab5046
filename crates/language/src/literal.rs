//! What a scanned number is worth: the type that PowerShell picks, its suffixes and multipliers.
//!
//! Without a suffix an integer takes the first of Int32, Int64, Decimal and Double that holds it, a literal with a point
//! or an exponent is a Double. A value that its suffix cannot hold is no number.

use crate::Constant;

/// How the digits were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Decimal,
    Hex,
    Binary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suffix {
    None,
    SByte,
    Byte,
    Short,
    UShort,
    Long,
    ULong,
    Unsigned,
    Decimal,
    BigInteger,
}

impl Suffix {
    fn is_unsigned(self) -> bool {
        matches!(self, Self::Byte | Self::UShort | Self::ULong | Self::Unsigned)
    }
}

/// A scanned number, before its value is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Literal {
    /// Sign and digits; with a point or an exponent when `real`. Hexadecimal digits have a zero in front.
    pub(crate) digits: String,
    pub(crate) format: Format,
    pub(crate) suffix: Suffix,
    pub(crate) real: bool,
    pub(crate) multiplier: i64,
}

/// What became of a literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    Number(Constant),
    /// PowerShell reads no number there: a word in a command, an error in an expression.
    NotANumber,
    /// PowerShell reads a number there, with more digits than are dealt with here.
    Beyond,
}

/// The largest magnitude of a `System.Decimal`.
const DECIMAL_MAX: i128 = (1 << 96) - 1;

impl Literal {
    pub(crate) fn read(&self) -> Reading {
        if self.real {
            return if self.suffix == Suffix::Decimal {
                self.real_decimal()
            } else {
                self.real_number()
            };
        }
        let (digits, negative) = match self.digits.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (self.digits.strip_prefix('+').unwrap_or(&self.digits), false),
        };
        let mut suffix = self.suffix;
        let unit = match self.format {
            Format::Decimal => digits.parse::<i128>().ok(),
            Format::Hex => {
                let digits = self.without_sign_guard(digits);
                if digits.len() == 16 {
                    suffix = widened(suffix);
                }
                hexadecimal(digits)
            }
            Format::Binary => {
                if digits.len() == 64 {
                    suffix = widened(suffix);
                }
                binary(digits, self.suffix.is_unsigned())
            }
        };
        let value = unit.and_then(|unit| unit.checked_mul(i128::from(self.multiplier)));
        match value {
            Some(value) => integer(if negative { -value } else { value }, suffix, self.format),
            None => self.oversized(digits, negative),
        }
    }

    /// The zero in front of hexadecimal digits keeps them positive; where they fill their type they carry a sign.
    fn without_sign_guard<'a>(&self, digits: &'a str) -> &'a str {
        if self.suffix.is_unsigned() {
            return digits;
        }
        let full = match self.suffix {
            Suffix::SByte => 2,
            Suffix::Short => 4,
            Suffix::Long => 16,
            _ if digits.len() < 16 => 8,
            _ => 16,
        };
        if digits.len() == full + 1 { &digits[1..] } else { digits }
    }

    /// More than 127 bits.
    fn oversized(&self, digits: &str, negative: bool) -> Reading {
        match (self.format, self.suffix) {
            (_, Suffix::BigInteger) => Reading::Beyond,
            (Format::Decimal, Suffix::None) => match digits.parse::<f64>() {
                Ok(value) => {
                    #[allow(clippy::cast_precision_loss)]
                    let value = value * self.multiplier as f64;
                    if !value.is_finite() {
                        return Reading::NotANumber;
                    }
                    Reading::Number(Constant::Double(if negative { -value } else { value }))
                }
                Err(_) => Reading::NotANumber,
            },
            _ => Reading::NotANumber,
        }
    }

    fn real_number(&self) -> Reading {
        let Ok(value) = self.digits.parse::<f64>() else {
            return Reading::NotANumber;
        };
        #[allow(clippy::cast_precision_loss)]
        let value = value * self.multiplier as f64;
        if self.suffix == Suffix::None {
            return Reading::Number(Constant::Double(value));
        }
        // .NET rounds to even on the way to a BigInteger and refuses what is no finite number.
        let rounded = value.round_ties_even();
        if !rounded.is_finite() {
            return Reading::NotANumber;
        }
        if rounded.abs() >= 1e38 {
            return if self.suffix == Suffix::BigInteger {
                Reading::Beyond
            } else {
                Reading::NotANumber
            };
        }
        #[allow(clippy::cast_possible_truncation)]
        let value = rounded as i128;
        integer(value, self.suffix, Format::Decimal)
    }

    fn real_decimal(&self) -> Reading {
        let (mantissa, exponent) = self.digits.split_once(['e', 'E']).unwrap_or((&self.digits, "0"));
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Reading::NotANumber;
        }
        let Ok(exponent) = exponent.parse::<i64>() else {
            return Reading::Beyond;
        };
        let digits = format!("0{whole}{fraction}");
        let Ok(mut value) = digits.parse::<i128>() else {
            return Reading::Beyond;
        };
        let mut scale = i64::try_from(fraction.len())
            .unwrap_or(i64::MAX)
            .saturating_sub(exponent);
        while scale < 0 && value <= DECIMAL_MAX && value != 0 {
            value *= 10;
            scale += 1;
        }
        let scale = scale.max(0);
        let Some(value) = value.checked_mul(i128::from(self.multiplier)) else {
            return Reading::Beyond;
        };
        if value > DECIMAL_MAX || scale > 28 {
            return Reading::Beyond;
        }
        Reading::Number(Constant::Decimal(decimal(
            value,
            usize::try_from(scale).unwrap_or(0),
            negative,
        )))
    }
}

/// A hexadecimal or binary literal as long as 64 bits is one, however small its value.
fn widened(suffix: Suffix) -> Suffix {
    match suffix {
        Suffix::None => Suffix::Long,
        Suffix::Unsigned => Suffix::ULong,
        other => other,
    }
}

fn hexadecimal(digits: &str) -> Option<i128> {
    let significant = digits.trim_start_matches('0');
    if significant.len() > 31 {
        return None;
    }
    let value = if significant.is_empty() {
        0
    } else {
        i128::from_str_radix(significant, 16).ok()?
    };
    let negative = matches!(digits.as_bytes().first(), Some(b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F'));
    Some(if negative {
        value - (1 << (4 * digits.len()))
    } else {
        value
    })
}

fn binary(digits: &str, unsigned: bool) -> Option<i128> {
    let value = i128::from_str_radix(digits, 2).ok()?;
    let signed = !unsigned && digits.starts_with('1') && matches!(digits.len(), 8 | 16 | 32 | 64 | 96);
    Some(if signed { value - (1 << digits.len()) } else { value })
}

fn integer(value: i128, suffix: Suffix, format: Format) -> Reading {
    let constant = match suffix {
        Suffix::SByte => i8::try_from(value).ok().map(Constant::SByte),
        Suffix::Byte => u8::try_from(value).ok().map(Constant::Byte),
        Suffix::Short => i16::try_from(value).ok().map(Constant::Int16),
        Suffix::UShort => u16::try_from(value).ok().map(Constant::UInt16),
        Suffix::Long => i64::try_from(value).ok().map(Constant::Int64),
        Suffix::ULong => u64::try_from(value).ok().map(Constant::UInt64),
        Suffix::Unsigned => {
            let small = u32::try_from(value).ok().map(Constant::UInt32);
            small.or_else(|| u64::try_from(value).ok().map(Constant::UInt64))
        }
        Suffix::Decimal => as_decimal(value),
        Suffix::BigInteger => Some(Constant::BigInteger(value.to_string())),
        Suffix::None => {
            let small = i32::try_from(value).ok().map(Constant::Int32);
            let fitting = small.or_else(|| i64::try_from(value).ok().map(Constant::Int64));
            match fitting {
                Some(constant) => Some(constant),
                None if format != Format::Decimal => None,
                #[allow(clippy::cast_precision_loss)]
                None => as_decimal(value).or(Some(Constant::Double(value as f64))),
            }
        }
    };
    constant.map_or(Reading::NotANumber, Reading::Number)
}

fn as_decimal(value: i128) -> Option<Constant> {
    (value.abs() <= DECIMAL_MAX).then(|| Constant::Decimal(value.to_string()))
}

/// .NET keeps the scale of a decimal: `1.50` prints as `1.50`.
fn decimal(value: i128, scale: usize, negative: bool) -> String {
    let digits = format!("{value:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if negative && value != 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}
