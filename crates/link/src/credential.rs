//! How a request says who asks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// How a request says who asks. Schemes that authenticate the connection (Negotiate, NTLM, Kerberos) and client
/// certificates will be further variants: the lane is the connection, so it will own their state.
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
}

impl Credential {
    /// A user name and a password.
    pub fn basic(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::Basic {
            user: user.into(),
            password: password.into(),
        }
    }

    /// The Authorization header's value, marked as sensitive; `None` if it cannot be written as one.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Anonymous => return None,
            Self::Basic { user, password } => {
                let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
                Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
            }
            Self::Bearer { token } => Zeroizing::new(format!("Bearer {}", token.expose_secret())),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { user, .. } => f.debug_struct("Basic").field("user", user).finish_non_exhaustive(),
            Self::Bearer { .. } => f.debug_struct("Bearer").finish_non_exhaustive(),
        }
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
        let shown = format!("{basic:?} {bearer:?} {:?}", basic.authorization().unwrap());
        assert!(
            !shown.contains("hunter2") && !shown.contains("eyJ0") && !shown.contains("a2Vu"),
            "{shown}"
        );
        assert!(shown.contains("ken"));
    }
}
