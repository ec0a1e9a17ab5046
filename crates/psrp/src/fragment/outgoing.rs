//! Messages on their way out, cut to the size that the carrier has left.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use uuid::Uuid;

use super::pieces::Relay;
use super::wire::{self, HEADER};
use crate::message::Header;
use crate::{Message, MessageType};

/// Numbers the objects of one sender. One counter serves the pool and all its pipelines, and never goes back.
#[derive(Debug)]
pub struct Fragmenter {
    next: u64,
}

impl Default for Fragmenter {
    fn default() -> Fragmenter {
        Fragmenter::new()
    }
}

impl Fragmenter {
    /// Begins with object 1.
    pub fn new() -> Fragmenter {
        Fragmenter::starting_at(1)
    }

    /// Begins with a higher object, after a Reconnect. Zero counts as one.
    pub fn starting_at(first: u64) -> Fragmenter {
        Fragmenter { next: first.max(1) }
    }

    /// The number that the next object gets.
    pub fn next_object(&self) -> u64 {
        self.next
    }

    /// Makes `message` ready to be cut.
    pub fn outgoing(&mut self, message: &Message) -> Outgoing {
        Outgoing {
            kind: message.kind,
            target: message.pipeline,
            object: self.take(),
            number: 0,
            head: Bytes::copy_from_slice(&message.header().encode()),
            body: message.body.clone(),
            done: false,
        }
    }

    /// Begins a message whose body comes in pieces.
    pub fn relay(&mut self, header: Header) -> Relay {
        Relay::new(self.take(), header)
    }

    /// All fragments of `message` at once, none with a blob above `blob` bytes.
    pub fn split(&mut self, message: &Message, blob: usize) -> Vec<Bytes> {
        let mut outgoing = self.outgoing(message);
        std::iter::from_fn(|| outgoing.fragment(blob)).collect()
    }

    fn take(&mut self) -> u64 {
        let object = self.next;
        self.next += 1;
        object
    }
}

/// A message on its way out. Each call cuts one fragment off, so its size may differ from call to call.
#[derive(Debug)]
#[must_use = "a message that is not cut into fragments is never sent"]
pub struct Outgoing {
    kind: MessageType,
    target: Option<Uuid>,
    object: u64,
    number: u64,
    head: Bytes,
    body: Bytes,
    done: bool,
}

impl Outgoing {
    /// What the message is about.
    pub fn kind(&self) -> MessageType {
        self.kind
    }

    /// The pipeline that it goes to; `None` is the pool.
    pub fn target(&self) -> Option<Uuid> {
        self.target
    }

    /// Whether it goes on the stream of host responses (`pr`, `PromptResponse`).
    pub fn is_host_response(&self) -> bool {
        self.kind.is_host_response()
    }

    /// The number of the object.
    pub fn object(&self) -> u64 {
        self.object
    }

    /// How many bytes of the message are not cut off yet, without the fragments' headers.
    pub fn remaining(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether everything was cut off.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The next fragment, with its header of 21 bytes and a blob of at most `blob` bytes (at least one, so that it ends).
    pub fn fragment(&mut self, blob: usize) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let size = self.remaining().min(blob.max(1)).min(u32::MAX as usize);
        self.done = size == self.remaining();
        let mut out = BytesMut::with_capacity(HEADER + size);
        wire::put_header(&mut out, self.object, self.number, self.number == 0, self.done, size);
        let of_head = size.min(self.head.len());
        out.put_slice(&self.head[..of_head]);
        self.head.advance(of_head);
        out.put_slice(&self.body[..size - of_head]);
        self.body.advance(size - of_head);
        self.number += 1;
        Some(out.freeze())
    }
}
