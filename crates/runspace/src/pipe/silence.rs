//! Telling a person that the other end of a pipe says nothing, though something of ours waits for its acknowledgement. A
//! pipeline that runs for hours and says nothing is not that: everything it was sent is acknowledged.

use std::time::Duration;

use moment::Moment;

use crate::Notice;

/// After this long without a byte a person is told (decisions.md, Deadlines).
const SILENCE: Duration = Duration::from_secs(15);

/// Since when nothing has been heard.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    /// Since when something waits for an answer without anything having come.
    since: Option<Moment>,
    told: bool,
}

impl Silence {
    /// Bytes came. Says whether that ends a silence that was told.
    pub(super) fn heard(&mut self, now: Moment) -> bool {
        self.since = self.since.map(|_| now);
        std::mem::take(&mut self.told)
    }

    /// Whether an answer is waited for, as of now.
    pub(super) fn waits(&mut self, now: Moment, waits: bool) {
        match (waits, self.since) {
            (true, None) => self.since = Some(now),
            (false, Some(_)) => self.since = None,
            (true, Some(_)) | (false, None) => {}
        }
    }

    pub(super) fn due(&self) -> Option<Moment> {
        self.since.filter(|_| !self.told).map(|since| since + SILENCE)
    }

    /// The notice, if it is time for it.
    pub(super) fn tell(&mut self, now: Moment, host: &str) -> Option<Notice> {
        let since = self.since?;
        self.due().filter(|due| *due <= now)?;
        self.told = true;
        Some(Notice::NoAnswer {
            host: host.to_owned(),
            waited: now.since(since),
        })
    }
}
