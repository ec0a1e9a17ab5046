//! What comes in on one stream target: repeated fragments out, pieces on.

use bytes::{Buf, Bytes};
use psrp::fragment::{Fragment, FragmentReader, HEADER, Limits, Piece, PieceReader};

use crate::seen::Seen;

/// The pool's stream, or a pipeline's.
#[derive(Debug)]
pub(crate) struct Incoming {
    fragments: FragmentReader,
    pieces: PieceReader,
    /// The object under way and the number of its fragment that is due.
    current: Option<(u64, u64)>,
}

impl Incoming {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            fragments: FragmentReader::new(limits),
            pieces: PieceReader::new(limits),
            current: None,
        }
    }

    /// Takes what came. Then call [`next`](Self::next) until it has no more.
    pub(crate) fn push(&mut self, packet: Bytes, seen: &mut Seen) -> Result<(), psrp::Error> {
        if self.fragments.held() == 0 && self.is_all_new(&packet, seen) {
            self.pieces.push(packet);
            return Ok(());
        }
        self.fragments.push(packet);
        while let Some(fragment) = self.fragments.next()? {
            if self.is_new(fragment.object, fragment.number, seen) {
                self.note(&fragment, seen);
                self.pieces.push(fragment.encode());
            }
        }
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Option<Piece>, psrp::Error> {
        self.pieces.next()
    }

    /// After a Connect or Reconnect: the rest of an object that began before is passed over.
    pub(crate) fn resume(&mut self, limits: Limits) {
        self.fragments = FragmentReader::new(limits);
        self.current = None;
        self.pieces.resume();
    }

    /// The usual packet, whole fragments that are all new, passes without a copy. Notes them if so.
    fn is_all_new(&mut self, packet: &Bytes, seen: &mut Seen) -> bool {
        let before = self.current;
        let mut done = Vec::new();
        let mut last = (0, 0);
        let mut rest = packet.clone();
        while rest.len() >= HEADER {
            let (object, number, flags, size) =
                (rest.get_u64(), rest.get_u64(), rest.get_u8(), rest.get_u32() as usize);
            if size > rest.len() || (object, number) <= last || !self.is_new(object, number, seen) {
                break;
            }
            last = (object, number);
            rest.advance(size);
            if flags & 2 == 0 {
                self.current = Some((object, number + 1));
            } else {
                self.current = None;
                done.push(object);
            }
            if rest.is_empty() {
                done.into_iter().for_each(|object| seen.insert(object));
                return true;
            }
        }
        self.current = before;
        false
    }

    fn is_new(&self, object: u64, number: u64, seen: &Seen) -> bool {
        !seen.contains(object)
            && self
                .current
                .is_none_or(|(current, due)| current != object || number >= due)
    }

    fn note(&mut self, fragment: &Fragment, seen: &mut Seen) {
        self.current = if fragment.last {
            seen.insert(fragment.object);
            None
        } else {
            Some((fragment.object, fragment.number + 1))
        };
    }
}

#[cfg(test)]
mod tests {
    use psrp::{Destination, Fragmenter, Message, MessageType};
    use uuid::Uuid;

    use super::*;

    fn fragments(bodies: &[usize]) -> Vec<Bytes> {
        let mut fragmenter = Fragmenter::new();
        bodies
            .iter()
            .flat_map(|size| {
                let message = Message {
                    destination: Destination::Client,
                    kind: MessageType::PipelineOutput,
                    pool: Uuid::from_u128(1),
                    pipeline: Some(Uuid::from_u128(2)),
                    body: vec![b'x'; *size].into(),
                };
                fragmenter.split(&message, 100)
            })
            .collect()
    }

    fn read(incoming: &mut Incoming, seen: &mut Seen, packet: &[u8]) -> usize {
        incoming.push(Bytes::copy_from_slice(packet), seen).unwrap();
        std::iter::from_fn(|| incoming.next().unwrap())
            .map(|piece| piece.bytes.len())
            .sum()
    }

    #[test]
    fn a_repeated_packet_gives_nothing_new() {
        let all = fragments(&[10, 500, 0, 99]).concat();
        let (mut incoming, mut seen) = (Incoming::new(Limits::CLIENT), Seen::default());
        assert_eq!(read(&mut incoming, &mut seen, &all), 609);
        assert_eq!(read(&mut incoming, &mut seen, &all), 0);
        assert_eq!(seen.holes(), 0);
    }

    #[test]
    fn each_fragment_twice_is_each_once() {
        let twice: Vec<u8> = fragments(&[10, 500, 99])
            .iter()
            .flat_map(|one| [one.clone(), one.clone()])
            .flatten()
            .collect();
        let (mut incoming, mut seen) = (Incoming::new(Limits::CLIENT), Seen::default());
        assert_eq!(read(&mut incoming, &mut seen, &twice), 609);
        for size in [1, 7, 64] {
            let (mut incoming, mut seen) = (Incoming::new(Limits::CLIENT), Seen::default());
            let total: usize = twice.chunks(size).map(|cut| read(&mut incoming, &mut seen, cut)).sum();
            assert_eq!(total, 609, "cut into {size}");
        }
    }

    #[test]
    fn a_missing_fragment_is_an_error() {
        let mut all = fragments(&[500]);
        all.remove(2);
        let (mut incoming, mut seen) = (Incoming::new(Limits::CLIENT), Seen::default());
        incoming.push(all.concat().into(), &mut seen).unwrap();
        assert!(std::iter::from_fn(|| incoming.next().transpose()).any(|piece| piece.is_err()));
    }
}
