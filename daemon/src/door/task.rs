//! The task of one door: it carries bytes between the console and the machine, and orders between the machine and the
//! session. Pipelines have tasks of their own (`pipeline`), which tell this one what comes.
//!
//! Output is taken from them only while little waits for the console, so what a slow console leaves unread stays where it is
//! counted: in the session, a megabyte a pipeline.
//!
//! Over 600 lines, because it is one loop over one state, which console, machine, pipelines, key and lease all change.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use broker::{EndCause, Event, Fence, Holder, LeaseId, Mode, Refusal, SessionId};
use bytes::Bytes;
use door::keep::{self, Answer, Recording};
use door::{Action, Config, Door, Ending, Facts, Run, words};
use moment::Moment;
use psrp::body::InvocationState;
use psrp::{Destination, Message, MessageType, Piece};
use runspace::Outcome;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::pipeline::{self, Asked, Attention, Begun, Ended, Told};
use crate::config::Profile;
use crate::desk::{Answer as Answered, News};
use crate::hub::{self, Hub};
use crate::service;
use crate::session::{self, Item, Order, Tray};

/// Output that is made ready ahead of the console, in bytes.
const AHEAD: usize = 256 << 10;
/// A console that lets so much wait and goes on asking is not read.
const DEAF: usize = 8 << 20;
/// One read.
const READ: usize = 64 << 10;
/// What a write is made of at most.
const WRITE: usize = 128 << 10;
/// Output that its reader leaves for so long means that the reader is not reading.
const UNREAD: Duration = Duration::from_secs(1);
/// How long a console may take to hang up after its pool was closed.
const GOODBYE: Duration = Duration::from_secs(5);
/// What pipelines may have told and the door not heard.
const TOLD: usize = 4;

/// What a door serves.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) profile: Arc<Profile>,
    pub(crate) lease: LeaseId,
    pub(crate) fence: Fence,
    pub(crate) mode: Mode,
    /// The session of a lease that binds one.
    pub(crate) session: Option<SessionId>,
    pub(crate) facts: Facts,
    pub(crate) holder: Arc<Holder>,
    /// What becomes of the lease, where the door was given it.
    pub(crate) news: Option<watch::Receiver<News>>,
}

/// How a console left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// It closed its pool, and was told so.
    Closed,
    /// It went.
    Gone,
    /// It was told that there is no session any more, and went.
    Broken,
}

/// A pipeline as the door knows it.
#[derive(Debug)]
struct Running {
    stop: watch::Sender<bool>,
    begun: Option<Begun>,
    /// What the console sent for it before the remote had it.
    early: VecDeque<Order>,
    /// Questions that the console has not answered.
    questions: usize,
    stalled: bool,
    /// Its answer, if it is worth keeping, and the key to it.
    recording: Option<(String, Recording)>,
    /// What is still to be said of an answer that was kept.
    replay: Option<(VecDeque<(MessageType, Bytes)>, Bytes)>,
}

impl Running {
    fn new(stop: watch::Sender<bool>) -> Self {
        Self {
            stop,
            begun: None,
            early: VecDeque::new(),
            questions: 0,
            stalled: false,
            recording: None,
            replay: None,
        }
    }
}

/// Where messages of the pool's own come from.
#[derive(Debug)]
struct Pool {
    session: SessionId,
    orders: mpsc::Sender<Order>,
    tray: Arc<Tray>,
}

type Sealed = oneshot::Receiver<Option<(SessionId, Bytes)>>;

struct Serving {
    hub: Arc<Hub>,
    setting: Setting,
    door: Door,
    /// Under what answers are kept.
    remote: String,
    /// Nothing was run that may have changed what commands there are.
    pristine: bool,
    runs: HashMap<Run, Running>,
    told: mpsc::Sender<Told>,
    pool: Option<Pool>,
    /// The session that the console has a key of.
    keyed: Option<SessionId>,
    key: Option<Sealed>,
    keys: VecDeque<Bytes>,
    /// A reset that is on its way to the session, and those that wait for its answer.
    reset: Option<(i64, oneshot::Receiver<bool>)>,
    resets: VecDeque<i64>,
    /// What the session said when it was lost.
    last_words: Option<String>,
    /// On its way to the console, and how much of it is written.
    out: Vec<u8>,
    written: usize,
    /// Whose output stands up to where in `out`.
    owners: VecDeque<(usize, Run, usize)>,
    stalled: bool,
    broken: bool,
    hang_up: bool,
    /// The pool was closed; until when the console may take to go.
    closed: Option<Moment>,
}

