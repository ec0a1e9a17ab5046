//! Values that are no objects: their text, and what it means.

use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;

use super::parser::{Content, Fault, Node, Parser};
use super::reference::attribute_text;
use super::start::Start;
use super::tag::Leaf;
use crate::scalar::{is_uri, read_double, read_single};
use crate::{Progress, RefId, Refusal, Text, Value};

/// As .NET decodes it: padding is needed, what its last bits hold is not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

impl<'t> Parser<'t, '_> {
    /// Puts the value of a leaf whose start was read into its place: moving it there would cost more than making it.
    pub(super) fn leaf(&mut self, start: &Start<'t>, leaf: Leaf, place: &mut Value) -> Result<(), Fault> {
        match leaf {
            Leaf::Null => {
                self.skip(start)?;
                *place = Value::Null;
            }
            Leaf::Reference => *place = self.reference(start)?,
            Leaf::Progress => *place = self.progress(start)?,
            _ => {
                let put = match self.content(start)? {
                    Ok(content) => scalar(leaf, &content, place),
                    Err(refusal) => Err(refusal),
                };
                if let Err(refusal) = put {
                    *place = self.refused(start, refusal);
                }
            }
        }
        Ok(())
    }

    fn reference(&mut self, start: &Start<'t>) -> Result<Value, Fault> {
        self.skip(start)?;
        let id = start
            .id
            .and_then(|raw| attribute_text(raw).ok())
            .map(|id| RefId::new(&id));
        Ok(match id.filter(|id| self.state.objects.get(id).is_some()) {
            Some(id) => Value::Reference(id),
            None => self.refused(start, Refusal::DanglingReference),
        })
    }

    fn progress(&mut self, start: &Start<'t>) -> Result<Value, Fault> {
        let mut parts = Parts::default();
        let mut place = 0;
        let mut refusal = None;
        while let Some(node) = self.child(start)? {
            let Node::Element(part) = node else {
                refusal = Some(Refusal::StrayText);
                continue;
            };
            if refusal.is_none()
                && !part.foreign
                && PARTS
                    .get(place)
                    .is_some_and(|name| name.is_none_or(|name| name == part.local()))
            {
                if PARTS[place].is_some() {
                    match self.content(&part)? {
                        Ok(content) => parts.texts.push(content.decoded()),
                        Err(why) => refusal = Some(why),
                    }
                } else {
                    parts.operation = self.value(&part)?;
                }
                place += 1;
            } else {
                self.skip(&part)?;
                refusal = refusal.or(Some(Refusal::Malformed));
            }
        }
        let record = if refusal.is_none() { parts.record() } else { None };
        Ok(match record {
            Some(record) => Value::from(record),
            None => self.refused(start, refusal.unwrap_or(Refusal::Malformed)),
        })
    }
}

/// The parts of a progress record in order; the one without a tag of its own is any value.
const PARTS: [Option<&str>; 8] = [
    Some("AV"),
    Some("AI"),
    None,
    Some("PI"),
    Some("PC"),
    Some("T"),
    Some("SR"),
    Some("SD"),
];

#[derive(Default)]
struct Parts {
    texts: Vec<Text>,
    operation: Value,
}

impl Parts {
    fn record(self) -> Option<Progress> {
        let [activity, id, parent, percent, kind, seconds, status] = <[Text; 7]>::try_from(self.texts).ok()?;
        let number = |text: &Text| text.as_str().and_then(|text| integer::<i32>(text.trim_ascii()).ok());
        Some(Progress {
            activity,
            activity_id: number(&id)?,
            current_operation: self.operation,
            parent_activity_id: number(&parent)?,
            percent_complete: number(&percent)?,
            kind,
            seconds_remaining: number(&seconds)?,
            status_description: status,
        })
    }
}

