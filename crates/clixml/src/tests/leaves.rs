//! A value's leaves in the words of the recordings: one record each, in the order in which PowerShell walks.
//!
//! The recorder asked .NET; this says the same of ours: which type a value becomes, what its text is, that the last
//! property of a name wins, that a reference is the object again.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use crate::*;

/// What is compared of a recorded leaf.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leaf {
    pub(super) path: String,
    pub(super) kind: String,
    pub(super) text: Option<String>,
    pub(super) names: Option<Vec<String>>,
}

impl Leaf {
    pub(super) fn recorded(json: &Json) -> Leaf {
        let string = |key: &str| json[key].as_str().map(str::to_owned);
        let names = json["names"].as_array().map(|names| {
            names
                .iter()
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect()
        });
        Leaf {
            path: string("path").unwrap(),
            kind: string("type").unwrap(),
            text: string("utf16").map(|units| decoded(&units)).or_else(|| string("text")),
            names,
        }
    }
}

/// UTF-16LE in base64 as Rust prints the units, so that lone surrogates compare.
fn decoded(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap();
    let units: Vec<u16> = bytes
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    format!("{:?}", Text::from_utf16(&units))
}

/// The leaves of the values of one document.
pub(super) fn leaves(values: &[Value], single: bool) -> Vec<Leaf> {
    let mut walk = Walk {
        objects: HashMap::new(),
        open: HashSet::new(),
        out: Vec::new(),
    };
    for (index, value) in values.iter().enumerate() {
        let path = if single { "$".to_owned() } else { format!("${index}") };
        walk.value(value, &path);
    }
    walk.out
}

/// What differs between a recording and ours, if anything does. A container's own words are not compared (the recorder
/// asked .NET's object, which has none), nor what is inside of an object that PowerShell made live again.
pub(super) fn difference(mut recorded: Vec<Leaf>, mut ours: Vec<Leaf>) -> Option<String> {
    for leaf in &mut recorded {
        if leaf.kind == "System.Management.Automation.PSObject" {
            // A list with properties: the recorder saw its items only.
            leaf.kind = "System.Collections.ArrayList".to_owned();
            ours.retain(|own| !own.path.starts_with(&format!("{}.", leaf.path)));
        }
        let live = format!("Deserialized.{}", leaf.kind);
        let bag =
            |own: &Leaf| own.path == leaf.path && own.names.as_ref().is_some_and(|names| names.first() == Some(&live));
        if !CONTAINERS.contains(&&*leaf.kind)
            && let Some(own) = ours.iter().position(bag)
        {
            ours[own] = Leaf {
                text: ours[own].text.take(),
                ..leaf.clone()
            };
            ours.retain(|own| !own.path.starts_with(&format!("{}.", leaf.path)));
        }
    }
    for leaf in recorded
        .iter_mut()
        .chain(&mut ours)
        .filter(|leaf| CONTAINERS.contains(&&*leaf.kind))
    {
        leaf.text = None;
    }
    recorded.sort();
    ours.sort();
    let missing: Vec<_> = recorded.iter().filter(|leaf| !ours.contains(leaf)).take(3).collect();
    let extra: Vec<_> = ours.iter().filter(|leaf| !recorded.contains(leaf)).take(3).collect();
    (recorded != ours).then(|| {
        format!(
            "missing {missing:?}, extra {extra:?} ({} and {})",
            recorded.len(),
            ours.len()
        )
    })
}

const CONTAINERS: &[&str] = &[
    "System.Management.Automation.PSCustomObject",
    "System.Collections.ArrayList",
    "System.Collections.Queue",
    "System.Collections.Stack",
    "System.Collections.Hashtable",
    "System.Collections.Specialized.OrderedDictionary",
    "System.Object[]",
];

struct Walk<'a> {
    objects: HashMap<RefId, &'a Object>,
    open: HashSet<*const Object>,
    out: Vec<Leaf>,
}

impl<'a> Walk<'a> {
    fn leaf(&mut self, path: &str, kind: &str, text: Option<String>, names: Option<Vec<String>>) {
        self.out.push(Leaf {
            path: path.to_owned(),
            kind: kind.to_owned(),
            text,
            names,
        });
    }

    fn value(&mut self, value: &'a Value, path: &str) {
        match value {
            Value::Object(object) => self.object(object, path),
            Value::Reference(id) => {
                let object = self.objects[id];
                self.object(object, path);
            }
            value => self.scalar(value, None, path),
        }
    }

