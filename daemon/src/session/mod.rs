//! Sessions: one task for each remote shell, which alone talks to it.
//!
//! - [`Sessions`]: which are live, and what their tasks share. - [`Order`]: what a session is asked.
//! - [`Tray`]: where a pipeline's output waits for its reader. - `verdict`: failures in the broker's terms.
//! - `drive`: the task; its ideas are in `opening`, `orders`, `events`, `redirect`, `ending`, `key`, `secrets`, `recovery`;
//!   `stray`: shells that are no session of ours.
//! - `carrier`: what carries a session's messages; `wire`: HTTP lanes; `child`: a program's pipes.
//! - `health`: whether the shell is still there, asked where that is in doubt.
//! - `facts`: what the books keep of what a server says of itself.
//! - `question`: what such a program wants to know of a person; `ask_pass`: how ssh asks.

mod ask_pass;
mod budget;
mod carrier;
mod child;
mod credential;
mod drive;
mod ending;
mod events;
mod facts;
mod health;
mod key;
mod opening;
mod orders;
mod question;
mod recovery;
mod redirect;
mod secrets;
mod stray;
mod telling;
mod tray;
mod verdict;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker::{Event, Fate, ProfileName, SessionId};
use bytes::Bytes;
use dashmap::{DashMap, DashSet};
use endpoint::DeviceCode;
use ledger::Row;
use psrp::MessageType;
use runspace::Opened;
use tokio::sync::{broadcast, mpsc, oneshot};
use uuid::Uuid;

use crate::account::Accounts;
use crate::clock::Clock;
use crate::config::{Profile, Source};
use crate::connect::Cures;
use crate::desk;

pub(crate) use credential::credential;
pub(crate) use opening::our_name;
pub(crate) use question::Questions;
pub(crate) use secrets::Unsealed;
pub(crate) use telling::code_words;
pub(crate) use tray::{Feed, Item, Tray};
pub(crate) use verdict::{kind, words};
pub(crate) use wire::network;

/// Orders that may wait for a session.
const ORDERS: usize = 256;
/// News that a slow listener may be behind.
const NEWS: usize = 64;

/// When an unproven end is looked after again, and how often from then on.
const RETRIES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(20), Duration::from_secs(60)];
const RETRY_LAST: Duration = Duration::from_secs(60);

/// What a session is asked.
#[derive(Debug)]
pub(crate) enum Order {
    /// Run a pipeline: its output goes to the feed's tray.
    Start {
        pipeline: Uuid,
        kind: MessageType,
        body: Bytes,
        feed: Feed,
        /// Whoever reads it attends to the session, too.
        attended: bool,
    },
    Input {
        pipeline: Uuid,
        body: Bytes,
    },
    EndInput {
        pipeline: Uuid,
    },
    HostResponse {
        pipeline: Uuid,
        body: Bytes,
    },
    /// From now on messages of the pool's own go to this feed, until somebody else's does.
    Attend {
        feed: Feed,
    },
    /// The answer to a host call of the pool's.
    PoolResponse {
        body: Bytes,
    },
    /// Give the session key to whoever has the private half of this key: the body of ENCRYPTED_SESSION_KEY comes back.
    PublicKey {
        body: Bytes,
        sealed: oneshot::Sender<Bytes>,
    },
    /// Reset the session's state: whether the server says that it has.
    Reset {
        ci: i64,
        done: oneshot::Sender<bool>,
    },
    /// The answer to a host call, with secrets that need the session's key.
    SecretResponse(Unsealed),
    Stop {
        pipeline: Uuid,
    },
    /// The reader has taken pieces of that weight from the tray.
    Taken {
        pipeline: Uuid,
        bytes: usize,
    },
    /// There is another secret for the account.
    Renew,
    /// Leave the shell on the server: this task is done with it.
    Leave,
    /// End the shell.
    Close,
}

/// What people are told while a session of a profile is opened or silent.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) profile: String,
    pub(crate) kind: NewsKind,
    pub(crate) text: String,
    /// What helps; for notices, and empty where nothing does.
    pub(crate) hint: String,
}

/// Which way it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewsKind {
    /// A step of an opening.
    Stage,
    /// Something is not as it should be.
    Notice,
}

/// Whoever asked for something.
#[derive(Debug)]
struct Asker {
    environment: Arc<BTreeMap<String, String>>,
    /// A person sits there.
    interactive: bool,
}

/// A session that has a task.
#[derive(Debug, Clone)]
struct Live {
    orders: mpsc::Sender<Order>,
    host: String,
    uri: String,
    opened: Option<Arc<Opened>>,
}

