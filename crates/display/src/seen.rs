//! What PowerShell sees of a value that came out of a pipeline: its type, its properties and its text.

use std::borrow::Cow;
use std::collections::HashSet;

use clixml::{Content, Object, Property, References, Value};

use crate::dotnet::{self, date_and_time, shortest, shortest_single, significant, span};

/// Text nested deeper than this is left out: a reference may go round in a circle.
const DEPTH: usize = 16;
/// A collection in a property shows so many items (`$FormatEnumerationLimit`).
const ITEMS: usize = 4;

/// A value in the document that it came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) value: &'a Value,
    pub(crate) references: &'a References<'a>,
}

/// A property's value: one that came, or one that PowerShell adds.
pub(crate) type Properties<'a> = Vec<(Cow<'a, str>, Cow<'a, Value>)>;

/// Whose properties come first: the object's own (tables, lists) or the added ones (CSV, JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    OwnFirst,
    AddedFirst,
}

/// What can be enumerated.
pub(crate) enum Items<'a> {
    List(&'a [Value]),
    Bytes(&'a [u8]),
    Dictionary(&'a [(Value, Value)]),
}

/// A value's text, as PowerShell's string conversion gives it.
#[must_use]
pub fn text(value: &Value) -> String {
    let references = References::new(value);
    Seen {
        value,
        references: &references,
    }
    .text()
}

impl<'a> Seen<'a> {
    pub(crate) fn with<'b>(self, value: &'b Value) -> Seen<'b>
    where
        'a: 'b,
    {
        Seen {
            value,
            references: self.references,
        }
    }

    pub(crate) fn object(self) -> Option<&'a Object> {
        self.references.object(self.value)
    }

    /// What is wrapped, however often; itself otherwise.
    pub(crate) fn base(self) -> Seen<'a> {
        let mut seen = self;
        for _ in 0..DEPTH {
            match seen.object() {
                Some(Object {
                    content: Content::Value(base),
                    ..
                }) => seen.value = base,
                _ => break,
            }
        }
        seen
    }

    pub(crate) fn is_null(self) -> bool {
        self.value.is_null()
    }

    /// The first type name, without the mark of deserialization.
    pub(crate) fn type_name(self) -> Cow<'a, str> {
        if let Some(object) = self.object() {
            let first = object.type_names.as_ref().and_then(|names| names.first());
            return match (first, &object.content) {
                (Some(name), _) => masked(name.to_string_lossy()),
                (None, Content::Value(_)) => self.base().type_name(),
                (None, _) => Cow::Borrowed("System.Management.Automation.PSCustomObject"),
            };
        }
        Cow::Borrowed(match self.value {
            Value::Bool(_) => "System.Boolean",
            Value::Char(_) => "System.Char",
            Value::Byte(_) => "System.Byte",
            Value::SByte(_) => "System.SByte",
            Value::UInt16(_) => "System.UInt16",
            Value::Int16(_) => "System.Int16",
            Value::UInt32(_) => "System.UInt32",
            Value::Int32(_) => "System.Int32",
            Value::UInt64(_) => "System.UInt64",
            Value::Int64(_) => "System.Int64",
            Value::Single(_) => "System.Single",
            Value::Double(_) => "System.Double",
            Value::Decimal(_) => "System.Decimal",
            Value::DateTime(_) => "System.DateTime",
            Value::TimeSpan(_) => "System.TimeSpan",
            Value::Guid(_) => "System.Guid",
            Value::Version(_) => "System.Version",
            Value::Bytes(_) => "System.Byte[]",
            Value::String(_) | Value::ScriptBlock(_) => "System.String",
            Value::Uri(_) => "System.Uri",
            Value::Xml(_) => "System.Xml.XmlDocument",
            Value::SecureString(_) => "System.Security.SecureString",
            Value::Progress(_) => "System.Management.Automation.ProgressRecord",
            Value::Null | Value::Object(_) | Value::Reference(_) | Value::MemberSet(_) | Value::Opaque(_) => "",
        })
    }

    /// Whether one of the type names is `name`.
    pub(crate) fn is_a(self, name: &str) -> bool {
        match self.object().and_then(|object| object.type_names.as_ref()) {
            Some(names) => names.names().iter().any(|own| masked(own.to_string_lossy()) == name),
            None => self.type_name() == name,
        }
    }

    /// An enum that came over the wire is its number and its name; PowerShell adds a property `Value` to it.
    fn is_enum(self) -> bool {
        self.object()
            .is_some_and(|object| matches!(object.content, Content::Value(_)))
            && self.is_a("System.Enum")
    }

    /// The types that print as their text wherever they stand.
    pub(crate) fn is_scalar(self) -> bool {
        matches!(
            self.type_name().as_ref(),
            "System.String"
                | "System.SByte"
                | "System.Byte"
                | "System.Int16"
                | "System.UInt16"
                | "System.Int32"
                | "System.UInt32"
                | "System.Int64"
                | "System.UInt64"
                | "System.Char"
                | "System.Single"
                | "System.Double"
                | "System.Boolean"
                | "System.Decimal"
                | "System.IntPtr"
                | "System.Security.SecureString"
                | "System.Numerics.BigInteger"
        )
    }

    pub(crate) fn items(self) -> Option<Items<'a>> {
        let base = self.base();
        match base.value {
            Value::Bytes(bytes) => Some(Items::Bytes(bytes)),
            _ => match &base.object()?.content {
                Content::List(_, items) => Some(Items::List(items)),
                Content::Dictionary(entries) => Some(Items::Dictionary(entries)),
                Content::Empty | Content::Value(_) => None,
            },
        }
    }

    pub(crate) fn properties(self, order: Order) -> Properties<'a> {
        let base = dotnet::members(self.base().value);
        let (own, added) = match self.object() {
            Some(object) => (
                object.adapted.as_deref().unwrap_or_default(),
                object.extended.as_deref().unwrap_or_default(),
            ),
            None => Default::default(),
        };
        let mut own: Properties<'a> = base
            .own
            .into_iter()
            .map(owned)
            .chain(own.iter().filter_map(borrowed))
            .collect();
        let mut extra: Properties<'a> = base
            .added
            .into_iter()
            .map(owned)
            .chain(added.iter().filter_map(borrowed))
            .collect();
        if self.is_enum() {
            extra.push((Cow::Borrowed("Value"), Cow::Owned(Value::from(self.text()))));
        }
        let (mut properties, rest) = match order {
            Order::OwnFirst => (std::mem::take(&mut own), extra),
            Order::AddedFirst => (std::mem::take(&mut extra), own),
        };
        properties.extend(rest);
        let mut names = HashSet::new();
        properties.retain(|(name, _)| names.insert(name.to_lowercase()));
        properties
    }

    pub(crate) fn property(self, name: &str) -> Option<Cow<'a, Value>> {
        let found = self
            .properties(Order::AddedFirst)
            .into_iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// PowerShell's conversion to a string.
    pub(crate) fn text(self) -> String {
        self.text_at(0, true)
    }

    fn text_at(self, depth: usize, unroll: bool) -> String {
        if depth > DEPTH {
            return String::new();
        }
        let Some(object) = self.object() else {
            return primitive(self.value);
        };
        if let Some(text) = &object.to_string {
            return text.to_string_lossy().into_owned();
        }
        match &object.content {
            Content::Value(base) => self.with(base).text_at(depth + 1, unroll),
            Content::List(_, items) if unroll => {
                let items = items.iter().map(|item| self.with(item).text_at(depth + 1, false));
                items.collect::<Vec<_>>().join(" ")
            }
            Content::List(..) => "System.Collections.ArrayList".to_owned(),
            Content::Dictionary(_) => "System.Collections.Hashtable".to_owned(),
            Content::Empty if unroll => {
                let properties = self.properties(Order::AddedFirst);
                let parts = properties.iter().map(|(name, value)| {
                    let value = Seen {
                        value: value.as_ref(),
                        references: self.references,
                    };
                    format!("{name}={}", value.text_at(depth + 1, false))
                });
                let parts: Vec<_> = parts.collect();
                if parts.is_empty() {
                    String::new()
                } else {
                    format!("@{{{}}}", parts.join("; "))
                }
            }
            Content::Empty => String::new(),
        }
    }

    /// The text of a property in a table or a list: collections in braces, numbers of a table with three decimals.
    pub(crate) fn shown(self, table: bool) -> String {
        let names: Vec<String> = match self.items() {
            None => return self.number_in(table).unwrap_or_else(|| self.text()),
            Some(Items::Bytes(bytes)) => bytes.iter().take(ITEMS + 1).map(ToString::to_string).collect(),
            Some(Items::List(items)) => items
                .iter()
                .take(ITEMS + 1)
                .map(|item| self.with(item).name())
                .collect(),
            Some(Items::Dictionary(entries)) => {
                let entries = entries.iter().take(ITEMS + 1);
                entries
                    .map(|(key, value)| format!("[{}, {}]", self.with(key).text(), self.with(value).text()))
                    .collect()
            }
        };
        let more = if names.len() > ITEMS { "…" } else { "" };
        format!("{{{}{more}}}", names[..names.len().min(ITEMS)].join(", "))
    }

    fn name(self) -> String {
        if self.is_null() {
            "$null".to_owned()
        } else {
            self.text()
        }
    }

    fn number_in(self, table: bool) -> Option<String> {
        match self.base().value {
            _ if !table => None,
            Value::Double(number) => Some(dotnet::fixed(*number)),
            Value::Single(number) => Some(dotnet::fixed(f64::from(*number))),
            Value::Decimal(number) => Some(dotnet::fixed_digits(&number.to_string())),
            _ => None,
        }
    }

    /// .NET's own text of a property's value, as CSV has it: numbers in full, collections by their type.
    pub(crate) fn raw_text(self) -> String {
        match self.value {
            Value::Double(number) => shortest(*number),
            Value::Single(number) => shortest_single(*number),
            Value::Bytes(_) => "System.Byte[]".to_owned(),
            Value::Xml(_) => "System.Xml.XmlDocument".to_owned(),
            _ => self.text(),
        }
    }
}

