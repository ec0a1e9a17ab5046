//! The parameters of New-CsOnlineSession and New-PSSession, as one typed value: read from a table (TOML, JSON, a hash
//! table's twin), compared for session pooling.

mod error;
mod fields;
mod identity;
mod parameters;
mod session;
mod source;
mod value;

pub use error::OptionError;
pub use parameters::{Authentication, Credential, Parameters};
pub use session::{Buffering, Proxy, ProxyAccess, SessionOption};
pub use source::SecretSource;

#[cfg(test)]
mod tests;
