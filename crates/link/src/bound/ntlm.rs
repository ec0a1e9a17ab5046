//! NTLM, by sspi-rs.

use secrecy::{ExposeSecret, SecretString};
use sspi::generator::NetworkRequest;
use sspi::network_client::NetworkClient;
use sspi::{AuthIdentity, CredentialUse, Ntlm, Sspi, SspiImpl, Username};

use super::context::{Context, Refused, Step};
use super::open::{opened, sealed, stepped};
use super::sealing::Sealed;

type Handle = <Ntlm as SspiImpl>::CredentialsHandle;

pub(super) struct NtlmContext {
    ntlm: Ntlm,
    handle: Handle,
    target: String,
}

impl NtlmContext {
    pub(super) fn new(
        user: &str,
        password: &SecretString,
        target: &str,
        binding: Option<&[u8]>,
    ) -> Result<Self, Refused> {
        let mut ntlm = Ntlm::new();
        if let Some(binding) = binding {
            ntlm.set_channel_bindings(binding);
        }
        let identity = identity(user, password)?;
        let handle = ntlm
            .acquire_credentials_handle()
            .with_credential_use(CredentialUse::Outbound)
            .with_auth_data(&identity)
            .execute(&mut ntlm)
            .map_err(|why| unavailable(&why))?
            .credentials_handle;
        Ok(Self {
            ntlm,
            handle,
            target: target.to_owned(),
        })
    }
}

impl Context for NtlmContext {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refused> {
        let Self { ntlm, handle, target } = self;
        let (token_of_ours, _) = stepped(ntlm, handle, target, token, &Nobody).map_err(|why| unavailable(&why))?;
        Ok(Step {
            // The third message is the client's last word; the first is answered by a challenge.
            done: !token.is_empty(),
            token: token_of_ours,
        })
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String> {
        sealed(&mut self.ntlm, plain)
    }

    fn open(&mut self, message: Sealed) -> Result<Vec<u8>, String> {
        opened(&mut self.ntlm, message)
    }
}

/// NTLM asks nobody but the server.
struct Nobody;

impl NetworkClient for Nobody {
    fn send(&self, _: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        let message = "NTLM has no server of its own to ask".to_owned();
        Err(sspi::Error::new(sspi::ErrorKind::UnsupportedFunction, message))
    }
}

/// `DOMAIN\user`, `user@domain` or `user`.
pub(super) fn identity(user: &str, password: &SecretString) -> Result<AuthIdentity, Refused> {
    let username = Username::parse(user)
        .map_err(|_| Refused::Unavailable(format!("{user} is no user name; write USER@DOMAIN or DOMAIN\\USER")))?;
    Ok(AuthIdentity {
        username,
        password: password.expose_secret().to_owned().into(),
    })
}

pub(super) fn unavailable(why: &sspi::Error) -> Refused {
    Refused::Unavailable(one_line(&why.description))
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect()
}
