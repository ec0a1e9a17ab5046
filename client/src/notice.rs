//! What people are told beside the data: on standard error, once, and again when the reason changes.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use proto::v1::{BlockedBy, Holder, Parameters, Waiting};
use pslease::Client;

use crate::duration;
use crate::log_in::LogIn;
use crate::question::Asking;

/// A line on standard error. Nobody to read it is no reason to fail.
pub(crate) fn say(text: &str) {
    let mut error = std::io::stderr().lock();
    let _ = writeln!(error, "{text}");
}

/// `hint: CURE`, unless there is none.
pub(crate) fn hint(cure: &str) {
    if !cure.is_empty() {
        say(&format!("hint: {cure}"));
    }
}

/// Tells of waiting once for each reason, and asks for the password where it is that.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    quiet: bool,
    reason: Option<(i32, String, Vec<u64>)>,
    log_in: Option<LogIn>,
    /// Who is asked, once a session is being opened.
    asker: Option<(Client, String)>,
    asking: Option<Asking>,
}

impl Notices {
    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            quiet,
            ..Self::default()
        }
    }

    /// From here on a person who waits for a log-in on `profile` is asked for the password.
    pub(crate) fn ask_with(&mut self, client: &Client, profile: &str, parameters: Option<&Parameters>) {
        self.log_in = LogIn::possible(client, profile, parameters);
        self.asker = Some((client.clone(), profile.to_owned()));
    }

    /// A change of position alone is no news; another reason, or another holder, is.
    pub(crate) fn waiting(&mut self, waiting: &Waiting) {
        let reason = (
            waiting.blocked_by,
            waiting.reason.clone(),
            waiting.holders.iter().map(|holder| holder.lease).collect::<Vec<_>>(),
        );
        let news = self.reason.as_ref() != Some(&reason);
        self.reason = Some(reason);
        // That a session is being opened is only news to a person who sits there.
        let told = waiting.blocked_by() != BlockedBy::Opening || std::io::stderr().is_terminal();
        if news && told && !self.quiet {
            say(&waiting_text(waiting));
        }
        if let Some(log_in) = &mut self.log_in {
            log_in.wanted(waiting.blocked_by() == BlockedBy::Auth);
        }
        if waiting.blocked_by() == BlockedBy::Opening {
            self.opening();
        }
    }

    /// A session is being opened: what its program wants to know is asked of a person.
    pub(crate) fn opening(&mut self) {
        if let Some(log_in) = &mut self.log_in {
            log_in.wanted(false);
        }
        if let Some((client, profile)) = self.asker.take() {
            self.asking = Asking::possible(&client, &profile);
        }
    }

    /// The waiting is over.
    pub(crate) fn served(&mut self) {
        self.log_in = None;
        self.asking = None;
    }

    /// A notice of the daemon's.
    pub(crate) fn notice(&self, message: &str, cure: &str) {
        if !self.quiet {
            say(message);
            hint(cure);
        }
    }
}

/// `waiting (2nd in line, blocked by admin, about 3m): 3 of 3 sessions of X are leased`, then who holds them.
pub(crate) fn waiting_text(waiting: &Waiting) -> String {
    let mut text = match waiting.blocked_by() {
        BlockedBy::Opening => "opening a session".to_owned(),
        other => format!(
            "waiting ({}, blocked by {}",
            place_in_line(waiting.position),
            blocked_by(other)
        ),
    };
    if waiting.blocked_by() != BlockedBy::Opening {
        if let Some(eta) = waiting.eta.as_ref().and_then(duration::of_proto) {
            let _ = write!(text, ", about {}", duration::show(eta));
        }
        text.push(')');
    }
    if !waiting.reason.is_empty() {
        let _ = write!(text, ": {}", waiting.reason);
    }
    let who = who_holds(waiting);
    if !who.is_empty() {
        text.push('\n');
        text.push_str(&who);
    }
    text
}

