//! The task of one session: it drives the machine that knows the protocol, and tells the desk what became of the shell.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::{Event as Told, Failure, Fate, SessionId};
use ledger::{Row, Stage as Recorded};
use link::Credential;
use moment::Moment;
use psrp::body::{Body as _, ErrorCategory, ErrorRecord, HostCall};
use psrp::{Assembly, MessageType, Piece};
use runspace::{Cause, Event, Kept, Notice, Operation, Output, Pool, Remains, Shell, Stage, Wsman};
use tokio::sync::{OwnedMutexGuard, mpsc};
use uuid::Uuid;

use super::wire::{Landed, Wire};
use super::{Feed, Item, NewsKind, Order, Sessions, network, proxies, verdict};
use crate::account::{LogOn, Standing};
use crate::config::Profile;

/// How a session's task begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Open the shell that the row intends.
    Open,
    /// End the shell that the row remembers.
    Close,
    /// The same once more, of which nobody need hear unless it succeeds.
    TryAgain,
}

/// A refusal of the log-on comes at once; an open that hangs hangs for another reason, and holds nobody else up.
const TRIAL: Duration = Duration::from_secs(5);

/// The largest message of the pool's own that is put together.
const POOL_MESSAGE: usize = 1 << 20;

struct Driver {
    house: Arc<Sessions>,
    id: SessionId,
    profile: Arc<Profile>,
    machine: Wsman,
    wire: Wire,
    feeds: HashMap<Uuid, Feed>,
    pool_message: Assembly,
    row: Row,
    /// How long the server keeps the shell idle, as far as is known.
    idle: Duration,
    /// A Close was ordered. Shared with whoever looks after a panic of this task.
    closing: Arc<AtomicBool>,
    /// The open has not ended yet.
    opening: bool,
    /// A failure is told to nobody: what was told before still holds.
    quiet: bool,
    /// Held while a secret is tried that nobody has tried, until then at the latest.
    trial: Option<(OwnedMutexGuard<()>, Moment)>,
    /// The shell is gone, and everybody knows: the task ends.
    over: bool,
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
    let environment = house.environment(&profile.name);
    let (log_on, trial) = match log_on(&house, &profile, &environment).await {
        Ok(found) => found,
        Err(missing) => return not_begun(&house, id, &row, task, verdict::auth(&missing)).await,
    };
    let uri = if row.uri.is_empty() {
        profile.address.uri.clone()
    } else {
        row.uri.clone()
    };
    let credential = Credential::basic(log_on.user, log_on.secret);
    let session = network(&profile, proxies(&profile, &environment))
        .and_then(|network| link::Session::new(&network, &uri, credential));
    let session = match session {
        Ok(session) => session,
        Err(failure) => return not_begun(&house, id, &row, task, verdict::endpoint(&failure)).await,
    };
    let tried_by = house.clock.now() + TRIAL;
    let machine = machine(&profile, &row, task);
    let mut driver = Driver {
        idle: Duration::from_secs(row.idle_seconds),
        house,
        id,
        profile,
        machine,
        wire: Wire::new(session),
        feeds: HashMap::new(),
        pool_message: Assembly::new(POOL_MESSAGE),
        row,
        closing,
        opening: task == Task::Open,
        quiet: task == Task::TryAgain,
        trial: trial.map(|trial| (trial, tried_by)),
        over: false,
    };
    let first = match task {
        Task::Open => Operation::Open,
        Task::Close | Task::TryAgain => Operation::Close,
    };
    driver.submit(first);
    driver.run(orders).await;
}

fn machine(profile: &Profile, row: &Row, task: Task) -> Wsman {
    let mut pool = Pool::new(row.shell, Uuid::new_v4().as_u128(), profile.address.host.clone());
    pool.open_timeout = profile.open_timeout;
    pool.objects_after = u64::from(row.epoch) << 32;
    let mut shell = Shell::new(
        profile.address.uri.clone(),
        profile.configuration.clone(),
        row.session_id,
    );
    shell.idle_timeout = Some(profile.idle_timeout);
    shell.no_profile = profile.no_profile;
    shell.name = Some(format!("pslease {}", row.session));
    match task {
        Task::Open => Wsman::new(pool, shell),
        Task::Close | Task::TryAgain => {
            let created = !row.resource_uri.is_empty();
            let resource_uri = if created {
                row.resource_uri.clone()
            } else {
                wsman::resource_uri(&profile.configuration)
            };
            let kept = Kept {
                uri: row.uri.clone(),
                shell_id: row.shell.to_string().to_uppercase(),
                resource_uri,
                created,
                protocol: None,
            };
            Wsman::attach(pool, shell, kept)
        }
    }
}

