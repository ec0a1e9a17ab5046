//! .NET's own types: their text in en-US and the properties that PowerShell shows of them.

mod address;
mod number;
mod time;

pub(crate) use number::{fixed, fixed_digits, shortest, shortest_single, significant};
pub(crate) use time::{date_and_time, iso, minutes, span};

use clixml::{Property, Value, Version};

/// Properties of a .NET object: its own, and those that PowerShell adds to its type.
#[derive(Debug, Default)]
pub(crate) struct Members {
    pub(crate) own: Vec<Property>,
    pub(crate) added: Vec<Property>,
}

impl Members {
    fn own(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.own.push(Property::new(name, value));
        self
    }

    fn added(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.added.push(Property::new(name, value));
        self
    }
}

/// What PowerShell shows of a primitive value.
pub(crate) fn members(value: &Value) -> Members {
    let members = Members::default();
    match value {
        Value::String(text) | Value::ScriptBlock(text) => members.own("Length", length(text.to_utf16().len())),
        Value::DateTime(date) => time::date_members(*date),
        Value::TimeSpan(span) => time::span_members(*span),
        Value::Guid(guid) => guid_members(guid.as_bytes(), guid.hyphenated().to_string()),
        Value::Version(version) => version_members(*version),
        Value::Uri(text) => address::members(&text.to_string_lossy()),
        Value::Xml(text) => match root(&text.to_string_lossy()) {
            Some(name) => members.own(&name, name.as_str()),
            None => members,
        },
        _ => members,
    }
}

pub(crate) fn length(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn guid_members(bytes: &[u8; 16], text: String) -> Members {
    Members::default()
        .own("Variant", i32::from(bytes[8] >> 4))
        .own("Version", i32::from(bytes[6] >> 4))
        .added("Guid", text)
}

fn version_members(version: Version) -> Members {
    let revision = version.revision().unwrap_or(-1);
    #[allow(clippy::cast_possible_truncation)]
    let low = i32::from(revision as i16);
    Members::default()
        .own("Major", version.major())
        .own("Minor", version.minor())
        .own("Build", version.build().unwrap_or(-1))
        .own("Revision", revision)
        .own("MajorRevision", revision >> 16)
        .own("MinorRevision", low)
}

/// The name of an XML document's root element.
fn root(xml: &str) -> Option<String> {
    let start = xml.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!']))?;
    let name: String = start
        .chars()
        .take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/'))
        .collect();
    (!name.is_empty()).then_some(name)
}
