//! What a template knows.

use std::time::Duration;

use crate::Template;

const MINUTE: Duration = Duration::from_secs(60);

/// How long an open may take in all: the default of `New-PSSessionOption -OpenTimeout`.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(180);
/// How long an unused session stays that is not its admin's last. Ours: long enough for the next line of a script.
pub const LINGER: Duration = MINUTE;
/// How long a pipeline waits behind another before it takes a second session. Ours: longer than most pipelines run.
pub const SPREAD_AFTER: Duration = Duration::from_secs(2);
/// How long a reader may take nothing while others wait. Ours.
pub const STALL: Duration = MINUTE;
/// How long a request for a document or a token may take: as long as a browser's user would wait. Ours.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How an account proves itself to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogOn {
    /// User name and password with every request, over TLS.
    Basic,
    /// Kerberos or NTLM, bound to the connection.
    Negotiate,
    /// NTLM and nothing else, bound to the connection.
    Ntlm,
    /// Kerberos and nothing else, bound to the connection.
    Kerberos,
    /// A token in place of the password.
    Bearer,
    /// The certificate of the client's side of TLS.
    Certificate,
}

impl LogOn {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Basic,
        Self::Negotiate,
        Self::Ntlm,
        Self::Kerberos,
        Self::Bearer,
        Self::Certificate,
    ];

    /// Its name in configuration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Negotiate => "negotiate",
            Self::Ntlm => "ntlm",
            Self::Kerberos => "kerberos",
            Self::Bearer => "bearer",
            Self::Certificate => "certificate",
        }
    }

    /// The log-on of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|log_on| log_on.name() == name)
    }

    /// Whether it seals bodies where TLS does not, so that plain http shows nothing.
    pub const fn seals(self) -> bool {
        match self {
            Self::Negotiate | Self::Ntlm | Self::Kerberos => true,
            Self::Basic | Self::Bearer | Self::Certificate => false,
        }
    }

    /// Why this build cannot do it, in a sentence for the user; `None` if it can.
    pub const fn missing(self) -> Option<&'static str> {
        match self {
            Self::Basic | Self::Negotiate | Self::Ntlm | Self::Kerberos | Self::Bearer | Self::Certificate => None,
        }
    }
}

/// At most `count` in any window of `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// What holds for a template where a profile says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// The configuration's name, the last part of the resource URI. `None`: each endpoint has its own.
    pub configuration: Option<&'static str>,
    /// The connection address; `{host}` stands for the profile's host. `None`: the profile gives it whole.
    pub uri: Option<&'static str>,
    /// Remote connections of one admin at a time (`PowerShellMaxConcurrency`).
    pub max_concurrency: u32,
    /// Remote connections of one organization at a time (`PowerShellMaxTenantConcurrency`); `None`: no such limit.
    pub max_tenant_concurrency: Option<u32>,
    /// How often a session may be opened.
    pub open_rate: Option<Rate>,
    /// When the service ends an idle session. The server's own word in the answer to Create counts more.
    pub idle_timeout: Duration,
    /// The longest idle time that the service may grant: for how long an unseen shell may be there.
    pub max_idle_timeout: Duration,
    /// Commands after which a session is recycled, ahead of the plug-in's quota.
    pub max_commands: u32,
    /// False where commands are refused as script text.
    pub language: bool,
    /// True where the limits are counted per host, not for the service as a whole.
    pub per_host: bool,
    /// True where the address follows from the user's domain once discovery is there.
    pub discovery: bool,
}

