//! Writing: text appended to one string, escaped where it must be, base64 straight into it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;

/// An envelope in the making. Names are trusted, texts and attribute values are escaped.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
}

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
        }
    }

    /// Markup, as it is.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Text, escaped for content and for attributes in double quotes.
    ///
    /// A carriage return would be read as a line feed, a tab or line feed in an attribute as a blank, so those are
    /// written as references. What XML 1.0 cannot hold at all becomes U+FFFD.
    pub(crate) fn text(&mut self, text: &str) {
        let mut done = 0;
        for (at, c) in text.char_indices() {
            let reference = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\t' => "&#9;",
                '\n' => "&#10;",
                '\r' => "&#13;",
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}",
                _ => continue,
            };
            self.out.push_str(&text[done..at]);
            self.out.push_str(reference);
            done = at + c.len_utf8();
        }
        self.out.push_str(&text[done..]);
    }

    /// A whole element that holds a text.
    pub(crate) fn element(&mut self, name: &str, text: &str) {
        self.raw("<");
        self.raw(name);
        self.raw(">");
        self.text(text);
        self.raw("</");
        self.raw(name);
        self.raw(">");
    }

    /// A whole element, if there is a text for it.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.element(name, text);
        }
    }

    /// A blank, a name, and a value in double quotes.
    pub(crate) fn attribute(&mut self, name: &str, value: &str) {
        self.raw(" ");
        self.raw(name);
        self.raw("=\"");
        self.text(value);
        self.raw("\"");
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{number}");
    }

    /// Bytes in base64.
    pub(crate) fn base64(&mut self, bytes: &[u8]) {
        Simd::standard(PAD).encode_string(bytes, &mut self.out);
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// How long `bytes` become in base64.
pub(crate) fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        let mut writer = Writer::default();
        writer.attribute("a", "<\"&'>\r\n\t");
        writer.element("b", "x\0y\u{1b}\u{ffff}\u{e9}");
        assert_eq!(
            writer.finish(),
            " a=\"&lt;&quot;&amp;'&gt;&#13;&#10;&#9;\"<b>x\u{fffd}y\u{fffd}\u{fffd}\u{e9}</b>"
        );
    }

    #[test]
    fn base64_is_as_long_as_is_said() {
        for n in 0..10 {
            let mut writer = Writer::default();
            writer.base64(&vec![0xff; n]);
            assert_eq!(writer.len(), encoded_len(n));
        }
    }
}
