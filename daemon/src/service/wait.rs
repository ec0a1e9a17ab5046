//! Waiting in the queue while the caller is told why, and gives up when the caller does.

use std::time::Duration;

use broker::BlockedBy;
use proto::v1;
use tokio::sync::{broadcast, mpsc};
use tonic::Status;

use super::convert;
use crate::desk::{Answer, Heard, Pending};
use crate::session::{News, NewsKind};

/// How long the books may take before somebody who waits for them is told.
const SLOW_DISK: Duration = Duration::from_millis(250);

/// How one kind of stream says what a waiting caller may hear.
pub(super) trait Told: Sized + Send + 'static {
    fn waiting(waiting: v1::Waiting) -> Self;
    /// `None` where the stream has no word for it.
    fn stage(text: String) -> Option<Self>;
    fn notice(message: String, hint: String) -> Option<Self>;
}

/// Where a stream's messages go.
pub(super) type Out<T> = mpsc::Sender<Result<T, Status>>;

/// Waits for the answer. `None` if the caller has gone: the request is then taken back, and what was granted given back.
pub(super) async fn wait<T: Told>(
    mut pending: Pending,
    profile: &str,
    news: &mut broadcast::Receiver<News>,
    out: &Out<T>,
) -> Option<Answer> {
    let mut booked = None;
    loop {
        let told = tokio::select! {
            biased;
            heard = pending.next() => match heard {
                Heard::Answer(answer) => {
                    let given = pending.keep(answer);
                    // What happened on the way came before the answer, and is told before it.
                    while let Ok(heard) = news.try_recv() {
                        if let Some(told) = of_news::<T>(heard, profile)
                            && out.send(Ok(told)).await.is_err()
                        {
                            return None;
                        }
                    }
                    return Some(given.take());
                }
                // A commit takes a millisecond: only a disk that takes longer is worth telling.
                Heard::Waiting(waiting) if waiting.blocked_by == BlockedBy::Books => {
                    booked = Some(waiting);
                    None
                }
                Heard::Waiting(waiting) => {
                    booked = None;
                    Some(T::waiting(convert::waiting(&waiting)))
                }
            },
            () = out.closed() => return None,
            () = tokio::time::sleep(SLOW_DISK), if booked.is_some() => {
                booked.take().map(|waiting| T::waiting(convert::waiting(&waiting)))
            }
            // Where a slow reader could not keep up, the next piece of news will do.
            heard = news.recv() => heard.ok().and_then(|heard| of_news::<T>(heard, profile)),
        };
        if let Some(told) = told
            && out.send(Ok(told)).await.is_err()
        {
            return None;
        }
    }
}

fn of_news<T: Told>(news: News, profile: &str) -> Option<T> {
    match news.kind {
        _ if news.profile != profile => None,
        NewsKind::Stage => T::stage(news.text),
        NewsKind::Notice => T::notice(news.text, news.hint),
    }
}

impl Told for v1::LeaseEvent {
    fn waiting(waiting: v1::Waiting) -> Self {
        Self {
            event: Some(v1::lease_event::Event::Waiting(waiting)),
        }
    }

    fn stage(_text: String) -> Option<Self> {
        None
    }

    fn notice(message: String, hint: String) -> Option<Self> {
        Some(Self {
            event: Some(v1::lease_event::Event::Notice(v1::Notice { message, hint })),
        })
    }
}

impl Told for v1::InvokeEvent {
    fn waiting(waiting: v1::Waiting) -> Self {
        Self {
            event: Some(v1::invoke_event::Event::Waiting(waiting)),
        }
    }

    fn stage(_text: String) -> Option<Self> {
        None
    }

    fn notice(message: String, hint: String) -> Option<Self> {
        Some(Self {
            event: Some(v1::invoke_event::Event::Notice(v1::invoke_event::Notice {
                message,
                hint,
            })),
        })
    }
}

impl Told for v1::ConnectEvent {
    fn waiting(waiting: v1::Waiting) -> Self {
        Self {
            event: Some(v1::connect_event::Event::Waiting(waiting)),
        }
    }

    fn stage(text: String) -> Option<Self> {
        Some(Self {
            event: Some(v1::connect_event::Event::Stage(text)),
        })
    }

    fn notice(message: String, hint: String) -> Option<Self> {
        Some(Self {
            event: Some(v1::connect_event::Event::Notice(v1::Notice { message, hint })),
        })
    }
}
