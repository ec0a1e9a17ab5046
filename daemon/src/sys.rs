//! What the operating system knows: processes and their start times, the clock that counts sleep, and the few things
//! that a daemon does to its own process before it has threads. The only module with `unsafe` in it.
#![allow(unsafe_code)]

pub(crate) mod keyring;
#[cfg(windows)]
pub(crate) mod pipe;
mod watched;

use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, Rlimit};

pub(crate) use watched::Watched;

/// Variables that a daemon keeps of whoever started it. All others belong to one terminal, and would be stale or wrong
/// for the next one; what an open needs of the asker's travels with the request.
const KEPT: [&str; 20] = [
    // MIT's Kerberos reads the first itself, from nowhere else.
    "KRB5_CONFIG",
    "PSLEASE_GSSAPI",
    "PSLEASE_HOME",
    "PSLEASE_LOG",
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "HOME",
    "USER",
    "LOGNAME",
    "NOTIFY_SOCKET",
    "JOURNAL_STREAM",
    "INVOCATION_ID",
    "CREDENTIALS_DIRECTORY",
    "RUST_BACKTRACE",
    "SYSTEMROOT",
    "LLVM_PROFILE_FILE",
];

/// A process as the system shows it at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// The process group.
    pub(crate) group: u32,
    /// The session, named by the pid of its leader.
    pub(crate) session: u32,
    /// The foreground process group of its terminal, if it has one.
    pub(crate) terminal_group: Option<u32>,
    /// Start time in clock ticks since boot; with the pid it names one process for ever.
    pub(crate) started: u64,
    /// Its program's name, at most 15 bytes.
    pub(crate) name: String,
    /// True for one that has ended and was not waited for.
    pub(crate) ended: bool,
    /// Where its program and its stack lie, if the system tells: the same in a fork, another after each `exec`.
    pub(crate) image: Option<(u64, u64)>,
}

impl Process {
    /// Whether it is a copy of its parent that has run no program of its own: a subshell.
    pub(crate) fn is_fork_of(&self, parent: &Self) -> bool {
        self.parent == parent.pid && self.image.is_some() && self.image == parent.image
    }
}

/// The process with that pid, or `None` if there is none, or the system does not say.
#[cfg(target_os = "linux")]
pub(crate) fn process(pid: u32) -> Option<Process> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The process with that pid. Of other systems nobody has asked so far: there a lease has no anchor but its stream, the
/// process that made it, and its TTL.
#[cfg(not(target_os = "linux"))]
pub(crate) fn process(_pid: u32) -> Option<Process> {
    None
}

/// `/proc/PID/stat`: the name is in parentheses and may hold any byte, parentheses too.
fn parse_stat(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    let mut number = || fields.next()?.parse::<i64>().ok();
    let (parent, group, session, _terminal, terminal_group) = (number()?, number()?, number()?, number()?, number()?);
    let started = fields.nth(13)?.parse().ok()?;
    // Fields 26 and 28; zero where we may not look.
    let program = fields
        .nth(3)
        .and_then(|field| field.parse::<u64>().ok())
        .filter(|at| *at != 0);
    let stack = fields
        .nth(1)
        .and_then(|field| field.parse::<u64>().ok())
        .filter(|at| *at != 0);
    Some(Process {
        pid: pid.parse().ok()?,
        parent: u32::try_from(parent).ok()?,
        group: u32::try_from(group).ok()?,
        session: u32::try_from(session).ok()?,
        terminal_group: u32::try_from(terminal_group).ok(),
        started,
        name: name.to_owned(),
        ended: matches!(state, "Z" | "X"),
        image: program.zip(stack),
    })
}

/// The system's boot, in its own words: pids and start times of another one name nobody.
pub(crate) fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// The uid that a process runs as.
pub(crate) fn owner_of(pid: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(format!("/proc/{pid}")).ok().map(|found| found.uid())
}

/// The effective uid of this process.
pub(crate) fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Time since boot, with time asleep counted.
pub(crate) fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The file system's name if files on it are shared between machines: there, a lock on one machine may not hold on another.
#[cfg(target_os = "linux")]
pub(crate) fn network_file_system(path: &Path) -> std::io::Result<Option<&'static str>> {
    let kind = rustix::fs::statfs(path)?.f_type;
    Ok(match u32::try_from(kind & 0xffff_ffff).unwrap_or(0) {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x5346_414f => Some("AFS"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x00c3_6400 => Some("Ceph"),
        _ => None,
    })
}

/// Not told apart on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn network_file_system(_path: &Path) -> std::io::Result<Option<&'static str>> {
    Ok(None)
}

/// Whether this process leads its process group, so that it cannot begin a session of its own.
pub(crate) fn leads_group() -> bool {
    rustix::process::getpgrp() == rustix::process::getpid()
}

/// Leaves the terminal and everything else that belongs to whoever started this process. The environment and the
/// inherited descriptors go separately.
pub(crate) fn leave_terminal() {
    // Fails only for a group's leader, which the caller has ruled out, or which has no terminal to be hung up by.
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
}

/// No file of ours is for others to read, and a crash leaves no image of the memory that holds passwords.
pub(crate) fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = rustix::process::setrlimit(Resource::Core, none);
}

/// Forgets what the starter's environment says beyond the few variables that a daemon needs.
///
/// Call before there is a second thread.
pub(crate) fn clean_environment() {
    let gone = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| !KEPT.iter().any(|kept| name == kept));
    for name in gone.collect::<Vec<_>>() {
        // SAFETY: called from `main` before any thread is started, so nobody reads the environment meanwhile.
        unsafe { std::env::remove_var(name) };
    }
}

/// Closes the descriptors that the starter left open, but for the three standard ones: a pipe or socket of its would
/// stay open for as long as the daemon lives.
///
/// Call before anything is opened.
pub(crate) fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd").or_else(|_| std::fs::read_dir("/dev/fd")) else {
        return;
    };
    let open = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    for descriptor in open.collect::<Vec<_>>() {
        if descriptor > 2 && rustix::io::fcntl_getfd(unsafe_borrow(descriptor)).is_ok() {
            // SAFETY: nothing of this process has opened a descriptor yet, so nobody else owns this one.
            unsafe { rustix::io::close(descriptor) };
        }
    }
}

fn unsafe_borrow<'a>(descriptor: i32) -> std::os::fd::BorrowedFd<'a> {
    // SAFETY: used for one system call only, which answers EBADF for a closed descriptor.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) }
}

/// Sends standard input, output and error to nowhere.
pub(crate) fn silence() -> std::io::Result<()> {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    debug_assert!(null.as_raw_fd() > 2);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read() {
        let stat = "4711 (a) (b) c) S 4700 4711 4650 34816 4711 4194304 123 0 0 0 1 2 0 0 20 0 1 0 987654 1000 50 \
                    18446744073709551615 94000 95000 140000 0 0";
        let process = parse_stat(stat).unwrap();
        assert_eq!(
            (process.pid, process.parent, process.group, process.session),
            (4711, 4700, 4711, 4650)
        );
        assert_eq!(
            (process.terminal_group, process.started, process.name.as_str()),
            (Some(4711), 987_654, "a) (b) c")
        );
        assert_eq!(process.image, Some((94_000, 140_000)));
        assert_eq!(parse_stat("4711 (x"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_with_its_parent() {
        let me = process(std::process::id()).unwrap();
        assert_eq!(me.pid, std::process::id());
        assert!(process(me.parent).unwrap().started <= me.started);
        assert!(!me.ended);
    }

    #[test]
    fn an_ordinary_folder_is_not_on_the_network() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(folder.path()).unwrap(), None);
    }
}
