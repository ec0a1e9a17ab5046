//! Objects one by one to text: the first one decides the shape, as in PowerShell.

use clixml::{Object, References, Value};

use crate::cells::cells;
use crate::error_view::error_text;
use crate::list::lines_of;
use crate::seen::{Items, Order, Seen};
use crate::table::Layout;
use crate::view::{Align, Body, Column, Source, View};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// PowerShell's choice: the view of the type, else a table of up to four properties, else a list.
    #[default]
    Auto,
    /// As `Format-Table`.
    Table,
    /// As `Format-List`.
    List,
}

/// More properties make a list.
const TABLE_PROPERTIES: usize = 4;
/// More columns are left out of a table.
const TABLE_COLUMNS: usize = 10;
/// Rows of a table that are kept before its widths are settled, whatever the caller does.
const GATHERED: usize = 4096;

/// Text for a pipeline's objects.
///
/// [`Formatter::push`] gives the text that is certain; of a table that measures its columns nothing is until
/// [`Formatter::settle`], which a caller does 300 ms after the first row as PowerShell does, or [`Formatter::finish`].
#[derive(Debug)]
pub struct Formatter {
    width: Option<usize>,
    shape: Shape,
    document: Document,
}

#[derive(Debug)]
enum Document {
    None,
    Table(Table),
    List { view: Option<View>, group: Option<String> },
    Lines { view: View, property: &'static str },
}

#[derive(Debug)]
struct Table {
    view: Option<View>,
    columns: Vec<Column>,
    state: Rows,
    group: Option<String>,
}

/// Whether the widths are known.
#[derive(Debug)]
enum Rows {
    Gathering(Vec<Row>),
    Settled(Layout),
}

#[derive(Debug)]
enum Row {
    Cells(Vec<String>),
    /// Something else that came between.
    Text(String),
}

impl Formatter {
    /// `width` in cells; `None` is never cut and never wrapped.
    #[must_use]
    pub fn new(shape: Shape, width: Option<usize>) -> Self {
        Self {
            width,
            shape,
            document: Document::None,
        }
    }

    /// One object of the output, and the text that is certain now. Collections are taken apart as PowerShell does.
    pub fn push(&mut self, value: &Value) -> String {
        let references = References::new(value);
        let seen = Seen {
            value,
            references: &references,
        };
        let mut text = String::new();
        if seen.is_null() {
            return text;
        }
        match seen.items() {
            None => self.object(seen, &mut text),
            Some(Items::Bytes(bytes)) => {
                bytes
                    .iter()
                    .for_each(|byte| self.object(seen.with(&Value::Byte(*byte)), &mut text));
            }
            Some(Items::List(items)) => items.iter().for_each(|item| self.item(seen.with(item), &mut text)),
            Some(Items::Dictionary(entries)) => {
                for (key, value) in entries {
                    let entry = Value::from(entry(&seen.with(key).text(), key, value));
                    self.object(seen.with(&entry), &mut text);
                }
            }
        }
        text
    }

    /// Whether rows are kept back until the columns are settled.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        matches!(&self.document, Document::Table(Table { state: Rows::Gathering(rows), .. }) if !rows.is_empty())
    }

    /// Fixes the widths of a table by the rows so far, and gives them. Later rows are cut to these widths.
    pub fn settle(&mut self) -> String {
        match &mut self.document {
            Document::Table(table) => table.settle(self.width),
            Document::None | Document::List { .. } | Document::Lines { .. } => String::new(),
        }
    }

    /// The end of the output. The next object begins anew.
    pub fn finish(&mut self) -> String {
        let mut text = self.settle();
        match std::mem::replace(&mut self.document, Document::None) {
            Document::Table(_) | Document::Lines { .. } => text.push('\n'),
            Document::None | Document::List { .. } => {}
        }
        text
    }

