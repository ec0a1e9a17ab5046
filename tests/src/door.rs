//! A console that comes through a door: PowerShell's framing, step by step, so that it can be left at any of them.

use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;

use bytes::Bytes;
use pipe::{Packet, Reader, Stream};
use psrp::body::{
    Body as _, CreatePipeline, HostDefaultData, HostInfo, InitRunspacePool, PipelineState, RunspacePoolState,
    RunspaceState, SessionCapability, V2_3,
};
use psrp::{Destination, Fragmenter, Limits, Message, MessageType, Reassembler};
use uuid::Uuid;

use crate::PATIENCE;

/// A console on a door's socket. Dropping it hangs up.
#[derive(Debug)]
pub struct Door {
    stream: UnixStream,
    reader: Reader,
    fragmenter: Fragmenter,
    pool: Uuid,
    targets: HashMap<Uuid, Reassembler>,
    last: u128,
}

/// Something that came.
#[derive(Clone, PartialEq, Debug)]
pub enum Came {
    /// A whole message, and the stream that it came on (nil is the pool).
    Message(Uuid, Message),
    /// Any other packet.
    Packet(Packet),
    /// The end of the stream.
    End,
}

impl Door {
    /// Connects, and says nothing yet.
    pub fn connect(path: &str) -> Self {
        Self::on(UnixStream::connect(path).expect("the door is open"))
    }

    /// On a stream that leads to a server of the framing, with a door between or without.
    pub fn on(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self {
            stream,
            reader: Reader::default(),
            fragmenter: Fragmenter::new(),
            pool: Uuid::from_u128(0xd00d),
            targets: HashMap::new(),
            last: 0,
        }
    }

    /// Writes a packet. A door that is gone swallows it.
    pub fn say(&mut self, packet: &Packet) {
        let _ = self.stream.write_all(&packet.to_bytes());
    }

    /// Sends messages to a target in one packet, and waits for nothing.
    pub fn send(&mut self, target: Option<Uuid>, messages: &[(MessageType, Bytes)]) {
        let mut packet = Vec::new();
        let mut response = false;
        for (kind, body) in messages {
            response |= kind.is_host_response();
            let message = Message {
                destination: Destination::Server,
                kind: *kind,
                pool: self.pool,
                pipeline: target,
                body: body.clone(),
            };
            for fragment in self.fragmenter.split(&message, 32 << 10) {
                packet.extend_from_slice(&fragment);
            }
        }
        self.say(&Packet::Data {
            stream: if response {
                Stream::PromptResponse
            } else {
                Stream::Default
            },
            ps_guid: target.unwrap_or_default(),
            bytes: packet.into(),
        });
    }

    /// What comes next.
    #[track_caller]
    pub fn came(&mut self) -> Came {
        loop {
            if let Some(message) = self.whole() {
                return message;
            }
            match self.reader.packet().expect("the door speaks PowerShell's framing") {
                Some(Packet::Data { ps_guid, bytes, .. }) => self
                    .targets
                    .entry(ps_guid)
                    .or_insert_with(|| Reassembler::new(Limits::CLIENT))
                    .push(bytes),
                Some(packet) => return Came::Packet(packet),
                None => {
                    let mut buffer = [0; 64 << 10];
                    match self.stream.read(&mut buffer) {
                        Ok(0) => return Came::End,
                        Ok(size) => self.reader.feed(&buffer[..size]),
                        Err(error) if error.kind() == ErrorKind::ConnectionReset => return Came::End,
                        Err(error) => panic!("the door says nothing: {error}"),
                    }
                }
            }
        }
    }

    fn whole(&mut self) -> Option<Came> {
        self.targets.iter_mut().find_map(|(of, reader)| {
            let message = reader.next().expect("fragments in order")?;
            Some(Came::Message(*of, message))
        })
    }

    /// Reads until a packet like this one comes; gives the messages before it.
    #[track_caller]
    pub fn until(&mut self, packet: &Packet) -> Vec<Message> {
        let mut messages = Vec::new();
        loop {
            match self.came() {
                Came::Packet(came) if came == *packet => return messages,
                Came::Packet(_) => {}
                Came::Message(_, message) => messages.push(message),
                Came::End => panic!("the door closed before {packet:?}"),
            }
        }
    }

    /// Opens the pool.
    #[track_caller]
    pub fn open(&mut self) {
        let host = HostInfo::console(HostDefaultData::terminal(120, 50));
        self.send(
            None,
            &[
                (MessageType::SessionCapability, SessionCapability::new(V2_3).write()),
                (MessageType::InitRunspacePool, InitRunspacePool::new(host).write()),
            ],
        );
        loop {
            if let Came::Message(_, message) = self.came()
                && message.kind == MessageType::RunspacePoolState
            {
                let state = RunspacePoolState::read(&message.body).expect("a state");
                assert_eq!(state.state, RunspaceState::Opened, "{:?}", state.error);
                return;
            }
        }
    }

    /// Announces a pipeline.
    pub fn announce(&mut self) -> Uuid {
        self.last += 1;
        let ps_guid = Uuid::from_u128(self.last);
        self.say(&Packet::Command { ps_guid });
        ps_guid
    }

    /// Announces a pipeline and starts it.
    pub fn start(&mut self, pipeline: &CreatePipeline) -> Uuid {
        let id = self.announce();
        self.send(Some(id), &[(MessageType::CreatePipeline, pipeline.write())]);
        id
    }

    /// Reads a pipeline to its final state: what it put out, and the state.
    #[track_caller]
    pub fn finish(&mut self, pipeline: Uuid) -> (Vec<Message>, PipelineState) {
        let mut messages = Vec::new();
        loop {
            match self.came() {
                Came::Message(of, message) if of == pipeline && message.kind == MessageType::PipelineState => {
                    return (messages, PipelineState::read(&message.body).expect("a state"));
                }
                Came::Message(of, message) if of == pipeline => messages.push(message),
                Came::Message(..) | Came::Packet(_) => {}
                Came::End => panic!("the door closed in the middle of a pipeline"),
            }
        }
    }

    /// Runs a pipeline to its end and closes it.
    #[track_caller]
    pub fn run(&mut self, pipeline: &CreatePipeline) -> (Vec<Message>, PipelineState) {
        let id = self.start(pipeline);
        let done = self.finish(id);
        self.close(id);
        done
    }

    /// Closes a pipeline, or the pool (nil), and waits for the confirmation.
    #[track_caller]
    pub fn close(&mut self, ps_guid: Uuid) {
        self.say(&Packet::Close { ps_guid });
        self.until(&Packet::CloseAck { ps_guid });
    }

    /// Reads until the pool is Broken, and gives the words.
    #[track_caller]
    pub fn broken(&mut self) -> String {
        loop {
            match self.came() {
                Came::Message(of, message) if of.is_nil() && message.kind == MessageType::RunspacePoolState => {
                    let state = RunspacePoolState::read(&message.body).expect("a state");
                    if state.state == RunspaceState::Broken {
                        return state.error.and_then(|error| error.text).unwrap_or_default().to_string();
                    }
                }
                Came::End => panic!("the door closed without a word"),
                Came::Message(..) | Came::Packet(_) => {}
            }
        }
    }
}
