//! One fragment on the wire: 21 bytes, big-endian, then the blob (MS-PSRP 2.2.4).

use std::collections::VecDeque;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Limits;
use crate::Error;

/// The size of the header in front of each blob.
pub const HEADER: usize = 21;

const START: u8 = 1;
const END: u8 = 2;

/// A fragment: part of one object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fragment {
    /// The object that it is a part of; above zero and never twice from one sender.
    pub object: u64,
    /// Its number in the object, from 0.
    pub number: u64,
    /// Whether the object begins here.
    pub first: bool,
    /// Whether the object ends here.
    pub last: bool,
    /// The bytes.
    pub blob: Bytes,
}

impl Fragment {
    /// Header and blob.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER + self.blob.len());
        put_header(
            &mut out,
            self.object,
            self.number,
            self.first,
            self.last,
            self.blob.len(),
        );
        out.put_slice(&self.blob);
        out.freeze()
    }
}

/// Writes the 21 bytes. Blobs are cut by us, so their length fits.
pub(super) fn put_header(out: &mut BytesMut, object: u64, number: u64, first: bool, last: bool, size: usize) {
    debug_assert!(u32::try_from(size).is_ok());
    out.put_u64(object);
    out.put_u64(number);
    out.put_u8(if first { START } else { 0 } | if last { END } else { 0 });
    out.put_u32(size as u32);
}

/// Finds fragments in packets: several in one packet, or one cut over several (both are met, protocol.md 23).
#[derive(Debug)]
pub struct FragmentReader {
    limit: usize,
    /// The beginning of a fragment whose end has not come.
    held: BytesMut,
    /// Packets that are not looked at yet. None is empty.
    fresh: VecDeque<Bytes>,
}

impl FragmentReader {
    /// A reader that refuses blobs above `limits.fragment` bytes as soon as they are announced.
    pub fn new(limits: Limits) -> FragmentReader {
        FragmentReader {
            limit: limits.fragment,
            held: BytesMut::new(),
            fresh: VecDeque::new(),
        }
    }

    /// Takes what came. Call [`FragmentReader::next`] until it has no more.
    pub fn push(&mut self, packet: Bytes) {
        if !packet.is_empty() {
            self.fresh.push_back(packet);
        }
    }

    /// The next whole fragment. A blob that lies in one packet shares its memory.
    ///
    /// # Errors
    /// [`Error::FragmentTooLarge`]; the reader is of no use after that.
    #[allow(
        clippy::should_implement_trait,
        reason = "it fails, and more may be pushed after None"
    )]
    pub fn next(&mut self) -> Result<Option<Fragment>, Error> {
        while let Some(mut packet) = self.fresh.pop_front() {
            let found = self.take(&mut packet)?;
            if !packet.is_empty() {
                self.fresh.push_front(packet);
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Takes the next whole fragment off the packet, or else holds all of it.
    fn take(&mut self, packet: &mut Bytes) -> Result<Option<Fragment>, Error> {
        if self.held.is_empty() {
            match self.size(packet)? {
                Some(size) if packet.len() >= size => return Ok(Some(take(packet.split_to(size)))),
                _ => {
                    self.held.put_slice(packet);
                    packet.clear();
                    return Ok(None);
                }
            }
        }
        loop {
            let wanted = self.size(&self.held)?.unwrap_or(HEADER);
            let missing = wanted.saturating_sub(self.held.len()).min(packet.len());
            self.held.put_slice(&packet.split_to(missing));
            if self.held.len() < wanted {
                return Ok(None);
            }
            if wanted > HEADER || self.size(&self.held)? == Some(HEADER) {
                return Ok(Some(take(self.held.split().freeze())));
            }
        }
    }

    /// How many bytes of an unfinished fragment are held.
    pub fn held(&self) -> usize {
        self.held.len() + self.fresh.iter().map(Bytes::len).sum::<usize>()
    }

    /// Says that no more comes.
    ///
    /// # Errors
    /// [`Error::Truncated`] if that is within a fragment.
    pub fn finish(&self) -> Result<(), Error> {
        if self.held() == 0 {
            Ok(())
        } else {
            Err(Error::Truncated(self.held()))
        }
    }

    /// The size of the fragment that begins at `bytes`, header included, once its header is there.
    fn size(&self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        let Some(header) = bytes.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let blob = u32::from_be_bytes([header[17], header[18], header[19], header[20]]) as usize;
        if blob > self.limit {
            return Err(Error::FragmentTooLarge {
                size: blob,
                limit: self.limit,
            });
        }
        Ok(Some(HEADER + blob))
    }
}

/// Takes a fragment apart. `whole` is exactly one.
fn take(mut whole: Bytes) -> Fragment {
    debug_assert!(whole.len() >= HEADER);
    let object = whole.get_u64();
    let number = whole.get_u64();
    let flags = whole.get_u8();
    whole.advance(4);
    Fragment {
        object,
        number,
        first: flags & START != 0,
        last: flags & END != 0,
        blob: whole,
    }
}
