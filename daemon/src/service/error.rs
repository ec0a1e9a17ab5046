//! Refusals as gRPC has them: a status with an `ErrorDetail`, whose kind is one of a closed list.

use broker::{EndCause, LeaseId, Refusal};
use prost::Message as _;
use proto::v1::{ErrorDetail, ErrorKind};
use tonic::{Code, Status};

use super::convert;
use crate::config::{ConfigError, Unnamed};
use crate::hub::Hub;
use crate::session;

/// A status of that kind.
pub(super) fn status(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Status {
    of_detail(ErrorDetail {
        kind: kind.into(),
        message: message.into(),
        hint: hint.into(),
        ..ErrorDetail::default()
    })
}

fn of_detail(detail: ErrorDetail) -> Status {
    let code = match detail.kind() {
        ErrorKind::Usage => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::WouldWait => Code::ResourceExhausted,
        ErrorKind::Auth => Code::Unauthenticated,
        ErrorKind::Endpoint | ErrorKind::Stopping => Code::Unavailable,
        ErrorKind::Remote | ErrorKind::LeaseLost | ErrorKind::SessionLost | ErrorKind::Config | ErrorKind::Version => {
            Code::FailedPrecondition
        }
        ErrorKind::TimedOut => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::Internal | ErrorKind::Unspecified => Code::Internal,
    };
    Status::with_details(code, detail.message.clone(), detail.encode_to_vec().into())
}

pub(super) fn usage(message: impl Into<String>) -> Status {
    status(ErrorKind::Usage, message, "")
}

pub(super) fn internal(message: impl Into<String>) -> Status {
    status(ErrorKind::Internal, message, "pslease daemon logs")
}

pub(super) fn config(error: &ConfigError) -> Status {
    status(
        ErrorKind::Config,
        error.to_string(),
        "correct the file; it is read again with the next request",
    )
}

pub(super) fn unnamed(error: &Unnamed) -> Status {
    status(ErrorKind::Usage, error.to_string(), error.hint())
}

/// What something that is wrong on the way to an endpoint is to a program.
pub(super) fn kind_of(kind: endpoint::Kind) -> ErrorKind {
    session::kind(crate::connect::failure_kind(kind))
}

/// What went wrong on the way to an endpoint.
pub(super) fn saying(saying: &endpoint::Saying) -> Status {
    status(
        kind_of(saying.kind),
        saying.message.as_str(),
        saying.hint.clone().unwrap_or_default(),
    )
}

/// The broker's refusal. `profile` names what was asked for, for cures.
pub(super) fn refused(hub: &Hub, refusal: &Refusal, profile: &str) -> Status {
    let words = refusal.to_string();
    let config = hub.config.last();
    // A profile that a request made with parameters of its own is known by the name of its base.
    let known = config.find(profile).map_or(profile, |found| found.known_name());
    let cure = |text: &str| text.replace("PROFILE", known);
    match refusal {
        Refusal::WouldWait(waiting) => of_detail(ErrorDetail {
            kind: ErrorKind::WouldWait.into(),
            message: words,
            waiting: Some(convert::waiting(waiting)),
            ..ErrorDetail::default()
        }),
        Refusal::UnknownProfile(_) => status(ErrorKind::Usage, words, "pslease profile list"),
        Refusal::UnknownLease(lease) => lost(*lease, "is not there (any more)", profile),
        Refusal::OldFence { lease, .. } => lost(*lease, "was given to somebody else since", profile),
        Refusal::LeaseEnded {
            lease,
            profile,
            cause,
            at,
        } => {
            let ago = hub.clock.now().since(*at).as_secs();
            let why = format!("ended {ago} s ago ({})", convert::end_words(*cause));
            lost(*lease, &why, &profile.to_string())
        }
        Refusal::UnknownSession(_) => status(ErrorKind::NotFound, words, "pslease sessions"),
        Refusal::NotUnconfirmed(_) => status(ErrorKind::Usage, words, ""),
        Refusal::Auth(message) => {
            let hint = hub.sessions.cure(message);
            let hint = hint.unwrap_or_else(|| cure("pslease login PROFILE"));
            status(ErrorKind::Auth, message.to_string(), hint)
        }
        Refusal::OpenFailed(failure) => {
            let kind = session::kind(failure.kind);
            let hint = hub.sessions.cure(&failure.message).unwrap_or_else(|| match kind {
                ErrorKind::Auth => cure("pslease login PROFILE"),
                _ => String::new(),
            });
            status(kind, failure.message.to_string(), hint)
        }
        Refusal::Unproven { .. } => status(ErrorKind::Endpoint, words, "pslease sessions"),
        Refusal::ProfileRemoved => status(ErrorKind::NotFound, words, "pslease profile list"),
        Refusal::Cancelled => status(ErrorKind::Cancelled, words, ""),
        Refusal::Stopping => status(ErrorKind::Stopping, words, "pslease daemon start"),
        Refusal::Duplicate(_) => internal(words),
        other => internal(other.to_string()),
    }
}

/// In PowerShell's own words first, since those are what people search for.
fn lost(lease: LeaseId, why: &str, profile: &str) -> Status {
    let hint = match profile {
        "" => "pslease connect".to_owned(),
        profile => format!("pslease connect {profile}"),
    };
    status(
        ErrorKind::LeaseLost,
        format!("State of runspace is not valid for this operation. Lease {lease} {why}"),
        hint,
    )
}

/// What the end of a lease is to whoever ran something under it.
pub(super) const fn kind_of_end(cause: EndCause) -> ErrorKind {
    match cause {
        EndCause::SessionLost | EndCause::Idle | EndCause::Age | EndCause::Commands => ErrorKind::SessionLost,
        EndCause::Shutdown => ErrorKind::Stopping,
        EndCause::Released
        | EndCause::Stream
        | EndCause::Process
        | EndCause::Ttl
        | EndCause::Revoked
        | EndCause::Unclaimed
        | EndCause::Unused
        | EndCause::Drained
        | EndCause::ProfileRemoved => ErrorKind::LeaseLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_carries_its_detail() {
        let status = status(ErrorKind::Auth, "who are you", "pslease login x");
        assert_eq!(status.code(), Code::Unauthenticated);
        let detail = ErrorDetail::decode(status.details()).unwrap();
        assert_eq!(
            (detail.kind(), detail.hint.as_str()),
            (ErrorKind::Auth, "pslease login x")
        );
    }
}
