//! How objects become text one by one.

#![allow(clippy::unwrap_used)]

use clixml::{Content, Object, RefId, Value};
use display::{Csv, Formatter, Shape, error_text, json};
use proptest::prelude::*;

fn user(name: &str, id: i32) -> Value {
    Object::custom().extended("Name", name).extended("Id", id).into()
}

#[test]
fn a_table_waits_until_it_is_settled_and_then_runs() {
    let mut formatter = Formatter::new(Shape::Auto, Some(40));
    assert_eq!(formatter.push(&user("Ken", 1)), "\n");
    assert!(formatter.is_gathering());
    assert_eq!(formatter.push(&user("Pilar", 22)), "");
    assert_eq!(formatter.push(&"between".into()), "");
    assert_eq!(formatter.settle(), "Name  Id\n----  --\nKen    1\nPilar 22\nbetween\n");
    assert!(!formatter.is_gathering());
    assert_eq!(formatter.push(&user("Jonathan", 3)), "Jona…  3\n");
    assert_eq!(formatter.push(&"raw".into()), "raw\n");
    assert_eq!(formatter.finish(), "\n");
}

#[test]
fn without_a_width_later_rows_are_not_cut() {
    let mut formatter = Formatter::new(Shape::Auto, None);
    formatter.push(&user("Ken", 1));
    formatter.settle();
    assert_eq!(formatter.push(&user("Jonathan", 3)), "Jonathan  3\n");
    let long = "x".repeat(500);
    let mut formatter = Formatter::new(Shape::List, None);
    assert_eq!(
        formatter.push(&user(&long, 1)),
        format!("\nName : {long}\nId   : 1\n\n")
    );
}

#[test]
fn lists_come_at_once() {
    let five = (1..=5).fold(Object::custom(), |object, n| object.extended(format!("P{n}"), n));
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    let text = "P1 : 1\nP2 : 2\nP3 : 3\nP4 : 4\nP5 : 5\n\n";
    assert_eq!(formatter.push(&five.clone().into()), format!("\n{text}"));
    assert_eq!(formatter.push(&five.into()), text);
    assert_eq!(formatter.finish(), "");
}

#[test]
fn the_next_output_begins_anew() {
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    assert_eq!(formatter.finish(), "");
    formatter.push(&user("a", 1));
    formatter.finish();
    assert_eq!(formatter.push(&user("b", 2)), "\n");
    assert_eq!(formatter.finish(), "Name Id\n---- --\nb     2\n\n");
}

#[test]
fn nothing_prints_nothing_and_types_come_without_their_mark() {
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    assert_eq!(formatter.push(&Value::Null), "");
    let big = Object::new()
        .with_types(["Deserialized.System.Numerics.BigInteger"])
        .with_text("12")
        .adapted("Sign", 1);
    assert_eq!(formatter.push(&big.into()), "12\n");
    let spelled = Object::new().with_text("007").with_content(Content::Value(7.into()));
    assert_eq!(formatter.push(&spelled.into()), "007\n");
}

#[test]
fn files_are_grouped_by_folder() {
    let file = |folder: &str, name: &str| -> Value {
        Object::new()
            .with_types(["Deserialized.System.IO.FileInfo", "Deserialized.System.Object"])
            .extended(
                "PSParentPath",
                format!("Microsoft.PowerShell.Core\\FileSystem::{folder}"),
            )
            .extended("ModeWithoutHardLink", "-a---")
            .extended("LastWriteTimeString", "1/2/2014  8:30 AM")
            .extended("LengthString", "3")
            .extended("NameString", name)
            .into()
    };
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    let header = "Mode                 LastWriteTime         Length Name\n----                 -------------         ------ ----\n";
    let row = |name: &str| format!("-a---            1/2/2014  8:30 AM              3 {name}\n");
    assert_eq!(
        formatter.push(&file("C:\\a", "x")),
        format!("\n    Directory: C:\\a\n\n{header}{}", row("x"))
    );
    assert_eq!(formatter.push(&file("C:\\a", "y")), row("y"));
    assert_eq!(
        formatter.push(&file("C:\\b", "z")),
        format!("\n    Directory: C:\\b\n\n{header}{}", row("z"))
    );
    assert_eq!(formatter.finish(), "\n");
}

