//! The ledger's rows, one for each session that may be on a server: what the broker decides about them, joined with
//! what only the driver knows.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, SystemTime};

use broker::{LeaseId, SessionId, ShellId};
use ledger::{Affinity, Entry, LeaseRow, Past, Row, Stage};
use uuid::Uuid;

use super::Found;
use crate::config::Profile;

/// The rows as they are, or are about to be, in the file.
#[derive(Debug, Default)]
pub(crate) struct Books {
    rows: HashMap<SessionId, Row>,
    /// Leases that are in the file.
    leases: HashSet<LeaseId>,
    /// Shells that were gone when last heard of, oldest first.
    past: VecDeque<Past>,
}

/// So many shells that are gone are remembered, as in the file.
const PAST: usize = 256;

impl Books {
    /// The rows of an earlier run.
    pub(crate) fn of(rows: &[Row], leases: &[LeaseRow], past: Vec<Past>) -> Self {
        Self {
            rows: rows.iter().map(|row| (SessionId(row.session), row.clone())).collect(),
            leases: leases.iter().map(|lease| LeaseId(lease.lease)).collect(),
            past: past.into(),
        }
    }

    /// Every row, and every shell that was gone when last heard of.
    pub(crate) fn all(&self) -> (Vec<Row>, Vec<Past>) {
        (
            self.rows.values().cloned().collect(),
            self.past.iter().cloned().collect(),
        )
    }

    pub(crate) fn row(&self, session: SessionId) -> Option<&Row> {
        self.rows.get(&session)
    }

    /// A shell of this id is about to be created.
    pub(crate) fn intent(&mut self, session: SessionId, shell: ShellId, profile: &Profile) -> Entry {
        let row = Row {
            shell: Uuid::from_u128(shell.0),
            stage: Stage::Intent,
            session: session.0,
            profile: profile.name.clone(),
            service: profile.scope.service.clone(),
            admin: profile.scope.admin.clone(),
            organization: profile.scope.organization.clone(),
            // Where it is discovered, nothing is known yet: the first hop says it, before anything is sent.
            uri: if profile.connector.discovered {
                String::new()
            } else {
                profile.address.uri.clone()
            },
            resource_uri: String::new(),
            configuration: profile.configuration.clone(),
            session_id: Uuid::new_v4(),
            ca: profile.ca.clone(),
            allow_plain_http: profile.allow_plain_http,
            idle_seconds: profile.max_idle_timeout.as_secs(),
            open_seconds: profile.open_timeout.as_secs(),
            wall: wall(),
            epoch: 0,
            running: false,
            renamed: None,
            protocol: None,
            affinity: Affinity::Untold,
            identity: profile.identity(),
            dirty: false,
            commands: 0,
            opened: 0,
            facts: None,
        };
        self.rows.insert(session, row.clone());
        Entry::Put(Box::new(row))
    }

    /// The endpoint sent the open on to this address.
    pub(crate) fn hop(&mut self, session: SessionId, uri: &str) -> Option<Entry> {
        self.change(session, |row| uri.clone_into(&mut row.uri))
    }

    /// The server's own names of the shell, its idle time, and whether it set cookies. Written with the next change.
    pub(crate) fn kept(&mut self, session: SessionId, found: Found) {
        let Found {
            kept,
            idle,
            affinity,
            facts,
        } = found;
        if let Some(row) = self.rows.get_mut(&session) {
            row.uri.clone_from(&kept.uri);
            row.resource_uri.clone_from(&kept.resource_uri);
            row.protocol.clone_from(&kept.protocol);
            row.affinity = affinity;
            row.opened = wall();
            row.facts = facts;
            if Uuid::parse_str(&kept.shell_id) != Ok(row.shell) {
                // The row keeps our id as its key.
                tracing::warn!(%session, "the server gave the shell another id");
                row.renamed = Some(kept.shell_id.clone());
            }
            if let Some(idle) = idle {
                row.idle_seconds = idle.as_secs();
            }
        }
    }

    /// The shell is there, and nothing runs in it.
    pub(crate) fn opened(&mut self, session: SessionId) -> Option<Entry> {
        self.change(session, |row| {
            row.stage = Stage::Open;
            row.running = false;
        })
    }

    pub(crate) fn stage(&mut self, session: SessionId, stage: Stage) -> Option<Entry> {
        self.change(session, |row| row.stage = stage)
    }

    /// Whether a pipeline may be running; `None` where that is in the books already.
    pub(crate) fn running(&mut self, session: SessionId, running: bool) -> Option<Entry> {
        let row = self.rows.get_mut(&session)?;
        // A nested one is known with the next change.
        row.commands = row.commands.saturating_add(u32::from(running));
        if row.running == running {
            return None;
        }
        self.change(session, |row| row.running = running)
    }

