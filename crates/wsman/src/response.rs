//! A response: an answer and what it answers.

mod fault;
mod read;
mod shell;
mod write;

use std::time::Duration;

use bytes::Bytes;

use crate::xml::decode;
use crate::{Answer, Error, Fault, Limits, MessageId, Verb};

/// A response, on either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The response's own id; Identify has none.
    pub message_id: Option<MessageId>,
    /// The request that it answers.
    pub relates_to: Option<MessageId>,
    /// What is answered.
    pub answer: Answer,
}

impl Response {
    /// The response to the request `relates_to`.
    #[must_use]
    pub fn new(message_id: MessageId, relates_to: MessageId, answer: Answer) -> Self {
        Self {
            message_id: Some(message_id),
            relates_to: Some(relates_to),
            answer,
        }
    }

    /// The status that goes with it: 500 for a fault, else 200.
    #[must_use]
    pub fn status(&self) -> u16 {
        if matches!(self.answer, Answer::Fault(_)) {
            500
        } else {
            200
        }
    }

    /// The envelope, in UTF-8.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        write::write(self).into()
    }

    /// How many bytes of streams, fragment headers included, a server may put into one ReceiveResponse of `streams`
    /// pieces so that the envelope does not exceed `max_envelope_size` bytes.
    #[must_use]
    pub fn payload_budget(max_envelope_size: u32, streams: usize) -> usize {
        (max_envelope_size as usize).saturating_sub(write::receive_overhead(streams)) / 4 * 3
    }

    /// Reads a response, whatever it answers, in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Unrelated`] and [`Error::Verb`].
    pub fn read(envelope: &[u8], limits: &Limits) -> Result<Self, Error> {
        read::read(&decode(envelope, limits)?, limits)
    }

    /// Reads what came back over HTTP for the request `message_id` of kind `verb`.
    ///
    /// The body is looked at before the status, since faults come with status 500; a body that is no SOAP makes a
    /// status above 299 a fault of its own (401, 404, 413, 503 ... come from front ends, often as a web page).
    ///
    /// # Errors
    /// Any [`Error`]: a body of status 200 that is no envelope, an envelope that was damaged, or an answer to something
    /// else. In each case it is not known whether the operation took place.
    pub fn read_http(
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
        message_id: &MessageId,
        verb: Verb,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let response = match Self::read(body, limits) {
            Ok(response) => response,
            Err(error) => {
                let text = match &error {
                    Error::Empty | Error::NotSoap { .. } => "",
                    Error::Html { title } => title.as_deref().unwrap_or_default(),
                    Error::Malformed { offset: 0, .. } => std::str::from_utf8(body).unwrap_or_default(),
                    // It was to be SOAP and was damaged: nothing is known.
                    _ => return Err(error),
                };
                let cut = text.char_indices().nth(4096).map_or(text, |(at, _)| &text[..at]);
                let fault = Fault::from_status(status, retry_after, cut).ok_or(error)?;
                return Ok(Self {
                    message_id: None,
                    relates_to: None,
                    answer: Answer::Fault(Box::new(fault)),
                });
            }
        };
        response.answers(message_id, verb)?;
        Ok(response)
    }

    /// Checks that it answers the request `message_id` of kind `verb`.
    ///
    /// A fault may lack `RelatesTo`, since the service may not have got so far as to read the id; an answer to
    /// Identify has no headers.
    ///
    /// # Errors
    /// [`Error::Unrelated`] or [`Error::Verb`].
    pub fn answers(&self, message_id: &MessageId, verb: Verb) -> Result<(), Error> {
        let got = self.answer.verb();
        let may_lack = matches!(got, None | Some(Verb::Identify));
        let related = self.relates_to.as_ref().map_or(may_lack, |id| id == message_id);
        if !related {
            return Err(Error::Unrelated {
                expected: message_id.clone(),
                got: self.relates_to.clone(),
            });
        }
        match got {
            Some(got) if got != verb => Err(Error::Verb { expected: verb, got }),
            _ => Ok(()),
        }
    }
}
