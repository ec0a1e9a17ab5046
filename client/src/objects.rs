//! Objects as a pipeline wrote them: to a table, a list, JSON, CSV, one after the other as they come.

use std::io::{self, Write};

use clixml::{Content, Object, RefId, References, Value};

use crate::cli::Format;

/// Rows that a table looks at before it settles its columns.
const SAMPLE: usize = 100;

/// Further down than this no value is followed: it may go round in a circle.
const DEPTH: usize = 32;

/// Writes objects in one format.
#[derive(Debug)]
pub(crate) struct Objects {
    format: Format,
    count: u64,
    /// Of a table or CSV: the names of the first object's properties.
    columns: Vec<String>,
    widths: Vec<usize>,
    waiting: Vec<Vec<String>>,
}

impl Objects {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            count: 0,
            columns: Vec::new(),
            widths: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// One body of the output stream.
    pub(crate) fn body(&mut self, out: &mut dyn Write, body: &[u8]) -> io::Result<()> {
        if self.format == Format::Clixml {
            self.head(out)?;
            out.write_all(body)?;
            self.count += 1;
            return writeln!(out);
        }
        let budget = clixml::Budget {
            bytes: body.len(),
            values: usize::MAX,
            ..clixml::Budget::default()
        };
        let document = clixml::read(body, &budget).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("an object cannot be read: {error}"))
        })?;
        document.values.iter().try_for_each(|value| self.object(out, value))
    }

    fn object(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        let references = References::new(value);
        match self.format {
            Format::Jsonl => {
                out.write_all(&to_json(value, &references))?;
                writeln!(out)?;
            }
            Format::Json => {
                self.head(out)?;
                out.write_all(if self.count > 0 { b",\n" } else { b"\n" })?;
                out.write_all(&to_json(value, &references))?;
            }
            Format::Csv => self.csv(out, value)?,
            Format::List => self.list(out, value)?,
            Format::Table => self.row(out, value)?,
            Format::Clixml => {}
        }
        self.count += 1;
        Ok(())
    }

    fn head(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self.count, self.format) {
            (0, Format::Json) => out.write_all(b"["),
            (0, Format::Clixml) => {
                writeln!(out, "<Objs Version=\"1.1.0.1\" xmlns=\"{}\">", clixml::NAMESPACE)
            }
            _ => Ok(()),
        }
    }

    /// Nothing more has come for now: what waits for company is written.
    pub(crate) fn idle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.settle(out)
    }

    /// The end: a document is closed, also one without objects.
    pub(crate) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Json => {
                self.head(out)?;
                out.write_all(if self.count > 0 { b"\n]\n" } else { b"]\n" })
            }
            Format::Clixml => {
                self.head(out)?;
                writeln!(out, "</Objs>")
            }
            Format::Table | Format::List | Format::Jsonl | Format::Csv => self.settle(out),
        }
    }

    fn row(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        let properties = properties(value);
        let names: Vec<String> = properties.iter().map(|(name, _)| name.clone()).collect();
        if properties.is_empty() {
            self.settle(out)?;
            self.columns.clear();
            return writeln!(out, "{}", text(value));
        }
        if names != self.columns {
            self.settle(out)?;
            self.columns = names;
            self.widths.clear();
        }
        self.waiting
            .push(properties.into_iter().map(|(_, value)| line(value)).collect());
        if self.waiting.len() >= SAMPLE || !self.widths.is_empty() {
            self.settle(out)
        } else {
            Ok(())
        }
    }

    fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        use unicode_width::UnicodeWidthStr as _;
        if self.waiting.is_empty() {
            return Ok(());
        }
        let head = self.widths.is_empty();
        if head {
            self.widths = self.columns.iter().map(|name| name.width()).collect();
            for row in &self.waiting {
                for (width, cell) in self.widths.iter_mut().zip(row) {
                    *width = (*width).max(cell.width());
                }
            }
        }
        let rule: Vec<String> = self.columns.iter().map(|name| "-".repeat(name.width())).collect();
        let lines = std::mem::take(&mut self.waiting);
        let lead = if head {
            vec![self.columns.clone(), rule]
        } else {
            Vec::new()
        };
        if head {
            writeln!(out)?;
        }
        for cells in lead.iter().chain(&lines) {
            let mut text = String::new();
            for (cell, width) in cells.iter().zip(&self.widths) {
                text.push_str(cell);
                text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 1));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    fn list(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        let properties = properties(value);
        if properties.is_empty() {
            return writeln!(out, "{}", text(value));
        }
        if self.count > 0 {
            writeln!(out)?;
        }
        let width = properties
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        properties
            .iter()
            .try_for_each(|(name, value)| writeln!(out, "{name:width$} : {}", line(value)))
    }

    /// As ConvertTo-Csv: everything quoted, the first object's properties for all.
    fn csv(&mut self, out: &mut dyn Write, value: &Value) -> io::Result<()> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let properties = properties(value);
        if self.count == 0 {
            self.columns = properties.iter().map(|(name, _)| name.clone()).collect();
            let names: Vec<String> = self.columns.iter().map(|name| quoted(name)).collect();
            writeln!(out, "{}", names.join(","))?;
        }
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let found = properties.iter().find(|(name, _)| name.eq_ignore_case(column));
                found
                    .filter(|(_, value)| !value.is_null())
                    .map_or_else(String::new, |(_, value)| quoted(&text(value)))
            })
            .collect();
        writeln!(out, "{}", cells.join(","))
    }
}