enum Happened {
    Read(std::io::Result<usize>),
    Wrote(std::io::Result<usize>),
    Told(Box<Told>),
    Time,
    Late,
    News(News),
    Pool(Option<VecDeque<Item>>),
    Key(Option<(SessionId, Bytes)>),
    Reset(i64, bool),
    Stalls,
}

/// Serves the console on `stream` until it leaves. What it ran is stopped by then or being stopped.
pub(crate) async fn serve<S>(hub: &Arc<Hub>, stream: S, setting: Setting) -> Left
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let (told, mut tells) = mpsc::channel(TOLD);
    let mut news = setting.news.clone();
    let mut serving = Serving::new(hub.clone(), setting, told);
    if let Some(session) = serving.setting.session {
        serving.attend(session).await;
    }
    let mut buffer = vec![0; READ];
    let left = loop {
        serving.settle().await;
        if serving.hang_up && serving.out.is_empty() {
            break Left::Broken;
        }
        let clock = serving.hub.clock.clone();
        let (due, late) = (serving.door.poll_timeout(), serving.closed);
        let pool = serving.pool.as_ref().map(|pool| pool.tray.clone());
        let waits = serving.waits();
        // In no order: a console that reads fast must still be heard when it says stop.
        let happened = tokio::select! {
            wrote = writer.write(&serving.out[serving.written..]), if waits > 0 => Happened::Wrote(wrote),
            read = reader.read(&mut buffer), if waits < DEAF && !serving.hang_up => Happened::Read(read),
            told = tells.recv(), if waits < AHEAD => match told {
                Some(told) => Happened::Told(Box::new(told)),
                // `serving` keeps a sender.
                None => continue,
            },
            news = next(&mut news) => Happened::News(news),
            items = take(pool), if waits < AHEAD => Happened::Pool(items),
            sealed = sealed(&mut serving.key), if serving.key.is_some() => Happened::Key(sealed),
            (ci, done) = reset(&mut serving.reset), if serving.reset.is_some() => Happened::Reset(ci, done),
            () = clock.reach(due) => Happened::Time,
            () = clock.reach(late) => Happened::Late,
            () = tokio::time::sleep(UNREAD), if waits > 0 && !serving.stalled => Happened::Stalls,
        };
        match happened {
            Happened::Read(Ok(0) | Err(_)) => break serving.left(),
            Happened::Read(Ok(size)) => {
                let now = serving.hub.clock.now();
                serving.door.bytes(now, &buffer[..size]);
            }
            Happened::Wrote(Ok(size)) if size > 0 => serving.wrote(size).await,
            Happened::Wrote(_) => break serving.left(),
            Happened::Told(told) => serving.told(*told).await,
            Happened::Time => {
                let now = serving.hub.clock.now();
                serving.door.handle_timeout(now);
            }
            Happened::Late => break Left::Closed,
            Happened::News(News::Ended(cause)) => {
                news = None;
                serving.lease_ended(cause);
            }
            // A console has no word for what is to come.
            Happened::News(News::Lives | News::Ending(..) | News::Unused(_)) => {}
            Happened::Pool(items) => serving.of_pool(items),
            Happened::Key(sealed) => serving.key_came(sealed),
            Happened::Reset(ci, done) => {
                serving.reset = None;
                serving.door.reset(ci, done);
                serving.ask_for_reset().await;
            }
            Happened::Stalls => serving.stalls(),
        }
    };
    serving.leave().await;
    left
}

async fn next(news: &mut Option<watch::Receiver<News>>) -> News {
    let Some(receiver) = news else {
        return std::future::pending().await;
    };
    match receiver.changed().await {
        Ok(()) => *receiver.borrow_and_update(),
        Err(_) => News::Ended(EndCause::Shutdown),
    }
}

async fn take(tray: Option<Arc<Tray>>) -> Option<VecDeque<Item>> {
    match tray {
        Some(tray) => tray.take().await,
        None => std::future::pending().await,
    }
}

async fn sealed(key: &mut Option<Sealed>) -> Option<(SessionId, Bytes)> {
    match key {
        Some(key) => key.await.ok().flatten(),
        None => std::future::pending().await,
    }
}

async fn reset(asked: &mut Option<(i64, oneshot::Receiver<bool>)>) -> (i64, bool) {
    match asked {
        Some((ci, done)) => (*ci, done.await.unwrap_or(false)),
        None => std::future::pending().await,
    }
}

