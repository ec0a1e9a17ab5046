//! The truth: which shells are live, and how many there ever were at once.
//!
//! A client's own count proves nothing about a client. Tests ask these books instead.

use std::collections::BTreeMap;
use std::time::Duration;

use moment::Moment;
use uuid::Uuid;

use crate::config::{Limits, Over};

/// Why a Create was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Admin(Over),
    Organization(Over),
    /// A shell of that id is live.
    Exists,
}

/// How a shell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EndedBy {
    Delete,
    Idle,
    /// The control interface.
    Killed,
}

impl EndedBy {
    const fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Idle => "idle",
            Self::Killed => "killed",
        }
    }
}

/// A live shell, as the books see it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) service: usize,
    pub(crate) admin: String,
    pub(crate) organization: String,
    pub(crate) created: Moment,
    pub(crate) last_activity: Moment,
    pub(crate) idle: Duration,
    /// Pipelines that run now: a shell with one is not idle.
    pub(crate) running: u32,
    /// The language of messages, and that of numbers and dates, as the Create asked for them.
    pub(crate) locales: (Option<String>, Option<String>),
}

/// Live now, and the most that ever were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Shells that are live now.
    pub live: u32,
    /// The most that were ever live at once.
    pub peak: u32,
}

/// The books of a whole tenant.
#[derive(Debug, Default)]
pub(crate) struct Books {
    rows: BTreeMap<Uuid, Row>,
    per_admin: BTreeMap<(usize, String), Count>,
    per_organization: BTreeMap<(usize, String), Count>,
    counts: BTreeMap<&'static str, u64>,
    ended: BTreeMap<&'static str, u64>,
}

impl Books {
    /// Lets a Create in, or says why not. A refusal is counted: a client that keeps the limits never meets one.
    pub(crate) fn admit(&mut self, id: Uuid, row: Row, limits: &Limits) -> Result<(), Denied> {
        self.count("creates");
        if self.rows.contains_key(&id) {
            return Err(Denied::Exists);
        }
        let admin = (row.service, row.admin.to_lowercase());
        let organization = (row.service, row.organization.to_lowercase());
        let live = |counts: &BTreeMap<_, Count>, key| counts.get(key).map_or(0, |count| count.live);
        if live(&self.per_admin, &admin) >= limits.per_admin {
            self.count(match limits.over_admin {
                Over::Hang => "creates_hung_admin",
                Over::Refuse => "creates_refused_admin",
            });
            return Err(Denied::Admin(limits.over_admin));
        }
        if live(&self.per_organization, &organization) >= limits.per_organization {
            self.count(match limits.over_organization {
                Over::Hang => "creates_hung_organization",
                Over::Refuse => "creates_refused_organization",
            });
            return Err(Denied::Organization(limits.over_organization));
        }
        for count in [
            self.per_admin.entry(admin).or_default(),
            self.per_organization.entry(organization).or_default(),
        ] {
            count.live += 1;
            count.peak = count.peak.max(count.live);
        }
        self.rows.insert(id, row);
        self.count("shells_created");
        Ok(())
    }

    pub(crate) fn end(&mut self, id: Uuid, by: EndedBy) -> bool {
        let Some(row) = self.rows.remove(&id) else { return false };
        *self.ended.entry(by.name()).or_default() += 1;
        for count in [
            self.per_admin.get_mut(&(row.service, row.admin.to_lowercase())),
            self.per_organization
                .get_mut(&(row.service, row.organization.to_lowercase())),
        ]
        .into_iter()
        .flatten()
        {
            count.live -= 1;
        }
        true
    }

    pub(crate) fn touch(&mut self, id: Uuid, now: Moment) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.last_activity = now;
        }
    }

    pub(crate) fn running(&mut self, id: Uuid, now: Moment, change: i32) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.running = row.running.saturating_add_signed(change);
            row.last_activity = now;
        }
    }

    /// The shells that have been idle for too long by now.
    pub(crate) fn expired(&self, now: Moment) -> Vec<Uuid> {
        self.rows
            .iter()
            .filter(|(_, row)| row.running == 0 && now.since(row.last_activity) >= row.idle)
            .map(|(id, _)| *id)
            .collect()
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Uuid, &Row)> {
        self.rows.iter()
    }

    pub(crate) fn row(&self, id: Uuid) -> Option<&Row> {
        self.rows.get(&id)
    }

    pub(crate) fn per_admin(&self) -> impl Iterator<Item = (&str, Count)> {
        self.per_admin.iter().map(|((_, name), count)| (name.as_str(), *count))
    }

    pub(crate) fn per_organization(&self) -> impl Iterator<Item = (&str, Count)> {
        self.per_organization
            .iter()
            .map(|((_, name), count)| (name.as_str(), *count))
    }

    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    pub(crate) fn ended(&self) -> &BTreeMap<&'static str, u64> {
        &self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(admin: &str) -> Row {
        Row {
            service: 0,
            admin: admin.to_owned(),
            organization: "litwareinc.com".to_owned(),
            created: Moment::START,
            last_activity: Moment::START,
            idle: Duration::from_secs(900),
            running: 0,
            locales: (None, None),
        }
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn the_fourth_of_an_admin_and_the_tenth_of_an_organization_are_denied() {
        let mut books = Books::default();
        let limits = Limits::documented(Over::Hang);
        for (number, admin) in ["a", "A", "a", "b", "b", "b", "c", "c", "c"].into_iter().enumerate() {
            assert_eq!(books.admit(id(number as u128), row(admin), &limits), Ok(()));
        }
        assert_eq!(books.admit(id(20), row("a"), &limits), Err(Denied::Admin(Over::Hang)));
        assert_eq!(
            books.admit(id(21), row("d"), &limits),
            Err(Denied::Organization(Over::Refuse))
        );
        assert!(books.end(id(0), EndedBy::Delete));
        assert_eq!(books.admit(id(22), row("d"), &limits), Ok(()));
        assert_eq!(
            books.per_organization().collect::<Vec<_>>(),
            [("litwareinc.com", Count { live: 9, peak: 9 })]
        );
    }

    #[test]
    fn a_shell_with_a_running_pipeline_is_not_idle() {
        let mut books = Books::default();
        let later = Moment::START + Duration::from_secs(900);
        assert_eq!(books.admit(id(1), row("a"), &Limits::documented(Over::Hang)), Ok(()));
        books.running(id(1), Moment::START, 1);
        assert!(books.expired(later).is_empty());
        books.running(id(1), Moment::START, -1);
        assert_eq!(books.expired(later), [id(1)]);
    }
}
