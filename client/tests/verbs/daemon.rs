//! A daemon that plays a script.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use place::{Address, Place};
use proto::v1::accounts_server::{Accounts, AccountsServer};
use proto::v1::admin_server::{Admin, AdminServer};
use proto::v1::greeting_server::{Greeting, GreetingServer};
use proto::v1::leases_server::{Leases, LeasesServer};
use proto::v1::pipelines_server::{Pipelines, PipelinesServer};
use proto::v1::sessions_server::{Sessions, SessionsServer};
use proto::v1::*;
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::{Request, Response, Status, Streaming};

type Events<T> = Response<ReceiverStream<Result<T, Status>>>;

/// What a pipeline does, step by step.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Event(invoke_event::Event),
    /// Wait for a message from the client; it is kept in `seen`.
    Take,
    /// Wait for a log-in.
    LoggedIn,
    /// Wait for [`Daemon::go`].
    Go,
    /// The stream ends here, without an end of the pipeline.
    Vanish,
    Fail(Box<ErrorDetail>),
    /// Two steps where one is expected.
    Both(Box<Step>, Box<Step>),
}

impl Step {
    fn flat(self) -> Vec<Self> {
        match self {
            Self::Both(first, next) => [first.flat(), next.flat()].concat(),
            one => vec![one],
        }
    }
}

/// What was asked of it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub invokes: Vec<InvokeRequest>,
    pub logins: Vec<LoginRequest>,
    pub closes: Vec<CloseRequest>,
    pub acquires: Vec<AcquireRequest>,
    pub holds: Vec<HoldRequest>,
    pub releases: Vec<ReleaseRequest>,
}

#[derive(Debug, Clone)]
struct Script {
    contract: u32,
    oldest: u32,
    pipeline: Vec<Step>,
    lease: Vec<lease_event::Event>,
    seen: Arc<Mutex<Seen>>,
    logged_in: Arc<Notify>,
    go: Arc<Notify>,
}

/// It answers until it is dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    folder: tempfile::TempDir,
    seen: Arc<Mutex<Seen>>,
    go: Arc<Notify>,
    _runtime: tokio::runtime::Runtime,
}

impl Daemon {
    pub(crate) fn new() -> Self {
        Self::playing(Vec::new())
    }

    pub(crate) fn playing(pipeline: Vec<Step>) -> Self {
        Self::start(proto::CONTRACT, proto::CONTRACT, pipeline, granted())
    }

    pub(crate) fn leasing(lease: Vec<lease_event::Event>) -> Self {
        Self::start(proto::CONTRACT, proto::CONTRACT, Vec::new(), lease)
    }

    pub(crate) fn speaking(contract: u32, oldest: u32) -> Self {
        Self::start(contract, oldest, Vec::new(), granted())
    }

