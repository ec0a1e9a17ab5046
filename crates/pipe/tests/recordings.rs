//! Every line that PowerShell 7.6 was recorded to write is read, and written again byte for byte.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::path::Path;

use pipe::{Packet, Reader};
use proptest::prelude::*;

const SESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/pwsh/sessions");

/// A file's name, and who wrote which line in it, in order.
type Session = (String, Vec<(String, String)>);

/// Every recorded session; `None` where the recordings are absent.
fn sessions() -> Option<Vec<Session>> {
    if !Path::new(SESSIONS).is_dir() {
        println!("skipped: ../shared is absent");
        return None;
    }
    let mut all = Vec::new();
    for entry in std::fs::read_dir(SESSIONS).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            (field("from"), field("line"))
        });
        all.push((path.display().to_string(), lines.collect()));
    }
    assert!(all.len() >= 19, "only {} sessions are recorded", all.len());
    Some(all)
}

#[test]
fn every_recorded_line_is_rewritten_byte_for_byte() {
    let Some(sessions) = sessions() else { return };
    let mut count = 0;
    for (session, lines) in &sessions {
        for (from, line) in lines {
            let packet = Packet::read(line.as_bytes()).unwrap_or_else(|e| panic!("{session}, {from}: {e}"));
            assert_eq!(packet.to_bytes(), format!("{line}\n"), "{session}");
            count += 1;
        }
    }
    assert!(count > 2500, "only {count} lines");
}

#[test]
fn every_packet_of_a_recorded_client_is_acknowledged_by_its_server() {
    let Some(sessions) = sessions() else { return };
    for (session, lines) in &sessions {
        let mut owed = Vec::new();
        for (from, line) in lines {
            let packet = Packet::read(line.as_bytes()).unwrap();
            if from == "client" {
                owed.push(
                    packet
                        .acknowledgement()
                        .unwrap_or_else(|| panic!("{session}: a client sent {}", packet.name())),
                );
            } else if let Some(at) = owed.iter().position(|due| *due == packet) {
                owed.remove(at);
            } else {
                assert_eq!(
                    packet.name(),
                    "Data",
                    "{session}: an acknowledgement that nobody waited for"
                );
            }
        }
        assert!(owed.is_empty(), "{session}: {owed:?} never came");
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
            let short = |(_, line): (String, String)| (line.len() < 2000).then_some(line);
            sessions().unwrap_or_default().into_iter().flat_map(|(_, lines)| lines).filter_map(short).collect()
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
