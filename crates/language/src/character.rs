//! The classes of characters that PowerShell's tokenizer knows.
//!
//! PowerShell reads UTF-16 units, so a character beyond the Basic Multilingual Plane is two surrogates to it: neither a
//! letter nor a digit nor white space.

/// White space inside a line; the line ends are not in it.
pub(crate) fn is_space(c: char) -> bool {
    match c {
        '\t' | '\u{b}' | '\u{c}' | ' ' | '\u{85}' | '\u{a0}' => true,
        // The separators of Unicode (Zs, Zl, Zp).
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => true,
        _ => false,
    }
}

/// What .NET calls white space: line ends too.
pub(crate) fn is_any_space(c: char) -> bool {
    is_space(c) || matches!(c, '\n' | '\r')
}

pub(crate) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2013}' | '\u{2014}' | '\u{2015}')
}

pub(crate) fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

pub(crate) fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

pub(crate) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && c <= '\u{ffff}' && c.is_alphabetic() && !c.is_numeric())
}

pub(crate) fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_letter(c) || (!c.is_ascii() && c <= '\u{ffff}' && c.is_numeric())
}

pub(crate) fn starts_variable(c: char) -> bool {
    matches!(c, '$' | ':' | '?' | '^' | '_') || is_letter_or_digit(c)
}

pub(crate) fn starts_identifier(c: char) -> bool {
    c == '_' || is_letter(c)
}

pub(crate) fn continues_identifier(c: char) -> bool {
    c == '_' || is_letter_or_digit(c)
}

/// Ends a word in every mode. The end of the text counts, given as NUL.
pub(crate) fn ends_word(c: char) -> bool {
    matches!(c, '\0' | '\n' | '\r' | '&' | '(' | ')' | ',' | ';' | '{' | '|' | '}') || is_space(c)
}

/// Ends a number in an expression, beyond what ends a word.
pub(crate) fn ends_number(c: char, ternary: bool) -> bool {
    matches!(c, '!' | '#' | '%' | '*' | '+' | '.' | '/' | '<' | '=' | '>' | ']')
        || is_dash(c)
        || (ternary && matches!(c, '?' | ':'))
}
