//! Failures of the protocol, in the broker's terms and in the user's.

use std::time::Duration;

use broker::{Failure, FailureKind};
use proto::v1::ErrorKind;
use runspace::Cause;
use wsman::FaultKind;

/// When a service is asked again that counts more sessions than we do, and did not say when.
const QUOTA_PAUSE: Duration = Duration::from_secs(15);

/// Why an open failed, and when another try makes sense.
pub(super) fn of_open(cause: &Cause) -> (Failure, Option<Duration>) {
    let asked = cause.retry_after();
    let (kind, retry) = match cause {
        Cause::Unauthorized { .. } | Cause::LogOn { .. } => (FailureKind::Auth, None),
        Cause::Fault { fault, .. } => match fault.kind {
            FaultKind::LogonFailure | FaultKind::NoLogonSession => (FailureKind::Auth, None),
            FaultKind::ShellsPerUser => (FailureKind::AdminQuota, Some(asked.unwrap_or(QUOTA_PAUSE))),
            FaultKind::ShellsPerTenant => (FailureKind::OrganizationQuota, Some(asked.unwrap_or(QUOTA_PAUSE))),
            FaultKind::ShellsPerService => (FailureKind::Endpoint, Some(asked.unwrap_or(QUOTA_PAUSE))),
            FaultKind::CreationRate | FaultKind::RequestRate => (FailureKind::Rate, asked),
            FaultKind::Unavailable => (FailureKind::Endpoint, asked),
            _ => (FailureKind::Refused, None),
        },
        Cause::Http { .. } => (FailureKind::Endpoint, asked),
        Cause::Exited { lasting: false, .. } => (FailureKind::Endpoint, None),
        Cause::Connection { .. } | Cause::NoAnswer { .. } | Cause::Unreadable { .. } | Cause::HungUp { .. } => {
            (FailureKind::Endpoint, None)
        }
        _ => (FailureKind::Refused, None),
    };
    (
        Failure {
            kind,
            message: words(cause).into(),
        },
        retry,
    )
}

/// The cause in one sentence, the server's own words first where it gave any.
pub(crate) fn words(cause: &Cause) -> String {
    cause.to_string()
}

/// A failure of ours.
pub(super) fn internal(message: &str) -> Failure {
    Failure {
        kind: FailureKind::Refused,
        message: message.into(),
    }
}

/// Nothing to log on with.
pub(super) fn auth(message: impl std::fmt::Display) -> Failure {
    Failure {
        kind: FailureKind::Auth,
        message: message.to_string().into(),
    }
}

/// The endpoint cannot be asked at all.
pub(super) fn endpoint(message: impl std::fmt::Display) -> Failure {
    Failure {
        kind: FailureKind::Endpoint,
        message: message.to_string().into(),
    }
}

/// What a failed open is to a program.
pub(crate) fn kind(failure: FailureKind) -> ErrorKind {
    match failure {
        FailureKind::Auth => ErrorKind::Auth,
        FailureKind::Endpoint => ErrorKind::Endpoint,
        FailureKind::AdminQuota | FailureKind::OrganizationQuota | FailureKind::Rate | FailureKind::Refused => {
            ErrorKind::Remote
        }
    }
}
