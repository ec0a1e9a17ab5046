//! Sessions that are no HTTP: a program's standard input and output (`process`), and an sshd's subsystem (`ssh`).

mod process;
mod ssh;

use pslease_tests::{Home, Peer, binaries};

/// The peer's session on standard input and output; `None` where the peer is not to be had, which is said.
fn peer_words() -> Option<Vec<String>> {
    let python = Peer::python()?.display().to_string();
    let folder = Peer::folder().canonicalize().expect("the peer's folder");
    let script = format!(
        "cd '{}' && exec env PYTHONDONTWRITEBYTECODE=1 '{python}' -m peer.pipe --config tenant.toml --service skype",
        folder.display()
    );
    Some(vec!["sh".to_owned(), "-c".to_owned(), script])
}

/// The programs that are children of the daemon.
fn children(home: &Home) -> Vec<u32> {
    let Some(daemon) = home.daemon() else {
        return Vec::new();
    };
    processes()
        .into_iter()
        .filter(|(_, parent)| *parent == daemon)
        .map(|(pid, _)| pid)
        .collect()
}

/// Every process that has not ended, with its parent.
fn processes() -> Vec<(u32, u32)> {
    std::fs::read_dir("/proc")
        .expect("a process table")
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let mut fields = stat.rsplit_once(") ")?.1.split(' ');
            let ended = fields.next()? == "Z";
            let parent = fields.next()?.parse().ok()?;
            (!ended).then_some((pid, parent))
        })
        .collect()
}

fn is_there(pid: u32) -> bool {
    processes().iter().any(|(other, _)| *other == pid)
}

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

/// Our own tenant on standard input and output.
fn tenant() -> String {
    format!("exec '{}' tenant --stdio", binaries().pslease.display())
}
