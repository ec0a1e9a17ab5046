//! What the module says to `pslease`, and what it reads of its answers, against the program and the page that describes it.

use std::collections::BTreeSet;

use pslease_tests::Home;
use serde_json::Value as Json;

use super::source::Source;

fn function(name: &str) -> Source {
    let all = Source::functions(&["Public", "Private", "Core"]);
    let found = all.into_iter().find(|file| file.stem() == name);
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

/// Options are constants with two dashes; the verb is the first constant of the same call.
#[test]
fn every_option_that_it_passes_is_one_of_pslease() {
    let home = Home::new("");
    let mut looked_at = 0;
    for file in Source::functions(&["Public", "Private", "Core"]) {
        for array in file.of_kind("array_expression") {
            let words = Source::of("", file.text_of(array));
            let words = words.constants();
            let Some((verb, rest)) = words.split_first() else {
                continue;
            };
            let verbs = [
                "close", "door", "import", "leases", "profile", "release", "run", "status",
            ];
            if !verbs.contains(verb) {
                continue;
            }
            let inner: Vec<&str> = rest
                .iter()
                .copied()
                .take_while(|word| !word.starts_with('-') && *verb == "profile")
                .collect();
            let help = home.run(&[&[*verb], &inner[..], &["--help"]].concat());
            assert_eq!(help.code, 0, "{}: pslease {verb}: {}", file.name, help.stderr);
            // Further options of the same call are added one by one.
            let every = if file.text.contains("$arguments += ") {
                file.constants()
            } else {
                words.clone()
            };
            for option in every.iter().filter(|word| word.starts_with("--") && word.len() > 2) {
                let known = help
                    .stdout
                    .split_whitespace()
                    .any(|word| word.trim_end_matches([',', '=']) == *option);
                assert!(known, "{}: pslease {verb} has no {option}:\n{}", file.name, help.stdout);
                looked_at += 1;
            }
        }
    }
    assert!(looked_at >= 10, "{looked_at} options");
}

/// Every member that the module reads of an event is one that docs/doors.md shows.
#[test]
fn every_member_of_an_event_that_it_reads_is_described() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doors.md")).expect("the page");
    let events: Vec<Json> = page
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(events.len() >= 5, "examples of events");
    let of = |kind: &str| -> BTreeSet<String> {
        let event = events.iter().find(|event| event["event"] == kind);
        let event = event
            .unwrap_or_else(|| panic!("no example of {kind}"))
            .as_object()
            .expect("an object");
        event.keys().cloned().collect()
    };
    let holders = events[0]["holders"][0]
        .as_object()
        .expect("a holder")
        .keys()
        .cloned()
        .collect::<BTreeSet<_>>();
    let read = |file: &str, variable: &str, described: &BTreeSet<String>| {
        let members = function(file).members_of(variable);
        assert!(!members.is_empty(), "{file} reads nothing of ${variable}");
        let unknown: Vec<_> = members.difference(described).collect();
        assert!(unknown.is_empty(), "{file} reads {unknown:?} of ${variable}");
    };
    read("Show-Wait", "Waiting", &of("waiting"));
    read("Show-Wait", "holder", &holders);
    let told = ["stage", "notice", "granted"].into_iter().flat_map(of).collect();
    read("Request-Door", "news", &told);
    read("Request-Door", "failed", &of("error"));
    read("Connect-Door", "opened", &of("opened"));
    read("Open-Door", "Opened", &of("opened"));
    // Kinds of events: each that is described is handled.
    let handled = function("Request-Door");
    for kind in ["waiting", "stage", "notice", "granted", "opened", "error"] {
        assert!(handled.constants().contains(&kind), "{kind}");
    }
}

/// What `ConvertTo-CommandText` makes is a command list, and means what was given.
#[test]
fn its_texts_are_command_lists() {
    let text = "Set-CsUser -Identity:'Ken O''Myer' -Force:$true -Nothing:$null -Count:(-5) -Share:0.25 -List:@('a',2,@()) \
                -Table:@{'k'=1;'l'='m'} -When:'2026-11-21T15:00:00.0000000+01:00'";
    let list = language::parse(text).expect("a command list");
    let [command] = &list.commands[..] else {
        panic!("{list:?}")
    };
    let names: Vec<_> = command
        .arguments
        .iter()
        .filter_map(|argument| argument.name.clone())
        .collect();
    assert_eq!(
        names,
        [
            "-Identity:",
            "-Force:",
            "-Nothing:",
            "-Count:",
            "-Share:",
            "-List:",
            "-Table:",
            "-When:"
        ]
    );
    let shown: Vec<String> = command
        .arguments
        .iter()
        .map(|argument| format!("{:?}", argument.value))
        .collect();
    assert!(shown[0].contains("Ken O'Myer"), "{shown:?}");
    assert!(
        shown[3].contains("-5") && !shown[3].contains('"'),
        "a number: {shown:?}"
    );
}

/// The columns that `Get-PSLeaseStatus` filters and the format file shows, and what completion reads.
#[test]
fn rows_have_the_members_that_it_reads() {
    let home = Home::new(
        "[profile.litware]\ntemplate = \"winrm\"\nhost = \"127.0.0.1\"\nadmin = \"kenmyer@litwareinc.com\"\n",
    );
    let list = home.run(&["profile", "list", "--output", "json"]);
    let list: Json = serde_json::from_str(&list.stdout).expect("JSON");
    let entry = &list["profiles"][0];
    for member in function("Get-ProfileCompletion").members_of("entry") {
        assert!(entry[member.as_str()].is_string(), "{member}: {entry}");
    }
    let status = home.status();
    for member in function("Get-PSLeaseStatus").members_of("said") {
        assert!(!status[member.as_str()].is_null(), "{member}: {status}");
    }
    assert_eq!(status["profiles"][0]["name"], "litware");
    let leases = home.run(&["leases", "--output", "json"]);
    let leases: Json = serde_json::from_str(&leases.stdout).expect("JSON");
    assert!(leases["leases"].is_array());
    let version = home.run(&["--version"]).stdout;
    let rest = version.strip_prefix("pslease ").expect("the name");
    let numbers: Vec<_> = rest.trim().split('.').map(str::parse::<u32>).collect();
    assert!(numbers.len() == 3 && numbers.iter().all(Result::is_ok), "{version}");
}
