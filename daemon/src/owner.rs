//! What a lease dies with besides its stream and its TTL: a process, found among the caller's ancestors while the caller
//! is connected, and watched by a descriptor that names that very process.

use std::sync::Arc;

use broker::{EndCause, Event, LeaseId};
use proto::v1::{ProcessRef, anchor};
use tokio::sync::watch;

use crate::desk::{self, News};
use crate::hub::Hub;
use crate::sys::{self, Process};

/// Further up than this nobody's shell is.
const GENERATIONS: usize = 64;

/// The process that a lease is anchored to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) pid: u32,
    /// Its program's name.
    pub(crate) command: String,
    started: u64,
}

/// Why there is no anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnchor {
    #[error("no shell is to be found above process {0} that would outlive it")]
    NoShell(u32),
    #[error("process {0} is gone")]
    Gone(u32),
    #[error("process {0} belongs to another user")]
    Foreign(u32),
    #[error("the caller's process is not known")]
    Unknown,
}

impl NoAnchor {
    /// The cure.
    pub(crate) const fn hint() -> &'static str {
        "pslease with -- PROGRAM, or name the owner: --anchor pid:N, or --anchor ttl --ttl 10m"
    }
}

/// The process that `kind` means for the caller with that pid; `None` for a TTL alone.
pub(crate) fn choose(
    kind: Option<&anchor::Kind>,
    caller: Option<u32>,
    claimed: &[ProcessRef],
) -> Result<Option<Anchor>, NoAnchor> {
    let lineage = || lineage(caller.ok_or(NoAnchor::Unknown)?);
    let chosen = match kind {
        Some(anchor::Kind::TtlOnly(_)) => return Ok(None),
        Some(anchor::Kind::Pid(pid)) => alive(*pid)?,
        Some(anchor::Kind::Parent(_)) => {
            let line = lineage()?;
            line.get(1).cloned().ok_or(NoAnchor::NoShell(line[0].pid))?
        }
        Some(anchor::Kind::Session(_)) => {
            let line = lineage()?;
            alive(line[0].session)?
        }
        Some(anchor::Kind::Shell(_)) | None => {
            let line = lineage()?;
            let shell = shell(&line, claimed).ok_or(NoAnchor::NoShell(line[0].pid))?;
            alive(shell.pid)?
        }
    };
    Ok(Some(Anchor {
        pid: chosen.pid,
        command: chosen.name,
        started: chosen.started,
    }))
}

fn alive(pid: u32) -> Result<Process, NoAnchor> {
    let process = sys::process(pid)
        .filter(|process| !process.ended)
        .ok_or(NoAnchor::Gone(pid))?;
    match sys::owner_of(pid) {
        Some(uid) if uid == sys::uid() || sys::uid() == 0 => Ok(process),
        Some(_) => Err(NoAnchor::Foreign(pid)),
        None => Err(NoAnchor::Gone(pid)),
    }
}

/// The caller and its ancestors, nearest first; at least the caller.
fn lineage(caller: u32) -> Result<Vec<Process>, NoAnchor> {
    let mut line = vec![
        sys::process(caller)
            .filter(|process| !process.ended)
            .ok_or(NoAnchor::Gone(caller))?,
    ];
    while line.len() < GENERATIONS {
        let Some(last) = line.last() else { break };
        match sys::process(last.parent) {
            // A parent that began later is somebody else, with a pid that was used again.
            Some(parent) if last.parent != 0 && parent.started <= last.started => line.push(parent),
            _ => break,
        }
    }
    Ok(line)
}

/// Programs that run one other program and end with it. A lease of theirs would be over before it could be used.
const GO_BETWEENS: [&str; 14] = [
    "chrt", "doas", "env", "ionice", "nice", "nohup", "nsenter", "setsid", "stdbuf", "strace", "sudo", "taskset",
    "time", "timeout",
];

