//! Every line that PowerShell 7.6 was recorded to write is read, and written again byte for byte.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use pipe::{Packet, Reader};
use proptest::prelude::*;
use reference::{Line, sessions};

#[test]
fn every_recorded_line_is_rewritten_byte_for_byte() {
    let Some(sessions) = sessions() else { return };
    let mut count = 0;
    for session in &sessions {
        let name = &session.name;
        for Line { text, .. } in &session.lines {
            let packet = Packet::read(text.as_bytes()).unwrap_or_else(|e| panic!("{name}, {text:.100}: {e}"));
            assert_eq!(packet.to_bytes(), format!("{text}\n"), "{name}");
            count += 1;
        }
    }
    assert!(count > 2500, "only {count} lines");
}

#[test]
fn every_packet_of_a_recorded_client_is_acknowledged_by_its_server() {
    let Some(sessions) = sessions() else { return };
    for reference::Session { name, lines } in &sessions {
        let mut owed = Vec::new();
        for line in lines {
            let packet = Packet::read(line.text.as_bytes()).unwrap();
            if line.client {
                owed.push(
                    packet
                        .acknowledgement()
                        .unwrap_or_else(|| panic!("{name}: a client sent {}", packet.name())),
                );
            } else if let Some(at) = owed.iter().position(|due| *due == packet) {
                owed.remove(at);
            } else {
                assert_eq!(
                    packet.name(),
                    "Data",
                    "{name}: an acknowledgement that nobody waited for"
                );
            }
        }
        assert!(owed.is_empty(), "{name}: {owed:?} never came");
    }
}

fn feed_all(bytes: &[u8], cut: usize) {
    let mut reader = Reader::default();
    for piece in bytes.chunks(cut.max(1)) {
        reader.feed(piece);
        while let Ok(Some(packet)) = reader.packet() {
            let again = packet.to_bytes();
            assert_eq!(Packet::read(&again), Ok(packet));
        }
    }
    let _ = reader.end();
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000), cut in 1usize..300) {
        feed_all(&bytes, cut);
    }

    #[test]
    fn nearly_packets_never_panic(text in "(<(Data|Close|Signal|DataAck)( (Stream|PSGuid|X)=?['\"]?[a-zA-Z0-9-]{0,36}['\"]?){0,3} ?/?>?[A-Za-z0-9+/=]{0,20}(</Data>)?\r?\n?){0,4}", cut in 1usize..50) {
        feed_all(text.as_bytes(), cut);
    }

    #[test]
    fn mutated_recordings_never_panic(pick in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        static LINES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
            let short = |line: Line| (line.text.len() < 2000).then_some(line.text);
            sessions().unwrap_or_default().into_iter().flat_map(|session| session.lines).filter_map(short).collect()
        });
        if !LINES.is_empty() {
            let mut line = pick.get(&LINES).clone().into_bytes();
            for (at, byte) in edits {
                let at = at.index(line.len());
                line[at] = byte;
            }
            line.push(b'\n');
            feed_all(&line, 64);
        }
    }
}
