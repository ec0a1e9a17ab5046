//! Random values for us to write and psrpcore to read.
//!
//! What it is known to read wrongly (0.3.1) is not made:
//! - an element that PowerShell refuses and a member set (`MS` in `MS`): it refuses them too, with the document;
//! - a boolean or null in an object: everything around it is dropped; an object in an object: they become one;
//! - two properties of one name in one set: the first is dropped;
//! - two keys of a dictionary that Python takes for equal (1, 1L, `"a"` as a string and as an address): the first is
//!   dropped; keys that it cannot hash (lists, durations, versions): it refuses the document;
//! - type names that need an escape: they are not unescaped; an empty list of them: a reference to it is not found;
//! - type names that it knows: the rest of the list is dropped, or the value becomes one of its own classes;
//! - a progress record without activity or status, or with an unknown kind: it refuses the document; an empty current
//!   operation: it becomes null.

use std::collections::HashSet;

use clixml::{
    Content, DateTime, Decimal, ListKind, Object, Progress, Property, Text, TimeSpan, TypeNames, Value, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

/// Whole values, with references to objects that came before or that the reference is in.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    (tree(), vec(any::<(u8, u8)>(), 1..20)).prop_map(|(mut value, dice)| {
        let mut known = Vec::new();
        let mut dice = dice.into_iter().cycle();
        refer(&mut value, &mut known, &mut || dice.next().unwrap_or_default());
        value
    })
}

fn tree() -> impl Strategy<Value = Value> {
    leaf().boxed().prop_recursive(5, 60, 5, |inner| {
        let items = (kind(), vec(inner.clone(), 0..5));
        let content = prop_oneof![
            2 => Just(Content::Empty),
            1 => leaf().prop_map(|base| match base {
                Value::Null | Value::Bool(_) | Value::Progress(_) => Content::Value(1.into()),
                base => Content::Value(base),
            }),
            1 => items.prop_map(|(kind, items)| Content::List(kind, items)),
            1 => vec((key(), inner.clone()), 0..4).prop_map(|entries| Content::Dictionary(distinct(entries))),
        ];
        let parts = (
            option::of(type_names()),
            option::of(text()),
            content,
            properties(inner.clone()),
            properties(inner),
        );
        parts.prop_map(|(type_names, to_string, content, adapted, extended)| {
            Value::from(Object {
                type_names: type_names.or_else(|| usual(&content)),
                to_string,
                content,
                adapted,
                extended,
                ..Object::new()
            })
        })
    })
}

fn kind() -> impl Strategy<Value = ListKind> {
    prop_oneof![
        Just(ListKind::List),
        Just(ListKind::Enumerable),
        Just(ListKind::Queue),
        Just(ListKind::Stack)
    ]
}

/// What a list or dictionary is called when nobody calls it otherwise: half of them are.
fn usual(content: &Content) -> Option<TypeNames> {
    let name = match content {
        Content::List(ListKind::List, items) if items.len() > 1 => "System.Collections.ArrayList",
        Content::List(ListKind::Stack, items) if items.len() > 1 => "System.Collections.Stack",
        Content::List(ListKind::Queue, items) if items.len() > 1 => "System.Collections.Queue",
        Content::Dictionary(entries) if entries.len() > 1 => "System.Collections.Hashtable",
        Content::Empty | Content::Value(_) | Content::List(..) | Content::Dictionary(_) => return None,
    };
    Some(TypeNames::from([name, "System.Object"]))
}

fn type_names() -> impl Strategy<Value = TypeNames> {
    prop_oneof![
        Just(TypeNames::from(["Contoso.User", "System.Object"])),
        Just(TypeNames::from(["Deserialized.Contoso.User", "System.Object"])),
        Just(TypeNames::from(["System.Object"])),
        vec("Contoso\\.[A-Za-z0-9`.<>&\"]{1,12}", 1..4).prop_map(TypeNames::new),
    ]
}

fn properties(value: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Option<Vec<Property>>> {
    option::of(vec((name(), value), 0..4).prop_map(|properties| {
        let mut names = HashSet::new();
        let properties = properties.into_iter().filter(|(name, _)| names.insert(name.clone()));
        properties.map(|(name, value)| Property { name, value }).collect()
    }))
}

fn name() -> impl Strategy<Value = Text> {
    text().prop_map(|text| if text.is_empty() { Text::from("Name") } else { text })
}

fn key() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => text().prop_map(Value::String),
        1 => any::<i32>().prop_map(Value::from),
        1 => (i64::from(i32::MAX) + 1..).prop_map(Value::from),
        1 => any::<u128>().prop_map(|bits| Uuid::from_u128(bits).into()),
        1 => vec(any::<u8>(), 0..9).prop_map(Value::from),
    ]
}