fn owned<'a>(property: Property) -> (Cow<'a, str>, Cow<'a, Value>) {
    (
        Cow::Owned(property.name.to_string_lossy().into_owned()),
        Cow::Owned(property.value),
    )
}

/// Member sets are no properties.
fn borrowed(property: &Property) -> Option<(Cow<'_, str>, Cow<'_, Value>)> {
    match property.value {
        Value::MemberSet(_) => None,
        _ => Some((property.name.to_string_lossy(), Cow::Borrowed(&property.value))),
    }
}

fn masked(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.strip_prefix("Deserialized.").unwrap_or(name)),
        Cow::Owned(name) => match name.strip_prefix("Deserialized.") {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => Cow::Owned(name),
        },
    }
}

fn primitive(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) | Value::Reference(_) | Value::MemberSet(_) => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::Byte(number) => number.to_string(),
        Value::SByte(number) => number.to_string(),
        Value::UInt16(number) => number.to_string(),
        Value::Int16(number) => number.to_string(),
        Value::UInt32(number) => number.to_string(),
        Value::Int32(number) => number.to_string(),
        Value::UInt64(number) => number.to_string(),
        Value::Int64(number) => number.to_string(),
        Value::Single(number) => significant(f64::from(*number), 7),
        Value::Double(number) => significant(*number, 15),
        Value::Decimal(number) => number.to_string(),
        Value::DateTime(date) => date_and_time(*date),
        Value::TimeSpan(duration) => span(*duration),
        Value::Guid(guid) => guid.hyphenated().to_string(),
        Value::Version(version) => version.to_string(),
        Value::Bytes(bytes) => bytes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Value::String(text) | Value::Uri(text) | Value::ScriptBlock(text) => text.to_string_lossy().into_owned(),
        Value::Xml(_) => "#document".to_owned(),
        Value::SecureString(_) => "System.Security.SecureString".to_owned(),
        Value::Progress(record) => record.activity.to_string_lossy().into_owned(),
        // What PowerShell refuses has no text; that there was something is better said than hidden.
        Value::Opaque(_) => "<unreadable>".to_owned(),
    }
}
