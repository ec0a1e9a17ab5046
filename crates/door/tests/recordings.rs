//! Every recorded session of PowerShell's client is played to a door, with what PowerShell's server answered as the session
//! behind it. The door must acknowledge and answer as that server did, and pass every body byte for byte.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use door::{Action, Config, Door, Ending, Facts, Run};
use moment::Moment;
use pipe::Packet;
use psrp::body::{ApplicationPrivateData, Body, PipelineState};
use psrp::{Destination, Limits, Message, MessageType, PieceReader, Reassembler};
use uuid::Uuid;

struct Line {
    client: bool,
    packet: Packet,
    text: String,
}

type Session = (String, Vec<Line>);

fn sessions() -> Option<Vec<Session>> {
    let line = |line: reference::Line| Line {
        client: line.client,
        packet: Packet::read(line.text.as_bytes()).unwrap(),
        text: line.text,
    };
    let sessions = reference::sessions()?.into_iter();
    Some(
        sessions
            .map(|session| (session.name, session.lines.into_iter().map(line).collect()))
            .collect(),
    )
}

/// What crossed for one target (a pipeline, or the pool) one way, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    Packet(&'static str),
    Message(MessageType, Bytes),
}

/// Reads what a server sends.
#[derive(Default)]
struct Reading {
    targets: HashMap<Uuid, Reassembler>,
    seen: HashMap<Uuid, Vec<Seen>>,
    headers: Vec<(u64, Message)>,
    acknowledgements: HashMap<Uuid, usize>,
}

impl Reading {
    fn take(&mut self, packet: &Packet) {
        let of = packet.ps_guid();
        let seen = self.seen.entry(of).or_default();
        match packet {
            Packet::Data { bytes, .. } => {
                let object = u64::from_be_bytes(bytes[..8].try_into().unwrap());
                let reader = self
                    .targets
                    .entry(of)
                    .or_insert_with(|| Reassembler::new(Limits::CLIENT));
                reader.push(bytes.clone());
                while let Some(message) = reader.next().unwrap() {
                    seen.push(Seen::Message(message.kind, message.body.clone()));
                    self.headers.push((object, message));
                }
            }
            // Where in between is free (protocol.md 23).
            Packet::DataAck { .. } => *self.acknowledgements.entry(of).or_default() += 1,
            other => seen.push(Seen::Packet(other.name())),
        }
    }
}

fn facts(lines: &[Line]) -> Facts {
    let mut reading = Reading::default();
    lines
        .iter()
        .filter(|line| !line.client)
        .for_each(|line| reading.take(&line.packet));
    let body = |kind| {
        let found = reading.headers.iter().find(|(_, message)| message.kind == kind);
        found.map(|(_, message)| message.body.clone()).unwrap()
    };
    let private_data = body(MessageType::ApplicationPrivateData);
    Facts::new(&body(MessageType::SessionCapability), Some(&private_data)).unwrap()
}

/// The session behind the door: it gives what was recorded, and notes what it is asked.
struct Behind<'s> {
    name: &'s str,
    door: Door,
    now: Moment,
    console: Reading,
    /// The pipelines under way, by the console's id.
    runs: HashMap<Uuid, Run>,
    starting: VecDeque<Uuid>,
    pieces: HashMap<Run, PieceReader>,
    asked: HashMap<Run, Vec<Seen>>,
    finished: HashMap<Run, bool>,
    stopped: Vec<Run>,
    keys: Vec<Bytes>,
}

