//! Log-ons: a secret comes in, is tried if that costs nothing, and stays in memory.

use std::sync::Arc;
use std::time::Duration;

use broker::Event;
use endpoint::{Facts, Saying, Scene, Way};
use proto::v1;
use proto::v1::accounts_server::{Accounts, AccountsServer};
use secrecy::SecretString;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::error;
use super::parameters::profile_for;
use crate::account::{self, LogOn, Standing};
use crate::config::{Password, Profile};
use crate::connect;
use crate::hub::Hub;
use crate::session::{credential, network};

/// How long the try may take.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct AccountService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> AccountsServer<AccountService> {
    AccountsServer::new(AccountService { hub })
}

/// What a try came to.
enum Tried {
    Accepted,
    Refused(Saying),
    /// The endpoint did not say.
    Unclear(String),
}

/// Asks the service who it is, with the secret: that opens nothing, and takes no slot.
async fn try_out(hub: &Hub, profile: &Profile, user: &str, secret: &SecretString) -> Tried {
    match connect::try_out(&hub.sessions, profile, user, secret).await {
        Some(Ok(())) => return Tried::Accepted,
        Some(Err(saying)) if saying.kind.refuses_secret() => return Tried::Refused(saying),
        Some(Err(saying)) => return Tried::Unclear(saying.message),
        // Only the endpoint itself can say; where that is not known yet, the first session tries it.
        None if profile.connector.discovered || profile.connector.by_token() => return Tried::Unclear(String::new()),
        None => {}
    }
    let environment = hub.sessions.environment(&profile.name);
    let answer = async {
        let network = network(&hub.sessions, profile, &environment).await?;
        let credential = credential(profile, LogOn::to_try(user, secret), &environment);
        let session = link::Session::new(&network, &profile.address.uri, credential)?;
        let post = link::Post {
            uri: profile.address.uri.clone(),
            body: identify(&profile.address.uri),
            content_type: wsman::names::CONTENT_TYPE,
            deadline: PATIENCE,
        };
        session.lane()?.post(post).await
    };
    match answer.await {
        Ok(answer) if (200..300).contains(&answer.status) => Tried::Accepted,
        Ok(answer) if answer.status == 401 => {
            let facts = Facts {
                status: Some(401),
                challenges: &answer.challenges,
                tried: Some(profile.proof.log_on.into()),
                message: answer.refusal.as_deref().unwrap_or_default(),
                ..Facts::default()
            };
            let host = connect::host_of(&profile.address.uri);
            let scene = Scene {
                account: user,
                ..connect::scene(profile, &host)
            };
            match Saying::of(&facts, &scene) {
                saying if saying.kind.refuses_secret() => Tried::Refused(saying),
                saying => Tried::Unclear(saying.message),
            }
        }
        Ok(answer) => Tried::Unclear(format!("{} answered with HTTP {}", profile.address.host, answer.status)),
        Err(failure) => Tried::Unclear(failure.message),
    }
}

fn identify(uri: &str) -> bytes::Bytes {
    let (session, shell) = (
        wsman::SessionId::from(Uuid::new_v4()),
        wsman::ShellId::from(Uuid::new_v4()),
    );
    wsman::Session::new(uri, String::new(), session, shell)
        .request(
            wsman::MessageId::from(Uuid::new_v4()),
            PATIENCE,
            wsman::Operation::Identify,
        )
        .to_bytes()
}