/// What to log on with. A secret that nobody has tried is tried by one session at a time.
async fn log_on(
    house: &Sessions,
    profile: &Profile,
    environment: &std::collections::BTreeMap<String, String>,
) -> Result<(LogOn, Option<OwnedMutexGuard<()>>), crate::account::NoLogOn> {
    let log_on = house.accounts.log_on(profile, environment).await?;
    if log_on.standing == Standing::Accepted {
        return Ok((log_on, None));
    }
    let trial = log_on.trial.clone().lock_owned().await;
    // Whoever held it before has an answer by now.
    let log_on = house.accounts.log_on(profile, environment).await?;
    let trial = (log_on.standing != Standing::Accepted).then_some(trial);
    Ok((log_on, trial))
}

/// Tells that nothing was sent: no shell was opened, and none that is there was ended.
async fn not_begun(house: &Sessions, session: SessionId, row: &Row, task: Task, failure: Failure) {
    match task {
        Task::Open => {
            let told = Told::OpenFailed {
                session,
                fate: Fate::Gone,
                failure,
                retry_after: None,
            };
            house.desk.say(told).await;
        }
        Task::Close => unproven(house, session, row).await,
        Task::TryAgain => {}
    }
}

async fn unproven(house: &Sessions, session: SessionId, row: &Row) {
    let until = crate::desk::hold_back(row).map(|left| house.clock.now() + left);
    house.desk.say(Told::CloseUnproven { session, until }).await;
}

impl Driver {
    fn now(&self) -> Moment {
        self.house.clock.now()
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    fn submit(&mut self, operation: Operation) {
        let now = self.now();
        self.machine.submit(now, operation);
    }

    async fn run(&mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            self.settle().await;
            if self.over {
                // What was ordered meanwhile: pipelines see their feed go, and a Close is as good as answered.
                orders.close();
                while let Some(order) = orders.recv().await {
                    if matches!(order, Order::Close) {
                        unproven(&self.house, self.id, &self.row).await;
                    }
                }
                return;
            }
            let due = self.machine.poll_timeout();
            let tried_by = self.trial.as_ref().map(|(_, by)| *by);
            tokio::select! {
                () = self.house.clock.reach(tried_by) => self.trial = None,
                landed = self.wire.landed() => self.landed(landed),
                order = orders.recv() => match order {
                    Some(order) => self.ordered(order),
                    // The registry keeps a sender for as long as the task runs.
                    None => return,
                },
                () = self.house.clock.reach(due) => {
                    let now = self.now();
                    self.machine.handle_timeout(now);
                }
            }
        }
    }

    fn landed(&mut self, landed: Result<Landed, tokio::task::JoinError>) {
        let now = self.now();
        match landed {
            Ok(Landed::Answer(ticket, response)) => {
                if response.status == 401 {
                    self.house.accounts.refused(&self.profile);
                } else if self.trial.is_some() && (200..300).contains(&response.status) {
                    self.accepted();
                }
                self.machine.respond(now, ticket, response);
            }
            Ok(Landed::Failed(ticket, failed)) => self.machine.failed(now, ticket, failed),
            Err(error) => std::panic::resume_unwind(Box::new(format!("a lane failed: {error}"))),
        }
    }

    fn accepted(&mut self) {
        self.house.accounts.accepted(&self.profile);
        self.trial = None;
    }

    fn ordered(&mut self, order: Order) {
        let operation = match order {
            Order::Start {
                pipeline,
                kind,
                body,
                feed,
            } => {
                self.feeds.insert(pipeline, feed);
                Operation::Start { pipeline, kind, body }
            }
            Order::Input { pipeline, body } => Operation::Input { pipeline, body },
            Order::EndInput { pipeline } => Operation::EndInput { pipeline },
            Order::HostResponse { pipeline, body } => Operation::HostResponse {
                pipeline: Some(pipeline),
                body,
            },
            Order::Stop { pipeline } => Operation::Stop { pipeline },
            Order::Taken { pipeline, bytes } => {
                if !self.feeds.contains_key(&pipeline) {
                    return;
                }
                Operation::Taken { pipeline, bytes }
            }
            Order::Renew => return self.renew(),
            Order::Close => {
                self.closing.store(true, Ordering::Relaxed);
                self.quiet = false;
                Operation::Close
            }
        };
        self.submit(operation);
    }

    /// A new login: what rested goes on with the new secret.
    fn renew(&mut self) {
        let house = self.house.clone();
        let Some(log_on) = house.accounts.remembered(&self.profile) else {
            return;
        };
        if log_on.standing == Standing::Refused {
            return;
        }
        self.wire.session().renew(Credential::basic(log_on.user, log_on.secret));
        self.submit(Operation::Resume);
    }