/// The nearest ancestor that runs a program of its own: the shell of the script, the interpreter, the terminal's shell.
///
/// Passed over are copies of a shell within `$(...)` or a pipe, and go-betweens, all of which end before the script does.
/// To ask for a leader of its session or its terminal's group is not enough: a script that another script runs leads
/// nothing, and its lease would last as long as the other one. What the caller claims must agree, if it claims anything.
fn shell<'l>(line: &'l [Process], claimed: &[ProcessRef]) -> Option<&'l Process> {
    let agreed = |process: &Process| {
        claimed.is_empty()
            || claimed
                .iter()
                .any(|claim| (claim.pid, claim.started) == (process.pid, process.started))
    };
    let lasting = |(at, process): (usize, &'l Process)| {
        let forked = line.get(at + 1).is_some_and(|parent| process.is_fork_of(parent));
        (!forked && !GO_BETWEENS.contains(&process.name.as_str())).then_some(process)
    };
    // The first process of the system adopts whoever lost its parent, and ends with the system.
    line.iter()
        .enumerate()
        .skip(1)
        .find_map(lasting)
        .filter(|process| process.pid > 1 && !process.ended && agreed(process))
}

impl Anchor {
    /// For tables: `process 4711 (bash)`.
    pub(crate) fn text(&self) -> String {
        format!("process {} ({})", self.pid, self.command)
    }

    /// For the books.
    pub(crate) fn row(&self) -> ledger::Anchor {
        ledger::Anchor {
            pid: self.pid,
            started: self.started,
            boot: sys::boot(),
            command: self.command.clone(),
        }
    }

    /// Ends when the process has ended, at once if it already has.
    pub(crate) async fn ended(&self) {
        watch(self.pid, self.started).await;
    }

    /// Ends the lease when the process ends. The task goes with the lease.
    pub(crate) async fn end_lease(self, lease: LeaseId, desk: desk::Handle) {
        self.ended().await;
        tracing::info!(%lease, pid = self.pid, "the lease's process has ended");
        desk.tell(Event::End {
            lease,
            cause: EndCause::Process,
        });
    }
}

/// The process that an earlier run anchored a lease to, if it still is that one.
pub(crate) fn still_there(row: &ledger::Anchor) -> Option<Anchor> {
    (sys::boot() == row.boot && is_same(row.pid, row.started)).then(|| Anchor {
        pid: row.pid,
        command: row.command.clone(),
        started: row.started,
    })
}

/// Ends a lease that outlives its stream when its process ends. The task goes with the lease.
pub(crate) async fn watch_lease(
    hub: Arc<Hub>,
    lease: LeaseId,
    anchor: Option<Anchor>,
    mut news: watch::Receiver<News>,
) {
    let process = async {
        match anchor {
            Some(anchor) => anchor.end_lease(lease, hub.desk.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = news.wait_for(|news| matches!(news, News::Ended(_))) => {}
        () = process => {}
    }
    hub.drop_extra(lease);
}

/// The process with that pid as it is now, to be watched.
pub(crate) fn of_pid(pid: Option<u32>) -> Option<Anchor> {
    let process = sys::process(pid?)?;
    Some(Anchor {
        pid: process.pid,
        command: process.name,
        started: process.started,
    })
}

#[cfg(target_os = "linux")]
async fn watch(pid: u32, started: u64) {
    // The descriptor first, then the start time: between the two the pid cannot change hands unseen.
    let watched = match sys::open_process(pid) {
        Ok(watched) => watched,
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => return,
        Err(error) => {
            tracing::warn!(pid, %error, "the process cannot be watched");
            return poll(pid, started).await;
        }
    };
    if is_same(pid, started) {
        let _ = watched.readable().await;
    }
}

/// Where the system has no descriptor for a process.
async fn poll(pid: u32, started: u64) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(250));
    while is_same(pid, started) {
        ticks.tick().await;
    }
}

