//! What went wrong, in the user's words: facts in, one sentence and a hint out. Numbers count before texts, and texts are
//! known in English and in French.

mod aadsts;
mod classify;
mod code;
mod facts;
mod kind;
mod sentence;
mod text;
mod tls;

pub use facts::{Facts, Network, Scene, Tried, Unanswered};
pub use kind::{Kind, Saying};
pub use tls::{Tls, TlsReason};

impl Saying {
    /// The saying for these facts. There always is one: what nobody recognises keeps the server's own text.
    pub fn of(facts: &Facts<'_>, scene: &Scene<'_>) -> Self {
        let verdict = classify::classify(facts);
        sentence::say(&verdict, facts, scene)
    }

    /// The saying for what is known to be wrong, with what else is known.
    pub(crate) fn with(kind: Kind, facts: &Facts<'_>, scene: &Scene<'_>) -> Self {
        sentence::say(&classify::Verdict::of(kind), facts, scene)
    }

    /// The saying for what is known to be wrong.
    pub fn of_kind(kind: Kind, scene: &Scene<'_>) -> Self {
        Self::with(kind, &Facts::default(), scene)
    }
}

#[cfg(test)]
mod tests;
