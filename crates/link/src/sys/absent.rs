//! Without a GSSAPI that could be loaded: nothing of this is ever made.

use std::convert::Infallible;

use secrecy::SecretString;

#[derive(Debug)]
pub(crate) struct Gssapi(Infallible);

#[derive(Debug)]
pub(crate) struct Credential(Infallible);

#[derive(Debug)]
pub(crate) struct Initiator(Infallible);

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) kerberos: Option<u8>,
    pub(crate) text: String,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum NameKind {
    User,
    Service,
}

impl Gssapi {
    pub(crate) fn load() -> Option<&'static Self> {
        None
    }

    pub(crate) fn of_password(&self, _: &str, _: &SecretString) -> Result<Credential, Status> {
        match self.0 {}
    }

    pub(crate) fn of_cache(&self, _: Option<&str>, _: Option<&str>) -> Result<Credential, Status> {
        match self.0 {}
    }

    pub(crate) fn initiator(
        &'static self,
        _: Credential,
        _: NameKind,
        _: &str,
        _: Option<&[u8]>,
    ) -> Result<Initiator, Status> {
        match self.0 {}
    }
}

impl Initiator {
    pub(crate) fn step(&mut self, _: &[u8]) -> Result<(Vec<u8>, bool), Status> {
        match self.0 {}
    }

    pub(crate) fn wrap(&mut self, _: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Status> {
        match self.0 {}
    }

    pub(crate) fn unwrap(&mut self, _: &mut [u8], _: &mut [u8]) -> Result<Vec<u8>, Status> {
        match self.0 {}
    }
}
