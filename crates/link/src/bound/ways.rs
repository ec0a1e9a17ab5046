//! Which scheme and mechanism to log on with, in which order, and how each begins.

use secrecy::SecretString;

use super::context::{Context, Refused};
use super::ntlm::NtlmContext;
use super::spnego::Spnego;
use super::{gssapi, kerberos, sealing};
use crate::sys::Gssapi;
use crate::{Credential, Tickets};

/// A scheme, and a mechanism in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// As in WWW-Authenticate and Authorization.
    pub(super) scheme: &'static str,
    pub(super) mechanism: Mechanism,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Ntlm,
    Kerberos,
}

impl Mechanism {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ntlm => "NTLM",
            Self::Kerberos => "Kerberos",
        }
    }
}

const NEGOTIATE: &str = "Negotiate";

/// The ways that a credential allows and the server offers, the best first.
pub(super) fn ways(credential: &Credential, offered: &[String]) -> Vec<Way> {
    let offers = |scheme: &str| offered.iter().any(|one| one.eq_ignore_ascii_case(scheme));
    let way = |scheme, mechanism| Way { scheme, mechanism };
    let has_password = !matches!(credential, Credential::Negotiate { password: None, .. });
    let all: &[Way] = match credential {
        Credential::Negotiate { .. } if offers(NEGOTIATE) => {
            &[way(NEGOTIATE, Mechanism::Kerberos), way(NEGOTIATE, Mechanism::Ntlm)]
        }
        // A server without SPNEGO may still have what it would have settled on.
        Credential::Negotiate { .. } => &[way("Kerberos", Mechanism::Kerberos), way("NTLM", Mechanism::Ntlm)],
        Credential::Ntlm { .. } if offers("NTLM") => &[way("NTLM", Mechanism::Ntlm)],
        Credential::Ntlm { .. } => &[way(NEGOTIATE, Mechanism::Ntlm)],
        Credential::Kerberos { .. } if offers("Kerberos") => &[way("Kerberos", Mechanism::Kerberos)],
        Credential::Kerberos { .. } => &[way(NEGOTIATE, Mechanism::Kerberos)],
        Credential::Anonymous | Credential::Basic { .. } | Credential::Bearer { .. } | Credential::Certificate => &[],
    };
    all.iter()
        .copied()
        .filter(|way| offers(way.scheme) && (has_password || way.mechanism == Mechanism::Kerberos))
        .collect()
}

/// What the credential wants, for a sentence.
pub(super) const fn wanted(credential: &Credential) -> &'static str {
    match credential {
        Credential::Ntlm { .. } => "NTLM",
        Credential::Kerberos { .. } => "Kerberos",
        _ => NEGOTIATE,
    }
}

impl Way {
    /// The protocol of sealed bodies (MS-WSMV 2.2.9.1.1): by the scheme, whatever the mechanism.
    pub(super) fn protocol(self) -> &'static str {
        if self.scheme == "Kerberos" {
            sealing::KERBEROS
        } else {
            sealing::SPNEGO
        }
    }

    /// Begins a context with the service on that host. May block: a library is loaded, a KDC asked.
    pub(super) fn begin(
        self,
        credential: &Credential,
        host: &str,
        binding: Option<&[u8]>,
    ) -> Result<Box<dyn Context>, Refused> {
        let absent = || Refused::Unavailable("there is no password for it".to_owned());
        match (self.mechanism, credential) {
            (
                Mechanism::Ntlm,
                Credential::Ntlm { user, password }
                | Credential::Negotiate {
                    user,
                    password: Some(password),
                    ..
                },
            ) => Ok(Box::new(NtlmContext::new(
                user,
                password,
                &format!("HTTP/{host}"),
                binding,
            )?)),
            (
                Mechanism::Kerberos,
                Credential::Negotiate {
                    user,
                    password,
                    tickets,
                }
                | Credential::Kerberos {
                    user,
                    password,
                    tickets,
                },
            ) => {
                let context = by_kerberos(user, password.as_ref(), tickets, host, binding)?;
                Ok(if self.scheme == NEGOTIATE {
                    Box::new(Spnego::new(context))
                } else {
                    context
                })
            }
            _ => Err(absent()),
        }
    }
}

fn by_kerberos(
    user: &str,
    password: Option<&SecretString>,
    tickets: &Tickets,
    host: &str,
    binding: Option<&[u8]>,
) -> Result<Box<dyn Context>, Refused> {
    match (Gssapi::load(), password) {
        (Some(library), password) => {
            let context = gssapi::begin(library, user, password, host, tickets, binding)?;
            Ok(Box::new(context))
        }
        (None, Some(password)) => {
            let context = kerberos::begin(user, password, &format!("HTTP/{host}"), tickets)?;
            Ok(Box::new(context))
        }
        (None, None) => Err(Refused::Unavailable(
            "Kerberos tickets need libgssapi_krb5.so.2, which this machine does not have".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(credential: &Credential, offered: &[&str]) -> Vec<(&'static str, &'static str)> {
        let offered: Vec<_> = offered.iter().map(|scheme| (*scheme).to_owned()).collect();
        let found = ways(credential, &offered);
        found.iter().map(|way| (way.scheme, way.mechanism.name())).collect()
    }

    #[test]
    fn ways_are_those_that_both_have_and_kerberos_comes_first() {
        let negotiate = |password: Option<&str>| Credential::Negotiate {
            user: "ken".to_owned(),
            password: password.map(Into::into),
            tickets: Tickets::default(),
        };
        let ntlm = Credential::Ntlm {
            user: "ken".to_owned(),
            password: "x".into(),
        };
        let kerberos = Credential::Kerberos {
            user: "ken".to_owned(),
            password: None,
            tickets: Tickets::default(),
        };
        assert_eq!(
            schemes(&negotiate(Some("x")), &["negotiate", "Basic"]),
            [("Negotiate", "Kerberos"), ("Negotiate", "NTLM")]
        );
        assert_eq!(
            schemes(&negotiate(None), &["Negotiate", "NTLM"]),
            [("Negotiate", "Kerberos")]
        );
        assert_eq!(schemes(&negotiate(Some("x")), &["NTLM"]), [("NTLM", "NTLM")]);
        assert_eq!(schemes(&ntlm, &["Negotiate"]), [("Negotiate", "NTLM")]);
        assert_eq!(schemes(&ntlm, &["Negotiate", "NTLM"]), [("NTLM", "NTLM")]);
        assert_eq!(
            schemes(&kerberos, &["Negotiate", "Kerberos"]),
            [("Kerberos", "Kerberos")]
        );
        assert_eq!(schemes(&kerberos, &["Basic", "NTLM"]), []);
    }
}
