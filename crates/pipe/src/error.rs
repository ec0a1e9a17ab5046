//! What can be wrong with a stream of packets.

use std::fmt;

/// How many bytes of an offending line an error shows.
const SHOWN: usize = 80;

/// The start of a line, for an error message: at most 80 bytes, made printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    pub(crate) fn of(line: &[u8]) -> Self {
        let shown = line.get(..SHOWN).unwrap_or(line);
        let mut text: String = String::from_utf8_lossy(shown)
            .chars()
            .flat_map(char::escape_debug)
            .collect();
        if shown.len() < line.len() {
            text.push_str("...");
        }
        Self(text)
    }

    /// The text, with control characters escaped and `...` at the end if the line went on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stream that is not PowerShell's framing. Nothing can be trusted after one of these: the session is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The line is empty. PowerShell's own server ends at one, too.
    #[error("an empty line stands where a packet should; the peer is not in PowerShell's out-of-process mode")]
    Empty,
    /// The line is none of the eight packets: often a banner or a message that something printed into the stream.
    #[error("an unknown element \"{line}\" was received; let nothing but PowerShell write to this stream")]
    Unknown {
        /// How the line began.
        line: Excerpt,
    },
    /// The element is one of the eight, but it is written wrongly.
    #[error("the packet \"{line}\" has {what}")]
    Malformed {
        /// How the line began.
        line: Excerpt,
        /// What is wrong, as the object of "has".
        what: &'static str,
    },
    /// A line goes on beyond [`Limits::line`](crate::Limits::line) bytes.
    #[error("a line of more than {limit} bytes was received, beginning with \"{line}\"; send smaller fragments")]
    TooLong {
        /// How the line began.
        line: Excerpt,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The stream ended within a line.
    #[error("the stream ended within the packet \"{line}\"; the peer has gone")]
    Truncated {
        /// How the line began.
        line: Excerpt,
    },
}
