//! Fragments, cut anywhere, put together whole and piece by piece. The first byte says how finely.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use psrp::{Assembly, Fragmenter, Limits, PieceReader, Reassembler};

const LIMITS: Limits = Limits {
    fragment: 64 << 10,
    message: 256 << 10,
};

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let size = usize::from(size) + 1;
    let mut whole = Vec::new();
    let mut reassembler = Reassembler::new(LIMITS);
    'stream: for packet in stream.chunks(size) {
        reassembler.push(Bytes::copy_from_slice(packet));
        loop {
            match reassembler.next() {
                Ok(Some(message)) => whole.push(message),
                Ok(None) => break,
                Err(_) => break 'stream,
            }
        }
    }
    let mut pieces = PieceReader::new(LIMITS);
    let mut assembly = Assembly::new(LIMITS.message);
    let mut joined = Vec::new();
    'pieces: for packet in stream.chunks(size) {
        pieces.push(Bytes::copy_from_slice(packet));
        loop {
            match pieces.next() {
                Ok(Some(piece)) => match assembly.push(piece) {
                    Ok(message) => joined.extend(message),
                    Err(_) => break 'pieces,
                },
                Ok(None) => break,
                Err(_) => break 'pieces,
            }
        }
    }
    for (one, other) in whole.iter().zip(&joined) {
        assert_eq!(one, other, "both readers see the same messages");
    }
    for message in whole {
        let mut again = Reassembler::new(LIMITS);
        for fragment in Fragmenter::new().split(&message, size) {
            again.push(fragment);
        }
        let joined = again.next().expect("what we cut is in order");
        assert_eq!(joined, Some(message), "what we cut we put together");
    }
});