    /// An item of a collection: nothing is an empty line there.
    fn item(&mut self, seen: Seen<'_>, text: &mut String) {
        if seen.is_null() {
            self.between("\n".to_owned(), text);
        } else {
            self.object(seen, text);
        }
    }

    fn object(&mut self, seen: Seen<'_>, text: &mut String) {
        if seen.is_a("System.Management.Automation.ErrorRecord") {
            let record = error_text(seen.value, self.width);
            return self.between(record, text);
        }
        let bare = seen.properties(Order::OwnFirst).is_empty();
        if seen.is_scalar() || (bare && self.shape == Shape::Auto) {
            return self.between(seen.text() + "\n", text);
        }
        if matches!(self.document, Document::None) {
            self.document = self.begin(seen);
            text.push('\n');
        }
        let view = match &self.document {
            Document::Table(Table { view, .. }) | Document::List { view, .. } => view.as_ref(),
            Document::Lines { view, .. } => Some(view),
            Document::None => None,
        };
        if view.is_some_and(|view| !view.applies(seen)) {
            if !bare {
                let list = format!("\n{}\n", lines_of(&properties(seen), self.width));
                self.between(list, text);
            }
            return;
        }
        self.payload(seen, text);
    }

    /// Text that is no part of the table or list.
    fn between(&mut self, other: String, text: &mut String) {
        match &mut self.document {
            Document::Table(Table {
                state: Rows::Gathering(rows),
                ..
            }) if !rows.is_empty() => {
                rows.push(Row::Text(other));
            }
            _ => text.push_str(&other),
        }
    }

    /// The first object decides.
    fn begin(&self, seen: Seen<'_>) -> Document {
        if let Some(view) = View::find(seen, self.shape) {
            return match view.body.clone() {
                Body::Table(columns) => Document::Table(Table::new(Some(view), columns, self.width)),
                Body::List(_) => Document::List {
                    view: Some(view),
                    group: None,
                },
                Body::Line(property) => Document::Lines { view, property },
            };
        }
        let count = seen.properties(Order::OwnFirst).len();
        let table = match self.shape {
            Shape::Auto => count <= TABLE_PROPERTIES,
            Shape::Table => true,
            Shape::List => false,
        };
        if table {
            Document::Table(Table::new(None, columns(seen), self.width))
        } else {
            Document::List {
                view: None,
                group: None,
            }
        }
    }

    fn payload(&mut self, seen: Seen<'_>, text: &mut String) {
        match &mut self.document {
            Document::None => {}
            Document::Table(table) => table.push(seen, self.width, text),
            Document::List { view, group } => {
                if let Some(new) = view.as_ref().and_then(|view| view.group(seen)) {
                    regroup(group, new, text);
                }
                let fields = match view.as_ref().map(|view| &view.body) {
                    Some(Body::List(items)) => items
                        .iter()
                        .map(|(label, name)| ((*label).to_owned(), Source::Property((*name).to_owned()).text(seen)))
                        .collect(),
                    _ => properties(seen),
                };
                text.push_str(&lines_of(&fields, self.width));
                // PowerShell prints no lines for an object of nothing, but the one behind it.
                text.push('\n');
            }
            Document::Lines { property, .. } => {
                text.push_str(&Source::Property((*property).to_owned()).text(seen));
                text.push('\n');
            }
        }
    }
}

impl Table {
    fn new(view: Option<View>, columns: Vec<Column>, width: Option<usize>) -> Self {
        let measures = columns.first().is_some_and(|column| column.width == 0);
        let state = if measures {
            Rows::Gathering(Vec::new())
        } else {
            let widths = columns.iter().map(|column| column.width).collect();
            Rows::Settled(Layout::new(&columns, widths, width))
        };
        Self {
            view,
            columns,
            state,
            group: None,
        }
    }

