//! From bytes to text: the encodings that PowerShell saves CLIXML in.

use std::borrow::Cow;

use crate::Error;

/// The text without its byte order mark. UTF-8 is borrowed; UTF-16 (Windows PowerShell's `Export-Clixml`) is decoded.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    match bytes {
        [0xff, 0xfe, units @ ..] => utf16(units, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, units @ ..] => utf16(units, u16::from_be_bytes).map(Cow::Owned),
        [0xef, 0xbb, 0xbf, text @ ..] => utf8(text),
        text => utf8(text),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| Error::Encoding {
            at: error.valid_up_to(),
        })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Error> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(Error::Encoding { at: bytes.len() - 1 });
    }
    let mut text = String::with_capacity(pairs.len());
    for (index, char) in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).enumerate() {
        text.push(char.map_err(|_| Error::Encoding { at: index * 2 })?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_decides_and_is_taken_off() {
        assert_eq!(text(b"\xef\xbb\xbf<S/>").unwrap(), "<S/>");
        assert_eq!(text(b"\xff\xfe<\0S\0/\0>\0").unwrap(), "<S/>");
        assert_eq!(text(b"\xfe\xff\0<\0S\0/\0>").unwrap(), "<S/>");
    }

    #[test]
    fn what_is_no_text_is_named_by_its_place() {
        assert_eq!(text(b"ab\xff"), Err(Error::Encoding { at: 2 }));
        assert_eq!(text(b"\xff\xfe<"), Err(Error::Encoding { at: 0 }));
        assert_eq!(text(b"\xff\xfe<\0\x3d\xd8"), Err(Error::Encoding { at: 2 }));
    }
}
