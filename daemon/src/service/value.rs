//! PowerShell values in the contract's schema, for callers who read no CLIXML; and back, for arguments and input.

use std::cell::Cell;

use clixml::{Content, Object, References, Value, Zone};
use proto::v1;
use proto::v1::value::Kind;

/// Deeper than this a value is shown as its text only.
const DEPTH: usize = 64;

/// References that are followed within one value.
const REFERENCES: usize = 4096;

/// 100 ns ticks in a second.
const TICKS: i64 = 10_000_000;

/// A value of the contract's as PowerShell's.
pub(super) fn to_clixml(value: v1::Value) -> Result<Value, String> {
    if !value.clixml.is_empty() {
        return psrp::body::read_object(&value.clixml).map_err(|error| error.to_string());
    }
    Ok(match value.kind {
        None | Some(Kind::Null(_)) => Value::Null,
        Some(Kind::String(text)) => text.as_str().into(),
        Some(Kind::Bool(bool)) => Value::Bool(bool),
        Some(Kind::Int(number)) => i32::try_from(number).map_or(Value::Int64(number), Value::Int32),
        Some(Kind::Uint(number)) => Value::UInt64(number),
        Some(Kind::Double(number)) => Value::Double(number),
        Some(Kind::Decimal(text)) => {
            Value::Decimal(text.parse().map_err(|_| format!("{text:?} is no decimal number"))?)
        }
        Some(Kind::Timestamp(at)) => {
            let ticks = at
                .seconds
                .checked_mul(TICKS)
                .and_then(|ticks| ticks.checked_add(i64::from(at.nanos) / 100));
            let time = ticks
                .and_then(clixml::DateTime::from_unix_ticks)
                .ok_or("the timestamp is out of range")?;
            Value::DateTime(time)
        }
        Some(Kind::Duration(span)) => {
            let ticks = span
                .seconds
                .checked_mul(TICKS)
                .and_then(|ticks| ticks.checked_add(i64::from(span.nanos) / 100));
            Value::TimeSpan(clixml::TimeSpan::from_ticks(
                ticks.ok_or("the duration is out of range")?,
            ))
        }
        Some(Kind::Bytes(bytes)) => Value::Bytes(bytes.into()),
        Some(Kind::Guid(text)) => {
            Value::Guid(uuid::Uuid::parse_str(&text).map_err(|_| format!("{text:?} is no GUID"))?)
        }
        Some(Kind::List(list)) => Value::array(list.items.into_iter().map(to_clixml).collect::<Result<Vec<_>, _>>()?),
        Some(Kind::Dictionary(dictionary)) => {
            let entries = dictionary.entries.into_iter().map(|entry| {
                Ok((
                    to_clixml(entry.key.unwrap_or_default())?,
                    to_clixml(entry.value.unwrap_or_default())?,
                ))
            });
            Value::dictionary(entries.collect::<Result<Vec<_>, String>>()?)
        }
        Some(Kind::Object(object)) => {
            let mut made = Object::custom();
            for property in object.properties {
                made = made.extended(property.name, to_clixml(property.value.unwrap_or_default())?);
            }
            made.into()
        }
        Some(Kind::SecureString(_)) => return Err("a secure string cannot be sent as a value".to_owned()),
    })
}

/// A PowerShell value in the contract's schema. `clixml` is set where that cannot hold all of it.
pub(super) fn of_clixml(value: &Value) -> v1::Value {
    Converter {
        references: References::new(value),
        left: Cell::new(REFERENCES),
    }
    .convert(value, 0)
}

/// Follows references on the way, so that nobody need know what they are.
struct Converter<'v> {
    references: References<'v>,
    /// How many more references are followed: an object that holds itself has no end.
    left: Cell<usize>,
}