impl<'s> Behind<'s> {
    fn settle(&mut self) {
        while let Some(action) = self.door.poll_action() {
            match action {
                Action::Opened | Action::Closed | Action::Asked { .. } => {}
                Action::Start { run, kind, body, .. } => {
                    let of = self.starting.pop_front().unwrap();
                    self.runs.insert(of, run);
                    self.asked.insert(run, vec![Seen::Message(kind, body)]);
                }
                Action::Input { run, body } => {
                    let bytes = body.len() + 40;
                    let asked = self.asked.get_mut(&run).unwrap();
                    asked.push(Seen::Message(MessageType::PipelineInput, body));
                    self.door.delivered(run, bytes);
                }
                Action::EndInput { run } => {
                    let asked = self.asked.get_mut(&run).unwrap();
                    asked.push(Seen::Message(MessageType::EndOfPipelineInput, Bytes::new()));
                }
                Action::HostResponse { run: Some(run), body } => {
                    let asked = self.asked.get_mut(&run).unwrap();
                    asked.push(Seen::Message(MessageType::PipelineHostResponse, body));
                }
                Action::HostResponse { run: None, .. } => panic!("{}: nobody asked the pool's host", self.name),
                Action::Stop { run } => self.stopped.push(run),
                Action::PublicKey { body } => self.keys.push(body),
                Action::HangUp => panic!("{}: PowerShell's client broke a rule", self.name),
                Action::Reset { .. } => panic!("{}: a shared session is not reset", self.name),
            }
        }
        while let Some(output) = self.door.poll_output() {
            for line in output.bytes.split_inclusive(|byte| *byte == b'\n') {
                self.console
                    .take(&Packet::read(line.strip_suffix(b"\n").unwrap()).unwrap());
            }
        }
    }

    fn client(&mut self, line: &Line) {
        if let Packet::Command { ps_guid } = line.packet {
            self.starting.push_back(ps_guid);
        }
        let text = format!("{}\n", line.text);
        // Cut in the middle: a socket keeps no lines together.
        let (left, right) = text.as_bytes().split_at(text.len() / 2);
        self.door.bytes(self.now, left);
        self.door.bytes(self.now, right);
        self.settle();
    }

    fn server(&mut self, packet: &Packet) {
        let of = packet.ps_guid();
        match packet {
            Packet::Data { bytes, .. } if of.is_nil() => {
                let mut reader = PieceReader::new(Limits::CLIENT);
                reader.push(bytes.clone());
                while let Some(piece) = reader.next().unwrap() {
                    match piece.kind {
                        MessageType::EncryptedSessionKey => self.door.session_key(piece.bytes),
                        MessageType::UserEvent => self.door.pool_piece(&piece),
                        _ => {}
                    }
                }
            }
            Packet::Data { bytes, .. } => {
                let run = self.runs[&of];
                let reader = self
                    .pieces
                    .entry(run)
                    .or_insert_with(|| PieceReader::new(Limits::CLIENT));
                reader.push(bytes.clone());
                while let Some(piece) = reader.next().unwrap() {
                    if piece.kind == MessageType::PipelineState {
                        let state = PipelineState::read(&piece.bytes).unwrap().state;
                        self.finished.insert(run, state.is_final());
                        self.door.state(run, state, piece.bytes);
                    } else {
                        self.door.piece(run, &piece);
                    }
                }
            }
            Packet::CloseAck { .. } if !of.is_nil() => {
                let run = self.runs[&of];
                assert!(self.finished[&run], "{}: closed before its end", self.name);
                self.door.ended(run, Ending::Confirmed);
            }
            _ => {}
        }
        self.settle();
    }
}

fn play(name: &str, lines: &[Line]) {
    let facts = facts(lines);
    let mut behind = Behind {
        name,
        door: Door::new(facts.clone(), Config::default()),
        now: Moment::START,
        console: Reading::default(),
        runs: HashMap::new(),
        starting: VecDeque::new(),
        pieces: HashMap::new(),
        asked: HashMap::new(),
        finished: HashMap::new(),
        stopped: Vec::new(),
        keys: Vec::new(),
    };
    let mut client = Reading::default();
    let mut server = Reading::default();
    for line in lines {
        if line.client {
            client.take(&line.packet);
            behind.client(line);
        } else {
            server.take(&line.packet);
            behind.server(&line.packet);
        }
        if let Some(due) = behind.door.poll_timeout() {
            let opened = |behind: &Behind<'_>| behind.console.headers.len();
            assert_eq!(opened(&behind), 1, "{name}: the capability comes at once, and alone");
            behind.door.handle_timeout(due - Duration::from_millis(1));
            behind.settle();
            assert_eq!(opened(&behind), 1, "{name}: the rest comes later");
            behind.now = due;
            behind.door.handle_timeout(due);
            behind.settle();
            assert_eq!(opened(&behind), 3, "{name}: the pool is opened");
        }
    }
    compare(name, &facts, &behind, &client, &server);
}

