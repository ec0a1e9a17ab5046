//! Whole messages out of fragments, each below a limit.

use bytes::{BufMut, Bytes, BytesMut};

use super::Limits;
use super::sequence::{Place, Sequence};
use super::wire::FragmentReader;
use crate::{Error, Message};

/// Puts the messages of one stream target together.
///
/// An error is the end of that target: what follows it cannot be told apart any more.
#[derive(Debug)]
pub struct Reassembler {
    reader: FragmentReader,
    sequence: Sequence,
    limit: usize,
    gathered: BytesMut,
}

impl Reassembler {
    /// One for a single stream target: the pool, or a pipeline.
    pub fn new(limits: Limits) -> Reassembler {
        Reassembler {
            reader: FragmentReader::new(limits),
            sequence: Sequence::new(),
            limit: limits.message,
            gathered: BytesMut::new(),
        }
    }

    /// Takes what came. Call [`Reassembler::next`] until it has no more.
    pub fn push(&mut self, packet: Bytes) {
        self.reader.push(packet);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// Wrong order, sizes above the limits, a message without a header (protocol.md 14).
    #[allow(
        clippy::should_implement_trait,
        reason = "it fails, and more may be pushed after None"
    )]
    pub fn next(&mut self) -> Result<Option<Message>, Error> {
        while let Some(fragment) = self.reader.next()? {
            match self.sequence.admit(&fragment)? {
                Place::Skip => continue,
                Place::Start => self.gathered.clear(),
                Place::Next => {}
            }
            if self.gathered.len() + fragment.blob.len() > self.limit {
                return Err(Error::MessageTooLarge { limit: self.limit });
            }
            if fragment.first && fragment.last {
                return Message::decode(fragment.blob).map(Some);
            }
            self.gathered.put_slice(&fragment.blob);
            if fragment.last {
                return Message::decode(self.gathered.split().freeze()).map(Some);
            }
        }
        Ok(None)
    }

    /// After a Connect or Reconnect: forgets the object under way, and skips its rest.
    pub fn resume(&mut self) {
        self.sequence.resume();
        self.gathered.clear();
    }
}
