//! Messages in pieces: a body passes as a stream of fragment payloads and is never put together on the way.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use uuid::Uuid;

use super::Limits;
use super::sequence::{Place, Sequence};
use super::wire::{self, FragmentReader, HEADER};
use crate::message::{Destination, Header};
use crate::{Error, Message, MessageType};

/// A part of a body, with what the message's header said.
///
/// The pieces of one stream target come in order. One with `first` gives up an unfinished message before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Who the message is for.
    pub destination: Destination,
    /// What it is about.
    pub kind: MessageType,
    /// The pool that the header names.
    pub pool: Uuid,
    /// The pipeline that the header names: host calls may name one that the stream target does not.
    pub pipeline: Option<Uuid>,
    /// Whether the body begins here.
    pub first: bool,
    /// Whether the body ends here.
    pub last: bool,
    /// The bytes; may be empty.
    pub bytes: Bytes,
}

impl Piece {
    /// What it counts for where pieces wait for their reader: its bytes, and 256 for what keeps them and for the event
    /// that is made of them. Without that, a megabyte of tiny objects would take twenty.
    pub fn weight(&self) -> usize {
        256 + self.bytes.len()
    }

    /// A whole message as one piece.
    pub fn whole(message: Message) -> Piece {
        let Message {
            destination,
            kind,
            pool,
            pipeline,
            body,
        } = message;
        Piece {
            destination,
            kind,
            pool,
            pipeline,
            first: true,
            last: true,
            bytes: body,
        }
    }

    /// The header that the message had.
    pub fn header(&self) -> Header {
        Header {
            destination: self.destination,
            kind: self.kind,
            pool: self.pool,
            pipeline: self.pipeline,
        }
    }
}

/// What is known of the message under way.
#[derive(Debug)]
enum Progress {
    /// Less than a header has come.
    Heading(BytesMut),
    /// The header is read, and so many bytes are counted.
    Body { header: Header, size: usize },
}

/// Gives the bodies of one stream target on as they come.
#[derive(Debug)]
pub struct PieceReader {
    reader: FragmentReader,
    sequence: Sequence,
    limit: usize,
    progress: Progress,
}

impl PieceReader {
    /// One for a single stream target: the pool, or a pipeline.
    pub fn new(limits: Limits) -> PieceReader {
        PieceReader {
            reader: FragmentReader::new(limits),
            sequence: Sequence::new(),
            limit: limits.message,
            progress: Progress::Heading(BytesMut::new()),
        }
    }

    /// Takes what came. Call [`PieceReader::next`] until it has no more.
    pub fn push(&mut self, packet: Bytes) {
        self.reader.push(packet);
    }

    /// The next piece.
    ///
    /// # Errors
    /// Wrong order, sizes above the limits, a message without a header (protocol.md 14).
    #[allow(
        clippy::should_implement_trait,
        reason = "it fails, and more may be pushed after None"
    )]
    pub fn next(&mut self) -> Result<Option<Piece>, Error> {
        while let Some(fragment) = self.reader.next()? {
            match self.sequence.admit(&fragment)? {
                Place::Skip => continue,
                Place::Start => self.progress = Progress::Heading(BytesMut::new()),
                Place::Next => {}
            }
            if let Some(piece) = self.advance(fragment.blob, fragment.last)? {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// After a Connect or Reconnect: forgets the object under way, and skips its rest.
    pub fn resume(&mut self) {
        self.sequence.resume();
        self.progress = Progress::Heading(BytesMut::new());
    }

    fn advance(&mut self, mut blob: Bytes, last: bool) -> Result<Option<Piece>, Error> {
        let (header, first, size) = match &mut self.progress {
            Progress::Body { header, size } => (*header, false, *size),
            Progress::Heading(held) if held.is_empty() && blob.len() >= Header::SIZE => {
                (Header::decode(&blob.split_to(Header::SIZE))?, true, Header::SIZE)
            }
            Progress::Heading(held) => {
                held.put_slice(&blob.split_to(blob.len().min(Header::SIZE - held.len())));
                if held.len() < Header::SIZE {
                    return if last {
                        Err(Error::MessageTooShort(held.len()))
                    } else {
                        Ok(None)
                    };
                }
                (Header::decode(held)?, true, Header::SIZE)
            }
        };
        let size = size + blob.len();
        if size > self.limit {
            return Err(Error::MessageTooLarge { limit: self.limit });
        }
        self.progress = Progress::Body { header, size };
        let Header {
            destination,
            kind,
            pool,
            pipeline,
        } = header;
        Ok(Some(Piece {
            destination,
            kind,
            pool,
            pipeline,
            first,
            last,
            bytes: blob,
        }))
    }
}

/// Puts pieces together for a reader that decodes.
#[derive(Debug)]
pub struct Assembly {
    limit: usize,
    under_way: Option<(Header, BytesMut)>,
}

impl Assembly {
    /// One that holds at most `limit` bytes.
    pub fn new(limit: usize) -> Assembly {
        Assembly { limit, under_way: None }
    }

    /// Takes the next piece of a stream target; gives the message that it ends.
    ///
    /// # Errors
    /// [`Error::MessageTooLarge`]; the rest of that message is then passed over.
    pub fn push(&mut self, piece: Piece) -> Result<Option<Message>, Error> {
        if piece.first {
            self.under_way = None;
            if piece.last && piece.bytes.len() <= self.limit {
                return Ok(Some(Message::new(piece.header(), piece.bytes)));
            }
            self.under_way = Some((piece.header(), BytesMut::new()));
        }
        let Some((header, body)) = &mut self.under_way else {
            return Ok(None);
        };
        if body.len() + piece.bytes.len() > self.limit {
            self.under_way = None;
            return Err(Error::MessageTooLarge { limit: self.limit });
        }
        body.put_slice(&piece.bytes);
        if !piece.last {
            return Ok(None);
        }
        let message = Message::new(*header, body.split().freeze());
        self.under_way = None;
        Ok(Some(message))
    }

    /// How many bytes are held.
    pub fn held(&self) -> usize {
        self.under_way.as_ref().map_or(0, |(_, body)| body.len())
    }
}

/// A message that goes out while its body is still coming in: made by [`Fragmenter::relay`](super::Fragmenter::relay).
#[derive(Debug)]
pub struct Relay {
    object: u64,
    number: u64,
    head: Bytes,
    done: bool,
}

impl Relay {
    pub(super) fn new(object: u64, header: Header) -> Relay {
        Relay {
            object,
            number: 0,
            head: Bytes::copy_from_slice(&header.encode()),
            done: false,
        }
    }

    /// Whether its last fragment was made.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Cuts the next part of the body into fragments of at most `blob` bytes. Nothing follows a part that is `last`.
    pub fn write(&mut self, mut bytes: Bytes, last: bool, blob: usize) -> Vec<Bytes> {
        debug_assert!(!self.done, "a finished message takes no more bytes");
        let mut fragments = Vec::new();
        while !self.done {
            let left = self.head.len() + bytes.len();
            if left == 0 && !last {
                break;
            }
            let size = left.min(blob.max(1));
            self.done = last && size == left;
            let mut out = BytesMut::with_capacity(HEADER + size);
            wire::put_header(&mut out, self.object, self.number, self.number == 0, self.done, size);
            let of_head = size.min(self.head.len());
            out.put_slice(&self.head.split_to(of_head));
            out.put_slice(&bytes[..size - of_head]);
            bytes.advance(size - of_head);
            self.number += 1;
            fragments.push(out.freeze());
        }
        fragments
    }
}
