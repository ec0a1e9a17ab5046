//! A server with a host sends a warning twice, as a record and as a call on the host (`sessions/streams`); one without
//! sends it once. A person sees it once in either case.

use std::collections::VecDeque;

/// How many lines one of the two may be ahead of the other.
const AHEAD: usize = 256;

/// Which of the two ways a line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Record,
    Call,
}

/// The lines that came one way and may yet come the other.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    pending: VecDeque<(Way, String)>,
}

impl Echo {
    /// Whether this line is to be written: not if the same came the other way before.
    pub(crate) fn is_new(&mut self, way: Way, line: &str) -> bool {
        let twin = self
            .pending
            .iter()
            .position(|(other, text)| *other != way && text == line);
        if let Some(at) = twin {
            self.pending.remove(at);
            return false;
        }
        if self.pending.len() == AHEAD {
            self.pending.pop_front();
        }
        self.pending.push_back((way, line.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_both_ways_is_written_once_and_what_is_said_twice_twice() {
        let mut echo = Echo::default();
        let written: Vec<bool> = [Way::Record, Way::Record, Way::Call, Way::Call, Way::Call]
            .into_iter()
            .map(|way| echo.is_new(way, "WARNING: w"))
            .collect();
        assert_eq!(written, [true, true, false, false, true]);
    }

    #[test]
    fn a_server_that_sends_only_records_costs_no_memory() {
        let mut echo = Echo::default();
        for number in 0..10_000 {
            assert!(echo.is_new(Way::Record, &number.to_string()));
        }
        assert_eq!(echo.pending.len(), AHEAD);
    }
}
