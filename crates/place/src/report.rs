//! The line by which a starting daemon tells whoever started it how that went.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One line of JSON on the daemon's standard output, after which that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Report {
    /// `{"ready":true,"socket":"...","pid":4711}`: the daemon answers on its socket. `ready` is false where another
    /// daemon holds the lock: `pid` and `socket` are then that one's, as far as they are known.
    Ready {
        /// True for the daemon that writes this.
        ready: bool,
        /// The socket that answers.
        #[serde(default)]
        socket: PathBuf,
        /// The process that answers on it, 0 if that is not known.
        #[serde(default)]
        pid: u32,
    },
    /// `{"error":"...","hint":"..."}`: it could not start.
    Failed {
        /// One sentence.
        error: String,
        /// The cure; may be empty.
        #[serde(default)]
        hint: String,
    },
}

impl Report {
    /// Reads the line; `None` if it is not one.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.trim()).ok()
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_are_told_apart() {
        let ready = Report::Ready {
            ready: true,
            socket: "/x.sock".into(),
            pid: 4711,
        };
        assert_eq!(ready.line(), r#"{"ready":true,"socket":"/x.sock","pid":4711}"#);
        assert_eq!(Report::parse(&ready.line()), Some(ready));
        let failed = Report::parse(r#"{"error":"the folder is not yours"}"#);
        assert_eq!(
            failed,
            Some(Report::Failed {
                error: "the folder is not yours".into(),
                hint: String::new()
            })
        );
        assert_eq!(Report::parse("Segmentation fault"), None);
    }
}
