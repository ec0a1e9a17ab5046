//! Who holds or waits, as other people recognise them.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::{LeaseId, SessionId};

/// A client, as the driver learned it from the socket and the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Holder {
    /// The command that runs, or the program that asked.
    pub command: String,
    pub pid: u32,
    pub tty: String,
    pub cwd: String,
    /// True where a person sits at a terminal who can be asked for a password.
    pub interactive: bool,
    /// Where in a script it was asked for, empty where nobody knows.
    pub origin: String,
    /// The programs that started it, parent first.
    pub parents: Vec<String>,
}

/// Somebody in the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeldBy {
    /// `None` for a session that nobody uses: it is being opened or closed, or held back.
    pub lease: Option<LeaseId>,
    pub session: Option<SessionId>,
    pub who: Arc<Holder>,
    /// For how long already.
    pub held: Duration,
}
