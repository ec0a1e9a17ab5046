//! The namespaces as numbers.

use crate::names;

/// The namespaces that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ns {
    Soap,
    Addressing,
    Wsman,
    Wsmv,
    Shell,
    Transfer,
    Enumeration,
    Fault,
    PowerShell,
    Identity,
    Config,
    Other,
}

impl Ns {
    pub(super) fn of(uri: &str) -> Self {
        match uri {
            names::SOAP => Self::Soap,
            names::ADDRESSING => Self::Addressing,
            names::WSMAN => Self::Wsman,
            names::WSMV => Self::Wsmv,
            names::SHELL => Self::Shell,
            names::TRANSFER => Self::Transfer,
            names::ENUMERATION => Self::Enumeration,
            names::FAULT => Self::Fault,
            names::POWERSHELL => Self::PowerShell,
            names::IDENTITY => Self::Identity,
            names::CONFIG => Self::Config,
            _ => Self::Other,
        }
    }
}
