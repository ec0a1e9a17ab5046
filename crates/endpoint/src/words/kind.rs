//! What can be wrong.

/// What is wrong, as far as anybody can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// There is nothing to log on with.
    NoCredential,
    /// User name or password is not right.
    WrongPassword,
    /// The directory does not know the account.
    UnknownAccount,
    /// The password was right once.
    PasswordExpired,
    /// The password must be changed before it can be used.
    PasswordMustChange,
    /// Too many wrong passwords, or locked by an admin.
    AccountLocked,
    /// Disabled by an admin.
    AccountDisabled,
    /// Locked or disabled: Kerberos does not say which.
    AccountRevoked,
    /// The account's own end has come.
    AccountExpired,
    /// The account may not log on at this hour, from this machine or in this way.
    AccountRestricted,
    /// A second factor is wanted, which a password log-on cannot give.
    MfaRequired,
    /// A policy of the organization refuses this machine, place or application.
    PolicyBlocked,
    /// The application has no consent in the organization.
    ConsentRequired,
    /// Passwords of this account are checked elsewhere, so a password log-on cannot work.
    Federated,
    /// A Kerberos ticket has ended.
    TicketExpired,
    /// There is no Kerberos ticket.
    NoTicket,
    /// A token has ended or was revoked.
    TokenExpired,
    /// The service does not take the token.
    TokenRefused,
    /// The device code has ended.
    CodeExpired,
    /// The person said no to the device code.
    CodeDenied,
    /// The server does not offer the scheme that was tried.
    SchemeNotOffered,
    /// The account may not do this here.
    Forbidden,
    /// The host's name is not known.
    UnknownHost,
    /// Kerberos knows no such service.
    UnknownService,
    /// Autodiscovery has no server for the domain.
    DiscoveryName,
    /// Autodiscovery does not know the domain.
    UnknownDomain,
    /// Autodiscovery answered, but not with a service in the cloud: hybrid DNS, as a rule.
    DiscoveryHybrid,
    /// Autodiscovery did not answer as it should.
    DiscoveryFailed,
    /// Discovery points to a place that is not allowed to get anything.
    PlaceNotAllowed,
    /// The profile or the parameters lack something.
    BadProfile,
    /// Nobody listens.
    PortClosed,
    /// No way there.
    Unreachable,
    /// The proxy refused.
    Proxy,
    /// The certificate is not trusted, or TLS failed otherwise.
    TlsUntrusted,
    /// Clocks differ by more than the protocol allows.
    ClockSkew,
    /// No server that checks the log-on could be reached.
    NoLogonServer,
    /// The admin has as many sessions as allowed.
    AdminQuota,
    /// The organization has as many sessions as allowed.
    OrganizationQuota,
    /// The service has as many sessions as it takes.
    ServiceQuota,
    /// Requests come too quickly.
    Rate,
    /// A shell was not found.
    ShellNotFound,
    /// The session was closed.
    SessionClosed,
    /// There is no such configuration.
    UnknownConfiguration,
    /// Remote shells are not allowed there.
    RemoteDisallowed,
    /// A redirect that is not followed.
    Redirected,
    /// No answer in time.
    NoAnswer,
    /// The service is out of order just now.
    Unavailable,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// Whether a secret was refused: it must not be sent again before somebody logs in anew.
    pub const fn refuses_secret(self) -> bool {
        matches!(
            self,
            Self::WrongPassword
                | Self::UnknownAccount
                | Self::PasswordExpired
                | Self::PasswordMustChange
                | Self::AccountLocked
                | Self::AccountDisabled
                | Self::AccountRevoked
                | Self::AccountExpired
                | Self::AccountRestricted
                | Self::MfaRequired
                | Self::PolicyBlocked
                | Self::ConsentRequired
                | Self::Federated
                | Self::TokenExpired
                | Self::TokenRefused
        )
    }

    /// Whether only a person can help: a script ends with exit code 77.
    pub const fn needs_login(self) -> bool {
        self.refuses_secret()
            || matches!(
                self,
                Self::NoCredential | Self::TicketExpired | Self::NoTicket | Self::CodeExpired | Self::CodeDenied
            )
    }

    /// Whether the same may work later without anybody doing anything.
    pub const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::PortClosed
                | Self::Unreachable
                | Self::NoLogonServer
                | Self::AdminQuota
                | Self::OrganizationQuota
                | Self::ServiceQuota
                | Self::Rate
                | Self::NoAnswer
                | Self::Unavailable
        )
    }
}

/// What to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// One lowercase sentence without full stop, with the number it was recognised by.
    pub message: String,
    /// What helps, as a command or a line of configuration where there is one.
    pub hint: Option<String>,
    /// What it is, for programs.
    pub kind: Kind,
}

impl std::fmt::Display for Saying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Saying {}
