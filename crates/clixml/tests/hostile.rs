//! Ten megabytes made to cost as much as they can: what is kept of them stays within the budget, in values and in memory.
//! A binary of its own, so that the high-water mark is this test's alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a test says what it skips")]

use clixml::{Budget, Content, Error, Reader, Value};

const SIZE: usize = 10 << 20;
/// For the document, its values and what reading needs on top. A tenth of it is what an ordinary document takes.
const MEMORY: u64 = 512 << 20;

fn filled(before: &str, part: &str, after: &str) -> String {
    let times = (SIZE - before.len() - after.len()) / part.len();
    [before, &part.repeat(times), after].concat()
}

/// Numbered parts: the cheapest way to be different each time.
fn numbered(before: &str, part: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    for number in 0.. {
        let next = part(number);
        if text.len() + next.len() + after.len() > SIZE {
            break;
        }
        text.push_str(&next);
    }
    text + after
}

fn documents() -> Vec<(&'static str, String)> {
    let nested = |open: &str, close: &str| {
        let levels = SIZE / (open.len() + close.len());
        open.repeat(levels) + &close.repeat(levels)
    };
    vec![
        ("empty objects", filled("<Obj><LST>", "<Obj/>", "</LST></Obj>")),
        ("empty strings", filled("<Obj><LST>", "<S/>", "</LST></Obj>")),
        ("numbers", filled("<Obj><LST>", "<I32>1</I32>", "</LST></Obj>")),
        ("objects in objects", nested("<Obj><LST>", "</LST></Obj>")),
        ("member sets in member sets", nested("<MS N=\"a\">", "</MS>")),
        ("properties", filled("<Obj><MS>", "<S N=\"a\"/>", "</MS></Obj>")),
        ("nameless properties", filled("<Obj><MS>", "<S/>", "</MS></Obj>")),
        (
            "entries",
            filled("<Obj><DCT>", "<En><S N=\"Key\"/><S N=\"Value\"/></En>", "</DCT></Obj>"),
        ),
        ("empty entries", filled("<Obj><DCT>", "<En/>", "</DCT></Obj>")),
        ("type names", filled("<Obj><TN>", "<T/>", "</TN></Obj>")),
        ("escapes", filled("<S>", "_x0041_", "</S>")),
        ("references to chars", filled("<S>", "&#65;", "</S>")),
        ("comments in a string", filled("<S>", "a<!---->", "</S>")),
        ("unknown tags", filled("<Obj>", "<x/>", "</Obj>")),
        ("stray text and tags", filled("<Obj>", "a<TN/>", "</Obj>")),
        ("digits", filled("<I32>", "1", "</I32>")),
        (
            "ids",
            numbered("<Obj><LST>", |n| format!("<Obj RefId=\"{n}\"/>"), "</LST></Obj>"),
        ),
        (
            "ids of type names",
            numbered(
                "<Obj><LST>",
                |n| format!("<Obj><TN RefId=\"{n}\"><T>{n}</T></TN></Obj>"),
                "</LST></Obj>",
            ),
        ),
        (
            "references",
            numbered(
                "<Obj RefId=\"0\"><LST>",
                |_| "<Ref RefId=\"0\"/>".to_owned(),
                "</LST></Obj>",
            ),
        ),
        (
            "namespaces",
            numbered("<Obj>", |n| format!("<p:x xmlns:p=\"{n}\"/>"), "</Obj>"),
        ),
        ("attributes", numbered("<S", |n| format!(" a{n}=\"\""), "/>")),
    ]
}

fn values(value: &Value) -> usize {
    let Value::Object(object) = value else { return 1 };
    let content = match &object.content {
        Content::Empty => 0,
        Content::Value(value) => values(value),
        Content::List(_, items) => items.iter().map(values).sum(),
        Content::Dictionary(entries) => entries.iter().map(|(key, value)| values(key) + values(value)).sum(),
    };
    1 + content
        + object
            .properties()
            .map(|property| values(&property.value))
            .sum::<usize>()
}

/// The most memory that this process ever had, in bytes; `None` where the system does not say.
fn high_water() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn ten_hostile_megabytes_stay_within_the_budget() {
    let budget = Budget::default();
    let mut refused = 0;
    for (what, document) in documents() {
        assert!(document.len() > SIZE * 9 / 10 && document.len() <= SIZE, "{what}");
        let read = Reader::new(document.as_bytes(), &budget).and_then(|mut reader| {
            let mut count = 0;
            while let Some(value) = reader.next_value()? {
                count += values(&value);
            }
            Ok(count)
        });
        match read {
            Ok(count) => assert!(count <= budget.values, "{what}: {count} values"),
            Err(Error::Budget { .. }) => refused += 1,
            Err(Error::Xml { .. }) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    assert!(refused >= 2, "more than a million values are refused");
    match high_water() {
        Some(most) => assert!(most <= MEMORY, "{} MB", most >> 20),
        None => println!("skipped: this system does not say how much memory was had"),
    }
}
