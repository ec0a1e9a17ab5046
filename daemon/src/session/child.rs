//! A session over a program's standard input and output.
//!
//! Its row in the books needs no proof at a restart: the program ended with the daemon. On Linux the kernel kills it, in the
//! same exit that gives up the lock on the books. Elsewhere the end of its standard input ends it, as everywhere what such a
//! program started itself. So no process number is kept.

use std::collections::BTreeMap;

use broker::Failure;
use endpoint::Program;
use ledger::Row;
use link::{Child, Exit, Start};
use runspace::Cause;

use super::ask_pass::AskPass;
use super::verdict;

/// What is ours alone of the daemon's environment: it says nothing to a program, or means the wrong process to it.
const OURS: [&str; 6] = [
    "NOTIFY_SOCKET",
    "JOURNAL_STREAM",
    "INVOCATION_ID",
    "CREDENTIALS_DIRECTORY",
    "PSLEASE_HOME",
    "PSLEASE_LOG",
];

/// Whether the row is of a session whose other end died with the daemon that held it.
pub(super) fn died_with_its_daemon(row: &Row) -> bool {
    Program::is_address(&row.uri)
}

/// Starts the program in the asker's environment, as far as that was told. `Err`: nothing runs.
pub(super) async fn start(
    program: &Program,
    environment: &BTreeMap<String, String>,
    ask: Option<&AskPass>,
) -> Result<Child, Failure> {
    let asked = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let start = Start {
        words: program.words(ask.is_some()),
        set: asked.chain(ask.map(AskPass::environment).unwrap_or_default()).collect(),
        unset: OURS.map(str::to_owned).to_vec(),
    };
    let started = Child::start(&start).await;
    started.map_err(|error| verdict::internal(&program.not_started(&error)))
}

/// Why the session has ended: the program's own end, in the user's words.
pub(super) fn cause(program: &Program, exit: Exit) -> Cause {
    let ending = program.ending(exit.code, exit.signal, &exit.said);
    Cause::Exited {
        why: ending.message,
        lasting: ending.lasting,
    }
}
