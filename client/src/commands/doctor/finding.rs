//! What a step found.

use std::time::Duration;

use proto::v1::{ErrorKind, FindingState};

use crate::duration;
use crate::output::Row;

/// How it stands with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Warning,
    Failed,
    Skipped,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What one step found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) step: String,
    pub(super) state: State,
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) took: Option<Duration>,
    pub(super) kind: ErrorKind,
}

impl Finding {
    /// One of the daemon's.
    pub(super) fn of(found: proto::v1::Finding) -> Self {
        let state = match found.state() {
            FindingState::Ok => State::Ok,
            FindingState::Warning => State::Warning,
            FindingState::Failed => State::Failed,
            FindingState::Skipped | FindingState::Unspecified => State::Skipped,
        };
        Self {
            state,
            kind: found.kind(),
            took: found.took.as_ref().and_then(duration::of_proto),
            step: found.step,
            message: found.message,
            hint: found.hint,
        }
    }

    pub(super) fn ok(step: &str, message: impl Into<String>, took: Option<Duration>) -> Self {
        Self {
            step: step.to_owned(),
            state: State::Ok,
            message: message.into(),
            hint: String::new(),
            took,
            kind: ErrorKind::Unspecified,
        }
    }

    pub(super) fn warning(step: &str, message: impl Into<String>, hint: &str) -> Self {
        Self {
            state: State::Warning,
            hint: hint.to_owned(),
            ..Self::ok(step, message, None)
        }
    }

    pub(super) fn skipped(step: &str, why: impl Into<String>) -> Self {
        Self {
            state: State::Skipped,
            ..Self::ok(step, why, None)
        }
    }

    pub(super) fn failed(step: &str, kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            state: State::Failed,
            kind,
            hint: hint.into(),
            ..Self::ok(step, message, None)
        }
    }

    pub(super) fn within(self, took: Duration) -> Self {
        Self {
            took: Some(took),
            ..self
        }
    }

    fn milliseconds(&self) -> Option<String> {
        self.took.map(|took| format!("{:.1}", took.as_secs_f64() * 1000.0))
    }

    /// For people: one line, and one more with what helps.
    pub(super) fn line(&self) -> String {
        let took = self.milliseconds().map(|took| format!("{took} ms")).unwrap_or_default();
        let mut line = format!(
            "{:<8} {:<15} {took:>11}  {}\n",
            self.state.word(),
            self.step,
            self.message
        );
        if !self.hint.is_empty() {
            line.push_str(&format!("{:38}hint: {}\n", "", self.hint));
        }
        line
    }

    /// For programs.
    pub(super) fn row(&self) -> Row {
        Row::default()
            .with("step", "Step", self.step.as_str())
            .with("state", "State", self.state.word())
            .with("milliseconds", "Milliseconds", self.milliseconds().unwrap_or_default())
            .with("message", "Message", self.message.as_str())
            .with("hint", "Hint", self.hint.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_time_and_its_cure() {
        let found = Finding::failed("tcp", ErrorKind::Endpoint, "nobody listens", "start it")
            .within(Duration::from_micros(1500));
        let line = found.line();
        let mut lines = line.lines();
        assert_eq!(
            lines.next().unwrap().split_whitespace().collect::<Vec<_>>().join(" "),
            "failed tcp 1.5 ms nobody listens"
        );
        assert_eq!(lines.next().unwrap().trim(), "hint: start it");
        assert_eq!(Finding::ok("tcp", "x", None).line().lines().count(), 1);
    }
}