/// The live sessions, and what their tasks share.
#[derive(Debug)]
pub(crate) struct Sessions {
    live: DashMap<SessionId, Live>,
    /// Sessions whose shells are deleted again in the background.
    trying: DashSet<SessionId>,
    pub(crate) clock: Clock,
    pub(crate) config: Arc<Source>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) desk: desk::Handle,
    news: broadcast::Sender<News>,
    /// What sessions said when they were opened, by what they were opened to.
    seen: Mutex<HashMap<String, Arc<Opened>>>,
    /// Why the end of a session could not be proven when that was last tried.
    why: Mutex<HashMap<SessionId, String>>,
    /// Whoever asked last for something of a profile.
    askers: Mutex<HashMap<String, Asker>>,
    /// What programs want to know of people.
    pub(crate) questions: Arc<Questions>,
    /// The profiles of sessions that rest until there are other tickets.
    resting: Mutex<HashSet<String>>,
    /// Where certificates are kept that a person has to look at.
    certificates: PathBuf,
    /// What helps, by the sentence that it belongs to.
    cures: Cures,
    /// Device codes that are being waited for, by profile.
    codes: Mutex<HashMap<String, DeviceCode>>,
}

impl Sessions {
    /// `state` is the daemon's own folder.
    pub(crate) fn new(
        clock: Clock,
        config: Arc<Source>,
        accounts: Arc<Accounts>,
        desk: desk::Handle,
        state: &Path,
    ) -> Arc<Self> {
        let (news, _) = broadcast::channel(NEWS);
        Arc::new(Self {
            live: DashMap::new(),
            trying: DashSet::new(),
            clock,
            config,
            accounts,
            desk,
            news,
            seen: Mutex::default(),
            askers: Mutex::default(),
            why: Mutex::default(),
            questions: Arc::default(),
            resting: Mutex::default(),
            certificates: state.join("certificates"),
            cures: Cures::default(),
            codes: Mutex::default(),
        })
    }

    /// Opens a shell for a session whose intent is in the books.
    pub(crate) fn open(self: &Arc<Self>, session: SessionId, profile: &ProfileName, row: Option<Row>) {
        let found = self.config.last().find(profile.as_str()).cloned();
        let (Some(profile), Some(row)) = (found, row) else {
            let failure = verdict::internal("the profile is no longer configured");
            self.desk.tell(Event::OpenFailed {
                session,
                fate: Fate::Gone,
                failure,
                retry_after: None,
            });
            return;
        };
        self.spawn(session, profile, row, drive::Task::Open);
    }

    /// Ends a session's shell. One that has no task any more, or never had one in this run, gets one for that.
    pub(crate) fn close(self: &Arc<Self>, session: SessionId, row: Option<Row>) {
        if self.order(session, Order::Close) {
            return;
        }
        let Some(row) = row else {
            self.desk.tell(Event::Closed { session });
            return;
        };
        if child::died_with_its_daemon(&row) {
            tracing::info!(%session, uri = row.uri, "ended with the daemon that held it");
            self.desk.tell(Event::Closed { session });
            return;
        }
        match self.profile_of(&row) {
            Some(profile) => self.spawn(session, profile, row, drive::Task::Close),
            None => {
                tracing::warn!(%session, account = row.admin, "no profile knows the account any more");
                let until = desk::hold_back(&row).map(|left| self.clock.now() + left);
                self.desk.tell(Event::CloseUnproven { session, until });
            }
        }
    }

    /// Leaves a session's shell on its server.
    pub(crate) fn leave(&self, session: SessionId) {
        // A task that has just ended has said why; what it leaves behind is to be closed.
        if !self.order(session, Order::Leave) {
            self.desk.tell(Event::NotLeft { session });
        }
    }

    /// A profile by which the row's account can log on.
    pub(crate) fn profile_of(&self, row: &Row) -> Option<Arc<Profile>> {
        let config = self.config.last();
        let same = |profile: &&Arc<Profile>| profile.scope.account() == (row.service.clone(), row.admin.clone());
        config
            .find(&row.profile)
            .filter(same)
            .or_else(|| config.all().find(same))
            .cloned()
    }

    fn spawn(self: &Arc<Self>, session: SessionId, profile: Arc<Profile>, row: Row, task: drive::Task) {
        let (orders, ordered) = mpsc::channel(ORDERS);
        self.live.insert(
            session,
            Live {
                orders: orders.clone(),
                host: profile.address.host.clone(),
                uri: profile.address.uri.clone(),
                opened: None,
            },
        );
        let house = self.clone();
        tokio::spawn(async move {
            let name = profile.name.clone();
            let closing = Arc::new(AtomicBool::new(matches!(
                task,
                drive::Task::Close | drive::Task::TryAgain
            )));
            let run = drive::run(house.clone(), session, profile, row, task, ordered, closing.clone());
            let result = tokio::spawn(run).await;
            house
                .live
                .remove_if(&session, |_, live| live.orders.same_channel(&orders));
            if let Err(error) = result {
                tracing::error!(%session, profile = name, %error, "the session's task failed");
                house.task_failed(session, closing.load(Ordering::Relaxed)).await;
            }
        });
    }

    /// A panic of ours: what it leaves on the server is unknown. Of an open and a lost session the broker passes over
    /// the one that does not fit.
    async fn task_failed(&self, session: SessionId, closing: bool) {
        if closing {
            self.desk.say(Event::CloseUnproven { session, until: None }).await;
            return;
        }
        let fate = Fate::MayExist { until: None };
        let failure = verdict::internal("the session failed by a fault of psleased itself; see pslease daemon logs");
        self.desk
            .say(Event::OpenFailed {
                session,
                fate,
                failure,
                retry_after: None,
            })
            .await;
        self.desk.say(Event::SessionLost { session, fate }).await;
    }

