//! The way to the daemon: its address, its socket, Hello.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use place::{Address, Place};
use proto::v1::accounts_client::AccountsClient;
use proto::v1::admin_client::AdminClient;
use proto::v1::doctor_client::DoctorClient;
use proto::v1::doors_client::DoorsClient;
use proto::v1::greeting_client::GreetingClient;
use proto::v1::leases_client::LeasesClient;
use proto::v1::operations_client::OperationsClient;
use proto::v1::pipelines_client::PipelinesClient;
use proto::v1::questions_client::QuestionsClient;
use proto::v1::reconciliation_client::ReconciliationClient;
use proto::v1::sessions_client::SessionsClient;
use proto::v1::sign_ins_client::SignInsClient;
use proto::v1::{HelloRequest, HelloResponse};
use tokio::net::UnixStream;
use tonic::transport::{Channel, Endpoint};

use crate::{Error, start};

/// How long a daemon may take to answer Hello before it counts as wedged.
const HELLO: Duration = Duration::from_secs(5);

/// The largest message that is taken from the daemon: a status with thousands of waiters, not a pipeline's object,
/// which comes in chunks.
const MESSAGE: usize = 64 << 20;
/// What a call's answers may take up ahead of their reader, in bytes.
const WINDOW: u32 = 256 << 10;
/// What the answers of all calls may. h2 ends a connection on which too many small messages wait to be read, by a measure
/// that it takes from this: with so much, twenty calls may wait whose answers nobody reads.
const CONNECTION_WINDOW: u32 = 256 << 20;

/// How far to go for a connection.
#[derive(Debug, Clone)]
pub struct Dial {
    /// Where the daemon is looked for.
    pub place: Place,
    /// Start a daemon where there is none.
    pub autostart: bool,
    /// The daemon's executable; `None` for `psleased` beside our own, or what `PSLEASE_DAEMON` names.
    pub daemon: Option<PathBuf>,
    /// How long a new daemon may take until it answers.
    pub patience: Duration,
}

impl Dial {
    /// The user's own place, with autostart.
    pub fn new() -> Result<Self, Error> {
        Ok(Self::at(Place::find()?))
    }

    /// Another place, with autostart.
    pub fn at(place: Place) -> Self {
        Self {
            place,
            autostart: true,
            daemon: None,
            patience: Duration::from_secs(20),
        }
    }
}

/// A connection to the daemon, which has said Hello in a contract that we speak.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    hello: HelloResponse,
    socket: PathBuf,
    /// How it was found, to find the next one that way.
    dial: Dial,
}

impl Client {
    /// Connects to the daemon, and starts it if need be and allowed.
    pub async fn connect(dial: &Dial) -> Result<Self, Error> {
        let mut client = match Self::running(&dial.place).await? {
            Some(client) => client,
            None if dial.autostart => start::start(dial).await?,
            None => return Err(Error::NotRunning),
        };
        client.dial = dial.clone();
        Ok(client)
    }

    /// Connects again in the way that led here: to the same daemon, or to the one that has taken its place.
    pub async fn again(&self) -> Result<Self, Error> {
        Self::connect(&self.dial).await
    }

    /// Connects to a running daemon; `None` where none runs. One that runs and does not answer is an error.
    pub async fn running(place: &Place) -> Result<Option<Self>, Error> {
        let Some(address) = Address::read(place)? else {
            return Ok(None);
        };
        let stream = match tokio::time::timeout(HELLO, UnixStream::connect(&address.socket)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if nobody_there(&error) => return Ok(None),
            // A full backlog: it runs, and accepts nothing.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return Err(wedged(&address)),
            Ok(Err(error)) => return Err(Error::Broken(format!("{}: {error}", address.socket.display()))),
            Err(_) => return Err(wedged(&address)),
        };
        check_owner(&stream, &address.socket)?;
        let channel = channel(stream, address.socket.clone()).await?;
        let mut greeting = GreetingClient::new(channel.clone());
        let request = HelloRequest {
            contract: proto::CONTRACT,
            version: env!("CARGO_PKG_VERSION").into(),
            features: Vec::new(),
        };
        let hello = match tokio::time::timeout(HELLO, greeting.hello(request)).await {
            Ok(Ok(hello)) => hello.into_inner(),
            // It ended between our connect and its answer, as a daemon does that stops.
            Ok(Err(status)) => match Error::from(status) {
                Error::Broken(_) => return Ok(None),
                error => return Err(error),
            },
            Err(_) => return Err(wedged(&address)),
        };
        agree(&hello)?;
        Ok(Some(Self {
            channel,
            hello,
            socket: address.socket,
            dial: Dial::at(place.clone()),
        }))
    }

    /// What the daemon said of itself.
    pub fn hello(&self) -> &HelloResponse {
        &self.hello
    }

    /// The socket that answered.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The call that says who is there.
    pub fn greeting(&self) -> GreetingClient<Channel> {
        GreetingClient::new(self.channel.clone())
    }