#[test]
fn errors_are_concise() {
    let record: Value = Object::new()
        .with_types(["System.Management.Automation.ErrorRecord", "System.Object"])
        .with_text("The term 'x' is not recognized as a name of a cmdlet.")
        .extended("FullyQualifiedErrorId", "CommandNotFoundException")
        .extended("ErrorCategory_Activity", "x")
        .extended("ErrorCategory_Category", 13)
        .extended("InvocationInfo", Value::Null)
        .into();
    assert_eq!(
        error_text(&record, Some(80)),
        "x: The term 'x' is not recognized as a name of a cmdlet.\n"
    );
    let bare: Value = Object::new().with_text("broken").into();
    assert_eq!(error_text(&bare, None), "Error: broken\n");
}

#[test]
fn an_object_within_itself_ends() {
    let mut object = Object::custom()
        .extended("Name", "a")
        .extended("Self", Value::Reference(RefId::new("5")));
    object.id = Some(RefId::new("5"));
    let value = Value::from(object);
    assert_eq!(json(&value, 100), r#"{"Name":"a","Self":"@{Name=a; Self=}"}"#);
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    formatter.push(&value);
    assert!(formatter.finish().contains("@{Name=a; Self=}"));
    assert_eq!(Csv::new().push(&value)[1], r#""a","@{Name=a; Self=}""#);
}

#[test]
fn deep_values_end_as_text() {
    let deep = (0..300).fold(Value::from(1), |inner, _| Value::list([inner]));
    assert!(json(&deep, usize::MAX).starts_with("[[[["));
    let mut formatter = Formatter::new(Shape::Auto, Some(80));
    formatter.push(&Object::custom().extended("Deep", deep).into());
    assert!(formatter.finish().contains("Deep"));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        any::<u16>().prop_map(Value::Char),
        any::<Vec<u8>>().prop_map(Value::from),
        "[a-z:/@?#\\[\\]0-9]{0,20}".prop_map(|text| Value::Uri(text.into())),
        ".{0,12}".prop_map(|text| Value::Xml(text.into())),
        any::<i64>().prop_map(|ticks| clixml::TimeSpan::from_ticks(ticks).into()),
        (0..=clixml::DateTime::LAST_TICK)
            .prop_map(|ticks| clixml::DateTime::from_ticks(ticks, clixml::Zone::Utc).map_or(Value::Null, Value::from)),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
            prop::collection::vec((".{0,6}", inner.clone()), 0..6).prop_map(Value::dictionary),
            prop::collection::vec((".{0,6}", inner), 0..6).prop_map(|properties| {
                let add = |object: Object, (name, value): (String, Value)| object.extended(name, value);
                properties.into_iter().fold(Object::custom(), add).into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_and_no_width_panics(
        values in prop::collection::vec(values(), 0..6),
        width in prop::option::of(0_usize..60),
        shape in prop::sample::select(vec![Shape::Auto, Shape::Table, Shape::List]),
    ) {
        let mut formatter = Formatter::new(shape, width);
        let mut csv = Csv::new();
        for value in &values {
            formatter.push(value);
            csv.push(value);
            prop_assert!(error_text(value, width).ends_with('\n'));
            let parsed = serde_json::from_str::<serde_json::Value>(&json(value, 4));
            prop_assert!(parsed.is_ok());
        }
        formatter.finish();
    }

    #[test]
    fn no_row_of_a_table_is_wider_than_the_screen(
        rows in prop::collection::vec(("[a-z日 ]{0,30}", any::<i32>(), "[a-z ]{0,30}"), 1..6),
        width in 5_usize..60,
    ) {
        let mut formatter = Formatter::new(Shape::Table, Some(width));
        let mut text = String::new();
        for (left, middle, right) in rows {
            let object = Object::custom().extended("Left", left).extended("Middle", middle).extended("Right", right);
            text.push_str(&formatter.push(&object.into()));
        }
        text.push_str(&formatter.finish());
        let cells = |line: &str| line.chars().map(|c| if c == '日' { 2 } else { 1 }).sum::<usize>();
        prop_assert!(text.lines().all(|line| cells(line) <= width), "{}", text);
    }
}
