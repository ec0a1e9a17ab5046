//! What the system tells of another process: Linux, in `/proc/PID/stat`.

/// A process at one instant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its program's name, at most 15 bytes.
    pub(super) name: String,
    /// The pid of its parent.
    pub(super) parent: u32,
    /// When it started, in clock ticks since boot: with the pid it names one process for ever.
    pub(super) started: u64,
}

/// The process with that pid; `None` if there is none, or the system does not tell.
pub(super) fn process(pid: u32) -> Option<Process> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name in brackets may itself hold brackets and spaces, so the fields are counted from the last closing one.
fn parse(stat: &str) -> Option<Process> {
    let (_, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split_ascii_whitespace();
    // Field 3 is the first here: 4 is the parent, 22 the start time.
    let parent = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Process {
        name: name.to_owned(),
        parent,
        started,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let text = "4711 (a) b (c) S 815 4711 815 34816 0 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 9 9";
        let (name, parent, started) = ("a) b (c".to_owned(), 815, 123_456);
        assert_eq!(parse(text), Some(Process { name, parent, started }));
        assert_eq!(parse("4711 (sh"), None);
    }
}
