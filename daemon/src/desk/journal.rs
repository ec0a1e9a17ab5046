//! What happens, for whoever listens: the events and actions of the broker in words that stay.

use std::sync::Arc;
use std::time::SystemTime;

use broker::{Action, Entry, Event, Holder, LeaseId, SessionId};
use tokio::sync::broadcast;

/// Happenings that a slow listener may be behind.
const BEHIND: usize = 1024;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) at: SystemTime,
    /// One of the words that docs/events.md lists.
    pub(crate) what: &'static str,
    pub(crate) profile: Option<String>,
    pub(crate) lease: Option<LeaseId>,
    pub(crate) session: Option<SessionId>,
    /// One word.
    pub(crate) cause: String,
    pub(crate) message: String,
    pub(crate) who: Option<Arc<Holder>>,
}

/// Where happenings are written to and read from; clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    sender: broadcast::Sender<Happening>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(BEHIND),
        }
    }
}

impl Journal {
    pub(crate) fn read(&self) -> broadcast::Receiver<Happening> {
        self.sender.subscribe()
    }

    /// Whether anybody listens: otherwise nothing need be put into words.
    pub(super) fn is_read(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(super) fn write(&self, happening: Happening) {
        let _ = self.sender.send(happening);
    }
}

/// Who asked for what: kept beside a request, then beside its lease.
#[derive(Debug, Clone, Default)]
pub(super) struct Who {
    pub(super) profile: String,
    pub(super) holder: Option<Arc<Holder>>,
}

pub(super) fn who(event: &Event) -> Who {
    match event {
        Event::Acquire { profile, holder, .. } | Event::Connect { profile, holder, .. } => Who {
            profile: profile.to_string(),
            holder: Some(Arc::clone(holder)),
        },
        _ => Who::default(),
    }
}

fn happening(what: &'static str) -> Happening {
    Happening {
        at: SystemTime::now(),
        what,
        profile: None,
        lease: None,
        session: None,
        cause: String::new(),
        message: String::new(),
        who: None,
    }
}

fn of_session(what: &'static str, session: SessionId) -> Happening {
    Happening {
        session: Some(session),
        ..happening(what)
    }
}

fn of_lease(what: &'static str, lease: LeaseId) -> Happening {
    Happening {
        lease: Some(lease),
        ..happening(what)
    }
}

/// `SessionLost` as `session-lost`.
fn word(cause: impl std::fmt::Debug) -> String {
    let name = format!("{cause:?}");
    let mut word = String::with_capacity(name.len() + 2);
    for (at, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

pub(super) fn granted(lease: LeaseId, session: Option<SessionId>) -> Happening {
    Happening {
        session,
        ..of_lease("lease-granted", lease)
    }
}

/// What is worth telling of what came in.
pub(super) fn of_event(event: &Event) -> Option<Happening> {
    let about = |what, profile: &broker::ProfileName| Happening {
        profile: Some(profile.to_string()),
        ..happening(what)
    };
    Some(match event {
        Event::OpenFailed { session, failure, .. } => Happening {
            cause: word(failure.kind),
            message: failure.message.to_string(),
            ..of_session("open-failed", *session)
        },
        Event::SessionLost { session, fate } => Happening {
            cause: match fate {
                broker::Fate::Gone => "gone".to_owned(),
                broker::Fate::MayExist { .. } => "may-exist".to_owned(),
            },
            ..of_session("session-lost", *session)
        },
        Event::Told {
            profile,
            scope,
            used,
            limit,
        } => {
            let number = |number: &Option<u32>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
            Happening {
                cause: word(scope),
                message: format!("the server counts {} of {}", number(used), number(limit)),
                ..about("limit-told", profile)
            }
        }
        Event::Throttled { session, pause } => Happening {
            message: format!("no command for {} s", pause.as_secs_f32()),
            ..of_session("throttled", *session)
        },
        Event::Configured { profiles, .. } => Happening {
            message: format!("{} profiles", profiles.len()),
            ..happening("configured")
        },
        Event::Pause { profile } => about("paused", profile),
        Event::Resume { profile } => about("resumed", profile),
        Event::Drain { profile, .. } => about("draining", profile),
        Event::AuthNeeded { profile, message } => Happening {
            message: message.to_string(),
            ..about("auth-needed", profile)
        },
        Event::Shutdown { .. } => happening("shutdown"),
        _ => return None,
    })
}

/// What is worth telling of what was decided.
pub(super) fn of_action(action: &Action) -> Option<Happening> {
    Some(match action {
        Action::Open { session, profile, .. } => Happening {
            profile: Some(profile.to_string()),
            ..of_session("session-opening", *session)
        },
        Action::Close { session, cause } => Happening {
            cause: word(cause),
            ..of_session("session-closing", *session)
        },
        Action::Record { entry, .. } => match entry {
            Entry::Opened { session } => of_session("session-opened", *session),
            Entry::Left { session } => of_session("session-left", *session),
            Entry::Gone { session } => of_session("session-closed", *session),
            Entry::Unconfirmed { session, .. } => of_session("session-unconfirmed", *session),
            _ => return None,
        },
        Action::TurnGranted { turn, session } => Happening {
            message: format!("pipeline {turn}"),
            ..of_session("turn-started", *session)
        },
        Action::StopTurn { turn, why } => Happening {
            cause: match why {
                broker::StopCause::LeaseEnded(cause) => word(cause),
                other => word(other),
            },
            message: format!("pipeline {turn}"),
            ..happening("turn-stopped")
        },
        Action::LeaseEnded { lease, cause } => Happening {
            cause: word(cause),
            ..of_lease("lease-ended", *lease)
        },
        Action::Ending { lease, cause, .. } => Happening {
            cause: word(cause),
            ..of_lease("lease-ending", *lease)
        },
        Action::Unused { lease, idle } => Happening {
            message: format!("it has run nothing for {} s", idle.as_secs()),
            ..of_lease("lease-unused", *lease)
        },
        Action::Waiting { waiting, .. } => Happening {
            cause: word(waiting.blocked_by),
            message: waiting.reason.clone(),
            ..happening("waiting")
        },
        Action::Refused { refusal, .. } => Happening {
            message: refusal.to_string(),
            ..happening("refused")
        },
        Action::Drained { left, .. } => Happening {
            message: format!("{} unconfirmed", left.len()),
            ..happening("drained")
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use broker::EndCause;

    use super::*;

    #[test]
    fn causes_are_words_with_hyphens() {
        let ended = of_action(&Action::LeaseEnded {
            lease: LeaseId(3),
            cause: EndCause::SessionLost,
        })
        .unwrap();
        assert_eq!((ended.what, ended.cause.as_str()), ("lease-ended", "session-lost"));
        assert_eq!(ended.lease, Some(LeaseId(3)));
    }

    #[tokio::test]
    async fn a_listener_hears_what_is_written_and_nobody_else_is_waited_for() {
        let journal = Journal::default();
        assert!(!journal.is_read());
        let mut reader = journal.read();
        for number in 0..BEHIND as u64 + 5 {
            journal.write(of_session("session-opened", SessionId(number)));
        }
        let missed = reader.recv().await.unwrap_err();
        assert_eq!(missed, broadcast::error::RecvError::Lagged(5));
        assert_eq!(reader.recv().await.unwrap().session, Some(SessionId(5)));
    }
}
