//! The shells that an account has on a service: what a daemon compares its books with (protocol.md 11).

use std::time::Duration;

use wsman::{Answer, Enumerate, Item, MessageId, Operation, Pull, Session, SessionId, ShellId};

use super::flight::{Flight, Job};
use super::judge::{Judge, Verdict};
use super::uri;
use crate::ids::Ids;
use crate::{Cause, Failed, Lane, Request, Response, Shell};

/// What a server is given for a page.
const PAGE: Duration = Duration::from_secs(60);
/// What the way there and back is given on top.
const NETWORK: Duration = Duration::from_secs(30);
/// Longer listings are refused: a service that names a next page for ever is not counting shells.
const MAX_PAGES: u16 = 256;
/// So are those that hold more shells than any account has.
const MAX_SHELLS: usize = 65_536;

/// A listing under way: Enumerate, then Pull for as long as the service says that there is more. It belongs to no pool
/// and touches none; hosted services may refuse it to accounts that do not administer them.
///
/// ```
/// # use runspace::{Cause, Failed, Listed, Listing, Request, Response};
/// fn shells(mut listing: Listing, send: impl Fn(Request) -> Result<Response, Failed>) -> Result<Vec<wsman::Shell>, Cause> {
///     loop {
///         let result = send(listing.request());
///         match listing.answer(result)? {
///             Listed::More(rest) => listing = *rest,
///             Listed::All(shells) => return Ok(shells),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Listing {
    session: Session,
    host: String,
    ids: Ids,
    flight: Flight,
    pages: u16,
    found: Vec<wsman::Shell>,
}

/// How far a listing has come.
#[derive(Debug)]
pub enum Listed {
    /// There is another page to ask for.
    More(Box<Listing>),
    /// These are all the shells, as the service describes them: the same account's only, unless it administers the
    /// service. How much is said of each differs; the id alone is certain.
    All(Vec<wsman::Shell>),
}

impl Listing {
    /// A listing at the address of `shell`, or at `uri` where a redirect led elsewhere ([`Kept::uri`](crate::Kept::uri)).
    /// `host` is the service as people call it; `seed` is random and never used twice.
    #[must_use]
    pub fn new(shell: &Shell, uri: Option<&str>, host: impl Into<String>, seed: u128) -> Self {
        let to = uri.map_or_else(|| uri::connection(shell, &shell.uri), str::to_owned);
        let (resource, id) = (
            wsman::resource_uri(&shell.configuration),
            SessionId::from(shell.session),
        );
        let mut session = Session::new(to, resource, id, ShellId::from(uuid::Uuid::nil()));
        session.locale.clone_from(&shell.locale);
        session.data_locale.clone_from(&shell.data_locale);
        let mut ids = Ids::new(seed);
        let flight = flight(&session, &mut ids, Operation::Enumerate(Enumerate::shells()));
        Self {
            session,
            host: host.into(),
            ids,
            flight,
            pages: 0,
            found: Vec::new(),
        }
    }

    /// What to send now, on any lane. Nothing on the server changes by it, so after a failure the whole listing may be
    /// begun again.
    pub fn request(&self) -> Request {
        self.flight.request()
    }

    /// Goes on with what came back for [`request`](Self::request).
    ///
    /// # Errors
    /// A refusal, a failure on the way, or an answer that is none. [`Cause::retry_after`] tells whether to try again.
    pub fn answer(mut self, result: Result<Response, Failed>) -> Result<Listed, Cause> {
        let judge = Judge {
            host: &self.host,
            created: false,
        };
        let page = match judge.judge(&self.flight, result) {
            Verdict::Done(Answer::Listed(page)) => page,
            Verdict::Done(_) | Verdict::Idle => return Err(self.broken("the answer is to something else")),
            Verdict::Redirect { to } => {
                return Err(Cause::Redirected {
                    host: self.host,
                    action: self.flight.verb.name(),
                    to,
                    why: "only an open is followed".to_owned(),
                });
            }
            Verdict::Again { cause, .. }
            | Verdict::Maybe { cause }
            | Verdict::CommandGone { cause }
            | Verdict::ShellGone { cause, .. }
            | Verdict::Unauthorized { cause }
            | Verdict::Refused { cause } => return Err(cause),
        };
        self.pages += 1;
        self.found.extend(page.items.into_iter().filter_map(|item| match item {
            Item::Shell(shell) => Some(*shell),
            Item::Command(_) => None,
        }));
        let Some(context) = page.context else {
            return Ok(Listed::All(self.found));
        };
        if self.pages >= MAX_PAGES || self.found.len() > MAX_SHELLS {
            return Err(self.broken("its listing of shells has no end"));
        }
        let pull = Pull {
            context,
            commands: false,
            max_elements: Enumerate::shells().max_elements,
        };
        self.flight = flight(&self.session, &mut self.ids, Operation::Pull(pull));
        Ok(Listed::More(Box::new(self)))
    }

    fn broken(self, why: &str) -> Cause {
        Cause::Protocol {
            host: self.host,
            why: why.to_owned(),
        }
    }
}

fn flight(session: &Session, ids: &mut Ids, operation: Operation) -> Flight {
    let message_id = MessageId::from(ids.next());
    let verb = operation.verb();
    let request = session.request(message_id.clone(), PAGE, operation);
    Flight {
        ticket: 0,
        lane: Lane::Control,
        job: Job::Get,
        verb,
        message_id,
        uri: session.to.clone(),
        body: request.to_bytes(),
        deadline: PAGE + NETWORK,
        sent: moment::Moment::START,
        unknown: 0,
    }
}
