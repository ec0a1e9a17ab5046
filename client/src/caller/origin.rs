//! Which script asks, and where in it: what makes a forgotten lease findable.

use std::io::Read as _;

use super::process::{Process, process};

/// So many programs above the caller are named.
const NAMED: usize = 6;

/// The programs that started this process, parent first. Empty where the system does not tell.
pub(super) fn parents() -> Vec<String> {
    let mut names = Vec::new();
    let mut pid = std::os::unix::process::parent_id();
    while pid > 1 && names.len() < NAMED {
        let Some(Process { name, parent, .. }) = process(pid) else {
            break;
        };
        // Subshells of a script are one program to a reader.
        if names.last() != Some(&name) {
            names.push(name);
        }
        pid = parent;
    }
    names
}

/// `FILE:LINE` of the script that runs this process; a script's name alone where its line is not to be had; empty
/// where no script is to be seen.
///
/// `PSLEASE_ORIGIN` overrides, for callers that know better. bash leaves its offset in the script behind descriptor 255
/// right after the command that it runs; other shells read ahead, so of theirs only the file is known.
pub(super) fn origin() -> String {
    if let Ok(told) = std::env::var("PSLEASE_ORIGIN")
        && !told.is_empty()
    {
        return told;
    }
    let mut pid = std::os::unix::process::parent_id();
    for _ in 0..NAMED {
        if pid <= 1 {
            break;
        }
        if let Some(found) = bash_line(pid).or_else(|| script(pid)) {
            return found;
        }
        let Some(Process { parent, .. }) = process(pid) else {
            break;
        };
        pid = parent;
    }
    String::new()
}

/// Where bash is in the script that it reads.
fn bash_line(pid: u32) -> Option<String> {
    if process(pid)?.name != "bash" {
        return None;
    }
    let file = std::fs::read_link(format!("/proc/{pid}/fd/255")).ok()?;
    let info = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/255")).ok()?;
    let offset: u64 = info
        .lines()
        .find_map(|line| line.strip_prefix("pos:"))?
        .trim()
        .parse()
        .ok()?;
    if offset == 0 || !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut read = Vec::new();
    std::fs::File::open(&file)
        .ok()?
        .take(offset)
        .read_to_end(&mut read)
        .ok()?;
    let line = read.iter().filter(|byte| **byte == b'\n').count().max(1);
    Some(format!("{}:{line}", file.display()))
}

/// The script that an interpreter was started with: the first word that names a file, if the system shows it.
fn script(pid: u32) -> Option<String> {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let folder = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    let mut words = words
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .skip(1);
    // Options with a value of their own are not told apart: what stands there is no file.
    let file = words
        .by_ref()
        .take_while(|word| word != "-c")
        .find(|word| !word.starts_with('-'))?;
    let path = folder.join(&file);
    path.is_file().then(|| path.display().to_string())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_named_first() {
        let own = std::os::unix::process::parent_id();
        assert_eq!(parents().first().cloned(), process(own).map(|parent| parent.name));
    }

    #[test]
    fn bash_tells_its_script_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("report.sh");
        std::fs::write(&script, "# one\n# two\ncat\n# four\nexit 0\n").unwrap();
        let child = std::process::Command::new("bash")
            .arg(&script)
            .stdin(std::process::Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            println!("skipped: there is no bash");
            return;
        };
        // It is at the third line for as long as nothing comes to read. Only a program makes bash tell its place: what bash does
        // by itself leaves the descriptor where it has read ahead to.
        let wanted = format!("{}:3", script.display());
        let found = (0..500).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            bash_line(child.id()).filter(|found| *found == wanted)
        });
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(found, Some(wanted));
    }
}
