//! Who counts against what: scopes, the parties that compete for them, pools of like sessions, and profiles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::drain::Drain;
use crate::event::Failure;
use crate::ids::{ProfileName, RequestId, SessionId};
use crate::learned::Learned;
use crate::line::Line;
use crate::profile::{CommandRate, Profile, Scopes};
use crate::snapshot::ScopeKind;

/// A position in a [`Table`].
pub(crate) trait Ix: Copy {
    fn new(at: usize) -> Self;
    fn at(self) -> usize;
}

macro_rules! index {
    ($($name:ident)*) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(u32);

        impl Ix for $name {
            fn new(at: usize) -> Self {
                Self(at as u32)
            }

            fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index!(ScopeIx PartyIx PoolIx ProfileIx);

/// Rows that are added and never removed: their number is that of the names ever configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Table<I, T> {
    rows: Vec<T>,
    index: PhantomData<I>,
}

impl<I: Ix, T> Table<I, T> {
    fn push(&mut self, row: T) -> I {
        self.rows.push(row);
        I::new(self.rows.len() - 1)
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.rows.len()).map(I::new)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.rows.iter().enumerate().map(|(at, row)| (I::new(at), row))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.iter_mut()
    }
}

impl<I, T> Default for Table<I, T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            index: PhantomData,
        }
    }
}

impl<I: Ix, T> Index<I> for Table<I, T> {
    type Output = T;

    fn index(&self, index: I) -> &T {
        &self.rows[index.at()]
    }
}

impl<I: Ix, T> IndexMut<I> for Table<I, T> {
    fn index_mut(&mut self, index: I) -> &mut T {
        &mut self.rows[index.at()]
    }
}

/// One ceiling: an account or a tenant of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) service: String,
    /// As first written.
    pub(crate) subject: String,
    /// `None`: no configured profile sets one.
    pub(crate) limit: Option<u32>,
    /// All that count, from before their open until their end is proven.
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Those that nobody uses, longest idle first.
    pub(crate) idle: BTreeSet<(Moment, SessionId)>,
    /// Those whose close is under way.
    pub(crate) closing: BTreeSet<SessionId>,
    /// Those whose open is under way.
    pub(crate) opening: BTreeSet<SessionId>,
    /// Those closed before their open was answered, until the close is.
    pub(crate) unanswered: BTreeSet<SessionId>,
    pub(crate) parties: Vec<PartyIx>,
    /// Parties of which somebody needs a slot.
    pub(crate) hungry: BTreeSet<PartyIx>,
    /// Parties that would claim a shared session if there was one.
    pub(crate) claimants: BTreeSet<PartyIx>,
    /// Pools that would take a second session if nobody else needed the slot.
    pub(crate) spreading: BTreeSet<PoolIx>,
    /// What the server has shown of it.
    pub(crate) learned: Learned,
    /// Set while the account needs a person to log in.
    pub(crate) auth: Option<Arc<str>>,
    /// When recent opens ended, oldest first.
    pub(crate) opens: VecDeque<Moment>,
    /// How long those are of interest.
    pub(crate) window: Duration,
    /// When recent pipelines began, oldest first.
    pub(crate) commands: VecDeque<Moment>,
    /// How many of them may in which time: the strictest of all profiles.
    pub(crate) command_rate: Option<CommandRate>,
    /// A profile of it keeps slots for interactive requests: what is left matters to all who wait.
    pub(crate) reserves: bool,
    /// The server asked for no more pipelines before then.
    pub(crate) slow_until: Option<Moment>,
    /// How long a bound lease lasts, as a running mean.
    pub(crate) lease_time: Option<Duration>,
}

impl Scope {
    /// True if no open may begin.
    pub(crate) fn is_full(&self, now: Moment) -> bool {
        self.is_at_limit() || self.learned.forbids(now, self.sessions.len())
    }

    pub(crate) fn is_at_limit(&self) -> bool {
        self.limit.is_some_and(|limit| self.sessions.len() >= limit as usize)
    }

