//! Failures in the broker's terms and a program's. What people are told is in `connect`.

use broker::{Failure, FailureKind};
use proto::v1::ErrorKind;
use runspace::Cause;

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

/// What a failed open is to a program.
pub(crate) fn kind(failure: FailureKind) -> ErrorKind {
    match failure {
        FailureKind::Auth => ErrorKind::Auth,
        FailureKind::Endpoint => ErrorKind::Endpoint,
        FailureKind::Profile => ErrorKind::Config,
        FailureKind::AdminQuota | FailureKind::OrganizationQuota | FailureKind::Rate | FailureKind::Refused => {
            ErrorKind::Remote
        }
    }
}