    /// PowerShell unrolls a list that it takes out of a property: none is null, one is itself, more are an array.
    fn property(&mut self, value: &'a Value, path: &str) {
        let object = match value {
            Value::Object(object) => Some(&**object),
            Value::Reference(id) => self.objects.get(id).copied(),
            _ => None,
        };
        let Some(Object {
            id,
            content: Content::List(ListKind::List | ListKind::Enumerable, items),
            ..
        }) = object
        else {
            return self.value(value, path);
        };
        if let (Some(id), Some(object)) = (id, object) {
            self.objects.insert(id.clone(), object);
        }
        match &items[..] {
            [] => self.leaf(path, "null", None, None),
            [single] => self.value(single, path),
            items => {
                let names = ["System.Object[]", "System.Array", "System.Object"]
                    .map(str::to_owned)
                    .to_vec();
                self.leaf(path, "System.Object[]", None, Some(names));
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| self.value(item, &format!("{path}[{index}]")));
            }
        }
    }

    fn scalar(&mut self, value: &Value, own: Option<&Object>, path: &str) {
        let (kind, bases, text): (&str, &[&str], String) = match value {
            Value::Null => return self.leaf(path, "null", None, None),
            Value::Bool(truth) => (
                "System.Boolean",
                VALUE,
                if *truth { "True" } else { "False" }.to_owned(),
            ),
            Value::Char(unit) => ("System.Char", VALUE, unit.to_string()),
            Value::Byte(number) => ("System.Byte", VALUE, number.to_string()),
            Value::SByte(number) => ("System.SByte", VALUE, number.to_string()),
            Value::UInt16(number) => ("System.UInt16", VALUE, number.to_string()),
            Value::Int16(number) => ("System.Int16", VALUE, number.to_string()),
            Value::UInt32(number) => ("System.UInt32", VALUE, number.to_string()),
            Value::Int32(number) => ("System.Int32", VALUE, number.to_string()),
            Value::UInt64(number) => ("System.UInt64", VALUE, number.to_string()),
            Value::Int64(number) => ("System.Int64", VALUE, number.to_string()),
            Value::Single(_) => ("System.Single", VALUE, dotnet_infinity(value)),
            Value::Double(_) => ("System.Double", VALUE, dotnet_infinity(value)),
            Value::Decimal(number) => ("System.Decimal", VALUE, number.to_string()),
            Value::DateTime(time) => ("System.DateTime", VALUE, round_trip(*time)),
            Value::TimeSpan(span) => ("System.TimeSpan", VALUE, span.to_string()),
            Value::Guid(guid) => ("System.Guid", VALUE, guid.to_string()),
            Value::Version(version) => ("System.Version", OBJECT, version.to_string()),
            Value::Bytes(bytes) => (
                "System.Byte[]",
                &["System.Array", "System.Object"],
                STANDARD.encode(bytes),
            ),
            Value::String(text) => ("System.String", OBJECT, format!("{text:?}")),
            // A script block comes back as a string, unless its type names say otherwise.
            Value::ScriptBlock(text) => ("System.String", OBJECT, format!("{text:?}")),
            // .NET shows an address unescaped; the spelling is kept here.
            Value::Uri(text) => ("System.Uri", OBJECT, text.to_string().replace("%20", " ")),
            Value::Xml(text) => (
                "System.Xml.XmlDocument",
                &["System.Xml.XmlNode", "System.Object"],
                text.to_string(),
            ),
            Value::SecureString(_) => ("System.Security.SecureString", OBJECT, "SECURE".to_owned()),
            Value::Progress(record) => ("System.Management.Automation.ProgressRecord", OBJECT, shown(record)),
            other => panic!("no leaf: {other:?}"),
        };
        let names = match own.and_then(|own| own.type_names.as_ref()) {
            Some(names) => deserialized(names),
            None => [kind].iter().chain(bases).map(|name| (*name).to_owned()).collect(),
        };
        self.leaf(path, kind, Some(text), Some(names));
    }

    fn object(&mut self, object: &'a Object, path: &str) {
        if let Some(id) = &object.id {
            self.objects.insert(id.clone(), object);
        }
        let own = object.type_names.as_ref();
        match &object.content {
            Content::Value(base) if !matches!(base, Value::Object(_)) => self.scalar(base, Some(object), path),
            Content::Value(base) => self.value(base, path),
            Content::Empty => {
                let kind = "System.Management.Automation.PSCustomObject".to_owned();
                let names = own.map_or_else(|| vec![kind.clone(), "System.Object".to_owned()], deserialized);
                // A property bag's own words are not compared when it has none.
                let text = object.to_string.as_ref().map_or_else(String::new, Text::to_string);
                self.leaf(path, &kind, Some(text), Some(names));
            }
            Content::List(kind, _) => {
                let kind = match kind {
                    ListKind::List | ListKind::Enumerable => "System.Collections.ArrayList",
                    ListKind::Queue => "System.Collections.Queue",
                    ListKind::Stack => "System.Collections.Stack",
                };
                let names = own.map_or_else(|| vec![kind.to_owned(), "System.Object".to_owned()], deserialized);
                self.leaf(path, kind, Some(kind.to_owned()), Some(names));
            }
            Content::Dictionary(_) => {
                let ordered = own.and_then(TypeNames::first).is_some_and(|first| {
                    first
                        .to_string_lossy()
                        .ends_with("System.Collections.Specialized.OrderedDictionary")
                });
                let kind = if ordered {
                    "System.Collections.Specialized.OrderedDictionary"
                } else {
                    "System.Collections.Hashtable"
                };
                let names = own.map_or_else(|| vec![kind.to_owned(), "System.Object".to_owned()], deserialized);
                self.leaf(path, kind, Some(kind.to_owned()), Some(names));
            }
        }
        if !self.open.insert(object) {
            return self.leaf(&format!("{path}@"), "seen", None, None);
        }
        match &object.content {
            Content::List(_, items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| self.value(item, &format!("{path}[{index}]")));
            }
            Content::Dictionary(entries) => {
                for (key, value) in entries {
                    self.value(key, &format!("{path}{{key}}"));
                    let words = match key {
                        Value::Object(object) => bag(object),
                        Value::Int32(number) => number.to_string(),
                        key => key.as_text().map_or_else(String::new, Text::to_string),
                    };
                    self.value(value, &format!("{path}{{{words}}}"));
                }
            }
            Content::Empty | Content::Value(_) => {}
        }
        let mut seen: Vec<(&Text, &Value)> = Vec::new();
        for property in object.properties() {
            let name = property.name.to_string();
            match seen.iter_mut().find(|(known, _)| known.eq_ignore_case(&name)) {
                Some(known) => *known = (&property.name, &property.value),
                None => seen.push((&property.name, &property.value)),
            }
        }
        for (name, value) in seen {
            self.property(value, &format!("{path}.{name}"));
        }
        self.open.remove(&std::ptr::from_ref(object));
    }
}

