//! Making room under a ceiling: idle sessions are given up at once, shared ones are claimed after a while.

use moment::Moment;

use crate::action::CloseCause;
use crate::broker::Broker;
use crate::ids::{RequestId, SessionId};
use crate::line::Place;
use crate::roster::{Class, PartyIx, PoolIx, ScopeIx};
use crate::session::{Session, State};
use crate::timer::Timer;

impl Broker {
    /// Gives up idle sessions under the ceilings that block the party, as many as it needs and no more.
    pub(crate) fn make_room(&mut self, now: Moment, party: PartyIx) {
        let ceilings = self.ceilings(now, party);
        let Some(narrow) = ceilings.first().copied() else {
            return;
        };
        let need = self.need(party);
        let mut coming = self.coming(party, &ceilings);
        while coming < need {
            let idle = &self.roster.scopes[narrow].idle;
            let Some(victim) = idle.iter().map(|(_, id)| *id).find(|id| self.is_under(*id, &ceilings)) else {
                return;
            };
            self.give_up(now, victim, party);
            coming += 1;
        }
    }

    pub(crate) fn give_up(&mut self, now: Moment, session: SessionId, party: PartyIx) {
        self.begin_close(now, session, CloseCause::GivenUp);
        if let Some(session) = self.sessions.get_mut(&session) {
            session.awaited_by = Some(party);
        }
    }

    /// How many slots are on their way to the party.
    pub(crate) fn coming(&self, party: PartyIx, ceilings: &[ScopeIx]) -> usize {
        let Some(narrow) = ceilings.first() else { return 0 };
        self.roster.scopes[*narrow]
            .closing
            .iter()
            .filter(|id| self.is_under(**id, ceilings))
            .filter_map(|id| self.sessions.get(id))
            .filter(|session| session.awaited_by.is_none_or(|other| other == party))
            .count()
    }

    /// True if the end of the session would lower all of these.
    fn is_under(&self, session: SessionId, ceilings: &[ScopeIx]) -> bool {
        self.sessions.get(&session).is_some_and(|session| {
            ceilings
                .iter()
                .all(|ceiling| session.scopes().any(|scope| scope == *ceiling))
        })
    }

    /// Who should have the slot of this session before a waiter at `place` of its own pool gets the session.
    pub(crate) fn rival(&self, now: Moment, id: SessionId, place: Place) -> Option<PartyIx> {
        let session = self.sessions.get(&id)?;
        let own = session.party;
        let mine = self.order(now, own, place);
        session
            .scopes()
            .flat_map(|scope| self.roster.scopes[scope].hungry.iter().copied())
            .filter_map(|party| {
                let next = self.next_of(now, party)?;
                let ceilings = self.ceilings(now, party);
                let helps = !ceilings.is_empty() && self.is_under(id, &ceilings);
                let first = next.order < mine && next.order.place.request != place.request;
                (helps && first && self.coming(party, &ceilings) < self.need(party)).then_some((next.order, party))
            })
            .min()
            .map(|(_, party)| party)
    }

    /// Stops new turns on one shared session for the party's first waiter that has waited long enough.
    pub(crate) fn consider_claim(&mut self, now: Moment, party: PartyIx) {
        if self.roster.parties[party].claim.is_some() {
            return;
        }
        let mut next_due: Option<Moment> = None;
        for pool in self.roster.parties[party].pools.clone() {
            let Some(place) = self.next_demander(pool) else {
                continue;
            };
            let Some(request) = self.requests.get(&place.request) else {
                continue;
            };
            let due = request.since + self.settings.claim_after;
            if due > now {
                next_due = Some(next_due.map_or(due, |other| other.min(due)));
            } else if let Some(session) = self.claimable(now, pool, place.request) {
                self.claim(now, party, place.request, session);
                return;
            } else {
                for scope in self.roster.parties[party].scopes() {
                    self.roster.scopes[scope].claimants.insert(party);
                }
            }
        }
        match next_due {
            Some(due) => self.timers.set(Timer::Claim(party), due),
            None => self.timers.clear(Timer::Claim(party)),
        }
    }

    /// The shared session whose end of turn would serve this request soonest, as far as one can tell.
    fn claimable(&self, now: Moment, pool: PoolIx, id: RequestId) -> Option<SessionId> {
        let request = self.requests.get(&id)?;
        let oldest = |sessions: Vec<&Session>| {
            sessions
                .into_iter()
                .filter(|session| session.is_shared_and_busy())
                .min_by_key(|session| (session.turns.first().map(|turn| turn.since), session.id))
                .map(|session| session.id)
        };
        let row = |id: &SessionId| self.sessions.get(id);
        if request.ask.class() == Some(Class::Exclusive)
            && let Some(own) = oldest(self.roster.pools[pool].sessions.iter().filter_map(row).collect())
        {
            return Some(own);
        }
        self.obstacle(now, pool, request.profile).is_none().then_some(())?;
        let party = self.roster.pools[pool].party;
        let ceilings = self.ceilings(now, party);
        let narrow = ceilings.first()?;
        if self.coming(party, &ceilings) >= self.need(party) {
            return None;
        }
        let under = self.roster.scopes[*narrow]
            .sessions
            .iter()
            .filter(|id| self.is_under(**id, &ceilings));
        oldest(under.filter_map(row).collect())
    }

    fn claim(&mut self, now: Moment, party: PartyIx, request: RequestId, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        debug_assert_eq!(session.state, State::Open);
        session.claim = Some((request, now));
        let pool = session.pool;
        self.roster.parties[party].claim = Some((request, id));
        for scope in self.roster.parties[party].scopes() {
            self.roster.scopes[scope].claimants.remove(&party);
        }
        self.timers.clear(Timer::Claim(party));
        self.refuse_unasked(pool);
        self.mark(pool);
    }

    /// A request leaves the line: its claim ends.
    pub(crate) fn unclaim(&mut self, pool: PoolIx, request: RequestId) {
        let party = self.roster.pools[pool].party;
        self.release_claim(party, request);
    }

    pub(crate) fn release_claim(&mut self, party: PartyIx, request: RequestId) {
        let Some((claimant, id)) = self.roster.parties[party].claim else {
            return;
        };
        if claimant != request {
            return;
        }
        self.roster.parties[party].claim = None;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.claim = None;
            let pool = session.pool;
            self.mark(pool);
        }
        self.dirty.parties.insert(party);
    }
}
