//! A console's lines, and a session that answers out of turn.
//!
//! The input is lines. One that begins with `<` goes to the door as it is. `=` makes a packet: what it is (`C`ommand,
//! `S`ignal, `X` for Close, `D`ata, `P`romptResponse), the target (a digit, 0 is the pool), and for the last two the message's
//! kind (a letter) and its body; without one it is the usual. `!` is the session's turn, or time's.

#![no_main]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use door::{Action, Config, Door, Ending, Facts, Run, words};
use libfuzzer_sys::fuzz_target;
use moment::Moment;
use pipe::{Packet, Stream};
use psrp::body::{
    Body as _, Command, CreatePipeline, GetAvailableRunspaces, HostInfo, InitRunspacePool, InvocationState, PipelineState,
    PublicKey, ResetRunspaceState, SessionCapability,
};
use psrp::{Destination, Fragmenter, Limits, Message, MessageType, Piece, Reassembler};
use uuid::Uuid;

fuzz_target!(|data: &[u8]| {
    let mut world = World::new();
    for line in data.split(|byte| *byte == b'\n') {
        match line.split_first() {
            Some((b'!', rest)) => world.session(rest),
            Some((b'=', rest)) => world.made(rest),
            Some(_) => world.line(line),
            None => {}
        }
        world.look();
    }
    world.end();
});

struct World {
    door: Door,
    fragmenter: Fragmenter,
    /// What the console has sent, and what was acknowledged of it.
    sent: BTreeMap<(&'static str, Uuid), usize>,
    acknowledged: BTreeMap<(&'static str, Uuid), usize>,
    readers: HashMap<Uuid, Reassembler>,
    last_object: u64,
    /// Runs that were started and have not ended; those that were told to stop.
    running: Vec<Run>,
    stopped: BTreeSet<Run>,
    resets: Vec<i64>,
    given: usize,
    taken: usize,
    hung_up: bool,
}

fn pipeline(digit: u8) -> Uuid {
    match digit {
        b'0' => Uuid::nil(),
        other => Uuid::from_u128(u128::from(other)),
    }
}

fn piece(kind: MessageType, body: &[u8]) -> Piece {
    Piece::whole(Message {
        destination: Destination::Client,
        kind,
        pool: Uuid::nil(),
        pipeline: None,
        body: Bytes::copy_from_slice(body),
    })
}

/// Which acknowledgement a packet of the console's calls for.
fn owed(packet: &Packet) -> Option<&'static str> {
    packet.acknowledgement().map(|packet| packet.name())
}

impl World {
    fn new() -> Self {
        let capability = SessionCapability::default().write();
        let config = Config {
            ahead: 256,
            most: 2_048,
            pipelines: 8,
            line: 64 << 10,
            alone: true,
            ..Config::default()
        };
        Self {
            door: Door::new(Facts::new(&capability, None).expect("a capability"), config),
            fragmenter: Fragmenter::new(),
            sent: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            readers: HashMap::new(),
            last_object: 0,
            running: Vec::new(),
            stopped: BTreeSet::new(),
            resets: Vec::new(),
            given: 0,
            taken: 0,
            hung_up: false,
        }
    }

    fn line(&mut self, line: &[u8]) {
        if let Ok(packet) = Packet::read(line)
            && let Some(name) = owed(&packet)
        {
            *self.sent.entry((name, packet.ps_guid())).or_default() += 1;
        }
        let mut line = line.to_vec();
        line.push(b'\n');
        // Cut somewhere: a socket keeps no lines together.
        let (left, right) = line.split_at(line.len() / 2);
        self.door.bytes(Moment::START, left);
        self.door.bytes(Moment::START, right);
    }

