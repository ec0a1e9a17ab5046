//! The daemon's end of `SSH_ASKPASS`: a socket of one opening, at which our own program in ssh's service (`askpass`) leaves
//! the question and fetches the answer.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::question::Questions;
use crate::askpass;

/// The longest question that is shown.
const LONGEST: u64 = 16 * 1024;

/// Answers the questions of one program while it lives.
#[derive(Debug)]
pub(super) struct AskPass {
    path: PathBuf,
    serving: JoinHandle<()>,
}

impl AskPass {
    /// `None` where there can be none: the program is then told to ask nothing.
    pub(super) fn start(questions: Arc<Questions>, profile: String, session: u64) -> Option<Self> {
        let folder = place::Place::find().ok()?;
        let path = folder.state().join(format!("ask-{session}.sock"));
        // Of an earlier daemon.
        let _ = std::fs::remove_file(&path);
        let listener = match UnixListener::bind(&path) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "questions cannot be asked");
                return None;
            }
        };
        let serving = tokio::spawn(async move {
            // One question at a time, as ssh asks them.
            while let Ok((stream, _)) = listener.accept().await {
                let answered = answer(&questions, &profile, stream).await;
                if let Err(error) = answered {
                    tracing::debug!(%error, "a question was left");
                }
            }
        });
        Some(Self { path, serving })
    }

    /// What ssh's environment is to say.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let own = std::env::current_exe().unwrap_or_default();
        [
            ("SSH_ASKPASS", own.display().to_string()),
            ("SSH_ASKPASS_REQUIRE", "force".to_owned()),
            (askpass::SOCKET, self.path.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

impl Drop for AskPass {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The question up to its end, then the answer; nothing where there is none.
async fn answer(questions: &Questions, profile: &str, mut stream: UnixStream) -> std::io::Result<()> {
    let mut text = String::new();
    (&mut stream).take(LONGEST).read_to_string(&mut text).await?;
    // All that ssh asks is a secret but for this.
    let secret = !text.contains("(yes/no");
    if let Some(answer) = questions.ask(profile, text, secret).await {
        stream.write_all(&[askpass::ANSWERED]).await?;
        stream.write_all(answer.expose_secret().as_bytes()).await?;
    }
    stream.shutdown().await
}
