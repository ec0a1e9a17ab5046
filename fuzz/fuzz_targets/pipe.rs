//! The out-of-process framing, cut anywhere. The first byte says how finely.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pipe::{Limits, Packet, Reader};

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let mut reader = Reader::new(Limits { line: 64 * 1024 });
    for piece in stream.chunks(usize::from(size) + 1) {
        reader.feed(piece);
        while let Ok(Some(packet)) = reader.packet() {
            assert_eq!(Packet::read(&packet.to_bytes()), Ok(packet), "what we write we read");
        }
    }
    let _ = reader.end();
});
