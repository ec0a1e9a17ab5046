//! A pool over a pipe: `pwsh -s`, an SSH subsystem, a socket (protocol.md 23).
//!
//! The same machine as over WS-Management; a packet takes the place of a request. Each packet of ours is acknowledged, and the
//! next one for the same target waits for that: `pwsh` hands each line to a thread of its own, so two in a row may
//! overtake each other.

mod silence;

use std::collections::{HashSet, VecDeque};

use moment::Moment;
use pipe::{Packet, Reader, Stream};
use uuid::Uuid;

use crate::machine::{Announce, Closing, Lifecycle, Machine, Outbox, Phase, Pipeline, Signal};
use crate::{Cause, Event, Notice, Operation, Output, Pool, Proof, Remains, Stage};

use silence::Silence;

/// A pool over a pipe, without I/O.
///
/// After every call take [`poll_output`](Self::poll_output) and [`poll_event`](Self::poll_event) until they are empty, and
/// call [`handle_timeout`](Self::handle_timeout) at the moment that [`poll_timeout`](Self::poll_timeout) names.
#[derive(Debug)]
pub struct Pipe {
    machine: Machine,
    reader: Reader,
    /// Targets whose last Data is not acknowledged; nil is the pool.
    unacknowledged: HashSet<Uuid>,
    /// The pool's Close was sent.
    close_sent: bool,
    /// Our end is closed, or to be closed.
    hung_up: bool,
    deadline: Option<Moment>,
    silence: Silence,
    outputs: VecDeque<Output>,
}

/// The fragments of one packet: PowerShell's are of 32 KiB (protocol.md 23).
const PACKET: usize = 32 * 1024;

impl Pipe {
    /// A pool that is to be opened on a pipe that is there.
    pub fn new(pool: Pool) -> Self {
        Self {
            machine: Machine::new(pool),
            reader: Reader::default(),
            unacknowledged: HashSet::new(),
            close_sent: false,
            hung_up: false,
            deadline: None,
            silence: Silence::default(),
            outputs: VecDeque::new(),
        }
    }

    /// What is asked of the pool.
    pub fn submit(&mut self, now: Moment, operation: Operation) {
        let name = operation.name();
        match self.machine.submit(now, operation) {
            None => {}
            Some(Lifecycle::Open) if self.machine.phase == Phase::Fresh && !self.hung_up => {
                self.machine.open();
                self.deadline = Some(now + self.machine.config.open_timeout);
                let uri = self.machine.host.clone();
                self.machine.tell(Event::Opening(Stage::Creating { uri }));
            }
            Some(Lifecycle::Close) => self.close(now),
            Some(Lifecycle::Resume | Lifecycle::Follow(_) | Lifecycle::Refuse(_)) => {}
            Some(
                Lifecycle::Open | Lifecycle::Get | Lifecycle::Disconnect(_) | Lifecycle::Reconnect | Lifecycle::Connect,
            ) => {
                let cause = self.machine.wrong_time(name);
                self.machine.tell(Event::Refused { operation: name, cause });
            }
        }
        self.plan(now);
    }

    /// Bytes from the pipe, cut anywhere.
    pub fn bytes(&mut self, now: Moment, bytes: &[u8]) {
        if self.silence.heard(now) {
            let host = self.machine.host.clone();
            self.machine.notice(Notice::Answers { host });
        }
        self.reader.feed(bytes);
        while !self.hung_up {
            match self.reader.packet() {
                Ok(Some(packet)) => self.packet(now, packet),
                Ok(None) => break,
                Err(error) => {
                    let cause = self.machine.protocol_error(error);
                    self.hang_up(cause);
                }
            }
        }
        self.plan(now);
    }

    /// The other end has closed the pipe.
    pub fn eof(&mut self, now: Moment) {
        let host = self.machine.host.clone();
        self.ended(now, Cause::HungUp { host });
    }

