//! Rows, the data of every verb but `run`: one definition serves the table, the list, JSON and CSV.

mod csv;
mod json;
mod table;
pub(crate) mod view;

use std::io::{self, Write};
use std::time::Duration;

use crate::cli::Format;
use crate::duration;
use crate::failure::Failure;

/// One value, as programs and people see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    /// What something is called; 0 for nothing.
    Id(u64),
    Flag(bool),
    /// Seconds for a program, `2m10s` for people; absent where there is none.
    Time(Option<Duration>),
    /// Several texts.
    Texts(Vec<String>),
    /// A part with fields of its own; people see its texts in a row.
    Part(Row),
}

/// One value with its names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// For programs; stable.
    key: &'static str,
    /// For people: the column. Empty for what only programs and `--output list` see.
    title: &'static str,
    cell: Cell,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Row(Vec<Field>);

impl Row {
    pub(crate) fn with(mut self, key: &'static str, title: &'static str, cell: impl Into<Cell>) -> Self {
        self.0.push(Field {
            key,
            title,
            cell: cell.into(),
        });
        self
    }
}

impl Cell {
    /// As people see it.
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Id(0) => String::new(),
            Self::Number(number) | Self::Id(number) => number.to_string(),
            Self::Flag(true) => "yes".to_owned(),
            Self::Flag(false) | Self::Time(None) => String::new(),
            Self::Time(Some(time)) => duration::show(*time),
            Self::Texts(texts) => texts.join(", "),
            Self::Part(row) => {
                let texts = row
                    .0
                    .iter()
                    .filter(|field| !field.title.is_empty())
                    .map(|field| field.cell.shown());
                texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
            }
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Id(_))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Option<prost_types::Duration>> for Cell {
    fn from(time: Option<prost_types::Duration>) -> Self {
        Self::Time(time.as_ref().and_then(duration::of_proto))
    }
}

impl From<Vec<String>> for Cell {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<Row> for Cell {
    fn from(row: Row) -> Self {
        Self::Part(row)
    }
}

/// One named list of a document.
#[derive(Debug)]
pub(crate) struct Section {
    /// The key in JSON.
    pub(crate) key: &'static str,
    /// The heading above its table in a document with several; empty for none.
    pub(crate) heading: &'static str,
    /// What a table says where there is no row; empty for leaving the section out.
    pub(crate) empty: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// What a verb prints: `schema` names the JSON's shape, and changes with it.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) schema: &'static str,
    /// Beside the lists, for programs; people get it as a last line in words.
    pub(crate) about: Row,
    pub(crate) sections: Vec<Section>,
    /// Last lines for people.
    pub(crate) footer: Vec<String>,
}

impl Page {
    /// A page of one list.
    pub(crate) fn of(schema: &'static str, key: &'static str, empty: &'static str, rows: Vec<Row>) -> Self {
        let section = Section {
            key,
            heading: "",
            empty,
            rows,
        };
        Self {
            schema,
            about: Row::default(),
            sections: vec![section],
            footer: Vec::new(),
        }
    }

    /// Writes it; `width` cuts a table's lines.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        format: Option<Format>,
        width: Option<usize>,
    ) -> Result<(), Failure> {
        match format.unwrap_or(Format::Table) {
            Format::Table => self.for_people(out, |out, rows| table::write(out, rows, width))?,
            Format::List => self.for_people(out, list)?,
            Format::Json => json::pretty(out, self)?,
            Format::Jsonl => self.lines(out)?,
            Format::Csv => self
                .only_list()?
                .map_or(Ok(()), |section| csv::write(out, &section.rows))?,
            Format::Clixml => {
                return Err(Failure::usage("clixml is what `run` writes").hint("--output json, jsonl, csv or list"));
            }
        }
        out.flush()?;
        Ok(())
    }

    /// One list: a line for each row. Several: the page as one line.
    fn lines(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.sections[..] {
            [section] => section.rows.iter().try_for_each(|row| json::line(out, row)),
            _ => json::line(out, self),
        }
    }

    fn only_list(&self) -> Result<Option<&Section>, Failure> {
        match &self.sections[..] {
            [] => Ok(None),
            [section] => Ok(Some(section)),
            _ => Err(Failure::usage("csv holds one list").hint("pslease sessions, leases or queue --output csv")),
        }
    }