    /// Deletes a shell again whose end is not proven, further and further apart, until it is: a Create whose answer never
    /// came may be carried out long after the first Delete.
    pub(crate) fn try_again(self: &Arc<Self>, session: SessionId) {
        if !self.trying.insert(session) {
            return;
        }
        let house = self.clone();
        tokio::spawn(async move {
            for pause in RETRIES.into_iter().chain(std::iter::repeat(RETRY_LAST)) {
                house.clock.reach(Some(house.clock.now() + pause)).await;
                let Some(row) = house.desk.unconfirmed(session).await else {
                    break;
                };
                if !house.live.contains_key(&session)
                    && let Some(profile) = house.profile_of(&row)
                    && house.accounts.missing(&profile).is_none()
                {
                    house.spawn(session, profile, row, drive::Task::TryAgain);
                }
            }
            house.trying.remove(&session);
        });
    }

    /// Gives a session an order; false if it has no task.
    pub(crate) fn order(&self, session: SessionId, order: Order) -> bool {
        let Some(live) = self.orders(session) else { return false };
        match live.try_send(order) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(order)) => {
                tokio::spawn(async move { live.send(order).await.is_ok() });
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    /// The way to a session, for one who orders much and wants to be held up.
    pub(crate) fn orders(&self, session: SessionId) -> Option<mpsc::Sender<Order>> {
        self.live.get(&session).map(|live| live.orders.clone())
    }

    /// What the server said when the session was opened: its protocol, its capability, its private data, and what finds
    /// the shell again. `None` before that, and once the session's task is over.
    pub(crate) fn opened(&self, session: SessionId) -> Option<Arc<Opened>> {
        self.live.get(&session)?.opened.clone()
    }

    /// What the last session said that could stand in for one of the profile's.
    pub(crate) fn last_opened(&self, profile: &Profile) -> Option<Arc<Opened>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&crate::hub::remote(profile)).cloned()
    }

    fn note_opened(&self, session: SessionId, profile: &Profile, opened: Arc<Opened>) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(crate::hub::remote(profile), opened.clone());
        if let Some(mut live) = self.live.get_mut(&session) {
            live.opened = Some(opened);
        }
    }

    /// The host that a session talks to, for people.
    pub(crate) fn host_of(&self, session: SessionId) -> String {
        self.live
            .get(&session)
            .map(|live| live.host.clone())
            .unwrap_or_default()
    }

    /// Where a session is, as host and address: discovery and redirects lead elsewhere than the profile says.
    pub(crate) fn place_of(&self, session: SessionId) -> Option<(String, String)> {
        let live = self.live.get(&session)?;
        Some((live.host.clone(), live.uri.clone()))
    }

    /// A session's address became known, or changed.
    pub(crate) fn moved(&self, session: SessionId, uri: &str) {
        if let Some(mut live) = self.live.get_mut(&session)
            && let Ok(address) = endpoint::Address::parse(uri)
        {
            (live.host, live.uri) = (address.host, address.uri);
        }
    }

    /// Tells every session that secrets have changed.
    pub(crate) fn renew_all(&self) {
        for live in &self.live {
            let _ = live.orders.try_send(Order::Renew);
        }
    }

    /// A session of the profile rests, because the asker's tickets did not do.
    fn rests(&self, profile: &str) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.insert(profile.to_owned());
    }

    /// Somebody asks for something of the profile, perhaps with other tickets: what rests tries again.
    pub(crate) fn wake(&self, profile: &str) {
        let rested = self
            .resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(profile);
        if rested {
            self.renew_all();
        }
    }

    /// Remembers what the asker's environment says, for the next open of the profile.
    pub(crate) fn remember(&self, profile: &str, environment: &HashMap<String, String>, interactive: bool) {
        let kept = environment
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        let asker = Asker {
            environment: Arc::new(kept),
            interactive,
        };
        askers.insert(profile.to_owned(), asker);
    }

    /// Whether whoever asked last for something of the profile sits at a terminal.
    fn is_interactive(&self, profile: &str) -> bool {
        let askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        askers.get(profile).is_some_and(|asker| asker.interactive)
    }

    /// The environment of whoever asked last for something of the profile.
    pub(crate) fn environment(&self, profile: &str) -> Arc<BTreeMap<String, String>> {
        let askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        askers
            .get(profile)
            .map(|asker| asker.environment.clone())
            .unwrap_or_default()
    }

    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    fn tell(&self, profile: &Profile, kind: NewsKind, text: impl Into<String>) {
        self.tell_with(profile, kind, text, String::new());
    }

    fn tell_with(&self, profile: &Profile, kind: NewsKind, text: impl Into<String>, hint: impl Into<String>) {
        // Nobody listens, most of the time.
        let _ = self.news.send(News {
            profile: profile.name.clone(),
            kind,
            text: text.into(),
            hint: hint.into(),
        });
    }
}