    fn start(contract: u32, oldest: u32, pipeline: Vec<Step>, lease: Vec<lease_event::Event>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(folder.path());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let go = Arc::new(Notify::new());
        let script = Script {
            contract,
            oldest,
            pipeline,
            lease,
            seen: seen.clone(),
            logged_in: Arc::default(),
            go: go.clone(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(async { tokio::net::UnixListener::bind(place.socket()).unwrap() });
        runtime.spawn(
            tonic::transport::Server::builder()
                .add_service(GreetingServer::new(script.clone()))
                .add_service(AdminServer::new(script.clone()))
                .add_service(AccountsServer::new(script.clone()))
                .add_service(SessionsServer::new(script.clone()))
                .add_service(LeasesServer::new(script.clone()))
                .add_service(PipelinesServer::new(script))
                .serve_with_incoming(UnixListenerStream::new(listener)),
        );
        let address = Address {
            socket: place.socket(),
            pid: 1,
            version: "9.9.9".into(),
            executable: PathBuf::from("/opt/x"),
        };
        address.write(&place).unwrap();
        Self {
            folder,
            seen,
            go,
            _runtime: runtime,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn go(&self) {
        self.go.notify_one();
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

/// Lease 12 with fence 7, at once.
pub(crate) fn granted() -> Vec<lease_event::Event> {
    vec![lease_event::Event::Granted(Granted {
        lease: 12,
        fence: 7,
        profile: "litware".into(),
        ..Granted::default()
    })]
}

pub(crate) fn refusal(kind: ErrorKind, message: &str, hint: &str) -> ErrorDetail {
    ErrorDetail {
        kind: kind.into(),
        message: message.into(),
        hint: hint.into(),
        ..ErrorDetail::default()
    }
}

fn status(detail: &ErrorDetail) -> Status {
    Status::with_details(
        tonic::Code::FailedPrecondition,
        &detail.message,
        prost::Message::encode_to_vec(detail).into(),
    )
}

impl Script {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// The events of a lease; then the stream stays open, as the daemon's does.
    fn lease(&self) -> Events<LeaseEvent> {
        let (sender, receiver) = mpsc::channel(16);
        let events = self.lease.clone();
        tokio::spawn(async move {
            for event in events {
                let _ = sender.send(Ok(LeaseEvent { event: Some(event) })).await;
            }
            sender.closed().await;
        });
        Response::new(ReceiverStream::new(receiver))
    }
}

#[tonic::async_trait]
impl Greeting for Script {
    async fn hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        Ok(Response::new(HelloResponse {
            contract: self.contract,
            oldest_contract: self.oldest,
            version: "9.9.9".into(),
            pid: 1,
            executable: "/opt/psleased".into(),
            ..HelloResponse::default()
        }))
    }
}

#[tonic::async_trait]
impl Pipelines for Script {
    type InvokeStream = ReceiverStream<Result<InvokeEvent, Status>>;

    async fn invoke(&self, request: Request<Streaming<InvokeRequest>>) -> Result<Events<InvokeEvent>, Status> {
        let mut incoming = request.into_inner();
        if let Some(begin) = incoming.message().await? {
            self.seen().invokes.push(begin);
        }
        if let Some(Step::Fail(detail)) = self.pipeline.first() {
            return Err(status(detail));
        }
        let (sender, receiver) = mpsc::channel(1);
        let script = self.clone();
        tokio::spawn(async move {
            for step in script.pipeline.iter().flat_map(|step| step.clone().flat()) {
                match step {
                    Step::Event(event) => {
                        let _ = sender.send(Ok(InvokeEvent { event: Some(event) })).await;
                    }
                    Step::Take => {
                        let Ok(Some(message)) = incoming.message().await else {
                            return;
                        };
                        script.seen().invokes.push(message);
                    }
                    Step::LoggedIn => script.logged_in.notified().await,
                    Step::Go => script.go.notified().await,
                    Step::Vanish => return,
                    Step::Fail(detail) => {
                        let _ = sender.send(Err(status(&detail))).await;
                    }
                    Step::Both(..) => {}
                }
            }
            sender.closed().await;
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    // As a daemon that knows only the stop among the messages.
    async fn stop(&self, _: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        Err(Status::unimplemented("Stop"))
    }
}

#[tonic::async_trait]
impl Leases for Script {
    type HoldStream = ReceiverStream<Result<LeaseEvent, Status>>;
    type AcquireStream = ReceiverStream<Result<LeaseEvent, Status>>;

    async fn hold(&self, request: Request<HoldRequest>) -> Result<Events<LeaseEvent>, Status> {
        self.seen().holds.push(request.into_inner());
        Ok(self.lease())
    }

    async fn acquire(&self, request: Request<AcquireRequest>) -> Result<Events<LeaseEvent>, Status> {
        self.seen().acquires.push(request.into_inner());
        Ok(self.lease())
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        Ok(Response::new(RenewResponse {
            ttl: request.into_inner().ttl,
        }))
    }

    async fn release(&self, request: Request<ReleaseRequest>) -> Result<Response<ReleaseResponse>, Status> {
        self.seen().releases.push(request.into_inner());
        Ok(Response::new(ReleaseResponse {}))
    }

    async fn revoke(&self, request: Request<RevokeRequest>) -> Result<Response<RevokeResponse>, Status> {
        match request.into_inner().lease {
            12 => Ok(Response::new(RevokeResponse {})),
            lease => Err(status(&refusal(
                ErrorKind::NotFound,
                &format!("there is no lease {lease}"),
                "pslease leases",
            ))),
        }
    }
}

#[tonic::async_trait]
impl Sessions for Script {
    type ConnectStream = ReceiverStream<Result<ConnectEvent, Status>>;

    async fn connect(&self, _: Request<ConnectRequest>) -> Result<Events<ConnectEvent>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list(&self, _: Request<ListSessionsRequest>) -> Result<Response<ListSessionsResponse>, Status> {
        Ok(Response::new(ListSessionsResponse::default()))
    }

    async fn close(&self, request: Request<CloseRequest>) -> Result<Response<CloseResponse>, Status> {
        let request = request.into_inner();
        let unconfirmed = match request.session {
            0 => vec!["session 8 counts until 10:15: the endpoint does not answer".to_owned()],
            _ => Vec::new(),
        };
        self.seen().closes.push(request);
        Ok(Response::new(CloseResponse { closed: 1, unconfirmed }))
    }
}

#[tonic::async_trait]
impl Admin for Script {
    type WatchStream = ReceiverStream<Result<StatusResponse, Status>>;

    async fn status(&self, _: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        Ok(Response::new(StatusResponse {
            version: "9.9.9".into(),
            pid: 1,
            profiles: vec![ProfileStatus {
                name: "litware".into(),
                admin: "kenmyer@litwareinc.com".into(),
                is_default: true,
                ..ProfileStatus::default()
            }],
            ..StatusResponse::default()
        }))
    }

    async fn watch(&self, _: Request<StatusRequest>) -> Result<Events<StatusResponse>, Status> {
        let (sender, receiver) = mpsc::channel(3);
        for _ in 0..3 {
            let _ = sender.send(Ok(StatusResponse::default())).await;
        }
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn shutdown(&self, _: Request<ShutdownRequest>) -> Result<Response<ShutdownResponse>, Status> {
        Ok(Response::new(ShutdownResponse::default()))
    }
}

#[tonic::async_trait]
impl Accounts for Script {
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginResponse>, Status> {
        let request = request.into_inner();
        let in_keyring = request.keyring;
        self.seen().logins.push(request);
        self.logged_in.notify_one();
        let account = "kenmyer@litwareinc.com".to_owned();
        Ok(Response::new(LoginResponse {
            account,
            verified: true,
            message: String::new(),
            in_keyring,
        }))
    }

    async fn logout(&self, _: Request<LogoutRequest>) -> Result<Response<LogoutResponse>, Status> {
        Ok(Response::new(LogoutResponse {
            account: "kenmyer@litwareinc.com".into(),
            had_secret: true,
        }))
    }

    async fn list(&self, _: Request<ListAccountsRequest>) -> Result<Response<ListAccountsResponse>, Status> {
        Ok(Response::new(ListAccountsResponse::default()))
    }
}