trait IgnoreCase {
    fn eq_ignore_case(&self, other: &str) -> bool;
}

impl IgnoreCase for String {
    fn eq_ignore_case(&self, other: &str) -> bool {
        self.to_lowercase() == other.to_lowercase()
    }
}

/// What a person would call its properties: an extended one hides an adapted one of its name.
fn properties(value: &Value) -> Vec<(String, &Value)> {
    let Some(object) = value.as_object() else {
        return Vec::new();
    };
    if !matches!(object.content, Content::Empty) {
        return Vec::new();
    }
    let mut found: Vec<(String, &Value)> = Vec::new();
    for property in object.properties() {
        let name = property.name.to_string_lossy().into_owned();
        match found.iter_mut().find(|(other, _)| other.eq_ignore_case(&name)) {
            Some(twin) => twin.1 = &property.value,
            None => found.push((name, &property.value)),
        }
    }
    found
}

/// A value in words, as PowerShell converts it to a string.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => (if *flag { "True" } else { "False" }).to_owned(),
        Value::Char(unit) => String::from_utf16_lossy(&[*unit]),
        Value::Byte(number) => number.to_string(),
        Value::SByte(number) => number.to_string(),
        Value::UInt16(number) => number.to_string(),
        Value::Int16(number) => number.to_string(),
        Value::UInt32(number) => number.to_string(),
        Value::Int32(number) => number.to_string(),
        Value::UInt64(number) => number.to_string(),
        Value::Int64(number) => number.to_string(),
        Value::Single(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::TimeSpan(time) => time.to_string(),
        Value::Guid(guid) => guid.to_string(),
        Value::Version(version) => version.to_string(),
        Value::Bytes(bytes) => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" "),
        Value::String(text) | Value::Uri(text) | Value::ScriptBlock(text) | Value::Xml(text) => {
            text.to_string_lossy().into_owned()
        }
        Value::SecureString(_) => "System.Security.SecureString".to_owned(),
        Value::Progress(record) => record.activity.to_string_lossy().into_owned(),
        Value::Object(object) => object_text(object),
        Value::Reference(_) | Value::MemberSet(_) => "...".to_owned(),
        Value::Opaque(opaque) => opaque.xml().to_string(),
    }
}

