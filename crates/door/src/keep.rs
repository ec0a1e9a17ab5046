//! Answers that are worth keeping: what importing a session asks for is the same every time, and takes long.
//!
//! [`key`] says which requests these are, and what of them counts: names and arguments, not the asking host. [`Recording`]
//! gathers an answer as it passes; whole and errorless ones become an [`Answer`], which replays byte for byte.

use std::fmt::Write as _;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use clixml::{Content, Object, Value};
use psrp::body::{Body, CreatePipeline, GetCommandMetadata, InvocationState};
use psrp::{Assembly, MessageType, Piece};

/// The command whose answers are kept.
const FORMATS: &[u8] = b"get-formatdata";
/// An answer beyond this is not kept, in bytes.
pub const LARGEST: usize = 64 << 20;
/// The first bytes of an encoded answer; the number counts its forms.
const MARK: &[u8] = b"pslease-answer-1\n";

/// What a request asks for, if its answer is worth keeping: GET_COMMAND_METADATA, and `Get-FormatData` alone in a pipeline.
///
/// Two requests of one key get the same answer from one server, whatever console they come from.
pub fn key(kind: MessageType, body: &[u8]) -> Option<String> {
    match kind {
        MessageType::GetCommandMetadata => {
            let asked = GetCommandMetadata::read(body).ok()?;
            let mut key = format!("metadata {}", asked.command_type.0);
            for name in &asked.names {
                let _ = write!(key, "\nname {:?}", name.to_string());
            }
            for name in asked.namespace.iter().flatten() {
                let _ = write!(key, "\nin {:?}", name.to_string());
            }
            for value in [asked.fully_qualified_module.as_ref(), Some(&asked.argument_list)] {
                key.push('\n');
                spell(value.unwrap_or(&Value::Null), &mut key);
            }
            Some(key)
        }
        MessageType::CreatePipeline => {
            // Whoever asks for something else is not held up by the reading of it.
            if !body
                .windows(FORMATS.len())
                .any(|window| window.eq_ignore_ascii_case(FORMATS))
            {
                return None;
            }
            let asked = CreatePipeline::read(body).ok()?;
            let [statement] = &asked.power_shell.statements[..] else {
                return None;
            };
            let [command] = &statement[..] else { return None };
            let name = command.name.to_string();
            if command.is_script || !name.as_bytes().eq_ignore_ascii_case(FORMATS) {
                return None;
            }
            let mut key = "formats".to_owned();
            for argument in &command.arguments {
                let name = argument.name.as_ref().map(|name| name.to_string().to_ascii_lowercase());
                let _ = write!(key, "\n{name:?} ");
                spell(&argument.value, &mut key);
            }
            Some(key)
        }
        _ => None,
    }
}

/// A value without the labels that depend on what stood before it in its message.
fn spell(value: &Value, out: &mut String) {
    let Some(object) = value.as_object() else {
        return out.push_str(&clixml::write(value));
    };
    let Object {
        type_names,
        to_string,
        content,
        adapted,
        extended,
        ..
    } = object;
    let types = type_names.as_ref().map(clixml::TypeNames::names);
    let _ = write!(out, "({types:?} {to_string:?} ");
    match content {
        Content::Empty => {}
        Content::Value(value) => spell(value, out),
        Content::List(kind, values) => {
            let _ = write!(out, "{kind:?}");
            for value in values {
                out.push(' ');
                spell(value, out);
            }
        }
        Content::Dictionary(entries) => {
            for (key, value) in entries {
                spell(key, out);
                out.push('=');
                spell(value, out);
            }
        }
    }
    for property in adapted.iter().chain(extended).flatten() {
        let _ = write!(out, " {:?}:", property.name);
        spell(&property.value, out);
    }
    out.push(')');
}

/// A request and everything that came in answer to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What the request was.
    pub kind: MessageType,
    /// Its body.
    pub request: Bytes,
    /// What came, in order.
    pub messages: Vec<(MessageType, Bytes)>,
    /// The body of the final PIPELINE_STATE, which is Completed.
    pub state: Bytes,
}

impl Answer {
    /// As bytes for a file.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::from(MARK);
        let mut put = |kind: MessageType, body: &[u8]| {
            out.put_u32(kind.id());
            out.put_u64(body.len() as u64);
            out.put_slice(body);
        };
        put(self.kind, &self.request);
        put(MessageType::PipelineState, &self.state);
        for (kind, body) in &self.messages {
            put(*kind, body);
        }
        out.freeze()
    }

    /// From such bytes, without copying them; `None` for what is damaged or of another form.
    pub fn decode(mut bytes: Bytes) -> Option<Self> {
        if !bytes.starts_with(MARK) {
            return None;
        }
        bytes.advance(MARK.len());
        let mut next = || {
            if bytes.remaining() < 12 {
                return None;
            }
            let (kind, size) = (MessageType::from_id(bytes.get_u32()), bytes.get_u64());
            let size = usize::try_from(size).ok().filter(|size| *size <= bytes.remaining())?;
            Some((kind, bytes.split_to(size)))
        };
        let (kind, request) = next()?;
        let (MessageType::PipelineState, state) = next()? else {
            return None;
        };
        let messages: Vec<_> = std::iter::from_fn(next).collect();
        bytes.is_empty().then_some(Self {
            kind,
            request,
            messages,
            state,
        })
    }

    /// How many bytes it takes, about.
    pub fn size(&self) -> usize {
        self.request.len() + self.state.len() + self.messages.iter().map(|(_, body)| body.len() + 16).sum::<usize>()
    }
}

