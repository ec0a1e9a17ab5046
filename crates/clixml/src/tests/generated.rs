//! Generated values: what is written is read back equal, and what is read is written as it was.

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use crate::*;

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![
        4 => "[ -~]{0,12}".prop_map(Text::from),
        2 => vec(prop_oneof![Just('_'), Just('x'), Just('X'), Just('0'), Just('A'), Just('\r'), Just('\n'), any::<char>()], 0..12)
            .prop_map(|chars| Text::from(chars.into_iter().collect::<String>())),
        2 => vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16, Just(0x5f), Just(0x78)], 0..8)
            .prop_map(|units| Text::from_utf16(&units)),
    ]
}

fn name() -> impl Strategy<Value = Text> {
    text().prop_map(|text| if text.is_empty() { Text::from("Name") } else { text })
}

fn leaf() -> impl Strategy<Value = Value> {
    let decimal = (0..1_u128 << 96, 0..=28_u8, any::<bool>());
    let zone = prop_oneof![
        Just(Zone::Unspecified),
        Just(Zone::Utc),
        (-840..=840_i16).prop_map(Zone::Offset)
    ];
    let progress = (
        text(),
        any::<[i32; 4]>(),
        prop_oneof![Just(Value::Null), text().prop_map(Value::String)],
        text(),
        text(),
    );
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
        decimal.prop_map(|(mantissa, scale, negative)| Decimal::new(mantissa, scale, negative).unwrap().into()),
        (0..=DateTime::LAST_TICK, zone).prop_map(|(ticks, zone)| DateTime::from_ticks(ticks, zone).unwrap().into()),
        any::<i64>().prop_map(|ticks| TimeSpan::from_ticks(ticks).into()),
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).into()),
        vec(0..=i32::MAX, 2..=4).prop_map(|parts| {
            let parts: Vec<_> = parts.iter().map(i32::to_string).collect();
            parts.join(".").parse::<Version>().unwrap().into()
        }),
        vec(any::<u8>(), 0..40).prop_map(Value::from),
        text().prop_map(Value::String),
        "[a-z]{1,5}:?/{0,2}[a-z.%?&=]{0,9}".prop_map(|text| Value::Uri(text.into())),
        text().prop_map(Value::ScriptBlock),
        text().prop_map(Value::Xml),
        vec("[0-9a-f]{4}", 1..5).prop_map(|hex| Value::SecureString(hex.concat().into())),
        progress.prop_map(
            |(activity, [activity_id, parent, percent, seconds], operation, kind, status)| {
                Value::from(Progress {
                    activity,
                    activity_id,
                    current_operation: operation,
                    parent_activity_id: parent,
                    percent_complete: percent,
                    kind,
                    seconds_remaining: seconds,
                    status_description: status,
                })
            }
        ),
        Just("<What a='1'>&amp;<S>x</S></What>").prop_map(refused),
        Just("<I32>9999999999</I32>").prop_map(refused),
        Just("<Ref RefId=\"none\" />").prop_map(refused),
    ]
}

fn refused(xml: &str) -> Value {
    read_value(xml.as_bytes(), &Budget::default()).unwrap()
}

fn properties(value: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Option<Vec<Property>>> {
    let named = (
        name(),
        value.clone(),
        proptest::option::weighted(0.1, vec((name(), value), 0..3)),
    );
    let property = named.prop_map(|(name, value, set)| match (value, set) {
        (_, Some(set)) => Property::new(
            name,
            Value::MemberSet(
                set.into_iter()
                    .map(|(name, value)| Property {
                        name,
                        value: plain(value),
                    })
                    .collect(),
            ),
        ),
        (value, None) => Property {
            name,
            value: plain(value),
        },
    });
    proptest::option::of(vec(property, 0..4))
}

/// Raw XML under a name bears that name when it is read again, so as a property it is another value.
fn plain(value: Value) -> Value {
    if matches!(value, Value::Opaque(_)) {
        Value::Null
    } else {
        value
    }
}

fn value() -> impl Strategy<Value = Value> {
    leaf().boxed().prop_recursive(5, 60, 5, |inner| {
        let kind = prop_oneof![
            Just(ListKind::List),
            Just(ListKind::Enumerable),
            Just(ListKind::Queue),
            Just(ListKind::Stack)
        ];
        let key = inner.clone().prop_map(|key| {
            if matches!(key, Value::Null | Value::Opaque(_)) {
                true.into()
            } else {
                key
            }
        });
        let content = prop_oneof![
            Just(Content::Empty),
            inner
                .clone()
                .prop_map(|base| Content::Value(if matches!(base, Value::Opaque(_)) {
                    1.into()
                } else {
                    base
                })),
            (kind, vec(inner.clone(), 0..5)).prop_map(|(kind, items)| Content::List(kind, items)),
            vec((key, inner.clone().prop_map(plain)), 0..4).prop_map(Content::Dictionary),
        ];
        let types = proptest::option::of(prop_oneof![
            Just(TypeNames::from(["System.Object"])),
            Just(TypeNames::from(["System.Collections.Hashtable", "System.Object"])),
            vec(text(), 0..3).prop_map(TypeNames::new),
        ]);
        (
            types,
            proptest::option::of(text()),
            content,
            properties(inner.clone()),
            properties(inner),
        )
            .prop_map(|(type_names, to_string, content, adapted, extended)| {
                Value::from(Object {
                    id: None,
                    type_names,
                    to_string,
                    content,
                    adapted,
                    extended,
                    opaque: Vec::new(),
                })
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_written_and_read_is_equal(value in value()) {
        let xml = write(&value);
        let read = read_value(xml.as_bytes(), &Budget::default()).unwrap();
        prop_assert_eq!(&read, &value, "{}", xml);
        prop_assert_eq!(write(&read), xml);
    }

    #[test]
    fn a_document_of_many_values_written_and_read_is_equal(values in vec(value(), 0..4)) {
        let xml = write_document(&values);
        let document = read(xml.as_bytes(), &Budget::default()).unwrap();
        prop_assert_eq!(&document.values, &values, "{}", xml);
        prop_assert_eq!(write_document(&document.values), xml);
    }

    #[test]
    fn a_mangled_document_is_an_error_or_is_written_stably(value in value(), cuts in vec((any::<u16>(), any::<u8>()), 1..4)) {
        let mut bytes = write(&value).into_bytes();
        for (at, byte) in cuts {
            let at = usize::from(at) % bytes.len();
            match byte % 4 {
                0 => { bytes.remove(at); }
                1 => bytes.insert(at, byte),
                2 => bytes[at] = b"<>/&;\"_ xN"[usize::from(byte) % 10],
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() { bytes.push(b' ') }
        }
        if let Ok(document) = read(&bytes, &Budget::default()) {
            let again = read(write_document(&document.values).as_bytes(), &Budget::default()).unwrap();
            prop_assert_eq!(again.values, document.values);
        }
    }
}
