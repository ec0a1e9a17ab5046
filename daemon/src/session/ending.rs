//! How a session fails or ends, and what may be left of it.

use std::time::Duration;

use broker::{Event as Told, Failure, Fate, SessionId};
use ledger::{Row, Stage as Recorded};
use moment::Moment;
use runspace::{Cause, Operation, Outcome, Remains};

use super::drive::{Driver, TRIAL, Task};
use super::{Item, Sessions, budget, opening};
use crate::connect::{self, Token};

/// Tells that nothing was sent: no shell was opened, and none that is there was ended.
pub(super) async fn not_begun(house: &Sessions, session: SessionId, row: &Row, task: Task, failure: Failure) {
    match task {
        Task::Open => {
            let told = Told::OpenFailed {
                session,
                fate: Fate::Gone,
                failure,
                retry_after: None,
            };
            house.desk.say(told).await;
        }
        Task::Close => {
            house.note_why(session, failure.message.to_string());
            unproven(house, session, row).await;
        }
        Task::Recover => {
            house.note_why(session, failure.message.to_string());
            house.lose(session, row).await;
        }
        Task::TryAgain => {}
    }
}

pub(super) async fn unproven(house: &Sessions, session: SessionId, row: &Row) {
    let until = crate::desk::hold_back(row).map(|left| house.clock.now() + left);
    house.desk.say(Told::CloseUnproven { session, until }).await;
}

impl Driver {
    pub(super) async fn open_failed(&mut self, cause: &Cause, shell: Remains) {
        self.opening = false;
        tracing::warn!(session = %self.id, %cause, ?shell, "the open failed");
        if self.opens_again(cause, shell).await {
            return;
        }
        let told = budget::told(cause, &self.profile);
        let saying = self.saying(cause);
        if self.opens_anew(&saying, shell).await {
            return;
        }
        let (failure, retry_after) = self.house.failure(&saying, cause.retry_after());
        self.trial = None;
        let fate = self.fate(shell);
        self.over = fate == Fate::Gone;
        let session = self.id;
        let end = match self.over && self.is_closing() {
            true => Told::Closed { session },
            false => Told::OpenFailed {
                session,
                fate,
                failure,
                retry_after,
            },
        };
        self.house.desk.say(end).await;
        // Behind that: the refused one is in no count of the server's.
        if let Some(told) = told {
            self.house.desk.say(told).await;
        }
    }

    pub(super) async fn broken(&mut self, cause: &Cause, shell: Remains) {
        tracing::warn!(session = %self.id, %cause, ?shell, "broken");
        self.attended(Item::Ended(Outcome::Incomplete(cause.clone())));
        self.attendant = None;
        self.resets.clear();
        // It cannot run any more, and is told so: it did not begin.
        self.go_on();
        let fate = self.fate(shell);
        self.over = fate == Fate::Gone;
        let told = match fate {
            Fate::Gone if self.is_closing() => Told::Closed { session: self.id },
            fate => Told::SessionLost { session: self.id, fate },
        };
        self.house.desk.say(told).await;
    }

    pub(super) async fn auth_needed(&self, cause: &Cause) {
        let saying = self.saying(cause);
        self.house.tell_auth_needed(&self.profile, &saying).await;
    }

    fn saying(&self, cause: &Cause) -> endpoint::Saying {
        let context = connect::Context {
            tried: self.tried,
            edge: self.carrier.last_failure().cloned(),
            host: self
                .house
                .place_of(self.id)
                .map(|(_, uri)| connect::host_of(&uri))
                .unwrap_or_default(),
        };
        let mut saying = connect::of_cause(&self.house, &self.profile, cause, &context);
        if let (Cause::Redirected { .. }, Some(host)) = (cause, &self.astray) {
            saying.hint = Some(format!("if you trust it: allow_redirection = [{host:?}]"));
        }
        saying
    }

    /// A token that was found, not got just now, may have been revoked since: then the open is tried once more, with
    /// another. Nothing was made.
    async fn opens_again(&mut self, cause: &Cause, shell: Remains) -> bool {
        let found = self.token.is_some_and(|token| !token.fresh);
        let again = found
            && !self.is_closing()
            && matches!(cause, Cause::Unauthorized { .. })
            && matches!(shell, Remains::Nothing(_));
        if !again {
            return false;
        }
        let generation = self.token.map(|token| token.generation);
        if let (Some(generation), Some(signed)) = (generation, self.house.accounts.signed(&self.profile))
            && signed.generation == generation
            && connect::renew(&self.house, &self.profile, generation, None)
                .await
                .is_err()
        {
            self.house.accounts.forget_signed(&self.profile);
        }
        self.begins_again("once more, with another token").await
    }

    /// A secret that was refused, of a source that has another by now: the open is tried once more, with that. Nothing
    /// was made.
    async fn opens_anew(&mut self, saying: &endpoint::Saying, shell: Remains) -> bool {
        if !saying.kind.refuses_secret() {
            return false;
        }
        self.house.accounts.refused(&self.profile, self.secret);
        if self.anew || self.is_closing() || !matches!(shell, Remains::Nothing(_)) {
            return false;
        }
        self.anew = true;
        let environment = self.house.environment(&self.profile.name);
        if !self.house.accounts.read_anew(&self.profile, &environment).await {
            return false;
        }
        // Whoever waits for its end may be the one to try the other.
        self.trial = None;
        self.begins_again("once more, with another secret").await
    }

    async fn begins_again(&mut self, how: &str) -> bool {
        let prepared = opening::prepare(&self.house, self.id, &self.profile, &self.row, Task::Open).await;
        let Ok(prepared) = prepared else { return false };
        tracing::info!(session = %self.id, "{how}");
        let tried_by = self.now() + TRIAL;
        self.carrier = prepared.carrier;
        self.token = prepared.token.map(|token| Token { fresh: true, ..token });
        self.secret = prepared.secret;
        self.trial = prepared.trial.map(|trial| (trial, tried_by));
        self.hops = 0;
        self.opening = true;
        self.submit(Operation::Open);
        true
    }

    fn fate(&self, shell: Remains) -> Fate {
        match shell {
            Remains::Nothing(_) => Fate::Gone,
            Remains::Shell { created, running } => Fate::MayExist {
                until: self.hold_back(!created, !running),
            },
        }
    }

    /// Until when the shell may be there, if this was the last that the server heard of us.
    fn hold_back(&self, unanswered: bool, idle: bool) -> Option<Moment> {
        if !idle || (self.is_closing() && self.row.running && self.row.stage != Recorded::Intent) {
            return None;
        }
        let open = if unanswered {
            self.profile.open_timeout
        } else {
            Duration::ZERO
        };
        let kept = if unanswered {
            self.profile.max_idle_timeout
        } else {
            self.idle
        };
        Some(self.now() + open + kept)
    }

    pub(super) async fn close_failed(&mut self, cause: &Cause) {
        tracing::warn!(session = %self.id, %cause, "the end is not proven");
        self.house.note_why(self.id, super::words(cause));
        if matches!(cause, Cause::Unauthorized { .. } | Cause::LogOn { .. }) {
            self.auth_needed(cause).await;
        }
        self.trial = None;
        // A Create that was never answered may still be carried out.
        let until = self.hold_back(self.row.resource_uri.is_empty(), self.feeds.is_empty());
        self.over = true;
        if self.quiet {
            return;
        }
        let session = self.id;
        self.house.desk.say(Told::CloseUnproven { session, until }).await;
    }
}
