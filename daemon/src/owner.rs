//! What a lease dies with besides its stream and its TTL: a process, found among the caller's ancestors while the caller
//! is connected, and watched by a handle that names that very process. No step of it trusts a number whose process may
//! have ended meanwhile.

use std::sync::Arc;

use broker::{EndCause, Event, LeaseId};
use proto::v1::{ProcessRef, anchor};
use tokio::sync::watch;

use crate::desk::{self, News};
use crate::hub::Hub;
use crate::sys::{self, Process, Watched};

/// Further up than this nobody's shell is.
const GENERATIONS: usize = 64;

/// The process that a lease is anchored to.
#[derive(Debug, Clone)]
pub(crate) struct Anchor {
    pub(crate) pid: u32,
    /// Its program's name.
    pub(crate) command: String,
    started: u64,
    watched: Arc<Watched>,
}

/// The process at the other end of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    /// Its number, where that is known: enough for tables.
    pub(crate) pid: Option<u32>,
    /// Itself.
    watched: Option<Arc<Watched>>,
}

impl Peer {
    /// Who made this connection, taken as it is accepted.
    pub(crate) fn of(stream: &tokio::net::UnixStream) -> Self {
        let pid = stream.peer_cred().ok().and_then(|peer| peer.pid());
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        Self {
            pid,
            watched: Watched::of_peer(stream, pid).map(Arc::new),
        }
    }

    /// Ends when it has ended, at once if it already has; never where the system does not tell.
    pub(crate) async fn ended(&self) {
        match &self.watched {
            Some(watched) => watched.ended().await,
            None => std::future::pending().await,
        }
    }