    fn made(&mut self, what: &[u8]) {
        let (&[what, target], rest) = what.split_at(what.len().min(2)) else {
            return;
        };
        let ps_guid = pipeline(target);
        let packet = match (what, rest.split_first()) {
            (b'C', _) => Packet::Command { ps_guid },
            (b'S', _) => Packet::Signal { ps_guid },
            (b'X', _) => Packet::Close { ps_guid },
            (b'D' | b'P', Some((kind, body))) => {
                let stream = match what {
                    b'D' => Stream::Default,
                    _ => Stream::PromptResponse,
                };
                let message = Message {
                    destination: Destination::Server,
                    kind: of_letter(*kind),
                    pool: Uuid::from_u128(7),
                    pipeline: (!ps_guid.is_nil()).then_some(ps_guid),
                    body: usual(*kind, body),
                };
                // Now and then one that is cut, in packets of their own.
                let blob = if body.first() == Some(&b'~') { 24 } else { 32 << 10 };
                for bytes in self.fragmenter.split(&message, blob) {
                    let packet = Packet::Data { stream, ps_guid, bytes };
                    self.line(packet.to_bytes().trim_ascii_end());
                }
                return;
            }
            _ => return,
        };
        self.line(packet.to_bytes().trim_ascii_end());
    }

    fn run(&self, digit: Option<&u8>) -> Option<Run> {
        self.running.get(usize::from(*digit?) % self.running.len().max(1)).copied()
    }

    fn session(&mut self, what: &[u8]) {
        let body = what.get(2..).unwrap_or_default();
        let run = self.run(what.get(1));
        match (what.first(), run) {
            (Some(b't'), _) => {
                if let Some(due) = self.door.poll_timeout() {
                    self.door.handle_timeout(due);
                }
            }
            (Some(b'p'), Some(run)) => self.give(run, &piece(MessageType::PipelineOutput, body)),
            (Some(b'H'), Some(run)) => self.give(run, &piece(MessageType::PipelineHostCall, body)),
            // Parts of one that may never end.
            (Some(b'o'), Some(run)) => {
                let mut part = piece(MessageType::PipelineOutput, body);
                (part.first, part.last) = (body.len() % 3 == 0, body.len() % 5 == 0);
                self.give(run, &part);
            }
            (Some(b's'), Some(run)) => {
                let body = PipelineState::new(InvocationState::Completed).write();
                self.door.state(run, InvocationState::Completed, body);
            }
            (Some(b'n'), Some(run)) => {
                let body = PipelineState::new(InvocationState::Running).write();
                self.door.state(run, InvocationState::Running, body);
            }
            (Some(b'e'), Some(run)) => self.ended(run, body.len()),
            (Some(b'd'), Some(run)) => self.door.delivered(run, 100 * body.len()),
            (Some(b'g'), Some(run)) => self.door.doom(run, words::stopped("somebody else", "")),
            (Some(b'k'), _) => self.door.session_key(Bytes::from_static(b"key")),
            (Some(b'q'), _) => self.door.key_requested(),
            (Some(b'r'), _) => {
                if let Some(ci) = self.resets.pop() {
                    self.door.reset(ci, true);
                }
            }
            (Some(b'u'), _) => self.door.pool_piece(&piece(MessageType::UserEvent, body)),
            (Some(b'x'), _) => self.door.broken(words::lost("gone", "")),
            (Some(b'h'), _) => {
                self.hung_up = true;
                self.door.hung_up();
            }
            _ => {}
        }
    }

    fn give(&mut self, run: Run, piece: &Piece) {
        self.given += piece.weight();
        self.door.piece(run, piece);
    }

    fn ended(&mut self, run: Run, how: usize) {
        self.running.retain(|other| *other != run);
        let ending = match how % 3 {
            0 => Ending::Confirmed,
            1 => Ending::Stopped,
            _ => Ending::Failed(Box::new(words::failed("gone", ""))),
        };
        self.door.ended(run, ending);
    }

    fn look(&mut self) {
        while let Some(action) = self.door.poll_action() {
            match action {
                Action::Start { run, .. } => {
                    assert!(!self.running.contains(&run), "{run:?} is started twice");
                    self.running.push(run);
                }
                Action::Stop { run } => {
                    assert!(self.running.contains(&run), "{run:?} does not run");
                    assert!(self.stopped.insert(run), "{run:?} is stopped twice");
                }
                Action::Input { run, .. }
                | Action::EndInput { run }
                | Action::HostResponse { run: Some(run), .. }
                | Action::Asked { run } => assert!(self.running.contains(&run), "{run:?} does not run"),
                Action::Reset { ci } => self.resets.push(ci),
                Action::HangUp => self.hung_up = true,
                Action::HostResponse { run: None, .. } | Action::Opened | Action::PublicKey { .. } | Action::Closed => {}
            }
        }
        while let Some(output) = self.door.poll_output() {
            self.taken += output.taken.map_or(0, |(_, weight)| weight);
            for line in output.bytes.split_inclusive(|byte| *byte == b'\n') {
                let packet = Packet::read(line.strip_suffix(b"\n").expect("whole lines")).expect("packets");
                self.got(&packet);
            }
        }
        assert_eq!(self.door.waiting(), 0);
        assert_eq!(self.given, self.taken, "what is given is taken");
    }

