//! Which words of `pslease run` are ours, and which are PowerShell's.
//!
//! PowerShell's parameters have one dash, ours have two: so ours are recognised anywhere before a bare `--`, and with
//! one dash only before the command. `pslease run Get-CsOnlineUser -ResultSize 10000 --output jsonl` means what it says.

use std::ffi::OsString;

use clap::Command;

/// Sorts the words behind `run` so that clap sees first ours, then a bare `--`, then PowerShell's. Any other verb's
/// words stay as they are.
pub(crate) fn arrange(cli: &Command, words: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = verb(cli, &words).filter(|&at| words[at] == "run") else {
        return words;
    };
    let Some(run) = cli.find_subcommand("run") else {
        return words;
    };
    let mut ours: Vec<OsString> = words[..=at].to_vec();
    let mut theirs = Vec::new();
    let mut rest = words[at + 1..].iter().cloned();
    while let Some(word) = rest.next() {
        if word == "--" {
            theirs.extend(rest);
            break;
        }
        let text = word.to_string_lossy();
        let is_ours = text.starts_with("--") || (theirs.is_empty() && text.starts_with('-') && text.len() > 1);
        if !is_ours {
            theirs.push(word);
            continue;
        }
        let value = takes_value(cli, run, &text);
        ours.push(word);
        if value {
            ours.extend(rest.next());
        }
    }
    if !theirs.is_empty() {
        ours.push("--".into());
        ours.append(&mut theirs);
    }
    ours
}

/// Where the verb stands: the first word that is neither an option nor an option's value.
fn verb(cli: &Command, words: &[OsString]) -> Option<usize> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.to_string_lossy();
        if !text.starts_with('-') {
            return Some(at);
        }
        at += if takes_value(cli, cli, &text) { 2 } else { 1 };
    }
    None
}

/// Whether the next word is this option's value. An unknown option has none: clap will refuse it by name.
fn takes_value(cli: &Command, command: &Command, option: &str) -> bool {
    let mut known = cli.get_arguments().chain(command.get_arguments());
    let found = match option.strip_prefix("--") {
        Some(long) => known.find(|argument| {
            argument.get_long() == Some(long) || argument.get_all_aliases().is_some_and(|all| all.contains(&long))
        }),
        // `-pX` brings its value along, `-qp` ends in one that takes the next word.
        None => option.chars().last().and_then(|letter| {
            let first = option.chars().nth(1);
            let mut takes = |short| known.find(|argument| argument.get_short() == short);
            match first {
                Some(short) if short == letter => takes(Some(short)),
                _ => None,
            }
        }),
    };
    found.is_some_and(|argument| argument.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn run(line: &[&str]) -> crate::cli::Run {
        let words = ["pslease", "run"].iter().chain(line).map(OsString::from).collect();
        let matches = Cli::command()
            .try_get_matches_from(arrange(&Cli::command(), words))
            .unwrap();
        match <Cli as clap::FromArgMatches>::from_arg_matches(&matches).unwrap().verb {
            Verb::Run(run) => *run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ours_have_two_dashes_wherever_they_stand() {
        let all = run(&[
            "Get-CsOnlineUser",
            "-ResultSize",
            "10000",
            "--output",
            "jsonl",
            "-Force:",
            "$true",
        ]);
        assert_eq!(
            all.words,
            ["Get-CsOnlineUser", "-ResultSize", "10000", "-Force:", "$true"]
        );
        let wait = run(&["Get-CsTenant", "--wait=5m", "-Identity", "Ken Myer"]);
        assert_eq!(wait.words, ["Get-CsTenant", "-Identity", "Ken Myer"]);
        assert_eq!(wait.how.wait, Some(std::time::Duration::from_secs(300)));
    }

    #[test]
    fn one_dash_is_ours_only_before_the_command() {
        let before = run(&["-p", "litware", "Get-X", "-p", "other"]);
        assert_eq!(before.how.profile.as_deref(), Some("litware"));
        assert_eq!(before.words, ["Get-X", "-p", "other"]);
        assert_eq!(run(&["-plitware", "Get-X"]).how.profile.as_deref(), Some("litware"));
        assert_eq!(run(&["Get-X", "-q", "-1", "-"]).words, ["Get-X", "-q", "-1", "-"]);
    }

    #[test]
    fn behind_two_dashes_nothing_is_ours() {
        let all = run(&["-p", "litware", "--", "git", "--output", "-p", "--"]);
        assert_eq!(all.words, ["git", "--output", "-p", "--"]);
    }

    #[test]
    fn options_before_the_verb_do_not_hide_it() {
        let words = ["pslease", "--output", "json", "-q", "run", "Get-X", "--wait", "0", "-y"].map(OsString::from);
        let arranged = arrange(&Cli::command(), words.to_vec());
        let expected = [
            "pslease", "--output", "json", "-q", "run", "--wait", "0", "--", "Get-X", "-y",
        ];
        assert_eq!(arranged, expected.map(OsString::from));
    }

    #[test]
    fn other_verbs_are_left_alone() {
        let words = ["pslease", "with", "--", "run", "-x"].map(OsString::from);
        assert_eq!(arrange(&Cli::command(), words.to_vec()), words);
    }

    #[test]
    fn an_unknown_option_is_refused_and_not_taken_for_a_word() {
        let words = ["pslease", "run", "Get-X", "--nonsense"].map(OsString::from);
        assert!(
            Cli::command()
                .try_get_matches_from(arrange(&Cli::command(), words.to_vec()))
                .is_err()
        );
    }
}
