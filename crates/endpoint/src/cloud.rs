//! What the online services have besides a shell: who signs in, where credentials may go, and what their connector said.

use crate::{LogOn, Template};

/// The public application that New-CsOnlineSession fell back to for a second factor (services.md 1.2, step 6): the one
/// of Azure's own PowerShell, which every tenant knows.
pub(crate) const POWERSHELL_CLIENT: &str = "1950a258-227b-4e31-a9cf-717495945fc2";
/// The public application of Exchange Online's remote PowerShell, as its own module and its followers use it.
const EXCHANGE_CLIENT: &str = "a0c73c16-a7e3-4564-9a95-2bdf47383716";

/// Who may be asked for tokens: Microsoft's sign-in hosts in its four clouds (services.md 1.2; MSCloudLoginAssistant).
pub(crate) const AUTHORITIES: [&str; 8] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoftonline.de",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
    "login.microsoftonline.us",
    "login-us.microsoftonline.com",
    "login.microsoft.com",
];

/// How tokens are asked for where no 401 says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn {
    /// Who signs accounts in.
    pub authority: &'static str,
    /// The application.
    pub client: &'static str,
    /// What the token is for.
    pub resource: &'static str,
}

impl Template {
    /// How its accounts log on where a profile says nothing else: Basic for what is documented with `-Authentication
    /// Basic` or a credential, Negotiate (Kerberos or NTLM) for what stands in one's own house.
    pub const fn log_on(self) -> LogOn {
        match self {
            Self::SkypeOnline | Self::LyncOnline | Self::Eop | Self::ExchangeOnline | Self::Demo => LogOn::Basic,
            // ssh and the programs do without us: keys are theirs, and nobody is asked here.
            Self::ExchangeServer | Self::SkypeServer | Self::Winrm | Self::Jea | Self::Ssh | Self::Process => {
                LogOn::Negotiate
            }
        }
    }

    /// How tokens are asked for. `None`: the endpoint's own 401 says it, or there are none.
    pub const fn sign_in(self) -> Option<SignIn> {
        match self {
            Self::Eop | Self::ExchangeOnline => Some(SignIn {
                authority: "https://login.microsoftonline.com/organizations",
                client: EXCHANGE_CLIENT,
                resource: "https://outlook.office365.com",
            }),
            Self::SkypeOnline
            | Self::LyncOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Ssh
            | Self::Process
            | Self::Demo => None,
        }
    }

    /// Whether it is one of Exchange's, where a token goes into the password after `Bearer ` and the query says so.
    pub const fn is_exchange(self) -> bool {
        matches!(self, Self::Eop | Self::ExchangeOnline | Self::ExchangeServer)
    }

    /// Suffixes of host names that discovery, or a redirect that a profile allows, may lead credentials to.
    /// Skype: admin and web directory hosts under lync.com, and the later ones of Teams (services.md 1.1, 1.2).
    /// Exchange: the front ends that the documents name, in Microsoft's clouds (services.md 2.1, 2.2).
    pub const fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::SkypeOnline | Self::LyncOnline => &["lync.com", "interfaces.records.teams.microsoft.com"],
            Self::Eop | Self::ExchangeOnline => &[
                "outlook.com",
                "outlook.office365.com",
                "outlook.office365.us",
                "protection.office365.us",
                "outlook.de",
                "outlook.office.de",
                "partner.outlook.cn",
            ],
            Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Ssh
            | Self::Process
            | Self::Demo => &[],
        }
    }

    /// PSRP application arguments that its connector sent (services.md 1.2, step 8).
    pub const fn application_arguments(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::SkypeOnline | Self::LyncOnline => &[("X-MS-Client-Version", "7.0.2374.2")],
            _ => &[],
        }
    }

    /// The friendly name that its connector gave a session (services.md 1.2, step 8).
    pub const fn session_name(self) -> Option<&'static str> {
        match self {
            Self::SkypeOnline | Self::LyncOnline => Some("SfBPowerShellSession"),
            _ => None,
        }
    }

    /// Whether its connector asked the server not to load the user's profile (services.md 1.2, step 8).
    pub const fn no_profile(self) -> bool {
        matches!(self, Self::SkypeOnline | Self::LyncOnline)
    }

    /// The verbose lines of its connector, as its document prints them; `None` where the document shows none.
    pub(crate) const fn quotes_target(self) -> Option<bool> {
        match self {
            // "TargetUri = 'https://admin2a.online.lync.com/OcsPowershellLiveId'"
            Self::SkypeOnline | Self::Demo => Some(true),
            // "TargetUri = https://webdir0d.litwareinc.com/OcsPowerShellLiveId", in English and in French
            Self::LyncOnline => Some(false),
            Self::Eop
            | Self::ExchangeOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Ssh
            | Self::Process => None,
        }
    }
}
