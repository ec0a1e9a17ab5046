//! A fault: what the service says went wrong (MS-WSMV 2.2.4.43, protocol.md 13).

mod cure;
mod exchange;
mod kind;
mod text;

use std::time::Duration;

pub use cure::{Cure, Scope};
pub use exchange::{Budget, Count, Exchange};
pub use kind::FaultKind;

use crate::ShellId;

/// A fault. Its kind comes from the number; the text is kept, since tenants put the useful part there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number of the innermost WSManFault: a DWORD, which PowerShell shows as a negative number. A front end's
    /// HTTP status has none.
    pub code: Option<u32>,
    /// What it means.
    pub kind: FaultKind,
    /// Whether the request is to blame (`s:Sender`) rather than the server (`s:Receiver`).
    pub sender: bool,
    /// The subcode without its prefix: `TimedOut`, `InvalidSelectors`, `QuotaLimit` and so on.
    pub subcode: Option<String>,
    /// The last part of the `FaultDetail` URI: `UnexpectedSelectors` and so on.
    pub detail: Option<String>,
    /// SOAP's reason.
    pub reason: String,
    /// The innermost message, or the reason where there is none. Print this.
    pub message: String,
    /// The machine that says so.
    pub machine: Option<String>,
    /// The provider that says so, such as `Shell provider` or the PowerShell plug-in.
    pub provider: Option<String>,
    /// How long the service asks to wait: `Please wait for 2 seconds`, `not approved for at least 1500 milliseconds`.
    pub wait: Option<Duration>,
    /// The limit that was reached, where the text tells it: `a maximum number of 3 concurrent shells`.
    pub limit: Option<u32>,
    /// The protocol version that the server speaks, where versions do not match (PSProtocolVersionError).
    pub server_protocol: Option<String>,
    /// What Exchange puts before and after its text.
    pub exchange: Option<Box<Exchange>>,
}

