//! What the numbers mean: the table of protocol.md 13, whole.

use super::exchange::Exchange;

/// What a fault means, as far as a client acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The operation took longer than its OperationTimeout; normal for a Receive.
    TimedOut,
    /// The shell or the command is not there (unexpected selectors).
    NotFound,
    /// The account has as many shells as it may.
    ShellsPerUser,
    /// The organization has as many shells as it may.
    ShellsPerTenant,
    /// The service has as many shells, or users with shells, as it takes.
    ShellsPerService,
    /// Shells are opened too quickly: Exchange counts creations in a minute.
    CreationRate,
    /// The account has too many operations under way at once.
    Operations,
    /// The shell has too many commands that were not ended.
    CommandsPerShell,
    /// Requests come too quickly, by account or in all.
    RequestRate,
    /// A quota that is not one of the others.
    Quota,
    /// The envelope, or the one that would be answered, is too large.
    EnvelopeTooLarge,
    /// The account may not do this.
    AccessDenied,
    /// The account's name or secret is wrong.
    LogonFailure,
    /// No server could be found that checks the log-on.
    NoLogonServer,
    /// The log-on has ended, or its token is too old.
    NoLogonSession,
    /// There is no such configuration.
    UnknownResource,
    /// The service lets nobody open shells from elsewhere.
    RemoteDisallowed,
    /// The service is elsewhere; over HTTP that is a 302 instead.
    Redirected,
    /// The service is elsewhere, but where to is not said, not valid, or not allowed.
    RedirectInvalid,
    /// The destination cannot be reached just now: connection, 404, 503, 500, RPC.
    Unavailable,
    /// The operation was given up, for instance because the shell was closed.
    Aborted,
    /// Connect or Reconnect does not fit the shell's state.
    ConnectInvalid,
    /// The protocol's session does not match the shell's.
    SessionMismatch,
    /// A request lacked the `SessionId` that the shell was created with.
    SessionIdMissing,
    /// The network went quiet for longer than the client's stack waits.
    NetworkTimeout,
    /// The shell is not ready yet.
    NotInitialized,
    /// Another client holds the shell.
    InUse,
    /// The service disconnected the shell.
    Disconnected,
    /// The account that the configuration runs as could not log on.
    RunAsFailed,
    /// The server speaks another version of PSRP; see [`Fault::server_protocol`](super::Fault::server_protocol).
    ProtocolVersion,
    /// A shell of that id is there already.
    AlreadyExists,
    /// The request is wrong in itself.
    Invalid,
    /// The provider behind the service failed, in its own words.
    Provider,
    /// Any other number, or none.
    Unknown,
}

impl FaultKind {
    /// The kind of a number, or `None` if the number is not in the table. HRESULTs of Windows errors count as those.
    #[must_use]
    pub fn of(code: u32) -> Option<Self> {
        let code = if code >> 16 == 0x8007 { code & 0xffff } else { code };
        Some(match code {
            2_150_858_793 => Self::TimedOut,
            2_150_858_843 => Self::NotFound,
            2_150_859_173 => Self::ShellsPerUser,
            2_150_859_236 => Self::ShellsPerUser,
            2_150_859_237 | 2_150_859_238 | 2_150_859_179 => Self::ShellsPerService,
            2_150_859_174 | 2_150_859_239 | 2_150_859_240 => Self::Operations,
            2_150_859_241 => Self::CommandsPerShell,
            2_150_859_175 | 2_150_859_176 => Self::RequestRate,
            2_150_858_815 | 2_150_859_242 => Self::Quota,
            2_150_858_790 | 2_150_858_823 | 2_150_858_824 | 2_150_858_825 | 2_150_859_025 => Self::EnvelopeTooLarge,
            5 => Self::AccessDenied,
            1326 | 2_150_858_806 => Self::LogonFailure,
            1311 => Self::NoLogonServer,
            1312 => Self::NoLogonSession,
            2_150_858_811 | 2_150_858_754 | 2_150_858_752 => Self::UnknownResource,
            2_150_859_180 | 2_150_859_235 => Self::RemoteDisallowed,
            2_150_859_161 => Self::Redirected,
            2_150_859_178 | 2_150_859_189 | 2_150_859_190 | 2_150_859_191 | 2_150_859_024 => Self::RedirectInvalid,
            2_150_858_770 | 2_150_859_027 | 2_150_859_026 | 2_150_859_120 | 1722 => Self::Unavailable,
            995 => Self::Aborted,
            2_150_859_216 => Self::ConnectInvalid,
            2_150_859_206 => Self::SessionMismatch,
            2_150_859_023 => Self::SessionIdMissing,
            2_150_859_046 => Self::NetworkTimeout,
            2_150_859_118 => Self::NotInitialized,
            2_150_859_213 => Self::InUse,
            2_150_859_230 => Self::Disconnected,
            2_150_859_231 | 2_150_859_203 | 2_150_859_261 => Self::RunAsFailed,
            2_152_992_672 | 2_152_991_685 => Self::ProtocolVersion,
            2_150_858_803 => Self::AlreadyExists,
            87 | 2_150_858_753 | 2_150_858_767 | 2_150_858_771 | 2_150_858_791 | 2_150_858_810 | 2_150_858_817
            | 2_150_858_845 => Self::Invalid,
            2 | 2_150_858_755 => Self::Provider,
            _ => return None,
        })
    }

