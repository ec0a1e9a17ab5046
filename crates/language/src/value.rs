//! Constants as CLIXML values, as PowerShell serializes them (MS-PSRP 2.2.5).

use clixml::{Content, Object, Value};

use crate::Constant;

/// A spelled number is an object of the number and its spelling; a server takes the spelling where it wants text.
impl From<&Constant> for Value {
    fn from(constant: &Constant) -> Self {
        match constant {
            Constant::Null => Value::Null,
            Constant::Boolean(value) => Value::Bool(*value),
            Constant::Char(unit) => Value::Char(*unit),
            Constant::String(text) => text.as_str().into(),
            Constant::SByte(value) => Value::SByte(*value),
            Constant::Byte(value) => Value::Byte(*value),
            Constant::Int16(value) => Value::Int16(*value),
            Constant::UInt16(value) => Value::UInt16(*value),
            Constant::Int32(value) => Value::Int32(*value),
            Constant::UInt32(value) => Value::UInt32(*value),
            Constant::Int64(value) => Value::Int64(*value),
            Constant::UInt64(value) => Value::UInt64(*value),
            Constant::Single(value) => Value::Single(*value),
            Constant::Double(value) => Value::Double(*value),
            // Digits that .NET wrote are digits that a decimal has; text is what is left if ever they are not.
            Constant::Decimal(digits) => digits.parse().map_or_else(|_| digits.as_str().into(), Value::Decimal),
            Constant::BigInteger(digits) => big_integer(digits),
            Constant::Array(items) => Value::array(items),
            Constant::Hashtable(entries) => Value::dictionary(entries.iter().map(|(key, value)| (key, value))),
            Constant::Spelled { value, text } => Object::new()
                .with_text(text.as_str())
                .with_content(Content::Value(value.as_ref().into()))
                .into(),
        }
    }
}

/// CLIXML has no element for it: PowerShell sends its text and its properties.
fn big_integer(digits: &str) -> Value {
    let negative = digits.starts_with('-');
    let value: Option<i128> = digits.parse().ok();
    let magnitude = value.map(i128::unsigned_abs);
    let sign = match value {
        Some(0) => 0,
        _ if negative => -1,
        _ => 1,
    };
    Object::new()
        .with_types(["System.Numerics.BigInteger", "System.ValueType", "System.Object"])
        .with_text(digits)
        .adapted(
            "IsPowerOfTwo",
            !negative && magnitude.is_some_and(u128::is_power_of_two),
        )
        .adapted("IsZero", value == Some(0))
        .adapted("IsOne", value == Some(1))
        .adapted("IsEven", magnitude.is_some_and(|value| value % 2 == 0))
        .adapted("Sign", sign)
        .into()
}

#[cfg(test)]
mod tests {
    use clixml::Value;

    use crate::parse;

    fn xml(text: &str) -> String {
        let list = parse(&format!("X {text}")).unwrap();
        clixml::write(&Value::from(&list.commands[0].arguments[0].value))
    }

    #[test]
    fn constants_are_written_as_powershell_writes_them() {
        let cases = [
            ("10", "<I32>10</I32>"),
            ("'a'", "<S>a</S>"),
            ("$true", "<B>true</B>"),
            ("$null", "<Nil />"),
            ("(1.50d)", "<D>1.50</D>"),
            ("007", "<Obj RefId=\"0\"><ToString>007</ToString><I32>7</I32></Obj>"),
            (
                "1,2",
                "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><I32>1</I32><I32>2</I32></LST></Obj>",
            ),
            (
                "@{a=1}",
                "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En></DCT></Obj>",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(xml(text), expected, "{text}");
        }
    }
}
