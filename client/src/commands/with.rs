//! `pslease with -- PROGRAM`: hold a lease for as long as a program runs.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use proto::v1::{Granted, LeaseWish, Parameters};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::acquire::tell;
use crate::cli;
use crate::context::{self, Context, caller, unless_interrupted};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{hint, say};

/// How long the daemon may take to take a lease back before we end without its word.
const GOODBYE: Duration = Duration::from_secs(2);

pub(super) async fn run(context: &Context, args: cli::With) -> Done {
    let mut notices = context.notices();
    let held = unless_interrupted(async {
        let parameters = args.how.parameters.gather().await?;
        let client = context.client().await?;
        let wish = wish(&args, parameters);
        notices.ask_with(&client, &wish.profile, wish.parameters.as_ref());
        let lease = client.hold(wish, |event| tell(&mut notices, &event)).await?;
        notices.served();
        Ok(lease)
    });
    let mut lease = held.await.map_err(before_the_program)?;
    let mut child = spawn(&args.program, lease.granted())?;
    // From here on Ctrl-C is the child's: the terminal sends it to both of us, and we outlive it to pass its code on.
    let listening = |kind| signal(kind).map_err(|error| Failure::new(Exit::WithFailed, error.to_string()));
    let (mut interrupts, mut terminations) = (listening(SignalKind::interrupt())?, listening(SignalKind::terminate())?);
    let mut lost = false;
    loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Failure::new(Exit::WithFailed, error.to_string()))?;
                // Released before we are gone, so that the next command of a script finds it so. If it was lost before,
                // or the daemon is gone, there is nothing to give back.
                let _ = tokio::time::timeout(GOODBYE, lease.release()).await;
                std::process::exit(code(status));
            }
            error = lease.ended(|event| tell(&mut notices, &event)), if !lost => {
                lost = true;
                tell_lost(&error);
            }
            _ = interrupts.recv() => {}
            _ = terminations.recv() => forward(&child),
        }
    }
}

fn wish(args: &cli::With, parameters: Option<Parameters>) -> LeaseWish {
    // The program's name only: its arguments may hold a secret.
    let program = args
        .program
        .first()
        .map(|program| program.to_string_lossy().into_owned())
        .unwrap_or_default();
    context::wish(&args.how, args.label.clone(), caller(program), parameters)
}

/// A failure of the program and one of ours must not look alike, so what has no code of its own gets 125.
fn before_the_program(failure: Failure) -> Failure {
    match failure {
        Failure::Said {
            exit: Exit::Failed | Exit::Internal | Exit::Incomplete,
            message,
            hint,
        } => Failure::Said {
            exit: Exit::WithFailed,
            message,
            hint,
        },
        other => other,
    }
}

fn spawn(program: &[std::ffi::OsString], granted: &Granted) -> Result<Child, Failure> {
    let Some((name, arguments)) = program.split_first() else {
        return Err(Failure::usage("which program?"));
    };
    let mut command = Command::new(name);
    command.args(arguments);
    command
        .env("PSLEASE_LEASE", granted.lease.to_string())
        .env("PSLEASE_FENCE", granted.fence.to_string());
    command.spawn().map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::NotExecutable,
        };
        Failure::new(exit, format!("{}: {error}", name.to_string_lossy()))
    })
}

/// The program goes on: only it knows whether it can. What it runs through the lease will be refused.
fn tell_lost(error: &pslease::Error) {
    say(&format!("error: {error}"));
    hint(&error.hint());
}

fn forward(child: &Child) {
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// The child's own code, or 128 + N as a shell has it.
fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_childs_end_is_passed_on() {
        assert_eq!(code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(code(ExitStatus::from_raw(9)), 137);
    }

    #[test]
    fn what_has_a_code_of_its_own_keeps_it() {
        assert_eq!(
            before_the_program(Failure::new(Exit::WouldWait, "")).exit(),
            Exit::WouldWait
        );
        assert_eq!(
            before_the_program(Failure::new(Exit::Failed, "")).exit(),
            Exit::WithFailed
        );
    }
}
