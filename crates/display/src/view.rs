//! The views that PowerShell has for types of its own: which columns or lines, how wide, grouped by what.

use std::borrow::Cow;

use clixml::Value;

use crate::Shape;
use crate::cells::plain;
use crate::dotnet::minutes;
use crate::seen::Seen;

#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Objects of these types fit; others are shown as lists between.
    types: &'static [&'static str],
    pub(crate) body: Body,
    pub(crate) grouped: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Table(Vec<Column>),
    List(&'static [(&'static str, &'static str)]),
    /// One property's text, a line each.
    Line(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) label: String,
    /// 0: as wide as what is in it, or what is left.
    pub(crate) width: usize,
    pub(crate) align: Align,
    pub(crate) source: Source,
    /// More lines where the text does not fit, instead of an ellipsis.
    pub(crate) wraps: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Property(String),
    /// A date to the minute.
    Minutes(&'static str),
}

const FILES: &[&str] = &["System.IO.FileInfo", "System.IO.DirectoryInfo"];
const COMMANDS: &[&str] = &[
    "System.Management.Automation.AliasInfo",
    "System.Management.Automation.ApplicationInfo",
    "System.Management.Automation.CmdletInfo",
    "System.Management.Automation.ExternalScriptInfo",
    "System.Management.Automation.FilterInfo",
    "System.Management.Automation.FunctionInfo",
    "System.Management.Automation.ScriptInfo",
];

impl View {
    /// The view for an object in a shape, if PowerShell has one.
    pub(crate) fn find(seen: Seen<'_>, shape: Shape) -> Option<Self> {
        let any = |types: &'static [&'static str]| types.iter().any(|name| seen.is_a(name));
        let view = |types, body| {
            Some(View {
                types,
                body,
                grouped: false,
            })
        };
        match (seen.type_name().as_ref(), shape) {
            ("System.Guid", Shape::Auto | Shape::Table) => view(&["System.Guid"], Body::Table(vec![column("Guid", 0)])),
            ("System.Version", Shape::Auto | Shape::Table) => {
                let columns = [("Major", 6), ("Minor", 6), ("Build", 6), ("Revision", 8)];
                view(
                    &["System.Version"],
                    Body::Table(columns.map(|(name, width)| column(name, width)).to_vec()),
                )
            }
            ("System.TimeSpan", Shape::Table) => {
                let names = ["Days", "Hours", "Minutes", "Seconds", "Milliseconds"];
                view(
                    &["System.TimeSpan"],
                    Body::Table(names.map(|name| column(name, 0)).to_vec()),
                )
            }
            ("System.TimeSpan", Shape::Auto | Shape::List) => view(&["System.TimeSpan"], Body::List(SPAN)),
            ("System.DateTime", Shape::Auto) => view(&["System.DateTime"], Body::Line("DateTime")),
            ("System.Collections.DictionaryEntry", Shape::Auto | Shape::Table) => view(
                &["System.Collections.DictionaryEntry"],
                Body::Table(vec![column("Name", 30), column("Value", 0)]),
            ),
            ("System.Collections.DictionaryEntry", Shape::List) => view(
                &["System.Collections.DictionaryEntry"],
                Body::List(&[("Name", "Name"), ("Value", "Value")]),
            ),
            ("Microsoft.PowerShell.Commands.GenericMeasureInfo", Shape::Auto | Shape::List) => view(
                &["Microsoft.PowerShell.Commands.GenericMeasureInfo"],
                Body::List(MEASURE),
            ),
            ("System.Management.Automation.CmdletInfo", Shape::List) => {
                view(&["System.Management.Automation.CmdletInfo"], Body::List(CMDLET))
            }
            (_, Shape::Auto | Shape::Table) if any(COMMANDS) => {
                let columns = [("CommandType", 15), ("Name", 50), ("Version", 10), ("Source", 0)];
                view(
                    COMMANDS,
                    Body::Table(columns.map(|(name, width)| column(name, width)).to_vec()),
                )
            }
            (_, Shape::Auto | Shape::Table) if any(FILES) => Some(View {
                types: FILES,
                body: Body::Table(file_columns(seen)),
                grouped: true,
            }),
            (_, Shape::List) if any(FILES) => Some(View {
                types: FILES,
                body: Body::List(FILE),
                grouped: true,
            }),
            _ => None,
        }
    }

    pub(crate) fn applies(&self, seen: Seen<'_>) -> bool {
        self.types.iter().any(|name| seen.is_a(name))
    }

    /// The folder that an object is grouped under.
    pub(crate) fn group(&self, seen: Seen<'_>) -> Option<String> {
        if !self.grouped {
            return None;
        }
        let path = text_of(seen, "PSParentPath");
        Some(path.replace("Microsoft.PowerShell.Core\\FileSystem::", ""))
    }
}

