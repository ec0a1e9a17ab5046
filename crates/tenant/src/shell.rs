//! A shell: the server's end of one runspace pool, and the pipelines that run in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use psrp::body::{ApplicationPrivateData, Availability, Body as _, CreatePipeline, GetCommandMetadata, HostResponse};
use psrp::server::{Config, Pool, Request};
use psrp::{MessageType, Outgoing, Secrets};
use uuid::Uuid;
use wsman::{Fault, FaultKind};

use crate::config::{Commands, LanguageMode, User};
use crate::outbox::Outbox;
use crate::pipeline::{Pipeline, Work};
use crate::secret::Secret;
use crate::shared::{Shared, lock};
use crate::stage::World;

/// What a Windows server puts into a fragment: 32 KiB with its header.
const BLOB: usize = 32 * 1024 - 21;

/// A live shell.
#[derive(Debug)]
pub(crate) struct Shell {
    id: Uuid,
    service: usize,
    user: User,
    shared: Arc<Shared>,
    pool: Mutex<Pool>,
    /// What the pool itself has to say.
    outbox: Outbox,
    pipelines: Mutex<HashMap<Uuid, Arc<Pipeline>>>,
    secret: Secret,
    gone: AtomicBool,
}

impl Shell {
    pub(crate) fn new(id: Uuid, service: usize, user: &User, shared: Arc<Shared>) -> Self {
        let shell = Self {
            id,
            ..Self::of_first_comer(service, user, shared)
        };
        lock(&shell.pool).named(id);
        shell
    }