    /// How many more may begin.
    pub(crate) fn room(&self) -> usize {
        self.limit
            .map_or(usize::MAX, |limit| (limit as usize).saturating_sub(self.sessions.len()))
    }

    /// How many more are counted, closing ones aside, than may be.
    pub(crate) fn surplus(&self) -> usize {
        let live = self.sessions.len() - self.closing.len();
        self.limit.map_or(0, |limit| live.saturating_sub(limit as usize))
    }
}

/// An admin within an organization: what fairness is between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Party {
    pub(crate) admin: ScopeIx,
    pub(crate) organization: Option<ScopeIx>,
    pub(crate) pools: Vec<PoolIx>,
    /// Rises with each time it was served; the lowest is next.
    pub(crate) served: u64,
    pub(crate) hungry: bool,
    /// The waiter of it that claimed a session, and the session.
    pub(crate) claim: Option<(RequestId, SessionId)>,
}

impl Party {
    pub(crate) fn scopes(&self) -> impl Iterator<Item = ScopeIx> + use<> {
        [Some(self.admin), self.organization].into_iter().flatten()
    }
}

/// Sessions that can stand in for each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pool {
    pub(crate) party: PartyIx,
    /// Those configured; none means that the pool drains.
    pub(crate) profiles: Vec<ProfileIx>,
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Intended or opening.
    pub(crate) opening: BTreeSet<SessionId>,
    /// Open and used by nobody.
    pub(crate) ready: BTreeSet<SessionId>,
    /// The last open failed; the next may begin then.
    pub(crate) hold: Option<Hold>,
    /// Since then none has succeeded: they are tried one at a time.
    pub(crate) wary: bool,
    /// No second session before then: the last try failed.
    pub(crate) spread_from: Moment,
    /// Requests past their deadline for which an open is under way.
    pub(crate) overdue: BTreeSet<RequestId>,
    pub(crate) turn_time: Option<Duration>,
    pub(crate) open_time: Option<Duration>,
}

/// A pause after a failed open.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hold {
    pub(crate) until: Moment,
    pub(crate) failure: Failure,
}

/// What a request stands in line for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    Turn,
    Exclusive,
    Fresh,
    Connect,
}

impl Class {
    pub(crate) const ALL: [Self; 4] = [Self::Turn, Self::Exclusive, Self::Fresh, Self::Connect];
}

/// A profile, and who waits by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProfileRow {
    pub(crate) name: ProfileName,
    /// `None` once it is no longer configured.
    pub(crate) profile: Option<Profile>,
    pub(crate) pool: PoolIx,
    pub(crate) paused: bool,
    /// It is being drained, for whom.
    pub(crate) drain: Option<Drain>,
    /// Shared leases on it.
    pub(crate) shared: usize,
    lines: [Line; 4],
    /// When its first waiters were last told.
    pub(crate) told: Moment,
}

impl ProfileRow {
    pub(crate) fn line(&self, class: Class) -> &Line {
        &self.lines[class as usize]
    }

    pub(crate) fn line_mut(&mut self, class: Class) -> &mut Line {
        &mut self.lines[class as usize]
    }

    #[cfg(test)]
    pub(crate) fn places_mut(&mut self) -> impl Iterator<Item = &mut crate::line::Place> {
        self.lines.iter_mut().flat_map(|line| line.chunks.iter_mut().flatten())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lines.iter().map(Line::len).sum()
    }
}

type Key = (ScopeKind, String, String);

/// Every name, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Roster {
    pub(crate) scopes: Table<ScopeIx, Scope>,
    pub(crate) parties: Table<PartyIx, Party>,
    pub(crate) pools: Table<PoolIx, Pool>,
    pub(crate) profiles: Table<ProfileIx, ProfileRow>,
    scope_keys: BTreeMap<Key, ScopeIx>,
    party_keys: BTreeMap<(ScopeIx, Option<ScopeIx>), PartyIx>,
    pool_keys: BTreeMap<(PartyIx, String), PoolIx>,
    profile_keys: BTreeMap<ProfileName, ProfileIx>,
}

