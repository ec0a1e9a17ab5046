//! Logging in while something waits for it: the person at the terminal is asked, and the waiting goes on meanwhile, for
//! somebody else may be quicker.

use proto::v1::{LoginRequest, StatusRequest};
use pslease::Client;
use tokio::task::JoinHandle;

use crate::context::caller;
use crate::failure::Failure;
use crate::notice::say;
use crate::terminal;

/// The question for a password, asked at most once at a time. Dropped, it is taken back.
#[derive(Debug)]
pub(crate) struct LogIn {
    client: Client,
    profile: String,
    asking: Option<JoinHandle<()>>,
}

impl LogIn {
    /// `None` where nobody sits.
    pub(crate) fn possible(client: &Client, profile: &str) -> Option<Self> {
        let interactive = caller("").interactive && terminal::open().is_some();
        interactive.then(|| Self {
            client: client.clone(),
            profile: profile.to_owned(),
            asking: None,
        })
    }

    /// Whether the waiting is for a log-in now.
    pub(crate) fn wanted(&mut self, wanted: bool) {
        match (wanted, &self.asking) {
            (true, None) => {
                self.asking = Some(tokio::spawn(until_logged_in(self.client.clone(), self.profile.clone())));
            }
            (false, Some(asking)) => {
                asking.abort();
                self.asking = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}

impl Drop for LogIn {
    fn drop(&mut self) {
        self.wanted(false);
    }
}

/// A wrong password is asked for again: each try is a person's own. An interrupt ends the verb as a whole.
async fn until_logged_in(client: Client, profile: String) {
    loop {
        match log_in(&client, &profile).await {
            Ok(()) | Err(Failure::Silent(_)) => return,
            Err(Failure::Said { message, .. }) => say(&message),
        }
    }
}

async fn log_in(client: &Client, profile: &str) -> Result<(), Failure> {
    let password = ask(client, profile, None).await?;
    client.accounts().login(request(profile, password)).await?;
    Ok(())
}

/// Asks for the password of a profile, which may be the unnamed default one. Nobody types one for a profile that is not
/// there.
pub(crate) async fn ask(client: &Client, profile: &str, user: Option<&str>) -> Result<String, Failure> {
    let profiles = client.admin().status(StatusRequest {}).await?.into_inner().profiles;
    let known = profiles.iter().find(|known| match profile {
        "" => known.is_default,
        name => known.name == name,
    });
    let whose = match (user, known) {
        (Some(user), _) => format!(" for {user}"),
        (None, Some(known)) => format!(" for {}", known.admin),
        (None, None) if profile.is_empty() => String::new(),
        (None, None) => {
            let names: Vec<&str> = profiles.iter().map(|known| known.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "there is no profile {profile:?}; profiles are: {}",
                names.join(", ")
            ))
            .hint("pslease profile list"));
        }
    };
    terminal::ask_secret(&format!("Password{whose}: ")).await
}

/// The request that keeps it and tries it.
pub(crate) fn request(profile: &str, password: String) -> LoginRequest {
    LoginRequest {
        profile: profile.to_owned(),
        user_name: String::new(),
        password: password.into_bytes(),
        verify: true,
        caller: Some(caller("pslease login")),
    }
}
