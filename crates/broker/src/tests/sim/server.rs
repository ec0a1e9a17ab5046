//! A model of the endpoint: which shells there are, and when it ends them by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use moment::Moment;

use crate::SessionId;

/// How long a shell may idle before the server ends it.
pub(super) const SERVER_IDLE: Duration = Duration::from_secs(900);
/// The longest that a Create may take to arrive.
pub(super) const OPEN_DEADLINE: Duration = Duration::from_secs(180);

#[derive(Default)]
pub(super) struct Server {
    pub(super) shells: BTreeMap<SessionId, Shell>,
    /// Creates that were sent and may still arrive.
    pub(super) coming: BTreeMap<SessionId, usize>,
    /// Slots that somebody else holds, by account.
    pub(super) outside: BTreeMap<String, u32>,
    /// When shells were created of which the answer came back, and for which profile.
    pub(super) arrivals: Vec<(Moment, usize)>,
}

pub(super) struct Shell {
    pub(super) profile: usize,
    pub(super) used: Moment,
    pub(super) running: usize,
}

impl Server {
    pub(super) fn create(&mut self, now: Moment, session: SessionId) {
        if let Some(profile) = self.coming.remove(&session) {
            self.shells.insert(
                session,
                Shell {
                    profile,
                    used: now,
                    running: 0,
                },
            );
        }
    }

    /// True if there was such a shell.
    pub(super) fn delete(&mut self, session: SessionId) -> bool {
        self.shells.remove(&session).is_some()
    }

    pub(super) fn run(&mut self, now: Moment, session: SessionId, more: bool) {
        if let Some(shell) = self.shells.get_mut(&session) {
            shell.used = now;
            shell.running = if more {
                shell.running + 1
            } else {
                shell.running.saturating_sub(1)
            };
        }
    }

    pub(super) fn expire(&mut self, now: Moment) -> Vec<SessionId> {
        let old: Vec<SessionId> = self
            .shells
            .iter()
            .filter(|(_, shell)| shell.running == 0 && shell.used + SERVER_IDLE <= now)
            .map(|(session, _)| *session)
            .collect();
        for session in &old {
            self.shells.remove(session);
        }
        old
    }

    /// Shells that are there or may come, with the profile they were opened for.
    pub(super) fn possible(&self) -> impl Iterator<Item = (SessionId, usize)> + '_ {
        let there = self.shells.iter().map(|(session, shell)| (*session, shell.profile));
        there.chain(self.coming.iter().map(|(session, profile)| (*session, *profile)))
    }
}