fn compare(name: &str, facts: &Facts, behind: &Behind<'_>, client: &Reading, server: &Reading) {
    let got = &behind.console;
    assert_eq!(
        got.acknowledgements, server.acknowledgements,
        "{name}: every packet is acknowledged"
    );
    assert_eq!(got.seen.len(), server.seen.len(), "{name}");
    for (of, want) in &server.seen {
        let got = &got.seen[of];
        if of.is_nil() {
            let kinds = |seen: &[Seen]| -> Vec<String> {
                seen.iter()
                    .map(|seen| match seen {
                        Seen::Packet(name) => (*name).to_owned(),
                        Seen::Message(kind, _) => kind.to_string(),
                    })
                    .collect()
            };
            assert_eq!(kinds(got), kinds(want), "{name}: the pool");
            for kind in [MessageType::UserEvent, MessageType::EncryptedSessionKey] {
                let bodies = |seen: &[Seen]| -> Vec<Seen> {
                    seen.iter()
                        .filter(|seen| matches!(seen, Seen::Message(found, _) if *found == kind))
                        .cloned()
                        .collect()
                };
                assert_eq!(bodies(got), bodies(want), "{name}: {kind}");
            }
        } else {
            assert_eq!(got, want, "{name}: what the console got of a pipeline");
        }
    }
    // Both ways: what the console sent is what the session was asked, byte for byte.
    for (of, sent) in client.seen.iter().filter(|(of, _)| !of.is_nil()) {
        let sent: Vec<Seen> = sent
            .iter()
            .filter(|seen| matches!(seen, Seen::Message(..)))
            .cloned()
            .collect();
        // An id that was used again names its last pipeline.
        let asked = &behind.asked[&behind.runs[of]];
        assert!(sent.ends_with(asked), "{name}: what the session was asked");
    }
    let mut all: Vec<_> = client
        .headers
        .iter()
        .filter(|(_, message)| message.pipeline.is_some())
        .collect();
    all.sort_by_key(|(object, _)| *object);
    let messages: usize = behind.asked.values().map(Vec::len).sum();
    assert_eq!(
        messages,
        all.len(),
        "{name}: nothing was asked twice, and nothing was left out"
    );
    let keys: Vec<Bytes> = client
        .headers
        .iter()
        .filter(|(_, message)| message.kind == MessageType::PublicKey)
        .map(|(_, message)| message.body.clone())
        .collect();
    assert_eq!(behind.keys, keys, "{name}: public keys");
    let signals = client
        .seen
        .values()
        .flatten()
        .filter(|seen| **seen == Seen::Packet("Signal"));
    assert_eq!(behind.stopped.len(), signals.count(), "{name}: stops");
    // Ids are the console's; objects are counted over all targets.
    let pool = client.headers[0].1.pool;
    let objects: Vec<u64> = got.headers.iter().map(|(object, _)| *object).collect();
    assert_eq!(objects, (1..=objects.len() as u64).collect::<Vec<_>>(), "{name}");
    for (_, message) in &got.headers {
        assert_eq!(message.destination, Destination::Client);
        let of_session = matches!(
            message.kind,
            MessageType::SessionCapability | MessageType::EncryptedSessionKey
        );
        assert_eq!(message.pool, if of_session { Uuid::nil() } else { pool }, "{name}");
    }
    let told = &got.headers[1].1;
    assert_eq!(told.body, facts.private_data, "{name}");
    let data = ApplicationPrivateData::read(&told.body).unwrap();
    assert!(data.version_table().is_some(), "{name}: scripts look at it");
    for key in [
        "DebugMode",
        "DebugStop",
        "DebugBreakpointCount",
        "BreakAll",
        "UnhandledBreakpointMode",
    ] {
        assert!(data.data.entry(key).is_none(), "{name}: {key}");
    }
    assert!(behind.door.is_idle(), "{name}");
}

#[test]
fn every_recorded_client_is_served_as_by_powershell() {
    for (name, lines) in sessions().unwrap_or_default() {
        play(&name, &lines);
    }
}
