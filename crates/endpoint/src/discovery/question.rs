//! What is to be connected to, and how.

use crate::{Parameters, Template, Variant, Wall};

/// How the account proves itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// With its password, as the endpoint takes it: for a token if it says where to get one, else as it is.
    #[default]
    Discovered,
    /// With its password, as it is.
    Plain,
    /// With its password, for a token.
    Password,
    /// By a device code, for a token: a second factor can be used.
    DeviceCode,
    /// With a token that somebody else got.
    Token,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 5] = [
        Self::Discovered,
        Self::Plain,
        Self::Password,
        Self::DeviceCode,
        Self::Token,
    ];

    /// Its name in configuration files: `sign_in = "device-code"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Plain => "plain",
            Self::Password => "password",
            Self::DeviceCode => "device-code",
            Self::Token => "token",
        }
    }

    /// The way of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// What is to be connected to, and how. [`Question::new`] gives one with a template's defaults.
#[derive(Clone, Debug)]
pub struct Question {
    /// The kind of endpoint.
    pub template: Template,
    /// Which of its addresses.
    pub variant: Option<Variant>,
    /// How the account proves itself.
    pub way: Way,
    /// The account, if it is known yet.
    pub user: Option<String>,
    /// The connection address, where it is known: nothing is discovered then.
    pub uri: Option<String>,
    /// The configuration's name, where it is not the template's.
    pub configuration: Option<String>,
    /// `-OverrideAdminDomain`.
    pub override_admin_domain: Option<String>,
    /// `-OverrideDiscoveryUri`.
    pub override_discovery_uri: Option<String>,
    /// `-OverridePowerShellUri`.
    pub override_power_shell_uri: Option<String>,
    /// `-OverrideAccessTokenResourceUri`.
    pub override_access_token_resource_uri: Option<String>,
    /// The tenant of a partner's customer (`DelegatedOrg` in Exchange's query).
    pub delegated_org: Option<String>,
    /// Suffixes of host names that may get credentials, besides the template's own.
    pub trusted_hosts: Vec<String>,
    /// Who signs in, where neither a 401 nor the template says it.
    pub authority: Option<String>,
    /// The application, where neither a 401 nor the template says it.
    pub client: Option<String>,
    /// The profile's name, for the commands in hints.
    pub profile: String,
    /// What a token is renewed by that ends at a calendar time.
    pub wall: Wall,
}

impl Question {
    /// The question of these parameters.
    pub fn new(template: Template, parameters: &Parameters, wall: Wall) -> Self {
        let token = parameters.oauth_access_token.is_some();
        Self {
            template,
            variant: None,
            way: if token { Way::Token } else { Way::Discovered },
            user: parameters.user().map(str::to_owned),
            uri: parameters.connection_uri.clone(),
            configuration: parameters.configuration_name.clone(),
            override_admin_domain: parameters.override_admin_domain.clone(),
            override_discovery_uri: parameters.override_discovery_uri.clone(),
            override_power_shell_uri: parameters.override_power_shell_uri.clone(),
            override_access_token_resource_uri: parameters.override_access_token_resource_uri.clone(),
            delegated_org: None,
            trusted_hosts: Vec::new(),
            authority: None,
            client: None,
            profile: String::new(),
            wall,
        }
    }
}
