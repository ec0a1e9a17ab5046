//! What people are told of a profile's endpoint, on the way to it and when there is none.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use broker::{Event, Failure, SessionId};
use endpoint::{DeviceCode, Saying, Stage};
use moment::Moment;

use super::{NewsKind, Sessions};
use crate::config::Profile;
use crate::connect;

impl Sessions {
    /// A step of the connection flow, in the words of the template's document; those without one say nothing.
    pub(crate) fn tell_stage(&self, profile: &Profile, stage: &Stage) {
        if let Some(words) = connect::stage_words(profile, stage) {
            self.tell(profile, NewsKind::Stage, words);
        }
    }

    /// A device code, to whoever waits for the profile now, and to whoever comes while it is good.
    pub(crate) fn show_code(&self, profile: &Profile, code: &DeviceCode) {
        self.tell(profile, NewsKind::Notice, code_words(code));
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.insert(profile.name.clone(), code.clone());
    }

    /// The code that a person should use now.
    pub(crate) fn shown_code(&self, profile: &Profile) -> Option<DeviceCode> {
        let codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes
            .get(&profile.name)
            .filter(|code| code.expires > self.clock.now())
            .cloned()
    }

    /// It was used, or is of no use any more.
    pub(crate) fn hide_code(&self, profile: &Profile) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.remove(&profile.name);
    }

    pub(crate) fn certificates(&self) -> &Path {
        &self.certificates
    }

    /// The saying in the broker's terms; what helps is remembered for whoever is told.
    pub(crate) fn failure(&self, saying: &Saying, asked: Option<Duration>) -> (Failure, Option<Duration>) {
        self.note_cure(saying);
        connect::verdict(saying, asked)
    }

    fn note_cure(&self, saying: &Saying) {
        if let Some(hint) = &saying.hint {
            self.cures.note(&saying.message, hint);
        }
    }

    /// What helps against what a sentence says, if that is known.
    pub(crate) fn cure(&self, message: &str) -> Option<String> {
        self.cures.of(message)
    }

    /// The account needs a person, unless its source has another secret than the refused one.
    pub(crate) async fn tell_auth_needed(&self, profile: &Profile, saying: &Saying) {
        if saying.kind.refuses_secret() {
            let environment = self.environment(&profile.name);
            if self.accounts.read_anew(profile, &environment).await {
                let profile = profile.name.as_str().into();
                self.desk.say(Event::AuthOk { profile }).await;
                return self.renew_all();
            }
        }
        self.note_cure(saying);
        let event = Event::AuthNeeded {
            profile: profile.name.as_str().into(),
            message: saying.message.as_str().into(),
        };
        self.desk.say(event).await;
    }

    /// The session's token ends then, and there is no other; `None`: now there is.
    pub(crate) async fn tell_token_ends(&self, session: SessionId, at: Option<Moment>) {
        self.desk.say(Event::TokenEnds { session, at }).await;
    }
}

/// What the person is to do: the authority's own sentence, if it gave one.
pub(crate) fn code_words(code: &DeviceCode) -> String {
    if code.message.is_empty() {
        format!(
            "to sign in, open {} and enter the code {}",
            code.verification_uri, code.user_code
        )
    } else {
        code.message.clone()
    }
}
