//! Bodies out of chunks: an object begins with `first` and ends with `last`.

use proto::v1::{Chunk, Stream};

/// Puts bodies together. Chunks of two objects never mix within one stream.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    open: Vec<(Stream, Vec<u8>)>,
}

/// A chunk that does not belong to anything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stray;

impl Chunks {
    /// The body that this chunk completes, if it does, without the byte order mark that servers begin it with.
    pub(crate) fn take(&mut self, chunk: Chunk) -> Result<Option<(Stream, Vec<u8>)>, Stray> {
        let stream = chunk.stream();
        let at = self.open.iter().position(|(other, _)| *other == stream);
        let body = match (at, chunk.first) {
            (None, true) => chunk.data,
            (Some(at), false) => {
                let mut body = self.open.swap_remove(at).1;
                body.extend_from_slice(&chunk.data);
                body
            }
            (Some(_), true) | (None, false) => return Err(Stray),
        };
        if chunk.last {
            let mark = body.len() - psrp::without_mark(&body).len();
            let mut body = body;
            body.drain(..mark);
            return Ok(Some((stream, body)));
        }
        self.open.push((stream, body));
        Ok(None)
    }

    /// Whether an object has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(stream: Stream, data: &str, first: bool, last: bool) -> Chunk {
        Chunk {
            stream: stream.into(),
            data: data.as_bytes().to_vec(),
            first,
            last,
        }
    }

    #[test]
    fn bodies_come_whole_and_without_their_mark() {
        let mut chunks = Chunks::default();
        assert_eq!(
            chunks.take(chunk(Stream::Output, "\u{feff}<S>a", true, false)),
            Ok(None)
        );
        assert_eq!(
            chunks.take(chunk(Stream::Warning, "<W/>", true, true)),
            Ok(Some((Stream::Warning, b"<W/>".to_vec())))
        );
        assert!(chunks.is_open());
        assert_eq!(
            chunks.take(chunk(Stream::Output, "b</S>", false, true)),
            Ok(Some((Stream::Output, b"<S>ab</S>".to_vec())))
        );
        assert!(!chunks.is_open());
    }

    #[test]
    fn a_chunk_without_a_beginning_is_no_body() {
        let mut chunks = Chunks::default();
        assert_eq!(chunks.take(chunk(Stream::Output, "x", false, true)), Err(Stray));
        chunks.take(chunk(Stream::Output, "x", true, false)).unwrap();
        assert_eq!(chunks.take(chunk(Stream::Output, "x", true, true)), Err(Stray));
    }
}
