//! One profile: a template, an account, and what the user knows better.

use std::path::PathBuf;
use std::time::Duration;

use endpoint::{Address, LogOn, Program, Rate, SecretSource, Template, Variant};

use super::account::{Scope, organization_of};
use super::care::{Care, rate};
use super::connector::{self, Connector};
use super::document::Keys;
use super::error::ConfigError;
use super::program;
use super::proof::{self, Proof};

const OWN: [&str; 32] = [
    "template",
    "uri",
    "host",
    "configuration",
    "admin",
    "organization",
    "aliases",
    "service",
    "ca",
    "allow_plain_http",
    "password_file",
    "password_command",
    "password_credential",
    "password_keyring",
    "max_concurrency",
    "max_tenant_concurrency",
    "PowerShellMaxConcurrency",
    "PowerShellMaxTenantConcurrency",
    "idle_timeout",
    "linger",
    "spread_after",
    "stall",
    "open_rate",
    "open_timeout",
    "max_commands",
    "reserve_interactive",
    "no_profile",
    "max_age",
    "keep_warm",
    "command_rate",
    "idle_lease",
    "idle_lease_action",
];

/// Where the password comes from when the daemon has none in its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Password {
    /// From `pslease login` only.
    Memory,
    /// The first line of this file.
    File(PathBuf),
    /// The first line that this command prints.
    Command(Vec<String>),
    /// The first line of this file of those that systemd gives the daemon.
    Credential(String),
    /// What `pslease login --keyring` put into the system's keyring.
    Keyring,
}

impl Password {
    /// The source that a parameter names.
    pub(crate) fn of(source: &SecretSource) -> Result<Self, String> {
        match source {
            SecretSource::Prompt | SecretSource::Stdin => Ok(Self::Memory),
            SecretSource::File(path) if path.is_absolute() => Ok(Self::File(path.clone())),
            SecretSource::File(path) => Err(format!("{} must be an absolute path", path.display())),
            SecretSource::Command(words) => Ok(Self::Command(words.clone())),
            _ => Err("a secret comes from a prompt, standard input, a file or a command".to_owned()),
        }
    }

    /// Whether it can be had without a person.
    pub(crate) fn is_unattended(&self) -> bool {
        *self != Self::Memory
    }
}

/// A named configuration, complete.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) template: Template,
    /// What is started, for an endpoint that is a program.
    pub(crate) program: Option<Program>,
    pub(crate) address: Address,
    /// The configuration's name, or a whole resource URI.
    pub(crate) configuration: String,
    /// The user name as it is sent.
    pub(crate) admin: String,
    pub(crate) organization: String,
    pub(crate) scope: Scope,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) allow_plain_http: bool,
    pub(crate) connector: Connector,
    pub(crate) password: Password,
    pub(crate) max_concurrency: u32,
    pub(crate) max_tenant_concurrency: Option<u32>,
    /// After which an unused session is closed; asked of the server too.
    pub(crate) idle_timeout: Duration,
    /// The longest idle time that an unseen shell may have.
    pub(crate) max_idle_timeout: Duration,
    pub(crate) linger: Duration,
    pub(crate) spread_after: Duration,
    pub(crate) stall: Duration,
    pub(crate) open_rate: Option<Rate>,
    pub(crate) open_timeout: Duration,
    pub(crate) max_commands: u32,
    pub(crate) reserve_interactive: u32,
    /// How its sessions and leases are looked after.
    pub(crate) care: Care,
    /// How its account logs on.
    pub(crate) proof: Proof,
    /// Whether the server is asked not to load the user's profile (`WINRS_NOPROFILE`).
    pub(crate) no_profile: bool,
}

impl Profile {
    /// Whether somebody must give a password, or a source of one, before anything can be opened.
    pub(crate) fn needs_secret(&self) -> bool {
        match self.proof.log_on {
            _ if self.connector.by_token() => true,
            LogOn::Basic | LogOn::Bearer | LogOn::Ntlm => true,
            LogOn::Certificate => false,
            // The asker's tickets do; but only of a name that says its realm is it known whose they must be.
            LogOn::Negotiate | LogOn::Kerberos => !self.admin.contains('@') || self.password != Password::Memory,
        }
    }

