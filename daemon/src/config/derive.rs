//! A profile with other parameters, or one that was never configured: what `connect --override-admin-domain` or
//! `--connection-uri` asks for.

use std::path::Path;
use std::sync::Arc;

use endpoint::{Address, Authentication, LogOn, Parameters, SessionOption, Template, Way};

use super::account::{Scope, organization_of};
use super::profile::{Password, Profile};
use super::{Config, ConfigError, program};

/// What parameters make of a profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Derived {
    /// Nothing that a session of the profile itself would not do for.
    Same(Arc<Profile>),
    /// Another profile, with sessions of its own.
    Other(Arc<Profile>),
}

impl Profile {
    /// The profile that these parameters make of this one. The error is a sentence for whoever gave them.
    pub(crate) fn derive(self: &Arc<Self>, parameters: &Parameters) -> Result<Derived, String> {
        if let Some(name) = self.program.as_ref().and_then(|_| program::unfit(parameters)) {
            return Err(format!(
                "{name} means nothing to template {}: a program is started as its profile says",
                self.template
            ));
        }
        let mut other = Self::clone(self);
        other.connector.base = Some(self.connector.base.clone().unwrap_or_else(|| self.name.clone()));
        other.take_account(parameters)?;
        other.take_log_on(parameters);
        other.take_place(parameters)?;
        other.take_options(parameters);
        if other.identity() == self.identity() && other.scope == self.scope {
            // Where the secret is to be had does not make another session.
            return Ok(Derived::Same(self.clone()));
        }
        let base = self.connector.base.as_deref().unwrap_or(&self.name);
        other.name = format!(
            "{base}+{:04x}",
            short_hash(&format!("{}\n{:?}", other.identity(), other.scope))
        );
        Ok(Derived::Other(Arc::new(other)))
    }

    fn take_account(&mut self, parameters: &Parameters) -> Result<(), String> {
        if let Some(user) = parameters.user().map(str::trim).filter(|user| !user.is_empty())
            && !user.eq_ignore_ascii_case(&self.admin)
        {
            self.admin = user.to_owned();
            self.password = Password::Memory;
            self.connector.token = Password::Memory;
            let organization = organization_of(user).unwrap_or_else(|| self.organization.clone());
            self.count_against(organization);
        }
        if let Some(domain) = &parameters.override_admin_domain {
            self.count_against(domain.clone());
        }
        if let Some(credential) = &parameters.credential {
            self.password = Password::of(&credential.password)?;
            if self.connector.by_token() {
                self.connector.way = if self.connector.discovered {
                    Way::Discovered
                } else {
                    Way::Plain
                };
            }
        }
        if let Some(token) = &parameters.oauth_access_token {
            self.connector.token = Password::of(token)?;
            self.connector.way = Way::Token;
        }
        Ok(())
    }

    fn count_against(&mut self, organization: String) {
        self.scope = Scope::new(&self.scope.service, &self.admin, &organization, &[]);
        self.organization = organization;
    }

    fn take_log_on(&mut self, parameters: &Parameters) {
        match parameters.authentication {
            None | Some(Authentication::Default) => {}
            Some(Authentication::Basic) => self.proof.log_on = LogOn::Basic,
            Some(Authentication::Negotiate) => self.proof.log_on = LogOn::Negotiate,
            Some(Authentication::Kerberos) => self.proof.log_on = LogOn::Kerberos,
        }
    }

    fn take_place(&mut self, parameters: &Parameters) -> Result<(), String> {
        let own = &mut self.connector.parameters;
        let over = |into: &mut Option<String>, given: &Option<String>| {
            if let Some(given) = given {
                *into = Some(given.clone());
            }
        };
        over(&mut own.override_admin_domain, &parameters.override_admin_domain);
        over(&mut own.override_discovery_uri, &parameters.override_discovery_uri);
        over(&mut own.override_power_shell_uri, &parameters.override_power_shell_uri);
        over(
            &mut own.override_access_token_resource_uri,
            &parameters.override_access_token_resource_uri,
        );
        let given = parameters
            .connection_uri
            .as_ref()
            .or(parameters.override_power_shell_uri.as_ref());
        if let Some(uri) = given {
            let address = Address::parse(uri).map_err(|error| error.to_string())?;
            if !(address.tls || self.allow_plain_http || address.is_loopback() || self.proof.log_on.seals()) {
                return Err("plain http would show the password to the network: use https".to_owned());
            }
            let before = format!("{}:{}", self.address.host, self.address.port);
            if self.scope.service == before {
                self.scope.service = format!("{}:{}", address.host, address.port);
            }
            self.address = address;
            self.connector.discovered = false;
        } else if self.connector.discovered {
            self.address = self.connector.root(&self.admin)?;
        }
        if let Some(name) = &parameters.configuration_name {
            self.configuration.clone_from(name);
        }
        if let Some(allow) = parameters.allow_redirection {
            self.connector.redirection.allow = allow;
        }
        Ok(())
    }

