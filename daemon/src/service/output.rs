//! What a pipeline writes, in the caller's encoding, and how it ended.

use bytes::Bytes;
use clixml::Value;
use proto::v1;
use proto::v1::invoke_event::Event as Said;
use psrp::body::{Body as _, ErrorCategory, ErrorRecord, HostOutcome, HostResponse, RemoteHostMethodId, VOID};
use psrp::{Assembly, Message, MessageType, Piece};
use runspace::Outcome;
use uuid::Uuid;

use super::invoke::Why;
use super::{convert, error, value};
use crate::session::{self, Unsealed};

/// The largest piece of an object that travels at once.
const CHUNK: usize = 64 << 10;
/// The largest object that is decoded here; larger ones travel as CLIXML only.
const LARGEST: usize = 64 << 20;

/// Turns pieces into events.
#[derive(Debug)]
pub(super) struct Output {
    encoding: v1::Encoding,
    /// Who asks, where something is asked.
    origin: String,
    whole: Assembly,
    objects: u64,
    had_errors: bool,
    /// An object was too large to be put together, or could not be read.
    lost: Option<String>,
    error: Option<Value>,
}

const fn stream(kind: MessageType) -> Option<v1::Stream> {
    Some(match kind {
        MessageType::PipelineOutput => v1::Stream::Output,
        MessageType::ErrorRecord => v1::Stream::Error,
        MessageType::WarningRecord => v1::Stream::Warning,
        MessageType::VerboseRecord => v1::Stream::Verbose,
        MessageType::DebugRecord => v1::Stream::Debug,
        MessageType::InformationRecord => v1::Stream::Information,
        MessageType::ProgressRecord => v1::Stream::Progress,
        _ => return None,
    })
}

