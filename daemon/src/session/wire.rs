//! A session's connections: one TCP connection for each lane, each with at most one request on it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use link::{Failure, Network, Post, Proxies, Security, Sent, Trust};
use runspace::{Failed, Lane, Refusal, Request, Response, Ticket};
use tokio::task::JoinSet;

use super::carrier::Landed;
use crate::config::Profile;

const SOAP: &str = "application/soap+xml;charset=UTF-8";

/// What the lanes of a profile share.
pub(crate) fn network(profile: &Profile, proxies: Proxies) -> Result<Network, Failure> {
    let security = Security {
        trust: profile.ca.clone().map_or(Trust::System, Trust::File),
        identity: profile.proof.identity.clone(),
        ..Security::default()
    };
    Ok(Network::secured(&security)?
        .with_proxies(proxies)
        .with_source_address(profile.proof.source)
        .allow_plain(profile.allow_plain_http || profile.proof.log_on.seals()))
}

/// The asker's proxies; none for this machine itself.
pub(crate) fn proxies(profile: &Profile, environment: &BTreeMap<String, String>) -> Proxies {
    if profile.address.is_loopback() {
        return Proxies::none();
    }
    Proxies::of_environment(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// The lanes of one session and what is under way on them.
#[derive(Debug)]
pub(super) struct Wire {
    session: Arc<link::Session>,
    idle: HashMap<Lane, link::Lane>,
    flights: JoinSet<(Lane, link::Lane, Landed)>,
}

impl Wire {
    pub(super) fn new(session: Arc<link::Session>) -> Self {
        Self {
            session,
            idle: HashMap::new(),
            flights: JoinSet::new(),
        }
    }

    pub(super) fn session(&self) -> &link::Session {
        &self.session
    }

    /// Sends a request on a lane. `Err` where that cannot even begin.
    pub(super) fn send(&mut self, ticket: Ticket, lane: Lane, request: Request) -> Result<(), (Ticket, Failed)> {
        let connection = match self.idle.remove(&lane).map_or_else(|| self.session.lane(), Ok) {
            Ok(connection) => connection,
            Err(failure) => return Err((ticket, failed(&failure))),
        };
        self.flights.spawn(fly(connection, lane, ticket, request));
        Ok(())
    }

    /// The next answer. Never ends while nothing is under way; may be cancelled and called again without loss.
    pub(super) async fn landed(&mut self) -> Landed {
        match self.flights.join_next().await {
            Some(Ok((lane, connection, landed))) => {
                self.idle.insert(lane, connection);
                landed
            }
            Some(Err(error)) => std::panic::resume_unwind(Box::new(format!("a lane failed: {error}"))),
            None => std::future::pending().await,
        }
    }
}

async fn fly(mut connection: link::Lane, lane: Lane, ticket: Ticket, request: Request) -> (Lane, link::Lane, Landed) {
    let Request {
        uri,
        action,
        body,
        deadline,
    } = request;
    let post = Post {
        uri,
        body,
        content_type: SOAP,
        deadline,
    };
    let landed = match connection.post(post).await {
        Ok(answer) => {
            tracing::trace!(
                action,
                ?lane,
                status = answer.status,
                bytes = answer.body.len(),
                "answer"
            );
            let response = Response {
                status: answer.status,
                content_type: answer.content_type,
                location: answer.location,
                retry_after: answer.retry_after,
                challenges: answer.challenges,
                refusal: answer.refusal.map(|why| Refusal { why, password: true }),
                body: answer.body,
                affinity: answer.affinity,
            };
            Landed::Answer(ticket, response)
        }
        Err(failure) if failure.kind == link::Kind::LogOn => {
            tracing::debug!(action, ?lane, %failure, "no log-on");
            let refusal = Some(Refusal {
                why: failure.message,
                password: false,
            });
            let response = Response {
                status: 401,
                refusal,
                ..Response::default()
            };
            Landed::Answer(ticket, response)
        }
        Err(failure) => {
            tracing::debug!(action, ?lane, %failure, "no answer");
            Landed::Failed(ticket, failed(&failure))
        }
    };
    (lane, connection, landed)
}

fn failed(failure: &Failure) -> Failed {
    Failed {
        sent: failure.sent == Sent::MaybeSent,
        why: failure.message.clone(),
        timed_out: failure.kind == link::Kind::TimedOut,
    }
}
