//! A stream of bytes cut into packets.

use crate::error::{Error, Excerpt};
use crate::packet::Packet;

/// What a [`Reader`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest line, in bytes without its LF. PowerShell's are at most 43,768 long, but a peer may put several
    /// fragments into one.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 1024 * 1024 }
    }
}

/// Reads packets from a stream that arrives in pieces.
///
/// Hold `feed` and `packet` together: after each piece take packets until there is none, so at most one unfinished
/// line (within [`Limits::line`]) is kept. After an error the stream cannot be trusted, and the same error returns.
#[derive(Debug, Default)]
pub struct Reader {
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the first unread line begins.
    start: usize,
    /// Up to where no LF was found.
    scanned: usize,
    broken: Option<Error>,
}

impl Reader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes the next piece of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet, or `None` until more bytes come.
    ///
    /// # Errors
    /// Any of [`Error`] but [`Error::Truncated`].
    pub fn packet(&mut self) -> Result<Option<Packet>, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let found = memchr::memchr(b'\n', &self.buffer[self.scanned..]).map(|at| self.scanned + at);
        let end = found.unwrap_or(self.buffer.len());
        self.scanned = end;
        let line = &self.buffer[self.start..end];
        if line.len() > self.limits.line {
            let error = Error::TooLong {
                line: Excerpt::of(line),
                limit: self.limits.line,
            };
            return Err(self.fail(error));
        }
        if found.is_none() {
            return Ok(None);
        }
        match Packet::read(line) {
            Ok(packet) => {
                self.start = end + 1;
                self.scanned = self.start;
                Ok(Some(packet))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Tells the reader that the stream has ended.
    ///
    /// # Errors
    /// [`Error::Truncated`] if it ended within a line, or the error that broke the stream before.
    pub fn end(&mut self) -> Result<(), Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let rest = &self.buffer[self.start..];
        if rest.is_empty() {
            return Ok(());
        }
        let error = Error::Truncated {
            line: Excerpt::of(rest),
        };
        Err(self.fail(error))
    }

    fn fail(&mut self, error: Error) -> Error {
        self.buffer = Vec::new();
        (self.start, self.scanned) = (0, 0);
        self.broken = Some(error.clone());
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn drain(reader: &mut Reader) -> Vec<Packet> {
        std::iter::from_fn(|| reader.packet().unwrap()).collect()
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let packets: Vec<_> = (0..50u128)
            .map(|n| match n % 3 {
                0 => Packet::data(Uuid::from_u128(n), vec![7; n as usize * 20].into()),
                1 => Packet::DataAck {
                    ps_guid: Uuid::from_u128(n),
                },
                _ => Packet::Close { ps_guid: Uuid::nil() },
            })
            .collect();
        let mut stream = Vec::new();
        packets.iter().for_each(|p| p.write(&mut stream));
        for size in [1, 2, 3, 7, 61, 500, stream.len()] {
            let mut reader = Reader::default();
            let mut seen = Vec::new();
            for piece in stream.chunks(size) {
                reader.feed(piece);
                seen.extend(drain(&mut reader));
            }
            assert_eq!(seen, packets, "in pieces of {size}");
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn a_line_without_end_is_refused_at_the_limit() {
        let mut reader = Reader::new(Limits { line: 100 });
        reader.feed(&[b'x'; 100]);
        assert_eq!(reader.packet(), Ok(None));
        reader.feed(b"x");
        let error = reader.packet().unwrap_err();
        assert!(matches!(&error, Error::TooLong { limit: 100, .. }), "{error}");
        reader.feed(b"\n<Close PSGuid='00000000-0000-0000-0000-000000000000' />\n");
        assert_eq!(reader.packet(), Err(error.clone()), "nothing is read after an error");
        assert_eq!(reader.end(), Err(error));
    }

    #[test]
    fn an_end_within_a_line_is_told() {
        let mut reader = Reader::default();
        reader.feed(b"<Close PSGuid='00000000-0000-0000-0000-000000000000' />\n<Da");
        assert_eq!(drain(&mut reader).len(), 1);
        let error = reader.end().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stream ended within the packet \"<Da\"; the peer has gone"
        );
    }

    #[test]
    fn an_empty_line_breaks_the_stream() {
        let mut reader = Reader::default();
        reader.feed(b"\n");
        assert_eq!(reader.packet(), Err(Error::Empty));
    }
}
