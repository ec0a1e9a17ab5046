//! `Db` and `Sg`: shortest spelling that reads back as the same number, in .NET's form.

/// The number, in any spelling that PowerShell reads. Too large is infinite, as in .NET.
pub(crate) fn read_double(text: &str) -> Option<f64> {
    special(text).or_else(|| plain(text)?.parse().ok())
}

/// As [`read_double`], rounded once to single precision.
pub(crate) fn read_single(text: &str) -> Option<f32> {
    special(text)
        .map(|number| number as f32)
        .or_else(|| plain(text)?.parse().ok())
}

fn special(text: &str) -> Option<f64> {
    let (sign, name) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if name == "INF" && sign < 0.0 || text == "INF" || name.eq_ignore_ascii_case("Infinity") {
        return Some(sign * f64::INFINITY);
    }
    name.eq_ignore_ascii_case("NaN").then_some(f64::NAN)
}

/// The text, if it holds a number; Rust reads words besides.
fn plain(text: &str) -> Option<&str> {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E'))
        .then_some(text)
}

/// Appends the number as PowerShell spells it.
pub(crate) fn write_double(number: f64, out: &mut String) {
    if number.is_finite() {
        spell(&format!("{number:e}"), 15, out);
    } else {
        out.push_str(if number.is_nan() {
            "NaN"
        } else if number > 0.0 {
            "INF"
        } else {
            "-INF"
        });
    }
}

/// As [`write_double`], with the digits that single precision needs.
pub(crate) fn write_single(number: f32, out: &mut String) {
    if number.is_finite() {
        spell(&format!("{number:e}"), 7, out);
    } else {
        write_double(number.into(), out);
    }
}

/// From Rust's `-1.25e-7` to .NET's `-1.25E-07` or `-0.000000125`: an exponent from `places` digits before the point,
/// and from the fifth zero behind it.
fn spell(shortest: &str, places: i32, out: &mut String) {
    let (digits, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent >= places || exponent < -4 {
        out.push_str(digits);
        out.push_str(if exponent < 0 { "E-" } else { "E+" });
        if exponent.abs() < 10 {
            out.push('0');
        }
        out.push_str(exponent.unsigned_abs().to_string().as_str());
        return;
    }
    let digits = match digits.strip_prefix('-') {
        Some(digits) => {
            out.push('-');
            digits
        }
        None => digits,
    };
    let before = usize::try_from(exponent + 1).unwrap_or(0);
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    if exponent < 0 {
        out.push_str("0.");
        (0..-exponent - 1).for_each(|_| out.push('0'));
    }
    for (index, digit) in digits.chars().filter(char::is_ascii_digit).enumerate() {
        if index == before && index > 0 {
            out.push('.');
        }
        out.push(digit);
    }
    (count..before).for_each(|_| out.push('0'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(number: f64) -> String {
        let mut out = String::new();
        write_double(number, &mut out);
        out
    }

    #[test]
    fn doubles_are_spelled_as_dotnet_spells_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-12.25, "-12.25"),
            (100.0, "100"),
            (1.0 / 3.0, "0.3333333333333333"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1E+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568E+17"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1e300, "1E+300"),
            (f64::MAX, "1.7976931348623157E+308"),
            (5e-324, "5E-324"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double(number), text);
        }
        let mut single = String::new();
        write_single(0.1, &mut single);
        write_single(-1e7, &mut single);
        write_single(f32::INFINITY, &mut single);
        assert_eq!(single, "0.1-1E+07INF");
    }

    #[test]
    fn every_spelling_that_powershell_reads() {
        assert_eq!(read_double("1e300"), Some(1e300));
        assert_eq!(read_double(".5"), Some(0.5));
        assert_eq!(read_double("1E+400"), Some(f64::INFINITY));
        assert_eq!(read_double("-Infinity"), Some(f64::NEG_INFINITY));
        assert!(read_single("NaN").is_some_and(f32::is_nan));
        assert_eq!(read_single("1E+39"), Some(f32::INFINITY));
        for text in ["", "inf", "1,5", "0x1", "1e", "e5", "--1", "1_0"] {
            assert_eq!(read_double(text), None, "{text}");
        }
    }
}
