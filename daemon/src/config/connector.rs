//! How a profile's endpoint is found and signed in to, and with which options its sessions are opened.

use endpoint::{
    Address, LogOn, MAXIMUM_REDIRECTION, Parameters, RedirectPolicy, SessionOption, Template, Variant, Way,
};

use super::document::Keys;
use super::error::ConfigError;
use super::profile::{Password, password_of};

/// The keys that are read here.
pub(super) const KEYS: [&str; 17] = [
    "variant",
    "sign_in",
    "authority",
    "client_id",
    "trusted_hosts",
    "override_admin_domain",
    "override_discovery_uri",
    "override_power_shell_uri",
    "override_access_token_resource_uri",
    "delegated_org",
    "token_file",
    "token_command",
    "token_credential",
    "token_keyring",
    "session_options",
    "allow_redirection",
    "auth",
];

/// Everything between the account and the shell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connector {
    pub(crate) variant: Option<Variant>,
    /// How the account proves itself.
    pub(crate) way: Way,
    /// Who signs in, where neither a 401 nor the template says it.
    pub(crate) authority: Option<String>,
    /// The application that asks for tokens.
    pub(crate) client: Option<String>,
    /// Suffixes of host names that may get credentials, besides the template's own.
    pub(crate) trusted_hosts: Vec<String>,
    /// A partner's customer.
    pub(crate) delegated_org: Option<String>,
    /// Where an access token comes from, for [`Way::Token`].
    pub(crate) token: Password,
    /// The address is discovered: what the profile has is where that begins.
    pub(crate) discovered: bool,
    pub(crate) redirection: Redirection,
    /// Overrides and session options. Whose account it is, and where its secret is, is the profile's.
    pub(crate) parameters: Parameters,
    /// The profile of the configuration that this one was made of, with other parameters.
    pub(crate) base: Option<String>,
}

/// Where a redirect may lead credentials to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirection {
    pub(crate) allow: bool,
    pub(crate) hosts: Vec<String>,
}

impl Connector {
    pub(super) fn read(keys: &Keys<'_>, template: Template, variant: Option<Variant>) -> Result<Self, ConfigError> {
        let text = |key| Ok(keys.string(key)?.map(|(text, _)| text));
        let texts = |key| Ok(keys.strings(key)?.map(|(texts, _)| texts).unwrap_or_default());
        let uri = |key| match keys.string(key)? {
            Some((uri, at)) => match Address::parse(&uri) {
                Ok(_) => Ok(Some(uri)),
                Err(error) => Err(keys.error(&at, key, error.to_string())),
            },
            None => Ok(None),
        };
        let parameters = Parameters {
            override_admin_domain: text("override_admin_domain")?,
            override_discovery_uri: uri("override_discovery_uri")?,
            override_power_shell_uri: uri("override_power_shell_uri")?,
            override_access_token_resource_uri: text("override_access_token_resource_uri")?,
            session_option: session_option(keys)?,
            ..Parameters::default()
        };
        let variant = match keys.string("variant")? {
            Some((name, at)) => Some(template.variant(&name).ok_or_else(|| {
                let known: Vec<&str> = template.variants().iter().map(|variant| variant.name).collect();
                let known = if known.is_empty() {
                    format!("template {template} has none")
                } else {
                    format!("allowed: {}", known.join(", "))
                };
                keys.error(&at, "variant", format!("{name:?} is no variant; {known}"))
            })?),
            None => variant,
        };
        let trusted_hosts: Vec<String> = texts("trusted_hosts")?;
        let token = password_of(keys, "token")?;
        let named = keys.string("uri")?.is_some() || keys.string("host")?.is_some();
        let discovered = template.defaults().discovery && !named && parameters.override_power_shell_uri.is_none();
        let connector = Self {
            variant,
            way: way(keys, named, &token)?,
            authority: uri("authority")?,
            client: text("client_id")?,
            redirection: redirection(keys, template, &trusted_hosts)?,
            trusted_hosts,
            delegated_org: text("delegated_org")?,
            token,
            discovered,
            parameters,
            base: None,
        };
        Ok(connector)
    }