fn distinct(entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let mut keys = HashSet::new();
    let entries = entries.into_iter();
    entries.filter(|(key, _)| keys.insert(format!("{key:?}"))).collect()
}

fn text() -> impl Strategy<Value = Text> {
    let awkward = prop_oneof![
        Just('_'),
        Just('x'),
        Just('X'),
        Just('0'),
        Just('A'),
        Just('\r'),
        Just('\n'),
        Just('\t'),
        any::<char>()
    ];
    prop_oneof![
        4 => "[ -~]{0,12}".prop_map(Text::from),
        2 => vec(awkward, 0..12).prop_map(|chars| Text::from(chars.into_iter().collect::<String>())),
        2 => vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16, Just(0x5f), Just(0x78)], 0..8)
            .prop_map(|units| Text::from_utf16(&units)),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let decimal = (0..1_u128 << 96, 0..=28_u8, any::<bool>());
    let zone = prop_oneof![
        Just(Zone::Unspecified),
        Just(Zone::Utc),
        (-840..=840_i16).prop_map(Zone::Offset)
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u16>().prop_map(Value::Char),
        any::<u8>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u32>().prop_map(|bits| Value::Single(f32::from_bits(bits))),
        any::<u64>().prop_map(|bits| Value::Double(f64::from_bits(bits))),
        (-1e20..1e20).prop_map(Value::Double),
        decimal
            .prop_map(|(mantissa, scale, negative)| Decimal::new(mantissa, scale, negative).expect("in range").into()),
        (0..=DateTime::LAST_TICK, zone)
            .prop_map(|(ticks, zone)| DateTime::from_ticks(ticks, zone).expect("in range").into()),
        any::<i64>().prop_map(|ticks| TimeSpan::from_ticks(ticks).into()),
        (-10_000..10_000_i64).prop_map(|seconds| TimeSpan::from_ticks(seconds * 10_000_000).into()),
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).into()),
        vec(0..=i32::MAX, 2..=4).prop_map(|parts| {
            let parts: Vec<_> = parts.iter().map(i32::to_string).collect();
            parts.join(".").parse::<clixml::Version>().expect("in range").into()
        }),
        vec(any::<u8>(), 0..40).prop_map(Value::from),
        text().prop_map(Value::String),
        "https://[a-z]{1,9}/[a-z.%?&=]{0,9}".prop_map(|text| Value::Uri(text.into())),
        text().prop_map(Value::ScriptBlock),
        text().prop_map(Value::Xml),
        vec("[0-9a-f]{4}", 1..5).prop_map(|hex| Value::SecureString(hex.concat().into())),
        progress(),
    ]
}

fn progress() -> impl Strategy<Value = Value> {
    let operation = prop_oneof![Just(Value::Null), name().prop_map(Value::String)];
    let kind = prop_oneof![Just("Processing"), Just("Completed")];
    (name(), any::<[i32; 4]>(), operation, kind, name()).prop_map(|(activity, numbers, operation, kind, status)| {
        Value::from(Progress {
            activity,
            activity_id: numbers[0],
            current_operation: operation,
            parent_activity_id: numbers[1],
            percent_complete: numbers[2],
            kind: kind.into(),
            seconds_remaining: numbers[3],
            status_description: status,
        })
    })
}

/// Gives ids to the objects in the order in which they are written, and makes references of some of the leaves.
fn refer(value: &mut Value, known: &mut Vec<u32>, dice: &mut impl FnMut() -> (u8, u8)) {
    let Value::Object(object) = value else {
        let (chance, which) = dice();
        if chance < 20 && !known.is_empty() {
            *value = Value::Reference(known[usize::from(which) % known.len()].into());
        }
        return;
    };
    let id = known.last().map_or(0, |last| last + 1);
    object.id = Some(id.into());
    known.push(id);
    match &mut object.content {
        Content::Empty | Content::Value(_) => {}
        Content::List(_, items) => items.iter_mut().for_each(|item| refer(item, known, dice)),
        Content::Dictionary(entries) => entries.iter_mut().for_each(|(_, value)| refer(value, known, dice)),
    }
    for properties in [&mut object.adapted, &mut object.extended].into_iter().flatten() {
        properties
            .iter_mut()
            .for_each(|property| refer(&mut property.value, known, dice));
    }
}