    /// One whose pool is named by the client's first message, and that no books count.
    pub(crate) fn of_first_comer(service: usize, user: &User, shared: Arc<Shared>) -> Self {
        Self {
            id: Uuid::new_v4(),
            service,
            user: user.clone(),
            shared,
            pool: Mutex::new(Pool::new(Config::default())),
            outbox: Outbox::default(),
            pipelines: Mutex::default(),
            secret: Secret::default(),
            gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn service(&self) -> usize {
        self.service
    }

    pub(crate) fn admin(&self) -> &str {
        &self.user.name
    }

    pub(crate) fn commands(&self) -> Commands {
        self.shared.config.services[self.service].commands
    }

    pub(crate) fn language(&self) -> LanguageMode {
        self.shared.config.services[self.service].language
    }

    pub(crate) fn world(&self) -> World {
        World {
            organization: self.shared.organization(&self.user.organization),
            admin: self.user.name.clone(),
            shell: self.id,
            answer: None,
        }
    }

    pub(crate) fn running(&self, change: i32) {
        self.shared.books().running(self.id, self.shared.clock.now(), change);
    }

    /// Makes room for a pipeline whose messages are to come.
    pub(crate) fn announce(&self, id: Uuid) -> Result<(), psrp::Error> {
        lock(&self.pool).announce(id)
    }

    /// A Command: announces a pipeline, and takes its first fragment.
    pub(crate) fn begin(self: &Arc<Self>, id: Uuid, first: &Bytes) -> Result<(), Fault> {
        self.announce(id)
            .map_err(|error| Fault::new(FaultKind::Unknown, 2_150_858_997, "InvalidParameter", error.to_string()))?;
        self.feed(Some(id), first, false);
        Ok(())
    }

    /// Takes fragments for the pool or for a pipeline; `responses` are those on the stream of host responses. False if there
    /// is no such pipeline.
    pub(crate) fn feed(self: &Arc<Self>, target: Option<Uuid>, data: &Bytes, responses: bool) -> bool {
        let mut pool = lock(&self.pool);
        if target.is_some_and(|id| !pool.has(id)) {
            return false;
        }
        let received = match responses {
            true => pool.receive_response(target, data.clone()),
            false => pool.receive(target, data.clone()),
        };
        let broken = received.err();
        let requests: Vec<_> = std::iter::from_fn(|| pool.poll_request()).collect();
        drop(pool);
        for request in requests {
            self.take(request);
        }
        match (broken, target) {
            (Some(_), Some(id)) => self.terminate(id),
            (Some(_), None) => self.outbox.finish(),
            (None, _) => {}
        }
        true
    }

    fn take(self: &Arc<Self>, request: Request) {
        match request {
            Request::Capability(_) => self.put(Pool::capability),
            Request::Opening { .. } => {
                let table = [
                    ("PSVersion", "5.1.17763.1"),
                    ("PSEdition", "Desktop"),
                    ("WSManStackVersion", "3.0"),
                ];
                let data = ApplicationPrivateData::with_version_table(table);
                self.put(|pool| pool.private_data_of(&data));
                self.put(Pool::opened);
            }
            Request::Connecting { .. } => {}
            Request::CreatePipeline { pipeline, body } => match CreatePipeline::read(&body) {
                Ok(create) => self.start(pipeline, Work::Commands(Box::new(create))),
                Err(_) => self.terminate(pipeline),
            },
            Request::GetCommandMetadata { pipeline, body } => match GetCommandMetadata::read(&body) {
                Ok(asked) => self.start(pipeline, Work::Metadata(asked)),
                Err(_) => self.terminate(pipeline),
            },
            Request::Input { pipeline, body } => {
                let value = clixml::read_value(&body, &clixml::Budget::default());
                if let (Some(running), Ok(value)) = (self.pipeline(pipeline), value) {
                    running.input(value);
                }
            }
            Request::EndOfInput { pipeline } => {
                if let Some(running) = self.pipeline(pipeline) {
                    running.end_input();
                }
            }
            Request::HostResponse { pipeline, body } => {
                let running = pipeline.and_then(|id| self.pipeline(id));
                if let (Some(running), Ok(response)) = (running, HostResponse::read(&body)) {
                    running.answer(response);
                }
            }
            Request::SetMaxRunspaces { ci, .. }
            | Request::SetMinRunspaces { ci, .. }
            | Request::ResetRunspaceState { ci } => self.put(|pool| pool.availability(ci, Availability::Done(true))),
            Request::GetAvailableRunspaces { ci } => self.put(|pool| pool.availability(ci, Availability::Count(1))),
            Request::PublicKey { blob, .. } => match self.secret.seal(&blob) {
                Some(sealed) => {
                    self.put(|pool| pool.session_key(&sealed));
                    self.secret.sent();
                }
                None => self.outbox.finish(),
            },
            Request::Ignored { .. } => {}
        }
    }

    fn start(self: &Arc<Self>, id: Uuid, work: Work) {
        let pipeline = Pipeline::start(id, work, self);
        lock(&self.pipelines).insert(id, pipeline);
    }

    /// A message of a pipeline, cut into fragments and put where its Receive finds it.
    pub(crate) fn send(&self, outbox: &Outbox, pipeline: Option<Uuid>, kind: MessageType, body: Bytes) {
        // Under one lock from the number to the queue, or two pipelines' objects would overtake each other.
        let mut pool = lock(&self.pool);
        if let Ok(mut outgoing) = pool.message(pipeline, kind, body) {
            put(outbox, &mut outgoing);
        }
    }

    /// How secrets travel, once the client has the session key; one that has none yet is asked to fetch it.
    pub(crate) async fn secrets(&self) -> Secrets {
        self.secret.exchanged(|| self.put(Pool::public_key_request)).await
    }

    /// PUBLIC_KEY_REQUEST, for no reason but that a test wants it.
    pub(crate) fn ask_for_key(&self) {
        self.put(Pool::public_key_request);
    }

    fn put(&self, make: impl FnOnce(&mut Pool) -> Outgoing) {
        let mut pool = lock(&self.pool);
        put(&self.outbox, &mut make(&mut pool));
    }

    fn pipeline(&self, id: Uuid) -> Option<Arc<Pipeline>> {
        lock(&self.pipelines).get(&id).cloned()
    }

    /// What a Receive waits on: that of the pool, or of a pipeline that was announced.
    pub(crate) fn source(&self, target: Option<Uuid>) -> Option<Source<'_>> {
        match target {
            None => Some(Source::Pool(&self.outbox)),
            Some(id) => self.pipeline(id).map(Source::Pipeline),
        }
    }

    pub(crate) fn stop(&self, id: Uuid) {
        if let Some(pipeline) = self.pipeline(id) {
            pipeline.stop();
        }
    }

    /// Ends a pipeline and forgets it.
    pub(crate) fn terminate(&self, id: Uuid) {
        let pipeline = lock(&self.pipelines).remove(&id);
        lock(&self.pool).close_pipeline(id);
        if let Some(pipeline) = pipeline {
            pipeline.stop();
            pipeline.outbox.abandon();
        }
    }

    /// Whether a pipeline was announced and not terminated.
    pub(crate) fn has_pipelines(&self) -> bool {
        lock(&self.pool).pipelines().next().is_some()
    }

    /// Says that the pool is closed. Nothing comes from it after that.
    pub(crate) fn close(&self) {
        {
            let mut pool = lock(&self.pool);
            for mut outgoing in pool.closed() {
                put(&self.outbox, &mut outgoing);
            }
        }
        self.outbox.finish();
    }

    /// The shell is gone: whoever waits for its output is told.
    pub(crate) fn end(&self) {
        self.gone.store(true, Ordering::SeqCst);
        let pipelines: Vec<_> = lock(&self.pipelines).drain().map(|(_, pipeline)| pipeline).collect();
        for pipeline in pipelines {
            pipeline.stop();
            pipeline.outbox.abandon();
        }
        self.outbox.abandon();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }
}

/// Where output comes from; a pipeline stays alive while somebody waits for it.
pub(crate) enum Source<'a> {
    Pool(&'a Outbox),
    Pipeline(Arc<Pipeline>),
}

impl Source<'_> {
    pub(crate) fn outbox(&self) -> &Outbox {
        match self {
            Self::Pool(outbox) => outbox,
            Self::Pipeline(pipeline) => &pipeline.outbox,
        }
    }
}

fn put(outbox: &Outbox, outgoing: &mut Outgoing) {
    while let Some(fragment) = outgoing.fragment(BLOB) {
        outbox.put(fragment);
    }
}