impl Source {
    pub(crate) fn text(&self, seen: Seen<'_>) -> String {
        match self {
            Source::Property(name) => plain(&text_of(seen, name)),
            Source::Minutes(name) => match seen.property(name).as_deref() {
                Some(Value::DateTime(date)) => minutes(*date),
                _ => text_of(seen, name),
            },
        }
    }
}

fn text_of(seen: Seen<'_>, name: &str) -> String {
    let value: Option<Cow<'_, Value>> = seen.property(name);
    value.map_or_else(String::new, |value| {
        Seen {
            value: &value,
            references: seen.references,
        }
        .shown(false)
    })
}

fn column(name: &str, width: usize) -> Column {
    Column {
        label: name.to_owned(),
        width,
        align: Align::Left,
        source: Source::Property(name.to_owned()),
        wraps: false,
    }
}

/// A Unix system's files have a mode, a user and a group; others have what Windows shows.
fn file_columns(seen: Seen<'_>) -> Vec<Column> {
    let of = |label: &str, width, align, name: &str| Column {
        label: label.to_owned(),
        width,
        align,
        source: Source::Property(name.to_owned()),
        wraps: true,
    };
    if seen.property("UnixMode").is_some() {
        let written = Column {
            source: Source::Minutes("LastWriteTime"),
            ..of("LastWriteTime", 16, Align::Right, "")
        };
        return vec![
            of("UnixMode", 10, Align::Left, "UnixMode"),
            of("User", 10, Align::Right, "User"),
            of("Group", 10, Align::Left, "Group"),
            written,
            of("Size", 12, Align::Right, "Size"),
            of("Name", 0, Align::Left, "NameString"),
        ];
    }
    vec![
        of("Mode", 7, Align::Left, "ModeWithoutHardLink"),
        of("LastWriteTime", 26, Align::Right, "LastWriteTimeString"),
        of("Length", 14, Align::Right, "LengthString"),
        of("Name", 0, Align::Left, "NameString"),
    ]
}

const SPAN: &[(&str, &str)] = &[
    ("Days", "Days"),
    ("Hours", "Hours"),
    ("Minutes", "Minutes"),
    ("Seconds", "Seconds"),
    ("Milliseconds", "Milliseconds"),
    ("Ticks", "Ticks"),
    ("TotalDays", "TotalDays"),
    ("TotalHours", "TotalHours"),
    ("TotalMinutes", "TotalMinutes"),
    ("TotalSeconds", "TotalSeconds"),
    ("TotalMilliseconds", "TotalMilliseconds"),
];
const MEASURE: &[(&str, &str)] = &[
    ("Count", "Count"),
    ("Average", "Average"),
    ("Sum", "Sum"),
    ("Maximum", "Maximum"),
    ("Minimum", "Minimum"),
    ("Property", "Property"),
];
const CMDLET: &[(&str, &str)] = &[
    ("Name", "Name"),
    ("CommandType", "CommandType"),
    ("Definition", "Definition"),
    ("Path", "Path"),
    ("DLL", "DLL"),
    ("HelpFile", "HelpFile"),
    ("ParameterSets", "ParameterSets"),
    ("ImplementingType", "ImplementingType"),
    ("Verb", "Verb"),
    ("Noun", "Noun"),
];
const FILE: &[(&str, &str)] = &[
    ("Name", "Name"),
    ("Length", "LengthString"),
    ("CreationTime", "CreationTime"),
    ("LastWriteTime", "LastWriteTime"),
    ("LastAccessTime", "LastAccessTime"),
    ("Mode", "Mode"),
    ("LinkType", "LinkType"),
    ("Target", "Target"),
    ("VersionInfo", "VersionInfo"),
];