    /// Carries out what the machine wants and passes on what it says, until it is quiet.
    async fn settle(&mut self) {
        loop {
            if let Some(output) = self.machine.poll_output() {
                self.output(output).await;
            } else if let Some(event) = self.machine.poll_event() {
                self.event(event).await;
            } else {
                return;
            }
        }
    }

    async fn output(&mut self, output: Output) {
        match output {
            Output::Request { ticket, lane, request } => {
                if let Err((ticket, failed)) = self.wire.send(ticket, lane, request) {
                    let now = self.now();
                    self.machine.failed(now, ticket, failed);
                }
            }
            Output::NeedKey => {
                let made = tokio::task::spawn_blocking(|| {
                    let mut source = std::fs::File::open("/dev/urandom")?;
                    let mut read = Ok(());
                    let pair = runspace::KeyPair::generate(&mut |bytes: &mut [u8]| {
                        read = std::io::Read::read_exact(&mut source, bytes);
                    });
                    read.and_then(|()| pair.map_err(std::io::Error::other))
                });
                match made.await {
                    Ok(Ok(pair)) => self.submit(Operation::Key(Box::new(pair))),
                    Ok(Err(error)) => tracing::error!(session = %self.id, %error, "no key pair"),
                    Err(error) => tracing::error!(session = %self.id, %error, "no key pair"),
                }
            }
            // A pipe's; this is WS-Management.
            Output::Bytes(_) | Output::Hangup => debug_assert!(false, "there is no pipe"),
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Opening(stage) => self.stage(&stage),
            Event::Redirected { from, to } => self.redirected(&from, to).await,
            Event::Opened(opened) => {
                self.opening = false;
                self.accepted();
                if let Some(idle) = opened.idle_timeout {
                    self.idle = idle;
                }
                if let Some(kept) = opened.kept {
                    self.house.desk.kept(self.id, kept, opened.idle_timeout).await;
                }
                self.house.tell(&self.profile, NewsKind::Stage, "Success");
                self.house
                    .desk
                    .say(Told::Opened {
                        session: self.id,
                        idle: opened.idle_timeout,
                    })
                    .await;
            }
            Event::OpenFailed { cause, shell } => self.open_failed(&cause, shell).await,
            Event::Piece {
                pipeline: Some(pipeline),
                piece,
            } => self.feed(pipeline, Item::Piece(piece)),
            Event::Piece { pipeline: None, piece } => self.pool_piece(piece),
            Event::Started { pipeline } => self.feed(pipeline, Item::Started),
            Event::State { pipeline, body, .. } => self.feed(pipeline, Item::State(body)),
            Event::Ended { pipeline, outcome } => {
                if let Some(feed) = self.feeds.remove(&pipeline) {
                    feed.put(Item::Ended(outcome));
                }
            }
            Event::Notice(notice) => self.notice(&notice),
            Event::AuthNeeded { cause } => {
                self.house.accounts.refused(&self.profile);
                self.auth_needed(&cause).await;
            }
            Event::Closed { proof } => {
                tracing::info!(session = %self.id, ?proof, "closed");
                self.over = true;
                self.house.desk.say(Told::Closed { session: self.id }).await;
            }
            Event::CloseFailed { cause } => {
                tracing::warn!(session = %self.id, %cause, "the end is not proven");
                if matches!(cause, Cause::Unauthorized { .. }) {
                    self.auth_needed(&cause).await;
                }
                self.trial = None;
                let until = self.hold_back(false, self.feeds.is_empty());
                self.over = true;
                if self.quiet {
                    return;
                }
                self.house
                    .desk
                    .say(Told::CloseUnproven {
                        session: self.id,
                        until,
                    })
                    .await;
            }
            Event::Broken { cause, shell } => self.broken(&cause, shell).await,
            Event::Refused { operation, cause } => {
                tracing::warn!(session = %self.id, operation, %cause, "refused");
            }
            Event::Reattached { .. } | Event::Disconnected | Event::Health { .. } => {}
            Event::KeyReady(_) | Event::KeyRequested => {}
            other => tracing::warn!(session = %self.id, event = ?other, "not understood"),
        }
    }

    fn feed(&self, pipeline: Uuid, item: Item) {
        if let Some(feed) = self.feeds.get(&pipeline) {
            feed.put(item);
        }
    }

    fn stage(&self, stage: &Stage) {
        let text = match stage {
            Stage::Creating { uri } => format!("Initializing remote session at {uri}"),
            Stage::Negotiating => "Negotiating the remoting protocol".to_owned(),
            Stage::Negotiated { protocol } => format!("Remoting protocol {protocol}"),
        };
        self.house.tell(&self.profile, NewsKind::Stage, text);
    }

