//! One TCP connection.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use reqwest::{Body, Url};
use tokio::time::timeout;

use crate::address::parse;
use crate::cookies::date;
use crate::outgoing::{Began, Outgoing};
use crate::{Answer, Call, Failure, Kind, Method, Origin, Post, Session};

/// One TCP connection, made when it is first needed and again after it dropped. It owns its request in flight: the borrow
/// sees to it that there is one at a time, as HTTP/1.1 (and every log-on that is bound to the connection) wants it.
///
/// A request whose future is dropped takes the connection with it; its outcome is then unknown. Never do that to a
/// Receive: the server may already have taken the data out of its queue.
#[derive(Debug)]
pub struct Lane {
    session: Arc<Session>,
    client: reqwest::Client,
    #[cfg(feature = "negotiate")]
    bound: crate::bound::Bound,
}

impl Lane {
    pub(crate) fn new(session: Arc<Session>, client: reqwest::Client) -> Self {
        Self {
            session,
            client,
            #[cfg(feature = "negotiate")]
            bound: crate::bound::Bound::default(),
        }
    }

    /// Sends with the session's credential and cookies, and waits for the whole answer.
    ///
    /// # Errors
    /// If there was no whole answer in time. The failure says whether the request may have been sent.
    pub async fn post(&mut self, post: Post) -> Result<Answer, Failure> {
        let url = parse(&post.uri)?;
        self.session.check_scheme(&url)?;
        let origin = Origin::of_url(&url);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(post.content_type));
        let (affinity, is_bound) = {
            let shared = self.session.shared();
            if !shared.allows(&origin) {
                let message = format!("{origin} was not allowed to get this account's credential; nothing was sent");
                return Err(Failure::not_sent(Kind::Address, message));
            }
            if let Some(value) = shared.credential.authorization() {
                headers.insert(AUTHORIZATION, value);
            }
            let carried = shared.jar.carry(&url, SystemTime::now());
            if let Some(value) = carried.header {
                headers.insert(COOKIE, value);
            }
            (carried.affinity, shared.credential.is_bound())
        };
        let (mut answer, got) = if is_bound {
            self.exchange_bound(&url, headers, post).await?
        } else {
            self.exchange(reqwest::Method::POST, &url, headers, post.body, post.deadline)
                .await?
        };
        answer.affinity = affinity;
        let success = (200..300).contains(&answer.status);
        self.session
            .shared()
            .jar
            .take(&url, got.get_all(SET_COOKIE), success, SystemTime::now());
        Ok(answer)
    }

    /// Sends what the call says and nothing of the session's.
    ///
    /// # Errors
    /// As [`post`](Self::post).
    pub async fn call(&mut self, call: Call) -> Result<Answer, Failure> {
        let url = parse(&call.uri)?;
        self.session.check_scheme(&url)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &call.headers {
            // The value is not shown: it may be a token.
            let refuse = |_| Failure::not_sent(Kind::Other, format!("the header {name:?} cannot be written"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse(()))?;
            let mut value = HeaderValue::from_str(value).map_err(|_| refuse(()))?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let body = match call.body {
            Some((kind, body)) => {
                let kind = HeaderValue::from_str(&kind)
                    .map_err(|_| Failure::not_sent(Kind::Other, "the Content-Type cannot be written"))?;
                headers.insert(CONTENT_TYPE, kind);
                body
            }
            None => Bytes::new(),
        };
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        self.exchange(method, &url, headers, body, call.deadline)
            .await
            .map(|(answer, _)| answer)
    }

    /// Gives the TCP connection up: the next request makes a new one. For after sleep or a change of address.
    ///
    /// # Errors
    /// If the proxy settings cannot be used.
    pub fn renew(&mut self) -> Result<(), Failure> {
        self.client = self.session.client()?;
        #[cfg(feature = "negotiate")]
        {
            self.bound = crate::bound::Bound::default();
        }
        Ok(())
    }

    #[cfg(feature = "negotiate")]
    async fn exchange_bound(
        &mut self,
        url: &Url,
        headers: HeaderMap,
        post: Post,
    ) -> Result<(Answer, HeaderMap), Failure> {
        self.bound
            .post(&self.session, url, headers, post.body, post.deadline)
            .await
    }

    #[cfg(not(feature = "negotiate"))]
    async fn exchange_bound(&mut self, url: &Url, _: HeaderMap, _: Post) -> Result<(Answer, HeaderMap), Failure> {
        let host = Origin::of_url(url).host();
        let message =
            format!("{host}: this build cannot log on by Negotiate, NTLM or Kerberos; build it with `negotiate`");
        Err(Failure::not_sent(Kind::LogOn, message))
    }

    async fn exchange(
        &mut self,
        method: reqwest::Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        deadline: Duration,
    ) -> Result<(Answer, HeaderMap), Failure> {
        let origin = Origin::of_url(url);
        let began = if body.is_empty() {
            Began::unknown()
        } else {
            Began::default()
        };
        let mut request = self.client.request(method, url.clone()).headers(headers);
        request = match body.is_empty() {
            true => request.body(Body::default()),
            false => request.body(Body::wrap(Outgoing::new(body, began.clone()))),
        };
        let largest = self.session.network().largest;
        let whole = async {
            let mut response = request
                .send()
                .await
                .map_err(|why| Failure::of(&why, &origin, began.get() && !why.is_connect()))?;
            if let Some(address) = response.remote_addr() {
                self.session.addresses().answered(address.ip());
            }
            let mut body = BytesMut::new();
            loop {
                match response.chunk().await {
                    Ok(Some(chunk)) if body.len() + chunk.len() > largest => {
                        let message = format!("{} sent an answer of more than {largest} bytes", origin.host());
                        return Err(Failure::maybe_sent(Kind::Answer, message));
                    }
                    Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                    Ok(None) => break,
                    Err(why) => return Err(Failure::of(&why, &origin, true)),
                }
            }
            let headers = std::mem::take(response.headers_mut());
            Ok((answer(response.status().as_u16(), &headers, body.freeze()), headers))
        };
        match timeout(deadline, whole).await {
            Ok(Ok((answer, headers))) => {
                tracing::trace!(
                    host = origin.host(),
                    status = answer.status,
                    bytes = answer.body.len(),
                    "answered"
                );
                Ok((answer, headers))
            }
            Ok(Err(failure)) => {
                tracing::debug!(host = origin.host(), sent = ?failure.sent, kind = ?failure.kind, "no answer");
                Err(failure)
            }
            Err(_) => Err(Failure::timed_out(&origin, began.get(), deadline)),
        }
    }
}

pub(crate) fn answer(status: u16, headers: &HeaderMap, body: Bytes) -> Answer {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Answer {
        status,
        content_type: text(CONTENT_TYPE),
        location: text(LOCATION),
        retry_after: text(RETRY_AFTER)
            .and_then(|value| value.trim().parse().ok())
            .map(Duration::from_secs),
        challenges: headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect(),
        refusal: None,
        date: text(DATE).and_then(|value| date(&value)),
        affinity: true,
        body,
    }
}
