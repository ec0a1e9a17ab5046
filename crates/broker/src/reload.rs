//! A new configuration: names are kept, limits take hold at once for opens and drain what is above them.

use std::collections::BTreeSet;
use std::time::Duration;

use moment::Moment;

use crate::action::{CloseCause, Refusal};
use crate::broker::Broker;
use crate::ids::{RequestId, SessionId};
use crate::profile::{Profile, Settings};
use crate::roster::{Class, ProfileIx};
use crate::timer::Timer;

impl Broker {
    pub(crate) fn configured(&mut self, now: Moment, profiles: Vec<Profile>, settings: Settings) {
        self.settings = settings;
        self.release_all_claims();
        let overdue = self.collect_overdue();
        for pool in self.roster.pools.iter_mut() {
            pool.profiles.clear();
        }
        let mut named: BTreeSet<ProfileIx> = BTreeSet::new();
        for profile in profiles {
            let before = self.roster.profile(&profile.name).filter(|ix| named.contains(ix));
            if let Some(before) = before {
                debug_assert!(false, "profile {} is configured twice", profile.name);
                let pool = self.roster.profiles[before].pool;
                self.roster.pools[pool].profiles.retain(|other| *other != before);
            }
            named.insert(self.roster.configure(profile));
        }
        self.remove_others(&named);
        self.set_limits();
        for request in overdue {
            if let Some(row) = self.requests.get(&request) {
                let pool = self.roster.profiles[row.profile].pool;
                self.roster.pools[pool].overdue.insert(request);
            }
        }
        self.drain(now);
        // Whoever waited for a pace that is another now.
        for scope in self.roster.scopes.indices() {
            self.end_pace(now, scope);
        }
        self.mark_all();
    }

    fn release_all_claims(&mut self) {
        for party in self.roster.parties.indices() {
            if let Some((request, _)) = self.roster.parties[party].claim {
                self.release_claim(party, request);
            }
        }
    }

    fn collect_overdue(&mut self) -> Vec<RequestId> {
        self.roster
            .pools
            .iter_mut()
            .flat_map(|pool| std::mem::take(&mut pool.overdue))
            .collect()
    }

    /// Those who wait by the name of a profile that is no longer there are told so. What runs, runs on.
    fn remove_others(&mut self, named: &BTreeSet<ProfileIx>) {
        for profile in self
            .roster
            .profiles
            .indices()
            .filter(|profile| !named.contains(profile))
        {
            if self.roster.profiles[profile].profile.take().is_none() {
                continue;
            }
            self.end_drain(profile);
            self.timers.clear(Timer::Tell(profile));
            self.timers.clear(Timer::TellRest(profile));
            for class in Class::ALL {
                let waiting: Vec<_> = self.roster.profiles[profile].line(class).iter().collect();
                for place in waiting {
                    self.turn_away(place.request, Refusal::ProfileRemoved);
                }
            }
        }
    }

    /// Where several profiles name one scope, the lowest limit holds.
    fn set_limits(&mut self) {
        for scope in self.roster.scopes.iter_mut() {
            scope.limit = None;
            scope.window = Duration::ZERO;
            scope.command_rate = None;
            scope.reserves = false;
        }
        for ix in self.roster.profiles.indices() {
            let row = &self.roster.profiles[ix];
            let Some(limits) = row.profile.as_ref().map(|profile| profile.limits) else {
                continue;
            };
            let party = self.roster.party_of(row.pool);
            let (admin, organization) = (party.admin, party.organization);
            let lower = |limit: &mut Option<u32>, other: Option<u32>| {
                *limit = [*limit, other].into_iter().flatten().min();
            };
            let scope = &mut self.roster.scopes[admin];
            lower(&mut scope.limit, Some(limits.admin));
            scope.window = scope
                .window
                .max(limits.opens.map_or(Duration::ZERO, |rate| rate.period));
            scope.reserves |= limits.reserve_interactive > 0;
            // The strictest: the fewest in the same time, or else the longer time.
            if let Some(rate) = limits.commands {
                let slower = |other: &crate::CommandRate| {
                    u128::from(rate.commands) * other.period.as_nanos()
                        < u128::from(other.commands) * rate.period.as_nanos()
                };
                if scope.command_rate.as_ref().is_none_or(slower) {
                    scope.command_rate = Some(rate);
                }
            }
            if let Some(organization) = organization {
                lower(&mut self.roster.scopes[organization].limit, limits.organization);
            }
        }
    }

    /// Closes idle sessions above a limit or without a profile; those in use follow as they come free.
    fn drain(&mut self, now: Moment) {
        for scope in self.roster.scopes.indices() {
            while self.roster.scopes[scope].surplus() > 0
                && let Some((_, id)) = self.roster.scopes[scope].idle.first().copied()
            {
                self.begin_close(now, id, CloseCause::Drained);
            }
        }
        for lease in self.leases.keys().copied().collect::<Vec<_>>() {
            self.watch_unused(lease);
        }
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in sessions {
            self.watch_renewal(now, id);
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            if !session.is_ready() {
                self.watch_bound(now, id);
            } else if self.roster.pools[session.pool].profiles.is_empty() {
                self.begin_close(now, id, CloseCause::Drained);
            } else {
                // The times that count may be others now.
                self.timers.set(Timer::Idle(id), now);
            }
        }
    }
}
