//! A request body that tells when the first byte of its request may be on the wire.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Whether a request was begun: shared with its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Began(Arc<AtomicBool>);

impl Began {
    /// For a body without bytes: hyper never asks for it, so nothing tells when its request is begun.
    pub(crate) fn unknown() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// The server has said that it did nothing with the request: what follows is another.
    #[cfg(feature = "negotiate")]
    pub(crate) fn forget(&self) {
        self.0.store(false, Ordering::Release);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// hyper writes the head into its buffer, then asks the body for its bytes, and flushes only after that; and it asks only
/// once it has a connection. So whoever was never asked was never sent, not a byte of it.
pub(crate) struct Outgoing {
    bytes: Option<Bytes>,
    began: Began,
}

impl Outgoing {
    pub(crate) fn new(bytes: Bytes, began: Began) -> Self {
        Self {
            bytes: (!bytes.is_empty()).then_some(bytes),
            began,
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.began.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