    fn got(&mut self, packet: &Packet) {
        let of = packet.ps_guid();
        let Packet::Data { bytes, .. } = packet else {
            assert!(packet.acknowledgement().is_none(), "{packet:?} is a console's");
            let count = self.acknowledged.entry((packet.name(), of)).or_default();
            *count += 1;
            let sent = self.sent.get(&(packet.name(), of)).copied().unwrap_or_default();
            assert!(*count <= sent, "{packet:?} acknowledges nothing");
            return;
        };
        assert!(bytes.len() <= pipe::BLOB + psrp::fragment::HEADER);
        let object = u64::from_be_bytes(bytes[..8].try_into().expect("a header"));
        if bytes[16] & 1 == 1 {
            assert!(object > self.last_object, "objects are counted");
            self.last_object = object;
        }
        let reader = self.readers.entry(of).or_insert_with(|| Reassembler::new(Limits::CLIENT));
        reader.push(bytes.clone());
        while let Some(message) = reader.next().expect("fragments in order") {
            assert_eq!(message.destination, Destination::Client);
            assert_eq!(message.kind.of_pipeline(), !of.is_nil());
            if message.kind == MessageType::PipelineState {
                // The id may be used again.
                PipelineState::read(&message.body).expect("a state");
            }
        }
    }

    /// When all is over, everything is acknowledged.
    fn end(&mut self) {
        for run in self.running.clone() {
            self.ended(run, 0);
        }
        self.look();
        assert!(self.running.is_empty(), "nothing is started by an end");
        assert!(self.door.is_idle());
        if self.hung_up {
            return;
        }
        for ((name, of), sent) in &self.sent {
            let acknowledged = self.acknowledged.get(&(*name, *of)).copied().unwrap_or_default();
            match *name {
                // A second Close says nothing new.
                "CloseAck" => assert!(acknowledged > 0 || of.is_nil() && !self.door.is_open(), "{name} {of}"),
                _ => assert_eq!(acknowledged, *sent, "{name} {of}"),
            }
        }
    }
}

fn usual(letter: u8, body: &[u8]) -> Bytes {
    match (letter, body) {
        (b'a', []) => SessionCapability::default().write(),
        (b'b', []) => InitRunspacePool::new(HostInfo::none()).write(),
        (b'c', []) => CreatePipeline::new(vec![Command::new("x")]).write(),
        (b'i', []) => PublicKey { blob: "BgI=".into() }.write(),
        (b'j', []) => ResetRunspaceState { ci: 9 }.write(),
        (b'k', []) => GetAvailableRunspaces { ci: 8 }.write(),
        (_, body) => Bytes::copy_from_slice(body),
    }
}

fn of_letter(letter: u8) -> MessageType {
    use MessageType as M;
    match letter {
        b'a' => M::SessionCapability,
        b'b' => M::InitRunspacePool,
        b'c' => M::CreatePipeline,
        b'd' => M::GetCommandMetadata,
        b'e' => M::PipelineInput,
        b'f' => M::EndOfPipelineInput,
        b'g' => M::PipelineHostResponse,
        b'h' => M::RunspacePoolHostResponse,
        b'i' => M::PublicKey,
        b'j' => M::ResetRunspaceState,
        b'k' => M::GetAvailableRunspaces,
        b'l' => M::SetMaxRunspaces,
        b'm' => M::SetMinRunspaces,
        b'n' => M::ConnectRunspacePool,
        b'o' => M::PipelineOutput,
        other => M::Unknown(u32::from(other)),
    }
}
