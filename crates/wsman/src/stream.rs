//! Bytes of a shell's or a command's stream, as Send and Receive carry them.

use bytes::Bytes;

use crate::names::POWERSHELL;
use crate::xml::{Element, Pull, Writer};
use crate::{CommandId, Error};

/// The name of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StreamName {
    /// Everything that a PSRP client sends but host responses.
    Stdin,
    /// Responses to host calls (`pr`).
    PromptResponse,
    /// Everything that a PSRP server sends.
    Stdout,
    /// Errors of a command shell; PowerShell has none.
    Stderr,
    /// Any other.
    Other(Box<str>),
}

impl StreamName {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stdin => "stdin",
            Self::PromptResponse => "pr",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Other(name) => name,
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "stdin" => Self::Stdin,
            "pr" => Self::PromptResponse,
            "stdout" => Self::Stdout,
            "stderr" => Self::Stderr,
            other => Self::Other(other.into()),
        }
    }
}

/// A piece of a stream (MS-WSMV 2.2.4.39).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Which stream.
    pub name: StreamName,
    /// The command it belongs to; `None` is the shell, which is the runspace pool.
    pub command: Option<CommandId>,
    /// Whether the sender says that no more follows. PowerShell does not use it.
    pub end: bool,
    /// Fragments, decoded from base64.
    pub data: Bytes,
}

impl Stream {
    /// A piece that is not the last.
    #[must_use]
    pub fn new(name: StreamName, command: Option<CommandId>, data: Bytes) -> Self {
        Self {
            name,
            command,
            end: false,
            data,
        }
    }
}

/// Reads a stream, as Send and ReceiveResponse have it.
pub(crate) fn read(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<Stream, Error> {
    Ok(Stream {
        name: StreamName::of(element.attribute("Name")?.unwrap_or_default().trim_ascii()),
        command: command_id(element)?,
        end: element.attribute("End")?.is_some_and(|v| truth(&v)),
        data: xml.base64("Stream")?,
    })
}

/// The command that an element names; an empty name is none.
pub(crate) fn command_id(element: &Element<'_>) -> Result<Option<CommandId>, Error> {
    let id = element.attribute("CommandId")?;
    Ok(id
        .filter(|id| !id.trim_ascii().is_empty())
        .map(|id| CommandId::new(id.trim_ascii())))
}

/// A boolean, as XML Schema and Windows write it.
pub(crate) fn truth(value: &str) -> bool {
    value.trim_ascii() == "1" || value.trim_ascii().eq_ignore_ascii_case("true")
}

/// Writes a stream.
pub(crate) fn write(w: &mut Writer, stream: &Stream) {
    w.raw("<rsp:Stream");
    w.attribute("Name", stream.name.as_str());
    if let Some(id) = &stream.command {
        w.attribute("CommandId", id.as_str());
    }
    if stream.end {
        w.raw(" End=\"true\"");
    }
    w.raw(">");
    w.base64(&stream.data);
    w.raw("</rsp:Stream>");
}

/// Writes an element of PowerShell's own that holds fragments.
pub(crate) fn powershell(w: &mut Writer, name: &str, fragments: &[u8]) {
    w.raw("<");
    w.raw(name);
    w.attribute("xmlns", POWERSHELL);
    w.raw(">");
    w.base64(fragments);
    w.raw("</");
    w.raw(name);
    w.raw(">");
}