    pub(super) fn read(name: &str, keys: Keys<'_>) -> Result<Self, ConfigError> {
        let known: Vec<&str> = OWN
            .into_iter()
            .chain(connector::KEYS)
            .chain(program::KEYS)
            .chain(proof::KEYS)
            .collect();
        keys.only(&known)?;
        let (template, variant) = template(&keys)?;
        let defaults = template.defaults();
        let program = program::program(&keys, template)?;
        let allow_plain_http = keys.boolean("allow_plain_http")?;
        let connector = Connector::read(&keys, template, variant)?;
        if let Some(name) = program.as_ref().and_then(|_| program::unfit(&connector.parameters)) {
            let message = format!("{name} means nothing to template {template}: take it out of session_options");
            return Err(keys.missing(message));
        }
        let configuration = match (keys.string("configuration")?, defaults.configuration) {
            _ if program.is_some() => String::new(),
            (Some((name, _)), _) => name,
            (None, Some(name)) => name.to_owned(),
            (None, None) => {
                let message = format!("configuration is missing: template {template} has none of its own");
                return Err(keys.missing(message));
            }
        };
        let admin = match (&program, keys.string("admin")?) {
            (Some(program), _) => program::account(&keys, program)?,
            (None, Some((admin, _))) => admin,
            (None, None) => return Err(keys.missing("admin is missing: set admin = \"USER\"".to_owned())),
        };
        let address = match &program {
            Some(program) => program.address(),
            None => address(&keys, template, &connector, &admin, allow_plain_http)?,
        };
        let organization = keys.string("organization")?.map(|(organization, _)| organization);
        let organization = organization
            .or_else(|| connector.parameters.override_admin_domain.clone())
            .or_else(|| organization_of(&admin))
            .unwrap_or_else(|| address.host.clone());
        let aliases = keys.strings("aliases")?.map(|(aliases, _)| aliases).unwrap_or_default();
        let service = match (keys.string("service")?, &program) {
            (Some((service, _)), _) => service,
            (None, Some(program)) => program.scope(),
            (None, None) if defaults.per_host => format!("{}:{}", address.host, address.port),
            (None, None) => template.name().to_owned(),
        };
        let limit = |given: Option<u32>, default: u32| given.unwrap_or(default);
        let idle_timeout = keys
            .duration("idle_timeout")?
            .or(connector.options().idle_timeout)
            .unwrap_or(defaults.idle_timeout);
        let profile = Self {
            scope: Scope::new(&service, &admin, &organization, &aliases),
            ca: keys.string("ca")?.map(|(path, _)| keys.beside(&path)),
            password: password_of(&keys, "password")?,
            max_concurrency: limit(
                keys.either("max_concurrency", "PowerShellMaxConcurrency", 1..=10_000)?,
                defaults.max_concurrency,
            ),
            max_tenant_concurrency: keys
                .either("max_tenant_concurrency", "PowerShellMaxTenantConcurrency", 1..=100_000)?
                .or(defaults.max_tenant_concurrency),
            idle_timeout,
            max_idle_timeout: defaults.max_idle_timeout.max(idle_timeout),
            linger: keys.duration("linger")?.unwrap_or(endpoint::LINGER),
            spread_after: keys.duration("spread_after")?.unwrap_or(endpoint::SPREAD_AFTER),
            stall: keys.duration("stall")?.unwrap_or(endpoint::STALL),
            open_rate: rate(&keys, "open_rate", "5/60s")?.or(defaults.open_rate),
            open_timeout: keys
                .duration("open_timeout")?
                .or(connector.options().open_timeout)
                .unwrap_or(endpoint::OPEN_TIMEOUT),
            max_commands: keys
                .integer("max_commands", 1..=1_000_000)?
                .unwrap_or(defaults.max_commands),
            reserve_interactive: keys.integer("reserve_interactive", 0..=10_000)?.unwrap_or(0),
            no_profile: keys.boolean("no_profile")?
                || connector.options().no_machine_profile.unwrap_or(template.no_profile()),
            care: Care::read(&keys, template)?,
            proof: Proof::read(&keys, template)?,
            name: name.to_owned(),
            template,
            program,
            address,
            connector,
            configuration,
            admin,
            organization,
            allow_plain_http,
        };
        keys.finish(&known)?;
        Ok(profile)
    }
}

