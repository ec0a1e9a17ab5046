//! Values of a table, read as what they must be.

use std::time::Duration;

use serde_json::{Map, Value};

use super::OptionError;
use crate::Address;

/// The entries of a table whose names are known, each taken once.
pub(super) struct Table<'a> {
    entries: Vec<(&'a str, &'static str, &'a Value)>,
}

/// A name without what spellings differ in: `-IdleTimeout`, `idle_timeout` and `IDLETIMEOUT` are one.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

impl<'a> Table<'a> {
    /// Reads names. `known` pairs what may be written with the name that it stands for.
    pub(super) fn read(
        name: &str,
        value: &'a Value,
        of: &'static str,
        known: &[(&'static str, &'static str)],
    ) -> Result<Self, OptionError> {
        let table: &Map<String, Value> = value.as_object().ok_or_else(|| OptionError::NoTable {
            name: name.to_owned(),
            found: kind(value),
        })?;
        let mut entries: Vec<(&str, &'static str, &Value)> = Vec::new();
        for (written, value) in table {
            let wanted = folded(written);
            let Some((_, canonical)) = known.iter().find(|(spelling, _)| folded(spelling) == wanted) else {
                return Err(OptionError::Unknown {
                    name: written.clone(),
                    of,
                    like: like(&wanted, known),
                });
            };
            if entries.iter().any(|(_, other, _)| other == canonical) {
                return Err(OptionError::Twice((*canonical).to_owned()));
            }
            // As in PowerShell, $null is as good as not given.
            if !value.is_null() {
                entries.push((written, canonical, value));
            }
        }
        Ok(Self { entries })
    }

    /// The value of that canonical name, and the name as written.
    pub(super) fn get(&self, canonical: &str) -> Option<(&'a str, &'a Value)> {
        self.entries
            .iter()
            .find(|(_, name, _)| *name == canonical)
            .map(|&(written, _, value)| (written, value))
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, OptionError> {
        let Some((written, value)) = self.get(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| OptionError::Type {
            name: written.to_owned(),
            wanted,
            found: shown(value),
        })
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>, OptionError> {
        let text = |value: &Value| {
            value
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        self.typed(name, "a text", text)
    }

    /// A switch: true where it is there without saying false.
    pub(super) fn switch(&self, name: &str) -> Result<Option<bool>, OptionError> {
        self.typed(name, "true or false", |value| match value {
            Value::Bool(set) => Some(*set),
            Value::String(text) => match text.trim_start_matches('$').to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, OptionError> {
        self.typed(name, "a whole number, 0 or more", Value::as_u64)
    }

    pub(super) fn small(&self, name: &str) -> Result<Option<u32>, OptionError> {
        self.typed(name, "a whole number, 0 or more", |value| {
            u32::try_from(value.as_u64()?).ok()
        })
    }

    /// A time: milliseconds as New-PSSessionOption takes them, `0:15:00` as a TimeSpan is written, or `15m`.
    pub(super) fn time(&self, name: &str) -> Result<Option<Time>, OptionError> {
        self.typed(
            name,
            "milliseconds, hh:mm:ss or a time such as 15m",
            |value| match value {
                Value::Number(number) => match number.as_i64()? {
                    -1 => Some(Time::Default),
                    0 => Some(Time::Unlimited),
                    milliseconds => Some(Time::Is(Duration::from_millis(u64::try_from(milliseconds).ok()?))),
                },
                Value::String(text) => span(text.trim()),
                _ => None,
            },
        )
    }

    pub(super) fn uri(&self, name: &str) -> Result<Option<String>, OptionError> {
        let Some(uri) = self.text(name)? else {
            return Ok(None);
        };
        match Address::parse(&uri) {
            Ok(_) => Ok(Some(uri)),
            Err(_) => Err(OptionError::Type {
                name: name.to_owned(),
                wanted: "an address that begins with https:// or http://, without a user name",
                found: format!("{uri:?}"),
            }),
        }
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        wanted: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, OptionError> {
        self.typed(name, wanted, |value| {
            let text = value.as_str()?.trim();
            words
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text))
                .map(|&(_, found)| found)
        })
    }

    /// A culture's name (BCP 47 as .NET writes it): letters, digits and hyphens.
    pub(super) fn culture(&self, name: &str) -> Result<Option<String>, OptionError> {
        self.typed(name, "a culture's name such as fr-FR", |value| {
            let text = value.as_str()?.trim();
            let fits = (2..=35).contains(&text.len())
                && text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text
                    .split('-')
                    .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
            fits.then(|| text.to_owned())
        })
    }
}

/// A time that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// As -1 says: the server's own.
    Default,
    /// As 0 says: for ever.
    Unlimited,
    Is(Duration),
}

fn span(text: &str) -> Option<Time> {
    if let Some((number, unit)) = text.find(|c: char| c.is_ascii_alphabetic()).map(|at| text.split_at(at)) {
        let number: u64 = number.trim().parse().ok()?;
        let unit = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        return Some(Time::Is(Duration::from_millis(number.checked_mul(unit)?)));
    }
    // [days.]hours:minutes[:seconds[.fraction]], as TimeSpan reads it.
    let mut parts = text.split(':');
    let (first, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let whole = |text: &str, below: u64| text.parse::<u64>().ok().filter(|number| *number < below);
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let minutes = whole(days, 25_000)? * 1440 + whole(hours, 24)? * 60 + whole(minutes, 60)?;
    let nanoseconds = match fraction {
        "" => 0,
        digits if digits.len() <= 7 => whole(digits, 10_000_000)? * 10_u64.pow(9 - u32::try_from(digits.len()).ok()?),
        _ => return None,
    };
    Some(Time::Is(
        Duration::from_secs(minutes * 60 + whole(seconds, 60)?) + Duration::from_nanos(nanoseconds),
    ))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// The value as an error shows it: never a long one.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Bool(set) => set.to_string(),
        Value::String(text) if text.chars().count() <= 40 => format!("{text:?}"),
        other => kind(other).to_owned(),
    }
}

/// The known name that is most like `wanted`, if any is.
fn like(wanted: &str, known: &[(&'static str, &'static str)]) -> Option<&'static str> {
    known
        .iter()
        .map(|(spelling, canonical)| (distance(wanted, &folded(spelling)), *canonical))
        .filter(|(distance, canonical)| *distance <= 1 + canonical.len() / 6)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, canonical)| canonical)
}

/// Levenshtein's.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], at + 1);
        for (to, b) in other.bytes().enumerate() {
            let best = (corner + usize::from(a != b)).min(row[to] + 1).min(row[to + 1] + 1);
            corner = std::mem::replace(&mut row[to + 1], best);
        }
    }
    row[other.len()]
}
