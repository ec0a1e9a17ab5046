//! Failures in the user's words: what `link` and `runspace` say becomes `endpoint`'s facts, and those a sentence with a
//! cure; and what the broker makes of it.

use std::time::Duration;

use broker::{Failure, FailureKind};
use endpoint::{Facts, Kind, Network, Saying, Tls, TlsReason, Tried, Unanswered};
use runspace::Cause;

use super::{certificate, scene};
use crate::config::Profile;
use crate::session::Sessions;

/// When a service is asked again that counts more sessions than we do, and did not say when.
const QUOTA_PAUSE: Duration = Duration::from_secs(15);

/// What the driver knows of a failure besides.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// How it was logged on.
    pub(crate) tried: Option<Tried>,
    /// The edge's own account of the request that was not answered.
    pub(crate) edge: Option<link::Failure>,
    /// Where it was sent, with the port if that is unusual; empty is where the profile says.
    pub(crate) host: String,
}

/// Host and port as people write them.
pub(crate) fn host_of(uri: &str) -> String {
    link::Origin::of(uri).map_or_else(|_| uri.to_owned(), |origin| origin.host())
}

/// The edge's failure as the machine takes it.
pub(super) fn unanswered(house: &Sessions, failure: &link::Failure) -> Unanswered {
    Unanswered {
        why: network(&failure.kind),
        message: failure.message.clone(),
        tls: match &failure.kind {
            link::Kind::Tls(Some(certificate)) => Some(tls(house, certificate)),
            _ => None,
        },
    }
}

const fn network(kind: &link::Kind) -> Network {
    match kind {
        link::Kind::Name => Network::Name,
        link::Kind::Refused => Network::Refused,
        link::Kind::Unreachable => Network::Unreachable,
        link::Kind::Tls(_) => Network::Tls,
        link::Kind::Proxy => Network::Proxy,
        link::Kind::TimedOut => Network::TimedOut,
        _ => Network::Broken,
    }
}

/// A certificate that was refused; where trusting it is a question at all, it is kept for the answer.
fn tls(house: &Sessions, found: &link::Certificate) -> Tls {
    let reason = match &found.reason {
        link::Reason::UnknownIssuer => TlsReason::UnknownIssuer,
        link::Reason::Expired => TlsReason::Expired,
        link::Reason::NotYetValid => TlsReason::NotYetValid,
        link::Reason::WrongName => TlsReason::WrongName,
        link::Reason::Revoked => TlsReason::Revoked,
        other => TlsReason::Other(other.to_string()),
    };
    let saved = match &reason {
        TlsReason::UnknownIssuer => certificate::keep(house.certificates(), found),
        _ => None,
    };
    Tls {
        subject: found.subject.clone(),
        issuer: found.issuer.clone(),
        names: found.names.clone(),
        validity: found.validity.map(|(from, until)| (link::day(from), link::day(until))),
        sha256: Some(found.sha256.clone()).filter(|hash| !hash.is_empty()),
        saved,
        ..Tls::new(reason)
    }
}

/// The edge's failure. What no fact explains keeps the edge's own sentence.
pub(crate) fn of_failure(
    house: &Sessions,
    profile: &Profile,
    failure: &link::Failure,
    waited: Option<Duration>,
    context: &Context,
) -> Saying {
    let unanswered = unanswered(house, failure);
    let facts = Facts {
        tried: context.tried,
        waited,
        ..Facts::unanswered(&unanswered)
    };
    let host = match context.host.as_str() {
        "" => host_of(&profile.address.uri),
        host => host.to_owned(),
    };
    let own = |kind| Saying {
        message: failure.message.clone(),
        hint: None,
        kind,
    };
    match failure.kind {
        // What is wrong with an address, the edge itself says best.
        link::Kind::Address => own(Kind::BadProfile),
        link::Kind::Tls(None) | link::Kind::Answer | link::Kind::Other | link::Kind::Reset => own(Kind::Unavailable),
        _ => Saying::of(&facts, &scene(profile, &host)),
    }
}

