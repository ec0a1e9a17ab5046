//! Against the recordings of PowerShell 7.6 beside the project.

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::leaves::{Leaf, difference, leaves};
use crate::*;

fn recordings(what: &str) -> Option<PathBuf> {
    reference::folder("vectors/pwsh").map(|folder| folder.join(what))
}

#[test]
fn every_recorded_value_agrees_leaf_for_leaf() {
    let Some(folder) = recordings("values") else { return };
    let mut differing = Vec::new();
    let mut compared = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "clixml") {
            continue;
        }
        let json: Json = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let recorded: Vec<Leaf> = json.as_array().unwrap().iter().map(Leaf::recorded).collect();
        let document = read(&fs::read(&path).unwrap(), &Budget::default()).unwrap();
        assert_eq!(document.refused, 0, "{}", path.display());
        let ours = leaves(&document.values, true);
        compared += ours.len();
        if let Some(difference) = difference(recorded, ours) {
            differing.push(format!("{}: {difference}", path.file_name().unwrap().display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn every_odd_document_is_read_as_powershell_does_or_kept() {
    let Some(path) = recordings("odd.json") else { return };
    let documents: Json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut differing = Vec::new();
    for (number, case) in documents.as_array().unwrap().iter().enumerate() {
        let xml = case["xml"].as_str().unwrap();
        let read = read(xml.as_bytes(), &Budget::default());
        let verdict = match (case["leaves"].as_array(), read) {
            (Some(recorded), Ok(document)) if document.refused == 0 => difference(
                recorded.iter().map(Leaf::recorded).collect(),
                leaves(&document.values, false),
            ),
            (Some(_), other) => Some(format!("PowerShell reads it, ours does not: {other:?}")),
            (None, Ok(document)) if document.refused > 0 => kept(xml, &document),
            // A file needs `Objs` around it; the body of a message does without.
            (None, Ok(Document { form: Form::Bare, .. })) if xml == "<S>bare</S>" => None,
            // Base64, as a session may send it; a file has hex, and whose document this is is not known here.
            (None, Ok(_)) if xml.contains("<SS>aGk=</SS>") => None,
            // Not well-formed, or with a document type: the bytes stay with the caller.
            (None, Err(Error::Doctype { .. })) => None,
            (None, other) => Some(format!(
                "PowerShell refuses it ({}), ours does not: {other:?}",
                case["error"]
            )),
        };
        if let Some(verdict) = verdict {
            differing.push(format!("{number} {xml}: {verdict}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(documents.as_array().unwrap().len() >= 170);
}

/// Whether the refused part of a document is in it word for word, and is written again.
fn kept(xml: &str, document: &Document) -> Option<String> {
    let refused: Vec<&Opaque> = document.values.iter().flat_map(Value::refused).collect();
    let written = match document.form {
        Form::Document => write_document(&document.values),
        Form::Bare => write(&document.values[0]),
    };
    let whole = refused
        .iter()
        .all(|opaque| xml.contains(opaque.xml()) && written.contains(opaque.xml()));
    (refused.is_empty() || !whole).then(|| format!("not kept: {refused:?} in {written}"))
}

#[test]
fn every_recorded_document_is_written_as_it_was_read() {
    let (Some(values), Some(display)) = (recordings("values"), recordings("display")) else {
        return;
    };
    let mut documents = Vec::new();
    for entry in fs::read_dir(values).unwrap().chain(fs::read_dir(display).unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        match path.extension().and_then(std::ffi::OsStr::to_str) {
            Some("clixml") => documents.push((name, text)),
            Some("json") => {
                let json: Json = serde_json::from_str(&text).unwrap();
                let objects = json["objects"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_str);
                documents.extend(objects.map(|xml| (name.clone(), xml.to_owned())));
            }
            _ => {}
        }
    }
    let mut differing = Vec::new();
    for (name, xml) in &documents {
        let document = read(xml.as_bytes(), &Budget::default()).unwrap();
        assert_eq!(document.refused, 0, "{name}");
        let (theirs, ours) = (canonical(xml), canonical(&write_document(&document.values)));
        if theirs != ours {
            let first = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
            differing.push(format!("{name}: {first:?}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(documents.len() > 150, "{}", documents.len());
}

/// Elements and texts without white space between elements, attributes sorted, empty elements as start and end.
fn canonical(xml: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut out: Vec<String> = vec![String::new()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let mut attributes: Vec<_> = start
                    .attributes()
                    .map(Result::unwrap)
                    .map(|own| format!("{:?}={:?}", own.key, own.value))
                    .collect();
                attributes.sort();
                out.push(format!("{:?} {attributes:?}", start.name()));
                out.push(String::new());
            }
            Event::End(end) => {
                // White space counts only where an element holds nothing else.
                if out[out.len() - 2].starts_with('/') && out[out.len() - 1].trim().is_empty() {
                    out.pop();
                }
                out.push(format!("/{:?}", end.name()));
                out.push(String::new());
            }
            Event::Text(text) => out.last_mut().unwrap().push_str(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                let char = match &*name {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    other => panic!("{other}"),
                };
                out.last_mut().unwrap().push_str(char);
            }
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    out.retain(|item| !item.trim().is_empty() || item.contains(' ') && !item.contains('\n'));
    out
}
