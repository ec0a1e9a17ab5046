//! The kinds of operations, and the actions that name them.

use crate::names::{ENUMERATION, SHELL, TRANSFER};

/// The kind of an [`Operation`](crate::Operation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they are the names of the operations")]
pub enum Verb {
    Create,
    Command,
    Send,
    Receive,
    Signal,
    Delete,
    Disconnect,
    Reconnect,
    Connect,
    Get,
    Enumerate,
    Pull,
    Identify,
}

impl Verb {
    pub(crate) const ALL: [Self; 12] = [
        Self::Create,
        Self::Command,
        Self::Send,
        Self::Receive,
        Self::Signal,
        Self::Delete,
        Self::Disconnect,
        Self::Reconnect,
        Self::Connect,
        Self::Get,
        Self::Enumerate,
        Self::Pull,
    ];

    /// The verb's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Command => "Command",
            Self::Send => "Send",
            Self::Receive => "Receive",
            Self::Signal => "Signal",
            Self::Delete => "Delete",
            Self::Disconnect => "Disconnect",
            Self::Reconnect => "Reconnect",
            Self::Connect => "Connect",
            Self::Get => "Get",
            Self::Enumerate => "Enumerate",
            Self::Pull => "Pull",
            Self::Identify => "Identify",
        }
    }

    /// The namespace that begins the verb's action; Identify has no action.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Create | Self::Delete | Self::Get => TRANSFER,
            Self::Enumerate | Self::Pull => ENUMERATION,
            Self::Command
            | Self::Send
            | Self::Receive
            | Self::Signal
            | Self::Disconnect
            | Self::Reconnect
            | Self::Connect => SHELL,
            Self::Identify => "",
        }
    }

    /// The action of a request.
    #[must_use]
    pub fn action(self) -> String {
        format!("{}/{}", self.namespace(), self.name())
    }

    /// The action of an answer.
    #[must_use]
    pub fn response_action(self) -> String {
        format!("{}/{}Response", self.namespace(), self.name())
    }
}