    fn push(&mut self, seen: Seen<'_>, width: Option<usize>, text: &mut String) {
        if self.columns.is_empty() {
            return;
        }
        let cells = self.cells(seen);
        let grouped = self.view.as_ref().is_some_and(|view| view.grouped);
        let group = self.view.as_ref().and_then(|view| view.group(seen)).unwrap_or_default();
        match &mut self.state {
            Rows::Gathering(rows) => {
                rows.push(Row::Cells(cells));
                if rows.len() >= GATHERED {
                    text.push_str(&self.settle(width));
                }
            }
            Rows::Settled(layout) => {
                if self.group.as_ref() != Some(&group) {
                    if grouped {
                        regroup(&mut self.group, group, text);
                        text.push_str(&layout.header());
                    } else if self.group.is_none() {
                        self.group = Some(group);
                        text.push_str(&layout.header());
                    }
                }
                text.push_str(&layout.row(&cells));
            }
        }
    }

    fn cells(&self, seen: Seen<'_>) -> Vec<String> {
        if self.view.is_some() {
            return self.columns.iter().map(|column| column.source.text(seen)).collect();
        }
        let properties = seen.properties(Order::OwnFirst);
        let value = |label: &str| properties.iter().find(|(name, _)| name.eq_ignore_ascii_case(label));
        let cell = |column: &Column| match value(&column.label) {
            Some((_, value)) => Seen {
                value: value.as_ref(),
                references: seen.references,
            }
            .shown(true),
            None => String::new(),
        };
        self.columns.iter().map(cell).collect()
    }

    fn settle(&mut self, width: Option<usize>) -> String {
        let Rows::Gathering(rows) = &mut self.state else {
            return String::new();
        };
        let rows = std::mem::take(rows);
        if rows.is_empty() {
            return String::new();
        }
        let mut widths: Vec<usize> = self.columns.iter().map(|column| cells(&column.label)).collect();
        for row in &rows {
            if let Row::Cells(values) = row {
                widths
                    .iter_mut()
                    .zip(values)
                    .for_each(|(width, value)| *width = (*width).max(cells(value)));
            }
        }
        let layout = Layout::new(&self.columns, widths, width);
        let mut text = layout.header();
        for row in rows {
            match row {
                Row::Cells(values) => text.push_str(&layout.row(&values)),
                Row::Text(other) => text.push_str(&other),
            }
        }
        self.group = Some(String::new());
        self.state = Rows::Settled(layout);
        text
    }
}

/// The line that names a new group of files.
fn regroup(group: &mut Option<String>, new: String, text: &mut String) {
    if group.as_ref() == Some(&new) {
        return;
    }
    if group.is_some() {
        text.push('\n');
    }
    text.push_str(&format!("    Directory: {new}\n\n"));
    *group = Some(new);
}

/// An entry of a dictionary as an object of its own.
fn entry(name: &str, key: &Value, value: &Value) -> Object {
    Object::new()
        .with_types([
            "System.Collections.DictionaryEntry",
            "System.ValueType",
            "System.Object",
        ])
        .adapted("Name", name)
        .adapted("Key", key.clone())
        .adapted("Value", value.clone())
}

/// The columns that the first object's properties make.
fn columns(seen: Seen<'_>) -> Vec<Column> {
    let properties = seen.properties(Order::OwnFirst);
    let columns = properties.into_iter().take(TABLE_COLUMNS).map(|(name, value)| {
        let value = Seen {
            value: value.as_ref(),
            references: seen.references,
        };
        let right = value.is_scalar() && value.type_name() != "System.String";
        Column {
            label: name.clone().into_owned(),
            width: 0,
            align: if right { Align::Right } else { Align::Left },
            source: Source::Property(name.into_owned()),
            wraps: false,
        }
    });
    columns.collect()
}

fn properties(seen: Seen<'_>) -> Vec<(String, String)> {
    let properties = seen.properties(Order::OwnFirst).into_iter();
    properties
        .map(|(name, value)| {
            (
                name.into_owned(),
                Seen {
                    value: value.as_ref(),
                    references: seen.references,
                }
                .shown(false),
            )
        })
        .collect()
}