    fn take_options(&mut self, parameters: &Parameters) {
        let given = &parameters.session_option;
        if let Some(time) = given.open_timeout {
            self.open_timeout = time;
        }
        if let Some(time) = given.idle_timeout {
            self.idle_timeout = time;
            self.max_idle_timeout = self.max_idle_timeout.max(time);
        }
        if let Some(none) = given.no_machine_profile {
            self.no_profile = none;
        }
        merge(&mut self.connector.parameters.session_option, given);
    }

    /// What two profiles of one account must have in common for the sessions of one to do for the other.
    pub(crate) fn identity(&self) -> String {
        format!(
            "{}\n{:?}\n{}\n{:?}\n{}\n{}\n{:?}\n{}",
            self.address.uri,
            self.program,
            self.configuration,
            self.ca,
            self.no_profile,
            self.idle_timeout.as_millis(),
            self.proof,
            self.connector.identity()
        )
    }

    /// Whether both its address and its log-on are known as they stand: nothing is discovered, and no token is asked for.
    pub(crate) fn is_straight(&self) -> bool {
        let connector = &self.connector;
        let bound = !matches!(self.proof.log_on, LogOn::Basic | LogOn::Bearer)
            && matches!(connector.way, Way::Plain | Way::Discovered);
        let overridden = connector.parameters.override_power_shell_uri.is_some()
            || connector.parameters.override_admin_domain.is_some();
        bound || (connector.way == Way::Plain && !connector.discovered && !overridden)
    }

    /// The profile of the configuration, for the commands that people are told.
    pub(crate) fn known_name(&self) -> &str {
        self.connector.base.as_deref().unwrap_or(&self.name)
    }
}

/// The profile of an address that nobody configured. Of `template` it takes the limits.
pub(crate) fn unconfigured(parameters: &Parameters, admin: &str) -> Result<Arc<Profile>, String> {
    let uri = parameters
        .connection_uri
        .as_deref()
        .ok_or("without a profile, ConnectionUri must say where to connect")?;
    let address = Address::parse(uri).map_err(|error| error.to_string())?;
    let configuration = parameters.configuration_name.as_deref();
    let template = template_of(&address, configuration);
    let configuration = configuration
        .or(template.defaults().configuration)
        .unwrap_or("Microsoft.PowerShell");
    let auth = match parameters.authentication {
        None | Some(Authentication::Default) => template.log_on(),
        Some(Authentication::Basic) => LogOn::Basic,
        Some(Authentication::Negotiate) => LogOn::Negotiate,
        Some(Authentication::Kerberos) => LogOn::Kerberos,
    };
    let text = format!(
        "version = 1\n[profile.x]\ntemplate = {:?}\nuri = {}\nconfiguration = {}\nadmin = {}\nauth = {:?}\n",
        template.name(),
        quoted(uri),
        quoted(configuration),
        quoted(admin),
        auth.name()
    );
    let config = Config::read(Path::new("the parameters"), &text).map_err(|error| match error {
        ConfigError::Mistake { message, .. } | ConfigError::Unreadable { message, .. } => message,
    })?;
    let profile = config.profiles.get("x").ok_or("the parameters make no profile")?;
    let mut profile = Profile::clone(profile);
    profile.name.clone_from(&profile.address.host);
    match Arc::new(profile).derive(parameters)? {
        // It has a name of its own, which no configured profile can have.
        Derived::Same(profile) => {
            let mut profile = Profile::clone(&profile);
            let hash = short_hash(&format!("{}\n{:?}", profile.identity(), profile.scope));
            profile.name = format!("{}+{hash:04x}", profile.name);
            Ok(Arc::new(profile))
        }
        Derived::Other(profile) => {
            let mut profile = Profile::clone(&profile);
            profile.connector.base = None;
            Ok(Arc::new(profile))
        }
    }
}

/// Whose limits an address has: those of the service that its host is known by.
fn template_of(address: &Address, configuration: Option<&str>) -> Template {
    let known = |template: &Template| {
        template
            .hosts()
            .iter()
            .any(|host| endpoint::is_under(&address.host, host))
    };
    let protection = address.host.starts_with("ps.protection.");
    match configuration {
        Some(name) if name.eq_ignore_ascii_case("Microsoft.Exchange") => match known(&Template::ExchangeOnline) {
            true if protection => Template::Eop,
            true => Template::ExchangeOnline,
            false => Template::ExchangeServer,
        },
        _ if known(&Template::SkypeOnline) => Template::SkypeOnline,
        _ => Template::Winrm,
    }
}