impl Serving {
    fn new(hub: Arc<Hub>, setting: Setting, told: mpsc::Sender<Told>) -> Self {
        let config = Config {
            alone: setting.session.is_some(),
            ..Config::default()
        };
        let door = Door::new(setting.facts.clone(), config);
        let remote = versioned(&setting.profile, &setting.facts);
        Self {
            hub,
            setting,
            door,
            remote,
            pristine: true,
            runs: HashMap::new(),
            told,
            pool: None,
            keyed: None,
            key: None,
            keys: VecDeque::new(),
            reset: None,
            resets: VecDeque::new(),
            last_words: None,
            out: Vec::new(),
            written: 0,
            owners: VecDeque::new(),
            stalled: false,
            broken: false,
            hang_up: false,
            closed: None,
        }
    }

    fn left(&self) -> Left {
        match (self.closed, self.broken) {
            (Some(_), _) => Left::Closed,
            (None, true) => Left::Broken,
            (None, false) => Left::Gone,
        }
    }

    fn cure(&self) -> String {
        let name = &self.setting.profile.name;
        format!("Connect-PSLease {name}, or pslease door {name}")
    }

    /// Carries out what the machine wants, until it is quiet and enough is ready for the console.
    async fn settle(&mut self) {
        loop {
            while let Some(action) = self.door.poll_action() {
                self.act(action).await;
            }
            self.fill();
            self.credit().await;
            if self.waits() >= AHEAD || !self.replay() {
                return;
            }
        }
    }

    /// How much waits for the console.
    fn waits(&self) -> usize {
        self.out.len() - self.written + self.door.waiting()
    }

    /// Makes output ready to be written.
    fn fill(&mut self) {
        while self.out.len() < WRITE
            && let Some(output) = self.door.poll_output()
        {
            self.out.extend_from_slice(&output.bytes);
            if let Some((run, weight)) = output.taken {
                self.owners.push_back((self.out.len(), run, weight));
            }
        }
    }

    async fn wrote(&mut self, size: usize) {
        self.written += size;
        self.credit().await;
        if std::mem::take(&mut self.stalled) {
            for running in self.runs.values_mut() {
                flows(&self.hub, running);
            }
        }
    }

    /// Tells the session what is written, or needs no writing.
    async fn credit(&mut self) {
        let mut taken: Vec<(Run, usize)> = Vec::new();
        while let Some((end, run, weight)) = self.owners.front().copied()
            && end <= self.written
        {
            self.owners.pop_front();
            match taken.iter_mut().find(|(other, _)| *other == run) {
                Some((_, sum)) => *sum += weight,
                None => taken.push((run, weight)),
            }
        }
        for (run, bytes) in taken {
            self.took(run, bytes).await;
        }
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }

    async fn took(&self, run: Run, bytes: usize) {
        if let Some(begun) = self.runs.get(&run).and_then(|running| running.begun.as_ref()) {
            let pipeline = begun.pipeline;
            let _ = begun.orders.send(Order::Taken { pipeline, bytes }).await;
        }
    }

