//! What the machine says, passed on: to whoever runs the pipeline, to whoever waits for the open, to the desk.

use std::sync::Arc;

use broker::Event as Told;
use ledger::Affinity;
use psrp::body::{Availability, Body as _, ErrorCategory, ErrorRecord, HostCall, RunspaceAvailability};
use psrp::{MessageType, Piece};
use runspace::{Cause, Event, Notice, Opened, Operation, Outcome, Stage};
use uuid::Uuid;

use super::drive::{Driver, Reset};
use super::{Feed, Item, NewsKind, budget, facts};
use crate::connect;
use crate::crash;
use crate::desk::Found;

/// Messages of the pool's own that may wait for one reader.
const UNREAD: usize = 4096;

impl Driver {
    pub(super) async fn event(&mut self, event: Event) {
        match event {
            Event::Opening(stage) => self.stage(&stage),
            Event::Redirected { from, to } => self.redirected(&from, to).await,
            Event::Opened(opened) => self.opened(*opened).await,
            Event::OpenFailed { cause, shell } => self.open_failed(&cause, shell).await,
            Event::Piece {
                pipeline: Some(pipeline),
                piece,
            } => self.feed(pipeline, Item::Piece(piece)),
            Event::Piece { pipeline: None, piece } => self.pool_piece(piece).await,
            Event::Forwarded { pipeline, bytes } => self.feed(pipeline, Item::Forwarded(bytes)),
            Event::Started { pipeline } => {
                crash::point("pipeline", "running");
                self.feed(pipeline, Item::Started);
            }
            Event::State { pipeline, state, body } => self.feed(pipeline, Item::State(state, body)),
            Event::Ended { pipeline, outcome } => {
                crash::point("pipeline", "ended");
                if let Outcome::NotStarted(cause) | Outcome::Unknown(cause) | Outcome::Incomplete(cause) = &outcome
                    && let Some(told) = budget::throttled(cause, self.id)
                {
                    self.house.desk.say(told).await;
                }
                self.attended.remove(&pipeline);
                if let Some(feed) = self.feeds.remove(&pipeline) {
                    feed.put(Item::Ended(outcome));
                }
            }
            Event::Notice(notice) => self.notice(&notice),
            Event::AuthNeeded { cause } => match self.token {
                // It was good until now: another takes its place, and nobody need hear of it.
                Some(token) if token.proved => {
                    tracing::info!(session = %self.id, %cause, "the token has ended");
                    self.renew_token();
                }
                _ => {
                    self.rests = true;
                    self.trial = None;
                    match cause {
                        Cause::LogOn { password: false, .. } => self.house.rests(&self.profile.name),
                        _ => self.house.accounts.refused(&self.profile, self.secret),
                    }
                    self.auth_needed(&cause).await;
                }
            },
            Event::Closed { proof } => {
                tracing::info!(session = %self.id, ?proof, "closed");
                crash::point("shell", "gone");
                self.over = true;
                self.house.desk.say(Told::Closed { session: self.id }).await;
            }
            Event::CloseFailed { cause } => self.close_failed(&cause).await,
            Event::Broken { cause, shell } => self.broken(&cause, shell).await,
            Event::Refused { operation, cause } => self.refused(operation, &cause).await,
            Event::Reattached { connected, ended } => self.reattached(connected, ended).await,
            Event::Disconnected => self.disconnected().await,
            Event::Health { state } => self.told_health(state.as_deref()).await,
            Event::KeyReady(key) => self.key_ready(key),
            Event::KeyRequested => self.key_requested(),
            other => tracing::warn!(session = %self.id, event = ?other, "not understood"),
        }
    }

    async fn opened(&mut self, opened: Opened) {
        crash::point("shell", "opened");
        self.opening = false;
        self.accepted();
        if let Some(idle) = opened.idle_timeout {
            self.idle = idle;
        }
        let idle = opened.idle_timeout;
        if let Some(kept) = opened.kept.clone() {
            self.row.resource_uri.clone_from(&kept.resource_uri);
            self.cookies = self.carrier.has_cookies();
            let affinity = if self.cookies {
                Affinity::LeftOut
            } else {
                Affinity::NotNeeded
            };
            let facts = facts::of(&opened);
            let found = Found {
                kept,
                idle,
                affinity,
                facts,
            };
            self.house.desk.kept(self.id, found).await;
        }
        self.house.note_opened(self.id, &self.profile, Arc::new(opened));
        self.house.tell_stage(&self.profile, &endpoint::Stage::Opened);
        let session = self.id;
        self.house.desk.say(Told::Opened { session, idle }).await;
        crash::point("shell", "told");
    }

