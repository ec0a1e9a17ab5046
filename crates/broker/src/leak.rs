//! Leases that keep a session from everybody else and do nothing with it.

use moment::Moment;

use crate::action::Action;
use crate::broker::Broker;
use crate::event::EndCause;
use crate::ids::LeaseId;
use crate::profile::IdleLease;
use crate::timer::Timer;

impl Broker {
    fn idle_policy(&self, id: LeaseId) -> Option<IdleLease> {
        let lease = self.leases.get(&id)?;
        let profile = self.roster.profiles[lease.profile].profile.as_ref()?;
        Some(profile.idle_lease)
    }

    /// Sets the timer at which a bound lease that runs nothing will have been of no use for too long.
    pub(crate) fn watch_unused(&mut self, id: LeaseId) {
        let after = self.idle_policy(id).and_then(|policy| policy.after);
        let Some(lease) = self.leases.get(&id) else { return };
        match after {
            Some(after) if lease.session.is_some() && lease.turns.is_empty() => {
                self.timers.set(Timer::Unused(id), lease.used + after);
            }
            Some(_) | None => self.timers.clear(Timer::Unused(id)),
        }
    }

    /// The lease begins or ends to run something.
    pub(crate) fn note_use(&mut self, now: Moment, id: LeaseId) {
        if let Some(lease) = self.leases.get_mut(&id) {
            lease.used = now;
            lease.unused = None;
        }
        self.watch_unused(id);
    }

    pub(crate) fn check_unused(&mut self, now: Moment, id: LeaseId) {
        let Some(policy) = self.idle_policy(id) else { return };
        let Some(after) = policy.after else { return };
        let Some(lease) = self.leases.get_mut(&id) else { return };
        if !lease.turns.is_empty() || !lease.waiting.is_empty() {
            return;
        }
        let due = lease.used + after;
        if due > now {
            self.timers.set(Timer::Unused(id), due);
            return;
        }
        let announce = self.settings.announce;
        match lease.unused {
            None => {
                lease.unused = Some(now);
                let idle = now.since(lease.used);
                self.emit(Action::Unused { lease: id, idle });
                if policy.reclaim {
                    let at = now + announce;
                    self.emit(Action::Ending {
                        lease: id,
                        cause: EndCause::Unused,
                        at,
                    });
                    self.timers.set(Timer::Unused(id), at);
                }
            }
            Some(since) if policy.reclaim => {
                let at = since + announce;
                if at <= now {
                    self.end_lease(now, id, EndCause::Unused);
                } else {
                    self.timers.set(Timer::Unused(id), at);
                }
            }
            Some(_) => {}
        }
    }
}
