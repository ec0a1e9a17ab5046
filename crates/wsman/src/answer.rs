//! What a service answers.

use std::time::Duration;

use bytes::Bytes;

use crate::{BufferMode, CommandId, Fault, ShellId, Stream, Verb};

/// The answer to an operation, or a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To Create.
    Created(Box<Created>),
    /// To Command: the id under which the command runs.
    Started(CommandId),
    /// To Send.
    Sent,
    /// To Receive.
    Received(Received),
    /// To Signal.
    Signalled,
    /// To Delete: the slot is free.
    Deleted,
    /// To Disconnect.
    Disconnected,
    /// To Reconnect.
    Reconnected,
    /// To Connect: fragments of SESSION_CAPABILITY and RUNSPACEPOOL_INIT_DATA; none for a command.
    Connected(Bytes),
    /// To Get on a shell.
    Described(Box<Shell>),
    /// To Get on the configuration.
    Configured(Config),
    /// To Enumerate and Pull.
    Listed(Page),
    /// To Identify.
    Identified(Identity),
    /// To anything.
    Fault(Box<Fault>),
}

impl Answer {
    /// The verb that it answers; Enumerate for a page, and `None` for a fault.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        Some(match self {
            Self::Created(_) => Verb::Create,
            Self::Started(_) => Verb::Command,
            Self::Sent => Verb::Send,
            Self::Received(_) => Verb::Receive,
            Self::Signalled => Verb::Signal,
            Self::Deleted => Verb::Delete,
            Self::Disconnected => Verb::Disconnect,
            Self::Reconnected => Verb::Reconnect,
            Self::Connected(_) => Verb::Connect,
            Self::Described(_) | Self::Configured(_) => Verb::Get,
            Self::Listed(page) if page.pulled => Verb::Pull,
            Self::Listed(_) => Verb::Enumerate,
            Self::Identified(_) => Verb::Identify,
            Self::Fault(_) => return None,
        })
    }
}

/// A shell was opened. It is not yet Opened in PSRP's sense (protocol.md 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// To be used from now on.
    pub resource_uri: String,
    /// To be used from now on.
    pub shell_id: ShellId,
    /// What the server says about the shell; a 2.1 server says nothing.
    pub shell: Option<Shell>,
}

/// A shell as the service describes it (MS-WSMV 2.2.4.37).
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the elements of the shell's description")]
pub struct Shell {
    pub shell_id: ShellId,
    pub name: Option<String>,
    pub resource_uri: Option<String>,
    pub owner: Option<String>,
    pub client_ip: Option<String>,
    pub process_id: Option<u32>,
    /// After how long without a request the server closes the shell.
    pub idle_timeout: Option<Duration>,
    /// The most that a client may ask for.
    pub max_idle_timeout: Option<Duration>,
    pub input_streams: Option<String>,
    pub output_streams: Option<String>,
    pub locale: Option<String>,
    pub data_locale: Option<String>,
    pub compression_mode: Option<String>,
    pub profile_loaded: Option<String>,
    pub encoding: Option<String>,
    pub buffer_mode: Option<BufferMode>,
    pub state: Option<ShellState>,
    pub run_time: Option<Duration>,
    pub inactivity: Option<Duration>,
    pub memory_used: Option<String>,
    pub child_processes: Option<u32>,
}

impl Shell {
    /// A shell of which nothing is known but its id.
    #[must_use]
    pub fn new(shell_id: ShellId) -> Self {
        Self {
            shell_id,
            name: None,
            resource_uri: None,
            owner: None,
            client_ip: None,
            process_id: None,
            idle_timeout: None,
            max_idle_timeout: None,
            input_streams: None,
            output_streams: None,
            locale: None,
            data_locale: None,
            compression_mode: None,
            profile_loaded: None,
            encoding: None,
            buffer_mode: None,
            state: None,
            run_time: None,
            inactivity: None,
            memory_used: None,
            child_processes: None,
        }
    }
}

/// Whether a client holds a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellState {
    /// One does.
    Connected,
    /// None does; it still takes its slot.
    Disconnected,
    /// Any other word.
    Other(Box<str>),
}

/// Output (MS-WSMV 2.2.4.28). An empty one is not the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// In the order of the document.
    pub streams: Vec<Stream>,
    /// The command's state, if it was told.
    pub status: Option<CommandStatus>,
}

/// The state of a command (MS-WSMV 2.2.4.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandStatus {
    /// The command.
    pub command: Option<CommandId>,
    /// Its state.
    pub state: CommandState,
    /// Its exit code.
    pub exit_code: Option<i32>,
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandState {
    /// It waits for something, such as the answer to a host call.
    Pending,
    /// It runs.
    Running,
    /// No more data will come: send Terminate.
    Done,
    /// Any other state.
    Other(Box<str>),
}

/// Items of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// What to pull with for the next page; `None` when there is none.
    pub context: Option<String>,
    /// Whether it answers Pull rather than Enumerate.
    pub pulled: bool,
}

/// An item of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A shell.
    Shell(Box<Shell>),
    /// A command.
    Command(CommandItem),
}

/// A command in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandItem {
    /// The command.
    pub command_id: CommandId,
    /// Its shell.
    pub shell_id: Option<ShellId>,
    /// Its state.
    pub state: Option<String>,
    /// Its text.
    pub text: Option<String>,
}

/// The part of the service's configuration that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// The largest envelope, in bytes (`MaxEnvelopeSizekb` times 1024).
    pub max_envelope_size: u32,
}

/// What the service is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are the elements of the answer")]
pub struct Identity {
    pub protocol_version: Option<String>,
    pub product_vendor: Option<String>,
    pub product_version: Option<String>,
}
