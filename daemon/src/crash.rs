//! Named points at which a test has the daemon killed, to see what the next one makes of it. Without the feature
//! `test-crash`, which is never packaged, none of this is there.
//!
//! The plan is one line in `crash.plan` of the state folder, taken at the start: the point's name, and at which of its
//! times. The daemon says in `crash.done` that it got there, and is gone: SIGKILL, as from outside.

#[cfg(feature = "test-crash")]
pub(crate) use armed::{arm, point, under_way};

#[cfg(feature = "test-crash")]
mod armed {
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[derive(Debug)]
    struct Plan {
        point: String,
        /// Times that it is still passed.
        left: AtomicU32,
        done: PathBuf,
    }

    static PLAN: OnceLock<Plan> = OnceLock::new();
    /// How long a request is under way before its sender dies.
    const FLIGHT: Duration = Duration::from_millis(3);

    /// Reads the plan, if there is one.
    pub(crate) fn arm(state: &Path) {
        let plan = state.join("crash.plan");
        let Ok(text) = std::fs::read_to_string(&plan) else {
            return;
        };
        // It is for this run only.
        let _ = std::fs::remove_file(plan);
        let mut words = text.split_whitespace();
        if let (Some(point), Some(Ok(times))) = (words.next(), words.next().map(str::parse)) {
            let _ = PLAN.set(Plan {
                point: point.to_owned(),
                left: AtomicU32::new(times),
                done: state.join("crash.done"),
            });
        }
    }

    /// The daemon dies here if that is the plan.
    pub(crate) fn point(what: &str, when: &str) {
        if is_due(what, when) {
            die();
        }
    }

    /// A request is under way: the daemon dies a moment later, if that is the plan.
    pub(crate) fn under_way(what: &str) {
        if is_due(what, "sent") {
            std::thread::spawn(|| {
                std::thread::sleep(FLIGHT);
                die();
            });
        }
    }

    fn is_due(what: &str, when: &str) -> bool {
        PLAN.get().is_some_and(|plan| {
            let here = plan.point.strip_prefix(what).and_then(|rest| rest.strip_prefix('-')) == Some(when);
            here && plan.left.fetch_sub(1, Ordering::SeqCst) == 1
        })
    }

    fn die() {
        if let Some(plan) = PLAN.get() {
            let _ = std::fs::write(&plan.done, &plan.point);
        }
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(feature = "test-crash"))]
pub(crate) const fn point(_what: &str, _when: &str) {}

#[cfg(not(feature = "test-crash"))]
pub(crate) const fn under_way(_what: &str) {}