    /// Where discovery begins, which is all that is known of the address.
    pub(super) fn root(&self, admin: &str) -> Result<Address, String> {
        let Parameters {
            override_admin_domain,
            override_discovery_uri,
            ..
        } = &self.parameters;
        let own = admin.rsplit_once('@').map(|(_, domain)| domain);
        let domain = override_admin_domain
            .as_deref()
            .or(own)
            .filter(|domain| !domain.trim().is_empty())
            .ok_or("the domain to administer is not known: set admin = \"USER@DOMAIN\" or override_admin_domain")?;
        let uri = match override_discovery_uri {
            Some(uri) => uri.clone(),
            None => format!("http://lyncdiscover.{domain}/"),
        };
        Address::parse(&uri).map_err(|error| error.to_string())
    }

    pub(crate) fn options(&self) -> &SessionOption {
        &self.parameters.session_option
    }

    pub(crate) fn redirect_policy(&self) -> RedirectPolicy<'_> {
        RedirectPolicy {
            allow: self.redirection.allow,
            hosts: &self.redirection.hosts,
            maximum: self
                .options()
                .maximum_redirection
                .map_or(MAXIMUM_REDIRECTION, |given| given.min(MAXIMUM_REDIRECTION)),
        }
    }

    /// Whether its sessions are opened with a token, so that there is something to be renewed.
    pub(crate) const fn by_token(&self) -> bool {
        matches!(self.way, Way::Token | Way::DeviceCode)
    }

    /// What two profiles of one account must have in common to share sessions.
    pub(crate) fn identity(&self) -> String {
        format!(
            "{}\n{:?}\n{}",
            self.place(),
            self.redirection,
            self.parameters.identity()
        )
    }

    /// What two profiles of one account must have in common to share a token.
    pub(crate) fn place(&self) -> String {
        let Self {
            variant,
            way,
            authority,
            client,
            delegated_org,
            ..
        } = self;
        let overrides = Parameters {
            session_option: SessionOption::default(),
            ..self.parameters.clone()
        };
        format!(
            "{}\n{}\n{authority:?}\n{client:?}\n{delegated_org:?}\n{}",
            variant.map(|variant| variant.name).unwrap_or_default(),
            way.name(),
            overrides.identity()
        )
    }
}

/// A profile that names its endpoint and nothing about signing in logs on as it says; one whose endpoint is discovered
/// asks that how.
fn way(keys: &Keys<'_>, named: bool, token: &Password) -> Result<Way, ConfigError> {
    let bearer = match keys.string("auth")? {
        Some((name, _)) => LogOn::named(&name) == Some(LogOn::Bearer),
        None => false,
    };
    let Some((name, at)) = keys.string("sign_in")? else {
        return Ok(match token {
            source if source.is_unattended() => Way::Token,
            _ if bearer => Way::Token,
            _ if named => Way::Plain,
            _ => Way::Discovered,
        });
    };
    let known = match name.as_str() {
        "device" => Some(Way::DeviceCode),
        name => Way::named(name),
    };
    known.ok_or_else(|| {
        let all = Way::ALL.map(Way::name).join(", ");
        keys.error(&at, "sign_in", format!("{name:?} is no way to sign in; allowed: {all}"))
    })
}

/// `true` for the hosts that the template's service is known by, or a list of suffixes, which then goes with those.
fn redirection(keys: &Keys<'_>, template: Template, trusted: &[String]) -> Result<Redirection, ConfigError> {
    let given = keys.either_boolean_or_strings("allow_redirection")?;
    let mut hosts: Vec<String> = template.hosts().iter().map(|&host| host.to_owned()).collect();
    hosts.extend(trusted.iter().cloned());
    Ok(match given {
        None => Redirection { allow: false, hosts },
        Some(Ok(allow)) => Redirection { allow, hosts },
        // A list is exact: it allows what it names, and nothing that the template would.
        Some(Err(list)) => Redirection {
            allow: !list.is_empty(),
            hosts: list,
        },
    })
}

fn session_option(keys: &Keys<'_>) -> Result<SessionOption, ConfigError> {
    let Some((table, at)) = keys.json("session_options")? else {
        return Ok(SessionOption::default());
    };
    SessionOption::read(&table).map_err(|error| keys.error(&at, "session_options", error.to_string()))
}