    /// The other end has closed the pipe, for a reason that the driver knows. Half a line that came last is told with it: it
    /// may be a program's complaint, on the wrong stream.
    pub fn ended(&mut self, _now: Moment, cause: Cause) {
        if self.hung_up {
            return;
        }
        let cause = match self.reader.end() {
            Err(error @ pipe::Error::Truncated { .. }) => match cause {
                Cause::Exited { why, lasting } => Cause::Exited {
                    why: format!("{why}; {error}"),
                    lasting,
                },
                _ => self.machine.protocol_error(error),
            },
            Ok(()) | Err(_) => cause,
        };
        self.hang_up(cause);
    }

    /// Whether more bytes are wanted. While a pipeline's reader has not taken what it was given, the pipe is not read: its
    /// own back-pressure is the only one there is.
    pub fn wants_bytes(&self) -> bool {
        self.machine
            .pipelines
            .iter()
            .all(|pipeline| pipeline.ahead < self.machine.config.ahead)
    }

    /// What the driver is to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.machine.take_need_key() {
            return Some(Output::NeedKey);
        }
        self.outputs.pop_front()
    }

    /// What the driver is told.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.machine.poll_event()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.deadline
            .into_iter()
            .chain(self.silence.due())
            .chain(self.machine.poll_timeout())
            .min()
            .filter(|_| !self.hung_up)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Moment) {
        if self.hung_up {
            return;
        }
        if let Err(cause) = self.machine.handle_timeout(now) {
            return self.hang_up(cause);
        }
        if let Some(notice) = self.silence.tell(now, &self.machine.host) {
            self.machine.notice(notice);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            let host = self.machine.host.clone();
            let (action, waited) = match self.machine.phase {
                Phase::Opening => ("the open", self.machine.config.open_timeout),
                _ => ("the close", self.machine.config.close_timeout),
            };
            return self.hang_up(Cause::NoAnswer {
                host,
                action,
                waited,
                sent: true,
            });
        }
        self.plan(now);
    }

    fn close(&mut self, now: Moment) {
        match self.machine.phase {
            Phase::Fresh => self.closed(Proof::NeverCreated),
            Phase::Closed => self.machine.tell(Event::Closed { proof: Proof::HungUp }),
            // Hanging up ends the other side, and with it the pool.
            Phase::Opening | Phase::Broken | Phase::Disconnected => self.closed(Proof::HungUp),
            Phase::Closing => {}
            Phase::Opened => {
                self.machine.begin_close(now);
                self.deadline = Some(now + self.machine.config.close_timeout);
            }
        }
    }

    fn closed(&mut self, proof: Proof) {
        self.machine.end_all(&Cause::Closed);
        self.machine.phase = Phase::Closed;
        self.deadline = None;
        if !std::mem::replace(&mut self.hung_up, true) {
            self.outputs.push_back(Output::Hangup);
        }
        self.machine.tell(Event::Closed { proof });
    }

    /// The pipe is of no use, and so is the pool: whatever serves the other end goes when we do.
    fn hang_up(&mut self, cause: Cause) {
        if self.machine.phase == Phase::Closing {
            return self.closed(Proof::HungUp);
        }
        self.deadline = None;
        if !std::mem::replace(&mut self.hung_up, true) {
            self.outputs.push_back(Output::Hangup);
        }
        self.machine.break_down(cause, Remains::Nothing(Proof::HungUp));
    }

    fn packet(&mut self, now: Moment, packet: Packet) {
        match packet {
            Packet::Data { ps_guid, bytes, .. } => {
                let target = (!ps_guid.is_nil()).then_some(ps_guid);
                if let Err(cause) = self.machine.received(now, target, bytes) {
                    return self.hang_up(cause);
                }
                if self.machine.phase == Phase::Opened {
                    self.deadline = None;
                }
                let finished = target
                    .and_then(|id| self.machine.pipeline(id))
                    .is_some_and(|p| p.finished.is_some());
                if let (Some(id), true) = (target, finished) {
                    self.machine.quiet(now, id);
                }
            }
            Packet::DataAck { ps_guid } => {
                self.unacknowledged.remove(&ps_guid);
            }
            Packet::CommandAck { ps_guid } => self.machine.started(ps_guid),
            Packet::CloseAck { ps_guid } if ps_guid.is_nil() => {
                if self.close_sent {
                    self.closed(Proof::Deleted);
                }
            }
            Packet::CloseAck { ps_guid } => {
                self.unacknowledged.remove(&ps_guid);
                self.machine.closed(ps_guid);
            }
            // The state that it caused is what counts.
            Packet::SignalAck { .. } => {}
            Packet::Command { .. } | Packet::Close { .. } | Packet::Signal { .. } => {
                let cause = self
                    .machine
                    .protocol_error(format!("a server does not send {}", packet.name()));
                self.hang_up(cause);
            }
        }
    }

    fn plan(&mut self, now: Moment) {
        self.write();
        self.machine.tell_forwarded();
        let waits = self.is_waiting();
        self.silence.waits(now, waits);
    }

    /// Whether the other end owes an acknowledgement. Where its bytes are not read, it cannot give one; and a stop has a
    /// ladder of its own.
    fn is_waiting(&self) -> bool {
        let owes =
            |pipeline: &Pipeline| pipeline.announce == Announce::UnderWay || pipeline.closing == Closing::UnderWay;
        !self.hung_up
            && self.wants_bytes()
            && (self.machine.phase == Phase::Opening
                || self.close_sent
                || !self.unacknowledged.is_empty()
                || self.machine.pipelines.iter().any(owes))
    }

    fn write(&mut self) {
        if self.hung_up || matches!(self.machine.phase, Phase::Fresh | Phase::Closed | Phase::Broken) {
            return;
        }
        let mut packets = Vec::new();
        if self.machine.phase != Phase::Closing {
            packets.extend(data(&mut self.unacknowledged, Uuid::nil(), &mut self.machine.outbox));
        }
        for pipeline in &mut self.machine.pipelines {
            let ps_guid = pipeline.id;
            if pipeline.announce == Announce::Waiting {
                pipeline.announce = Announce::UnderWay;
                packets.push(Packet::Command { ps_guid });
                continue;
            }
            if pipeline.announce != Announce::Known {
                continue;
            }
            packets.extend(data(&mut self.unacknowledged, ps_guid, &mut pipeline.outbox));
            if pipeline.may_signal() {
                pipeline.signal = Signal::Sent;
                packets.push(Packet::Signal { ps_guid });
            }
            if pipeline.may_close() {
                pipeline.closing = Closing::UnderWay;
                packets.push(Packet::Close { ps_guid });
            }
        }
        // A server does not acknowledge the pool's Close while a pipeline was not closed.
        if self.machine.phase == Phase::Closing && self.machine.pipelines.is_empty() && !self.close_sent {
            self.close_sent = true;
            packets.push(Packet::Close { ps_guid: Uuid::nil() });
        }
        if !packets.is_empty() {
            let mut out = Vec::new();
            packets.iter().for_each(|packet| packet.write(&mut out));
            self.outputs.push_back(Output::Bytes(out.into()));
        }
    }
}

/// The next packet of a target, unless its last one is not acknowledged.
fn data(unacknowledged: &mut HashSet<Uuid>, ps_guid: Uuid, outbox: &mut Outbox) -> Option<Packet> {
    if unacknowledged.contains(&ps_guid) {
        return None;
    }
    let stream = if outbox.is_response_next() {
        Stream::PromptResponse
    } else {
        Stream::Default
    };
    let bytes = outbox.cut(PACKET)?;
    unacknowledged.insert(ps_guid);
    Some(Packet::Data { stream, ps_guid, bytes })
}
