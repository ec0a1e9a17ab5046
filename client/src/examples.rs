//! What the documents and the hints tell people to type is what the command line takes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use crate::args;
use crate::cli::Cli;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path, ending),
            false => vec![path],
        })
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect()
}

fn documents() -> Vec<PathBuf> {
    let top = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "ARCHITECTURE.md",
    ];
    let top = top.iter().map(|name| root().join(name));
    top.chain(files(&root().join("docs"), ".md")).collect()
}

/// Lines of a document's fenced blocks.
fn blocks(text: &str) -> Vec<String> {
    let blocks = text.split("```").skip(1).step_by(2);
    let lines = blocks.map(|block| block.replace("\\\n", " "));
    lines
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// What a document has as code within its sentences, where it may be broken over two lines.
fn spans(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let spans = prose.split('`').skip(1).step_by(2);
    spans.map(|span| span.replace('\n', " ")).collect()
}

/// The words of each command of a line, as a shell would part them.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    for character in line.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), inside) => word.push(inside),
            (None, '\'' | '"') => (quote, begun) = (Some(character), true),
            (None, '#') if word.is_empty() && !begun => break,
            (None, ' ' | '\t' | ';' | '(' | ')') => {
                if begun || !word.is_empty() {
                    all.last_mut().unwrap().push(std::mem::take(&mut word));
                    begun = false;
                }
                if !matches!(character, ' ' | '\t') {
                    all.push(Vec::new());
                }
            }
            // Within a word it parts what may be chosen from: `shared|exclusive`.
            (None, '|' | '&') if word.is_empty() => all.push(Vec::new()),
            (None, other) => word.push(other),
        }
    }
    all
}

/// What follows `pslease`, where a command calls it: whatever calls the program for somebody comes before.
fn called(mut words: Vec<String>) -> Option<Vec<String>> {
    let at = words
        .iter()
        .position(|word| word == "pslease" || word.ends_with("/pslease"))?;
    let words = words.split_off(at);
    // The program alone, or any verb of it, is no example.
    words
        .get(1)
        .filter(|verb| verb.starts_with(|first: char| first.is_ascii_lowercase() || first == '-'))?;
    Some(words.into_iter().map(filled_in).collect())
}

/// A word as somebody would type it: the first of several choices, without the brackets of what may be left out, with
/// something for the capitals that stand for anything.
fn filled_in(word: String) -> String {
    match word.trim_matches(['[', ']']).split('|').next().unwrap_or_default() {
        "TIME" | "DURATION" => "5m".to_owned(),
        "LEASE" | "FENCE" | "SESSION" | "N" => "1".to_owned(),
        first if word.starts_with('[') || word.ends_with(']') || word.contains("|") => first.to_owned(),
        _ => word,
    }
}

/// Why the command line refuses these words; nothing for those that it takes, or answers with help.
fn refusal(words: &[String]) -> Option<clap::Error> {
    let command = Cli::command();
    let arranged = args::arrange(&command, words.iter().map(OsString::from).collect());
    let error = command.try_get_matches_from(arranged).err()?;
    (error.exit_code() != 0).then_some(error)
}

#[test]
fn every_command_line_in_the_documents_is_taken() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let all = |lines: Vec<String>| lines.into_iter().flat_map(|line| commands(&line)).filter_map(called);
        let whole = all(blocks(&text)).map(|words| (words, false));
        // A sentence may name a verb without what it is given.
        let named = all(spans(&text)).map(|words| (words, true));
        for (words, may_lack) in whole.chain(named) {
            tried += 1;
            let lacks = |error: &clap::Error| error.kind() == clap::error::ErrorKind::MissingRequiredArgument;
            if let Some(error) = refusal(&words).filter(|error| !(may_lack && lacks(error))) {
                wrong.push(format!("{}: {}: {error}", document.display(), words.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 50, "only {tried} were found");
}

#[test]
fn every_command_line_of_a_hint_is_taken() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for folder in ["client/src", "daemon/src", "crates/endpoint/src"] {
        for file in files(&root().join(folder), ".rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            for rest in text.split("\"pslease ").skip(1) {
                let hint = format!("pslease {}", rest.split('"').next().unwrap_or_default());
                for words in commands(&command_of(&hint)).into_iter().filter_map(called) {
                    tried += 1;
                    if !begins_with_a_command(&words) {
                        wrong.push(format!("{}: {hint}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 50, "only {tried} were found");
}

/// The command that a hint begins with, with a number for each of its holes.
fn command_of(hint: &str) -> String {
    let mut parts = hint.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    let filled = parts.fold(first, |all, part| {
        // What follows a word at once brings its own space, or nothing.
        let space = if all.ends_with(char::is_alphanumeric) { " " } else { "" };
        all + space + "1" + part.split_once('}').map_or("", |(_, rest)| rest)
    });
    let ends = [", ", ": ", " or ", " < "].map(|end| filled.find(end).unwrap_or(filled.len()));
    filled[..ends.into_iter().min().unwrap_or_default()].to_owned()
}

/// Whether these words are taken, or were it not for what the sentence says behind them.
fn begins_with_a_command(words: &[String]) -> bool {
    let lengths = (2..=words.len()).rev();
    let mut sentences = lengths.filter(|&length| words[length..].iter().all(|word| !word.starts_with('-')));
    sentences.any(|length| refusal(&words[..length]).is_none())
}

#[test]
fn every_chore_in_the_documents_is_one() {
    let aliases = std::fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let chores = std::fs::read_to_string(root().join("crates/xtask/src/main.rs")).unwrap();
    let mut tried = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for words in blocks(&text)
            .iter()
            .chain(&spans(&text))
            .flat_map(|line| commands(line))
        {
            let ["cargo", verb, rest @ ..] = &words.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
                continue;
            };
            tried += 1;
            let known = match (*verb, rest) {
                ("xtask", [chore, ..]) => chores.contains(&format!("\n  {chore} ")) || *chore == "help",
                ("test" | "install" | "build" | "run" | "tree" | "clippy" | "fmt" | "deny", _) => true,
                (alias, _) => aliases.lines().any(|line| line.starts_with(&format!("{alias} = "))),
            };
            assert!(known, "{}: {words:?}", document.display());
        }
    }
    assert!(tried >= 4, "only {tried} were found");
}
