//! The HTTP front: listening, TLS, log-on, and which service a path means.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::certificate::Certificate;
use crate::config::User;
use crate::control;
use crate::shared::Shared;
use crate::soap;

/// The longest request body that is read: a little more than the largest envelope.
const MAX_BODY: usize = 1024 * 1024;

/// How often shells are looked at that nobody uses.
const REAP_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn listen(config: &crate::Config) -> io::Result<(TcpListener, SocketAddr, Option<Certificate>)> {
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let certificate = match &config.certificate {
        Some(path) => Some(Certificate::write_new(path)?),
        None => None,
    };
    Ok((listener, address, certificate))
}

/// Serves until it is dropped; every connection goes with it.
pub(crate) async fn serve(listener: TcpListener, certificate: Option<Certificate>, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut reap = tokio::time::interval(REAP_EVERY);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    let acceptor = certificate.as_ref().map(|certificate| certificate.acceptor.clone());
                    connections.spawn(async move {
                        match acceptor {
                            Some(acceptor) => {
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    connection(TokioIo::new(stream), shared).await;
                                }
                            }
                            None => plain(stream, shared).await,
                        }
                    });
                }
                // Out of descriptors: the next connection may have better luck.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            _ = reap.tick() => shared.reap(),
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn plain(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers go at once: a round trip is what everybody waits for.
    let _ = stream.set_nodelay(true);
    connection(TokioIo::new(stream), shared).await;
}

async fn connection<S>(io: S, shared: Arc<Shared>)
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, shared).await) }
    });
    // A client that hangs up is not an error of ours.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(io, service)
        .await;
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return bare(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let body = body.to_bytes();
    if let Some(what) = head.uri.path().strip_prefix("/control/") {
        return control::answer(&head.method, what, &body, &shared);
    }
    let path = head.uri.path().trim_end_matches('/');
    let found = shared
        .config
        .services
        .iter()
        .position(|service| service.path.trim_end_matches('/') == path);
    let Some(service) = found else {
        return bare(StatusCode::NOT_FOUND);
    };
    if head.method != Method::POST {
        return bare(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(user) = head
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| logged_on(value, &shared.config.users))
    else {
        shared.books().count("unauthorized");
        let mut response = bare(StatusCode::UNAUTHORIZED);
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            http::HeaderValue::from_static("Basic realm=\"WSMAN\""),
        );
        return response;
    };
    match soap::answer(&shared, service, &user, &body).await {
        Some((status, envelope)) => {
            let mut response = Response::new(Full::new(envelope));
            *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response
                .headers_mut()
                .insert(CONTENT_TYPE, http::HeaderValue::from_static(wsman::names::CONTENT_TYPE));
            response
        }
        None => bare(StatusCode::BAD_REQUEST),
    }
}

fn logged_on(header: &http::HeaderValue, users: &[User]) -> Option<User> {
    let encoded = header.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = pair.split_once(':')?;
    users
        .iter()
        .find(|user| user.name.eq_ignore_ascii_case(name) && user.password == password)
        .cloned()
}

fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons_and_must_be_right() {
        let users = [User::new("pilar@litwareinc.com", "pw:with:colons")];
        let header = |pair: &str| http::HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).unwrap();
        let found = logged_on(&header("PILAR@litwareinc.com:pw:with:colons"), &users);
        assert_eq!(found.map(|user| user.organization).as_deref(), Some("litwareinc.com"));
        assert!(logged_on(&header("pilar@litwareinc.com:pw"), &users).is_none());
        assert!(logged_on(&http::HeaderValue::from_static("Negotiate abc"), &users).is_none());
    }
}