    fn notice(&self, notice: &Notice) {
        let text = notice.to_string();
        tracing::info!(session = %self.id, notice = text, "notice");
        if self.opening {
            self.house.tell(&self.profile, NewsKind::Notice, text);
            return;
        }
        for feed in self.feeds.values() {
            feed.put(Item::Notice(text.clone()));
        }
    }

    /// Credentials go to another host only where the profile says so, and never from https to http.
    async fn redirected(&mut self, from: &str, to: String) {
        let refusal = match (endpoint::Address::parse(from), endpoint::Address::parse(&to)) {
            (Ok(old), Ok(new)) if old.tls && !new.tls => Some("from https to http".to_owned()),
            (Ok(old), Ok(new)) if old.host == new.host || self.allows(&new.host) => None,
            (_, Ok(new)) => Some(format!(
                "allow_redirection of profile {} does not list {}",
                self.profile.name, new.host
            )),
            (_, Err(error)) => Some(error.to_string()),
        };
        if let Some(why) = refusal {
            return self.submit(Operation::Refuse { why });
        }
        if !self.house.desk.hop(self.id, to.clone()).await {
            let why = "the redirect could not be written to the books".to_owned();
            return self.submit(Operation::Refuse { why });
        }
        tracing::info!(session = %self.id, to, "redirected");
        match self.wire.session().allow(&to) {
            Ok(()) => self.submit(Operation::Follow { uri: to }),
            Err(failure) => self.submit(Operation::Refuse { why: failure.message }),
        }
    }

    fn allows(&self, host: &str) -> bool {
        self.profile.allow_redirection.iter().any(|suffix| {
            let suffix = suffix.trim_start_matches("*.").to_ascii_lowercase();
            host == suffix || host.ends_with(&format!(".{suffix}"))
        })
    }

    async fn open_failed(&mut self, cause: &Cause, shell: Remains) {
        self.opening = false;
        tracing::warn!(session = %self.id, %cause, ?shell, "the open failed");
        let (failure, retry_after) = verdict::of_open(cause);
        if failure.kind == broker::FailureKind::Auth {
            self.house.accounts.refused(&self.profile);
        }
        self.trial = None;
        let fate = self.fate(shell);
        self.over = fate == Fate::Gone;
        if self.over && self.is_closing() {
            self.house.desk.say(Told::Closed { session: self.id }).await;
            return;
        }
        self.house
            .desk
            .say(Told::OpenFailed {
                session: self.id,
                fate,
                failure,
                retry_after,
            })
            .await;
    }

    async fn broken(&mut self, cause: &Cause, shell: Remains) {
        tracing::warn!(session = %self.id, %cause, ?shell, "broken");
        let fate = self.fate(shell);
        self.over = fate == Fate::Gone;
        let told = match fate {
            Fate::Gone if self.is_closing() => Told::Closed { session: self.id },
            fate => Told::SessionLost { session: self.id, fate },
        };
        self.house.desk.say(told).await;
    }

    async fn auth_needed(&self, cause: &Cause) {
        let message = verdict::words(cause).into();
        let profile = self.profile.name.as_str().into();
        self.house.desk.say(Told::AuthNeeded { profile, message }).await;
    }

    fn fate(&self, shell: Remains) -> Fate {
        match shell {
            Remains::Nothing(_) => Fate::Gone,
            Remains::Shell { created, running } => Fate::MayExist {
                until: self.hold_back(!created, !running),
            },
        }
    }

    /// Until when the shell may be there, if this was the last that the server heard of us.
    fn hold_back(&self, unanswered: bool, idle: bool) -> Option<Moment> {
        if !idle || (self.is_closing() && self.row.running && self.row.stage != Recorded::Intent) {
            return None;
        }
        let open = if unanswered {
            self.profile.open_timeout
        } else {
            Duration::ZERO
        };
        let kept = if unanswered {
            self.profile.max_idle_timeout
        } else {
            self.idle
        };
        Some(self.now() + open + kept)
    }

    /// A message of the pool's: a host call that nobody here can answer is refused, since the server waits for it.
    fn pool_piece(&mut self, piece: Piece) {
        let message = match self.pool_message.push(piece) {
            Ok(Some(message)) if message.kind == MessageType::RunspacePoolHostCall => message,
            Ok(_) => return,
            Err(error) => return tracing::warn!(session = %self.id, %error, "a message of the pool"),
        };
        let Ok(call) = HostCall::read(&message.body) else {
            return;
        };
        let refusal = ErrorRecord::new(
            "System.Management.Automation.Host.HostException",
            "nobody is there to answer a question that belongs to no pipeline",
            "HostFunctionNotImplemented",
            ErrorCategory::ResourceUnavailable,
        );
        if let Some(answer) = call.refuse(refusal) {
            self.submit(Operation::HostResponse {
                pipeline: None,
                body: answer.write(),
            });
        }
    }
}
