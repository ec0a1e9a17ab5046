//! Values as JSON, as `ConvertTo-Json -Compress` makes it.

use clixml::{References, Value};

use crate::dotnet::{self, iso, shortest, shortest_single};
use crate::seen::{Items, Order, Seen};

/// Deeper than this nothing is taken apart, whatever is asked for; PowerShell's limit is the same.
const DEPTH: usize = 100;
/// So many values are written at most: references can make a small document stand for an endless one.
const VALUES: usize = 10_000_000;

/// One value as JSON on one line. What is nested deeper than `depth` becomes its text, as in PowerShell; so does an
/// object within itself.
#[must_use]
pub fn json(value: &Value, depth: usize) -> String {
    let references = References::new(value);
    let mut writer = Writer {
        text: String::new(),
        path: Vec::new(),
        left: VALUES,
    };
    writer.value(
        Seen {
            value,
            references: &references,
        },
        Some(depth.min(DEPTH)),
    );
    writer.text
}

struct Writer {
    text: String,
    /// The objects that are being written, by address.
    path: Vec<usize>,
    left: usize,
}

impl Writer {
    /// `depth` is how many levels more are written as they are; `None` is one level too deep.
    fn value(&mut self, seen: Seen<'_>, depth: Option<usize>) {
        self.left = self.left.saturating_sub(1);
        if let Some(literal) = literal(seen.value) {
            self.text.push_str(&literal);
            return;
        }
        let base = seen.base();
        if let Some(literal) = literal(base.value) {
            return self.noted(seen, base, &literal, depth);
        }
        let address = seen.object().map_or(0, |object| std::ptr::from_ref(object).addr());
        let within_itself = address != 0 && self.path.contains(&address);
        let Some(depth) = depth.filter(|_| self.left > 0 && !within_itself) else {
            self.text.push_str(&string(&seen.text()));
            return;
        };
        self.path.push(address);
        self.collection(seen, depth.checked_sub(1));
        self.path.pop();
    }

    /// A primitive with properties of its own is an object of both.
    fn noted(&mut self, seen: Seen<'_>, base: Seen<'_>, literal: &str, depth: Option<usize>) {
        let own = dotnet::members(base.value).own;
        let mut notes = seen.properties(Order::AddedFirst);
        notes.retain(|(name, _)| !own.iter().any(|own| own.name.eq_ignore_case(name)));
        if notes.is_empty() {
            self.text.push_str(literal);
            return;
        }
        self.text.push_str("{\"value\":");
        self.text.push_str(literal);
        for (name, value) in &notes {
            self.text.push(',');
            self.member(
                name,
                Seen {
                    value: value.as_ref(),
                    references: seen.references,
                },
                depth,
            );
        }
        self.text.push('}');
    }

    fn collection(&mut self, seen: Seen<'_>, deeper: Option<usize>) {
        match seen.items() {
            Some(Items::Bytes(bytes)) => {
                let numbers: Vec<String> = bytes.iter().map(ToString::to_string).collect();
                self.text.push_str(&format!("[{}]", numbers.join(",")));
            }
            Some(Items::List(items)) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    self.comma(at);
                    self.value(seen.with(item), deeper);
                }
                self.text.push(']');
            }
            Some(Items::Dictionary(entries)) => {
                self.text.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.comma(at);
                    self.member(&seen.with(key).text(), seen.with(value), deeper);
                }
                self.text.push('}');
            }
            None => {
                self.text.push('{');
                for (at, (name, value)) in seen.properties(Order::AddedFirst).iter().enumerate() {
                    self.comma(at);
                    self.member(
                        name,
                        Seen {
                            value: value.as_ref(),
                            references: seen.references,
                        },
                        deeper,
                    );
                }
                self.text.push('}');
            }
        }
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.text.push(',');
        }
    }

    fn member(&mut self, name: &str, value: Seen<'_>, depth: Option<usize>) {
        self.text.push_str(&string(name));
        self.text.push(':');
        self.value(value, depth);
    }
}

/// What JSON has in one piece.
fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Byte(number) => number.to_string(),
        Value::SByte(number) => number.to_string(),
        Value::UInt16(number) => number.to_string(),
        Value::Int16(number) => number.to_string(),
        Value::UInt32(number) => number.to_string(),
        Value::Int32(number) => number.to_string(),
        Value::UInt64(number) => number.to_string(),
        Value::Int64(number) => number.to_string(),
        Value::Single(number) if number.is_finite() => pointed(shortest_single(*number)),
        Value::Double(number) if number.is_finite() => pointed(shortest(*number)),
        Value::Single(number) => not_a_number(f64::from(*number)),
        Value::Double(number) => not_a_number(*number),
        Value::Decimal(number) => pointed(number.to_string()),
        Value::DateTime(date) => string(&iso(*date)),
        Value::Char(unit) => string(&String::from_utf16_lossy(&[*unit])),
        Value::String(text) | Value::ScriptBlock(text) | Value::Uri(text) | Value::Xml(text) => {
            string(&text.to_string_lossy())
        }
        Value::Guid(guid) => string(&guid.hyphenated().to_string()),
        Value::SecureString(_) => string("System.Security.SecureString"),
        Value::Opaque(_) | Value::Progress(_) | Value::MemberSet(_) => string(&crate::text(value)),
        Value::TimeSpan(_) | Value::Version(_) | Value::Bytes(_) | Value::Object(_) | Value::Reference(_) => {
            return None;
        }
    })
}

/// A number of a type with decimals shows one.
fn pointed(digits: String) -> String {
    if digits.contains(['.', 'E']) {
        digits
    } else {
        digits + ".0"
    }
}

fn not_a_number(number: f64) -> String {
    let name = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    string(name)
}

fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