/// Why an operation of the protocol failed.
pub(crate) fn of_cause(house: &Sessions, profile: &Profile, cause: &Cause, context: &Context) -> Saying {
    let tried = context.tried;
    let say = |facts: Facts<'_>, host: &str| {
        let saying = Saying::of(&facts, &scene(profile, host));
        match saying.kind {
            // Nobody knows better than the cause itself.
            Kind::Unknown => plain(cause, Kind::Unknown),
            _ => saying,
        }
    };
    match cause {
        Cause::Fault { host, action, fault } => {
            let facts = Facts {
                code: fault.code,
                message: &fault.message,
                creating: *action == "Create",
                tried,
                retry_after: fault.wait,
                ..Facts::default()
            };
            say(facts, host)
        }
        Cause::Unauthorized { host, challenges } => {
            let facts = Facts {
                status: Some(401),
                challenges,
                tried,
                ..Facts::default()
            };
            say(facts, host)
        }
        Cause::LogOn { why, password } => {
            let facts = Facts {
                message: why,
                tried,
                ..Facts::default()
            };
            let saying = Saying::of(&facts, &scene(profile, &host_of(&profile.address.uri)));
            let kind = match saying.kind {
                // A KDC's words for it say neither whose clocks nor what to do.
                Kind::ClockSkew => return saying,
                Kind::Unknown if *password => Kind::WrongPassword,
                Kind::Unknown => Kind::NoTicket,
                kind if *password || !kind.refuses_secret() => kind,
                _ => Kind::TicketExpired,
            };
            // The edge has the numbers of Kerberos and NTLM, and says them best.
            let hint = saying.hint.filter(|_| saying.kind == kind && !kind.needs_login());
            Saying {
                hint,
                ..plain(cause, kind)
            }
        }
        Cause::Forbidden { host, text } => {
            let facts = Facts {
                status: Some(403),
                message: text,
                tried,
                ..Facts::default()
            };
            say(facts, host)
        }
        Cause::Http {
            host,
            status,
            retry_after,
            text,
            ..
        } => {
            let facts = Facts {
                status: Some(*status),
                message: text,
                tried,
                retry_after: *retry_after,
                ..Facts::default()
            };
            match say(facts, host) {
                saying if saying.kind == Kind::Unknown => plain(cause, Kind::Unavailable),
                saying => saying,
            }
        }
        Cause::NoAnswer {
            host, action, waited, ..
        } => {
            let facts = Facts {
                network: Some(Network::TimedOut),
                creating: *action == "Create",
                waited: Some(*waited),
                tried,
                ..Facts::default()
            };
            say(facts, host)
        }
        Cause::Connection { .. } => match &context.edge {
            Some(failure) => of_failure(house, profile, failure, None, context),
            None => plain(cause, Kind::Unavailable),
        },
        Cause::Redirected { .. } => plain(cause, Kind::Redirected),
        Cause::ShellLost { host, text, .. } => {
            let facts = Facts {
                code: Some(2_150_858_843),
                message: text,
                tried,
                ..Facts::default()
            };
            say(facts, host)
        }
        Cause::Unreadable { .. } | Cause::HungUp { .. } | Cause::Exited { lasting: false, .. } => {
            plain(cause, Kind::Unavailable)
        }
        _ => plain(cause, Kind::Unknown),
    }
}

/// A Create that has had no answer for so long.
pub(crate) fn of_unanswered_open(profile: &Profile, host: &str, waited: Duration) -> Saying {
    let facts = Facts {
        network: Some(Network::TimedOut),
        creating: true,
        waited: Some(waited),
        ..Facts::default()
    };
    Saying::of(&facts, &scene(profile, host))
}

fn plain(cause: &Cause, kind: Kind) -> Saying {
    Saying {
        message: cause.to_string(),
        hint: None,
        kind,
    }
}

/// What the broker makes of it, and when another try makes sense. `asked` is when the service says so.
pub(crate) fn verdict(saying: &Saying, asked: Option<Duration>) -> (Failure, Option<Duration>) {
    let retry = match saying.kind {
        Kind::AdminQuota | Kind::OrganizationQuota | Kind::ServiceQuota => Some(asked.unwrap_or(QUOTA_PAUSE)),
        Kind::Rate | Kind::Unavailable => asked,
        _ => None,
    };
    let (kind, message) = (failure_kind(saying.kind), saying.message.as_str().into());
    (Failure { kind, message }, retry)
}

/// The broker's word for it.
pub(crate) const fn failure_kind(kind: Kind) -> FailureKind {
    match kind {
        kind if kind.needs_login() => FailureKind::Auth,
        Kind::AdminQuota => FailureKind::AdminQuota,
        Kind::OrganizationQuota => FailureKind::OrganizationQuota,
        Kind::Rate => FailureKind::Rate,
        Kind::ServiceQuota
        | Kind::Unavailable
        | Kind::UnknownHost
        | Kind::UnknownService
        | Kind::DiscoveryName
        | Kind::DiscoveryFailed
        | Kind::PortClosed
        | Kind::Unreachable
        | Kind::Proxy
        | Kind::TlsUntrusted
        | Kind::ClockSkew
        | Kind::NoLogonServer
        | Kind::NoAnswer => FailureKind::Endpoint,
        Kind::BadProfile
        | Kind::UnknownDomain
        | Kind::DiscoveryHybrid
        | Kind::PlaceNotAllowed
        | Kind::UnknownConfiguration
        | Kind::SchemeNotOffered
        | Kind::Redirected => FailureKind::Profile,
        _ => FailureKind::Refused,
    }
}
