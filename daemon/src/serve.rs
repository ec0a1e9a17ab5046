//! The runtime and what runs in it, from the bound socket to the last closed session.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use place::{Address, Report};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::clock::Clock;
use crate::service::Services;
use crate::start::{Started, report};
use crate::{listen, sys};

/// Frames that travel before the reader has taken the first: enough for a local socket.
const WINDOW: u32 = 1 << 20;
/// A client that is stopped (Ctrl-Z) must not lose its lease at once: liveness is the process's, this is for the rest.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

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
    let clock = Clock::new();
    #[cfg(feature = "test-clock")]
    clock.serve(place.state())?;
    let path = listen::socket_path(&place)?;
    let listener = listen::bind(&path)?;
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
    let accepting = tokio::spawn(listen::accept(path.clone(), listener, connections, look));
    let services = Services::new(Arc::new(clock));
    let routes = services.routes().await?;
    let server = Server::builder()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .add_routes(routes)
        .serve_with_incoming(ReceiverStream::new(incoming));
    let server = tokio::spawn(server);
    tracing::info!(pid = address.pid, socket = %path.display(), "ready");
    report(&Report::Ready {
        ready: true,
        socket: path.clone(),
        pid: address.pid,
    });
    if !foreground {
        sys::silence()?;
    }
    tokio::select! {
        ended = server => ended??,
        () = crate::serve::asked_to_stop() => {}
    }
    accepting.abort();
    let _ = Address::remove(&place, address.pid);
    let _ = std::fs::remove_file(&path);
    Ok(())
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
