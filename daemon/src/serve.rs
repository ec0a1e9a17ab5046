//! The runtime and what runs in it, from the bound socket to the last closed session.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ledger::{Ledger, Opened};
use place::{Address, Report};
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use uuid::Uuid;

use crate::account::Accounts;
use crate::clock::Clock;
use crate::config::Source;
use crate::desk::{self, Books, Desk, Parts};
use crate::door::Doors;
use crate::hub::Hub;
use crate::recover::recover;
use crate::session::Sessions;
use crate::start::{Started, report};
use crate::{listen, service, shutdown, sys};

/// What a call may send ahead of its reader, in bytes: enough for a local socket.
const WINDOW: u32 = 64 << 10;
/// What all calls of a connection may. h2 ends a connection, with every call on it, on which too many small messages wait
/// to be read: what each lacks of 256 bytes may come to half of this. The smallest messages of a call that is held back
/// come to 25 of its own windows, so that forty such calls may wait.
const CONNECTION_WINDOW: u32 = 128 << 20;
/// How long the last daemon may have the books open when it has ended otherwise.
const BOOKS: Duration = Duration::from_secs(10);
/// How long the last answers may take to leave.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Serves until told to stop.
pub(crate) fn run(started: Started) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("psleased")
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    let result = runtime.block_on(serve(started));
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

async fn serve(started: Started) -> anyhow::Result<()> {
    let Started {
        place,
        lock,
        foreground,
    } = started;
    #[cfg(feature = "test-crash")]
    crate::crash::arm(place.state());
    let opened = open_books(&place.state().join("ledger.redb")).await?;
    for damaged in &opened.damaged {
        tracing::error!(damaged, "a row of the books cannot be read");
    }
    for notice in &opened.notices {
        tracing::warn!(notice, "the books");
    }
    let clock = Clock::new();
    #[cfg(feature = "test-clock")]
    clock.serve(place.state())?;
    let hub = begin(&clock, &place, opened).await;

    let path = listen::socket_path(&place)?;
    let bound = listen::bind(&path)?;
    let address = Address {
        socket: path.clone(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executable: std::env::current_exe().unwrap_or_default(),
    };
    address.write(&place)?;
    let (connections, incoming) = listen::channel();
    let look = {
        let (place, address) = (place.clone(), address.clone());
        move || {
            let ours = lock.is_ours().unwrap_or(true);
            if ours && !matches!(Address::read(&place), Ok(Some(found)) if found == address) {
                let _ = address.write(&place);
            }
            ours
        }
    };
    let accepting = tokio::spawn(listen::accept(path.clone(), bound, connections, look));
    let closed = hub.closed.subscribe();
    let mut server = tokio::spawn(
        Server::builder()
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            // No keep-alive: of a local socket the kernel tells when the other end is gone, and a client that is stopped
            // (Ctrl-Z) answers nothing and is not dead.
            .add_routes(service::routes(&hub).await?)
            .serve_with_incoming_shutdown(ReceiverStream::new(incoming), is_true(closed)),
    );
    tracing::info!(pid = address.pid, socket = %path.display(), "ready");
    report(&Report::Ready {
        ready: true,
        socket: path.clone(),
        pid: address.pid,
    });
    if !foreground {
        sys::silence()?;
    }
    tokio::spawn(stop_when_asked(hub.clone()));
    let lost = tokio::select! {
        () = is_true(hub.closed.subscribe()) => false,
        ended = &mut server => {
            ended??;
            true
        }
    };
    if lost && !*hub.closed.borrow() {
        // No socket and no lock any more: what is open is closed all the same.
        shutdown::shut_down(&hub, shutdown::WITHIN, false).await;
    }
    accepting.abort();
    let _ = Address::remove(&place, address.pid);
    let _ = std::fs::remove_file(&path);
    if !lost {
        let _ = tokio::time::timeout(LAST_WORDS, server).await;
    }
    tracing::info!("ended");
    Ok(())
}

/// Opens the books. A daemon that is just ending has let go of the lock, and has them open for a moment longer.
async fn open_books(path: &std::path::Path) -> Result<Opened, ledger::Error> {
    let began = std::time::Instant::now();
    loop {
        match Ledger::open(path) {
            Err(ledger::Error::Taken { .. }) if began.elapsed() < BOOKS => tokio::time::sleep(BOOKS / 500).await,
            opened => return opened,
        }
    }
}

/// Starts the desk, tells it what is configured and what the books of the last run hold, and begins to look after that.
async fn begin(clock: &Clock, place: &place::Place, opened: Opened) -> Arc<Hub> {
    let config = Arc::new(Source::new(place.config_file()));
    let accounts = Arc::new(Accounts::default());
    let (handle, asked, changed) = desk::Handle::new();
    let sessions = Sessions::new(clock.clone(), config.clone(), accounts, handle, place.state());
    let parts = Parts {
        clock: clock.clone(),
        config,
        ledger: opened.ledger,
        sessions: sessions.clone(),
        books: Books::of(&opened.rows, &opened.leases, opened.past),
        fences: opened.fences,
        seed: Uuid::new_v4().as_u128(),
    };
    tokio::spawn(Desk::run(parts, asked, changed));
    let books: Vec<String> = opened.notices.into_iter().chain(opened.damaged).collect();
    let doors = Doors::under(place.state());
    doors.sweep();
    let hub = Arc::new(Hub::new(sessions, doors, books));
    if let Err(error) = hub.current().await {
        tracing::warn!(%error, "the configuration cannot be read");
        hub.configure(&hub.config.last()).await;
    }
    recover(&hub, opened.rows, opened.leases).await;
    hub
}

async fn is_true(mut flag: watch::Receiver<bool>) {
    // A sender that is gone says no more: whoever waits has gone with it.
    let _ = flag.wait_for(|set| *set).await;
}

/// The first signal closes everything, within a bound; the second ends the process at once.
async fn stop_when_asked(hub: Arc<Hub>) {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut term), Ok(mut int), Ok(mut hup)) = heard else {
        tracing::error!("signals cannot be heard");
        return;
    };
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
            // Of the terminal that it was started in with --foreground.
            _ = hup.recv() => {}
        }
        if stopping {
            tracing::warn!("a second signal: ending at once");
            std::process::exit(1);
        }
        stopping = true;
        let hub = hub.clone();
        tokio::spawn(async move { shutdown::shut_down(&hub, shutdown::WITHIN, false).await });
    }
}
