//! Shells of an account apart from any session: listed as the service knows them, and ended on request.

use std::sync::Arc;

use runspace::{Cause, Event, Kept, Listed, Listing, Operation, Pool, Shell, Wsman};
use uuid::Uuid;

use super::carrier::Carrier;
use super::wire::{Wire, failed, post};
use super::{Sessions, network, verdict};
use crate::config::Profile;
use crate::connect::{self, Trial};

/// The way to an endpoint, ready to be used.
struct Edge {
    session: Arc<link::Session>,
    uri: String,
    trial: Option<Trial>,
    /// Which of the account's secrets it carries, if it does.
    secret: Option<u64>,
}

impl Sessions {
    /// The shells that the service shows to the profile's account. `uri` is where its sessions are, if that is known: an
    /// open may have been sent elsewhere. `Err` says why there is no list.
    pub(crate) async fn list(&self, profile: &Profile, uri: Option<&str>) -> Result<Vec<wsman::Shell>, String> {
        if profile.program.is_some() {
            return Err("it is a program, which shows no list".to_owned());
        }
        let Edge {
            session,
            uri,
            trial,
            secret,
        } = self.edge(profile, uri).await?;
        let mut lane = session.lane().map_err(|failure| failure.message)?;
        let shell = Shell::new(uri, profile.configuration.clone(), Uuid::new_v4());
        let mut listing = Listing::new(&shell, None, profile.address.host.clone(), seed());
        loop {
            let answer = post(&mut lane, listing.request()).await;
            match listing.answer(answer.map_err(|failure| failed(&failure))) {
                Ok(Listed::More(rest)) => listing = *rest,
                Ok(Listed::All(shells)) => {
                    if trial.is_some() {
                        self.accounts.accepted(profile);
                    }
                    return Ok(shells);
                }
                Err(cause) => return Err(self.refused(profile, secret, &cause)),
            }
        }
    }

    /// Ends a shell that no session is in. `Err` says why that is not proven.
    pub(crate) async fn end_stray(
        &self,
        profile: &Profile,
        uri: Option<&str>,
        found: &wsman::Shell,
    ) -> Result<(), String> {
        let edge = self.edge(profile, uri).await?;
        let id = found.shell_id.uuid().unwrap_or_default();
        let pool = Pool::new(id, seed(), profile.address.host.clone());
        let shell = Shell::new(edge.uri.clone(), profile.configuration.clone(), Uuid::new_v4());
        let kept = Kept {
            uri: edge.uri,
            shell_id: found.shell_id.as_str().to_owned(),
            resource_uri: wsman::resource_uri(&profile.configuration),
            created: true,
            protocol: None,
        };
        let mut carrier = Carrier::wsman(Wsman::attach(pool, shell, kept), Wire::new(edge.session));
        carrier.submit(self.clock.now(), Operation::Close);
        loop {
            while let Some(output) = carrier.poll_output() {
                carrier.carry(self.clock.now(), output).await;
            }
            while let Some(event) = carrier.poll_event() {
                match event {
                    Event::Closed { .. } => return Ok(()),
                    Event::CloseFailed { cause } => return Err(self.refused(profile, edge.secret, &cause)),
                    _ => {}
                }
            }
            let due = carrier.poll_timeout();
            tokio::select! {
                landed = carrier.landed() => carrier.take(self.clock.now(), landed),
                () = self.clock.reach(due) => carrier.handle_timeout(self.clock.now()),
            }
        }
    }

    /// The way to the endpoint, as an open would take it. The address is `known`, or where an open would go.
    async fn edge(&self, profile: &Profile, known: Option<&str>) -> Result<Edge, String> {
        let said = |saying: &endpoint::Saying| self.failure(saying, None).0.message.to_string();
        let ready = connect::ready(self, profile).await.map_err(|saying| said(&saying))?;
        let uri = known.map_or(ready.uri, str::to_owned);
        let environment = self.environment(&profile.name);
        let session = network(self, profile, &environment)
            .await
            .and_then(|network| link::Session::new(&network, &uri, ready.credential))
            .map_err(|failure| failure.message)?;
        Ok(Edge {
            session,
            uri,
            trial: ready.trial,
            secret: ready.secret,
        })
    }

    fn refused(&self, profile: &Profile, secret: Option<u64>, cause: &Cause) -> String {
        if matches!(cause, Cause::Unauthorized { .. }) {
            self.accounts.refused(profile, secret);
        }
        verdict::words(cause)
    }
}

fn seed() -> u128 {
    Uuid::new_v4().as_u128()
}
