//! What PowerShell itself made of the same lines, names and patterns (`../shared/vectors/pwsh`).

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use language::{Constant, Error, Wildcard, parse};
use serde_json::Value;

fn vectors(name: &str) -> Option<Vec<Value>> {
    let bytes = std::fs::read(reference::folder("vectors/pwsh")?.join(name)).unwrap();
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// The value as the recording spells it: text, a list of texts, nothing for what is empty.
fn recorded(value: &Constant) -> Value {
    match value.value() {
        Constant::Null => Value::Null,
        Constant::Array(items) if items.is_empty() => Value::Null,
        Constant::Array(items) => items.iter().map(|item| Value::from(item.to_string())).collect(),
        Constant::Hashtable(entries) if entries.is_empty() => Value::Null,
        Constant::Hashtable(entries) => Value::from(
            entries
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<_>>()
                .join(";"),
        ),
        other => Value::from(other.to_string()),
    }
}

fn list(text: &str) -> Result<Value, Error> {
    let list = parse(text)?;
    let commands = list.commands.iter().map(|command| {
        let parameters: Vec<Value> = command
            .arguments
            .iter()
            .map(|argument| {
                serde_json::json!({
                    "name": argument.name,
                    "type": argument.value.type_name(),
                    "value": recorded(&argument.value),
                })
            })
            .collect();
        serde_json::json!({
            "name": command.name,
            "script": false,
            "end_of_statement": command.end_of_statement,
            "merge_my": "None",
            "parameters": parameters,
        })
    });
    Ok(serde_json::json!({ "commands": commands.collect::<Vec<_>>() }))
}

#[test]
fn every_line_becomes_the_same_commands_or_is_refused_in_the_same_words() {
    let Some(lines) = vectors("parse.json") else { return };
    assert!(lines.len() > 100);
    let mut wrong = Vec::new();
    for line in &lines {
        let text = line["text"].as_str().unwrap();
        let got = list(text);
        let same = if line.get("error").is_some() {
            match &got {
                Err(Error::Syntax(error)) => {
                    line["error"] == error.id
                        && line["message"] == error.message.as_str()
                        && line["offset"] == error.offset
                        && line["incomplete"] == error.incomplete
                }
                _ => false,
            }
        } else if let Some(refusal) = line["command_list"].get("refused") {
            matches!(&got, Err(Error::Refused(refused)) if *refusal == refused.to_string())
        } else {
            got.as_ref().is_ok_and(|list| *list == line["command_list"])
        };
        if !same {
            wrong.push(format!("{text:?}\n  want {line}\n  got {got:?}"));
        }
    }
    println!("{} lines, {} otherwise than PowerShell", lines.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_escaped_as_powershell_escapes_them() {
    let Some(names) = vectors("escape.json") else { return };
    for name in &names {
        let text = name["text"].as_str().unwrap();
        assert_eq!(name["single"], language::quote(text));
        assert_eq!(name["block"], language::quote_block(text));
        assert_eq!(name["format"], language::quote_format(text));
        assert_eq!(name["variable"], language::quote_variable(text));
        assert_eq!(name["wildcard"], language::quote_wildcard(text));
        // What is quoted is one argument again, and the same text.
        let list = parse(&format!("X {}", language::quoted(text))).unwrap();
        assert_eq!(
            list.commands[0].arguments,
            [language::Argument::positional(text.into())]
        );
        assert!(Wildcard::new(&language::quote_wildcard(text)).unwrap().matches(text));
    }
}

#[test]
fn patterns_match_what_they_match_in_powershell() {
    let Some(cases) = vectors("wildcard.json") else { return };
    for case in &cases {
        let (pattern, text) = (case["pattern"].as_str().unwrap(), case["text"].as_str().unwrap());
        let got = Wildcard::new(pattern).map_or(Value::from("error"), |wildcard| wildcard.matches(text).into());
        assert_eq!(case["matches"], got, "{pattern:?} on {text:?}");
    }
}
