//! What is to be sent to one target.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use psrp::fragment::HEADER;
use psrp::{MessageType, Outgoing};

/// The messages to one target. Host responses have a stream of their own and go first, but never between the fragments
/// of another message: a server that reads both streams as one would take them for damage.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    responses: VecDeque<Outgoing>,
    messages: VecDeque<Outgoing>,
    /// The front of `messages` is cut into.
    within: bool,
    /// Bytes of input that left here, on their way to the server or dropped, since somebody asked.
    forwarded: usize,
}

impl Outbox {
    pub(crate) fn push(&mut self, message: Outgoing) {
        if message.is_host_response() {
            self.responses.push_back(message);
        } else {
            self.messages.push_back(message);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.responses.is_empty() && self.messages.is_empty()
    }

    /// Whether the next bytes go on the stream of host responses.
    pub(crate) fn is_response_next(&self) -> bool {
        !self.within && !self.responses.is_empty()
    }

    /// Cuts one fragment of at most `size` bytes, header included.
    pub(crate) fn cut_one(&mut self, size: usize) -> Option<Bytes> {
        let response = self.is_response_next();
        let queue = if response {
            &mut self.responses
        } else {
            &mut self.messages
        };
        let front = queue.front_mut()?;
        let fragment = front.fragment(size.saturating_sub(HEADER))?;
        let done = front.is_done();
        if front.kind() == MessageType::PipelineInput {
            self.forwarded += fragment.len().saturating_sub(HEADER);
        }
        if done {
            queue.pop_front();
        }
        if !response {
            self.within = !done;
        }
        Some(fragment)
    }

    /// Whether what is cut next may be sent twice without harm. A second host response, end of input or part of the
    /// message that starts the pipeline is passed over or refused; a second object of input would be taken for another.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.is_response_next()
            || self
                .messages
                .iter()
                .all(|message| message.kind() != MessageType::PipelineInput)
    }

    /// Whether part of the message that starts the pipeline is here. What is neither that nor a host response is input.
    pub(crate) fn holds_start(&self) -> bool {
        let input = [MessageType::PipelineInput, MessageType::EndOfPipelineInput];
        self.messages.iter().any(|message| !input.contains(&message.kind()))
    }

    /// Cuts as many fragments of one stream as fit into `size` bytes.
    pub(crate) fn cut(&mut self, size: usize) -> Option<Bytes> {
        let response = self.is_response_next();
        let first = self.cut_one(size)?;
        let mut left = size.saturating_sub(first.len());
        let mut all: Option<BytesMut> = None;
        // A fragment of less than a message header is legal and a nuisance to every reader.
        while left >= 4 * HEADER && self.is_response_next() == response {
            let Some(next) = self.cut_one(left) else { break };
            left = left.saturating_sub(next.len());
            all.get_or_insert_with(|| BytesMut::from(&first[..]))
                .extend_from_slice(&next);
        }
        Some(all.map_or(first, BytesMut::freeze))
    }

    /// Drops what was not begun and is no host response: a stopped pipeline takes no more input.
    pub(crate) fn drop_messages(&mut self) {
        let kept = usize::from(self.within);
        self.forwarded += input_of(self.messages.iter().skip(kept));
        self.messages.truncate(kept);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self {
            forwarded: self.forwarded + input_of(self.messages.iter()),
            ..Self::default()
        };
    }

    /// Bytes of input, message headers included, that left here since the last call.
    pub(crate) fn take_forwarded(&mut self) -> usize {
        std::mem::take(&mut self.forwarded)
    }
}

/// The bytes of input among messages.
fn input_of<'a>(messages: impl Iterator<Item = &'a Outgoing>) -> usize {
    let inputs = messages.filter(|message| message.kind() == MessageType::PipelineInput);
    inputs.map(Outgoing::remaining).sum()
}

#[cfg(test)]
mod tests {
    use psrp::{Destination, Fragmenter, Limits, Message, Reassembler};
    use uuid::Uuid;

    use super::*;

    fn message(kind: MessageType, size: usize) -> Message {
        Message {
            destination: Destination::Server,
            kind,
            pool: Uuid::from_u128(1),
            pipeline: Some(Uuid::from_u128(2)),
            body: vec![b'x'; size].into(),
        }
    }

    #[test]
    fn responses_overtake_messages_but_not_fragments() {
        let (mut outbox, mut fragmenter) = (Outbox::default(), Fragmenter::new());
        outbox.push(fragmenter.outgoing(&message(MessageType::PipelineInput, 300)));
        outbox.push(fragmenter.outgoing(&message(MessageType::PipelineInput, 10)));
        let mut sent = vec![(outbox.is_response_next(), outbox.cut(200).unwrap())];
        outbox.push(fragmenter.outgoing(&message(MessageType::PipelineHostResponse, 10)));
        while !outbox.is_empty() {
            sent.push((outbox.is_response_next(), outbox.cut(200).unwrap()));
        }
        assert!(sent.iter().all(|(_, bytes)| bytes.len() <= 200));
        let streams: Vec<bool> = sent.iter().map(|(response, _)| *response).collect();
        assert_eq!(streams, [false, false, true, false]);
        let mut reader = Reassembler::new(Limits::SERVER);
        sent.into_iter().for_each(|(_, bytes)| reader.push(bytes));
        let sizes: Vec<usize> = std::iter::from_fn(|| reader.next().unwrap())
            .map(|message| message.body.len())
            .collect();
        assert_eq!(sizes, [300, 10, 10]);
    }

    #[test]
    fn a_stopped_pipeline_still_finishes_the_message_under_way() {
        let (mut outbox, mut fragmenter) = (Outbox::default(), Fragmenter::new());
        outbox.push(fragmenter.outgoing(&message(MessageType::CreatePipeline, 300)));
        outbox.push(fragmenter.outgoing(&message(MessageType::PipelineInput, 10)));
        outbox.cut_one(100).unwrap();
        outbox.drop_messages();
        let rest: usize = std::iter::from_fn(|| outbox.cut(1000))
            .map(|bytes| bytes.len() - HEADER)
            .sum();
        assert_eq!(rest, 340 - 79);
    }
}
