//! XML's own escapes: `&amp;`, `&#38;`, `&#x26;`, and what attributes do to white space.

use std::borrow::Cow;

use crate::Refusal;

/// What an attribute's value means: white space becomes spaces, references their chars.
pub(super) fn attribute_text(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let normal = raw.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
    let mut rest = normal.as_str();
    while let Some((before, reference)) = rest.split_once('&') {
        let (name, after) = reference.split_once(';').ok_or(Refusal::Entity)?;
        text.push_str(before);
        text.push(char_of_reference(name).ok_or(Refusal::Entity)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// The char of `amp`, `#38` or `#x26`: what stands between `&` and `;`. Nothing else is ever declared in CLIXML.
pub(super) fn char_of_reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(digits) => (digits, 16),
                None => (digits, 10),
            };
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let char = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
            let legal = char >= ' ' && !matches!(char, '\u{fffe}' | '\u{ffff}') || matches!(char, '\t' | '\n' | '\r');
            legal.then_some(char)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_chars_or_refused() {
        assert_eq!(attribute_text("a&lt;&#65;&#x1F600;\tb\r\nc").unwrap(), "a<A😀 b c");
        for broken in ["&e;", "&#0;", "&#xD83D;", "&amp", "&#;", "&#+5;"] {
            assert_eq!(attribute_text(broken), Err(Refusal::Entity), "{broken}");
        }
    }
}
