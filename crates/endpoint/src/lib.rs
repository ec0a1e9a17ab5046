//! What is known of the services before anybody connects, and how one gets from an account to a place to connect to.
//! A profile names a [`Template`] and overrides what it knows better; every number here says where it comes from.
//! Nothing here sends anything: requests are values, and so are their answers.
//!
//! - [`Template`]: the kinds of endpoint. - [`Defaults`]: what a template knows, as data. - [`Variant`]: its other
//!   addresses. - [`SignIn`]: who gives tokens for it.
//! - [`Address`]: the connection address of a profile, made of what it gives and what its template knows.
//! - [`Parameters`]: New-CsOnlineSession's and New-PSSession's, with [`SessionOption`]; [`Discovery`]: what the former
//!   does before it opens a session, [`Question`] in and [`Target`] out; [`Stage`]: its verbose lines.
//! - [`Expiry`], [`Claims`], [`Refresh`]: how long a token is good for, and how it is renewed.
//! - [`redirected`]: whether credentials may follow a redirect.
//! - [`Program`]: endpoints that are a program's standard input and output, with [`Ssh`]; [`Ending`]: what its end means.
//! - [`Saying`]: what went wrong in the user's words, out of [`Facts`].

mod address;
mod autodiscover;
mod challenge;
mod cloud;
mod defaults;
mod device;
mod discovery;
mod oauth;
mod options;
mod pace;
mod program;
mod redirect;
mod request;
mod template;
mod token;
mod uri;
mod variant;
mod words;

pub use address::{Address, AddressError};
pub use challenge::Challenge;
pub use cloud::SignIn;
pub use defaults::{Defaults, LINGER, LogOn, OPEN_TIMEOUT, REQUEST_TIMEOUT, Rate, SPREAD_AFTER, STALL};
pub use device::DeviceCode;
pub use discovery::{Discovery, Need, Output, Placed, Placement, Question, Renewal, Stage, Target, Way};
pub use oauth::{Authority, Refresh, Refusal, Renewed};
pub use options::{
    Authentication, Buffering, Credential, OptionError, Parameters, Proxy, ProxyAccess, SecretSource, SessionOption,
};
pub use program::{Ending, Program, Ssh, SshError};
pub use redirect::{
    MAXIMUM_REDIRECTION, RedirectPolicy, RedirectRefused, redirected, with_delegated_org, with_token_conversion,
};
pub use request::{Method, Request, Response};
pub use template::Template;
pub use token::{Claims, Expiry, Wall};
pub use uri::under as is_under;
pub use variant::{LIMIT_ALIASES, Variant};
pub use words::{Facts, Kind, Network, Saying, Scene, Tls, TlsReason, Tried, Unanswered};