#[tonic::async_trait]
impl Accounts for AccountService {
    async fn login(&self, request: Request<v1::LoginRequest>) -> Result<Response<v1::LoginResponse>, Status> {
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, _) = profile_for(&self.hub, &request.profile, request.parameters, &caller).await?;
        if profile.program.is_some() {
            let message = format!(
                "profile {} needs no login: {} logs on by itself",
                profile.name, profile.template
            );
            return Err(error::usage(&message));
        }
        let (source, what) = account::source_of(&profile);
        if request.keyring && *source != Password::Keyring {
            let name = profile.known_name();
            let message = format!("profile {name} does not take its {what} from the keyring");
            let hint = format!("set {what}_keyring = true in [profile.{name}], then log in again");
            return Err(error::status(v1::ErrorKind::Usage, message, hint));
        }
        let secret = String::from_utf8(request.password)
            .map_err(|_| error::usage("the password is not UTF-8"))
            .map(SecretString::from)?;
        let other = Some(request.user_name).filter(|user| !user.is_empty() && *user != profile.admin);
        let user = other.clone().unwrap_or_else(|| profile.admin.clone());
        let tried = match request.verify {
            true => try_out(&self.hub, &profile, &user, &secret).await,
            false => Tried::Unclear(String::new()),
        };
        if let Tried::Refused(saying) = tried {
            // Not kept: whatever was there before still counts.
            let hint = format!("pslease login {}", profile.known_name());
            return Err(error::status(v1::ErrorKind::Auth, saying.message, hint));
        }
        if request.keyring {
            let kept = account::entry(&profile, what).keep(secret.clone()).await;
            kept.map_err(|why| error::status(v1::ErrorKind::Auth, why, "pslease login, without --keyring"))?;
        }
        let signed = self.hub.accounts.signed(&profile).is_some() && matches!(tried, Tried::Accepted);
        if !signed {
            self.hub.accounts.login(&profile, other, secret);
        }
        let (verified, message) = match tried {
            Tried::Accepted => {
                self.hub.accounts.accepted(&profile);
                (true, format!("{user} is logged in at {}", profile.address.host))
            }
            Tried::Unclear(why) if why.is_empty() => {
                (false, format!("the password of {user} is only stored, not tried"))
            }
            Tried::Unclear(why) => (
                false,
                format!("the password of {user} is only stored, not tried: {why}"),
            ),
            Tried::Refused(saying) => (false, saying.message),
        };
        tracing::info!(profile = profile.name, verified, "login");
        self.hub.sessions.renew_all();
        self.hub.tell_standing(&profile).await;
        Ok(Response::new(v1::LoginResponse {
            account: user,
            verified,
            message,
            in_keyring: request.keyring,
        }))
    }

    async fn logout(&self, request: Request<v1::LogoutRequest>) -> Result<Response<v1::LogoutResponse>, Status> {
        let name = request.into_inner().profile;
        let (profile, _) = super::profile(&self.hub, &name, &v1::Caller::default()).await?;
        let in_memory = self.hub.accounts.logout(&profile);
        let (source, what) = account::source_of(&profile);
        let in_keyring = match source {
            Password::Keyring => account::entry(&profile, what).forget().await,
            _ => Ok(false),
        };
        let in_keyring = in_keyring.map_err(|why| error::status(v1::ErrorKind::Auth, why, ""))?;
        let had_secret = in_memory || in_keyring;
        if let Some(missing) = self.hub.accounts.missing(&profile) {
            let name = profile.name.as_str().into();
            self.hub
                .desk
                .say(Event::AuthNeeded {
                    profile: name,
                    message: missing.to_string().into(),
                })
                .await;
        }
        tracing::info!(profile = profile.name, had_secret, "logout");
        Ok(Response::new(v1::LogoutResponse {
            account: profile.admin.clone(),
            had_secret,
        }))
    }

    async fn list(
        &self,
        _request: Request<v1::ListAccountsRequest>,
    ) -> Result<Response<v1::ListAccountsResponse>, Status> {
        let current = self.hub.current().await.map_err(|error| error::config(&error))?;
        let mut accounts: Vec<(_, v1::Account)> = Vec::new();
        for profile in current.config.profiles.values() {
            let key = profile.scope.account();
            if let Some((_, known)) = accounts.iter_mut().find(|(known, _)| *known == key) {
                known.profiles.push(profile.name.clone());
                continue;
            }
            let (standing, in_memory) = self.hub.accounts.standing(profile);
            let source = match profile.connector.way {
                Way::Token => &profile.connector.token,
                _ => &profile.password,
            };
            let source = match source {
                Password::File(_) => "file",
                Password::Command(_) => "command",
                Password::Credential(_) => "credential",
                Password::Keyring => "keyring",
                Password::Memory if in_memory => "memory",
                Password::Memory => "none",
            };
            let state = match standing {
                Standing::Accepted => "ok",
                Standing::Untried => "untried",
                Standing::Refused => "refused",
            };
            accounts.push((
                key,
                v1::Account {
                    account: profile.admin.clone(),
                    profiles: vec![profile.name.clone()],
                    source: source.to_owned(),
                    state: state.to_owned(),
                },
            ));
        }
        let accounts = accounts.into_iter().map(|(_, account)| account).collect();
        Ok(Response::new(v1::ListAccountsResponse { accounts }))
    }
}
