//! A handshake on a connection: empty requests until the server has heard enough. Nothing of the session's own leaves
//! before that, so whatever goes wrong here, the request that wanted the log-on was not sent.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue, WWW_AUTHENTICATE};
use reqwest::Url;

use super::connect::{Connection, Reply};
use super::context::{Context, Refused, Step};
use super::ways::{Way, wanted, ways};
use super::{Live, Seal};
use crate::lane::answer;
use crate::outgoing::Began;
use crate::{Answer, Credential, Failure, Kind, Origin, Sent, Session};

/// More legs than any mechanism has.
const LEGS: usize = 8;

pub(super) enum Outcome {
    LoggedOn(Box<Live>),
    /// The server, or a KDC, has decided: that is the answer.
    Answered(Box<(Answer, HeaderMap)>),
}

/// What came of one way.
enum Tried {
    LoggedOn(Box<dyn Context>),
    Answered(Box<(Answer, HeaderMap)>),
    /// In one phrase, for the sentence if no way is left.
    NotThisWay(String),
}

/// Connects and logs on, by the best way that both sides have.
pub(super) async fn log_on(session: &Arc<Session>, url: &Url, headers: &HeaderMap) -> Result<Outcome, Failure> {
    let origin = Origin::of_url(url);
    let (credential, generation, known) = {
        let shared = session.shared();
        let known = shared.offered.clone().filter(|(of, _)| *of == origin);
        (shared.credential.clone(), shared.generation, known)
    };
    let mut connection = None;
    let offered = match known {
        Some((_, offered)) => offered,
        None => {
            let mut first = open(session, url).await?;
            let reply = leg(&mut first, url, headers, None).await?;
            if reply.status != 401 {
                return asked_for_nothing(&origin, reply);
            }
            let offered = offers(&reply.headers);
            session.shared().offered = Some((origin.clone(), offered.clone()));
            connection = Some(first).filter(Connection::is_open);
            offered
        }
    };
    let mut whys: Vec<String> = Vec::new();
    for way in ways(&credential, &offered) {
        let mut on = match connection.take().filter(Connection::is_open) {
            Some(open) => open,
            None => open(session, url).await?,
        };
        let service = service(url, session.network().port_in_spn);
        match try_way(way, &credential, &service, &mut on, url, headers).await? {
            Tried::LoggedOn(context) => {
                tracing::debug!(
                    host = origin.host(),
                    scheme = way.scheme,
                    mechanism = way.mechanism.name(),
                    bound = on.binding.is_some(),
                    "logged on"
                );
                let (context, protocol) = (Mutex::new(context), way.protocol());
                let live = Live {
                    seal: (url.scheme() == "http" && session.network().seals).then_some(Seal { context, protocol }),
                    connection: on,
                    origin,
                    generation,
                };
                return Ok(Outcome::LoggedOn(Box::new(live)));
            }
            Tried::Answered(answered) => return Ok(Outcome::Answered(answered)),
            Tried::NotThisWay(why) => {
                tracing::debug!(
                    host = origin.host(),
                    scheme = way.scheme,
                    mechanism = way.mechanism.name(),
                    why
                );
                whys.push(format!("{}: {why}", way.mechanism.name()));
            }
        }
    }
    // What was offered may have changed.
    session.shared().offered = None;
    let host = origin.host();
    let message = if whys.is_empty() {
        let offered = match offered.as_slice() {
            [] => "names no scheme at all".to_owned(),
            some => format!("offers {}", some.join(", ")),
        };
        format!(
            "{host} does not offer {}: it {offered}; set `auth` to one that it offers",
            wanted(&credential)
        )
    } else {
        format!("no log-on at {host}: {}", whys.join("; "))
    };
    Err(Failure::not_sent(Kind::LogOn, message))
}

