//! Rows and pages as JSON, keys in the order of their definition.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{Cell, Page, Row};

/// Over several lines, for people who read JSON.
pub(super) fn pretty(out: &mut dyn Write, page: &Page) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, page)?;
    writeln!(out)
}

/// On one line.
pub(super) fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Id(0) => serializer.serialize_none(),
            Self::Number(number) | Self::Id(number) => serializer.serialize_u64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Time(None) => serializer.serialize_none(),
            Self::Time(Some(time)) => serializer.serialize_f64(time.as_secs_f64()),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Part(row) if row.0.is_empty() => serializer.serialize_none(),
            Self::Part(row) => row.serialize(serializer),
        }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|field| (field.key, &field.cell)))
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", self.schema)?;
        for field in &self.about.0 {
            map.serialize_entry(field.key, &field.cell)?;
        }
        for section in &self.sections {
            map.serialize_entry(section.key, &section.rows)?;
        }
        map.end()
    }
}