    /// The process and its ancestors, nearest first; at least itself.
    fn lineage(&self) -> Result<Vec<Process>, NoAnchor> {
        let watched = self.watched.as_ref().ok_or(NoAnchor::Unknown)?;
        let caller = watched
            .process()
            .ok_or(self.pid.map_or(NoAnchor::Unknown, NoAnchor::Gone))?;
        Ok(lineage(caller))
    }
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

/// The process that `kind` means for whoever called; `None` for a TTL alone.
pub(crate) fn choose(
    kind: Option<&anchor::Kind>,
    caller: &Peer,
    claimed: &[ProcessRef],
) -> Result<Option<Anchor>, NoAnchor> {
    let chosen = match kind {
        Some(anchor::Kind::TtlOnly(_)) => return Ok(None),
        Some(anchor::Kind::Pid(pid)) => alive(*pid)?,
        Some(anchor::Kind::Parent(_)) => ancestor(caller, |line| line.get(1))?,
        // Its leader may have lost the caller from its descendants, and names the session all the same.
        Some(anchor::Kind::Session(_)) => alive(caller.lineage()?[0].session)?,
        Some(anchor::Kind::Shell(_)) | None => ancestor(caller, |line| shell(line, claimed))?,
    };
    Ok(Some(chosen))
}

/// The process with that number, if it is one that may be an owner.
fn alive(pid: u32) -> Result<Anchor, NoAnchor> {
    let watched = Watched::of_pid(pid).ok_or(NoAnchor::Gone(pid))?;
    let found = watched.process().ok_or(NoAnchor::Gone(pid))?;
    let owner = sys::owner_of(pid);
    match owner {
        Some(uid) if uid == sys::uid() || sys::uid() == 0 => {}
        Some(_) => return Err(NoAnchor::Foreign(pid)),
        None => return Err(NoAnchor::Gone(pid)),
    }
    // As it was looked at, it was still there: the number was its own.
    if watched.has_ended() {
        return Err(NoAnchor::Gone(pid));
    }
    Ok(Anchor {
        pid: found.pid,
        command: found.name,
        started: found.started,
        watched: Arc::new(watched),
    })
}

/// The ancestor that is picked. Once it is watched, it is seen to be an ancestor still: a number that had meanwhile gone
/// to another process would be in nobody's line.
fn ancestor(caller: &Peer, pick: impl Fn(&[Process]) -> Option<&Process>) -> Result<Anchor, NoAnchor> {
    let line = caller.lineage()?;
    let picked = pick(&line).ok_or(NoAnchor::NoShell(line[0].pid))?;
    let anchor = alive(picked.pid)?;
    let again = caller.lineage()?;
    let is_in_line = |process: &Process| (process.pid, process.started) == (anchor.pid, anchor.started);
    match again.iter().any(is_in_line) {
        true => Ok(anchor),
        false => Err(NoAnchor::Gone(picked.pid)),
    }
}

/// A process and its ancestors, nearest first.
fn lineage(process: Process) -> Vec<Process> {
    let mut line = vec![process];
    while line.len() < GENERATIONS {
        let Some(last) = line.last() else { break };
        match sys::process(last.parent) {
            // A parent that began later is somebody else, with a pid that was used again.
            Some(parent) if last.parent != 0 && parent.started <= last.started => line.push(parent),
            _ => break,
        }
    }
    line
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
        self.watched.ended().await;
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
    let anchor = alive(row.pid).ok()?;
    (sys::boot() == row.boot && anchor.started == row.started).then_some(anchor)
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

    fn by_pid(pid: u32) -> Result<Option<Anchor>, NoAnchor> {
        choose(Some(&anchor::Kind::Pid(pid)), &Peer::default(), &[])
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_seen() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let anchor = by_pid(child.id()).unwrap().unwrap();
        assert_eq!(anchor.command, "cat");
        let waiting = tokio::spawn({
            let anchor = anchor.clone();
            async move { anchor.watched.ended().await }
        });
        assert!(!anchor.watched.has_ended());
        drop(child.stdin.take());
        waiting.await.unwrap();
        child.wait().unwrap();
        // For whoever comes later, too.
        anchor.watched.ended().await;
        assert!(anchor.watched.has_ended() && anchor.watched.process().is_none());
        assert_eq!(by_pid(child.id()).unwrap_err(), NoAnchor::Gone(child.id()));
    }

    #[tokio::test]
    async fn a_reused_pid_is_another_process() {
        let me = by_pid(std::process::id()).unwrap().unwrap().row();
        assert!(still_there(&me).is_some());
        let earlier = |row: &ledger::Anchor| ledger::Anchor {
            started: row.started - 1,
            ..row.clone()
        };
        assert!(still_there(&earlier(&me)).is_none());
        let elsewhere = ledger::Anchor {
            boot: "another".into(),
            ..me
        };
        assert!(still_there(&elsewhere).is_none());
    }

    #[tokio::test]
    async fn the_process_behind_a_connection_is_found_with_its_parent() {
        let (ours, _theirs) = tokio::net::UnixStream::pair().unwrap();
        let me = Peer::of(&ours);
        assert_eq!(me.pid, Some(std::process::id()));
        let parent = choose(Some(&anchor::Kind::Parent(true)), &me, &[]).unwrap().unwrap();
        assert_eq!(parent.pid, sys::process(std::process::id()).unwrap().parent);
    }

    /// Not a test of its own: connects for the one below, and ends.
    #[test]
    fn connects_and_ends() {
        if let Some(socket) = std::env::var_os("PSLEASE_TEST_CONNECT") {
            std::mem::forget(std::os::unix::net::UnixStream::connect(socket).unwrap());
        }
    }

    #[tokio::test]
    async fn a_caller_that_has_ended_before_it_was_accepted_is_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let mut caller = std::process::Command::new(std::env::current_exe().unwrap());
        caller.args(["--exact", "owner::tests::connects_and_ends"]);
        caller.env("PSLEASE_TEST_CONNECT", &socket);
        assert!(caller.status().unwrap().success(), "it has ended, and was waited for");
        let (stream, _) = listener.accept().await.unwrap();
        let gone = Peer::of(&stream);
        gone.ended().await;
        assert!(gone.lineage().is_err());
    }
}
