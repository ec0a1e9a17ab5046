//! What can be asked of a service (MS-WSMV 3.1.4, protocol.md 5 to 11).

use std::time::Duration;

use bytes::Bytes;

use crate::{CommandId, ShellId, Stream, StreamName, Verb};

/// An operation, without its addressing: the same value on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Opens a shell.
    Create(Create),
    /// Starts a command.
    Command(Command),
    /// Feeds streams.
    Send(Send),
    /// Waits for output.
    Receive(Receive),
    /// Stops or ends a command.
    Signal(Signal),
    /// Closes the shell and frees its slot.
    Delete,
    /// Lets go of the shell, which lives on.
    Disconnect(Disconnect),
    /// Takes the shell (`None`) or a command up again under the same `SessionId`.
    Reconnect(Option<CommandId>),
    /// Takes the shell or a command up as a new client.
    Connect(Connect),
    /// Describes the shell.
    Get,
    /// Reads the service's configuration. Tenants refuse it, and so does Windows to those who do not administer it.
    Config,
    /// Lists shells, or the commands of one.
    Enumerate(Enumerate),
    /// Continues a listing.
    Pull(Pull),
    /// Asks what the service is, without any header.
    Identify,
}

/// An option that is sent in the header's option set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue {
    /// Its name.
    pub name: Box<str>,
    /// Its value.
    pub value: Box<str>,
    /// Whether a server that does not know it must refuse.
    pub must_comply: bool,
}

/// Opens a shell (protocol.md 5, MS-WSMV 3.1.4.5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// The shell's id, chosen by the client: only so can the shell be disconnected, or found when no answer came.
    pub shell_id: Option<ShellId>,
    /// A name for people.
    pub name: Option<String>,
    /// The streams that the client feeds.
    pub input_streams: String,
    /// The streams that the server fills.
    pub output_streams: String,
    /// How long the shell may idle; the server decides, see [`Shell::idle_timeout`](crate::Shell::idle_timeout).
    pub idle_timeout: Option<Duration>,
    /// The PSRP version of the option `protocolversion`.
    pub protocol: Option<String>,
    /// Do without the user's profile on the server (`WINRS_NOPROFILE`).
    pub no_profile: bool,
    /// Fragments of SESSION_CAPABILITY and INIT_RUNSPACEPOOL, as many as fit.
    pub creation: Bytes,
    /// The compression that a client asks for (protocol.md 20). We never ask, and a server may refuse it.
    pub compression: Option<String>,
}

impl Create {
    /// A runspace pool under the id `shell_id`, protocol 2.3.
    #[must_use]
    pub fn new(shell_id: ShellId, creation: Bytes) -> Self {
        Self {
            shell_id: Some(shell_id),
            name: None,
            input_streams: "stdin pr".to_owned(),
            output_streams: "stdout".to_owned(),
            idle_timeout: None,
            protocol: Some("2.3".to_owned()),
            no_profile: false,
            creation,
            compression: None,
        }
    }
}

/// Starts a command, which is a pipeline (protocol.md 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The command's id, chosen by the client.
    pub id: Option<CommandId>,
    /// What people see of the command on the server: a blank, or the script's first 256 characters.
    pub text: String,
    /// The first fragment, alone; the rest goes by [`Send`].
    pub arguments: Bytes,
}

impl Command {
    /// A pipeline whose text is blank.
    #[must_use]
    pub fn new(id: CommandId, arguments: Bytes) -> Self {
        Self {
            id: Some(id),
            text: " ".to_owned(),
            arguments,
        }
    }

    /// The text as PowerShell cuts it: whole up to 256 UTF-16 units, else the first 255; a blank when empty.
    #[must_use]
    pub fn with_text(mut self, script: &str) -> Self {
        let mut units = 0;
        let mut cut = script.len();
        for (at, c) in script.char_indices() {
            if units + c.len_utf16() > 255 && cut == script.len() {
                cut = at;
            }
            units += c.len_utf16();
            if units > 256 {
                break;
            }
        }
        let text = if units > 256 { &script[..cut] } else { script };
        self.text = if text.is_empty() {
            " ".to_owned()
        } else {
            text.to_owned()
        };
        self
    }
}

/// Feeds streams (protocol.md 7). One outstanding per shell keeps fragments in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// What is fed; we send one at a time, a server reads any number.
    pub streams: Vec<Stream>,
}

impl Send {
    /// Feeds `stdin` of `command`, or of the pool.
    #[must_use]
    pub fn stdin(command: Option<CommandId>, data: Bytes) -> Self {
        Self {
            streams: vec![Stream::new(StreamName::Stdin, command, data)],
        }
    }

