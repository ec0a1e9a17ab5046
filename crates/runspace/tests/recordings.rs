//! Our client in the place of PowerShell's, against what PowerShell's server was recorded to say.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use moment::Moment;
use pipe::Packet;
use psrp::{Limits, Message, Reassembler};
use runspace::{Event, InvocationState, MessageType, Operation, Outcome, Output, Pipe, Pool};
use uuid::Uuid;

type Lines = Vec<(bool, Packet)>;

fn sessions() -> Option<Vec<(String, Lines)>> {
    let lines = |session: reference::Session| {
        let packet = |line: reference::Line| (line.client, Packet::read(line.text.as_bytes()).unwrap());
        (session.name, session.lines.into_iter().map(packet).collect())
    };
    Some(reference::sessions()?.into_iter().map(lines).collect())
}

/// The messages of each target, in order.
#[derive(Default)]
struct Heard(BTreeMap<Uuid, (Option<Reassembler>, Vec<Message>)>);

impl Heard {
    /// Gives the messages that the packet completed.
    fn hear(&mut self, target: Uuid, bytes: Bytes) -> Vec<Message> {
        let (reader, messages) = self.0.entry(target).or_default();
        let reader = reader.get_or_insert_with(|| Reassembler::new(Limits::CLIENT));
        reader.push(bytes);
        let new: Vec<Message> = std::iter::from_fn(|| reader.next().unwrap()).collect();
        messages.extend(new.iter().cloned());
        new
    }

    fn of(&self, target: Uuid) -> &[Message] {
        self.0.get(&target).map_or(&[], |(_, messages)| messages)
    }
}

/// What PowerShell's client sent, as operations; a pipeline starts where it is announced.
fn operations(lines: &Lines) -> Vec<Vec<Operation>> {
    let mut heard = Heard::default();
    // A console may use an id again as soon as its pipeline is closed.
    let mut firsts: BTreeMap<Uuid, VecDeque<Message>> = BTreeMap::new();
    for (client, packet) in lines {
        if let (true, Packet::Data { ps_guid, bytes, .. }) = (client, packet) {
            for message in heard.hear(*ps_guid, bytes.clone()) {
                if matches!(
                    message.kind,
                    MessageType::CreatePipeline | MessageType::GetCommandMetadata
                ) {
                    firsts.entry(*ps_guid).or_default().push_back(message);
                }
            }
        }
    }
    let mut heard = Heard::default();
    let mut of_line = |(client, packet): &(bool, Packet)| match (client, packet) {
        (false, _) => Vec::new(),
        (true, Packet::Command { ps_guid }) => {
            let first = firsts.get_mut(ps_guid).and_then(VecDeque::pop_front).unwrap();
            vec![Operation::Start {
                pipeline: *ps_guid,
                kind: first.kind,
                body: first.body,
            }]
        }
        (true, Packet::Signal { ps_guid }) => vec![Operation::Stop { pipeline: *ps_guid }],
        (true, Packet::Close { ps_guid }) if ps_guid.is_nil() => vec![Operation::Close],
        (true, Packet::Data { ps_guid, bytes, .. }) => {
            let messages = heard.hear(*ps_guid, bytes.clone());
            messages
                .into_iter()
                .filter_map(|message| operation(*ps_guid, message))
                .collect()
        }
        (true, _) => Vec::new(),
    };
    lines.iter().map(&mut of_line).collect()
}

fn operation(target: Uuid, Message { kind, body, .. }: Message) -> Option<Operation> {
    Some(match kind {
        MessageType::SessionCapability => Operation::Open,
        MessageType::InitRunspacePool | MessageType::CreatePipeline | MessageType::GetCommandMetadata => return None,
        MessageType::PipelineInput => Operation::Input { pipeline: target, body },
        MessageType::EndOfPipelineInput => Operation::EndInput { pipeline: target },
        MessageType::PipelineHostResponse => Operation::HostResponse {
            pipeline: Some(target),
            body,
        },
        MessageType::RunspacePoolHostResponse => Operation::HostResponse { pipeline: None, body },
        // PUBLIC_KEY among them: its private half was not recorded, so it goes as it is.
        kind => Operation::Pool { kind, body },
    })
}