/// What follows `HTTP/` in the service's principal name.
fn service(url: &Url, with_port: bool) -> String {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match url.port_or_known_default().filter(|_| with_port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

async fn open(session: &Session, url: &Url) -> Result<Connection, Failure> {
    Connection::open(session.network(), session.addresses(), url).await
}

async fn try_way(
    way: Way,
    credential: &Credential,
    service: &str,
    connection: &mut Connection,
    url: &Url,
    headers: &HeaderMap,
) -> Result<Tried, Failure> {
    let (credential, binding, service) = (credential.clone(), connection.binding.clone(), service.to_owned());
    let begun = blocking(move || {
        let mut context = way.begin(&credential, &service, binding.as_deref())?;
        let step = context.step(&[])?;
        Ok((context, step))
    });
    let (mut context, mut step) = match begun.await? {
        Ok(begun) => begun,
        Err(refused) => return Ok(not_this_way(refused)),
    };
    for _ in 0..LEGS {
        let token = std::mem::take(&mut step.token);
        let reply = leg(connection, url, headers, Some((way.scheme, &token))).await?;
        let proof = token_of(&reply.headers, way.scheme);
        match (reply.status, proof) {
            (200..300, Some(proof)) => {
                let (after, stepped) = next(context, proof).await?;
                return Ok(match stepped {
                    Ok(_) => Tried::LoggedOn(after),
                    Err(refused) => not_this_way(refused),
                });
            }
            (200..300, None) if step.done => return Ok(Tried::LoggedOn(context)),
            (200..300, None) => return Ok(Tried::NotThisWay("the server did not prove itself".to_owned())),
            (401, Some(challenge)) => {
                let (after, stepped) = next(context, challenge).await?;
                context = after;
                step = match stepped {
                    Ok(step) => step,
                    Err(refused) => return Ok(not_this_way(refused)),
                };
            }
            // A ticket that is refused says nothing of the password: another mechanism may do.
            (401, None) if way.mechanism == super::ways::Mechanism::Kerberos => {
                return Ok(Tried::NotThisWay("the server refused the ticket".to_owned()));
            }
            _ => {
                let answered = answer(reply.status, &reply.headers, reply.body);
                return Ok(Tried::Answered(Box::new((answered, reply.headers))));
            }
        }
    }
    Ok(Tried::NotThisWay("the handshake did not end".to_owned()))
}

fn not_this_way(refused: Refused) -> Tried {
    match refused {
        Refused::Unavailable(why) => Tried::NotThisWay(why),
        Refused::Password(why) => {
            let mut answered = answer(401, &HeaderMap::new(), Bytes::new());
            answered.refusal = Some(why);
            Tried::Answered(Box::new((answered, HeaderMap::new())))
        }
    }
}

async fn next(
    mut context: Box<dyn Context>,
    token: Vec<u8>,
) -> Result<(Box<dyn Context>, Result<Step, Refused>), Failure> {
    blocking(move || {
        let step = context.step(&token);
        (context, step)
    })
    .await
}

/// Away from the runtime's threads: a KDC may be slow.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|why| Failure::not_sent(Kind::Other, format!("the log-on was cut short ({why})")))
}

/// One empty request of the handshake.
async fn leg(
    connection: &mut Connection,
    url: &Url,
    headers: &HeaderMap,
    token: Option<(&str, &[u8])>,
) -> Result<Reply, Failure> {
    let mut headers = headers.clone();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    if let Some((scheme, token)) = token {
        let value = format!("{scheme} {}", STANDARD.encode(token));
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| Failure::not_sent(Kind::LogOn, "the log-on's token cannot be written"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let reply = connection.post(url, headers, Bytes::new(), &Began::default()).await;
    reply.map_err(|failure| Failure {
        sent: Sent::NotSent,
        ..failure
    })
}

/// An empty request without a log-on was not answered by asking for one.
fn asked_for_nothing(origin: &Origin, reply: Reply) -> Result<Outcome, Failure> {
    if (200..300).contains(&reply.status) {
        let message = format!(
            "{} asks for no log-on at this address, so there is nothing to seal with; check the address",
            origin.host()
        );
        return Err(Failure::not_sent(Kind::LogOn, message));
    }
    let answered = answer(reply.status, &reply.headers, reply.body);
    Ok(Outcome::Answered(Box::new((answered, reply.headers))))
}

/// The schemes of the WWW-Authenticate lines, in order. One line may hold several (RFC 9110 11.6.1): a scheme is a word
/// that no `=` follows.
fn offers(headers: &HeaderMap) -> Vec<String> {
    let lines = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .filter_map(|part| part.split_whitespace().next())
        .filter(|word| !word.contains(['=', '"']))
        .map(str::to_owned)
        .collect()
}

fn token_of(headers: &HeaderMap, scheme: &str) -> Option<Vec<u8>> {
    let lines = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .filter_map(|line| line.trim().split_once(' '))
        .filter(|(name, _)| name.eq_ignore_ascii_case(scheme))
        .find_map(|(_, token)| STANDARD.decode(token.trim()).ok().filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_tokens_are_found_among_parameters() {
        let mut headers = HeaderMap::new();
        for line in [
            "Negotiate AQID",
            "Kerberos",
            "Basic realm=\"WSMAN\", charset=\"UTF-8\", NTLM",
        ] {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(line));
        }
        assert_eq!(offers(&headers), ["Negotiate", "Kerberos", "Basic", "NTLM"]);
        assert_eq!(token_of(&headers, "negotiate"), Some(vec![1, 2, 3]));
        assert_eq!(token_of(&headers, "Kerberos"), None);
    }

    #[test]
    fn the_service_has_its_port_where_that_is_wanted() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(
            service(&url("http://ex.example.test/PowerShell"), true),
            "ex.example.test:80"
        );
        assert_eq!(
            service(&url("https://ex.example.test:444/"), true),
            "ex.example.test:444"
        );
        assert_eq!(service(&url("https://[::1]:444/"), false), "::1");
    }
}
