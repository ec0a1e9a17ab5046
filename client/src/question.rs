//! Questions of the program that opens a session (ssh: a host key, a passphrase), to the person who waits for it.

use proto::v1::{AnswerRequest, ListenRequest, Question};
use pslease::Client;
use tokio::task::JoinHandle;

use crate::context::caller;
use crate::failure::Failure;
use crate::terminal;

/// Listens for questions while a session is opened. Dropped, it takes back what is asked.
#[derive(Debug)]
pub(crate) struct Asking {
    listening: JoinHandle<()>,
}

impl Asking {
    /// `None` where nobody sits.
    pub(crate) fn possible(client: &Client, profile: &str) -> Option<Self> {
        let interactive = caller("").interactive && terminal::open().is_some();
        interactive.then(|| Self {
            listening: tokio::spawn(listen(client.clone(), profile.to_owned())),
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Nothing that goes wrong here is worth a word: the program that asked says what it lacked.
async fn listen(client: Client, profile: String) {
    let request = ListenRequest {
        profile,
        caller: Some(caller("pslease")),
    };
    let Ok(stream) = client.questions().listen(request).await else {
        return;
    };
    let mut questions = stream.into_inner();
    while let Ok(Some(question)) = questions.message().await {
        let answer = match ask(&question).await {
            Ok(answer) => Some(answer.into_bytes()),
            Err(_) => None,
        };
        let id = question.id;
        if client.questions().answer(AnswerRequest { id, answer }).await.is_err() {
            return;
        }
    }
}

async fn ask(question: &Question) -> Result<String, Failure> {
    // The last line is the question, and the answer follows it.
    let text = format!("{} ", question.text.trim_end());
    if question.secret {
        terminal::ask_secret(&text).await
    } else {
        terminal::ask(&text).await
    }
}
