//! The spelling of values that are no objects.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Writer;
use crate::escape::escape;
use crate::scalar::{write_double, write_single};
use crate::{Progress, Text, Value};

impl Writer {
    pub(super) fn leaf(&mut self, leaf: &Value, name: Option<&Text>) {
        match leaf {
            Value::Null => {
                self.open("Nil", name);
                self.out.push_str(" />");
            }
            Value::Bool(truth) => self.verbatim("B", name, if *truth { "true" } else { "false" }),
            Value::Char(unit) => self.number("C", name, *unit),
            Value::Byte(number) => self.number("By", name, *number),
            Value::SByte(number) => self.number("SB", name, *number),
            Value::UInt16(number) => self.number("U16", name, *number),
            Value::Int16(number) => self.number("I16", name, *number),
            Value::UInt32(number) => self.number("U32", name, *number),
            Value::Int32(number) => self.number("I32", name, *number),
            Value::UInt64(number) => self.number("U64", name, *number),
            Value::Int64(number) => self.number("I64", name, *number),
            Value::Single(number) => self.element("Sg", name, |out| write_single(*number, out)),
            Value::Double(number) => self.element("Db", name, |out| write_double(*number, out)),
            Value::Decimal(number) => self.number("D", name, number),
            Value::DateTime(time) => self.number("DT", name, time),
            Value::TimeSpan(span) => self.number("TS", name, span),
            Value::Guid(guid) => self.number("G", name, guid.as_hyphenated()),
            Value::Version(version) => self.number("Version", name, version),
            Value::Bytes(bytes) => self.element("BA", name, |out| STANDARD.encode_string(bytes, out)),
            Value::String(text) => self.text("S", name, text),
            Value::Uri(text) => self.text("URI", name, text),
            Value::ScriptBlock(text) => self.text("SBK", name, text),
            Value::Xml(text) => self.text("XD", name, text),
            Value::SecureString(text) => self.text("SS", name, text),
            Value::Progress(_) | Value::Object(_) | Value::Reference(_) | Value::MemberSet(_) | Value::Opaque(_) => {
                debug_assert!(false, "no leaf");
            }
        }
    }

    pub(super) fn progress(&mut self, record: &Progress, name: Option<&Text>) {
        self.open("PR", name);
        self.out.push('>');
        self.text("AV", None, &record.activity);
        self.number("AI", None, record.activity_id);
        self.value(&record.current_operation, None);
        self.number("PI", None, record.parent_activity_id);
        self.number("PC", None, record.percent_complete);
        self.text("T", None, &record.kind);
        self.number("SR", None, record.seconds_remaining);
        self.text("SD", None, &record.status_description);
        self.close("PR");
    }

    fn element(&mut self, tag: &str, name: Option<&Text>, content: impl FnOnce(&mut String)) {
        self.open(tag, name);
        self.out.push('>');
        content(&mut self.out);
        self.close(tag);
    }

    fn text(&mut self, tag: &str, name: Option<&Text>, text: &Text) {
        self.element(tag, name, |out| escape(text, out));
    }

    fn verbatim(&mut self, tag: &str, name: Option<&Text>, text: &str) {
        self.element(tag, name, |out| out.push_str(text));
    }

    /// What spells itself in characters that need no escape.
    fn number(&mut self, tag: &str, name: Option<&Text>, number: impl std::fmt::Display) {
        self.element(tag, name, |out| {
            // INVARIANT: writing to a string does not fail.
            let _ = write!(out, "{number}");
        });
    }
}
