//! The socket: bound in a folder of the user's own, answered to that user only, and bound again if it vanishes.

use std::io::{self, IoSlice};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tonic::transport::server::Connected;

use crate::owner::Peer;

/// A socket's path must fit `sockaddr_un`: 108 bytes on Linux, 104 elsewhere, with the final zero.
pub(crate) const LONGEST_PATH: usize = 103;
/// How often the socket's file is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// Connections that are accepted and not yet served.
const BACKLOG: usize = 64;

/// A listening socket and the file that it was bound to.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: UnixListener,
    identity: Option<(u64, u64)>,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error("{path}: the socket cannot be bound: {source}")]
    Bind { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Folder(#[from] crate::folder::FolderError),
}

/// Where the socket goes: the place's own path, or, where that is too long for a socket, a folder of ours in /tmp.
pub(crate) fn socket_path(place: &place::Place) -> Result<PathBuf, ListenError> {
    let path = place.socket();
    if path.as_os_str().len() <= LONGEST_PATH {
        return Ok(path);
    }
    let folder = PathBuf::from(format!("/tmp/psleased-{}", crate::sys::uid()));
    crate::folder::prepare(&folder)?;
    // Two places of one user differ in their lock files' inode.
    let inode = std::fs::metadata(place.state()).map_or(0, |found| found.ino());
    Ok(folder.join(format!("{inode:x}.sock")))
}

/// Binds the socket, in place of what an ended daemon left there. Only the holder of the lock may call this.
pub(crate) fn bind(path: &Path) -> Result<Bound, ListenError> {
    let failed = |source| ListenError::Bind {
        path: path.to_path_buf(),
        source,
    };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(Bound {
        listener,
        identity: identity(path),
    })
}

/// The file that a path names, so that one can tell whether it is still the same.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::symlink_metadata(path)
        .ok()
        .map(|found| (found.dev(), found.ino()))
}

/// Accepts connections of this user until the receiver is dropped. `look` is called every second: it answers whether the
/// daemon is still the one that holds the lock, and puts `daemon.json` back; once it says no, this ends.
pub(crate) async fn accept(
    path: PathBuf,
    mut bound: Bound,
    connections: mpsc::Sender<io::Result<Accepted>>,
    mut look: impl FnMut() -> bool,
) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            accepted = bound.listener.accept() => match accepted {
                Ok((stream, _)) if is_ours(&stream) => {
                    if connections.send(Ok(Accepted::new(stream))).await.is_err() {
                        return;
                    }
                }
                Ok(_) => tracing::warn!("a connection of another user was closed"),
                Err(error) => {
                    // Out of descriptors, most likely: the next tick tries again.
                    tracing::warn!(%error, "a connection could not be accepted");
                    ticks.tick().await;
                }
            },
            _ = ticks.tick() => {
                if connections.is_closed() {
                    return;
                }
                if !look() {
                    tracing::error!("the lock file is not ours any more: another daemon may have begun");
                    return;
                }
                if identity(&path) != bound.identity {
                    match bind(&path) {
                        Ok(again) => {
                            tracing::warn!(path = %path.display(), "the socket had vanished and was bound again");
                            bound = again;
                        }
                        Err(error) => tracing::error!(%error, "the socket has vanished"),
                    }
                }
            }
        }
    }
}

/// A connection, and who made it.
#[derive(Debug)]
pub(crate) struct Accepted {
    stream: UnixStream,
    peer: Peer,
}

impl Accepted {
    fn new(stream: UnixStream) -> Self {
        let peer = Peer::of(&stream);
        Self { stream, peer }
    }
}

impl Connected for Accepted {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Accepted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A channel for accepted connections.
pub(crate) fn channel() -> (mpsc::Sender<io::Result<Accepted>>, mpsc::Receiver<io::Result<Accepted>>) {
    mpsc::channel(BACKLOG)
}

/// The folder keeps others out already; this holds where somebody opened it.
pub(crate) fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == crate::sys::uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_vanished_is_bound_again_and_a_stale_one_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("psleased.sock");
        drop(bind(&path).unwrap());
        let listener = bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let (sender, mut connections) = channel();
        let task = tokio::spawn(accept(path.clone(), listener, sender, || true));
        std::fs::remove_file(&path).unwrap();
        let stream = loop {
            match UnixStream::connect(&path).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        assert!(connections.recv().await.unwrap().is_ok());
        drop((stream, connections));
        task.await.unwrap();
    }

    #[test]
    fn a_path_that_is_too_long_goes_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("x".repeat(100));
        std::fs::create_dir(&deep).unwrap();
        let path = socket_path(&place::Place::under(&deep)).unwrap();
        assert!(path.as_os_str().len() <= LONGEST_PATH);
        assert!(!path.starts_with(&deep));
    }
}
