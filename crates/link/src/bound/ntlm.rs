//! NTLM, by sspi-rs.

use secrecy::{ExposeSecret, SecretString};
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, DataRepresentation, Ntlm, SecurityBuffer, Sspi,
    SspiImpl, Username,
};

use super::context::{Context, Refused, Step};
use super::open::{opened, sealed};
use super::sealing::Sealed;

/// What a context asks for: that both know who the other is, and that nobody else reads or changes a word.
pub(super) const WISHES: ClientRequestFlags = ClientRequestFlags::MUTUAL_AUTH
    .union(ClientRequestFlags::CONFIDENTIALITY)
    .union(ClientRequestFlags::INTEGRITY)
    .union(ClientRequestFlags::REPLAY_DETECT)
    .union(ClientRequestFlags::SEQUENCE_DETECT);

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
        let mut input = [SecurityBuffer::new(token.to_vec(), BufferType::Token)];
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let Self { ntlm, handle, target } = self;
        let mut builder = ntlm
            .initialize_security_context()
            .with_credentials_handle(handle)
            .with_context_requirements(WISHES)
            .with_target_data_representation(DataRepresentation::Native)
            .with_target_name(target)
            .with_input(&mut input)
            .with_output(&mut output);
        ntlm.initialize_security_context_impl(&mut builder)
            .and_then(|mut generator| generator.resolve_to_result())
            .map_err(|why| unavailable(&why))?;
        let [output] = output;
        Ok(Step {
            // The third message is the client's last word; the first is answered by a challenge.
            done: !token.is_empty(),
            token: output.buffer,
        })
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String> {
        sealed(&mut self.ntlm, plain)
    }

    fn open(&mut self, message: Sealed) -> Result<Vec<u8>, String> {
        opened(&mut self.ntlm, message)
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