/// The server of the recording. It acknowledges what we send; the rest is said as recorded.
struct Replay {
    machine: Pipe,
    ours: Heard,
    sent: Vec<Packet>,
    pieces: BTreeMap<Uuid, Vec<(MessageType, Vec<u8>)>>,
    ended: BTreeMap<Uuid, (Option<InvocationState>, Option<Outcome>)>,
    events: Vec<String>,
}

impl Replay {
    fn drain(&mut self) {
        loop {
            let Some(output) = self.machine.poll_output() else {
                break;
            };
            let Output::Bytes(bytes) = output else {
                self.events.push(format!("{output:?}"));
                continue;
            };
            let packets: Vec<Packet> = bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| Packet::read(line).unwrap())
                .collect();
            // Two of one target at once would be two threads' in `pwsh`.
            let targets: BTreeSet<Uuid> = packets
                .iter()
                .filter(|p| matches!(p, Packet::Data { .. }))
                .map(Packet::ps_guid)
                .collect();
            assert_eq!(
                targets.len(),
                packets.iter().filter(|p| matches!(p, Packet::Data { .. })).count()
            );
            for packet in packets {
                if let Packet::Data { ps_guid, bytes, .. } = &packet {
                    self.ours.hear(*ps_guid, bytes.clone());
                }
                let is_pool_close = matches!(&packet, Packet::Close { ps_guid } if ps_guid.is_nil());
                if !is_pool_close {
                    let answer = packet.acknowledgement().unwrap();
                    self.machine.bytes(Moment::START, &answer.to_bytes());
                }
                self.sent.push(packet);
            }
        }
        while let Some(event) = self.machine.poll_event() {
            match event {
                Event::Piece { pipeline, piece } => {
                    let messages = self.pieces.entry(pipeline.unwrap_or_default()).or_default();
                    if piece.first {
                        messages.push((piece.kind, Vec::new()));
                    }
                    messages.last_mut().unwrap().1.extend_from_slice(&piece.bytes);
                }
                Event::State { pipeline, state, body } => {
                    self.ended.entry(pipeline).or_default().0 = Some(state);
                    self.pieces
                        .entry(pipeline)
                        .or_default()
                        .push((MessageType::PipelineState, body.to_vec()));
                }
                Event::Ended { pipeline, outcome } => self.ended.entry(pipeline).or_default().1 = Some(outcome),
                other => self.events.push(format!("{other:?}")),
            }
        }
    }
}

fn replay(name: &str, lines: &Lines) {
    let pool = Pool {
        ahead: usize::MAX,
        ..Pool::new(Uuid::from_u128(1), 1, "pwsh")
    };
    let mut replay = Replay {
        machine: Pipe::new(pool),
        ours: Heard::default(),
        sent: Vec::new(),
        pieces: BTreeMap::new(),
        ended: BTreeMap::new(),
        events: Vec::new(),
    };
    let mut theirs = Heard::default();
    let mut from_server = Heard::default();
    for ((client, packet), operations) in lines.iter().zip(operations(lines)) {
        for operation in operations {
            replay.machine.submit(Moment::START, operation);
            replay.drain();
        }
        match packet {
            Packet::Data { ps_guid, bytes, .. } if *client => drop(theirs.hear(*ps_guid, bytes.clone())),
            Packet::Data { ps_guid, bytes, .. } => {
                from_server.hear(*ps_guid, bytes.clone());
                replay.machine.bytes(Moment::START, &packet.to_bytes());
            }
            Packet::CloseAck { ps_guid } if ps_guid.is_nil() => replay.machine.bytes(Moment::START, &packet.to_bytes()),
            _ => {}
        }
        replay.drain();
    }
    check(name, lines, &replay, &theirs, &from_server);
}