    /// The endpoint sets cookies, which are not kept.
    pub(crate) fn left_out(&mut self, session: SessionId) -> Option<Entry> {
        if self.rows.get(&session)?.affinity == Affinity::LeftOut {
            return None;
        }
        self.change(session, |row| row.affinity = Affinity::LeftOut)
    }

    /// A lease has the session to itself, or has it no more: what it leaves there is nobody else's.
    pub(crate) fn bound(&mut self, session: SessionId, bound: bool) -> Option<Entry> {
        self.change(session, |row| row.dirty = bound)
    }

    /// The shell is about to be taken again: its object ids go on in another range.
    pub(crate) fn take_up(&mut self, session: SessionId) -> Option<Entry> {
        self.change(session, |row| row.epoch = row.epoch.saturating_add(1))
    }

    /// A lease that its holder may take up again after a restart.
    pub(crate) fn lease(&mut self, mut lease: Box<LeaseRow>) -> Entry {
        self.leases.insert(LeaseId(lease.lease));
        lease.wall = wall();
        Entry::Lease(lease)
    }

    /// Whether its holder finds it after a restart.
    pub(crate) fn has_lease(&self, lease: LeaseId) -> bool {
        self.leases.contains(&lease)
    }

    /// That lease is over; `None` for one that was never written.
    pub(crate) fn lease_over(&mut self, lease: LeaseId) -> Option<Entry> {
        self.leases.remove(&lease).then_some(Entry::LeaseOver(lease.0))
    }

    pub(crate) fn gone(&mut self, session: SessionId) -> Option<Entry> {
        let row = self.rows.remove(&session)?;
        let entry = Entry::Remove(row.shell);
        self.past.push_back(Past::from(&row));
        while self.past.len() > PAST {
            self.past.pop_front();
        }
        Some(entry)
    }

    fn change(&mut self, session: SessionId, with: impl FnOnce(&mut Row)) -> Option<Entry> {
        let row = self.rows.get_mut(&session)?;
        with(row);
        row.wall = wall();
        Some(Entry::Put(Box::new(row.clone())))
    }
}

/// How long a shell of an earlier run may be there at the most, counted from the restart; `None` if nothing can be
/// said, because a pipeline may be running in it.
pub(crate) fn hold_back(row: &Row) -> Option<Duration> {
    if row.running {
        return None;
    }
    let open = match row.stage {
        Stage::Intent => Duration::from_secs(row.open_seconds),
        Stage::Open | Stage::Disconnected | Stage::Closing | Stage::Unconfirmed => Duration::ZERO,
    };
    // Wall time that went back says that our clocks cannot be trusted: then the hold-back is twice as long.
    let idle = Duration::from_secs(row.idle_seconds);
    let doubt = if wall() < row.wall { idle } else { Duration::ZERO };
    Some(open + idle + doubt)
}

/// How long ago the row's shell was opened, by the wall's clock; nothing where nobody noted it, or the clock went back.
pub(crate) fn age(row: &Row) -> Duration {
    match row.opened {
        0 => Duration::ZERO,
        opened => Duration::from_millis(wall().saturating_sub(opened)),
    }
}

/// Milliseconds since 1970.
fn wall() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn profile() -> std::sync::Arc<Profile> {
        let text =
            "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"ken\"\nopen_timeout = 100\n";
        Config::read(std::path::Path::new("config.toml"), text)
            .unwrap()
            .profile("a")
            .unwrap()
    }

    #[test]
    fn a_session_passes_through_the_books_and_out_of_them() {
        let mut books = Books::default();
        let one = SessionId(1);
        let Entry::Put(row) = books.intent(one, ShellId(7), &profile()) else {
            panic!("an intent is a row")
        };
        assert_eq!(
            (row.stage, row.shell, row.running),
            (Stage::Intent, Uuid::from_u128(7), false)
        );
        assert_eq!(
            hold_back(&row),
            Some(Duration::from_secs(100 + 7200)),
            "open deadline and the largest idle time"
        );
        assert!(books.running(one, false).is_none(), "nothing new");
        let Some(Entry::Put(row)) = books.running(one, true) else {
            panic!("it runs")
        };
        assert_eq!(hold_back(&row), None);
        let Some(Entry::Put(row)) = books.stage(one, Stage::Closing) else {
            panic!("it closes")
        };
        assert_eq!(row.stage, Stage::Closing);
        assert_eq!(books.gone(one), Some(Entry::Remove(Uuid::from_u128(7))));
        assert_eq!(books.gone(one), None);
    }

    #[test]
    fn wall_time_that_went_back_lengthens_the_hold_back() {
        let mut books = Books::default();
        let Entry::Put(mut row) = books.intent(SessionId(1), ShellId(7), &profile()) else {
            panic!("a row")
        };
        row.stage = Stage::Open;
        row.wall += 3_600_000;
        assert_eq!(hold_back(&row), Some(Duration::from_secs(2 * 7200)));
    }
}
