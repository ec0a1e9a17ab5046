//! A TOML document whose every complaint knows its line. Keys are taken one by one; what nobody took is unknown.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// The parsed text.
#[derive(Debug)]
pub(super) struct Document<'a> {
    file: &'a Path,
    text: &'a str,
    root: DeTable<'a>,
}

/// The keys of one table of it.
#[derive(Debug, Clone)]
pub(super) struct Keys<'a> {
    document: &'a Document<'a>,
    /// `profile.sfb`, empty for the document itself.
    path: String,
    /// Where the table begins.
    start: usize,
    table: &'a DeTable<'a>,
    taken: RefCell<Vec<String>>,
}

/// A value and where it stands.
type Found<T> = Option<(T, Range<usize>)>;

impl<'a> Document<'a> {
    pub(super) fn parse(file: &'a Path, text: &'a str) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(root) => Ok(Self {
                file,
                text,
                root: root.into_inner(),
            }),
            Err(error) => Err(ConfigError::Mistake {
                file: file.to_path_buf(),
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                key: String::new(),
                message: error.message().replace('\n', "; "),
            }),
        }
    }

    pub(super) fn keys(&'a self) -> Keys<'a> {
        Keys {
            document: self,
            path: String::new(),
            start: 0,
            table: &self.root,
            taken: RefCell::default(),
        }
    }

    pub(super) fn error(&self, at: usize, key: &str, message: String) -> ConfigError {
        ConfigError::Mistake {
            file: self.file.to_path_buf(),
            line: line_of(self.text, at),
            key: key.to_owned(),
            message,
        }
    }
}

