//! What helps against a fault.

use std::time::Duration;

use super::{Fault, FaultKind};
use crate::Verb;

/// Whose limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The account's.
    Admin,
    /// The organization's.
    Organization,
    /// The service's, for all accounts.
    Service,
}

/// What to do about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cure {
    /// Send the same Receive again at once: nothing was lost.
    Repost,
    /// Send the same again after so long at the least, and longer each time.
    RetryAfter(Duration),
    /// Wait until a slot of that scope is free; do not retry fast.
    Queue(Scope),
    /// The shell is gone: what it held is lost, open another.
    Reopen,
    /// The command is gone: it has ended, or was ended.
    Finished,
    /// The operation may have taken place: look before anything else, and never repeat what may have run.
    Look,
    /// The shell is there but disconnected: Reconnect, then Receive.
    Reconnect,
    /// The shell belongs to another client session, or ours is no longer known: Connect, or give it up.
    Connect,
    /// Follow the redirect, if it is allowed.
    Redirect,
    /// Send less in one message.
    Smaller,
    /// Have fewer operations under way at once.
    Fewer,
    /// Replace the shell by a new one between two pipelines.
    Recycle,
    /// Log on anew; sending the same secret again may lock the account.
    LogOn,
    /// Nothing helps: tell the user.
    GiveUp,
}

/// The least wait where the service names none.
const SHORT: Duration = Duration::from_secs(1);
/// The least wait after a quota where the service names none.
const LONG: Duration = Duration::from_secs(5);

impl Fault {
    /// What to do, given what was asked: `verb`, and whether it was asked of a command rather than of the shell.
    #[must_use]
    pub fn cure(&self, verb: Verb, of_command: bool) -> Cure {
        let wait = |least: Duration| Cure::RetryAfter(self.wait.unwrap_or(least));
        match self.kind {
            FaultKind::TimedOut | FaultKind::NetworkTimeout if verb == Verb::Receive => Cure::Repost,
            FaultKind::TimedOut | FaultKind::NetworkTimeout => Cure::Look,
            FaultKind::NotFound if of_command && !self.names_shell() => Cure::Finished,
            FaultKind::NotFound => Cure::Reopen,
            FaultKind::ShellsPerUser => Cure::Queue(Scope::Admin),
            FaultKind::ShellsPerTenant => Cure::Queue(Scope::Organization),
            FaultKind::ShellsPerService => Cure::Queue(Scope::Service),
            FaultKind::CreationRate | FaultKind::RequestRate | FaultKind::NotInitialized => wait(SHORT),
            FaultKind::Quota => wait(LONG),
            FaultKind::Operations => Cure::Fewer,
            FaultKind::CommandsPerShell => Cure::Recycle,
            FaultKind::EnvelopeTooLarge => Cure::Smaller,
            // An expired token shows as "access is denied" in a shell that was opened with it; what looks around on the
            // service is refused to most accounts anyway.
            FaultKind::AccessDenied => match verb {
                Verb::Create | Verb::Get | Verb::Enumerate | Verb::Pull | Verb::Identify => Cure::GiveUp,
                _ => Cure::LogOn,
            },
            FaultKind::LogonFailure | FaultKind::NoLogonSession => Cure::LogOn,
            FaultKind::Redirected => Cure::Redirect,
            FaultKind::SessionMismatch if verb == Verb::Reconnect => Cure::Connect,
            FaultKind::Unavailable | FaultKind::Aborted | FaultKind::ConnectInvalid | FaultKind::SessionMismatch => {
                // Exactly the set that PowerShell retries, and only Create: others may have taken effect.
                match verb {
                    Verb::Create => wait(SHORT),
                    Verb::Receive if self.kind == FaultKind::Unavailable => wait(SHORT),
                    _ => Cure::Look,
                }
            }
            FaultKind::Disconnected => Cure::Reconnect,
            FaultKind::InUse => Cure::Connect,
            FaultKind::NoLogonServer
            | FaultKind::UnknownResource
            | FaultKind::RemoteDisallowed
            | FaultKind::RedirectInvalid
            | FaultKind::SessionIdMissing
            | FaultKind::RunAsFailed
            | FaultKind::ProtocolVersion
            | FaultKind::AlreadyExists
            | FaultKind::Invalid
            | FaultKind::Provider
            | FaultKind::Unknown => Cure::GiveUp,
        }
    }

    /// Whether a [`FaultKind::NotFound`] is about the shell even where a command was asked for.
    #[must_use]
    pub fn names_shell(&self) -> bool {
        let category = self.exchange.as_ref().and_then(|e| e.category.as_deref());
        category.is_some_and(|c| c.ends_with("InvalidShellID")) || self.message.contains("the shell was not found")
    }
}
