//! Which places may be asked, and which may get credentials.
//!
//! The first question of autodiscovery goes over plain http, so its answer is anybody's. It may therefore lead only to
//! https, and only to hosts that were known before anything was asked.

use super::Question;
use crate::cloud::AUTHORITIES;
use crate::{Address, uri};

/// What a place is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An autodiscovery document: nothing secret goes there.
    Document,
    /// A session: the credential goes there.
    Session,
    /// A token: the password goes there.
    Token,
}

#[derive(Debug)]
pub(super) struct Limits {
    /// May get credentials.
    trusted: Vec<String>,
    /// May be asked for documents besides.
    asked: Vec<String>,
    /// Plain http to this machine is fine, since the user named it.
    loopback: bool,
}

impl Limits {
    pub(super) fn new(question: &Question) -> Self {
        let mut trusted: Vec<String> = question.template.hosts().iter().map(|&host| host.to_owned()).collect();
        trusted.extend(question.trusted_hosts.iter().cloned());
        let given = [
            &question.uri,
            &question.override_discovery_uri,
            &question.override_power_shell_uri,
            &question.authority,
        ];
        let given: Vec<Address> = given
            .into_iter()
            .flatten()
            .filter_map(|uri| Address::parse(uri).ok())
            .collect();
        trusted.extend(given.iter().map(|address| address.host.clone()));
        Self {
            trusted,
            asked: Vec::new(),
            loopback: given.iter().any(Address::is_loopback),
        }
    }

    /// The account's own domain is its own people's: they may get its password. That of somebody else's tenant may not.
    pub(super) fn admit(&mut self, user: Option<&str>, domain: &str) {
        self.asked.push(domain.to_owned());
        if let Some((_, own)) = user.and_then(|user| user.rsplit_once('@')) {
            self.trusted.push(own.to_owned());
        }
    }

    /// The place, or why it is refused.
    pub(super) fn judge(&self, uri: &str, purpose: Purpose) -> Result<Address, String> {
        let address = Address::parse(uri).map_err(|error| format!("discovery leads to {uri:?}: {error}"))?;
        let host = address.host.as_str();
        let here = self.loopback && address.is_loopback();
        if !(address.tls || here) {
            return Err(format!(
                "discovery leads to {host} over plain http, which is not followed"
            ));
        }
        let under = |suffixes: &[String]| suffixes.iter().any(|suffix| uri::under(host, suffix));
        let allowed = match purpose {
            Purpose::Document => under(&self.trusted) || under(&self.asked),
            Purpose::Session => under(&self.trusted),
            Purpose::Token => AUTHORITIES.iter().any(|known| known.eq_ignore_ascii_case(host)) || under(&self.trusted),
        };
        match (allowed, purpose) {
            (true, _) => Ok(address),
            (false, Purpose::Document) => Err(format!("discovery leads to {host}, which is not known to belong to it")),
            (false, Purpose::Session) => Err(format!("discovery leads to {host}, which may not get this credential")),
            (false, Purpose::Token) => Err(format!(
                "{host} is named as the place to get tokens, but it may not get this password"
            )),
        }
    }
}
