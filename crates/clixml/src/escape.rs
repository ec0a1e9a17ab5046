//! `_xHHHH_`: how CLIXML spells the UTF-16 units that XML cannot hold (MS-PSRP 2.2.5.3.2), and XML's own escapes.

use crate::Text;

/// The text that an element or attribute means, once XML's own escapes are resolved.
pub(crate) fn unescape(raw: &str) -> Text {
    let Some(first) = next_escape(raw, 0) else {
        return Text::from(raw);
    };
    narrow(raw, first).unwrap_or_else(|| wide(raw, first))
}

/// Whether [`unescape`] would find nothing to do.
pub(crate) fn is_plain(raw: &str) -> bool {
    next_escape(raw, 0).is_none()
}

/// Where the next escape begins, with its unit. A broken escape is just text.
fn next_escape(raw: &str, from: usize) -> Option<(usize, u16)> {
    let bytes = raw.as_bytes();
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'_') {
        at += found;
        if let [b'_', b'x' | b'X', digits @ .., b'_'] = bytes.get(at..at + 7)? {
            let unit = digits.iter().try_fold(0, |unit: u16, digit| {
                let digit = char::from(*digit).to_digit(16)?;
                Some(unit << 4 | digit as u16)
            });
            if let Some(unit) = unit {
                return Some((at, unit));
            }
        }
        at += 1;
    }
    None
}

/// As UTF-8, unless a surrogate stands alone.
fn narrow(raw: &str, first: (usize, u16)) -> Option<Text> {
    let mut text = String::with_capacity(raw.len());
    let (mut copied, mut next) = (0, Some(first));
    while let Some((at, unit)) = next {
        text.push_str(&raw[copied..at]);
        copied = at + 7;
        next = next_escape(raw, copied);
        match char::from_u32(unit.into()) {
            Some(char) => text.push(char),
            None => {
                let (_, low) = next.filter(|(low_at, _)| *low_at == copied)?;
                let pair = char::decode_utf16([unit, low]).next()?.ok()?;
                text.push(pair);
                copied += 7;
                next = next_escape(raw, copied);
            }
        }
    }
    text.push_str(&raw[copied..]);
    Some(Text::from(text))
}

fn wide(raw: &str, first: (usize, u16)) -> Text {
    let mut units = Vec::with_capacity(raw.len());
    let (mut copied, mut next) = (0, Some(first));
    while let Some((at, unit)) = next {
        units.extend(raw[copied..at].encode_utf16());
        units.push(unit);
        copied = at + 7;
        next = next_escape(raw, copied);
    }
    units.extend(raw[copied..].encode_utf16());
    Text::from_utf16(&units)
}

/// Appends `text` as the content of an element or, just as well, of an attribute in double quotes.
pub(crate) fn escape(text: &Text, out: &mut String) {
    match (text.as_str(), text.wide()) {
        (Some(text), _) => escape_str(text, out),
        (None, Some(units)) => escape_wide(units, out),
        // INVARIANT: a text is one or the other.
        (None, None) => debug_assert!(false, "a text has no form"),
    }
}

/// What is done with a byte of UTF-8: copied, or looked at.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        // C2 leads the C1 controls, EF the noncharacters, F0 to F4 what is a pair in UTF-16.
        special[byte] = byte < 0x20 || byte == 0x7f || byte == 0xc2 || byte >= 0xef;
        byte += 1;
    }
    special[b'&' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[b'"' as usize] = true;
    special[b'_' as usize] = true;
    special
};

fn escape_str(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = bytes[at..].iter().position(|byte| SPECIAL[usize::from(*byte)]) {
        at += found;
        // INVARIANT: every special byte begins a char, so `at` and what follows it are boundaries.
        let Some(char) = text[at..].chars().next() else { break };
        let replaced = special_char(char, bytes.get(at + 1).copied());
        if let Some(replaced) = replaced {
            out.push_str(&text[copied..at]);
            match replaced {
                Replaced::Entity(entity) => out.push_str(entity),
                Replaced::Units => char
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| push_unit(*unit, out)),
            }
            copied = at + char.len_utf8();
        }
        at += char.len_utf8();
    }
    out.push_str(&text[copied..]);
}

enum Replaced {
    Entity(&'static str),
    Units,
}

fn special_char(char: char, next: Option<u8>) -> Option<Replaced> {
    match char {
        '&' => Some(Replaced::Entity("&amp;")),
        '<' => Some(Replaced::Entity("&lt;")),
        '>' => Some(Replaced::Entity("&gt;")),
        '"' => Some(Replaced::Entity("&quot;")),
        '_' => matches!(next, Some(b'x' | b'X')).then_some(Replaced::Units),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{10000}'.. => Some(Replaced::Units),
        _ => None,
    }
}

fn escape_wide(units: &[u16], out: &mut String) {
    for (index, unit) in units.iter().enumerate() {
        match char::from_u32((*unit).into()) {
            Some(char) => {
                // Only whether an `x` follows matters, and that is one byte and one unit alike.
                let next = units.get(index + 1).and_then(|next| u8::try_from(*next).ok());
                match special_char(char, next) {
                    Some(Replaced::Entity(entity)) => out.push_str(entity),
                    Some(Replaced::Units) => push_unit(*unit, out),
                    None => out.push(char),
                }
            }
            None => push_unit(*unit, out),
        }
    }
}

fn push_unit(unit: u16, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push_str("_x");
    for shift in [12, 8, 4, 0] {
        out.push(char::from(DIGITS[usize::from(unit >> shift & 15)]));
    }
    out.push('_');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &Text) -> String {
        let mut out = String::new();
        escape(text, &mut out);
        out
    }

    #[test]
    fn escapes_as_powershell_writes_them() {
        for (text, xml) in [
            ("a\tb\r\n", "a_x0009_b_x000D__x000A_"),
            ("\u{7f}\u{80}\u{9f}\u{a0}é", "_x007F__x0080__x009F_\u{a0}é"),
            ("_x0041_ _X _y _", "_x005F_x0041_ _x005F_X _y _"),
            ("😀", "_xD83D__xDE00_"),
            ("\u{fffd}\u{fffe}\u{ffff}\u{ff01}", "\u{fffd}_xFFFE__xFFFF_\u{ff01}"),
            ("<a b=\"c\">&'", "&lt;a b=&quot;c&quot;&gt;&amp;'"),
        ] {
            assert_eq!(escaped(&text.into()), xml);
        }
    }

    #[test]
    fn escapes_are_read_in_either_case_and_broken_ones_are_text() {
        for (xml, text) in [
            ("_x005f_x0041_", "_x0041_"),
            ("_X0041_", "A"),
            ("_x0041__x0042_", "AB"),
            ("_x041_", "_x041_"),
            ("_x00G1_", "_x00G1_"),
            ("_x0041", "_x0041"),
            ("__x0041__", "_A_"),
            ("_x+041_", "_x+041_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xé_", "_xé_"),
        ] {
            assert_eq!(unescape(xml), Text::from(text), "{xml}");
        }
    }

    #[test]
    fn lone_surrogates_survive_both_ways() {
        for units in [
            &[0xd83d][..],
            &[0xde00, 0xd83d],
            &[0x5f, 0x78, 0xd83d, 0x26, 0x5f],
            &[0xd83d, 0xd83d, 0xde00, 0x58],
        ] {
            let text = Text::from_utf16(units);
            assert_eq!(unescape(&escaped(&text).replace("&amp;", "&")).to_utf16(), units);
        }
    }
}
