//! The task of one session: it drives the machine that knows the protocol, and tells the desk what became of the shell.
//!
//! The loop is here. What it begins with is in `opening`, what it is asked in `orders`, what the machine says in `events`,
//! how it ends in `ending`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::{Event as Told, SessionId};
use bytes::Bytes;
use ledger::Row;
use moment::Moment;
use psrp::Assembly;
use runspace::Operation;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::carrier::{Carrier, Landed, Wanted};
use super::ending::{not_begun, unproven};
use super::health::{Health, Pulse};
use super::opening::{self, Prepared};
use super::{Feed, Order, Sessions, Unsealed, key};
use crate::config::Profile;
use crate::connect::{Token, Trial};

/// How a session's task begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Open the shell that the row intends.
    Open,
    /// End the shell that the row remembers.
    Close,
    /// The same once more, of which nobody need hear unless it succeeds.
    TryAgain,
    /// Take the shell again that an earlier run left.
    Recover,
}

/// A refusal of the log-on comes at once; an open that hangs hangs for another reason, and holds nobody else up.
pub(super) const TRIAL: Duration = Duration::from_secs(5);

/// The largest message of the pool's own that is put together.
const POOL_MESSAGE: usize = 1 << 20;

/// A reset that is on its way.
#[derive(Debug)]
pub(super) struct Reset {
    pub(super) done: oneshot::Sender<bool>,
    /// Nothing ran when it was asked for, and nothing was started since.
    pub(super) clean: bool,
}

pub(super) struct Driver {
    pub(super) house: Arc<Sessions>,
    pub(super) id: SessionId,
    pub(super) profile: Arc<Profile>,
    pub(super) carrier: Carrier,
    pub(super) feeds: HashMap<Uuid, Feed>,
    /// Whoever ran something last, for what belongs to no pipeline.
    pub(super) attendant: Option<Feed>,
    /// Those who wait for the session key, sealed for each.
    pub(super) keys: VecDeque<oneshot::Sender<Bytes>>,
    /// Resets that the server has not answered.
    pub(super) resets: VecDeque<Reset>,
    /// The pipelines whose readers attend to the session.
    pub(super) attended: HashSet<Uuid>,
    /// Answers that wait for the session's key.
    pub(super) unsealed: Vec<Unsealed>,
    pub(super) pool_message: Assembly,
    pub(super) row: Row,
    /// How long the server keeps the shell idle, as far as is known.
    pub(super) idle: Duration,
    /// A Close was ordered. Shared with whoever looks after a panic of this task.
    pub(super) closing: Arc<AtomicBool>,
    /// The open has not ended yet.
    pub(super) opening: bool,
    /// It is of an earlier run, and not taken again yet.
    pub(super) recovering: bool,
    /// It is to be left on the server, and was not answered yet.
    pub(super) leaving: bool,
    /// A failure is told to nobody: what was told before still holds.
    pub(super) quiet: bool,
    /// Held while a secret is tried that nobody has tried, until then at the latest.
    pub(super) trial: Option<(Trial, Moment)>,
    /// The endpoint has set cookies, and the books know.
    pub(super) cookies: bool,
    /// How it is logged on, for words.
    pub(super) tried: Option<endpoint::Tried>,
    /// The token that its requests carry, if they do.
    pub(super) token: Option<Token>,
    /// Which of the account's secrets its requests carry, if they do.
    pub(super) secret: Option<u64>,
    /// The log-on was refused, and what is to be sent waits for another.
    pub(super) rests: bool,
    /// An open was tried with another secret than the refused one.
    pub(super) anew: bool,
    /// It has another one since, and the broker does not know yet.
    pub(super) renewed: bool,
    /// Redirects that were followed.
    pub(super) hops: u32,
    /// The host of one that was not.
    pub(super) astray: Option<String>,
    /// The shell is gone, and everybody knows: the task ends.
    pub(super) over: bool,
    pub(super) pulse: Pulse,
    pub(super) health: Health,
}