/// As a TOML literal or basic string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Options over others: what is given counts.
fn merge(into: &mut SessionOption, given: &SessionOption) {
    macro_rules! over {
        ($($field:ident),+) => {
            $(if given.$field.is_some() {
                into.$field.clone_from(&given.$field);
            })+
        };
    }
    over!(
        open_timeout,
        operation_timeout,
        cancel_timeout,
        idle_timeout,
        culture,
        ui_culture,
        no_machine_profile,
        maximum_redirection,
        max_connection_retry_count,
        output_buffering,
        maximum_received_data_size_per_command,
        maximum_received_object_size
    );
    if given.proxy != endpoint::Proxy::default() {
        into.proxy.clone_from(&given.proxy);
    }
    into.skip_ca_check |= given.skip_ca_check;
    into.skip_cn_check |= given.skip_cn_check;
    into.skip_revocation_check |= given.skip_revocation_check;
    into.no_encryption |= given.no_encryption;
    into.include_port_in_spn |= given.include_port_in_spn;
    for (name, value) in &given.application_arguments {
        into.application_arguments.insert(name.clone(), value.clone());
    }
}

/// FNV-1a, folded: enough to tell a handful of parameter sets of one profile apart.
fn short_hash(text: &str) -> u16 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [a, b, c, d, ..] = hash.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn base() -> Arc<Profile> {
        let text = "version = 1\n[profile.skype]\ntemplate = \"skype-online\"\nadmin = \"ken@litwareinc.com\"\n";
        Config::read(Path::new("config.toml"), text)
            .unwrap()
            .profile("skype")
            .unwrap()
    }

    fn read(table: serde_json::Value) -> Parameters {
        Parameters::read(&table).unwrap()
    }

    #[test]
    fn what_changes_nothing_shares_the_profiles_sessions() {
        let base = base();
        for table in [
            json!({}),
            json!({"UserName": "KEN@litwareinc.com"}),
            json!({"Credential": {"UserName": "ken@litwareinc.com", "Stdin": true}}),
            json!({"SessionOption": {"OpenTimeout": 5000}}),
        ] {
            let derived = base.derive(&read(table.clone())).unwrap();
            assert!(matches!(derived, Derived::Same(_)), "{table}: {derived:?}");
        }
    }

    #[test]
    fn what_changes_something_has_sessions_of_its_own_and_counts_where_it_belongs() {
        let base = base();
        let derive = |table| match base.derive(&read(table)).unwrap() {
            Derived::Other(profile) => profile,
            Derived::Same(_) => panic!("it is another"),
        };
        let french = derive(json!({"SessionOption": {"UICulture": "fr-FR"}}));
        assert_eq!(french.scope, base.scope, "its slots are the same account's");
        assert_ne!(french.identity(), base.identity());
        assert!(french.name.starts_with("skype+"), "{}", french.name);
        assert_eq!(french.known_name(), "skype");
        let partner = derive(json!({"UserName": "p@contoso.com", "OverrideAdminDomain": "fabrikam.com"}));
        assert_eq!(partner.admin, "p@contoso.com");
        assert_eq!(partner.scope.organization, "fabrikam.com");
        assert_eq!(partner.address.uri, "http://lyncdiscover.fabrikam.com/");
        let elsewhere = derive(json!({"OverridePowerShellUri": "https://admin4E.online.lync.com/OcsPowershellOAuth"}));
        assert!(!elsewhere.connector.discovered);
        assert_eq!(elsewhere.address.host, "admin4e.online.lync.com");
    }

    #[test]
    fn an_address_alone_is_a_profile() {
        let exchange = read(json!({
            "ConnectionUri": "https://ps.protection.outlook.com/powershell-liveid/",
            "ConfigurationName": "Microsoft.Exchange",
            "Authentication": "Basic",
            "AllowRedirection": true,
        }));
        let profile = unconfigured(&exchange, "admin@contoso.com").unwrap();
        assert_eq!(profile.template, Template::Eop);
        assert_eq!(profile.max_tenant_concurrency, Some(3));
        assert!(profile.connector.redirection.allow);
        assert!(
            profile.name.starts_with("ps.protection.outlook.com+"),
            "{}",
            profile.name
        );
        let plain = read(json!({"ConnectionUri": "http://h/wsman", "Authentication": "Basic"}));
        assert!(unconfigured(&plain, "a").unwrap_err().contains("plain http"));
        // Negotiate, WinRM's own, seals what it sends.
        let sealed = read(json!({"ConnectionUri": "http://h/wsman"}));
        assert_eq!(unconfigured(&sealed, "a").unwrap().proof.log_on, LogOn::Negotiate);
    }
}