impl<'v> Converter<'v> {
    fn convert(&self, value: &'v Value, depth: usize) -> v1::Value {
        let plain = |kind: Kind| v1::Value {
            kind: Some(kind),
            ..v1::Value::default()
        };
        let typed = |kind: Kind, name: &str| v1::Value {
            kind: Some(kind),
            r#type: name.to_owned(),
            ..v1::Value::default()
        };
        match value {
            Value::Null => plain(Kind::Null(true)),
            Value::Bool(bool) => plain(Kind::Bool(*bool)),
            Value::Char(unit) => match char::from_u32(u32::from(*unit)) {
                Some(char) => typed(Kind::String(char.to_string()), "System.Char"),
                None => with_clixml(
                    typed(Kind::String(char::REPLACEMENT_CHARACTER.to_string()), "System.Char"),
                    value,
                ),
            },
            Value::Byte(number) => typed(Kind::Uint(u64::from(*number)), "System.Byte"),
            Value::SByte(number) => typed(Kind::Int(i64::from(*number)), "System.SByte"),
            Value::UInt16(number) => typed(Kind::Uint(u64::from(*number)), "System.UInt16"),
            Value::Int16(number) => typed(Kind::Int(i64::from(*number)), "System.Int16"),
            Value::UInt32(number) => typed(Kind::Uint(u64::from(*number)), "System.UInt32"),
            Value::Int32(number) => typed(Kind::Int(i64::from(*number)), "System.Int32"),
            Value::UInt64(number) => typed(Kind::Uint(*number), "System.UInt64"),
            Value::Int64(number) => typed(Kind::Int(*number), "System.Int64"),
            Value::Single(number) => typed(Kind::Double(f64::from(*number)), "System.Single"),
            Value::Double(number) => plain(Kind::Double(*number)),
            Value::Decimal(number) => plain(Kind::Decimal(number.to_string())),
            Value::DateTime(time) => date_time(*time, value),
            Value::TimeSpan(span) => plain(Kind::Duration(prost_types::Duration {
                seconds: span.ticks() / TICKS,
                nanos: i32::try_from(span.ticks() % TICKS * 100).unwrap_or(0),
            })),
            Value::Guid(guid) => plain(Kind::Guid(guid.to_string())),
            Value::Version(version) => typed(Kind::String(version.to_string()), "System.Version"),
            Value::Bytes(bytes) => plain(Kind::Bytes(bytes.to_vec())),
            Value::String(text) => string(text, "", value),
            Value::Uri(text) => string(text, "System.Uri", value),
            Value::ScriptBlock(text) => string(text, "System.Management.Automation.ScriptBlock", value),
            Value::Xml(text) => string(text, "System.Xml.XmlDocument", value),
            Value::SecureString(_) => plain(Kind::SecureString(true)),
            Value::Object(object) if depth < DEPTH => self.of_object(object, value, depth),
            Value::Reference(id) if depth < DEPTH && self.left.get() > 0 => match self.references.get(id) {
                Some(object) => {
                    self.left.set(self.left.get() - 1);
                    self.of_object(object, value, depth + 1)
                }
                None => with_clixml(v1::Value::default(), value),
            },
            // Progress, references and what PowerShell would refuse: the schema has no word for them.
            other => with_clixml(v1::Value::default(), other),
        }
    }

    fn of_object(&self, object: &'v Object, value: &Value, depth: usize) -> v1::Value {
        let type_names: Vec<String> = object
            .type_names
            .as_ref()
            .map(|names| {
                names
                    .names()
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect()
            })
            .unwrap_or_default();
        let items = |items: &'v [Value]| v1::List {
            items: items.iter().map(|item| self.convert(item, depth + 1)).collect(),
        };
        let base = match &object.content {
            Content::Empty => None,
            Content::Value(value) => Some(self.convert(value, depth + 1)),
            Content::List(_, list) => Some(v1::Value {
                kind: Some(Kind::List(items(list))),
                ..v1::Value::default()
            }),
            Content::Dictionary(entries) => {
                let entries = entries.iter().map(|(key, value)| v1::dictionary::Entry {
                    key: Some(self.convert(key, depth + 1)),
                    value: Some(self.convert(value, depth + 1)),
                });
                let dictionary = v1::Dictionary {
                    entries: entries.collect(),
                };
                Some(v1::Value {
                    kind: Some(Kind::Dictionary(dictionary)),
                    ..v1::Value::default()
                })
            }
        };
        let bare = object.adapted.is_none() && object.extended.is_none();
        // A list or a dictionary and nothing else is shown as that.
        if bare
            && let Some(mut base) = base.clone()
            && matches!(base.kind, Some(Kind::List(_) | Kind::Dictionary(_)))
        {
            base.r#type = type_names.into_iter().next().unwrap_or_default();
            return complete(base, object, value);
        }
        let property = |adapted: bool| {
            move |property: &'v clixml::Property| v1::object::Property {
                name: property.name.to_string_lossy().into_owned(),
                value: Some(self.convert(&property.value, depth + 1)),
                adapted,
            }
        };
        let adapted = object.adapted.iter().flatten().map(property(true));
        let extended = object.extended.iter().flatten().map(property(false));
        let made = v1::Object {
            properties: adapted.chain(extended).collect(),
            to_string: object
                .to_string
                .as_ref()
                .map(|text| text.to_string_lossy().into_owned())
                .unwrap_or_default(),
            base: base.map(Box::new),
            r#type_names: type_names.clone(),
        };
        let made = v1::Value {
            kind: Some(Kind::Object(Box::new(made))),
            r#type: type_names.into_iter().next().unwrap_or_default(),
            ..v1::Value::default()
        };
        complete(made, object, value)
    }
}

