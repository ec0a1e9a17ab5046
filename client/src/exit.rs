//! The exit codes. docs/exit-codes.md is the table; a test holds the two together.

use proto::v1::{ErrorKind, PipelineEnd, PipelineOutcome};

/// How `pslease` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    Unavailable = 69,
    Internal = 70,
    Incomplete = 74,
    WouldWait = 75,
    Version = 76,
    LogIn = 77,
    Config = 78,
    TimedOut = 124,
    WithFailed = 125,
    NotExecutable = 126,
    NotFound = 127,
    Interrupted = 130,
}

impl Exit {
    /// The number for the system.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What a pipeline's end means; `interrupted` where it was we who stopped it.
    pub(crate) fn of_pipeline(end: &PipelineEnd, interrupted: bool) -> Self {
        let kind = (end.kind() != ErrorKind::Unspecified).then(|| Self::from(end.kind()));
        match end.outcome() {
            PipelineOutcome::Completed if end.had_errors => Self::Failed,
            PipelineOutcome::Completed => Self::Ok,
            PipelineOutcome::Stopped if interrupted => Self::Interrupted,
            PipelineOutcome::Failed => kind.unwrap_or(Self::Failed),
            PipelineOutcome::Stopped | PipelineOutcome::Incomplete | PipelineOutcome::Unknown => {
                kind.unwrap_or(Self::Incomplete)
            }
            PipelineOutcome::Unspecified => kind.unwrap_or(Self::Internal),
        }
    }
}

/// The one place where a kind becomes a code.
impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::NotFound | ErrorKind::Remote => Self::Failed,
            ErrorKind::WouldWait => Self::WouldWait,
            ErrorKind::Auth | ErrorKind::Denied => Self::LogIn,
            ErrorKind::Endpoint | ErrorKind::Stopping => Self::Unavailable,
            ErrorKind::LeaseLost | ErrorKind::SessionLost => Self::Incomplete,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::Config => Self::Config,
            ErrorKind::Cancelled => Self::Interrupted,
            ErrorKind::Version => Self::Version,
            ErrorKind::Internal | ErrorKind::Unspecified => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../docs/exit-codes.md");

    #[test]
    fn the_page_lists_the_codes_and_no_others() {
        let all = [
            Exit::Ok,
            Exit::Failed,
            Exit::Usage,
            Exit::Unavailable,
            Exit::Internal,
            Exit::Incomplete,
            Exit::WouldWait,
            Exit::Version,
            Exit::LogIn,
            Exit::Config,
            Exit::TimedOut,
            Exit::WithFailed,
            Exit::NotExecutable,
            Exit::NotFound,
            Exit::Interrupted,
        ];
        let listed: Vec<u8> = PAGE
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split_once(' ')?.0.parse().ok())
            .collect();
        assert_eq!(listed, all.map(Exit::code));
    }

    #[test]
    fn the_page_gives_every_kind_the_code_that_it_gets() {
        let rows: Vec<(&str, u8)> = PAGE
            .lines()
            .filter_map(|line| {
                let (names, code) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
                let kinds = names.chars().all(|c| c.is_ascii_uppercase() || ", _".contains(c));
                kinds.then_some(())?;
                Some((names, code.parse().ok()?))
            })
            .collect();
        let mut seen = 0;
        for number in 0..=15 {
            let kind = ErrorKind::try_from(number).unwrap();
            let name = kind.as_str_name().trim_start_matches("ERROR_KIND_");
            let row = rows
                .iter()
                .find(|(names, _)| names.split(", ").any(|other| other == name));
            assert_eq!(row.map(|(_, code)| *code), Some(Exit::from(kind).code()), "{name}");
            seen += 1;
        }
        assert!(ErrorKind::try_from(seen).is_err(), "a kind is missing in this test");
    }

    fn end(outcome: PipelineOutcome) -> PipelineEnd {
        PipelineEnd {
            outcome: outcome.into(),
            ..PipelineEnd::default()
        }
    }

    #[test]
    fn every_end_of_a_pipeline_has_its_code() {
        assert_eq!(Exit::of_pipeline(&end(PipelineOutcome::Completed), false), Exit::Ok);
        let errors = PipelineEnd {
            had_errors: true,
            ..end(PipelineOutcome::Completed)
        };
        assert_eq!(Exit::of_pipeline(&errors, false), Exit::Failed);
        assert_eq!(Exit::of_pipeline(&end(PipelineOutcome::Failed), false), Exit::Failed);
        assert_eq!(
            Exit::of_pipeline(&end(PipelineOutcome::Incomplete), false),
            Exit::Incomplete
        );
        assert_eq!(
            Exit::of_pipeline(&end(PipelineOutcome::Unknown), false),
            Exit::Incomplete
        );
    }

    #[test]
    fn who_stopped_it_matters() {
        assert_eq!(
            Exit::of_pipeline(&end(PipelineOutcome::Stopped), true),
            Exit::Interrupted
        );
        assert_eq!(
            Exit::of_pipeline(&end(PipelineOutcome::Stopped), false),
            Exit::Incomplete
        );
        let late = PipelineEnd {
            kind: ErrorKind::TimedOut.into(),
            ..end(PipelineOutcome::Stopped)
        };
        assert_eq!(Exit::of_pipeline(&late, false), Exit::TimedOut);
    }
}