impl Output {
    pub(super) fn new(encoding: v1::Encoding, origin: String) -> Self {
        Self {
            encoding,
            origin,
            whole: Assembly::new(LARGEST),
            objects: 0,
            had_errors: false,
            lost: None,
            error: None,
        }
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The events of a piece: none while an object is being put together.
    pub(super) fn piece(&mut self, piece: Piece) -> Vec<Said> {
        let stream = stream(piece.kind);
        if piece.last {
            self.objects += u64::from(stream == Some(v1::Stream::Output));
            self.had_errors |= stream == Some(v1::Stream::Error);
        }
        match stream {
            Some(stream) if self.encoding == v1::Encoding::Clixml => chunks(stream, piece),
            stream => self.whole(stream, piece),
        }
    }

    fn whole(&mut self, stream: Option<v1::Stream>, piece: Piece) -> Vec<Said> {
        match self.whole.push(piece) {
            Ok(None) => Vec::new(),
            Ok(Some(message)) => match stream {
                Some(stream) => vec![record(stream, &message.body)],
                None if message.kind == MessageType::PipelineHostCall => self.host_call(&message).into_iter().collect(),
                None => {
                    tracing::debug!(kind = message.kind.name(), "passed over");
                    Vec::new()
                }
            },
            Err(error) => {
                self.lost = Some(error.to_string());
                Vec::new()
            }
        }
    }

    /// The call as it came, but for its frame.
    fn host_call(&mut self, message: &Message) -> Option<Said> {
        let call = match psrp::body::read_object(&message.body) {
            Ok(call) => call,
            Err(error) => {
                self.lost = Some(format!("a question of the remote's could not be read: {error}"));
                return None;
            }
        };
        let number = call.property("ci").and_then(Value::as_i64)?;
        let method = call.property("mi").map(Value::base).and_then(Value::as_i32)?;
        Some(Said::HostCall(v1::HostCall {
            call: (number != VOID).then_some(number),
            method,
            parameters: call
                .property("mp")
                .map(|parameters| clixml::write(parameters).into())
                .unwrap_or_default(),
            origin: self.origin.clone(),
        }))
    }

    /// PIPELINE_STATE: its terminating error, if it has one.
    pub(super) fn state(&mut self, body: &[u8]) {
        self.error = psrp::body::read_object(body)
            .ok()
            .and_then(|state| state.property("ExceptionAsErrorRecord").cloned())
            .filter(|error| !error.is_null());
    }
}

fn chunks(stream: v1::Stream, piece: Piece) -> Vec<Said> {
    let Piece {
        mut bytes,
        mut first,
        last,
        ..
    } = piece;
    let mut said = Vec::with_capacity(1);
    loop {
        let data = bytes.split_to(bytes.len().min(CHUNK));
        let ends = last && bytes.is_empty();
        said.push(Said::Chunk(v1::Chunk {
            stream: stream.into(),
            data: data.into(),
            first,
            last: ends,
        }));
        first = false;
        if bytes.is_empty() {
            return said;
        }
    }
}

/// One object as a typed value. One that cannot be read travels as it came.
fn record(stream: v1::Stream, body: &[u8]) -> Said {
    let (value, text) = match psrp::body::read_object(body) {
        Ok(object) => (value::of_clixml(&object), text(stream, &object)),
        Err(error) => {
            let value = v1::Value {
                clixml: body.to_vec(),
                ..v1::Value::default()
            };
            (value, format!("this object could not be read: {error}"))
        }
    };
    Said::Record(v1::Record {
        stream: stream.into(),
        value: Some(value),
        text,
    })
}

/// The line that PowerShell would print for a record.
fn text(stream: v1::Stream, object: &Value) -> String {
    let string = |name: &str| {
        object
            .property(name)
            .map(Value::base)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let message = || string("InformationalRecord_Message").unwrap_or_default();
    match stream {
        v1::Stream::Output | v1::Stream::Unspecified | v1::Stream::Progress => String::new(),
        v1::Stream::Error => ErrorRecord::from_value(object)
            .ok()
            .and_then(|record| record.message().map(|text| text.to_string_lossy().into_owned()))
            .unwrap_or_default(),
        v1::Stream::Warning => format!("WARNING: {}", message()),
        v1::Stream::Verbose => format!("VERBOSE: {}", message()),
        v1::Stream::Debug => format!("DEBUG: {}", message()),
        v1::Stream::Information => object
            .property("MessageData")
            .map(|data| {
                data.as_object()
                    .and_then(|data| data.to_string.clone())
                    .or_else(|| data.as_text().cloned())
            })
            .and_then(|text| text.map(|text| text.to_string_lossy().into_owned()))
            .unwrap_or_default(),
    }
}

/// The answer to a host call, as the remote reads it.
pub(super) fn host_response(given: v1::HostResponse) -> Bytes {
    let refusal = |why: &str| {
        let error = ErrorRecord::new(
            "System.Management.Automation.Host.HostException",
            why,
            "HostFunctionNotImplemented",
            ErrorCategory::ResourceUnavailable,
        );
        HostOutcome::Error(Box::new(error))
    };
    let outcome = match given.answer {
        Some(v1::host_response::Answer::Value(body)) => match psrp::body::read_object(&body) {
            Ok(value) => HostOutcome::Value(value),
            Err(error) => refusal(&format!("the answer could not be read: {error}")),
        },
        Some(v1::host_response::Answer::Refused(why)) => refusal(&why),
        None => HostOutcome::Value(Value::Null),
    };
    HostResponse {
        ci: given.call,
        method: RemoteHostMethodId::from_number(given.method),
        outcome,
    }
    .write()
}

/// An answer that holds secrets, and what to say instead where they cannot be told.
pub(super) fn secret_response(pipeline: Uuid, mut given: v1::HostResponse) -> Unsealed {
    let secrets = std::mem::take(&mut given.secrets);
    let refusal = v1::HostResponse {
        call: given.call,
        method: given.method,
        answer: Some(v1::host_response::Answer::Refused(
            "there is no key to send a password with".to_owned(),
        )),
        secrets: Vec::new(),
    };
    Unsealed {
        pipeline,
        body: host_response(given),
        secrets: secrets.into_iter().map(Into::into).collect(),
        refusal: host_response(refusal),
    }
}

/// How a pipeline ended, in the contract's terms.
pub(super) fn end(outcome: &Option<Outcome>, why: Option<&Why>, output: Output, profile: &str) -> v1::PipelineEnd {
    let mut end = v1::PipelineEnd {
        objects: output.objects,
        had_errors: output.had_errors,
        error: output
            .error
            .as_ref()
            .map(|error| clixml::write(error).into())
            .unwrap_or_default(),
        ..v1::PipelineEnd::default()
    };
    let reconnect = || format!("pslease connect {profile}").trim_end().to_owned();
    let (how, message) = match outcome {
        Some(Outcome::Completed) => match output.lost {
            Some(lost) => (v1::PipelineOutcome::Incomplete, lost),
            None => (v1::PipelineOutcome::Completed, String::new()),
        },
        Some(Outcome::Failed) => {
            let message = output
                .error
                .as_ref()
                .map(|error| text(v1::Stream::Error, error))
                .unwrap_or_default();
            (v1::PipelineOutcome::Failed, message)
        }
        Some(Outcome::Stopped) => (v1::PipelineOutcome::Stopped, "it was stopped".to_owned()),
        Some(Outcome::Incomplete(cause)) => (v1::PipelineOutcome::Incomplete, session::words(cause)),
        Some(Outcome::Unknown(cause)) => {
            end.kind = v1::ErrorKind::SessionLost.into();
            end.hint = "look at what it did before running it again".to_owned();
            let message = format!("it is not known whether the command ran: {}", session::words(cause));
            (v1::PipelineOutcome::Unknown, message)
        }
        Some(Outcome::NotStarted(cause)) => {
            end.kind = v1::ErrorKind::SessionLost.into();
            end.hint = reconnect();
            (
                v1::PipelineOutcome::Failed,
                format!("the command did not run: {}", session::words(cause)),
            )
        }
        None => {
            end.kind = v1::ErrorKind::SessionLost.into();
            end.hint = reconnect();
            (
                v1::PipelineOutcome::Unknown,
                "the session went away while the command may have run".to_owned(),
            )
        }
    };
    end.outcome = how.into();
    end.message = message;
    // Whatever it came to, somebody else's reason for stopping it is what the caller must know.
    match why {
        Some(Why::TimedOut(after)) if how != v1::PipelineOutcome::Completed => {
            end.kind = v1::ErrorKind::TimedOut.into();
            end.message = format!("stopped after {} s, its time limit", after.as_secs_f64());
        }
        Some(Why::Told(cause)) if how != v1::PipelineOutcome::Completed => {
            end.message = convert::stop_words(*cause);
            end.kind = match cause {
                broker::StopCause::LeaseEnded(cause) => error::kind_of_end(*cause),
                // Part of what it wrote is missing, which its outcome says.
                broker::StopCause::Stalled => v1::ErrorKind::Unspecified,
                broker::StopCause::SessionClosed => v1::ErrorKind::SessionLost,
                broker::StopCause::Shutdown => v1::ErrorKind::Stopping,
            }
            .into();
        }
        Some(Why::Told(_) | Why::TimedOut(_) | Why::Asked | Why::Gone) | None => {}
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn piece(kind: MessageType, bytes: &[u8], first: bool, last: bool) -> Piece {
        Piece {
            destination: psrp::Destination::Client,
            kind,
            pool: Uuid::nil(),
            pipeline: None,
            first,
            last,
            bytes: Bytes::copy_from_slice(bytes),
        }
    }

    #[test]
    fn a_large_piece_travels_in_chunks_with_its_bounds() {
        let mut output = Output::new(v1::Encoding::Clixml, String::new());
        let said = output.piece(piece(MessageType::PipelineOutput, &vec![b'x'; CHUNK + 1], true, true));
        let chunks: Vec<_> = said
            .into_iter()
            .map(|event| match event {
                Said::Chunk(chunk) => (chunk.data.len(), chunk.first, chunk.last),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(chunks, [(CHUNK, true, false), (1, false, true)]);
        assert_eq!(output.objects, 1);
    }

    #[test]
    fn values_are_put_together_first_and_what_cannot_be_read_comes_as_it_is() {
        let mut output = Output::new(v1::Encoding::Value, String::new());
        assert!(
            output
                .piece(piece(MessageType::PipelineOutput, b"<S>a", true, false))
                .is_empty()
        );
        let said = output.piece(piece(MessageType::PipelineOutput, b"b</S>", false, true));
        let [Said::Record(record)] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert_eq!(
            record.value.as_ref().unwrap().kind,
            Some(v1::value::Kind::String("ab".into()))
        );
        let said = output.piece(piece(MessageType::PipelineOutput, b"<S>", true, true));
        let [Said::Record(record)] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert_eq!(record.value.as_ref().unwrap().clixml, b"<S>");
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let body = host_response(v1::HostResponse {
            call: 3,
            method: 11,
            answer: Some(v1::host_response::Answer::Refused("nobody".into())),
            secrets: Vec::new(),
        });
        let read = HostResponse::read(&body).unwrap();
        assert_eq!(read.ci, 3);
        assert!(matches!(read.outcome, HostOutcome::Error(_)));
    }
}