    fn for_people(
        &self,
        out: &mut dyn Write,
        rows: impl Fn(&mut dyn Write, &[Row]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut first = true;
        for section in &self.sections {
            if section.rows.is_empty() && section.empty.is_empty() {
                continue;
            }
            if !first {
                writeln!(out)?;
            }
            first = false;
            if !section.heading.is_empty() && !section.rows.is_empty() {
                writeln!(out, "{}", section.heading)?;
            }
            if section.rows.is_empty() {
                writeln!(out, "{}", section.empty)?;
            } else {
                rows(out, &section.rows)?;
            }
        }
        if !self.footer.is_empty() && !first {
            writeln!(out)?;
        }
        self.footer.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// `Name : value` lines, a blank one between things.
fn list(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let name = |field: &Field| match field.title {
            "" => title_of(field.key),
            title => title.to_owned(),
        };
        let width = row.0.iter().map(|field| name(field).len()).max().unwrap_or(0);
        for field in &row.0 {
            writeln!(out, "{:width$} : {}", name(field), field.cell.shown())?;
        }
    }
    Ok(())
}

/// `shell_id` as `ShellId`.
fn title_of(key: &str) -> String {
    let words = key.split('_').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    words.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let holder = Row::default()
            .with("pid", "", 4711_u32)
            .with("command", "c", "Get-CsTenant");
        let row = Row::default()
            .with("id", "Id", 1_u64)
            .with("name", "Name", "litware")
            .with("shell_id", "", "0F")
            .with(
                "idle",
                "Idle",
                Some(prost_types::Duration {
                    seconds: 90,
                    nanos: 500_000_000,
                }),
            )
            .with("holder", "Holder", holder);
        let other = Row::default()
            .with("id", "Id", 12_u64)
            .with("name", "Name", "a, \"b\"")
            .with("shell_id", "", "1F")
            .with("idle", "Idle", None)
            .with("holder", "Holder", Row::default());
        Page::of("pslease.sessions/1", "sessions", "no session is open", vec![row, other])
    }

    fn written(page: &Page, format: Format, width: Option<usize>) -> String {
        let mut out = Vec::new();
        page.write(&mut out, Some(format), width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_powershells_head_and_is_cut_only_to_a_terminal() {
        assert_eq!(
            written(&page(), Format::Table, None),
            "Id Name    Idle  Holder\n\
             -- ----    ----  ------\n\
             \x201 litware 1m30s Get-CsTenant\n\
             12 a, \"b\"\n"
        );
        assert_eq!(
            written(&page(), Format::Table, Some(12)).lines().nth(2),
            Some(" 1 litware …")
        );
    }

    #[test]
    fn programs_get_stable_keys_and_plain_numbers() {
        assert_eq!(
            written(&page(), Format::Jsonl, None).lines().next(),
            Some(
                r#"{"id":1,"name":"litware","shell_id":"0F","idle":90.5,"holder":{"pid":4711,"command":"Get-CsTenant"}}"#
            )
        );
        let document: serde_json::Value = serde_json::from_str(&written(&page(), Format::Json, None)).unwrap();
        assert_eq!(document["schema"], "pslease.sessions/1");
        assert_eq!(document["sessions"][1]["idle"], serde_json::Value::Null);
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(
            written(&page(), Format::Csv, None),
            "id,name,shell_id,idle,holder\n1,litware,0F,90.5,Get-CsTenant\n12,\"a, \"\"b\"\"\",1F,,\n"
        );
    }

    #[test]
    fn a_list_shows_all() {
        let list = written(&page(), Format::List, None);
        assert!(list.starts_with("Id      : 1\nName    : litware\nShellId : 0F\n"));
        assert_eq!(list.matches("\n\n").count(), 1);
    }

    #[test]
    fn nothing_is_said_in_words() {
        let page = Page::of("pslease.sessions/1", "sessions", "no session is open", Vec::new());
        assert_eq!(written(&page, Format::Table, None), "no session is open\n");
        assert_eq!(written(&page, Format::Jsonl, None), "");
    }
}