const VALUE: &[&str] = &["System.ValueType", "System.Object"];
const OBJECT: &[&str] = &["System.Object"];

fn deserialized(names: &TypeNames) -> Vec<String> {
    // An empty name is no name to the recorder.
    names
        .names()
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| format!("Deserialized.{name}"))
        .collect()
}

/// A bag of properties as PowerShell makes a string of it.
fn bag(object: &Object) -> String {
    let shown = |property: &Property| {
        format!(
            "{}={}",
            property.name,
            property.value.as_text().map_or_else(String::new, Text::to_string)
        )
    };
    let properties: Vec<_> = object.properties().map(shown).collect();
    object
        .to_string
        .as_ref()
        .map_or_else(|| format!("@{{{}}}", properties.join("; ")), Text::to_string)
}

fn shown(record: &Progress) -> String {
    format!(
        "parent = {} id = {} act = {} stat = {} cur = {} pct = {} sec = {} type = {}",
        record.parent_activity_id,
        record.activity_id,
        record.activity,
        record.status_description,
        record.current_operation.as_str().unwrap_or(""),
        record.percent_complete,
        record.seconds_remaining,
        record.kind
    )
}

fn dotnet_infinity(value: &Value) -> String {
    let xml = write(value);
    let text = xml.split(['<', '>']).nth(2).unwrap();
    text.replace("INF", "Infinity")
}

/// .NET's `o`: seven places always; an offset became local time, which was UTC.
fn round_trip(time: DateTime) -> String {
    let shown = match time.zone() {
        Zone::Offset(_) => DateTime::from_unix_ticks(time.unix_ticks()).unwrap(),
        Zone::Unspecified | Zone::Utc => time,
    };
    let text = DateTime::from_ticks(shown.ticks(), Zone::Unspecified)
        .unwrap()
        .to_string();
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let zone = match time.zone() {
        Zone::Unspecified => "",
        Zone::Utc => "Z",
        Zone::Offset(_) => "+00:00",
    };
    format!("{seconds}.{fraction:0<7}{zone}")
}