fn check(name: &str, lines: &Lines, replay: &Replay, theirs: &Heard, from_server: &Heard) {
    let told = |what: &str| replay.events.iter().any(|event| event.starts_with(what));
    assert!(told("Opened"), "{name}: {:?}", replay.events);
    assert!(
        told("Closed { proof: Deleted }") && told("Hangup"),
        "{name}: {:?}",
        replay.events
    );
    assert!(!told("Broken"), "{name}");
    let pipelines: BTreeSet<Uuid> = lines
        .iter()
        .filter(|(_, packet)| matches!(packet, Packet::Command { .. }))
        .map(|(_, packet)| packet.ps_guid())
        .collect();
    assert!(!pipelines.is_empty(), "{name}");
    for id in &pipelines {
        let of = |packet: &&Packet| packet.ps_guid() == *id;
        let ours: Vec<&str> = replay.sent.iter().filter(of).map(Packet::name).collect();
        let recorded: Vec<&str> = lines
            .iter()
            .filter(|(client, _)| *client)
            .map(|(_, packet)| packet)
            .filter(of)
            .map(Packet::name)
            .collect();
        assert_eq!(
            (ours[0], ours[1], *ours.last().unwrap()),
            ("Command", "Data", "Close"),
            "{name}"
        );
        assert_eq!(ours.contains(&"Signal"), recorded.contains(&"Signal"), "{name}");
        let content = |messages: &[Message]| {
            messages
                .iter()
                .map(|m| (m.kind, m.pipeline, m.body.clone()))
                .collect::<Vec<_>>()
        };
        let kinds = |messages: &[Message]| messages.iter().map(|m| m.kind).collect::<Vec<_>>();
        assert_eq!(
            kinds(replay.ours.of(*id)),
            kinds(theirs.of(*id)),
            "{name}: what we send to {id}"
        );
        assert_eq!(
            content(replay.ours.of(*id)),
            content(theirs.of(*id)),
            "{name}: what we send to {id}"
        );
        let said: Vec<(MessageType, Vec<u8>)> = from_server.of(*id).iter().map(|m| (m.kind, m.body.to_vec())).collect();
        assert_eq!(
            replay.pieces.get(id).cloned().unwrap_or_default(),
            said,
            "{name}: what we are told of {id}"
        );
        let (state, outcome) = &replay.ended[id];
        let fits = matches!(
            (state.unwrap(), outcome.as_ref().unwrap()),
            (InvocationState::Completed, Outcome::Completed)
                | (InvocationState::Failed, Outcome::Failed)
                | (InvocationState::Stopped, Outcome::Stopped)
        );
        assert!(fits, "{name}: {state:?} {outcome:?}");
    }
}

#[test]
fn every_recorded_session_runs_with_our_client() {
    let Some(sessions) = sessions() else { return };
    for (name, lines) in &sessions {
        replay(name, lines);
    }
    assert!(sessions.len() >= 19);
}

#[test]
fn a_pipe_that_ends_ends_the_pool_and_what_runs_is_incomplete() {
    let Some(sessions) = sessions() else { return };
    let (_, lines) = sessions.iter().find(|(name, _)| name == "output").unwrap();
    let mut machine = Pipe::new(Pool::new(Uuid::from_u128(1), 1, "pwsh"));
    machine.submit(Moment::START, Operation::Open);
    let pool = lines
        .iter()
        .filter(|(client, packet)| !*client && packet.ps_guid().is_nil())
        .take(4);
    pool.for_each(|(_, packet)| machine.bytes(Moment::START, &packet.to_bytes()));
    let pipeline = Uuid::from_u128(7);
    machine.submit(
        Moment::START,
        Operation::Start {
            pipeline,
            kind: MessageType::CreatePipeline,
            body: Bytes::new(),
        },
    );
    machine.bytes(Moment::START, &Packet::CommandAck { ps_guid: pipeline }.to_bytes());
    machine.eof(Moment::START);
    let events: Vec<Event> = std::iter::from_fn(|| machine.poll_event()).collect();
    let incomplete = |event: &Event| {
        matches!(
            event,
            Event::Ended {
                outcome: Outcome::Incomplete(_),
                ..
            }
        )
    };
    assert!(events.iter().any(incomplete), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Broken { .. })), "{events:?}");
}

#[test]
fn a_line_that_is_none_breaks_the_pool() {
    let mut machine = Pipe::new(Pool::new(Uuid::from_u128(1), 1, "pwsh"));
    machine.submit(Moment::START, Operation::Open);
    machine.bytes(Moment::START, b"bash: pwsh: command not found\n");
    let events: Vec<Event> = std::iter::from_fn(|| machine.poll_event()).collect();
    let Some(Event::OpenFailed { cause, .. }) = events.last() else {
        panic!("{events:?}")
    };
    assert!(cause.to_string().contains("command not found"), "{cause}");
}
