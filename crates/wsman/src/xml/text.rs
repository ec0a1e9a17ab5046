//! The encodings that envelopes come in: UTF-8, and UTF-16 from services that are set to it (`UseUTF16`).

use std::borrow::Cow;

use crate::{Error, Limits};

/// How two bytes make a unit.
type Unit = fn([u8; 2]) -> u16;

/// The document in UTF-8. A byte order mark tells UTF-16, and so does a zero beside the first `<`.
pub(crate) fn decode<'a>(document: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    let (unit, rest): (Unit, &[u8]) = match document {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        [b'<', 0, ..] => (u16::from_le_bytes, document),
        [0, b'<', ..] => (u16::from_be_bytes, document),
        _ => return Ok(Cow::Borrowed(document)),
    };
    if document.len() > limits.bytes {
        return Err(Error::TooMuch {
            what: "bytes",
            limit: limits.bytes,
        });
    }
    let (pairs, odd) = rest.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().copied().map(unit)).collect();
    match text {
        // Half a character at the end is a document that is cut off.
        Ok(_) if !odd.is_empty() => Err(Error::Truncated {
            read: document.len() as u64,
        }),
        Ok(text) => Ok(Cow::Owned(text.into_bytes())),
        Err(_) => Err(Error::Encoding),
    }
}
