//! What helps, by the sentence that it belongs to: the broker passes on only the sentence.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// So many are remembered: more than there are profiles whose failures are still being told.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Cures(Mutex<VecDeque<(String, String)>>);

impl Cures {
    /// Remembers what helps.
    pub(crate) fn note(&self, message: &str, hint: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| other != message);
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back((message.to_owned(), hint.to_owned()));
    }

    /// What was said to help.
    pub(crate) fn of(&self, message: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .find(|(other, _)| other == message)
            .map(|(_, hint)| hint.clone())
    }
}