fn place_in_line(position: u32) -> String {
    match position {
        0 | 1 => "next in line".to_owned(),
        other => format!("{} in line", ordinal(other)),
    }
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The word that `--output json` uses too.
pub(crate) fn blocked_by(reason: BlockedBy) -> &'static str {
    match reason {
        BlockedBy::Unspecified => "",
        BlockedBy::Busy => "busy",
        BlockedBy::Admin => "admin",
        BlockedBy::Organization => "organization",
        BlockedBy::Rate => "rate",
        BlockedBy::Endpoint => "endpoint",
        BlockedBy::Auth => "auth",
        BlockedBy::Paused => "paused",
        BlockedBy::Unconfirmed => "unconfirmed",
        BlockedBy::Opening => "opening",
    }
}

/// One indented line for each holder, with the command that ends its lease.
pub(crate) fn who_holds(waiting: &Waiting) -> String {
    waiting
        .holders
        .iter()
        .map(|holder| format!("  {}", holder_text(holder)))
        .collect::<Vec<_>>()
        .join("\n")
}

fn holder_text(holder: &Holder) -> String {
    let mut text = match (holder.lease, holder.session) {
        (0, 0) => String::from("held"),
        (0, session) => format!("session {session}"),
        (lease, _) => format!("lease {lease}"),
    };
    if !holder.command.is_empty() {
        let _ = write!(text, ": {}", holder.command);
    }
    let place: Vec<String> = [
        (!holder.tty.is_empty()).then(|| holder.tty.clone()),
        (holder.pid != 0).then(|| format!("pid {}", holder.pid)),
        holder
            .held
            .as_ref()
            .and_then(duration::of_proto)
            .map(|held| format!("for {}", duration::show(held))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !place.is_empty() {
        let _ = write!(text, " ({})", place.join(", "));
    }
    match (holder.lease, holder.session) {
        (0, 0) => {}
        (0, session) => {
            let _ = write!(text, "   end it: pslease close {session}");
        }
        (lease, _) => {
            let _ = write!(text, "   end it: pslease kill {lease}");
        }
    }
    text
}

/// What a person can do about a refusal to wait.
pub(crate) fn cure(waiting: &Waiting) -> String {
    match waiting.blocked_by() {
        BlockedBy::Auth => "pslease login".to_owned(),
        BlockedBy::Paused => "pslease resume".to_owned(),
        _ => match waiting.eta.as_ref().and_then(duration::of_proto) {
            Some(eta) if eta >= Duration::from_secs(1) => {
                format!("try again in {}, or with --wait", duration::show(eta))
            }
            _ => "try again with --wait, or see pslease status".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Waiting {
        Waiting {
            position: 2,
            blocked_by: BlockedBy::Admin.into(),
            holders: vec![Holder {
                lease: 12,
                session: 1,
                command: "Get-CsOnlineUser".into(),
                pid: 4711,
                tty: "pts/3".into(),
                cwd: String::new(),
                held: Some(prost_types::Duration { seconds: 130, nanos: 0 }),
                ..Holder::default()
            }],
            eta: Some(prost_types::Duration { seconds: 180, nanos: 0 }),
            reason: "3 of 3 sessions of kenmyer@litwareinc.com are leased".into(),
        }
    }

    #[test]
    fn a_wait_names_its_reason_its_holders_and_their_end() {
        assert_eq!(
            waiting_text(&waiting()),
            "waiting (2nd in line, blocked by admin, about 3m): 3 of 3 sessions of kenmyer@litwareinc.com are leased\n\
             \x20 lease 12: Get-CsOnlineUser (pts/3, pid 4711, for 2m10s)   end it: pslease kill 12"
        );
    }

    #[test]
    fn ordinals_are_english() {
        let shown: Vec<String> = [2, 3, 4, 11, 12, 13, 21, 22, 103, 111]
            .into_iter()
            .map(ordinal)
            .collect();
        assert_eq!(shown.join(" "), "2nd 3rd 4th 11th 12th 13th 21st 22nd 103rd 111th");
    }
}
