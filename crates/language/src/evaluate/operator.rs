//! Signs, negations and casts to the primitive types: what PowerShell has its compiler compute.

use super::Failure;
use crate::Constant;
use crate::syntax::Unary;
use crate::token::Not;

pub(super) fn unary(operator: Unary, operand: &Constant) -> Result<Constant, Failure> {
    let unsupported = Failure::Unsupported("an operator on such a value");
    Ok(match (operator, operand) {
        (Unary::Not(Not::Logical), value) => Constant::Boolean(!value.is_true()),
        (Unary::Not(Not::Bitwise), Constant::Int32(value)) => Constant::Int32(!value),
        (Unary::Not(Not::Bitwise), Constant::Int64(value)) => Constant::Int64(!value),
        (Unary::Plus, Constant::Int32(_) | Constant::Int64(_) | Constant::Double(_) | Constant::Decimal(_)) => {
            operand.clone()
        }
        (Unary::Minus, Constant::Int32(value)) => value
            .checked_neg()
            .map_or(Constant::Double(-f64::from(*value)), Constant::Int32),
        #[allow(clippy::cast_precision_loss)]
        (Unary::Minus, Constant::Int64(value)) => value
            .checked_neg()
            .map_or(Constant::Double(-(*value as f64)), Constant::Int64),
        (Unary::Minus, Constant::Double(value)) => Constant::Double(-value),
        _ => return Err(unsupported),
    })
}

/// A type that PowerShell casts to in a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Boolean,
    Char,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
}

impl Target {
    /// By its .NET name or PowerShell's short one.
    pub(super) fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Some(match name.strip_prefix("system.").unwrap_or(&name) {
            "boolean" => Self::Boolean,
            "char" => Self::Char,
            "sbyte" => Self::SByte,
            "byte" => Self::Byte,
            "int16" => Self::Int16,
            "uint16" => Self::UInt16,
            "int32" => Self::Int32,
            "uint32" => Self::UInt32,
            "int64" => Self::Int64,
            "uint64" => Self::UInt64,
            "single" => Self::Single,
            "double" => Self::Double,
            _ => match name.as_str() {
                "bool" => Self::Boolean,
                "short" => Self::Int16,
                "ushort" => Self::UInt16,
                "int" => Self::Int32,
                "uint" => Self::UInt32,
                "long" => Self::Int64,
                "ulong" => Self::UInt64,
                "float" => Self::Single,
                _ => return None,
            },
        })
    }
}

pub(super) fn convert(target: Target, value: &Constant) -> Result<Constant, Failure> {
    let fits = |constant: Option<Constant>| constant.ok_or(Failure::Dynamic);
    match target {
        Target::Boolean => Ok(Constant::Boolean(value.is_true())),
        Target::Char => character(value),
        Target::Single | Target::Double => {
            let number = real(value)?;
            #[allow(clippy::cast_possible_truncation)]
            Ok(if target == Target::Single {
                Constant::Single(number as f32)
            } else {
                Constant::Double(number)
            })
        }
        Target::SByte => fits(i8::try_from(whole(value)?).ok().map(Constant::SByte)),
        Target::Byte => fits(u8::try_from(whole(value)?).ok().map(Constant::Byte)),
        Target::Int16 => fits(i16::try_from(whole(value)?).ok().map(Constant::Int16)),
        Target::UInt16 => fits(u16::try_from(whole(value)?).ok().map(Constant::UInt16)),
        Target::Int32 => fits(i32::try_from(whole(value)?).ok().map(Constant::Int32)),
        Target::UInt32 => fits(u32::try_from(whole(value)?).ok().map(Constant::UInt32)),
        Target::Int64 => fits(i64::try_from(whole(value)?).ok().map(Constant::Int64)),
        Target::UInt64 => fits(u64::try_from(whole(value)?).ok().map(Constant::UInt64)),
    }
}

const UNSUPPORTED: Failure = Failure::Unsupported("a cast of such a value");

fn character(value: &Constant) -> Result<Constant, Failure> {
    match value {
        Constant::Char(_) => Ok(value.clone()),
        Constant::Int32(code) => u16::try_from(*code).map(Constant::Char).map_err(|_| Failure::Dynamic),
        Constant::String(text) => {
            let mut units = text.encode_utf16();
            match (units.next(), units.next()) {
                (Some(unit), None) => Ok(Constant::Char(unit)),
                _ => Err(Failure::Dynamic),
            }
        }
        _ => Err(UNSUPPORTED),
    }
}

fn whole(value: &Constant) -> Result<i128, Failure> {
    Ok(match value {
        Constant::Null => 0,
        Constant::Boolean(value) => i128::from(*value),
        Constant::Char(unit) => i128::from(*unit),
        Constant::SByte(value) => i128::from(*value),
        Constant::Byte(value) => i128::from(*value),
        Constant::Int16(value) => i128::from(*value),
        Constant::UInt16(value) => i128::from(*value),
        Constant::Int32(value) => i128::from(*value),
        Constant::UInt32(value) => i128::from(*value),
        Constant::Int64(value) => i128::from(*value),
        Constant::UInt64(value) => i128::from(*value),
        #[allow(clippy::cast_possible_truncation)]
        Constant::Double(value) if value.abs() < 1e30 => value.round_ties_even() as i128,
        Constant::String(text) => digits(text).ok_or(UNSUPPORTED)?,
        _ => return Err(UNSUPPORTED),
    })
}

fn real(value: &Constant) -> Result<f64, Failure> {
    match value {
        Constant::Double(value) => Ok(*value),
        Constant::Single(value) => Ok(f64::from(*value)),
        #[allow(clippy::cast_precision_loss)]
        other => Ok(whole(other)? as f64),
    }
}

/// Plain digits with or without a sign; other text may mean a number to PowerShell in many ways.
fn digits(text: &str) -> Option<i128> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !unsigned.is_empty() && unsigned.len() <= 30 && unsigned.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
