//! From the decision to open until the shell is there, or is known not to be.

use std::time::Duration;

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal};
use crate::books::Awaited;
use crate::broker::Broker;
use crate::entry::Entry;
use crate::event::{Failure, FailureKind, Fate};
use crate::ids::{ProfileName, SessionId, ShellId};
use crate::profile::Scopes;
use crate::roster::{Class, Hold, PoolIx, ProfileIx, ScopeIx, follow};
use crate::session::{Session, State};
use crate::timer::Timer;

/// A server that tells no time is asked again after this long, and never sooner than the second.
const RETRY_QUOTA: Duration = Duration::from_secs(60);
const RETRY_SOONEST: Duration = Duration::from_secs(1);
/// After a second session could not be had, how long the first one does alone.
const SPREAD_AGAIN: Duration = Duration::from_secs(60);

impl Broker {
    /// Takes a slot and has the intent recorded. The open follows when that is durable.
    pub(crate) fn begin_open(&mut self, now: Moment, pool: PoolIx, profile: ProfileIx) -> Option<SessionId> {
        let row = &self.roster.profiles[profile];
        let configured = row.profile.as_ref()?;
        let (scopes, identity) = (configured.scopes.clone(), configured.identity.clone());
        let profile = row.name.clone();
        let id = self.next_session;
        self.next_session.0 += 1;
        let shell = ShellId::derive(self.seed, id);
        let party = self.roster.pools[pool].party;
        debug_assert!(self.ceilings(now, party).is_empty(), "an open began above a ceiling");
        self.served += 1;
        self.roster.parties[party].served = self.served;
        self.add_session(now, id, shell, profile.clone(), pool, State::Intent);
        let entry = Entry::Intent {
            session: id,
            shell,
            profile,
            scopes,
            identity,
        };
        self.record_awaited(entry, Awaited::Intent(id));
        for scope in self.roster.parties[party].scopes() {
            self.dirty
                .spreads
                .extend(self.roster.scopes[scope].spreading.iter().copied());
        }
        self.mark(pool);
        Some(id)
    }

    fn add_session(
        &mut self,
        now: Moment,
        id: SessionId,
        shell: ShellId,
        profile: ProfileName,
        pool: PoolIx,
        state: State,
    ) {
        let party = self.roster.pools[pool].party;
        let session = Session {
            id,
            shell,
            profile,
            pool,
            party,
            admin: self.roster.parties[party].admin,
            organization: self.roster.parties[party].organization,
            state,
            since: now,
            used: now,
            freed: now,
            idle: None,
            lease: None,
            turns: Vec::new(),
            queue: Default::default(),
            wanted: Default::default(),
            commands: 0,
            dirty: false,
            newborn: false,
            doomed: None,
            claim: None,
            awaited_by: None,
            closers: Vec::new(),
            server_idle: None,
            hold: None,
            token: None,
            replaces: None,
            announced: false,
            worn: None,
        };
        for scope in session.scopes() {
            self.roster.scopes[scope].sessions.insert(id);
        }
        self.roster.pools[pool].sessions.insert(id);
        self.sessions.insert(id, session);
        self.reindex(id);
    }

    /// A row of an earlier run: it counts before anything else is known of it.
    pub(crate) fn restored(
        &mut self,
        now: Moment,
        id: SessionId,
        shell: ShellId,
        profile: ProfileName,
        scopes: &Scopes,
        identity: &str,
    ) {
        if self.sessions.contains_key(&id) {
            debug_assert!(false, "session {id} is there already");
            return;
        }
        let pool = self.roster.pool(scopes, identity);
        self.next_session.0 = self.next_session.0.max(id.0 + 1);
        self.add_session(now, id, shell, profile, pool, State::Recovering);
        // It was opened, nobody knows how long ago.
        self.note_open(now, self.roster.party_of(pool).admin);
        self.mark(pool);
    }

