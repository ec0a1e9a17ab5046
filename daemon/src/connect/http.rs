//! The machine's requests, sent: each on a connection of its own, without any credential of a session's.

use std::collections::BTreeMap;

use bytes::Bytes;
use endpoint::{Method, REQUEST_TIMEOUT, Request, Response, Unanswered};
use link::{Call, Credential, Failure, Network};
use secrecy::ExposeSecret as _;

use super::saying::unanswered;
use crate::config::Profile;
use crate::session::{Sessions, network};

pub(super) struct Http<'a> {
    house: &'a Sessions,
    /// For what may hold a secret.
    strict: Network,
    /// For documents, the first of which is asked for in the clear (services.md 1.2): its answer is judged.
    open: Network,
}

impl<'a> Http<'a> {
    pub(super) async fn new(
        house: &'a Sessions,
        profile: &Profile,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let strict = network(house, profile, environment).await?;
        let open = strict.clone().allow_plain(true);
        Ok(Self { house, strict, open })
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Response, Unanswered> {
        match self.exchange(request).await {
            Ok(response) => Ok(response),
            Err(failure) => Err(unanswered(self.house, &failure)),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Response, Failure> {
        let (network, mut call) = match (request.method, &request.form) {
            (Method::Get, _) => (&self.open, Call::get(request.uri.as_str(), REQUEST_TIMEOUT)),
            (Method::Post, form) => {
                let text = form.as_ref().map_or("", |form| form.expose_secret());
                let form = Bytes::copy_from_slice(text.as_bytes());
                (&self.strict, Call::form(request.uri.as_str(), form, REQUEST_TIMEOUT))
            }
        };
        for (name, value) in &request.headers {
            call = call.header(*name, value.as_str());
        }
        let session = link::Session::new(network, &request.uri, Credential::Anonymous)?;
        let answer = session.lane()?.call(call).await?;
        tracing::debug!(host = ?link::Origin::of(&request.uri).map(|origin| origin.host()).ok(), status = answer.status, "asked");
        Ok(Response {
            status: answer.status,
            location: answer.location,
            retry_after: answer.retry_after,
            challenges: answer.challenges,
            body: answer.body,
        })
    }
}