fn template(keys: &Keys<'_>) -> Result<(Template, Option<Variant>), ConfigError> {
    let all = || Template::ALL.map(Template::name).join(", ");
    match keys.string("template")? {
        Some((name, at)) => Template::known_as(&name)
            .ok_or_else(|| keys.error(&at, "template", format!("{name:?} is no template; allowed: {}", all()))),
        None => Err(keys.missing(format!("template is missing; allowed: {}", all()))),
    }
}

fn address(
    keys: &Keys<'_>,
    template: Template,
    connector: &Connector,
    admin: &str,
    allow_plain_http: bool,
) -> Result<Address, ConfigError> {
    if connector.discovered {
        return connector.root(admin).map_err(|why| keys.missing(why));
    }
    let key = "override_power_shell_uri";
    let (key, uri) = match (keys.string(key)?, keys.string("uri")?) {
        (Some((_, at)), Some(_)) => {
            return Err(keys.error(&at, key, "there is a uri too: keep one of them".to_owned()));
        }
        (Some(given), None) => (key, Some(given)),
        (None, given) => ("uri", given),
    };
    let host = keys.string("host")?;
    let given = uri.as_ref().or(host.as_ref()).map(|(_, at)| at.clone());
    let address = Address::of_variant(
        template,
        connector.variant,
        uri.as_ref().map(|(uri, _)| uri.as_str()),
        host.as_ref().map(|(host, _)| host.as_str()),
    );
    let key = if uri.is_some() { key } else { "host" };
    match (address, given) {
        (Ok(address), Some(at))
            if !(address.tls || allow_plain_http || address.is_loopback() || proof::seals(keys, template)?) =>
        {
            let message = "plain http would show the password to the network: use https, an auth that seals \
                           (negotiate, ntlm, kerberos), or set allow_plain_http = true";
            Err(keys.error(&at, key, message.to_owned()))
        }
        (Ok(address), _) => Ok(address),
        (Err(error), Some(at)) => Err(keys.error(&at, key, error.to_string())),
        (Err(error), None) => Err(keys.missing(error.to_string())),
    }
}

/// Where a secret comes from; `what` is `password` or `token`. At most one source is named.
pub(super) fn password_of(keys: &Keys<'_>, what: &str) -> Result<Password, ConfigError> {
    let [file_key, command_key, credential_key, keyring_key] =
        ["file", "command", "credential", "keyring"].map(|source| format!("{what}_{source}"));
    let mut named = Vec::new();
    if let Some((file, at)) = keys.string(&file_key)? {
        let file = PathBuf::from(file);
        if !file.is_absolute() {
            return Err(keys.error(&at, &file_key, "must be an absolute path".to_owned()));
        }
        named.push((&file_key, Password::File(file)));
    }
    if let Some((words, at)) = keys.strings(&command_key)? {
        if words.first().is_none_or(String::is_empty) {
            return Err(keys.error(&at, &command_key, "must name a program".to_owned()));
        }
        named.push((&command_key, Password::Command(words)));
    }
    if let Some((name, at)) = keys.string(&credential_key)? {
        // systemd takes no others, and this one must not lead out of its folder.
        if name.contains('/') || name.starts_with('.') {
            let message = "must be the name of a credential, as LoadCredential= has it".to_owned();
            return Err(keys.error(&at, &credential_key, message));
        }
        named.push((&credential_key, Password::Credential(name)));
    }
    if keys.boolean(&keyring_key)? {
        named.push((&keyring_key, Password::Keyring));
    }
    if let [(first, _), (second, _), ..] = named.as_slice() {
        return Err(keys.missing(format!("{first} and {second} are both set: keep one of them")));
    }
    Ok(named.pop().map_or(Password::Memory, |(_, source)| source))
}