/// Runs the session until its shell is gone, proven, or given up to the next attempt.
pub(super) async fn run(
    house: Arc<Sessions>,
    id: SessionId,
    profile: Arc<Profile>,
    row: Row,
    task: Task,
    orders: mpsc::Receiver<Order>,
    closing: Arc<AtomicBool>,
) {
    if task != Task::Open && row.uri.is_empty() {
        // It had not come as far as an address: nothing was ever sent.
        return house.desk.say(Told::Closed { session: id }).await;
    }
    let prepared = match opening::prepare(&house, id, &profile, &row, task).await {
        Ok(prepared) => prepared,
        Err(failure) => {
            not_begun(&house, id, &row, task, failure).await;
            return see_off(&house, id, &row, orders).await;
        }
    };
    let Prepared {
        carrier,
        tried,
        token,
        trial,
        secret,
    } = prepared;
    let tried_by = house.clock.now() + TRIAL;
    let mut driver = Driver {
        pulse: Pulse::new(&house.clock),
        health: Health::default(),
        idle: Duration::from_secs(row.idle_seconds),
        house,
        id,
        profile,
        carrier,
        feeds: HashMap::new(),
        attendant: None,
        keys: VecDeque::new(),
        resets: VecDeque::new(),
        attended: HashSet::new(),
        unsealed: Vec::new(),
        pool_message: Assembly::new(POOL_MESSAGE),
        row,
        closing,
        opening: task == Task::Open,
        recovering: task == Task::Recover,
        leaving: false,
        cookies: false,
        quiet: task == Task::TryAgain,
        trial: trial.map(|trial| (trial, tried_by)),
        tried,
        token,
        secret,
        rests: false,
        anew: false,
        renewed: false,
        hops: 0,
        astray: None,
        over: false,
    };
    let first = match task {
        Task::Open => Operation::Open,
        Task::Close | Task::TryAgain => Operation::Close,
        Task::Recover => Operation::Get,
    };
    driver.submit(first);
    driver.run(orders).await;
}

/// What was ordered while the task ended: pipelines see their feed go, and a Close is as good as answered.
async fn see_off(house: &Sessions, id: SessionId, row: &Row, mut orders: mpsc::Receiver<Order>) {
    orders.close();
    while let Some(order) = orders.recv().await {
        if matches!(order, Order::Close) {
            unproven(house, id, row).await;
        }
    }
}

impl Driver {
    pub(super) fn now(&self) -> Moment {
        self.house.clock.now()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(super) fn submit(&mut self, operation: Operation) {
        let now = self.now();
        self.carrier.submit(now, operation);
    }

    async fn run(&mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            self.settle().await;
            if std::mem::take(&mut self.renewed) {
                self.house.tell_token_ends(self.id, None).await;
            }
            if self.over {
                return see_off(&self.house, self.id, &self.row, orders).await;
            }
            let due = self.carrier.poll_timeout();
            let tried_by = self.trial.as_ref().map(|(_, by)| *by);
            let renew = self.token.and_then(|token| token.renew);
            tokio::select! {
                () = self.house.clock.reach(tried_by) => self.trial = None,
                () = self.house.clock.reach(renew) => self.renew_token(),
                landed = self.carrier.landed() => self.landed(landed).await,
                order = orders.recv() => match order {
                    Some(order) => self.ordered(order),
                    // The registry keeps a sender for as long as the task runs.
                    None => return,
                },
                () = self.house.clock.reach(due) => {
                    let now = self.now();
                    self.carrier.handle_timeout(now);
                }
            }
        }
    }

    async fn landed(&mut self, landed: Landed) {
        self.feel();
        if matches!(landed, Landed::Failed(..)) {
            self.doubt();
        }
        if let Landed::Answer(_, response) = &landed {
            let success = (200..300).contains(&response.status);
            let is_password = response.refusal.as_ref().is_none_or(|refusal| refusal.password);
            match &mut self.token {
                // Another token may do: what becomes of it shows when the machine says so.
                Some(token) => token.proved |= success,
                None if response.status == 401 && is_password => {
                    self.house.accounts.refused(&self.profile, self.secret);
                }
                None => {}
            }
            if self.trial.is_some() && success {
                self.accepted();
            }
        }
        if !self.cookies && self.carrier.has_cookies() {
            self.cookies = true;
            self.house.desk.left_out(self.id).await;
        }
        let now = self.now();
        self.carrier.take(now, landed);
    }

    /// The log-on was.
    pub(super) fn accepted(&mut self) {
        self.house.accounts.accepted(&self.profile);
        self.trial = None;
    }

    /// Carries out what the machine wants and passes on what it says, until it is quiet.
    async fn settle(&mut self) {
        loop {
            if let Some(output) = self.carrier.poll_output() {
                let now = self.now();
                if let Some(Wanted::Key) = self.carrier.carry(now, output).await {
                    self.make_key().await;
                }
            } else if let Some(event) = self.carrier.poll_event() {
                self.event(event).await;
            } else {
                return;
            }
        }
    }

    async fn make_key(&mut self) {
        match key::pair().await {
            Ok(pair) => self.submit(Operation::Key(Box::new(pair))),
            Err(error) => {
                tracing::error!(session = %self.id, %error, "no key pair");
                self.no_key();
            }
        }
    }
}