impl<'a> Keys<'a> {
    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// A path of the user's: where it is relative, to the folder of the file.
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.document
            .file
            .parent()
            .map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
    }

    /// A complaint about a key of this table.
    pub(super) fn error(&self, at: &Range<usize>, key: &str, message: String) -> ConfigError {
        self.document.error(at.start, &self.name(key), message)
    }

    /// A complaint about the table as a whole.
    pub(super) fn missing(&self, message: String) -> ConfigError {
        self.document.error(self.start, &self.path, message)
    }

    fn take(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.taken.borrow_mut().push(key.to_owned());
        self.table.get(key)
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, expected: &str) -> ConfigError {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(&value.span(), key, format!("expected {expected}, found {found}"))
    }

    pub(super) fn string(&self, key: &str) -> Result<Found<String>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                Err(self.error(&value.span(), key, "must not be empty".to_owned()))
            }
            DeValue::String(text) => Ok(Some((text.to_string(), value.span()))),
            _ => Err(self.wrong(value, key, "text in quotes")),
        }
    }

    pub(super) fn boolean(&self, key: &str) -> Result<bool, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(false) };
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong(value, key, "true or false"))
    }

    pub(super) fn integer(&self, key: &str, allowed: RangeInclusive<u32>) -> Result<Option<u32>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let DeValue::Integer(digits) = value.get_ref() else {
            return Err(self.wrong(value, key, "a number"));
        };
        u32::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .filter(|number| allowed.contains(number))
            .map(Some)
            .ok_or_else(|| {
                let allowed = match (allowed.start(), allowed.end()) {
                    (only, end) if only == end => only.to_string(),
                    (start, end) => format!("{start} to {end}"),
                };
                self.error(
                    &value.span(),
                    key,
                    format!("{digits} is not allowed; allowed: {allowed}"),
                )
            })
    }

    /// The same number under either of two names.
    pub(super) fn either(
        &self,
        key: &str,
        alias: &str,
        allowed: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ConfigError> {
        match (self.integer(key, allowed.clone())?, self.integer(alias, allowed)?) {
            (Some(_), Some(_)) => {
                let at = self.table.get(alias).map_or(0..0, Spanned::span);
                Err(self.error(&at, alias, format!("is the same as {key}: keep one of them")))
            }
            (one, other) => Ok(one.or(other)),
        }
    }

    /// Seconds as a number, or text like `"15m"`.
    pub(super) fn duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let parsed = match value.get_ref() {
            DeValue::Integer(digits) => u64::from_str_radix(digits.as_str(), digits.radix())
                .ok()
                .map(Duration::from_secs),
            DeValue::String(text) => parse_duration(text),
            _ => return Err(self.wrong(value, key, "a duration as \"15m\"")),
        };
        parsed.map(Some).ok_or_else(|| {
            let shown = &self.document.text[value.span()];
            let message = format!("{shown} is no duration; allowed: a number with ms, s, m, h or d, as \"15m\"");
            self.error(&value.span(), key, message)
        })
    }

    pub(super) fn strings(&self, key: &str) -> Result<Found<Vec<String>>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let expected = "a list of texts, as [\"a\", \"b\"]";
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(value, key, expected));
        };
        let texts = items.iter().map(|item| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong(item, key, expected)),
        });
        Ok(Some((texts.collect::<Result<_, _>>()?, value.span())))
    }

    /// `true`, `false`, or a list of texts.
    pub(super) fn either_boolean_or_strings(
        &self,
        key: &str,
    ) -> Result<Option<Result<bool, Vec<String>>>, ConfigError> {
        match self.table.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(DeValue::Boolean(_)) => self.boolean(key).map(|set| Some(Ok(set))),
            Some(_) => Ok(self.strings(key)?.map(|(texts, _)| Err(texts))),
        }
    }

    /// A table as the JSON that says the same.
    pub(super) fn json(&self, key: &str) -> Result<Found<serde_json::Value>, ConfigError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(_) => Ok(Some((json(value.get_ref()), value.span()))),
            _ => Err(self.wrong(value, key, "a table")),
        }
    }

    /// The tables under a key, in the order of their names.
    pub(super) fn tables(&self, key: &str) -> Result<Vec<(String, Keys<'a>)>, ConfigError> {
        let Some(value) = self.take(key) else {
            return Ok(Vec::new());
        };
        let expected = "tables, as [profile.NAME]";
        let DeValue::Table(tables) = value.get_ref() else {
            return Err(self.wrong(value, key, expected));
        };
        tables
            .iter()
            .map(|(name, table)| match table.get_ref() {
                DeValue::Table(inner) => Ok((
                    name.get_ref().to_string(),
                    Keys {
                        document: self.document,
                        path: self.name(&format!("{key}.{}", name.get_ref())),
                        start: name.span().start,
                        table: inner,
                        taken: RefCell::default(),
                    },
                )),
                _ => Err(self.wrong(table, key, expected)),
            })
            .collect()
    }

    /// Refuses a key that is none of these, before anything is missed: a misspelt key is the likelier mistake.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        self.refuse(known, |key| known.contains(&key))
    }

    /// Refuses the first of these that is there: they mean nothing to this template.
    pub(super) fn lack(&self, unfit: &[&str], template: impl std::fmt::Display) -> Result<(), ConfigError> {
        match self
            .table
            .iter()
            .find(|(key, _)| unfit.contains(&key.get_ref().as_ref()))
        {
            Some((key, _)) => {
                let message = format!("means nothing to template {template}: take it out");
                Err(self.error(&key.span(), key.get_ref(), message))
            }
            None => Ok(()),
        }
    }

    /// Refuses what nobody took. `known` are the names to guess from.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), ConfigError> {
        let taken = self.taken.borrow();
        self.refuse(known, |key| taken.iter().any(|name| name == key))
    }

    fn refuse(&self, known: &[&str], fits: impl Fn(&str) -> bool) -> Result<(), ConfigError> {
        let Some((key, _)) = self.table.iter().find(|(key, _)| !fits(key.get_ref())) else {
            return Ok(());
        };
        let message = match nearest(key.get_ref(), known) {
            Some(near) => format!("unknown key; did you mean {near}?"),
            None => format!("unknown key; allowed: {}", known.join(", ")),
        };
        Err(self.error(&key.span(), key.get_ref(), message))
    }
}

fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
            .map_or_else(|_| digits.as_str().into(), serde_json::Value::from),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map_or_else(|_| number.as_str().into(), serde_json::Value::from),
        DeValue::Boolean(set) => (*set).into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(name, value)| (name.get_ref().to_string(), json(value.get_ref())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        "d" => number.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}

/// The known name that a slip of the fingers would have made this one of.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    known
        .iter()
        .map(|name| (distance(&key, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name)
}

/// Levenshtein's distance of two short texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("15m"), Some(Duration::from_secs(900)));
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("15"), None);
        assert_eq!(parse_duration("-1s"), None);
        assert_eq!(parse_duration("99999999999999999999s"), None);
    }

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        assert_eq!(
            nearest("max-concurrency", &["max_concurrency", "linger"]),
            Some("max_concurrency")
        );
        assert_eq!(nearest("colour", &["max_concurrency", "linger"]), None);
    }
}
