//! A value in the canonical form in which both sides compare: every leaf with its type and its text.
//!
//! What psrpcore cannot tell apart is one here: no properties and an empty list of them, a primitive in an object that
//! adds nothing to it and the bare primitive, no type names and those that every list of its kind has, `Z` and
//! `+00:00`.

use std::collections::HashMap;
use std::fmt::Write as _;

use clixml::{Content, ListKind, Object, Property, References, Text, TypeNames, Value, Zone};
use serde_json::{Map, Value as Json, json};

/// The whole value. Objects are numbered as they are met; one that is met again is its number.
pub(crate) fn leaves(value: &Value) -> Json {
    let mut walk = Walk {
        references: References::new(value),
        seen: HashMap::new(),
    };
    walk.node(value)
}

struct Walk<'a> {
    references: References<'a>,
    seen: HashMap<*const Object, usize>,
}

impl<'a> Walk<'a> {
    fn node(&mut self, value: &'a Value) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Object(object) => self.object(object),
            Value::Reference(id) => match self.references.get(id) {
                Some(object) => self.object(object),
                None => json!({ "dangling": id.to_string() }),
            },
            leaf => {
                let (tag, text) = primitive(leaf);
                json!({ "k": tag, "v": text })
            }
        }
    }

    fn object(&mut self, object: &'a Object) -> Json {
        if let Some(base) = bare(object) {
            return self.node(base);
        }
        let number = self.seen.len();
        if let Some(number) = self.seen.get(&std::ptr::from_ref(object)) {
            return json!({ "ref": number });
        }
        self.seen.insert(object, number);
        let mut json = Map::new();
        let (kind, content) = match &object.content {
            Content::Empty => ("Obj", None),
            Content::Value(base) => {
                let (tag, text) = primitive(base);
                (tag, Some(text))
            }
            Content::List(kind, items) => {
                let items = items.iter().map(|item| self.node(item)).collect();
                (list(*kind), Some(Json::Array(items)))
            }
            Content::Dictionary(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Json::Array(vec![self.node(key), self.node(value)]))
                    .collect();
                ("DCT", Some(Json::Array(entries)))
            }
        };
        json.insert("k".to_owned(), kind.into());
        if let Some(content) = content {
            json.insert("v".to_owned(), content);
        }
        if let Some(names) = object.type_names.as_ref().and_then(|names| own_names(kind, names)) {
            json.insert("t".to_owned(), names);
        }
        if let Some(string) = &object.to_string {
            json.insert("s".to_owned(), text(string));
        }
        for (key, properties) in [("a", &object.adapted), ("x", &object.extended)] {
            if let Some(properties) = properties.as_ref().filter(|properties| !properties.is_empty()) {
                let properties = properties
                    .iter()
                    .map(|Property { name, value }| Json::Array(vec![text(name), self.node(value)]))
                    .collect();
                json.insert(key.to_owned(), Json::Array(properties));
            }
        }
        Json::Object(json)
    }
}

/// The primitive in an object that says nothing else.
fn bare(object: &Object) -> Option<&Value> {
    let Content::Value(base) = &object.content else {
        return None;
    };
    let named = object
        .type_names
        .as_ref()
        .is_some_and(|names| !names.names().is_empty());
    let silent = !named && object.to_string.is_none() && object.properties().next().is_none();
    silent.then_some(base)
}

fn list(kind: ListKind) -> &'static str {
    match kind {
        ListKind::List => "LST",
        ListKind::Enumerable => "IE",
        ListKind::Queue => "QUE",
        ListKind::Stack => "STK",
    }
}

/// Type names, unless they are none or what psrpcore takes for granted.
fn own_names(kind: &str, names: &TypeNames) -> Option<Json> {
    let usual = match kind {
        "LST" => "System.Collections.ArrayList",
        "IE" => "System.Collections.IEnumerable",
        "QUE" => "System.Collections.Queue",
        "STK" => "System.Collections.Stack",
        "DCT" => "System.Collections.Hashtable",
        _ => "",
    };
    let names = names.names();
    let is_usual = names.len() == 2 && names[0] == usual && names[1] == "System.Object";
    (!names.is_empty() && !is_usual).then(|| names.iter().map(text).collect())
}

/// A string, or its UTF-16 units where a surrogate stands alone.
fn text(text: &Text) -> Json {
    match text.as_str() {
        Some(text) => text.into(),
        None => text.to_utf16().into(),
    }
}

fn primitive(value: &Value) -> (&'static str, Json) {
    match value {
        Value::Char(unit) => ("C", unit.to_string().into()),
        Value::Byte(number) => ("By", number.to_string().into()),
        Value::SByte(number) => ("SB", number.to_string().into()),
        Value::UInt16(number) => ("U16", number.to_string().into()),
        Value::Int16(number) => ("I16", number.to_string().into()),
        Value::UInt32(number) => ("U32", number.to_string().into()),
        Value::Int32(number) => ("I32", number.to_string().into()),
        Value::UInt64(number) => ("U64", number.to_string().into()),
        Value::Int64(number) => ("I64", number.to_string().into()),
        Value::Single(number) if number.is_nan() => ("Sg", "NaN".into()),
        Value::Single(number) => ("Sg", format!("{:08x}", number.to_bits()).into()),
        Value::Double(number) if number.is_nan() => ("Db", "NaN".into()),
        Value::Double(number) => ("Db", format!("{:016x}", number.to_bits()).into()),
        Value::Decimal(number) => ("D", number.to_string().into()),
        Value::DateTime(date) => {
            let offset = match date.zone() {
                Zone::Unspecified => None,
                Zone::Utc => Some(0),
                Zone::Offset(minutes) => Some(minutes),
            };
            ("DT", json!([date.ticks(), offset]))
        }
        Value::TimeSpan(span) => ("TS", span.ticks().into()),
        Value::Guid(guid) => ("G", guid.to_string().into()),
        Value::Version(version) => ("Version", version.to_string().into()),
        Value::Bytes(bytes) => ("BA", hex(bytes).into()),
        Value::String(string) => ("S", text(string)),
        Value::Uri(address) => ("URI", text(address)),
        Value::ScriptBlock(script) => ("SBK", text(script)),
        Value::Xml(xml) => ("XD", text(xml)),
        Value::SecureString(secret) => ("SS", text(secret)),
        Value::Progress(record) => {
            let operation = match &record.current_operation {
                Value::String(operation) => text(operation),
                _ => Json::Null,
            };
            let parts = json!([
                text(&record.activity),
                record.activity_id,
                operation,
                record.parent_activity_id,
                record.percent_complete,
                text(&record.kind),
                record.seconds_remaining,
                text(&record.status_description),
            ]);
            ("PR", parts)
        }
        other => ("?", format!("{other:?}").into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
