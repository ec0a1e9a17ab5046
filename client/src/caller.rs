//! What the daemon is told of the process that asks. Its pid and uid are not in here: those come from the socket.

mod origin;
mod process;

use std::collections::HashMap;
use std::io::IsTerminal as _;

use proto::v1::{Caller, ProcessRef};

use self::process::{Process, process};

/// What opening a session may need of the asker's environment.
const ENVIRONMENT: [&str; 19] = [
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "SSH_AUTH_SOCK",
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "KUBECONFIG",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// Further up than this nobody's shell is.
const GENERATIONS: usize = 64;

/// This process, as it is: the command line's first word stands for all of it, because the rest may hold a secret.
pub fn caller() -> Caller {
    let program = std::env::args_os().next().unwrap_or_default();
    let program = std::path::Path::new(&program)
        .file_name()
        .unwrap_or(&program)
        .to_string_lossy()
        .into_owned();
    Caller {
        command: program,
        tty: tty(),
        cwd: std::env::current_dir()
            .map(|folder| folder.display().to_string())
            .unwrap_or_default(),
        ancestors: Vec::new(),
        environment: environment(),
        interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        origin: origin::origin(),
        parents: origin::parents(),
    }
}

fn environment() -> HashMap<String, String> {
    ENVIRONMENT
        .iter()
        .filter_map(|&name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect()
}

/// The terminal's short name, "pts/3"; empty without one.
fn tty() -> String {
    let name = |descriptor: &dyn Fn() -> rustix::io::Result<std::ffi::CString>| descriptor().ok();
    name(&|| rustix::termios::ttyname(std::io::stderr(), Vec::new()))
        .or_else(|| name(&|| rustix::termios::ttyname(std::io::stdin(), Vec::new())))
        .or_else(|| name(&|| rustix::termios::ttyname(std::io::stdout(), Vec::new())))
        .map(|path| path.to_string_lossy().trim_start_matches("/dev/").to_owned())
        .unwrap_or_default()
}

/// The process's ancestors, parent first, each with its start time so that a pid that is used again is not mistaken
/// for it. Empty where the system does not tell.
pub fn ancestors() -> Vec<ProcessRef> {
    let mut found = Vec::new();
    let mut pid = std::os::unix::process::parent_id();
    while pid != 0 && found.len() < GENERATIONS {
        let Some(Process { parent, started, .. }) = process(pid) else {
            break;
        };
        found.push(ProcessRef { pid, started });
        pid = parent;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_first_ancestor_is_the_parent() {
        assert_eq!(ancestors()[0].pid, std::os::unix::process::parent_id());
    }

    #[test]
    fn the_command_is_not_the_whole_command_line() {
        assert!(!caller().command.contains(' '));
    }
}