#[cfg(target_os = "linux")]
fn is_same(pid: u32, started: u64) -> bool {
    sys::process(pid).is_some_and(|process| process.started == started && !process.ended)
}

#[cfg(not(target_os = "linux"))]
fn is_same(pid: u32, _started: u64) -> bool {
    sys::is_alive(pid)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, group: u32, session: u32, terminal: bool, image: u64) -> Process {
        Process {
            pid,
            parent,
            group,
            session,
            terminal_group: terminal.then_some(group),
            started: u64::from(pid),
            name: "sh".into(),
            ended: false,
            image: Some((image, image)),
        }
    }

    #[test]
    fn the_shell_behind_a_command_substitution_is_found() {
        // pslease <- $(...) of a script <- the script, a job of <- the login shell.
        let line = [
            process(30, 20, 10, 5, true, 3),
            process(20, 10, 10, 5, true, 2),
            process(10, 5, 10, 5, true, 2),
            process(5, 1, 5, 5, true, 1),
        ];
        assert_eq!(shell(&line, &[]).unwrap().pid, 10);
    }

    #[test]
    fn a_subshell_that_leads_its_own_group_is_passed_over() {
        // zsh gives a command substitution a group of its own.
        let line = [
            process(30, 20, 20, 5, true, 3),
            process(20, 5, 20, 5, true, 1),
            process(5, 1, 5, 5, true, 1),
        ];
        assert_eq!(shell(&line, &[]).unwrap().pid, 5);
    }

    #[test]
    fn cron_has_no_terminal_but_a_session() {
        let line = [
            process(30, 20, 20, 20, false, 3),
            process(20, 2, 20, 20, false, 2),
            process(2, 1, 2, 2, false, 1),
        ];
        assert_eq!(shell(&line, &[]).unwrap().pid, 20);
        let claim = |pid, started| ProcessRef { pid, started };
        assert_eq!(shell(&line, &[claim(20, 20), claim(2, 2)]).unwrap().pid, 20);
        assert_eq!(
            shell(&line, &[claim(20, 99)]),
            None,
            "a claim about another process proves nothing"
        );
    }

    #[test]
    fn a_script_that_leads_nothing_is_its_own_owner() {
        // pslease <- a script <- the script that runs it, as without job control.
        let line = [
            process(30, 20, 9, 9, false, 3),
            process(20, 9, 9, 9, false, 2),
            process(9, 1, 9, 9, false, 1),
        ];
        assert_eq!(shell(&line, &[]).unwrap().pid, 20);
    }

    #[test]
    fn a_go_between_is_passed_over() {
        let mut line = [
            process(30, 20, 20, 9, true, 3),
            process(20, 9, 20, 9, true, 2),
            process(9, 1, 9, 9, true, 1),
        ];
        line[1].name = "timeout".into();
        assert_eq!(shell(&line, &[]).unwrap().pid, 9);
    }

    #[test]
    fn the_systems_first_process_owns_no_lease() {
        let line = [process(30, 1, 30, 30, false, 3), process(1, 0, 1, 1, false, 1)];
        assert_eq!(shell(&line, &[]), None);
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_seen() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let anchor = choose(Some(&anchor::Kind::Pid(child.id())), None, &[])
            .unwrap()
            .unwrap();
        assert_eq!(anchor.command, "cat");
        let waiting = tokio::spawn({
            let anchor = anchor.clone();
            async move { anchor.ended().await }
        });
        drop(child.stdin.take());
        waiting.await.unwrap();
        child.wait().unwrap();
        anchor.ended().await;
        assert_eq!(
            choose(Some(&anchor::Kind::Pid(child.id())), None, &[]),
            Err(NoAnchor::Gone(child.id()))
        );
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let me = of_pid(Some(std::process::id())).unwrap();
        assert!(is_same(me.pid, me.started));
        assert!(!is_same(me.pid, me.started + 1));
    }
}
