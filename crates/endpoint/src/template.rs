//! The kinds of endpoint.

use std::fmt;

/// A kind of endpoint with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Template {
    /// Skype for Business Online. Microsoft switched it off in July 2021; compatible endpoints and labs remain.
    SkypeOnline,
    /// Lync Online, its predecessor.
    LyncOnline,
    /// Exchange Online Protection. Remote PowerShell is off since October 2023.
    Eop,
    /// Exchange Online. Remote PowerShell is off since October 2023.
    ExchangeOnline,
    /// Exchange Server in one's own house.
    ExchangeServer,
    /// Skype for Business Server or Lync Server in one's own house.
    SkypeServer,
    /// Any host with WinRM.
    Winrm,
    /// A constrained endpoint on a WinRM host (Just Enough Administration).
    Jea,
    /// PowerShell 7 behind an sshd, over the system's OpenSSH client.
    Ssh,
    /// A program that speaks PowerShell's out-of-process framing on its standard input and output.
    Process,
    /// The endpoint that `pslease demo` starts.
    Demo,
}

impl Template {
    /// Whether a session can be left on the server and taken again by a later process (Disconnect, Reconnect, Connect).
    /// WinRM does it; the services of Exchange and Skype answer that they do not, and a program ends with its pipes.
    pub const fn can_disconnect(self) -> bool {
        match self {
            Self::Winrm | Self::Jea => true,
            Self::SkypeOnline
            | Self::LyncOnline
            | Self::Eop
            | Self::ExchangeOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Ssh
            | Self::Process
            | Self::Demo => false,
        }
    }

    /// Whether the service's documents ask for TCP port 80 besides its own (the seed document of Exchange Online Protection
    /// does).
    pub const fn asks_for_port_80(self) -> bool {
        match self {
            Self::Eop | Self::ExchangeOnline => true,
            Self::SkypeOnline
            | Self::LyncOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Ssh
            | Self::Process
            | Self::Demo => false,
        }
    }

    /// Every template, in the order in which people are told of them.
    pub const ALL: [Self; 11] = [
        Self::Winrm,
        Self::Jea,
        Self::ExchangeServer,
        Self::SkypeServer,
        Self::SkypeOnline,
        Self::LyncOnline,
        Self::Eop,
        Self::ExchangeOnline,
        Self::Ssh,
        Self::Process,
        Self::Demo,
    ];

    /// The template of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }

    /// Its name in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkypeOnline => "skype-online",
            Self::LyncOnline => "lync-online",
            Self::Eop => "eop",
            Self::ExchangeOnline => "exchange-online",
            Self::ExchangeServer => "exchange-server",
            Self::SkypeServer => "skype-server",
            Self::Winrm => "winrm",
            Self::Jea => "jea",
            Self::Ssh => "ssh",
            Self::Process => "process",
            Self::Demo => "demo",
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_template() {
        for template in Template::ALL {
            assert_eq!(Template::named(template.name()), Some(template));
        }
        assert_eq!(Template::named("skype"), None);
    }
}
