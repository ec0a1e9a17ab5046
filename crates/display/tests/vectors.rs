//! What PowerShell itself printed of the same objects (`../shared/vectors/pwsh/display`).

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use clixml::{Budget, Value};
use display::{Csv, Formatter, Shape, json};

struct Recording {
    name: String,
    objects: Vec<Value>,
    vector: serde_json::Value,
}

fn recordings() -> Vec<Recording> {
    let Some(folder) = reference::folder("vectors/pwsh/display") else {
        return Vec::new();
    };
    let mut recordings: Vec<Recording> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let vector: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let documents = vector["objects"].as_array().unwrap();
            let objects = documents.iter().map(|document| {
                clixml::read(document.as_str().unwrap().as_bytes(), &Budget::default())
                    .unwrap()
                    .values
                    .remove(0)
            });
            let objects = objects.collect();
            Recording {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                objects,
                vector,
            }
        })
        .collect();
    recordings.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(recordings.len() > 20);
    recordings
}

fn printed(recording: &Recording, shape: Shape, width: usize) -> String {
    let mut formatter = Formatter::new(shape, Some(width));
    let mut text: String = recording.objects.iter().map(|object| formatter.push(object)).collect();
    text.push_str(&formatter.finish());
    text
}

/// Compares all but what is named in `known`, with why.
fn compare(what: &str, known: &[(&str, &str)], same: impl Fn(&Recording) -> Result<(), String>) {
    let recordings = recordings();
    let mut wrong = Vec::new();
    for recording in &recordings {
        let exception = known.iter().find(|(name, _)| *name == recording.name);
        match (same(recording), exception) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => wrong.push(format!("{what} of {} is right: it is no exception", recording.name)),
            (Err(_), Some((name, why))) => println!("{what} of {name} is otherwise: {why}"),
            (Err(text), None) => wrong.push(format!("{what} of {}:\n{text}", recording.name)),
        }
    }
    println!(
        "{what}: {} recordings, {} known exceptions",
        recordings.len(),
        known.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn text(recording: &Recording, key: &str, shape: Shape, width: usize) -> Result<(), String> {
    let (want, got) = (
        recording.vector[key].as_str().unwrap(),
        printed(recording, shape, width),
    );
    if want == got {
        Ok(())
    } else {
        Err(format!("--- want\n{want}--- got\n{got}---\n{want:?}\n{got:?}"))
    }
}

#[test]
fn objects_are_printed_as_powershell_prints_them() {
    compare("default", &[], |recording| text(recording, "default", Shape::Auto, 120));
}

#[test]
fn narrow_screens_cut_as_powershell_cuts() {
    let known = [(
        "noproperties",
        "recorded with one line end more than `default`, which no width explains",
    )];
    compare("default80", &known, |recording| {
        text(recording, "default80", Shape::Auto, 80)
    });
}

#[test]
fn tables_are_tables() {
    compare("table", &[], |recording| text(recording, "table", Shape::Table, 120));
}

#[test]
fn lists_are_lists() {
    compare("list", &[], |recording| text(recording, "list", Shape::List, 120));
}

#[test]
fn csv_is_csv() {
    let known = [
        ("secure", "the plain text and its length are not known here"),
        ("xml", "XML documents are not taken apart"),
    ];
    compare("csv", &known, |recording| {
        let mut csv = Csv::new();
        let got: Vec<String> = recording.objects.iter().flat_map(|object| csv.push(object)).collect();
        let got = serde_json::Value::from(got);
        if recording.vector["csv"] == got {
            Ok(())
        } else {
            Err(format!("want {}\ngot  {got}", recording.vector["csv"]))
        }
    });
}

#[test]
fn json_is_json() {
    let known = [
        ("secure", "the plain text and its length are not known here"),
        ("xml", "XML documents are not taken apart"),
    ];
    compare("json", &known, |recording| {
        let wanted = recording.vector["json"].as_array().unwrap();
        for (want, object) in wanted.iter().zip(&recording.objects) {
            let (want, got) = (want.as_str().unwrap(), json(object, 4));
            // The order of a dictionary that came over the wire is PowerShell's hashing, nothing to match.
            let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            if want != got && (recording.name != "command" || parsed(want) != parsed(&got)) {
                return Err(format!("want {want}\ngot  {got}"));
            }
        }
        Ok(())
    });
}

#[test]
fn without_a_width_nothing_is_cut() {
    for recording in recordings() {
        let mut formatter = Formatter::new(Shape::Auto, None);
        let mut text: String = recording.objects.iter().map(|object| formatter.push(object)).collect();
        text.push_str(&formatter.finish());
        let narrow = printed(&recording, Shape::Auto, 1000);
        // What a very wide screen shows is there, whatever the padding.
        for word in narrow.split_whitespace().filter(|word| !word.starts_with('-')) {
            assert!(text.contains(word), "{}: {word} is not in\n{text}", recording.name);
        }
    }
}
