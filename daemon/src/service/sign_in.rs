//! Sign-ins that need a person for more than a password.

use std::sync::Arc;

use endpoint::Way;
use proto::v1;
use proto::v1::sign_in_event::Event as Said;
use proto::v1::sign_ins_server::{SignIns, SignInsServer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::parameters::profile_for;
use super::{STREAM, convert, error};
use crate::config::Profile;
use crate::connect;
use crate::hub::Hub;
use crate::session::code_words;

#[derive(Debug)]
pub(crate) struct SignInService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> SignInsServer<SignInService> {
    SignInsServer::new(SignInService { hub })
}

#[tonic::async_trait]
impl SignIns for SignInService {
    type SignInStream = ReceiverStream<Result<v1::SignInEvent, Status>>;

    async fn sign_in(&self, request: Request<v1::SignInRequest>) -> Result<Response<Self::SignInStream>, Status> {
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, _) = profile_for(&self.hub, &request.profile, request.parameters, &caller).await?;
        let (out, stream) = mpsc::channel(STREAM);
        let hub = self.hub.clone();
        tokio::spawn(async move {
            let last = match profile.connector.way {
                Way::DeviceCode => by_code(&hub, &profile, &out).await,
                Way::Token => Ok(wanted(&profile, "token")),
                Way::Discovered | Way::Plain | Way::Password => Ok(wanted(&profile, "password")),
            };
            let _ = out.send(last.map(|event| v1::SignInEvent { event: Some(event) })).await;
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

fn wanted(profile: &Profile, secret: &str) -> Said {
    Said::Wanted(v1::SecretWanted {
        secret: secret.to_owned(),
        account: profile.admin.clone(),
    })
}

async fn by_code(
    hub: &Hub,
    profile: &Profile,
    out: &mpsc::Sender<Result<v1::SignInEvent, Status>>,
) -> Result<Said, Status> {
    let now = || hub.clock.now();
    let show = |code: &endpoint::DeviceCode| {
        let shown = Said::Code(v1::DeviceCode {
            user_code: code.user_code.clone(),
            verification_uri: code.verification_uri.clone(),
            message: code_words(code),
            expires_in: Some(convert::duration(code.expires.since(now()))),
        });
        // The channel is empty: there is room for the first.
        let _ = out.try_send(Ok(v1::SignInEvent { event: Some(shown) }));
    };
    match connect::sign_in(&hub.sessions, profile, show).await {
        Ok(()) => {
            hub.sessions.renew_all();
            hub.tell_standing(profile).await;
            Ok(Said::Done(v1::SignedIn {
                account: profile.admin.clone(),
                message: format!("{} is signed in", profile.admin),
            }))
        }
        Err(saying) => Err(error::saying(&saying)),
    }
}