impl Template {
    /// What holds where a profile says nothing else.
    pub const fn defaults(self) -> Defaults {
        match self {
            // Three connections an admin and nine an organization, closed after fifteen idle minutes: Microsoft,
            // "Using Windows PowerShell to manage Skype for Business Online" (the quota of an organization was 20 from
            // March 2020, SfB docs PR 4144: set max_tenant_concurrency where that is known to hold).
            Self::SkypeOnline | Self::LyncOnline => Defaults {
                configuration: Some("Microsoft.PowerShell"),
                uri: None,
                max_concurrency: 3,
                max_tenant_concurrency: Some(9),
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(60),
                max_commands: 900,
                language: true,
                per_host: false,
                discovery: true,
            },
            // "Limited to three open remote PowerShell connections to your Exchange Online Protection organization":
            // Microsoft, "Connect to Exchange Online Protection PowerShell".
            Self::Eop => Defaults {
                configuration: Some("Microsoft.Exchange"),
                uri: Some("https://ps.protection.outlook.com/powershell-liveid/"),
                max_concurrency: 3,
                max_tenant_concurrency: Some(3),
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(60),
                max_commands: 900,
                language: false,
                per_host: false,
                discovery: false,
            },
            // Three an admin and five opens a minute: the budget that the service prints in its own faults
            // (MaxConcurrency 3, RunSpacesRemaining 5/5, MaxRunspacesTimePeriod 60).
            Self::ExchangeOnline => Defaults {
                configuration: Some("Microsoft.Exchange"),
                uri: Some("https://outlook.office365.com/powershell-liveid/"),
                max_concurrency: 3,
                max_tenant_concurrency: None,
                open_rate: Some(Rate { count: 5, per: MINUTE }),
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(60),
                max_commands: 900,
                language: false,
                per_host: false,
                discovery: false,
            },
            // PowerShellMaxConcurrency is 18 in the default throttling policy; the tenant's 9 binds hosting estates only.
            Self::ExchangeServer => Defaults {
                configuration: Some("Microsoft.Exchange"),
                uri: Some("https://{host}/powershell/"),
                max_concurrency: 18,
                max_tenant_concurrency: None,
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(60),
                max_commands: 900,
                language: false,
                per_host: true,
                discovery: false,
            },
            // An IIS plug-in host: no documented number of its own, so WinRM's.
            Self::SkypeServer => Defaults {
                configuration: Some("Microsoft.PowerShell"),
                uri: Some("https://{host}/OcsPowershell"),
                max_concurrency: 25,
                max_tenant_concurrency: None,
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(120),
                max_commands: 900,
                language: false,
                per_host: true,
                discovery: false,
            },
            // The PowerShell plug-in's MaxShellsPerUser is 25 (MS-WSMV 3.1.4.1.34.3.4), WinRM's own 30; a shell idles
            // out after two hours, and its MaxIdleTimeoutms of 2,147,483,647 is the most that Create may ask for.
            Self::Winrm => Defaults {
                configuration: Some("Microsoft.PowerShell"),
                uri: Some("https://{host}:5986/wsman"),
                max_concurrency: 25,
                max_tenant_concurrency: None,
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(120),
                max_commands: 900,
                language: true,
                per_host: true,
                discovery: false,
            },
            // As WinRM, but each endpoint has a name of its own and no language.
            Self::Jea => Defaults {
                configuration: None,
                uri: Some("https://{host}:5986/wsman"),
                max_concurrency: 25,
                max_tenant_concurrency: None,
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(120),
                max_commands: 900,
                language: false,
                per_host: true,
                discovery: false,
            },
            // Nobody at the other end counts: ten is the MaxSessions that sshd itself is configured with, and as many
            // PowerShells as a host should be asked to hold. What idles is a process, and ends when we say so.
            Self::Ssh | Self::Process => Defaults {
                configuration: None,
                uri: None,
                max_concurrency: 10,
                max_tenant_concurrency: None,
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(15),
                max_commands: 1_000_000,
                language: true,
                per_host: true,
                discovery: false,
            },
            // The numbers of the service that it plays.
            Self::Demo => Defaults {
                configuration: Some("Microsoft.PowerShell"),
                uri: None,
                max_concurrency: 3,
                max_tenant_concurrency: Some(9),
                open_rate: None,
                idle_timeout: MINUTE.saturating_mul(15),
                max_idle_timeout: MINUTE.saturating_mul(60),
                max_commands: 900,
                language: true,
                per_host: false,
                discovery: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_never_has_less_than_its_admin_and_ids_are_sane() {
        for template in Template::ALL {
            let defaults = template.defaults();
            assert!(defaults.max_concurrency > 0, "{template}");
            assert!(
                defaults.max_tenant_concurrency.unwrap_or(u32::MAX) >= defaults.max_concurrency,
                "{template}"
            );
            assert!(defaults.max_idle_timeout >= defaults.idle_timeout, "{template}");
            assert!(
                template.is_program() || defaults.max_commands < 1000,
                "{template}: the plug-in's quota is 1000"
            );
        }
    }

    #[test]
    fn what_is_missing_is_said_in_words() {
        assert_eq!(LogOn::Basic.missing(), None);
        for log_on in LogOn::ALL {
            assert_eq!(LogOn::named(log_on.name()), Some(log_on));
        }
    }
}
