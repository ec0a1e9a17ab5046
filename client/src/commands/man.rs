//! `pslease man`: the manual's pages for `man`, made of the same words as `--help`, the table of exit codes added.

use std::io::{self, Write as _};
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli;
use crate::context::stdout;
use crate::exit::Exit;
use crate::failure::{Done, Failure};

/// The one table of exit codes.
const CODES: &str = include_str!("../../../docs/exit-codes.md");

/// What `pslease` looks at in its environment.
const VARIABLES: [(&str, &str); 6] = [
    ("PSLEASE_PROFILE", "the profile where none is named"),
    (
        "PSLEASE_LEASE",
        "the lease to run under, as `pslease acquire` printed it",
    ),
    ("PSLEASE_FENCE", "the fence of that lease, where it is not in it"),
    (
        "PSLEASE_HOME",
        "a folder for configuration and state, in place of the account's own",
    ),
    (
        "PSLEASE_DAEMON",
        "the program psleased, in place of the one beside pslease or on the PATH",
    ),
    ("NO_COLOR", "set to anything, nothing is coloured"),
];

pub(super) fn run(args: &cli::Man) -> Done {
    match &args.folder {
        None => {
            let page = main_page()?;
            let mut out = stdout();
            out.write_all(&page)?;
            out.flush()?;
        }
        Some(folder) => write_all(folder).map_err(|error| {
            let place = folder.display();
            Failure::new(Exit::Failed, format!("the pages cannot be written to {place}: {error}"))
        })?,
    }
    Ok(Exit::Ok)
}

/// A page for each verb, and the one that leads to them.
fn write_all(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut command = cli::Cli::command();
    command.build();
    verbs(&command, folder)?;
    std::fs::write(folder.join("pslease.1"), main_page()?)
}

fn verbs(command: &Command, folder: &Path) -> io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        page(verb.clone()).generate_to(folder)?;
        verbs(verb, folder)?;
    }
    Ok(())
}

/// The page of a verb names the program and its version at its foot, not the verb.
fn page(command: Command) -> Man {
    Man::new(command).source(concat!("pslease ", env!("CARGO_PKG_VERSION")))
}

fn main_page() -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    page(cli::Cli::command()).render(&mut out)?;
    let mut more = Roff::default();
    more.control("SH", ["EXIT STATUS"]);
    for (code, when) in codes() {
        more.control("TP", []);
        more.text([bold(code)]);
        more.text([roman(when)]);
    }
    more.control("SH", ["ENVIRONMENT"]);
    for (name, what) in VARIABLES {
        more.control("TP", []);
        more.text([bold(name)]);
        more.text([roman(what)]);
    }
    more.to_writer(&mut out)?;
    Ok(out)
}

/// `| 75 | would-wait | no slot ... |` as code and text.
fn codes() -> impl Iterator<Item = (&'static str, String)> {
    CODES.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [code, name, when] = cells[..] else { return None };
        code.parse::<u8>().ok()?;
        Some((code, format!("{name}: {}", when.replace('`', ""))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_and_the_first_one_the_codes() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        for verb in cli::Cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
            let page = read(&format!("pslease-{}.1", verb.get_name()));
            assert!(
                page.lines()
                    .any(|line| line.starts_with(".TH") && line.contains("\"pslease ")),
                "{page}"
            );
            assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{page}");
        }
        let page = read("pslease.1");
        assert!(page.contains("EXIT STATUS") && page.contains("ENVIRONMENT"), "{page}");
        for code in ["75", "77", "130"] {
            assert!(page.contains(&format!("\\fB{code}\\fR")), "{code}: {page}");
        }
        assert!(read("pslease-daemon-start.1").contains("NAME"));
    }
}
