//! Questions of a program that opens a session (ssh: a host key, a passphrase), for whoever sits at a terminal and waits for
//! that session. Without such a person a question is refused, and the program fails with its own words.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{broadcast, oneshot, watch};

/// How long a listener may take to appear: whoever asked for the session is told of the opening first.
const APPEARS: Duration = Duration::from_secs(3);

/// How long a person may think.
const THINKS: Duration = Duration::from_secs(120);

/// Questions that a slow listener may be behind.
const BEHIND: usize = 16;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) id: u64,
    pub(crate) profile: String,
    pub(crate) text: String,
    /// The answer must not be shown.
    pub(crate) secret: bool,
}

/// All that are open, and who listens.
#[derive(Debug)]
pub(crate) struct Questions {
    asked: broadcast::Sender<Question>,
    /// How many listen for each profile.
    listeners: watch::Sender<HashMap<String, usize>>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    answers: HashMap<u64, oneshot::Sender<Option<SecretString>>>,
}

/// Somebody who can answer the questions of a profile, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Listener {
    questions: Arc<Questions>,
    profile: String,
    asked: broadcast::Receiver<Question>,
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            asked: broadcast::Sender::new(BEHIND),
            listeners: watch::Sender::default(),
            open: Mutex::default(),
        }
    }
}

impl Questions {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listen(self: &Arc<Self>, profile: &str) -> Listener {
        let asked = self.asked.subscribe();
        self.listeners
            .send_modify(|listeners| *listeners.entry(profile.to_owned()).or_default() += 1);
        Listener {
            questions: Arc::clone(self),
            profile: profile.to_owned(),
            asked,
        }
    }

    /// Asks, and waits for the answer. `None` where there is nobody to answer, or nobody does.
    pub(crate) async fn ask(&self, profile: &str, text: String, secret: bool) -> Option<SecretString> {
        let mut listeners = self.listeners.subscribe();
        let there = |listeners: &HashMap<String, usize>| listeners.contains_key(profile);
        tokio::time::timeout(APPEARS, listeners.wait_for(there))
            .await
            .ok()?
            .ok()?;
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut open = self.open();
            open.last += 1;
            let id = open.last;
            open.answers.insert(id, answer);
            id
        };
        // Taken back when this is dropped, too.
        let _taken_back = TakenBack { questions: self, id };
        let question = Question {
            id,
            profile: profile.to_owned(),
            text,
            secret,
        };
        self.asked.send(question).ok()?;
        tokio::select! {
            answer = answered => answer.ok().flatten(),
            // Nobody is left who was asked.
            _ = listeners.wait_for(|listeners| !there(listeners)) => None,
            () = tokio::time::sleep(THINKS) => None,
        }
    }

    /// False where nobody waits for it any more.
    pub(crate) fn answer(&self, id: u64, answer: Option<SecretString>) -> bool {
        let asker = self.open().answers.remove(&id);
        asker.is_some_and(|asker| asker.send(answer).is_ok())
    }
}

struct TakenBack<'a> {
    questions: &'a Questions,
    id: u64,
}

impl Drop for TakenBack<'_> {
    fn drop(&mut self) {
        self.questions.open().answers.remove(&self.id);
    }
}

impl Listener {
    /// The next question of the profile. May be cancelled and called again.
    pub(crate) async fn next(&mut self) -> Question {
        loop {
            match self.asked.recv().await {
                Ok(question) if question.profile == self.profile => return question,
                // Others' questions, and ours that nobody can answer in time any more.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                // Its sender is held by `questions`.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.questions.listeners.send_modify(|listeners| {
            if let Some(count) = listeners.get_mut(&self.profile) {
                *count -= 1;
                if *count == 0 {
                    listeners.remove(&self.profile);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_question_reaches_whoever_listens_for_the_profile() {
        let questions = Arc::new(Questions::default());
        let asking = tokio::spawn({
            let questions = Arc::clone(&questions);
            async move { questions.ask("web", "Passphrase: ".to_owned(), true).await }
        });
        tokio::task::yield_now().await;
        let mut other = questions.listen("other");
        let mut one = questions.listen("web");
        let question = one.next().await;
        assert_eq!((question.text.as_str(), question.secret), ("Passphrase: ", true));
        assert!(questions.answer(question.id, Some("sesame".to_owned().into())));
        assert!(!questions.answer(question.id, None), "the first counts");
        assert_eq!(asking.await.unwrap().unwrap().expose_secret(), "sesame");
        let none = tokio::time::timeout(Duration::from_secs(1), other.next()).await;
        assert!(none.is_err(), "another profile's");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_nobody_can_answer_is_refused() {
        let questions = Arc::new(Questions::default());
        assert!(
            questions.ask("web", String::new(), true).await.is_none(),
            "nobody is there"
        );
        let asking = tokio::spawn({
            let questions = Arc::clone(&questions);
            async move { questions.ask("web", String::new(), true).await }
        });
        let mut listener = questions.listen("web");
        let question = listener.next().await;
        drop(listener);
        assert!(asking.await.unwrap().is_none(), "whoever was asked has gone");
        assert!(!questions.answer(question.id, None));
    }
}