    /// The intent is durable. Between the decision and now a limit may have gone down or a log-on been refused.
    pub(crate) fn intent_recorded(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        debug_assert_eq!(session.state, State::Intent);
        let above = |scope: ScopeIx| {
            let scope = &self.roster.scopes[scope];
            scope.limit.is_some_and(|limit| scope.sessions.len() > limit as usize)
                || scope.learned.forbids(now, scope.sessions.len() - 1)
        };
        let (pool, profile) = (session.pool, session.profile.clone());
        let configured = self
            .roster
            .profile(&profile)
            .is_some_and(|ix| self.roster.profiles[ix].profile.is_some());
        let admin = &self.roster.scopes[session.admin];
        let held = self.roster.pools[pool]
            .hold
            .as_ref()
            .is_some_and(|hold| hold.until > now);
        if session.scopes().any(above)
            || self.stopping.is_some()
            || admin.auth.is_some()
            || held
            || !configured
            || session.doomed.is_some()
        {
            self.drop_intent(now, id);
            return;
        }
        let shell = session.shell;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.state = State::Opening;
            session.since = now;
        }
        self.emit(Action::Open {
            session: id,
            shell,
            profile,
        });
    }

    /// An intent that never became an open: nothing was sent.
    pub(crate) fn drop_intent(&mut self, now: Moment, id: SessionId) {
        self.forget_session(now, id);
    }

    pub(crate) fn opened(&mut self, now: Moment, id: SessionId, idle: Option<Duration>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let (pool, admin, since, before) = (session.pool, session.admin, session.since, session.state);
        match before {
            State::Opening | State::Recovering => {
                session.server_idle = idle;
                session.newborn = before == State::Opening;
                session.state = State::Open;
                // The server may have created it right away, and its answer have waited for us to wake up.
                session.used = if before == State::Opening { session.since } else { now };
                // One of an earlier run is as old as it was.
                if before == State::Opening {
                    session.since = now;
                }
            }
            State::Closing { .. } => {
                self.note_unanswered(now, id);
                return;
            }
            State::Intent | State::Open | State::Leaving | State::Left | State::Unconfirmed { .. } => return,
        }
        if before == State::Opening {
            follow(&mut self.roster.pools[pool].open_time, now.since(since));
            self.note_open(now, admin);
        }
        self.roster.pools[pool].hold = None;
        self.roster.pools[pool].wary = false;
        self.timers.clear(Timer::Hold(pool));
        if before == State::Opening {
            self.learn_success(now, id);
        }
        self.record(Entry::Opened { session: id });
        self.reindex(id);
        self.others_linger(now, id);
        self.retry_unconfirmed(now, admin, Some(pool));
        match self.sessions.get(&id).and_then(|session| session.lease) {
            Some(lease) => self.found_again(now, id, lease),
            None => self.release_session(now, id),
        }
        self.watch_renewal(now, id);
        self.retire_replaced(now, id);
        for party in self.roster.scopes[admin].parties.clone() {
            self.mark_party(party);
        }
    }

    pub(crate) fn open_failed(
        &mut self,
        now: Moment,
        id: SessionId,
        fate: Fate,
        failure: Failure,
        retry_after: Option<Duration>,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let (pool, admin, organization) = (session.pool, session.admin, session.organization);
        let (state, profile) = (session.state, session.profile.clone());
        match (state, fate) {
            (State::Opening | State::Recovering, Fate::Gone) => self.forget_session(now, id),
            (State::Opening | State::Recovering, Fate::MayExist { until }) => {
                self.hold_back(now, id, until);
                self.begin_close(now, id, CloseCause::OpenFailed);
                self.note_unanswered(now, id);
            }
            // It was being closed already: the close is answered by that, or still to come.
            (State::Closing { .. }, Fate::Gone) => {
                self.forget_session(now, id);
                return;
            }
            (State::Closing { .. }, Fate::MayExist { until }) => {
                self.hold_back(now, id, until);
                return;
            }
            (State::Intent | State::Open | State::Leaving | State::Left | State::Unconfirmed { .. }, _) => return,
        }
        self.roster.pools[pool].spread_from = now + SPREAD_AGAIN;
        let pause = retry_after.unwrap_or(RETRY_QUOTA).max(RETRY_SOONEST);
        match failure.kind {
            FailureKind::Auth => self.auth_needed(now, &profile, failure.message),
            FailureKind::AdminQuota => self.learn_refusal(now, admin, id, pause),
            FailureKind::OrganizationQuota => self.learn_refusal(now, organization.unwrap_or(admin), id, pause),
            FailureKind::Rate => {
                // Opens are counted by account, whatever their options are.
                for party in self.roster.scopes[admin].parties.clone() {
                    for pool in self.roster.parties[party].pools.clone() {
                        self.hold_pool(now, pool, pause, failure.clone());
                    }
                }
            }
            FailureKind::Endpoint | FailureKind::Profile | FailureKind::Refused => match retry_after {
                Some(_) => self.hold_pool(now, pool, pause, failure),
                None => self.refuse_unserved(pool, &failure),
            },
        }
        self.mark(pool);
    }

    /// An open that was closed before its answer has ended, one way or the other.
    pub(crate) fn note_unanswered(&mut self, now: Moment, id: SessionId) {
        let Some(admin) = self.sessions.get(&id).map(|session| session.admin) else {
            return;
        };
        if self.roster.scopes[admin].unanswered.remove(&id) {
            self.note_open(now, admin);
        }
    }

    fn hold_pool(&mut self, now: Moment, pool: PoolIx, pause: Duration, failure: Failure) {
        let until = now + pause;
        self.roster.pools[pool].hold = Some(Hold { until, failure });
        self.roster.pools[pool].wary = true;
        self.timers.set(Timer::Hold(pool), until);
        for scope in self.roster.party_of(pool).scopes() {
            self.mark_scope(scope);
        }
    }

    pub(crate) fn end_hold(&mut self, pool: PoolIx) {
        self.roster.pools[pool].hold = None;
        self.mark(pool);
    }

    /// An open has ended that the server may have counted.
    fn note_open(&mut self, now: Moment, admin: ScopeIx) {
        let scope = &mut self.roster.scopes[admin];
        if scope.window.is_zero() {
            scope.opens.clear();
            return;
        }
        while scope.opens.front().is_some_and(|ended| *ended + scope.window <= now) {
            scope.opens.pop_front();
        }
        scope.opens.push_back(now);
    }

    /// An open failed for good: those who have nothing else to wait for hear why.
    fn refuse_unserved(&mut self, pool: PoolIx, failure: &Failure) {
        for profile in self.roster.pools[pool].profiles.clone() {
            for class in Class::ALL {
                if class == Class::Turn && self.serves_turns(pool) {
                    continue;
                }
                let waiting: Vec<_> = self.roster.profiles[profile].line(class).iter().collect();
                for place in waiting {
                    if !self.is_covered(pool, place.request) {
                        self.turn_away(place.request, Refusal::OpenFailed(failure.clone()));
                    }
                }
            }
        }
    }
}
