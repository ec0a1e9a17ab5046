//! The PowerShell module's conversation with `pslease`, as far as it is ours to try: the words that it sends, and what it
//! reads of the answers.

use pslease_tests::{Console, Endpoint, Home};
use quick_xml::events::Event;

use super::run::instrument;

/// What `Invoke-PSLeaseCommand` runs.
fn run(home: &Home, words: &[&str]) -> pslease_tests::Finished {
    let before = [
        "run",
        "--output",
        "clixml",
        "--streams",
        "--profile",
        "kenmyer",
        "--mode",
        "shared",
    ];
    let times = ["--wait", "60", "--timeout", "60", "--"];
    home.run(&[&before[..], &times, words].concat())
}

/// The marks of a document's elements, in order; `output` for none.
fn marks(document: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut depth, mut found) = (0, Vec::new());
    loop {
        let event = reader
            .read_event()
            .unwrap_or_else(|error| panic!("{error}: {document}"));
        let mut first = |tag: &quick_xml::events::BytesStart<'_>| {
            if depth == 1 {
                let mark = tag
                    .attributes()
                    .flatten()
                    .find(|attribute| attribute.key.as_ref() == "S");
                let mark = mark.map(|mark| mark.value.into_owned());
                found.push(mark.unwrap_or_else(|| "output".to_owned()));
            }
        };
        match event {
            Event::Start(tag) => {
                first(&tag);
                depth += 1;
            }
            Event::Empty(tag) => first(&tag),
            Event::End(_) => depth -= 1,
            Event::Eof => return found,
            _ => {}
        }
    }
}

pub(crate) fn streams_come_marked_in_one_document(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let finished = run(&home, &[&instrument(endpoint, "Streams")]);
    // An element a line: that is how the module reads it.
    let lines: Vec<&str> = finished.stdout.lines().collect();
    for line in &lines[1..lines.len() - 1] {
        assert_eq!(marks(&format!("<Objs>{line}</Objs>")).len(), 1, "{line}");
    }
    assert_eq!(lines[lines.len() - 1], "</Objs>");
    let marks = marks(&finished.stdout);
    for mark in [
        "output",
        "error",
        "warning",
        "verbose",
        "debug",
        "information",
        "progress",
    ] {
        assert!(marks.iter().any(|found| found == mark), "{mark}: {finished:?}");
    }
    assert_eq!(finished.code, 1, "an error record was among them");
    assert!(
        !finished.stderr.contains("error: "),
        "what is in the document is not told twice: {finished:?}"
    );

    // An error that ends the pipeline is no record of the remote's; it is here.
    let failed = run(&home, &["Get-NoSuchThing"]);
    assert_eq!(
        self::marks(&failed.stdout)
            .iter()
            .filter(|mark| *mark == "error")
            .count(),
        1,
        "{failed:?}"
    );
    assert!(failed.stdout.contains("CommandNotFoundException"), "{failed:?}");
    assert_eq!((failed.code, failed.stderr.as_str()), (1, ""));

    // What fails before the remote has it is told in words, with the code that the error's id follows.
    let refused = run(&home, &["Get-CsTenant; if ("]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.starts_with("error: ") && refused.stdout.is_empty(),
        "{refused:?}"
    );
}

pub(crate) fn a_credential_comes_through_the_pipe(endpoint: &Endpoint) {
    let profile = endpoint.profile("kenmyer", "skype", "kenmyer@litwareinc.com", "");
    let home = Home::new(&profile);
    let table = r#"{"Credential":{"UserName":"kenmyer@litwareinc.com","Stdin":true}}"#;
    let lines = format!("\u{feff}{table}\n{}\n", endpoint.password("kenmyer"));
    let words = [
        "run",
        "--output",
        "clixml",
        "--streams",
        "--profile",
        "kenmyer",
        "--wait",
        "60",
        "--parameters",
        "-",
        "--",
        "Get-CsTenant",
    ];
    let finished = Console::start(home.pslease(&words), Some(&lines)).finish();
    if no_parameters(&finished) {
        return;
    }
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(marks(&finished.stdout).contains(&"output".to_owned()), "{finished:?}");
}

/// Whether this psleased does not take parameters, which is said.
fn no_parameters(finished: &pslease_tests::Finished) -> bool {
    let none = finished.stderr.contains("this psleased takes no parameters");
    if none {
        println!("skipped: this psleased takes no parameters");
    }
    none
}

/// The members of `opened` that `Connect-Door`, `Open-Door` and `Get-PSLease` read are there, and the lease can be given back as
/// they do it.
pub(crate) fn a_door_is_told_of_as_the_module_reads_it(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let words = [
        "door",
        "kenmyer",
        "--output",
        "jsonl",
        "--mode",
        "shared",
        "--wait",
        "60",
        "--label=Session 1",
    ];
    let finished = home.run(&words);
    assert_eq!(finished.code, 0, "{finished:?}");
    let last = finished.stdout.lines().last().unwrap_or_default();
    let opened: serde_json::Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{finished:?}"));
    assert_eq!(opened["event"], "opened", "{finished:?}");
    for text in [
        "path",
        "profile",
        "mode",
        "admin",
        "organization",
        "computer_name",
        "uri",
        "configuration",
        "protocol",
    ] {
        assert!(opened[text].is_string(), "{text}: {opened}");
    }
    let key = format!("{}:{}", opened["lease"], opened["fence"]);
    let released = home.run(&["release", &key, "--quiet"]);
    assert_eq!(released.code, 0, "{released:?}");

    let table = "{\"SessionOption\":{\"Culture\":\"fr-FR\",\"OperationTimeout\":120000}}\n";
    let words = [&words[..], &["--parameters", "-"]].concat();
    let other = Console::start(home.pslease(&words), Some(table)).finish();
    if !no_parameters(&other) {
        assert_eq!(other.code, 0, "{other:?}");
    }

    let refused = home.run(&["door", "nobody", "--output", "jsonl"]);
    let last = refused.stdout.lines().last().unwrap_or_default();
    let error: serde_json::Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{refused:?}"));
    assert_eq!(
        (&error["event"], &error["code"]),
        (&"error".into(), &refused.code.into()),
        "{error}"
    );
}
