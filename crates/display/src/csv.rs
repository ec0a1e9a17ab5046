//! Objects as comma-separated values, as `ConvertTo-Csv` makes them.

use clixml::{Content, ListKind, Object, References, Value};

use crate::dotnet::length;
use crate::seen::{Items, Order, Properties, Seen};

/// The first object's properties are the columns; whatever comes later has to fit in.
#[derive(Debug, Default)]
pub struct Csv {
    columns: Option<Vec<String>>,
}

impl Csv {
    /// Before the first object.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines for one object, without line ends: a header before the first. A line may have line ends inside of
    /// quotes. Empty for what has no properties, as in PowerShell.
    pub fn push(&mut self, value: &Value) -> Vec<String> {
        let references = References::new(value);
        let seen = Seen {
            value,
            references: &references,
        };
        if seen.is_null() {
            return Vec::new();
        }
        let list = collection(seen);
        let fields = fields(seen, list.as_ref());
        let mut lines = Vec::new();
        let columns = self.columns.get_or_insert_with(|| {
            let names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
            lines.extend(
                (!names.is_empty()).then(|| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",")),
            );
            names
        });
        let cell = |column: &String| {
            let field = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
            field
                .and_then(|(_, text)| text.as_deref())
                .map(quoted)
                .unwrap_or_default()
        };
        let row = columns.iter().map(cell).collect::<Vec<_>>().join(",");
        if !row.is_empty() {
            lines.push(row);
        }
        lines
    }
}

/// Names and texts; `None` for null.
fn fields(seen: Seen<'_>, list: Option<&Value>) -> Vec<(String, Option<String>)> {
    let text = |value: Seen<'_>| if value.is_null() { None } else { Some(value.raw_text()) };
    if let Some(Items::Dictionary(entries)) = seen.items() {
        return entries
            .iter()
            .map(|(key, value)| (seen.with(key).text(), text(seen.with(value))))
            .collect();
    }
    let properties: Properties<'_> = match list {
        Some(list) => seen.with(list).properties(Order::AddedFirst),
        None => seen.properties(Order::AddedFirst),
    };
    properties
        .iter()
        .map(|(name, value)| {
            (
                name.clone().into_owned(),
                text(Seen {
                    value: value.as_ref(),
                    references: seen.references,
                }),
            )
        })
        .collect()
}

/// A list is an `ArrayList` to PowerShell once it has come over the wire, and CSV shows that object's properties.
fn collection(seen: Seen<'_>) -> Option<Value> {
    let Some(Items::List(items)) = seen.items() else {
        return None;
    };
    let capacity = if items.is_empty() {
        0
    } else {
        items.len().next_power_of_two().max(4)
    };
    let inner = Value::list_of(
        ["System.Collections.ArrayList", "System.Object"],
        ListKind::List,
        Vec::<Value>::new(),
    );
    let root = Object::new()
        .with_text("System.Collections.ArrayList")
        .with_content(Content::Value(inner));
    let list = Object::new()
        .adapted("Capacity", length(capacity))
        .adapted("Count", length(items.len()))
        .adapted("IsFixedSize", false)
        .adapted("IsReadOnly", false)
        .adapted("IsSynchronized", false)
        .adapted("SyncRoot", root);
    Some(list.into())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
