//! `pslease`: borrow leases on remote PowerShell sessions. Parses the command line, runs one verb, ends with its code.
//!
//! - `cli`, `args`: the grammar, and which words of `run` are ours
//! - `commands`: one file per verb; `config`: the file that `profile` edits
//! - `pipeline`: from words to a pipeline, and from its streams to text
//! - `parameters`: those of New-CsOnlineSession and New-PSSession, and their secrets
//! - `objects`: what a pipeline wrote, as table, list, JSON, CSV; `output`: the same for our own rows
//! - `notice`, `failure`, `exit`: what people are told, and the codes that programs see
//! - `terminal`: questions, answers, passwords; `log_in`: asking for one while something waits for it;
//!   `question`: what ssh wants to know

mod args;
mod cli;
mod commands;
mod config;
mod context;
mod duration;
#[cfg(test)]
mod examples;
mod exit;
mod failure;
mod local;
mod log_in;
mod notice;
mod objects;
mod output;
mod parameters;
mod pipeline;
mod question;
mod terminal;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

fn main() {
    let exit = match start() {
        Ok(exit) => exit,
        Err(failure) => {
            if let Failure::Said { message, hint, .. } = &failure {
                notice::say(&format!("error: {message}"));
                notice::hint(hint);
            }
            failure.exit()
        }
    };
    // At once: a thread may still be waiting for an answer at the terminal.
    std::process::exit(exit.code().into());
}

fn start() -> Result<Exit, Failure> {
    let command = Cli::command();
    let words = args::arrange(&command, std::env::args_os().collect());
    let cli = match command
        .try_get_matches_from(words)
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, format!("the system gives no event queue: {error}")))?;
    let context = Context::new(cli.common);
    let done = runtime.block_on(commands::run(context, cli.verb));
    runtime.shutdown_background();
    done
}

/// Help and version go to standard output; a mistake is one line and a hint.
fn refuse(error: &clap::Error) -> Result<Exit, Failure> {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            error.print()?;
            Ok(Exit::Ok)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Ok(Exit::Usage)
        }
        _ => {
            let (message, hint) = one_line(&error.render().to_string());
            Err(Failure::usage(message).hint(hint))
        }
    }
}

/// The first paragraph of clap's message, and its tip.
fn one_line(text: &str) -> (String, String) {
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let hint = match (tip, usage) {
        (Some(tip), _) => tip.to_owned(),
        (None, Some(usage)) if !usage.contains("<COMMAND>") => usage.to_owned(),
        _ => "pslease --help".to_owned(),
    };
    (message.trim_start_matches("error: ").to_owned(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &[&str]) -> (String, String) {
        let error = Cli::command().try_get_matches_from(line).unwrap_err();
        one_line(&error.render().to_string())
    }

    #[test]
    fn a_mistake_is_one_line_with_a_cure() {
        let (message, hint) = refusal(&["pslease", "stauts"]);
        assert_eq!(message, "unrecognized subcommand 'stauts'");
        assert!(hint.contains("'status'"), "{hint}");
        let (message, hint) = refusal(&["pslease", "kill"]);
        assert_eq!(
            message,
            "the following required arguments were not provided: <LEASE>..."
        );
        assert_eq!(hint, "pslease kill <LEASE>...");
    }
}