    /// The console takes nothing: whoever waits for the session behind it is not to wait for ever.
    fn stalls(&mut self) {
        self.stalled = true;
        for running in self.runs.values_mut() {
            stalls(&self.hub, running);
        }
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Opened => tracing::debug!(lease = %self.setting.lease, "a console has come through its door"),
            Action::Start {
                run,
                kind,
                body,
                nested,
            } => self.start(run, kind, body, nested).await,
            Action::Input { run, body } => self.order(run, |pipeline| Order::Input { pipeline, body }).await,
            Action::EndInput { run } => self.order(run, |pipeline| Order::EndInput { pipeline }).await,
            Action::HostResponse { run: Some(run), body } => {
                if let Some(running) = self.runs.get_mut(&run) {
                    running.questions = running.questions.saturating_sub(1);
                    if !self.stalled {
                        flows(&self.hub, running);
                    }
                }
                self.order(run, |pipeline| Order::HostResponse { pipeline, body }).await;
            }
            Action::HostResponse { run: None, body } => {
                if let Some(pool) = &self.pool {
                    let _ = pool.orders.send(Order::PoolResponse { body }).await;
                }
            }
            Action::Asked { run } => {
                if let Some(running) = self.runs.get_mut(&run) {
                    running.questions += 1;
                    stalls(&self.hub, running);
                }
            }
            Action::Stop { run } => self.stop(run),
            Action::PublicKey { body } => {
                self.keys.push_back(body);
                self.ask_for_key();
            }
            Action::Reset { ci } => {
                self.resets.push_back(ci);
                self.ask_for_reset().await;
            }
            Action::Closed => self.closed = Some(self.hub.clock.now() + GOODBYE),
            Action::HangUp => {
                self.broken = true;
                self.hang_up = true;
            }
        }
    }

    async fn start(&mut self, run: Run, kind: MessageType, body: Bytes, nested: bool) {
        let (stop, stopped) = watch::channel(false);
        let mut running = Running::new(stop);
        let key = keep::key(kind, &body).filter(|_| self.is_typical());
        if let Some(key) = key {
            if let Some(Answer { messages, state, .. }) = self.hub.doors.answers.get(&self.remote, &key).await {
                tracing::debug!(lease = %self.setting.lease, messages = messages.len(), "a kept answer is replayed");
                running.replay = Some((messages.into(), state));
                self.runs.insert(run, running);
                return;
            }
            running.recording = Some((key, Recording::new(kind, body.clone())));
        } else {
            self.pristine = false;
        }
        self.runs.insert(run, running);
        let asked = Asked {
            run,
            kind,
            body,
            nested,
            lease: self.setting.lease,
            fence: self.setting.fence,
            holder: self.setting.holder.clone(),
            protocol: Some(self.setting.facts.protocol()),
            only: self.keyed,
            pool: Attention::Door(self.pool.as_ref().map(|pool| (pool.session, pool.tray.clone()))),
        };
        tokio::spawn(pipeline::run(self.hub.clone(), asked, stopped, self.told.clone()));
    }

    /// Whether the session answers as any other of its kind would: where there is a language, what was run before may have
    /// loaded modules and defined functions.
    fn is_typical(&self) -> bool {
        self.pristine || !self.setting.profile.template.defaults().language
    }

    /// Says the next part of an answer that was kept; false if there is none.
    fn replay(&mut self) -> bool {
        let Some((&run, running)) = self.runs.iter_mut().find(|(_, running)| running.replay.is_some()) else {
            return false;
        };
        let Some((messages, state)) = &mut running.replay else {
            return false;
        };
        match messages.pop_front() {
            Some((kind, body)) => {
                let message = Message {
                    destination: Destination::Client,
                    kind,
                    pool: Uuid::nil(),
                    pipeline: None,
                    body,
                };
                self.door.piece(run, &Piece::whole(message));
            }
            None => {
                let state = state.clone();
                self.runs.remove(&run);
                self.door.state(run, InvocationState::Completed, state);
                self.door.ended(run, Ending::Confirmed);
            }
        }
        true
    }

    fn stop(&mut self, run: Run) {
        let Some(running) = self.runs.get_mut(&run) else {
            return;
        };
        if running.replay.is_some() {
            self.runs.remove(&run);
            self.door.ended(run, Ending::Stopped);
        } else {
            running.stop.send_replace(true);
        }
    }

    /// Gives the session an order for a pipeline, or keeps it until the remote has that.
    async fn order(&mut self, run: Run, order: impl FnOnce(Uuid) -> Order) {
        let Some(running) = self.runs.get_mut(&run) else {
            return;
        };
        match &running.begun {
            // Held up while the session is: so is a console that sends faster than it is taken.
            Some(begun) => {
                let _ = begun.orders.send(order(begun.pipeline)).await;
            }
            None if running.replay.is_some() => {}
            None => running.early.push_back(order(Uuid::nil())),
        }
    }

    async fn told(&mut self, told: Told) {
        match told {
            Told::Begun { run, begun } => self.begun(run, begun).await,
            Told::Items { run, items } => {
                for item in items {
                    self.item(run, item);
                }
            }
            Told::Stopping { run, cause } => {
                let record = words::stopped(&service::stop_words(cause), &self.cure());
                self.door.doom(run, record);
            }
            Told::Ended { run, ended } => self.ended(run, ended),
        }
    }

    async fn begun(&mut self, run: Run, mut begun: Begun) {
        if let Some(tray) = begun.pool.take() {
            if let Some(before) = self.pool.take() {
                self.of_pool(Some(before.tray.rest()));
            }
            let (session, orders) = (begun.session, begun.orders.clone());
            self.pool = Some(Pool { session, orders, tray });
        }
        if let Some(running) = self.runs.get_mut(&run) {
            for order in std::mem::take(&mut running.early) {
                let _ = begun.orders.send(named(order, begun.pipeline)).await;
            }
            running.begun = Some(begun);
        }
    }

    /// From now on what belongs to no pipeline in this session comes here.
    async fn attend(&mut self, session: SessionId) {
        let Some(orders) = self.hub.sessions.orders(session) else {
            return;
        };
        let (feed, tray) = Tray::new();
        let _ = orders.send(Order::Attend { feed }).await;
        self.pool = Some(Pool { session, orders, tray });
    }

    fn item(&mut self, run: Run, item: Item) {
        let recording = self.runs.get_mut(&run).and_then(|running| running.recording.as_mut());
        match item {
            Item::Piece(piece) => {
                if let Some((_, recording)) = recording {
                    recording.piece(&piece);
                }
                self.door.piece(run, &piece);
            }
            Item::State(state, body) => {
                if let Some((_, recording)) = recording {
                    recording.state(state, body.clone());
                }
                self.door.state(run, state, body);
            }
            Item::Forwarded(bytes) => self.door.delivered(run, bytes),
            Item::Notice(notice) => tracing::debug!(lease = %self.setting.lease, notice, "notice"),
            Item::KeyRequested => debug_assert!(false, "this comes with the pool's"),
            Item::Started | Item::Ended(_) => debug_assert!(false, "these the pipeline's task keeps"),
        }
    }

    fn ended(&mut self, run: Run, ended: Ended) {
        let running = self.runs.remove(&run);
        let cure = self.cure();
        let failed = |cause: String| Ending::Failed(Box::new(words::failed(&cause, &cure)));
        let ending = match ended {
            Ended::Outcome(outcome) => {
                if let (Outcome::Completed, Some((key, recording))) =
                    (&outcome, running.and_then(|running| running.recording))
                    && let Some(answer) = recording.whole()
                {
                    let (answers, remote) = (self.hub.doors.answers.clone(), self.remote.clone());
                    tokio::spawn(async move { answers.put(&remote, &key, answer).await });
                }
                match outcome {
                    Outcome::Completed | Outcome::Failed | Outcome::Stopped => Ending::Confirmed,
                    Outcome::Incomplete(cause) => failed(session::words(&cause)),
                    Outcome::Unknown(cause) => failed(format!("{cause}; whether the command ran is not known")),
                    Outcome::NotStarted(cause) => failed(format!("{cause}; the command did not run")),
                }
            }
            Ended::NeverRan => Ending::Stopped,
            Ended::Lost => failed("the session's task ended; whether the command ran is not known".to_owned()),
            Ended::Unfit(why) => {
                self.break_with(&why);
                Ending::Stopped
            }
            Ended::Refused(refusal) => {
                let (message, hint) = service::refusal_words(&self.hub, &refusal, &self.setting.profile.name);
                if is_over(&refusal) {
                    self.break_with(&message);
                }
                Ending::Failed(Box::new(words::refused(&message, &hint)))
            }
        };
        self.door.ended(run, ending);
    }

    fn break_with(&mut self, why: &str) {
        if !std::mem::replace(&mut self.broken, true) {
            tracing::info!(lease = %self.setting.lease, why, "a door is broken");
        }
        let record = words::lost(why, &self.cure());
        self.door.broken(record);
    }

    fn lease_ended(&mut self, cause: EndCause) {
        let words = service::end_words(cause);
        let why = match (cause, self.last_words.take()) {
            (EndCause::SessionLost, Some(last)) => format!("session state was lost: {last}"),
            _ => format!("lease {} has ended: {words}", self.setting.lease),
        };
        self.break_with(&why);
    }

    fn of_pool(&mut self, items: Option<VecDeque<Item>>) {
        let Some(items) = items else {
            let gone = self.pool.take().map(|pool| pool.session);
            if let (Some(gone), Some(keyed)) = (gone, self.keyed)
                && gone == keyed
                && self.hub.sessions.orders(keyed).is_none()
            {
                self.break_with("the session that it exchanged a key with was closed");
            }
            return;
        };
        for item in items {
            match item {
                Item::Piece(piece) => self.door.pool_piece(&piece),
                Item::KeyRequested => self.door.key_requested(),
                Item::Ended(Outcome::Incomplete(cause)) => {
                    let bound = self.setting.mode != Mode::Shared || self.keyed.is_some();
                    let why = session::words(&cause);
                    self.last_words = Some(why.clone());
                    if bound {
                        self.break_with(&format!("session state was lost: {why}"));
                    }
                }
                _ => {}
            }
        }
    }

    /// Gets the next console's public key answered, by the session that it is bound to from then on.
    fn ask_for_key(&mut self) {
        if self.key.is_some() {
            return;
        }
        let Some(body) = self.keys.pop_front() else { return };
        let known = self
            .setting
            .session
            .or(self.keyed)
            .or(self.pool.as_ref().map(|pool| pool.session));
        let (answer, answered) = oneshot::channel();
        let (hub, profile) = (self.hub.clone(), self.setting.profile.name.clone());
        let holder = self.setting.holder.clone();
        self.key = Some(answered);
        tokio::spawn(async move {
            let _ = answer.send(exchange(&hub, &profile, known, holder, body).await);
        });
    }

    /// Gets the console's next request answered to reset the session that is its alone.
    async fn ask_for_reset(&mut self) {
        while self.reset.is_none()
            && let Some(ci) = self.resets.pop_front()
        {
            let orders = self
                .setting
                .session
                .and_then(|session| self.hub.sessions.orders(session));
            let (done, reset) = oneshot::channel();
            match orders {
                Some(orders) => {
                    let _ = orders.send(Order::Reset { ci, done }).await;
                    self.reset = Some((ci, reset));
                }
                None => self.door.reset(ci, false),
            }
        }
    }

    fn key_came(&mut self, sealed: Option<(SessionId, Bytes)>) {
        self.key = None;
        match sealed {
            Some((session, body)) => {
                self.keyed = Some(session);
                self.door.session_key(body);
                self.ask_for_key();
            }
            None => self.break_with("the session that was asked for its key has ended"),
        }
    }

    /// Lets go: what runs is stopped by the pipelines' own tasks, and held up by nothing here.
    async fn leave(&mut self) {
        self.door.hung_up();
        while let Some(action) = self.door.poll_action() {
            if let Action::Stop { run } = action {
                self.stop(run);
            }
        }
        let mut taken: Vec<(Run, usize)> = self.owners.drain(..).map(|(_, run, weight)| (run, weight)).collect();
        taken.extend(std::iter::from_fn(|| self.door.poll_output()).filter_map(|output| output.taken));
        for (run, bytes) in taken {
            self.took(run, bytes).await;
        }
    }
}