    fn feed(&self, pipeline: Uuid, item: Item) {
        if let Some(feed) = self.feeds.get(&pipeline) {
            feed.put(item);
        }
    }

    /// Tells whoever ran something in the session last.
    pub(super) fn attended(&self, item: Item) {
        if let Some(attendant) = &self.attendant {
            attendant.put(item);
        }
    }

    fn stage(&self, stage: &Stage) {
        // Where a service's connector has words of its own, these and no others are told.
        let known = connect::stage_words(&self.profile, &endpoint::Stage::Initializing).is_some();
        let text = match stage {
            Stage::Creating { .. } if known => {
                return self.house.tell_stage(&self.profile, &endpoint::Stage::Initializing);
            }
            _ if known => return,
            Stage::Creating { uri } => format!("Initializing remote session at {uri}"),
            Stage::Negotiating => "Negotiating the remoting protocol".to_owned(),
            Stage::Negotiated { protocol } => format!("Remoting protocol {protocol}"),
        };
        self.house.tell(&self.profile, NewsKind::Stage, text);
    }

    fn notice(&self, notice: &Notice) {
        let (text, cure) = match notice {
            Notice::CreateUnanswered { host, waited } => {
                let saying = connect::of_unanswered_open(&self.profile, host, *waited);
                (saying.message, saying.hint.unwrap_or_default())
            }
            other => (other.to_string(), String::new()),
        };
        tracing::info!(session = %self.id, notice = text, "notice");
        if self.opening {
            self.house.tell_with(&self.profile, NewsKind::Notice, text, cure);
            return;
        }
        for feed in self.feeds.values() {
            feed.put(Item::Notice(text.clone()));
        }
    }

    /// A message of the pool's. What belongs to no pipeline goes to whoever ran something last; a host call that nobody
    /// can answer is refused, since the server waits for it.
    async fn pool_piece(&mut self, piece: Piece) {
        if piece.kind == MessageType::EncryptedSessionKey {
            if let Some(sealed) = self.keys.pop_front() {
                // Whoever asked may have gone.
                let _ = sealed.send(piece.bytes);
            }
            return;
        }
        if piece.kind == MessageType::RunspaceAvailability {
            return self.was_reset(&piece).await;
        }
        match self.attendant.as_ref().and_then(Feed::unread) {
            Some(unread) if unread < UNREAD => return self.attended(Item::Piece(piece)),
            Some(_) => {
                let why = format!("{UNREAD} messages of the session were not read");
                self.attended(Item::Ended(Outcome::Incomplete(Cause::TooLarge { why })));
                self.attendant = None;
            }
            None => self.attendant = None,
        }
        let message = match self.pool_message.push(piece) {
            Ok(Some(message)) if message.kind == MessageType::RunspacePoolHostCall => message,
            Ok(_) => return,
            Err(error) => return tracing::warn!(session = %self.id, %error, "a message of the pool"),
        };
        let Ok(call) = HostCall::read(&message.body) else {
            return;
        };
        let refusal = ErrorRecord::new(
            "System.Management.Automation.Host.HostException",
            "nobody is there to answer a question that belongs to no pipeline",
            "HostFunctionNotImplemented",
            ErrorCategory::ResourceUnavailable,
        );
        if let Some(answer) = call.refuse(refusal) {
            self.submit(Operation::HostResponse {
                pipeline: None,
                body: answer.write(),
            });
        }
    }

    /// The server waits for the exchange of the session key: with a console behind a door, if that runs something, since
    /// nobody else can read what is sealed with it; else with us.
    fn key_requested(&mut self) {
        let attends = self.attendant.as_ref().is_some_and(|feed| feed.unread().is_some());
        if attends && !self.attended.is_empty() {
            self.attended(Item::KeyRequested);
        } else {
            self.submit(Operation::ExchangeKey);
        }
    }

    /// The answer to a reset, the only one of its kind that is asked for. What ran while it was under way, or after it, is
    /// not reset by it.
    async fn was_reset(&mut self, piece: &Piece) {
        let Some(Reset { done, clean }) = self.resets.pop_front() else {
            return;
        };
        let answer = RunspaceAvailability::read(&piece.bytes).map(|read| read.answer);
        let is_reset = matches!(answer, Ok(Availability::Done(true)));
        if is_reset && clean {
            self.house.desk.say(Told::Reset { session: self.id }).await;
        }
        // Whoever asked may have gone.
        let _ = done.send(is_reset);
    }
}
