//! Numbers as .NET spells them.

/// The shortest digits that read back the same: `5.5`, `1E+300`.
pub(crate) fn shortest(value: f64) -> String {
    general(value, &format!("{value:e}"), 15)
}

/// The shortest digits of a `Single`.
pub(crate) fn shortest_single(value: f32) -> String {
    general(f64::from(value), &format!("{value:e}"), 7)
}

/// `G15` or `G7`: as PowerShell turns a number into text.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    general(value, &format!("{value:.precision$e}", precision = digits - 1), digits)
}

/// `F`: three decimals in en-US, half rounded away from zero. PowerShell uses it in tables.
pub(crate) fn fixed(value: f64) -> String {
    if !value.is_finite() {
        return general(value, "", 15);
    }
    // More digits than a tie needs, so that the rounding below sees it.
    let exact = format!("{:.24}", value.abs());
    let digits = round(&exact);
    let sign = if value < 0.0 && digits.bytes().any(|b| matches!(b, b'1'..=b'9')) {
        "-"
    } else {
        ""
    };
    format!("{sign}{digits}")
}

/// A decimal number's digits with three places behind the point.
pub(crate) fn fixed_digits(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    format!("{sign}{}", round(digits))
}

fn round(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(3).collect();
    let mut number: Vec<u8> = format!("0{whole}{kept}").into_bytes();
    if fraction.as_bytes().get(3).is_some_and(|b| *b >= b'5') {
        for digit in number.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }
    let number = String::from_utf8(number).unwrap_or_default();
    let (whole, fraction) = number.split_at(number.len() - 3);
    let whole = whole.trim_start_matches('0');
    format!("{}.{fraction}", if whole.is_empty() { "0" } else { whole })
}

/// `scientific` is `d.ddde±x`; from `precision` digits in front of the point on the exponent stays.
fn general(value: f64, scientific: &str, precision: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let limit = i32::try_from(precision.max(digits.len())).unwrap_or(i32::MAX);
    if value != 0.0 && (exponent >= limit || exponent < -4) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}E{mark}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if whole >= digits.len() {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (whole, fraction) = digits.split_at(whole);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_dotnet_spells_them() {
        assert_eq!(significant(1.085_462_962_962_963, 15), "1.08546296296296");
        assert_eq!(significant(93_784_000_000_000.0, 15), "93784000000000");
        assert_eq!(significant(0.1 + 0.2, 15), "0.3");
        assert_eq!(shortest(1e300), "1E+300");
        assert_eq!(shortest(0.00001), "1E-05");
        assert_eq!(shortest(-0.0), "-0");
        assert_eq!(fixed(5.5), "5.500");
        assert_eq!(fixed(0.0625), "0.063");
        assert_eq!(fixed(-0.0001), "0.000");
        assert_eq!(fixed(9.9996), "10.000");
        assert_eq!(fixed_digits("-1.2345"), "-1.235");
        assert_eq!(fixed_digits("10"), "10.000");
    }
}
