//! The values that arguments can have, with their .NET types.

use std::fmt;

/// A constant argument. Its type is what PowerShell's parser gives the literal, so that the server's binder sees the
/// same value as from PowerShell itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `$null`
    Null,
    /// `System.Boolean`
    Boolean(bool),
    /// `System.Char`, a UTF-16 unit: `'abc'[0]`
    Char(u16),
    /// `System.String`
    String(String),
    /// `System.SByte`: `1y`
    SByte(i8),
    /// `System.Byte`: `1uy`
    Byte(u8),
    /// `System.Int16`: `1s`
    Int16(i16),
    /// `System.UInt16`: `1us`
    UInt16(u16),
    /// `System.Int32`: `1`
    Int32(i32),
    /// `System.UInt32`: `1u`
    UInt32(u32),
    /// `System.Int64`: `1l`
    Int64(i64),
    /// `System.UInt64`: `1ul`
    UInt64(u64),
    /// `System.Single`
    Single(f32),
    /// `System.Double`: `1.5`
    Double(f64),
    /// `System.Decimal`: `1.50d`, in .NET's digits with its scale.
    Decimal(String),
    /// `System.Numerics.BigInteger`: `1n`, in decimal digits.
    BigInteger(String),
    /// `System.Object[]`
    Array(Vec<Constant>),
    /// `System.Collections.Hashtable`, in the order of the text.
    Hashtable(Vec<(Constant, Constant)>),
    /// A number that is written otherwise than it prints (`0x10`, `1kb`, `007`). PowerShell keeps the spelling beside
    /// the number (`<Obj><ToString>007</ToString><I32>7</I32></Obj>`), and a parameter of type string gets the spelling.
    Spelled {
        /// The number.
        value: Box<Constant>,
        /// As written.
        text: String,
    },
}

impl Constant {
    /// The full name of the .NET type; `None` for `$null`.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(_) => "System.Boolean",
            Self::Char(_) => "System.Char",
            Self::String(_) => "System.String",
            Self::SByte(_) => "System.SByte",
            Self::Byte(_) => "System.Byte",
            Self::Int16(_) => "System.Int16",
            Self::UInt16(_) => "System.UInt16",
            Self::Int32(_) => "System.Int32",
            Self::UInt32(_) => "System.UInt32",
            Self::Int64(_) => "System.Int64",
            Self::UInt64(_) => "System.UInt64",
            Self::Single(_) => "System.Single",
            Self::Double(_) => "System.Double",
            Self::Decimal(_) => "System.Decimal",
            Self::BigInteger(_) => "System.Numerics.BigInteger",
            Self::Array(_) => "System.Object[]",
            Self::Hashtable(_) => "System.Collections.Hashtable",
            Self::Spelled { value, .. } => return value.type_name(),
        })
    }

    /// The value without its spelling.
    #[must_use]
    pub fn value(&self) -> &Self {
        match self {
            Self::Spelled { value, .. } => value,
            other => other,
        }
    }

    /// PowerShell's idea of true and false.
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Char(unit) => *unit != 0,
            Self::String(text) => !text.is_empty(),
            Self::SByte(value) => *value != 0,
            Self::Byte(value) => *value != 0,
            Self::Int16(value) => *value != 0,
            Self::UInt16(value) => *value != 0,
            Self::Int32(value) => *value != 0,
            Self::UInt32(value) => *value != 0,
            Self::Int64(value) => *value != 0,
            Self::UInt64(value) => *value != 0,
            Self::Single(value) => *value != 0.0,
            Self::Double(value) => *value != 0.0,
            Self::Decimal(digits) | Self::BigInteger(digits) => digits.chars().any(|c| matches!(c, '1'..='9')),
            Self::Array(items) => match items.as_slice() {
                [] => false,
                [one] => one.is_true(),
                _ => true,
            },
            Self::Hashtable(_) => true,
            Self::Spelled { value, .. } => value.is_true(),
        }
    }
}

/// .NET's `ToString()` in the invariant culture; a spelled number prints as the number.
impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Boolean(value) => f.write_str(if *value { "True" } else { "False" }),
            Self::Char(unit) => {
                let c = char::from_u32(u32::from(*unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
                write!(f, "{c}")
            }
            Self::String(text) | Self::Decimal(text) | Self::BigInteger(text) => f.write_str(text),
            Self::SByte(value) => write!(f, "{value}"),
            Self::Byte(value) => write!(f, "{value}"),
            Self::Int16(value) => write!(f, "{value}"),
            Self::UInt16(value) => write!(f, "{value}"),
            Self::Int32(value) => write!(f, "{value}"),
            Self::UInt32(value) => write!(f, "{value}"),
            Self::Int64(value) => write!(f, "{value}"),
            Self::UInt64(value) => write!(f, "{value}"),
            Self::Single(value) => float(f, f64::from(*value), &format!("{value:e}"), 7),
            Self::Double(value) => float(f, *value, &format!("{value:e}"), 15),
            Self::Array(_) | Self::Hashtable(_) => f.write_str(self.type_name().unwrap_or_default()),
            Self::Spelled { value, .. } => value.fmt(f),
        }
    }
}

/// The shortest digits that read back the same, in .NET's general format: scientific from `1E+15` up and `1E-05` down.
fn float(f: &mut fmt::Formatter<'_>, value: f64, shortest: &str, precision: i32) -> fmt::Result {
    if value.is_nan() {
        return f.write_str("NaN");
    }
    if value.is_infinite() {
        return f.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let scale = exponent + 1;
    f.write_str(sign)?;
    if value != 0.0 && (scale > precision.max(count) || scale < -4 + 1) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{first}{point}{rest}E{mark}{:02}", exponent.abs());
    }
    if scale <= 0 {
        let zeros = "0".repeat(usize::try_from(-scale).unwrap_or(0));
        return write!(f, "0.{zeros}{digits}");
    }
    let whole = usize::try_from(scale).unwrap_or(0);
    if whole >= digits.len() {
        return write!(f, "{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (whole, fraction) = digits.split_at(whole);
    write!(f, "{whole}.{fraction}")
}

impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for Constant {
    fn from(value: i32) -> Self {
        Self::Int32(value)
    }
}

impl From<&str> for Constant {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Constant {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

#[cfg(test)]
mod tests {
    use super::Constant;

    #[test]
    fn doubles_print_as_dotnet_prints_them() {
        let cases = [
            (1.5, "1.5"),
            (-0.0, "-0"),
            (0.5, "0.5"),
            (1_610_612_736.0, "1610612736"),
            (1e14, "100000000000000"),
            (1e15, "1E+15"),
            (1.25e17, "1.25E+17"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1e300, "1E+300"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, text) in cases {
            assert_eq!(Constant::Double(value).to_string(), text);
        }
    }
}