fn scalar(leaf: Leaf, content: &Content<'_>, place: &mut Value) -> Result<(), Refusal> {
    let trimmed = content.text.trim_ascii();
    match leaf {
        Leaf::String => *place = Value::String(content.decoded()),
        Leaf::Int32 => *place = Value::Int32(integer(trimmed)?),
        Leaf::Int64 => *place = Value::Int64(integer(trimmed)?),
        Leaf::UInt32 => *place = Value::UInt32(integer(trimmed)?),
        Leaf::UInt64 => *place = Value::UInt64(integer(trimmed)?),
        Leaf::UInt16 => *place = Value::UInt16(integer(trimmed)?),
        Leaf::Int16 => *place = Value::Int16(integer(trimmed)?),
        Leaf::Byte => *place = Value::Byte(integer(trimmed)?),
        Leaf::SByte => *place = Value::SByte(integer(trimmed)?),
        Leaf::Char => *place = Value::Char(integer(trimmed)?),
        Leaf::Bool => match trimmed {
            "true" | "1" => *place = Value::Bool(true),
            "false" | "0" => *place = Value::Bool(false),
            _ => return Err(Refusal::Malformed),
        },
        Leaf::Single => *place = Value::Single(read_single(trimmed).ok_or(Refusal::Malformed)?),
        Leaf::Double => *place = Value::Double(read_double(trimmed).ok_or(Refusal::Malformed)?),
        Leaf::Decimal => *place = Value::Decimal(trimmed.parse()?),
        Leaf::DateTime => *place = Value::DateTime(trimmed.parse()?),
        Leaf::TimeSpan => *place = Value::TimeSpan(trimmed.parse()?),
        Leaf::Version => *place = Value::Version(trimmed.parse()?),
        Leaf::Guid => *place = Value::Guid(guid(trimmed)?),
        Leaf::Bytes => *place = Value::Bytes(bytes(&content.text)?),
        Leaf::Uri => {
            let text = content.decoded();
            if !text.as_str().is_none_or(is_uri) {
                return Err(Refusal::Malformed);
            }
            *place = Value::Uri(text);
        }
        Leaf::ScriptBlock => *place = Value::ScriptBlock(content.decoded()),
        Leaf::Xml => *place = Value::Xml(content.decoded()),
        Leaf::SecureString if is_secret(trimmed) => *place = Value::SecureString(Text::from(trimmed)),
        Leaf::SecureString => return Err(Refusal::Malformed),
        Leaf::Null | Leaf::Reference | Leaf::Progress => {
            debug_assert!(false, "{leaf:?} is read elsewhere");
            return Err(Refusal::Malformed);
        }
    }
    Ok(())
}

fn integer<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().or_else(|_| {
        // .NET reads a negative zero also where there are no negative numbers.
        let zero = text
            .strip_prefix('-')
            .is_some_and(|zero| !zero.is_empty() && zero.bytes().all(|digit| digit == b'0'));
        if zero {
            "0".parse().map_err(|_| Refusal::Malformed)
        } else {
            Err(Refusal::Malformed)
        }
    })
}

/// With hyphens, bare, in braces or in parentheses.
fn guid(text: &str) -> Result<Uuid, Refusal> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .filter(|text| text.contains('-'));
    let text = inner.unwrap_or(text);
    if text.starts_with(['u', 'U']) {
        return Err(Refusal::Malformed);
    }
    Uuid::try_parse(text).map_err(|_| Refusal::Malformed)
}

fn bytes(content: &str) -> Result<Box<[u8]>, Refusal> {
    let decoded = if content.bytes().any(|byte| byte.is_ascii_whitespace()) {
        BASE64.decode(
            content
                .bytes()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect::<Vec<_>>(),
        )
    } else {
        BASE64.decode(content)
    };
    decoded.map(Vec::into_boxed_slice).map_err(|_| Refusal::Malformed)
}

/// What stands for a SecureString: base64 in remoting (of ciphertext, from protocol 2.4 on of the text itself), hex in
/// files. Which of them is right where, only the session knows.
fn is_secret(text: &str) -> bool {
    let hex = text.len() >= 4 && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex || bytes(text).is_ok_and(|bytes| !bytes.is_empty())
}
