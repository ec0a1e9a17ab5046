//! Where to connect, and with what.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{Expiry, Need, Refresh};

/// Where a secret goes, so that the service takes it (services.md 1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A password: user name and password, as they are.
    Plain {
        /// The account.
        user: String,
    },
    /// A token of Skype's OAuth endpoint: user name `oauth`, the bare token as its password.
    OAuthUser,
    /// A token of Exchange's: the account, and `Bearer ` before the token as its password.
    BearerPassword {
        /// The account. The service compares it with the token's own.
        user: String,
    },
    /// A token in a header of its own (RFC 6750).
    Header,
}

impl Placement {
    /// Puts a secret where it goes: at the start, and again with each that replaces it.
    pub fn place(&self, secret: SecretString) -> Placed {
        match self {
            Self::Plain { user } => Placed::Basic {
                user: user.clone(),
                password: secret,
            },
            Self::OAuthUser => Placed::Basic {
                user: "oauth".to_owned(),
                password: secret,
            },
            Self::BearerPassword { user } => {
                let mut text = Zeroizing::new(String::with_capacity(7 + secret.expose_secret().len()));
                text.push_str("Bearer ");
                text.push_str(secret.expose_secret());
                Placed::Basic {
                    user: user.clone(),
                    password: SecretString::from(text.as_str()),
                }
            }
            Self::Header => Placed::Bearer { token: secret },
        }
    }
}

/// A secret in its place.
#[derive(Clone, Debug)]
pub enum Placed {
    /// `Authorization: Basic` on every request.
    Basic {
        /// The user name.
        user: String,
        /// What goes where a password does.
        password: SecretString,
    },
    /// `Authorization: Bearer` on every request.
    Bearer {
        /// The token.
        token: SecretString,
    },
}

/// Where another secret comes from when this one ends.
#[derive(Clone, Debug)]
pub enum Renewal {
    /// It does not end.
    Never,
    /// From the authority, without anybody.
    Refresh(Refresh),
    /// From whoever gave this one.
    Ask(Need),
    /// From a person: a new sign-in.
    SignIn,
}

/// Where to connect, and with what.
#[derive(Clone, Debug)]
pub struct Target {
    /// The connection address, with all that its query needs but PSVersion.
    pub uri: String,
    /// The configuration's name, or a whole resource URI.
    pub configuration: String,
    /// What to log on with.
    pub credential: Placed,
    /// Where the next one goes.
    pub placement: Placement,
    /// PSRP application arguments.
    pub application_arguments: Vec<(String, String)>,
    /// The session's friendly name, where the service's connector gave one.
    pub session_name: Option<&'static str>,
    /// Whether the server is asked not to load the user's profile.
    pub no_profile: bool,
    /// The account, if it is known.
    pub user: Option<String>,
    /// The domain that is administered, if there is one.
    pub admin_domain: Option<String>,
    /// When the credential ends, if it does and that is known.
    pub expiry: Option<Expiry>,
    /// How it is replaced then.
    pub renewal: Renewal,
}
