//! How wide text is on a screen, and what fits: counted as PowerShell counts, by UTF-16 units.

/// The cells of text, without its escape sequences.
pub(crate) fn cells(text: &str) -> usize {
    plain(text).chars().map(char_cells).sum()
}

/// East Asian wide characters take two cells; so does everything beyond the Basic Multilingual Plane, whose two halves
/// PowerShell counts one by one.
fn char_cells(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115f
        | 0x2329
        | 0x232a
        | 0x2e80..=0x303e
        | 0x3040..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe10..=0xfe19
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x10000.. => 2,
        _ => 1,
    }
}

/// Text without escape sequences that colour it.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' || chars.peek() != Some(&'[') {
            plain.push(c);
            continue;
        }
        chars.next();
        // Parameters, then one letter that ends the sequence.
        for c in chars.by_ref() {
            if ('\u{40}'..='\u{7e}').contains(&c) {
                break;
            }
        }
    }
    plain
}

/// The longest beginning of `text` that fits.
pub(crate) fn head(text: &str, width: usize) -> &str {
    let mut filled = 0;
    for (at, c) in text.char_indices() {
        filled += char_cells(c);
        if filled > width {
            return &text[..at];
        }
    }
    text
}

/// The longest end of `text` that fits.
pub(crate) fn tail(text: &str, width: usize) -> &str {
    let mut filled = 0;
    for (at, c) in text.char_indices().rev() {
        filled += char_cells(c);
        if filled > width {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// The lines of text, carriage returns dropped.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(|line| line.replace('\r', "")).collect()
}

/// One line as several of at most `width` cells, broken behind spaces where that is possible.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    if cells(line) <= width || width == 0 {
        return vec![line.to_owned()];
    }
    let mut wrapped = Vec::new();
    let mut current = String::new();
    let mut left = width;
    for word in line.split_inclusive([' ', '\t']) {
        let wide = cells(word);
        if wide > width {
            for c in word.chars() {
                let (c, wide) = if char_cells(c) > width {
                    ('?', 1)
                } else {
                    (c, char_cells(c))
                };
                if wide > left {
                    wrapped.push(std::mem::take(&mut current));
                    left = width;
                }
                current.push(c);
                left -= wide;
            }
            continue;
        }
        if wide > left {
            wrapped.push(std::mem::take(&mut current));
            left = width;
        }
        current.push_str(word);
        left -= wide;
    }
    wrapped.push(current);
    wrapped
}

pub(crate) fn blanks(count: usize) -> String {
    " ".repeat(count)
}
