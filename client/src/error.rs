//! What can go wrong between a client and its daemon.

use prost::Message as _;
use proto::v1::{ErrorDetail, ErrorKind, Waiting};

/// Why a call, or the way to it, failed. [`kind`](Error::kind) is for programs, the text and [`hint`](Error::hint) for
/// people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No daemon runs, and none was to be started.
    #[error("no psleased is running")]
    NotRunning,
    /// Something holds the socket, and does not answer.
    #[error("psleased (pid {pid}) holds {socket} but has not answered for {seconds} s")]
    Wedged {
        /// Its process.
        pid: u32,
        /// Its socket.
        socket: std::path::PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The process behind the socket belongs to somebody else.
    #[error("{socket} belongs to user {uid}, not to you")]
    Foreign {
        /// The socket.
        socket: std::path::PathBuf,
        /// Who listens on it.
        uid: u32,
    },
    /// A daemon was to be started, and did not come up.
    #[error("psleased did not start: {message}")]
    Start {
        /// What it, or the system, said.
        message: String,
        /// The cure; may be empty.
        hint: String,
    },
    /// The two speak different contracts.
    #[error(
        "pslease {ours_version} speaks contract {ours}, but psleased {theirs_version} (pid {pid}, {executable}) speaks \
         {oldest} to {theirs}"
    )]
    Version {
        /// Our contract.
        ours: u32,
        /// Our release.
        ours_version: &'static str,
        /// The daemon's contract.
        theirs: u32,
        /// The oldest one that it still serves.
        oldest: u32,
        /// Its release.
        theirs_version: String,
        /// Its process.
        pid: u32,
        /// The file that it runs from.
        executable: String,
    },
    /// The daemon refused, and said why.
    #[error("{}", .0.message)]
    Refused(Box<ErrorDetail>),
    /// The connection to the daemon broke in the middle.
    #[error("the connection to psleased broke: {0}")]
    Broken(String),
    /// The lease ended before its holder let go of it.
    #[error("lease {lease} has ended: {message}")]
    Ended {
        /// Its number.
        lease: u64,
        /// Why.
        message: String,
        /// The cure; may be empty.
        hint: String,
    },
    /// The user's folders cannot be used.
    #[error(transparent)]
    Place(#[from] place::Error),
}

impl Error {
    /// What it means to a program; the command line makes an exit code of it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotRunning | Self::Wedged { .. } | Self::Foreign { .. } | Self::Start { .. } | Self::Broken(_) => {
                ErrorKind::Stopping
            }
            Self::Version { .. } => ErrorKind::Version,
            Self::Refused(detail) => detail.kind(),
            Self::Ended { .. } => ErrorKind::LeaseLost,
            Self::Place(_) => ErrorKind::Config,
        }
    }

    /// The cure, most often a command; empty where there is none.
    pub fn hint(&self) -> String {
        match self {
            Self::NotRunning => "pslease daemon start".to_owned(),
            Self::Wedged { pid, .. } => {
                format!("kill -9 {pid}   (its books survive, and the next psleased closes what it left open)")
            }
            Self::Foreign { socket, .. } => format!("remove {} and start again", socket.display()),
            Self::Version { ours, theirs, .. } if ours > theirs => {
                "pslease daemon stop   (the next command starts the psleased that came with this pslease)".to_owned()
            }
            Self::Version { executable, .. } => format!("use the pslease that came with {executable}"),
            Self::Refused(detail) => detail.hint.clone(),
            Self::Start { hint, .. } | Self::Ended { hint, .. } => hint.clone(),
            Self::Broken(_) => "pslease daemon status".to_owned(),
            Self::Place(_) => String::new(),
        }
    }

    /// With [`ErrorKind::WouldWait`]: what the caller would have waited for.
    pub fn waiting(&self) -> Option<&Waiting> {
        match self {
            Self::Refused(detail) => detail.waiting.as_ref(),
            _ => None,
        }
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        match ErrorDetail::decode(status.details()) {
            Ok(detail) if detail.kind() != ErrorKind::Unspecified => Self::Refused(Box::new(detail)),
            _ if lost(&status) => Self::Broken(reason(&status)),
            _ => Self::Refused(Box::new(without_detail(&status))),
        }
    }
}

/// What an answer without a detail says: one of tonic's own, or of a daemon that does not know the call.
fn without_detail(status: &tonic::Status) -> ErrorDetail {
    let kind = kind_of(status.code());
    let (message, hint) = match (status.code(), status.message()) {
        (tonic::Code::Unimplemented, _) => (
            "this psleased does not know that call".to_owned(),
            "pslease daemon stop",
        ),
        (code, "") => (format!("psleased answered: {code}"), ""),
        (_, message) => (message.to_owned(), ""),
    };
    ErrorDetail {
        kind: kind.into(),
        message,
        hint: hint.to_owned(),
        ..ErrorDetail::default()
    }
}

/// True where no daemon spoke: the transport made the status up.
fn lost(status: &tonic::Status) -> bool {
    std::error::Error::source(status).is_some() || status.code() == tonic::Code::Unavailable
}

/// The innermost cause, which names the system's error; the outer ones say "transport error".
fn reason(status: &tonic::Status) -> String {
    let mut text = status.message().to_owned();
    let mut source = std::error::Error::source(status);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

/// For an answer without a detail: from the health service, from reflection, from tonic itself.
fn kind_of(code: tonic::Code) -> ErrorKind {
    use tonic::Code;
    match code {
        Code::Cancelled => ErrorKind::Cancelled,
        Code::InvalidArgument | Code::OutOfRange => ErrorKind::Usage,
        Code::DeadlineExceeded => ErrorKind::TimedOut,
        Code::NotFound => ErrorKind::NotFound,
        Code::PermissionDenied => ErrorKind::Denied,
        Code::Unauthenticated => ErrorKind::Auth,
        Code::Unimplemented => ErrorKind::Version,
        Code::Unavailable => ErrorKind::Stopping,
        Code::ResourceExhausted => ErrorKind::WouldWait,
        Code::Ok
        | Code::Unknown
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Internal
        | Code::DataLoss => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_kind_its_words_and_its_cure() {
        let detail = ErrorDetail {
            kind: ErrorKind::Auth.into(),
            message: "litware needs a log-in".into(),
            hint: "pslease login litware".into(),
            ..ErrorDetail::default()
        };
        let status = tonic::Status::with_details(
            tonic::Code::Unauthenticated,
            "something else",
            detail.encode_to_vec().into(),
        );
        let error = Error::from(status);
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.to_string(), "litware needs a log-in");
        assert_eq!(error.hint(), "pslease login litware");
    }

    #[test]
    fn a_broken_connection_is_not_the_daemons_answer() {
        let error = Error::from(tonic::Status::unavailable("broken pipe"));
        assert!(matches!(error, Error::Broken(_)));
        assert_eq!(error.kind(), ErrorKind::Stopping);
    }

    #[test]
    fn an_unknown_call_is_a_matter_of_versions() {
        assert_eq!(Error::from(tonic::Status::unimplemented("")).kind(), ErrorKind::Version);
    }

    #[test]
    fn a_mismatch_names_both_sides_and_what_to_do() {
        let error = Error::Version {
            ours: 3,
            ours_version: "0.3.0",
            theirs: 1,
            oldest: 1,
            theirs_version: "0.1.0".into(),
            pid: 4711,
            executable: "/usr/bin/psleased".into(),
        };
        let text = error.to_string();
        for part in ["0.3.0", "contract 3", "0.1.0", "pid 4711", "/usr/bin/psleased"] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(error.hint().starts_with("pslease daemon stop"));
    }
}