fn object_text(object: &Object) -> String {
    match (&object.to_string, &object.content) {
        (_, Content::List(_, items)) => {
            format!("{{{}}}", items.iter().map(text).collect::<Vec<_>>().join(", "))
        }
        (_, Content::Dictionary(entries)) => {
            let pairs = entries
                .iter()
                .map(|(key, value)| format!("[{}, {}]", text(key), text(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        (Some(own), _) => own.to_string_lossy().into_owned(),
        (None, Content::Value(base)) => text(base),
        (None, Content::Empty) => {
            let pairs = object
                .properties()
                .map(|p| format!("{}={}", p.name.to_string_lossy(), text(&p.value)));
            format!("@{{{}}}", pairs.collect::<Vec<_>>().join("; "))
        }
    }
}

/// The same on one line that leaves a terminal as it is.
fn line(value: &Value) -> String {
    text(value)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn to_json(value: &Value, references: &References<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    json(&mut out, value, references, &mut Vec::new());
    out
}

/// One value; `path` holds the objects that it is a part of, so that a circle is seen.
fn json<'a>(out: &mut Vec<u8>, value: &'a Value, references: &References<'a>, path: &mut Vec<&'a RefId>) {
    let number = |out: &mut Vec<u8>, text: String| out.extend_from_slice(text.as_bytes());
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Byte(_)
        | Value::SByte(_)
        | Value::UInt16(_)
        | Value::Int16(_)
        | Value::UInt32(_)
        | Value::Int32(_)
        | Value::UInt64(_)
        | Value::Int64(_)
        | Value::Decimal(_) => number(out, text(value)),
        Value::Single(float) if float.is_finite() => number(out, float.to_string()),
        Value::Double(float) if float.is_finite() => number(out, float.to_string()),
        Value::Bytes(bytes) => {
            let items: Vec<String> = bytes.iter().map(u8::to_string).collect();
            number(out, format!("[{}]", items.join(",")));
        }
        Value::Object(object) => {
            if path.len() >= DEPTH || object.id.as_ref().is_some_and(|id| path.contains(&id)) {
                return string(out, &object_text(object));
            }
            let pushed = object.id.as_ref();
            path.extend(pushed);
            json_object(out, object, references, path);
            if pushed.is_some() {
                path.pop();
            }
        }
        Value::Reference(id) => match references.get(id) {
            Some(object) if path.len() < DEPTH && !path.contains(&id) => {
                path.push(id);
                json_object(out, object, references, path);
                path.pop();
            }
            Some(object) => string(
                out,
                &object
                    .to_string
                    .as_ref()
                    .map(|t| t.to_string_lossy())
                    .unwrap_or_default(),
            ),
            None => out.extend_from_slice(b"null"),
        },
        Value::MemberSet(members) => {
            let members = members
                .iter()
                .map(|p| (p.name.to_string_lossy().into_owned(), &p.value));
            json_members(out, members, references, path);
        }
        other => string(out, &text(other)),
    }
}

fn json_object<'a>(out: &mut Vec<u8>, object: &'a Object, references: &References<'a>, path: &mut Vec<&'a RefId>) {
    match &object.content {
        // An enum, or a number with a spelling: its text says more.
        Content::Value(_) if object.to_string.is_some() => string(out, &object_text(object)),
        Content::Value(base) => json(out, base, references, path),
        Content::List(_, items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json(out, item, references, path);
            }
            out.push(b']');
        }
        Content::Dictionary(entries) => {
            json_members(
                out,
                entries.iter().map(|(key, value)| (text(key), value)),
                references,
                path,
            );
        }
        Content::Empty => {
            let mut found: Vec<(String, &Value)> = Vec::new();
            for property in object.properties() {
                let name = property.name.to_string_lossy().into_owned();
                match found.iter_mut().find(|(other, _)| *other == name) {
                    Some(twin) => twin.1 = &property.value,
                    None => found.push((name, &property.value)),
                }
            }
            json_members(out, found.into_iter(), references, path);
        }
    }
}

fn json_members<'a>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (String, &'a Value)>,
    references: &References<'a>,
    path: &mut Vec<&'a RefId>,
) {
    out.push(b'{');
    for (at, (name, value)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        string(out, &name);
        out.push(b':');
        json(out, value, references, path);
    }
    out.push(b'}');
}

fn string(out: &mut Vec<u8>, text: &str) {
    // Writing a string to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: i32) -> Vec<u8> {
        let user = Object::custom()
            .extended("DisplayName", format!("Ken \"K\" {number}"))
            .extended("Enabled", number == 1)
            .extended("Day", Value::enumeration_of("System.DayOfWeek", "Monday", 1))
            .extended("Proxies", Value::list(["a", "b"]))
            .extended("Nothing", Value::Null);
        clixml::write(&user.into()).into()
    }

    fn written(format: Format, bodies: &[Vec<u8>]) -> String {
        let mut out = Vec::new();
        let mut objects = Objects::new(format);
        for body in bodies {
            objects.body(&mut out, body).unwrap();
        }
        objects.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_lines_come_one_an_object() {
        let text = written(Format::Jsonl, &[user(1), user(2)]);
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines[0],
            serde_json::json!({
                "DisplayName": "Ken \"K\" 1", "Enabled": true, "Day": "Monday", "Proxies": ["a", "b"], "Nothing": null
            })
        );
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn json_is_a_document_even_of_nothing() {
        assert_eq!(written(Format::Json, &[]), "[]\n");
        let document: serde_json::Value = serde_json::from_str(&written(Format::Json, &[user(1), user(2)])).unwrap();
        assert_eq!(document.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn clixml_is_what_came() {
        let text = written(Format::Clixml, &[user(1), user(2)]);
        let document = clixml::read(text.as_bytes(), &clixml::Budget::default()).unwrap();
        assert_eq!(document.values.len(), 2);
    }

    #[test]
    fn a_circle_ends() {
        let xml = br#"<Obj RefId="0"><MS><S N="Name">a</S><Ref N="Self" RefId="0" /></MS></Obj>"#;
        assert_eq!(
            written(Format::Jsonl, &[xml.to_vec()]),
            "{\"Name\":\"a\",\"Self\":\"\"}\n"
        );
    }

    #[test]
    fn a_table_has_the_first_objects_columns() {
        let text = written(Format::Table, &[user(1), user(2)]);
        assert_eq!(
            text,
            "\nDisplayName Enabled Day    Proxies Nothing\n\
             ----------- ------- ---    ------- -------\n\
             Ken \"K\" 1   True    Monday {a, b}\n\
             Ken \"K\" 2   False   Monday {a, b}\n"
        );
    }

    #[test]
    fn csv_is_quoted_as_powershell_quotes_it() {
        let text = written(Format::Csv, &[user(1)]);
        assert_eq!(
            text,
            "\"DisplayName\",\"Enabled\",\"Day\",\"Proxies\",\"Nothing\"\n\
             \"Ken \"\"K\"\" 1\",\"True\",\"Monday\",\"{a, b}\",\n"
        );
    }
}