impl Roster {
    pub(crate) fn profile(&self, name: &ProfileName) -> Option<ProfileIx> {
        self.profile_keys.get(name).copied()
    }

    /// The pool of that identity, made if need be.
    pub(crate) fn pool(&mut self, scopes: &Scopes, identity: &str) -> PoolIx {
        let admin = self.scope(ScopeKind::Admin, &scopes.service, &scopes.admin);
        let organization = scopes
            .organization
            .as_deref()
            .map(|name| self.scope(ScopeKind::Organization, &scopes.service, name));
        let party = match self.party_keys.get(&(admin, organization)) {
            Some(party) => *party,
            None => {
                let row = Party {
                    admin,
                    organization,
                    pools: Vec::new(),
                    served: 0,
                    hungry: false,
                    claim: None,
                };
                let party = self.parties.push(row);
                self.party_keys.insert((admin, organization), party);
                for scope in self.parties[party].scopes() {
                    self.scopes[scope].parties.push(party);
                }
                party
            }
        };
        let key = (party, identity.to_owned());
        if let Some(pool) = self.pool_keys.get(&key) {
            return *pool;
        }
        let pool = self.pools.push(Pool {
            party,
            profiles: Vec::new(),
            sessions: BTreeSet::new(),
            opening: BTreeSet::new(),
            ready: BTreeSet::new(),
            hold: None,
            wary: false,
            spread_from: Moment::START,
            overdue: BTreeSet::new(),
            turn_time: None,
            open_time: None,
        });
        self.parties[party].pools.push(pool);
        self.pool_keys.insert(key, pool);
        pool
    }

    /// Puts a profile in, or in place of its former self.
    pub(crate) fn configure(&mut self, profile: Profile) -> ProfileIx {
        let pool = self.pool(&profile.scopes, &profile.identity);
        let name = profile.name.clone();
        let ix = match self.profile_keys.get(&name) {
            Some(ix) => {
                let row = &mut self.profiles[*ix];
                row.profile = Some(profile);
                row.pool = pool;
                *ix
            }
            None => {
                let ix = self.profiles.push(ProfileRow {
                    name: name.clone(),
                    profile: Some(profile),
                    pool,
                    paused: false,
                    drain: None,
                    shared: 0,
                    lines: Default::default(),
                    told: Moment::START,
                });
                self.profile_keys.insert(name, ix);
                ix
            }
        };
        self.pools[pool].profiles.push(ix);
        ix
    }

    fn scope(&mut self, kind: ScopeKind, service: &str, subject: &str) -> ScopeIx {
        let key = (kind, fold(service), fold(subject));
        if let Some(scope) = self.scope_keys.get(&key) {
            return *scope;
        }
        let scope = self.scopes.push(Scope {
            kind,
            service: service.trim().to_owned(),
            subject: subject.trim().to_owned(),
            limit: None,
            sessions: BTreeSet::new(),
            idle: BTreeSet::new(),
            closing: BTreeSet::new(),
            opening: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            parties: Vec::new(),
            hungry: BTreeSet::new(),
            claimants: BTreeSet::new(),
            spreading: BTreeSet::new(),
            learned: Learned::default(),
            auth: None,
            opens: VecDeque::new(),
            window: Duration::ZERO,
            commands: VecDeque::new(),
            command_rate: None,
            slow_until: None,
            reserves: false,
            lease_time: None,
        });
        self.scope_keys.insert(key, scope);
        scope
    }

    pub(crate) fn party_of(&self, pool: PoolIx) -> &Party {
        &self.parties[self.pools[pool].party]
    }
}

/// Account names as services compare them: without regard to case. Upper case first, so that `ß` meets `SS`.
fn fold(name: &str) -> String {
    name.trim().to_uppercase().to_lowercase()
}

/// A running mean that follows the last eight or so.
pub(crate) fn follow(mean: &mut Option<Duration>, value: Duration) {
    *mean = Some(match *mean {
        None => value,
        Some(before) => (before * 7 + value) / 8,
    });
}
