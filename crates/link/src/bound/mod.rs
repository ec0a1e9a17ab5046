//! Log-ons that are bound to a connection: Negotiate, NTLM, Kerberos (MS-WSMV 2.2.9.1, RFC 4559).
//!
//! A handshake belongs to one TCP connection, and what it agreed on counts its messages. So this is a connection of our
//! own with one request at a time; a body is sealed just before it is sent and never sent twice; and whatever is odd (a
//! drop, a 401, a seal that does not open) ends the connection, after which the next request logs on anew. Over plain
//! http bodies leave sealed or not at all; over https they are not sealed, but the log-on is bound to the server's
//! certificate.

mod connect;
mod context;
mod gssapi;
mod handshake;
mod kerberos;
mod ntlm;
mod open;
mod realm;
mod sealing;
mod spnego;
mod ticket;
mod ways;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use reqwest::Url;
use tokio::time::timeout;

use self::connect::{Connection, Reply};
use self::context::Context;
use self::handshake::Outcome;
use crate::lane::answer;
use crate::outgoing::Began;
use crate::{Answer, Failure, Kind, Origin, Session};

/// A lane's connection that is logged on, if it has one.
#[derive(Default)]
pub(crate) struct Bound {
    live: Option<Box<Live>>,
}

/// A connection that is logged on.
struct Live {
    connection: Connection,
    origin: Origin,
    generation: u64,
    /// Over plain http: what seals.
    seal: Option<Seal>,
}

struct Seal {
    /// Never locked: it only lets a lane be looked at from two threads, of which neither can seal.
    context: Mutex<Box<dyn Context>>,
    protocol: &'static str,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("logged_on", &self.live.is_some())
            .finish_non_exhaustive()
    }
}

impl Bound {
    /// Sends on a connection that is logged on, and waits for the whole answer.
    pub(crate) async fn post(
        &mut self,
        session: &Arc<Session>,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<(Answer, HeaderMap), Failure> {
        let origin = Origin::of_url(url);
        let began = Began::default();
        let whole = self.exchange(session, url, &origin, headers, body, &began);
        match timeout(deadline, whole).await {
            Ok(Err(failure)) => {
                tracing::debug!(host = origin.host(), sent = ?failure.sent, kind = ?failure.kind, "no answer");
                Err(failure)
            }
            Ok(done) => done,
            Err(_) => Err(Failure::timed_out(&origin, began.get(), deadline)),
        }
    }

    async fn exchange(
        &mut self,
        session: &Arc<Session>,
        url: &Url,
        origin: &Origin,
        mut headers: HeaderMap,
        body: Bytes,
        began: &Began,
    ) -> Result<(Answer, HeaderMap), Failure> {
        complete(&mut headers, session, url)?;
        let mut fresh = false;
        loop {
            let generation = session.shared().generation;
            // Taken out for as long as a request is on it: one whose future is dropped takes it along.
            let usable = self
                .live
                .take()
                .filter(|live| live.connection.is_open() && live.origin == *origin && live.generation == generation);
            let mut live = match usable {
                Some(live) => live,
                None => {
                    fresh = true;
                    match handshake::log_on(session, url, &headers).await? {
                        Outcome::LoggedOn(live) => live,
                        Outcome::Answered(answered) => return Ok(*answered),
                    }
                }
            };
            let (headers, body) = live.dress(headers.clone(), body.clone())?;
            let reply = match live.connection.post(url, headers, body, began).await {
                // It had ended while it lay idle.
                Err(failure) if failure.is_not_sent() && !fresh => continue,
                reply => reply?,
            };
            if reply.status == 401 && !fresh {
                tracing::debug!(host = origin.host(), "the connection is no longer logged on");
                began.forget();
                continue;
            }
            let (mut reply, keep) = live.open(reply)?;
            if keep {
                self.live = Some(live);
            }
            let headers = std::mem::take(&mut reply.headers);
            return Ok((answer(reply.status, &headers, reply.body), headers));
        }
    }
}

impl Live {
    /// The request as it leaves.
    fn dress(&mut self, mut headers: HeaderMap, body: Bytes) -> Result<(HeaderMap, Bytes), Failure> {
        let Some(Seal { context, protocol }) = &mut self.seal else {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            return Ok((headers, body));
        };
        let failed = |why: String| {
            let message = format!("the request to {} cannot be sealed ({why})", self.origin.host());
            Failure::not_sent(Kind::LogOn, message)
        };
        let message = own(context).seal(&body).map_err(failed)?;
        let sealed = Bytes::from(sealing::pack(protocol, body.len(), &message));
        let kind = HeaderValue::from_str(&sealing::content_type(protocol)).map_err(|_| failed(String::new()))?;
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(sealed.len()));
        Ok((headers, sealed))
    }

    /// The answer as it was meant, and whether the connection may be used again.
    fn open(&mut self, mut reply: Reply) -> Result<(Reply, bool), Failure> {
        let Some(Seal { context, protocol }) = &mut self.seal else {
            let keep = reply.status != 401;
            return Ok((reply, keep));
        };
        let host = self.origin.host();
        let kind = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if sealing::is_sealed(kind) {
            let message = sealing::unpack(protocol, &reply.body).map_err(str::to_owned);
            let plain = message.and_then(|message| own(context).open(message)).map_err(|why| {
                let message = format!(
                    "the sealed answer of {host} does not open ({why}); it was changed on the way, or lost its place"
                );
                Failure::maybe_sent(Kind::Answer, message)
            })?;
            reply.body = plain.into();
            reply
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(sealing::SOAP));
            return Ok((reply, true));
        }
        if (200..300).contains(&reply.status) {
            let message = format!(
                "{host} answered a sealed request in the clear; anybody on the way could have written that, so it is not read"
            );
            return Err(Failure::maybe_sent(Kind::Answer, message));
        }
        // Of a refusal in the clear only the status is heard: that much anybody on the way could do by hanging up.
        reply.body = Bytes::new();
        Ok((reply, false))
    }
}

fn own(context: &mut Mutex<Box<dyn Context>>) -> &mut dyn Context {
    context.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut()
}

/// What every request of ours carries besides.
fn complete(headers: &mut HeaderMap, session: &Session, url: &Url) -> Result<(), Failure> {
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    for (name, value) in [(HOST, host), (USER_AGENT, session.network().user_agent.clone())] {
        let value = HeaderValue::from_str(&value)
            .map_err(|_| Failure::not_sent(Kind::Other, format!("the header {name} cannot be written")))?;
        headers.insert(name, value);
    }
    Ok(())
}
