//! The daemon's clock: `CLOCK_BOOTTIME`, so that time asleep counts, and in tests an offset on top of it.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;
use tokio::sync::watch;

/// The longest that a timer sleeps without a look at the clock: the runtime's own timers stop while the machine sleeps.
const LOOK: Duration = Duration::from_secs(30);

/// The boot is not the beginning: sessions may be older.
const BEFORE: Duration = Duration::from_secs(3_650 * 86_400);

/// A handle on the clock; clones show the same time.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    offset: Arc<watch::Sender<Duration>>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            offset: Arc::new(watch::Sender::new(BEFORE)),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::from_epoch(crate::sys::since_boot() + *self.offset.borrow())
    }

    /// Ends when it is `moment`, or some time after it if the machine slept; never ends for `None`.
    pub(crate) async fn reach(&self, moment: Option<Moment>) {
        let Some(moment) = moment else {
            return std::future::pending().await;
        };
        let mut offset = self.offset.subscribe();
        loop {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            // Timers have the grain of a millisecond, and round down: without one more the last look comes too early.
            let nap = left.min(LOOK) + Duration::from_millis(1);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                // The sender lives as long as `self`.
                _ = offset.changed() => {}
            }
        }
    }

    /// Moves the clock forward for everybody.
    #[cfg_attr(not(any(test, feature = "test-clock")), allow(dead_code))]
    pub(crate) fn advance(&self, by: Duration) {
        self.offset.send_modify(|offset| *offset += by);
    }

    /// Serves `clock.sock`: each line is a number of seconds to add, and is answered `ok`.
    #[cfg(feature = "test-clock")]
    pub(crate) fn serve(&self, state: &std::path::Path) -> std::io::Result<()> {
        use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
        let path = state.join("clock.sock");
        let _ = std::fs::remove_file(&path);
        let listener = tokio::net::UnixListener::bind(&path)?;
        let clock = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let clock = clock.clone();
                tokio::spawn(async move {
                    let (input, mut output) = stream.into_split();
                    let mut lines = BufReader::new(input).lines();
                    while let Ok(Some(line)) = lines.next_line().await {
                        let answer = match line.trim().parse::<f64>().map(Duration::try_from_secs_f64) {
                            Ok(Ok(by)) => {
                                clock.advance(by);
                                "ok\n"
                            }
                            _ => "not a number of seconds\n",
                        };
                        if output.write_all(answer.as_bytes()).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_advance_wakes_whoever_waits() {
        let clock = Clock::new();
        let far = clock.now() + Duration::from_secs(3600);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.reach(Some(far)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3601));
        waiting.await.unwrap();
        assert!(clock.now() >= far);
    }
}
