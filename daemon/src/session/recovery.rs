//! A shell that an earlier run left: taken again if that makes sense, else given up to be deleted (decisions.md,
//! recovery).

use std::sync::{Arc, PoisonError};

use broker::{Event as Told, Fate, SessionId};
use ledger::{Row, Stage};
use runspace::{Cause, Operation};

use super::drive::{Driver, Task};
use super::{NewsKind, Sessions, facts, verdict};
use crate::config::Profile;
use crate::{crash, desk};

impl Sessions {
    /// The profile by which a session of an earlier run can be taken again; `None` where that makes no sense.
    ///
    /// It makes sense for a shell that was open, of a profile that is what it was, where the service lets a session be
    /// left and found again, and a log-on is at hand.
    pub(crate) fn profile_to_recover(&self, row: &Row) -> Option<Arc<Profile>> {
        let profile = self.profile_of(row).filter(|profile| profile.name == row.profile)?;
        let open = matches!(row.stage, Stage::Open | Stage::Disconnected) && !row.resource_uri.is_empty();
        let same = profile.identity() == row.identity;
        let worn = row.commands >= profile.max_commands;
        (open && same && !worn && profile.template.can_disconnect())
            .then_some(profile)
            .filter(|profile| self.accounts.missing(profile).is_none())
    }

    /// Takes the session up that `row` remembers, whose epoch is durable.
    pub(crate) fn recover(self: &Arc<Self>, profile: Arc<Profile>, row: Row) {
        self.spawn(SessionId(row.session), profile, row, Task::Recover);
    }

    /// Gives a session of an earlier run up: its end is recorded, then its shell deleted.
    pub(crate) async fn lose(&self, session: SessionId, row: &Row) {
        let until = desk::hold_back(row).map(|left| self.clock.now() + left);
        let fate = Fate::MayExist { until };
        self.desk.say(Told::SessionLost { session, fate }).await;
    }

    /// Remembers why a session's end could not be proven, for `status`.
    pub(super) fn note_why(&self, session: SessionId, why: String) {
        let mut known = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(session, why);
    }

    /// Why a session's end could not be proven when that was last tried.
    pub(crate) fn why(&self, session: SessionId) -> Option<String> {
        let known = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&session).cloned()
    }

    /// The session is gone.
    pub(crate) fn forget_why(&self, session: SessionId) {
        let mut known = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&session);
    }
}

impl Driver {
    /// The shell is there. One that is connected is left first: whoever was connected is no more, and its server may not
    /// have noticed.
    pub(super) async fn told_health(&mut self, state: Option<&str>) {
        if self.is_well(state).await || !self.recovering {
            return;
        }
        let next = if state == Some("Disconnected") {
            Operation::Reconnect
        } else {
            Operation::Disconnect { idle_timeout: None }
        };
        self.submit(next);
    }

    pub(super) async fn disconnected(&mut self) {
        if self.recovering {
            self.submit(Operation::Reconnect);
        } else if self.leaving {
            self.left(true).await;
        }
    }

    /// The shell stays where it is, for the next daemon to find, as far as is known.
    async fn left(&mut self, confirmed: bool) {
        tracing::info!(session = %self.id, confirmed, "left on the server");
        crash::point("shell", "left");
        self.leaving = false;
        self.over = true;
        let session = self.id;
        self.house.desk.say(Told::Left { session, confirmed }).await;
    }

    async fn not_left(&mut self, cause: &Cause) {
        match cause {
            // Whether it is connected there or not, the next one can take it.
            Cause::Connection { .. } | Cause::NoAnswer { .. } => self.left(false).await,
            _ => {
                self.leaving = false;
                let session = self.id;
                self.house.desk.say(Told::NotLeft { session }).await;
            }
        }
    }

    /// Taken again. `ended` pipelines were found running and were stopped: their callers have long been told that the
    /// outcome is unknown.
    pub(super) async fn reattached(&mut self, connected: bool, ended: Option<usize>) {
        if !std::mem::replace(&mut self.recovering, false) {
            return;
        }
        tracing::info!(session = %self.id, connected, ended, "found again");
        crash::point("shell", "reattached");
        self.accepted();
        if ended.is_none() {
            // Something may still be running there: nobody can use it.
            self.house
                .note_why(self.id, "it may still run what an earlier psleased began".to_owned());
            let (house, row) = (self.house.clone(), self.row.clone());
            return house.lose(self.id, &row).await;
        }
        self.row.running = false;
        if let Some(opened) = facts::again(&self.row, self.idle) {
            self.house.note_opened(self.id, &self.profile, Arc::new(opened));
        }
        self.house.tell(&self.profile, NewsKind::Stage, "Success");
        let idle = Some(self.idle);
        self.house.desk.say(Told::Opened { session: self.id, idle }).await;
    }

    pub(super) async fn refused(&mut self, operation: &'static str, cause: &Cause) {
        tracing::warn!(session = %self.id, operation, %cause, "refused");
        if operation == "key exchange" {
            return self.no_key();
        }
        if operation == "get" {
            self.was_not_asked(cause);
        }
        // A shell that is not there is told as broken, with what that proves.
        if matches!(cause, Cause::ShellLost { .. }) {
            return;
        }
        if self.leaving && operation == "disconnect" {
            return self.not_left(cause).await;
        }
        if !self.recovering {
            return;
        }
        if operation == "reconnect" {
            return self.submit(Operation::Connect);
        }
        self.recovering = false;
        if matches!(cause, Cause::Unauthorized { .. } | Cause::LogOn { .. }) {
            self.auth_needed(cause).await;
        }
        self.house.note_why(self.id, verdict::words(cause));
        let (house, row) = (self.house.clone(), self.row.clone());
        house.lose(self.id, &row).await;
    }
}
