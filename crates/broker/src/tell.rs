//! Keeps those who wait informed, without drowning anybody: the first hundred of a line at most once a second, the
//! others every ten.

use std::time::Duration;

use moment::Moment;

use crate::action::Action;
use crate::broker::Broker;
use crate::ids::RequestId;
use crate::request::Told;
use crate::roster::{Class, PoolIx, ProfileIx};
use crate::timer::Timer;

const FIRST: usize = 100;
const FIRST_EVERY: Duration = Duration::from_secs(1);
const REST_EVERY: Duration = Duration::from_secs(10);

impl Broker {
    /// Something changed that those who wait in the pool may want to know.
    pub(crate) fn touch(&mut self, now: Moment, pool: PoolIx) {
        let wanted = self.roster.pools[pool].sessions.iter();
        let wanted = wanted
            .filter_map(|id| self.sessions.get(id))
            .any(|row| !row.wanted.is_empty());
        for profile in self.roster.pools[pool].profiles.clone() {
            let row = &self.roster.profiles[profile];
            if (wanted || row.waiting() > 0) && !self.timers.is_set(Timer::Tell(profile)) {
                self.timers.set(Timer::Tell(profile), now.max(row.told + FIRST_EVERY));
            }
        }
    }

    /// Tells a waiter why it waits, if that has changed.
    pub(crate) fn tell(&mut self, now: Moment, id: RequestId) {
        if !self.requests.contains_key(&id) {
            return;
        }
        let waiting = self.waiting(now, id);
        let nearest = waiting.holders.first().map(|holder| (holder.lease, holder.session));
        let told = Some(Told {
            position: waiting.position,
            blocked_by: waiting.blocked_by,
            nearest,
        });
        if let Some(request) = self.requests.get_mut(&id)
            && request.told != told
        {
            request.told = told;
            self.emit(Action::Waiting { request: id, waiting });
        }
    }

    pub(crate) fn tell_first(&mut self, now: Moment, profile: ProfileIx) {
        self.roster.profiles[profile].told = now;
        let mut more = false;
        for class in Class::ALL {
            let line = self.roster.profiles[profile].line(class);
            more |= line.len() > FIRST;
            for place in line.iter().take(FIRST).collect::<Vec<_>>() {
                self.tell(now, place.request);
            }
        }
        for session in self.roster.pools[self.roster.profiles[profile].pool].sessions.clone() {
            let wanted = self.sessions.get(&session).map(|row| row.wanted.clone());
            for request in wanted.unwrap_or_default() {
                self.tell(now, request);
            }
        }
        if more && !self.timers.is_set(Timer::TellRest(profile)) {
            self.timers.set(Timer::TellRest(profile), now + REST_EVERY);
        }
    }

    pub(crate) fn tell_rest(&mut self, now: Moment, profile: ProfileIx) {
        for class in Class::ALL {
            let rest: Vec<_> = self.roster.profiles[profile].line(class).iter().skip(FIRST).collect();
            for place in rest {
                self.tell(now, place.request);
            }
        }
    }
}
