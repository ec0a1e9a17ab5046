//! How a request says who asks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// What WinRM wants to read when the client's certificate is to log on (MS-WSMV 3.1.4.1, DSP0226 C.3.1.4).
const BY_CERTIFICATE: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual";

/// How a request says who asks.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// Nobody: for discovery.
    Anonymous,
    /// `Authorization: Basic` on every request (RFC 7617, UTF-8).
    Basic {
        /// The account.
        user: String,
        /// Its password.
        password: SecretString,
    },
    /// `Authorization: Bearer` on every request (RFC 6750).
    Bearer {
        /// The access token.
        token: SecretString,
    },
    /// Kerberos where that can be had, else NTLM; it is the connection that is logged on.
    Negotiate {
        /// The account: `USER@REALM`, `DOMAIN\USER`, `USER`.
        user: String,
        /// Its password; without one the asker's Kerberos tickets are used, and never NTLM.
        password: Option<SecretString>,
        /// Where these are.
        tickets: Tickets,
    },
    /// NTLM; it is the connection that is logged on.
    Ntlm {
        /// The account: `DOMAIN\USER`, `USER@DOMAIN`, `USER`.
        user: String,
        /// Its password.
        password: SecretString,
    },
    /// Kerberos and nothing else; it is the connection that is logged on.
    Kerberos {
        /// The account: `USER@REALM`.
        user: String,
        /// Its password; without one the asker's tickets are used.
        password: Option<SecretString>,
        /// Where these are.
        tickets: Tickets,
    },
    /// The network's client certificate, which the server finds an account for.
    Certificate,
}

/// Where Kerberos finds the asker's tickets and its own configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tickets {
    /// The ticket cache, as KRB5CCNAME names it; `None` is the system's default.
    pub cache: Option<String>,
    /// The configuration files, as KRB5_CONFIG names them; `None` is `/etc/krb5.conf`. The system's GSSAPI reads what
    /// this process's own environment names.
    pub configuration: Option<String>,
}

impl Tickets {
    /// Reads the asker's environment.
    pub fn of_environment<'e>(variables: impl IntoIterator<Item = (&'e str, &'e str)>) -> Self {
        let mut tickets = Self::default();
        for (name, value) in variables {
            match name {
                "KRB5CCNAME" => tickets.cache = Some(value.to_owned()).filter(|value| !value.is_empty()),
                "KRB5_CONFIG" => tickets.configuration = Some(value.to_owned()).filter(|value| !value.is_empty()),
                _ => {}
            }
        }
        tickets
    }
}

impl Credential {
    /// A user name and a password.
    pub fn basic(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::Basic {
            user: user.into(),
            password: password.into(),
        }
    }

    /// Whether the other proves the same account in the same way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let parts = |credential: &Self| match credential {
            Self::Anonymous => (0, None, None, None),
            Self::Basic { user, password } => (1, Some(user.clone()), Some(password.clone()), None),
            Self::Bearer { token } => (2, None, Some(token.clone()), None),
            Self::Negotiate {
                user,
                password,
                tickets,
            } => (3, Some(user.clone()), password.clone(), Some(tickets.clone())),
            Self::Ntlm { user, password } => (4, Some(user.clone()), Some(password.clone()), None),
            Self::Kerberos {
                user,
                password,
                tickets,
            } => (5, Some(user.clone()), password.clone(), Some(tickets.clone())),
            Self::Certificate => (6, None, None, None),
        };
        let (one, two) = (parts(self), parts(other));
        let same = |one: &Option<SecretString>, two: &Option<SecretString>| match (one, two) {
            (Some(one), Some(two)) => one.expose_secret() == two.expose_secret(),
            (one, two) => one.is_none() && two.is_none(),
        };
        (one.0, one.1, one.3) == (two.0, two.1, two.3) && same(&one.2, &two.2)
    }

    /// Whether it is the connection that is logged on, and not each request.
    pub const fn is_bound(&self) -> bool {
        match self {
            Self::Negotiate { .. } | Self::Ntlm { .. } | Self::Kerberos { .. } => true,
            Self::Anonymous | Self::Basic { .. } | Self::Bearer { .. } | Self::Certificate => false,
        }
    }

    /// The Authorization header's value, marked as sensitive; `None` if it cannot be written as one.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Anonymous | Self::Negotiate { .. } | Self::Ntlm { .. } | Self::Kerberos { .. } => return None,
            Self::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
                Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
            }
            Self::Bearer { token } => Zeroizing::new(format!("Bearer {}", token.expose_secret())),
            Self::Certificate => Zeroizing::new(BY_CERTIFICATE.to_owned()),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, user) = match self {
            Self::Anonymous => return f.write_str("Anonymous"),
            Self::Bearer { .. } => return f.debug_struct("Bearer").finish_non_exhaustive(),
            Self::Certificate => return f.write_str("Certificate"),
            Self::Basic { user, .. } => ("Basic", user),
            Self::Negotiate { user, .. } => ("Negotiate", user),
            Self::Ntlm { user, .. } => ("Ntlm", user),
            Self::Kerberos { user, .. } => ("Kerberos", user),
        };
        f.debug_struct(name).field("user", user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_utf_8_and_splits_at_the_first_colon_only() {
        let value = Credential::basic("pilar@litwareinc.com", "pw:with:cölons")
            .authorization()
            .unwrap();
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        assert_eq!(
            STANDARD.decode(encoded).unwrap(),
            "pilar@litwareinc.com:pw:with:cölons".as_bytes()
        );
    }

    #[test]
    fn no_debug_shows_a_secret() {
        let basic = Credential::basic("ken", "hunter2");
        let bearer = Credential::Bearer { token: "eyJ0".into() };
        let ntlm = Credential::Ntlm {
            user: "ken".to_owned(),
            password: "hunter2".into(),
        };
        let shown = format!("{basic:?} {bearer:?} {ntlm:?} {:?}", basic.authorization().unwrap());
        assert!(
            !shown.contains("hunter2") && !shown.contains("eyJ0") && !shown.contains("a2Vu"),
            "{shown}"
        );
        assert!(shown.contains("ken"));
    }

    #[test]
    fn tickets_are_where_the_asker_says() {
        let tickets = Tickets::of_environment([("KRB5CCNAME", "FILE:/tmp/x"), ("KRB5_CONFIG", ""), ("PATH", "y")]);
        assert_eq!(tickets.cache.as_deref(), Some("FILE:/tmp/x"));
        assert_eq!(tickets.configuration, None);
    }
}
