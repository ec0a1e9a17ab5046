//! Recorded sessions: both ends of a pipe between PowerShell's client and its server.

use crate::folder;

/// How many there are at least: with fewer, a test would prove less than it says.
const RECORDED: usize = 19;

/// One recorded session.
#[derive(Debug, Clone)]
pub struct Session {
    /// What was recorded: its file's name, without folder and ending.
    pub name: String,
    /// What was said, in order.
    pub lines: Vec<Line>,
}

/// One line of a session.
#[derive(Debug, Clone)]
pub struct Line {
    /// Whether the client said it.
    pub client: bool,
    /// The element, without the line's end.
    pub text: String,
}

/// All recorded sessions, by name; `None`, which is said, where they are absent.
///
/// # Panics
/// If one of them cannot be read, or some are missing.
pub fn sessions() -> Option<Vec<Session>> {
    let folder = folder("vectors/pwsh/sessions")?;
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= RECORDED, "only {} sessions are recorded", paths.len());
    let session = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a recording");
        Session {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            lines: text.lines().map(line).collect(),
        }
    };
    Some(paths.iter().map(session).collect())
}

fn line(text: &str) -> Line {
    let record: serde_json::Value = serde_json::from_str(text).expect("a line of JSON");
    Line {
        client: record["from"] == "client",
        text: record["line"].as_str().expect("what was said").to_owned(),
    }
}
