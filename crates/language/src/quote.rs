//! PowerShell's escaping of names in text that it generates (`CodeGeneration`, `WildcardPattern.Escape`).

use crate::character::is_single_quote;

/// Escapes `text` for the inside of single quotes: every kind of single quote is doubled.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_single_quote(c) {
            escaped.push(c);
        }
        escaped.push(c);
    }
    escaped
}

/// `text` in single quotes: one word of PowerShell, whatever is in it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", quote(text))
}

/// Escapes `text` for the inside of a block comment, so that it cannot end it or begin another.
#[must_use]
pub fn quote_block(text: &str) -> String {
    text.replace("<#", "<`#").replace("#>", "#`>")
}

/// Escapes `text` for a format string of `-f`.
#[must_use]
pub fn quote_format(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Escapes `text` for the inside of `${...}`.
#[must_use]
pub fn quote_variable(text: &str) -> String {
    escaped(text, &['`', '{', '}'])
}

/// Escapes `text` so that a wildcard pattern matches it literally.
#[must_use]
pub fn quote_wildcard(text: &str) -> String {
    escaped(text, &['`', '*', '?', '[', ']'])
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('`');
        }
        escaped.push(c);
    }
    escaped
}
