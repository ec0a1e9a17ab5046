//! A session's connections: one TCP connection for each lane, each with at most one request on it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use endpoint::{Credential, ProxyAccess};
use link::{Failure, Network, Post, Proxies, Security, Sent, Trust};
use runspace::{Failed, Lane, Refusal, Request, Response, Ticket};
use tokio::task::JoinSet;

use super::Sessions;
use super::carrier::Landed;
use crate::account;
use crate::config::{Password, Profile};
use crate::crash;

/// What the lanes of a profile share.
pub(crate) async fn network(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
) -> Result<Network, Failure> {
    let options = profile.connector.options();
    let security = Security {
        trust: profile.ca.clone().map_or(Trust::System, Trust::File),
        skip_ca_check: options.skip_ca_check,
        skip_cn_check: options.skip_cn_check,
        skip_revocation_check: options.skip_revocation_check,
        identity: profile.proof.identity.clone(),
    };
    Ok(Network::secured(&security)?
        .with_proxies(proxies(house, profile, environment).await?)
        .with_source_address(profile.proof.source)
        .with_sealing(!options.no_encryption)
        .with_port_in_spn(options.include_port_in_spn)
        .allow_plain(profile.allow_plain_http || profile.proof.log_on.seals()))
}

/// The proxy that the options name; else the asker's, and none for this machine itself.
async fn proxies(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
) -> Result<Proxies, Failure> {
    let proxy = &profile.connector.options().proxy;
    if let Some(address) = &proxy.address {
        let Some(Credential { user, password }) = &proxy.credential else {
            return Proxies::fixed(address, None);
        };
        let refuse = |why: String| Failure {
            sent: Sent::NotSent,
            kind: link::Kind::Proxy,
            message: format!("the password of {user} for the proxy {address} cannot be had: {why}"),
        };
        let from = Password::of(password).map_err(refuse)?;
        let read = account::read(&from, &account::Kept::default(), "password", environment).await;
        // What nobody but a person has was handed over with the request.
        let password = match read {
            Some(read) => Some(read.map_err(refuse)?),
            None => house.accounts.proxy(address, user),
        };
        return Proxies::fixed(address, password.as_ref().map(|password| (user.as_str(), password)));
    }
    if proxy.access == ProxyAccess::Direct || profile.address.is_loopback() {
        return Ok(Proxies::none());
    }
    let variables = environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Proxies::of_environment(variables))
}

/// The lanes of one session and what is under way on them.
#[derive(Debug)]
pub(super) struct Wire {
    session: Arc<link::Session>,
    idle: HashMap<Lane, link::Lane>,
    flights: JoinSet<(Lane, link::Lane, Landed, Option<Failure>)>,
    /// Why there was no answer, the last time that there was none.
    last: Option<Failure>,
}

impl Wire {
    pub(super) fn new(session: Arc<link::Session>) -> Self {
        Self {
            session,
            idle: HashMap::new(),
            flights: JoinSet::new(),
            last: None,
        }
    }

    /// Why there was no answer, the last time that there was none.
    pub(super) fn last_failure(&self) -> Option<&Failure> {
        self.last.as_ref()
    }

    /// Lets go of every connection on which nothing is under way.
    pub(super) fn freshen(&mut self) {
        self.idle.clear();
    }

    pub(super) fn session(&self) -> &link::Session {
        &self.session
    }

    /// Sends a request on a lane. `Err` where that cannot even begin.
    pub(super) fn send(&mut self, ticket: Ticket, lane: Lane, request: Request) -> Result<(), (Ticket, Failed)> {
        let connection = match self.idle.remove(&lane).map_or_else(|| self.session.lane(), Ok) {
            Ok(connection) => connection,
            Err(failure) => {
                let failed = failed(&failure);
                self.last = Some(failure);
                return Err((ticket, failed));
            }
        };
        self.flights.spawn(fly(connection, lane, ticket, request));
        Ok(())
    }

    /// The next answer. Never ends while nothing is under way; may be cancelled and called again without loss.
    pub(super) async fn landed(&mut self) -> Landed {
        match self.flights.join_next().await {
            Some(Ok((lane, connection, landed, failure))) => {
                self.idle.insert(lane, connection);
                self.last = failure.or(self.last.take());
                landed
            }
            Some(Err(error)) => std::panic::resume_unwind(Box::new(format!("a lane failed: {error}"))),
            None => std::future::pending().await,
        }
    }
}

async fn fly(
    mut connection: link::Lane,
    lane: Lane,
    ticket: Ticket,
    request: Request,
) -> (Lane, link::Lane, Landed, Option<Failure>) {
    match post(&mut connection, request).await {
        Ok(response) => (lane, connection, Landed::Answer(ticket, response), None),
        Err(failure) => {
            let failed = failed(&failure);
            (lane, connection, Landed::Failed(ticket, failed), Some(failure))
        }
    }
}

/// Sends one request, and waits for its answer.
pub(super) async fn post(connection: &mut link::Lane, request: Request) -> Result<Response, Failure> {
    let Request {
        uri,
        action,
        body,
        deadline,
    } = request;
    let post = Post {
        uri,
        body,
        content_type: wsman::names::CONTENT_TYPE,
        deadline,
    };
    crash::point(action, "sending");
    crash::under_way(action);
    let posted = connection.post(post).await;
    crash::point(action, "answered");
    match posted {
        Ok(answer) => {
            let (status, bytes) = (answer.status, answer.body.len());
            tracing::trace!(action, status, bytes, "answer");
            Ok(Response {
                status,
                content_type: answer.content_type,
                location: answer.location,
                retry_after: answer.retry_after,
                challenges: answer.challenges,
                refusal: answer.refusal.map(|why| Refusal { why, password: true }),
                body: answer.body,
                affinity: answer.affinity,
            })
        }
        Err(failure) if failure.kind == link::Kind::LogOn => {
            tracing::debug!(action, %failure, "no log-on");
            let refusal = Some(Refusal {
                why: failure.message,
                password: false,
            });
            Ok(Response {
                status: 401,
                refusal,
                ..Response::default()
            })
        }
        Err(failure) => {
            tracing::debug!(action, %failure, "no answer");
            Err(failure)
        }
    }
}

pub(super) fn failed(failure: &Failure) -> Failed {
    Failed {
        sent: failure.sent == Sent::MaybeSent,
        why: failure.message.clone(),
        timed_out: failure.kind == link::Kind::TimedOut,
    }
}