/// An answer while it passes.
#[derive(Debug)]
pub struct Recording {
    kind: MessageType,
    request: Bytes,
    messages: Vec<(MessageType, Bytes)>,
    state: Option<Bytes>,
    assembly: Assembly,
    left: usize,
    fit: bool,
}

impl Recording {
    /// Of the answer to this request.
    pub fn new(kind: MessageType, request: Bytes) -> Self {
        Self {
            kind,
            request,
            messages: Vec::new(),
            state: None,
            assembly: Assembly::new(LARGEST),
            left: LARGEST,
            fit: true,
        }
    }

    /// Notes a part of it. An error record or a question makes the whole unfit.
    pub fn piece(&mut self, piece: &Piece) {
        if !self.fit {
            return;
        }
        self.fit = match piece.kind {
            MessageType::PipelineOutput
            | MessageType::WarningRecord
            | MessageType::VerboseRecord
            | MessageType::DebugRecord
            | MessageType::InformationRecord
            | MessageType::ProgressRecord => match self.assembly.push(piece.clone()) {
                Ok(Some(message)) if message.body.len() <= self.left => {
                    self.left -= message.body.len();
                    self.messages.push((message.kind, message.body));
                    true
                }
                Ok(None) => true,
                Ok(Some(_)) | Err(_) => false,
            },
            _ => false,
        };
        if !self.fit {
            self.messages = Vec::new();
        }
    }

    /// Notes its state.
    pub fn state(&mut self, state: InvocationState, body: Bytes) {
        if state == InvocationState::Completed {
            self.state = Some(body);
        } else if state.is_final() {
            self.fit = false;
        }
    }

    /// The answer, once its end is confirmed as complete; `None` if it is not fit to be kept.
    pub fn whole(self) -> Option<Answer> {
        let state = self.state.filter(|_| self.fit && self.assembly.held() == 0)?;
        Some(Answer {
            kind: self.kind,
            request: self.request,
            messages: self.messages,
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use psrp::body::{Argument, Command, HostDefaultData, HostInfo};

    use super::*;

    fn formats(width: i32) -> Bytes {
        let names = Value::list_of(
            ["System.String[]", "System.Array", "System.Object"],
            clixml::ListKind::List,
            [Value::from("*")],
        );
        let command = Command::new("Get-FormatData").with(Argument::named("TypeName", names));
        let mut pipeline = CreatePipeline::new(vec![command]);
        pipeline.host_info = HostInfo::console(HostDefaultData::terminal(width, 50));
        pipeline.write()
    }

    #[test]
    fn the_asking_host_does_not_count() {
        let key_of = |body: &Bytes| key(MessageType::CreatePipeline, body);
        assert_ne!(formats(80), formats(200));
        assert!(key_of(&formats(80)).is_some());
        assert_eq!(key_of(&formats(80)), key_of(&formats(200)));
    }

    #[test]
    fn names_and_arguments_count() {
        let metadata = |names: &[&str]| {
            let body = GetCommandMetadata::new(names.iter().copied()).write();
            key(MessageType::GetCommandMetadata, &body).unwrap()
        };
        assert_eq!(metadata(&["*"]), metadata(&["*"]));
        assert_ne!(metadata(&["*"]), metadata(&["Get-*"]));
        assert_ne!(metadata(&["a", "b"]), metadata(&["a\nname \"b\""]));
    }

    #[test]
    fn nothing_else_is_kept() {
        let other = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).write();
        let script = CreatePipeline::new(vec![Command::script("Get-FormatData; Remove-Item x")]).write();
        let two = CreatePipeline::new(vec![Command::new("Get-FormatData"), Command::new("Out-Null")]).write();
        for body in [other, script, two] {
            assert_eq!(key(MessageType::CreatePipeline, &body), None);
        }
    }

    fn piece(kind: MessageType, body: &'static [u8], first: bool, last: bool) -> Piece {
        Piece {
            destination: psrp::Destination::Client,
            kind,
            pool: uuid::Uuid::nil(),
            pipeline: None,
            first,
            last,
            bytes: Bytes::from_static(body),
        }
    }

    #[test]
    fn a_whole_answer_reads_back() {
        let mut recording = Recording::new(MessageType::GetCommandMetadata, Bytes::from_static(b"asked"));
        recording.piece(&piece(MessageType::PipelineOutput, b"<I32>", true, false));
        recording.piece(&piece(MessageType::PipelineOutput, b"1</I32>", false, true));
        recording.state(InvocationState::Completed, Bytes::from_static(b"done"));
        let answer = recording.whole().unwrap();
        assert_eq!(answer.messages[0].1, "<I32>1</I32>");
        let bytes = answer.encode();
        assert_eq!(Answer::decode(bytes.clone()), Some(answer));
        assert_eq!(Answer::decode(bytes.slice(..bytes.len() - 1)), None);
        assert_eq!(Answer::decode(Bytes::from_static(b"pslease-answer-0\n")), None);
    }

    #[test]
    fn errors_questions_and_unfinished_ones_are_not_kept() {
        let begun = || Recording::new(MessageType::GetCommandMetadata, Bytes::new());
        let complete = |mut recording: Recording| {
            recording.state(InvocationState::Completed, Bytes::new());
            recording.whole()
        };
        assert!(complete(begun()).is_some());
        for kind in [MessageType::ErrorRecord, MessageType::PipelineHostCall] {
            let mut recording = begun();
            recording.piece(&piece(kind, b"", true, true));
            assert_eq!(complete(recording), None);
        }
        let mut cut = begun();
        cut.piece(&piece(MessageType::PipelineOutput, b"x", true, false));
        assert_eq!(complete(cut), None);
        let mut stopped = begun();
        stopped.state(InvocationState::Stopped, Bytes::new());
        assert_eq!(stopped.whole(), None);
    }
}