/// The session key, sealed for whoever has the private half of the key in `body`.
async fn exchange(
    hub: &Hub,
    profile: &str,
    known: Option<SessionId>,
    holder: Arc<Holder>,
    body: Bytes,
) -> Option<(SessionId, Bytes)> {
    let known = known.filter(|session| hub.sessions.orders(*session).is_some());
    let session = match known {
        Some(session) => session,
        None => {
            let pending = hub
                .desk
                .request(|request| Event::Connect {
                    request,
                    profile: profile.into(),
                    priority: broker::Priority::Interactive,
                    deadline: None,
                    holder,
                })
                .await;
            match pending.answer().await {
                Answered::Connected { session, .. } => session,
                _ => return None,
            }
        }
    };
    let (sealed, answer) = oneshot::channel();
    let orders = hub.sessions.orders(session)?;
    orders.send(Order::PublicKey { body, sealed }).await.ok()?;
    Some((session, answer.await.ok()?))
}

/// Under what the answers of a remote are kept: what it is, for whom, and in which version.
pub(super) fn versioned(profile: &Profile, facts: &Facts) -> String {
    let version = facts.ps_version.unwrap_or_else(|| facts.protocol());
    format!("{}\n{version}", hub::remote(profile))
}

/// An order that was kept before the remote's id was known.
fn named(order: Order, pipeline: Uuid) -> Order {
    match order {
        Order::Input { body, .. } => Order::Input { pipeline, body },
        Order::EndInput { .. } => Order::EndInput { pipeline },
        Order::HostResponse { body, .. } => Order::HostResponse { pipeline, body },
        other => other,
    }
}

fn stalls(hub: &Hub, running: &mut Running) {
    if let Some(begun) = &running.begun
        && !std::mem::replace(&mut running.stalled, true)
    {
        hub.desk.tell(Event::Stalled { turn: begun.turn });
    }
}

fn flows(hub: &Hub, running: &mut Running) {
    if running.questions == 0
        && let Some(begun) = &running.begun
        && std::mem::take(&mut running.stalled)
    {
        hub.desk.tell(Event::Flowing { turn: begun.turn });
    }
}

/// Whether no further pipeline will ever be granted.
fn is_over(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownLease(_)
            | Refusal::OldFence { .. }
            | Refusal::LeaseEnded { .. }
            | Refusal::ProfileRemoved
            | Refusal::UnknownProfile(_)
            | Refusal::Stopping
    )
}
