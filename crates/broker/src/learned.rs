//! What the server really allows: less than is documented, or as much, with a part of it held by somebody else.
//!
//! A refusal lowers what is believed to what is held then. At that count the next try has to wait, each time for
//! longer, and is alone; below it nothing waits. A success at the count raises the belief, and time that brings no new
//! refusal ends it.

use std::time::Duration;

use moment::Moment;

use crate::broker::Broker;
use crate::ids::{ProfileName, SessionId};
use crate::roster::ScopeIx;
use crate::snapshot::ScopeKind;
use crate::timer::Timer;

/// What a scope's server has shown so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Learned {
    /// The most that we could have at last, and when that was seen.
    pub(crate) observed: Option<(u32, Moment)>,
    /// The next try beyond that.
    pub(crate) next_try: Option<Moment>,
    /// Refusals in a row.
    refusals: u32,
    /// Slots that others hold, and when the server told.
    pub(crate) outside: Option<(u32, Moment)>,
}

impl Learned {
    /// True if no open may begin while so many count.
    pub(crate) fn forbids(&self, now: Moment, used: usize) -> bool {
        match self.observed {
            None => false,
            Some((most, _)) if used == most as usize => self.next_try.is_some_and(|next| next > now),
            // One beyond is a try that is under way.
            Some((most, _)) => used > most as usize,
        }
    }
}

impl Broker {
    /// The server refused one more in this scope.
    pub(crate) fn learn_refusal(&mut self, now: Moment, scope: ScopeIx, refused: SessionId, pause: Duration) {
        let row = &mut self.roster.scopes[scope];
        let held = row.sessions.iter().filter(|id| **id != refused).count();
        let held = u32::try_from(held).unwrap_or(u32::MAX);
        let learned = &mut row.learned;
        let most = learned.observed.map_or(held, |(most, _)| most.min(held));
        learned.observed = Some((most, now));
        learned.refusals = learned.refusals.saturating_add(1);
        let growth = 1 << (learned.refusals - 1).min(16);
        let pause = pause.saturating_mul(growth).min(self.settings.longest_pause.max(pause));
        learned.next_try = Some(now + pause);
        self.timers.set(Timer::Quota(scope), now + pause);
        self.timers
            .set(Timer::Belief(scope), now + pause + self.settings.believe_for);
        self.mark_scope(scope);
    }

    /// The server has let us have this one.
    pub(crate) fn learn_success(&mut self, now: Moment, opened: SessionId) {
        let Some(session) = self.sessions.get(&opened) else {
            return;
        };
        for scope in session.scopes() {
            let row = &mut self.roster.scopes[scope];
            let Some((most, _)) = row.learned.observed else {
                continue;
            };
            let others_opening = row.opening.iter().filter(|id| **id != opened).count();
            let held = u32::try_from(row.sessions.len() - others_opening).unwrap_or(u32::MAX);
            if held <= most {
                continue;
            }
            row.learned.refusals = 0;
            row.learned.next_try = None;
            self.timers.clear(Timer::Quota(scope));
            if row.limit.is_none_or(|limit| held >= limit) {
                row.learned = Learned::default();
                self.timers.clear(Timer::Belief(scope));
            } else {
                row.learned.observed = Some((held, now));
                self.timers.set(Timer::Belief(scope), now + self.settings.believe_for);
            }
            self.mark_scope(scope);
        }
    }

    /// The server told its own count, or its own limit.
    pub(crate) fn told_by_server(
        &mut self,
        now: Moment,
        profile: &ProfileName,
        kind: ScopeKind,
        used: Option<u32>,
        limit: Option<u32>,
    ) {
        let Some(ix) = self.roster.profile(profile) else { return };
        let party = self.roster.party_of(self.roster.profiles[ix].pool);
        let scope = match kind {
            ScopeKind::Admin => party.admin,
            ScopeKind::Organization => match party.organization {
                Some(organization) => organization,
                None => return,
            },
        };
        let row = &mut self.roster.scopes[scope];
        let before = row.learned.outside.map_or(0, |(outside, _)| outside);
        if let Some(used) = used {
            // Those on the way may be in the server's count already: to call them ours rather hides one than invents one.
            let ours = u32::try_from(row.sessions.len()).unwrap_or(u32::MAX);
            row.learned.outside = Some((used.saturating_sub(ours), now));
        }
        let outside = row.learned.outside.map_or(0, |(outside, _)| outside);
        let allowed = limit.or(row.limit).map(|limit| limit.saturating_sub(outside));
        if let Some(allowed) = allowed
            && row.limit.is_none_or(|documented| allowed < documented)
            && row.learned.observed.is_none_or(|(most, _)| allowed < most)
        {
            row.learned.observed = Some((allowed, now));
        }
        // What others have let go of is ours again; a limit that the server names is what it is.
        let freed = before.saturating_sub(outside);
        if let Some((most, _)) = row.learned.observed {
            let raised = match limit {
                Some(_) if used.is_some() => allowed.filter(|allowed| *allowed > most),
                Some(_) | None => (freed > 0).then(|| most.saturating_add(freed)),
            };
            if let Some(raised) = raised {
                let below = row.limit.is_none_or(|documented| raised < documented);
                row.learned.observed = below.then_some((raised, now));
                row.learned.refusals = 0;
                row.learned.next_try = None;
                self.timers.clear(Timer::Quota(scope));
            }
        }
        self.timers.set(Timer::Belief(scope), now + self.settings.believe_for);
        self.mark_scope(scope);
    }

    /// The pause after a refusal is over: one may try.
    pub(crate) fn end_quota(&mut self, scope: ScopeIx) {
        self.roster.scopes[scope].learned.next_try = None;
        self.mark_scope(scope);
    }

    /// Nothing has shown it for long.
    pub(crate) fn end_belief(&mut self, scope: ScopeIx) {
        self.roster.scopes[scope].learned = Learned::default();
        self.timers.clear(Timer::Quota(scope));
        self.mark_scope(scope);
    }
}