    /// The calls on leases.
    pub fn leases(&self) -> LeasesClient<Channel> {
        LeasesClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// The calls on sessions.
    pub fn sessions(&self) -> SessionsClient<Channel> {
        SessionsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// The call that runs a pipeline.
    pub fn pipelines(&self) -> PipelinesClient<Channel> {
        PipelinesClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// The calls that open doors for PowerShell.
    pub fn doors(&self) -> DoorsClient<Channel> {
        DoorsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// The books against what the endpoints hold.
    pub fn reconciliation(&self) -> ReconciliationClient<Channel> {
        ReconciliationClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// Status, watch, shutdown.
    pub fn admin(&self) -> AdminClient<Channel> {
        AdminClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// What is in the way to an endpoint.
    pub fn doctor(&self) -> DoctorClient<Channel> {
        DoctorClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// Pause, resume, drain, reload, events.
    pub fn operations(&self) -> OperationsClient<Channel> {
        OperationsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// Sign-ins that need more than a secret.
    pub fn sign_ins(&self) -> SignInsClient<Channel> {
        SignInsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// What programs that open sessions want to know of people.
    pub fn questions(&self) -> QuestionsClient<Channel> {
        QuestionsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }

    /// Log-ons.
    pub fn accounts(&self) -> AccountsClient<Channel> {
        AccountsClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE)
    }
}

/// No process has the socket, whatever `daemon.json` says.
fn nobody_there(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
    )
}

fn wedged(address: &Address) -> Error {
    Error::Wedged {
        pid: address.pid,
        socket: address.socket.clone(),
        seconds: HELLO.as_secs(),
    }
}

/// A secret may go over this socket: only a daemon of the user's own gets it.
fn check_owner(stream: &UnixStream, socket: &Path) -> Result<(), Error> {
    let owner = stream
        .peer_cred()
        .map_err(|error| Error::Broken(error.to_string()))?
        .uid();
    let own = rustix::process::geteuid().as_raw();
    if owner == own {
        Ok(())
    } else {
        Err(Error::Foreign {
            socket: socket.to_owned(),
            uid: owner,
        })
    }
}

/// Wraps the connected stream; a later reconnect, which tonic makes by itself, dials the same socket again.
async fn channel(stream: UnixStream, socket: PathBuf) -> Result<Channel, Error> {
    let mut first = Some(stream);
    let connector = tower::service_fn(move |_: tonic::transport::Uri| {
        let ready = first.take();
        let socket = socket.clone();
        async move {
            let stream = match ready {
                Some(stream) => stream,
                None => UnixStream::connect(&socket).await?,
            };
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        }
    });
    Endpoint::from_static("http://pslease")
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .connect_with_connector(connector)
        .await
        .map_err(|error| Error::Broken(error.to_string()))
}

/// Both contracts are told to both sides; the client decides.
fn agree(hello: &HelloResponse) -> Result<(), Error> {
    if (hello.oldest_contract..=hello.contract).contains(&proto::CONTRACT) {
        return Ok(());
    }
    Err(Error::Version {
        ours: proto::CONTRACT,
        ours_version: env!("CARGO_PKG_VERSION"),
        theirs: hello.contract,
        oldest: hello.oldest_contract,
        theirs_version: hello.version.clone(),
        pid: hello.pid,
        executable: hello.executable.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(oldest_contract: u32, contract: u32) -> HelloResponse {
        HelloResponse {
            contract,
            oldest_contract,
            ..HelloResponse::default()
        }
    }

    #[test]
    fn a_newer_daemon_that_still_serves_us_will_do() {
        assert!(agree(&hello(proto::CONTRACT, proto::CONTRACT + 1)).is_ok());
        assert!(agree(&hello(proto::CONTRACT + 1, proto::CONTRACT + 2)).is_err());
        assert!(agree(&hello(0, proto::CONTRACT - 1)).is_err());
    }

    #[tokio::test]
    async fn an_address_without_a_listener_is_no_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(folder.path());
        assert!(Client::running(&place).await.unwrap().is_none());
        let address = Address {
            socket: place.socket(),
            pid: 1,
            version: String::new(),
            executable: PathBuf::new(),
        };
        address.write(&place).unwrap();
        assert!(Client::running(&place).await.unwrap().is_none());
        drop(std::os::unix::net::UnixListener::bind(place.socket()).unwrap());
        assert!(Client::running(&place).await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_never_answers_is_named_with_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(folder.path());
        let _silent = std::os::unix::net::UnixListener::bind(place.socket()).unwrap();
        Address {
            socket: place.socket(),
            pid: 4711,
            version: String::new(),
            executable: PathBuf::new(),
        }
        .write(&place)
        .unwrap();
        let error = Client::running(&place).await.unwrap_err();
        assert!(matches!(error, Error::Wedged { pid: 4711, .. }));
        assert!(error.hint().contains("kill -9 4711"));
    }
}