fn with_clixml(mut made: v1::Value, value: &Value) -> v1::Value {
    made.clixml = clixml::write(value).into();
    made
}

/// A string with a lone surrogate is not UTF-8: its CLIXML says what it is.
fn string(text: &clixml::Text, name: &str, value: &Value) -> v1::Value {
    let made = v1::Value {
        kind: Some(Kind::String(text.to_string_lossy().into_owned())),
        r#type: name.to_owned(),
        ..v1::Value::default()
    };
    if text.as_str().is_some() {
        made
    } else {
        with_clixml(made, value)
    }
}

/// The instant in UTC; a time that names no zone, or another, keeps its spelling in CLIXML.
fn date_time(time: clixml::DateTime, value: &Value) -> v1::Value {
    let ticks = time.unix_ticks();
    let timestamp = prost_types::Timestamp {
        seconds: ticks.div_euclid(TICKS),
        nanos: i32::try_from(ticks.rem_euclid(TICKS) * 100).unwrap_or(0),
    };
    let made = v1::Value {
        kind: Some(Kind::Timestamp(timestamp)),
        ..v1::Value::default()
    };
    if time.zone() == Zone::Utc {
        made
    } else {
        with_clixml(made, value)
    }
}

/// Parts that PowerShell refuses or forgets are in the CLIXML only.
fn complete(made: v1::Value, object: &Object, value: &Value) -> v1::Value {
    if object.opaque.is_empty() {
        made
    } else {
        with_clixml(made, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: Value) {
        assert_eq!(to_clixml(of_clixml(&value)).unwrap(), value, "{value:?}");
    }

    #[test]
    fn plain_values_survive_both_ways() {
        there_and_back(Value::Null);
        there_and_back("text".into());
        there_and_back(Value::Bool(true));
        there_and_back(Value::Int32(-5));
        there_and_back(Value::Double(0.5));
        there_and_back(Value::Guid(uuid::Uuid::from_u128(7)));
        there_and_back(Value::Bytes([1, 2].into()));
        there_and_back(Value::Decimal("12.50".parse().unwrap()));
        there_and_back(Value::TimeSpan(clixml::TimeSpan::from_ticks(-15_000_000)));
    }

    #[test]
    fn what_the_schema_cannot_hold_comes_as_clixml_too() {
        let lone = Value::String(clixml::Text::from_utf16(&[0xd800]));
        let made = of_clixml(&lone);
        assert!(!made.clixml.is_empty());
        assert_eq!(to_clixml(made).unwrap(), lone);
    }

    #[test]
    fn an_object_keeps_names_types_and_order() {
        let value: Value = Object::new()
            .with_types(["Deserialized.User", "System.Object"])
            .with_text("Ken")
            .adapted("Name", "Ken")
            .extended("Age", 42)
            .into();
        let made = of_clixml(&value);
        assert_eq!(made.r#type, "Deserialized.User");
        let Some(Kind::Object(object)) = made.kind else {
            panic!("an object")
        };
        let names: Vec<_> = object
            .properties
            .iter()
            .map(|one| (one.name.as_str(), one.adapted))
            .collect();
        assert_eq!(names, [("Name", true), ("Age", false)]);
        assert_eq!(object.to_string, "Ken");
    }
}
