//! What an admin sees of a connection that is being made, in the words of the documents.

use crate::Template;

/// A step of the connection flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Which domain is to be administered?
    DeterminingDomain,
    /// This one.
    AdminDomain(String),
    /// Where is its endpoint?
    Discovering,
    /// There.
    TargetUri(String),
    /// A token, or the password, is being got.
    RequestingToken,
    /// It is there.
    TokenGranted,
    /// A session is being opened. For the driver: discovery ends before.
    Initializing,
    /// It is open. For the driver, too.
    Opened,
}

impl Stage {
    /// The line that the template's document prints after `VERBOSE: `; `None` where its document shows none.
    pub fn words(&self, template: Template) -> Option<String> {
        let quoted = template.quotes_target()?;
        Some(match self {
            Self::DeterminingDomain => "Determining domain to admin".to_owned(),
            Self::AdminDomain(domain) => format!("AdminDomain = {domain}"),
            Self::Discovering => "Discovering PowerShell endpoint URI".to_owned(),
            Self::TargetUri(uri) if quoted => format!("TargetUri = '{uri}'"),
            Self::TargetUri(uri) => format!("TargetUri = {uri}"),
            Self::RequestingToken => "Requesting authentication token".to_owned(),
            Self::TokenGranted | Self::Opened => "Success".to_owned(),
            Self::Initializing => "Initializing remote session".to_owned(),
        })
    }
}