impl Fault {
    /// A fault to answer with, whose message is its reason.
    #[must_use]
    pub fn new(kind: FaultKind, code: u32, subcode: &str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            code: Some(code),
            kind,
            sender: true,
            subcode: Some(subcode.to_owned()),
            detail: None,
            message: reason.clone(),
            reason,
            machine: None,
            provider: None,
            wait: None,
            limit: None,
            server_protocol: None,
            exchange: None,
        }
    }

    /// Judges what was read: the kind by number, then by text, and what the text tells beside.
    pub(crate) fn judge(mut self) -> Self {
        let text = text::Facts::of(&self.message);
        self.wait = text.wait;
        self.limit = text.limit;
        self.server_protocol = self.server_protocol.or(text.server_protocol);
        self.exchange = Exchange::parse(&self.message).map(Box::new);
        self.kind = FaultKind::judge(self.code, self.subcode.as_deref(), text.kind, self.exchange.as_deref());
        self
    }

    /// The fault that an HTTP status stands for when no SOAP came with it (protocol.md 2).
    ///
    /// `text` is the body where it is plain text: Exchange's front end writes its `[FailureCategory=...]` there.
    /// `retry_after` is the header of that name. `None` for a status that is no failure.
    #[must_use]
    pub fn from_status(status: u16, retry_after: Option<Duration>, text: &str) -> Option<Self> {
        let kind = FaultKind::from_status(status)?;
        let text = text.trim();
        let reason = if text.is_empty() {
            format!("HTTP status {status}")
        } else {
            text.to_owned()
        };
        let mut fault = Self {
            code: None,
            sender: status < 500,
            subcode: None,
            ..Self::new(kind, 0, "", reason)
        }
        .judge();
        if fault.kind == FaultKind::Unknown {
            fault.kind = kind;
        }
        fault.wait = fault.wait.or(retry_after);
        Some(fault)
    }

    /// The number in the way of PowerShell's error ids, such as -2144108453.
    #[must_use]
    pub fn signed_code(&self) -> Option<i32> {
        self.code.map(u32::cast_signed)
    }

    /// A Receive waited for its whole OperationTimeout.
    #[must_use]
    pub fn timed_out() -> Self {
        let reason =
            "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.";
        Self {
            sender: false,
            ..Self::new(FaultKind::TimedOut, 2_150_858_793, "TimedOut", reason)
        }
    }

    /// There is no such shell.
    #[must_use]
    pub fn shell_not_found(shell: &ShellId) -> Self {
        let message = format!(
            "The request for the Windows Remote Shell with ShellId {shell} failed because the shell was not found on \
             the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the \
             server. Provide the correct ShellId or create a new shell and retry the operation."
        );
        Self {
            message,
            ..Self::bad_selectors()
        }
    }

    /// There is no such command.
    #[must_use]
    pub fn command_not_found() -> Self {
        let message = "The Windows Remote Shell received a request to perform an operation on a command identifier \
                       that does not exist. Either the command has completed execution or the client specified an \
                       invalid command identifier.";
        Self {
            message: message.to_owned(),
            ..Self::bad_selectors()
        }
    }

    fn bad_selectors() -> Self {
        let reason = "The WS-Management service cannot process the request because the request contained invalid \
                      selectors for the resource.";
        let fault = Self::new(FaultKind::NotFound, 2_150_858_843, "InvalidSelectors", reason);
        Self {
            detail: Some("UnexpectedSelectors".to_owned()),
            ..fault
        }
    }

    /// The account has as many shells as it may (Skype's and WinRM's words).
    #[must_use]
    pub fn shells_of_user(limit: u32) -> Self {
        let reason = format!(
            "The WS-Management service cannot process the request. This user is allowed a maximum number of {limit} \
             concurrent shells, which has been exceeded. Close existing shells or raise the quota for this user."
        );
        let fault = Self::new(FaultKind::ShellsPerUser, 2_150_859_173, "QuotaLimit", reason);
        Self {
            limit: Some(limit),
            ..fault
        }
    }

    /// The organization has as many shells as it may (Skype's words).
    #[must_use]
    pub fn shells_of_tenant() -> Self {
        let reason = "The WS-Management service cannot process the request. The maximum number of concurrent shells \
                      for this tenant has been exceeded. Close existing shells or raise the quota for this tenant.";
        Self::new(FaultKind::ShellsPerTenant, 2_150_859_173, "QuotaLimit", reason)
    }

    /// The account has as many connections as Exchange allows it (Exchange's words).
    #[must_use]
    pub fn exchange_concurrency(limit: u32) -> Self {
        let reason = format!(
            "[FailureCategory=AuthZ-AuthorizationException] Fail to create a runspace because you have exceeded the \
             maximum number of connections allowed : {limit} for the policy party : MaxConcurrency. Please close \
             existing runspace and try again."
        );
        Self::new(FaultKind::ShellsPerUser, 2_150_858_819, "InternalError", reason).judge()
    }

    /// The log-on is not allowed to do this.
    #[must_use]
    pub fn access_denied() -> Self {
        Self::new(FaultKind::AccessDenied, 5, "AccessDenied", "Access is denied.")
    }

    /// The operation was given up because the shell or the command was closed meanwhile.
    #[must_use]
    pub fn aborted() -> Self {
        let reason = "The I/O operation has been aborted because of either a thread exit or an application request.";
        Self {
            sender: false,
            ..Self::new(FaultKind::Aborted, 995, "InternalError", reason)
        }
    }

    /// The shell is disconnected.
    #[must_use]
    pub fn disconnected() -> Self {
        let reason =
            "The WS-Management service cannot process the request because the stream is currently disconnected.";
        Self {
            sender: false,
            ..Self::new(FaultKind::Disconnected, 2_150_859_230, "InternalError", reason)
        }
    }

    /// There is no such configuration.
    #[must_use]
    pub fn unknown_resource(uri: &str) -> Self {
        let reason = format!(
            "The WS-Management service cannot process the request. The resource URI ({uri}) was not found in the \
             WS-Management catalog."
        );
        let fault = Self::new(
            FaultKind::UnknownResource,
            2_150_858_752,
            "DestinationUnreachable",
            reason,
        );
        Self {
            detail: Some("InvalidResourceURI".to_owned()),
            ..fault
        }
    }
}