    /// Feeds `pr`, where host responses go and nothing else.
    #[must_use]
    pub fn prompt_response(command: Option<CommandId>, data: Bytes) -> Self {
        Self {
            streams: vec![Stream::new(StreamName::PromptResponse, command, data)],
        }
    }
}

/// Waits for output (protocol.md 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receive {
    /// The command; `None` is the pool.
    pub command: Option<CommandId>,
    /// The streams wanted, separated by blanks.
    pub streams: String,
    /// Ask the server to keep a long wait alive (`WSMAN_CMDSHELL_OPTION_KEEPALIVE`).
    pub keep_alive: bool,
}

impl Receive {
    /// Waits for `stdout` of `command`, or of the pool.
    #[must_use]
    pub fn new(command: Option<CommandId>) -> Self {
        Self {
            command,
            streams: "stdout".to_owned(),
            keep_alive: true,
        }
    }
}

/// Stops or ends a command (protocol.md 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The command; PSRP never signals the shell itself.
    pub command: Option<CommandId>,
    /// What to do.
    pub code: SignalCode,
}

/// What a [`Signal`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalCode {
    /// Ends the command and frees what it holds; sent after every pipeline.
    Terminate,
    /// Stops the pipeline, which then reports Stopped.
    Stop,
    /// Any other code. PowerShell's plug-in takes it for [`SignalCode::Terminate`].
    Other(Box<str>),
}

/// Lets go of a shell (protocol.md 11). It keeps its slot until it idles out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Disconnect {
    /// How long it may idle now.
    pub idle_timeout: Option<Duration>,
    /// What happens to output meanwhile.
    pub buffer_mode: Option<BufferMode>,
}

/// What a server does with output that nobody fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BufferMode {
    /// It waits when its buffer is full.
    Block,
    /// It drops the oldest.
    Drop,
}

/// Takes up a shell, or one of its commands, as a new client (protocol.md 11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The running command to attach to; `None` is the shell.
    pub command: Option<CommandId>,
    /// The PSRP version of the option `protocolversion`.
    pub protocol: Option<String>,
    /// Fragments of SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL; nothing for a command.
    pub connect: Option<Bytes>,
}

/// Lists shells or commands (protocol.md 11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enumerate {
    /// The shell whose commands are wanted; `None` lists shells.
    pub commands_of: Option<ShellId>,
    /// The most items in the first answer; `None` asks for an enumeration without items.
    pub max_elements: Option<u32>,
}

impl Enumerate {
    /// Lists the shells of this account, as many as PowerShell asks for.
    #[must_use]
    pub fn shells() -> Self {
        Self {
            commands_of: None,
            max_elements: Some(32_000),
        }
    }

    /// Lists the commands of a shell.
    #[must_use]
    pub fn commands(shell: ShellId) -> Self {
        Self {
            commands_of: Some(shell),
            max_elements: Some(32_000),
        }
    }
}

/// Continues a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The context that the last answer gave.
    pub context: String,
    /// Whether the listing is one of commands.
    pub commands: bool,
    /// The most items in the answer.
    pub max_elements: Option<u32>,
}

impl Operation {
    /// Its kind.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::Create(_) => Verb::Create,
            Self::Command(_) => Verb::Command,
            Self::Send(_) => Verb::Send,
            Self::Receive(_) => Verb::Receive,
            Self::Signal(_) => Verb::Signal,
            Self::Delete => Verb::Delete,
            Self::Disconnect(_) => Verb::Disconnect,
            Self::Reconnect(_) => Verb::Reconnect,
            Self::Connect(_) => Verb::Connect,
            Self::Get | Self::Config => Verb::Get,
            Self::Enumerate(_) => Verb::Enumerate,
            Self::Pull(_) => Verb::Pull,
            Self::Identify => Verb::Identify,
        }
    }

    /// The command that it concerns, if any.
    #[must_use]
    pub fn command(&self) -> Option<&CommandId> {
        match self {
            Self::Command(command) => command.id.as_ref(),
            Self::Send(send) => send.streams.first().and_then(|s| s.command.as_ref()),
            Self::Receive(receive) => receive.command.as_ref(),
            Self::Signal(signal) => signal.command.as_ref(),
            Self::Reconnect(command) => command.as_ref(),
            Self::Connect(connect) => connect.command.as_ref(),
            Self::Create(_)
            | Self::Delete
            | Self::Disconnect(_)
            | Self::Get
            | Self::Config
            | Self::Enumerate(_)
            | Self::Pull(_)
            | Self::Identify => None,
        }
    }
}