    /// The kind of a status without SOAP, or `None` if it is no failure.
    pub(crate) fn from_status(status: u16) -> Option<Self> {
        Some(match status {
            0..=299 => return None,
            301 | 302 | 303 | 307 | 308 => Self::Redirected,
            401 | 407 => Self::LogonFailure,
            403 => Self::AccessDenied,
            413 => Self::EnvelopeTooLarge,
            429 => Self::RequestRate,
            404 | 408 | 500..=599 => Self::Unavailable,
            _ => Self::Invalid,
        })
    }

    /// Number first, text as a fallback.
    ///
    /// Two exceptions, both because services use one number for several things: a shell quota may be the
    /// organization's, and a number that says no more than "refused" (access denied, invalid XML, provider failure)
    /// is what Exchange gives for everything, with the truth in its text.
    pub(super) fn judge(
        code: Option<u32>,
        subcode: Option<&str>,
        text: Option<Self>,
        exchange: Option<&Exchange>,
    ) -> Self {
        let known = code.and_then(Self::of);
        match (known, text) {
            (Some(Self::ShellsPerUser), Some(Self::ShellsPerTenant)) => Self::ShellsPerTenant,
            (Some(Self::AccessDenied | Self::Provider | Self::Invalid | Self::Quota), Some(text)) => text,
            (Some(known), _) => known,
            (None, Some(text)) => text,
            (None, None) => exchange
                .and_then(Self::of_category)
                .or_else(|| subcode.and_then(Self::of_subcode))
                .unwrap_or(Self::Unknown),
        }
    }

    /// What Exchange's category says when nothing else does.
    fn of_category(exchange: &Exchange) -> Option<Self> {
        let category = exchange.category.as_deref()?;
        let (module, reason) = category.split_once('-').unwrap_or(("", category));
        Some(match (module, reason) {
            (_, "InvalidShellID") => Self::NotFound,
            ("Cafe", _) => Self::Unavailable,
            ("AuthZ", _) => Self::AccessDenied,
            ("Authentication" | "LiveID" | "RPSAuth", _) => Self::LogonFailure,
            _ => return None,
        })
    }

    /// What SOAP's subcode says when nothing else does (DSP0226).
    fn of_subcode(subcode: &str) -> Option<Self> {
        Some(match subcode {
            "TimedOut" => Self::TimedOut,
            "InvalidSelectors" => Self::NotFound,
            "QuotaLimit" => Self::Quota,
            "EncodingLimit" => Self::EnvelopeTooLarge,
            "AccessDenied" => Self::AccessDenied,
            "DestinationUnreachable" | "InvalidResourceURI" => Self::UnknownResource,
            "AlreadyExists" => Self::AlreadyExists,
            "InternalError" => Self::Provider,
            "InvalidParameter" | "SchemaValidationError" | "InvalidMessageInformationHeader" | "ActionNotSupported" => {
                Self::Invalid
            }
            _ => return None,
        })
    }
}
