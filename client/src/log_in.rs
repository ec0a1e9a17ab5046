//! Logging in while something waits for it: the person at the terminal is asked, and the waiting goes on meanwhile, for
//! somebody else may be quicker.

use proto::v1::sign_in_event::Event;
use proto::v1::{LoginRequest, Parameters, SignInRequest, StatusRequest};
use pslease::Client;
use tokio::task::JoinHandle;

use crate::context::caller;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::notice::say;
use crate::terminal;

/// The question for a password, asked at most once at a time. Dropped, it is taken back.
#[derive(Debug)]
pub(crate) struct LogIn {
    client: Client,
    profile: String,
    parameters: Option<Parameters>,
    asking: Option<JoinHandle<()>>,
}

impl LogIn {
    /// `None` where nobody sits.
    pub(crate) fn possible(client: &Client, profile: &str, parameters: Option<&Parameters>) -> Option<Self> {
        let interactive = caller("").interactive && terminal::open().is_some();
        interactive.then(|| Self {
            client: client.clone(),
            profile: profile.to_owned(),
            // Without the secrets that came with them: those were refused, or this would not be asked.
            parameters: parameters.map(|parameters| Parameters {
                table: parameters.table.clone(),
                ..Parameters::default()
            }),
            asking: None,
        })
    }

    /// Whether the waiting is for a log-in now.
    pub(crate) fn wanted(&mut self, wanted: bool) {
        match (wanted, &self.asking) {
            (true, None) => {
                self.asking = Some(tokio::spawn(until_logged_in(
                    self.client.clone(),
                    self.profile.clone(),
                    self.parameters.clone(),
                )));
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
async fn until_logged_in(client: Client, profile: String, parameters: Option<Parameters>) {
    loop {
        match log_in(&client, &profile, parameters.as_ref()).await {
            Ok(()) | Err(Failure::Silent(_)) => return,
            Err(Failure::Said { message, .. }) => say(&message),
        }
    }
}

async fn log_in(client: &Client, profile: &str, parameters: Option<&Parameters>) -> Result<(), Failure> {
    let password = match sign_in(client, profile, parameters).await? {
        SignIn::Done(_) => return Ok(()),
        SignIn::Secret(question) => terminal::ask_secret(&question).await?,
        SignIn::Unsaid => ask(client, profile, None).await?,
    };
    let request = LoginRequest {
        parameters: parameters.cloned(),
        ..request(profile, password)
    };
    client.accounts().login(request).await?;
    Ok(())
}

/// What a sign-in comes to.
pub(crate) enum SignIn {
    /// It is done; these are the words for it.
    Done(String),
    /// This is to be asked, and handed to `Login`.
    Secret(String),
    /// The daemon is too old to say: then it is a password.
    Unsaid,
}

/// Signs in as the profile says. A device code is shown and waited for.
pub(crate) async fn sign_in(
    client: &Client,
    profile: &str,
    parameters: Option<&Parameters>,
) -> Result<SignIn, Failure> {
    let request = SignInRequest {
        profile: profile.to_owned(),
        parameters: parameters.cloned(),
        caller: Some(caller("pslease login")),
    };
    let mut events = match client.sign_ins().sign_in(request).await {
        Ok(events) => events.into_inner(),
        Err(status) if status.code() == tonic::Code::Unimplemented => return Ok(SignIn::Unsaid),
        Err(status) => return Err(status.into()),
    };
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Wanted(wanted)) if wanted.secret == "token" => {
                return Ok(SignIn::Secret(format!("Access token for {}: ", wanted.account)));
            }
            Some(Event::Wanted(wanted)) => return Ok(SignIn::Secret(format!("Password for {}: ", wanted.account))),
            // Whatever --quiet says: nothing goes on without it.
            Some(Event::Code(code)) => say(&code.message),
            Some(Event::Done(done)) => return Ok(SignIn::Done(done.message)),
            None => {}
        }
    }
    Err(Failure::new(
        Exit::Internal,
        "psleased ended the sign-in without a word",
    ))
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
        parameters: None,
        keyring: false,
    }
}
