//! The parameters themselves.

use serde_json::Value;

use super::value::Table;
use super::{OptionError, SecretSource, SessionOption, fields};
use crate::Address;

/// `-Credential`: who, and where the password is to be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credential {
    /// The account.
    pub user: String,
    /// Where its password is to be had.
    pub password: SecretSource,
}

impl Credential {
    pub(super) fn read(name: &str, value: &Value) -> Result<Self, OptionError> {
        if let Some(user) = value.as_str() {
            // As in PowerShell: a name alone is asked for its password.
            return Ok(Self {
                user: user.trim().to_owned(),
                password: SecretSource::Prompt,
            });
        }
        let (user, password) = SecretSource::read(name, value)?;
        let user = user.ok_or_else(|| OptionError::Type {
            name: name.to_owned(),
            wanted: "a user name, or a table with UserName",
            found: "a table without it".to_owned(),
        })?;
        Ok(Self { user, password })
    }
}

/// `-Authentication`, as far as it can be done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// What the template says.
    Default,
    /// User name and password, or what is put in their place.
    Basic,
    /// Kerberos or NTLM.
    Negotiate,
    /// Kerberos only.
    Kerberos,
}

/// The parameters of New-CsOnlineSession and New-PSSession. `None` is: not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// `-UserName`: whose password is asked for.
    pub user_name: Option<String>,
    /// `-Credential`.
    pub credential: Option<Credential>,
    /// `-OAuthAccessToken`: where the token is to be had.
    pub oauth_access_token: Option<SecretSource>,
    /// `-OverrideAdminDomain`.
    pub override_admin_domain: Option<String>,
    /// `-OverrideDiscoveryUri`.
    pub override_discovery_uri: Option<String>,
    /// `-OverridePowerShellUri`.
    pub override_power_shell_uri: Option<String>,
    /// `-OverrideAccessTokenResourceUri`. Not always an address: an application's id will do.
    pub override_access_token_resource_uri: Option<String>,
    /// `-SessionOption`.
    pub session_option: SessionOption,
    /// `-ConnectionUri`, or what `-ComputerName`, `-Port`, `-UseSSL` and `-ApplicationName` come to.
    pub connection_uri: Option<String>,
    /// `-ConfigurationName`.
    pub configuration_name: Option<String>,
    /// `-Authentication`.
    pub authentication: Option<Authentication>,
    /// `-AllowRedirection`.
    pub allow_redirection: Option<bool>,
    /// `-Name`: the session's friendly name.
    pub name: Option<String>,
    /// Parameters that were given and change nothing here, by name.
    pub without_effect: Vec<&'static str>,
}

impl Parameters {
    /// Reads a table of parameters. Names are known in any case, with or without the dash before and dashes or
    /// underscores in between; the first error ends it.
    ///
    /// # Errors
    /// If a name is not known, a value is not what it must be, or two do not go together.
    pub fn read(value: &Value) -> Result<Self, OptionError> {
        let of = "New-CsOnlineSession or New-PSSession";
        let table = Table::read("the parameters", value, of, &fields::PARAMETERS)?;
        if let Some((written, _)) = table.get("CertificateThumbprint") {
            return Err(OptionError::Unsupported {
                name: written.to_owned(),
                found: "given".to_owned(),
                why: "certificates are files, not in Windows' store: set certificate = \"...\" in the profile",
            });
        }
        let ignored = ["EnableNetworkAccess", "ThrottleLimit", "Verbose", "ErrorAction"];
        let found = Self {
            user_name: table.text("UserName")?,
            credential: credential(&table)?,
            oauth_access_token: token(&table)?,
            override_admin_domain: table.text("OverrideAdminDomain")?,
            override_discovery_uri: table.uri("OverrideDiscoveryUri")?,
            override_power_shell_uri: table.uri("OverridePowerShellUri")?,
            override_access_token_resource_uri: table.text("OverrideAccessTokenResourceUri")?,
            session_option: match table.get("SessionOption") {
                Some((_, options)) => SessionOption::read(options)?,
                None => SessionOption::default(),
            },
            connection_uri: connection(&table)?,
            configuration_name: table.text("ConfigurationName")?,
            authentication: authentication(&table)?,
            allow_redirection: table.switch("AllowRedirection")?,
            name: table.text("Name")?,
            without_effect: ignored.into_iter().filter(|name| table.get(name).is_some()).collect(),
        };
        found.check_sets()?;
        Ok(found)
    }

    /// Reads a table that is written as JSON.
    ///
    /// # Errors
    /// As [`read`](Self::read), or if it is no JSON.
    pub fn from_json(text: &str) -> Result<Self, OptionError> {
        let value = serde_json::from_str(text).map_err(|error| OptionError::Type {
            name: "the file".to_owned(),
            wanted: "JSON",
            found: format!("something else ({error})"),
        })?;
        Self::read(&value)
    }

    /// The account, as far as the parameters name one.
    pub fn user(&self) -> Option<&str> {
        let given = self.credential.as_ref().map(|credential| credential.user.as_str());
        given.or(self.user_name.as_deref())
    }

    /// Where the secret is to be had, if the parameters say so.
    pub fn secret(&self) -> Option<&SecretSource> {
        let given = self.credential.as_ref().map(|credential| &credential.password);
        given.or(self.oauth_access_token.as_ref())
    }

    fn check_sets(&self) -> Result<(), OptionError> {
        let sets = [
            ("UserName", self.user_name.is_some()),
            ("Credential", self.credential.is_some()),
            ("OAuthAccessToken", self.oauth_access_token.is_some()),
        ];
        let mut given = sets.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
        match (given.next(), given.next()) {
            (Some(one), Some(other)) => Err(OptionError::Sets(one, other)),
            _ if self.connection_uri.is_some() && self.override_power_shell_uri.is_some() => {
                Err(OptionError::Sets("ConnectionUri", "OverridePowerShellUri"))
            }
            _ => Ok(()),
        }
    }
}

fn credential(table: &Table<'_>) -> Result<Option<Credential>, OptionError> {
    let given = table.get("Credential");
    given
        .map(|(written, value)| Credential::read(written, value))
        .transpose()
}

fn token(table: &Table<'_>) -> Result<Option<SecretSource>, OptionError> {
    let Some((written, value)) = table.get("OAuthAccessToken") else {
        return Ok(None);
    };
    match value {
        Value::String(text) if text == "-" => Ok(Some(SecretSource::Stdin)),
        Value::String(_) => Err(OptionError::Secret(written.to_owned())),
        other => match SecretSource::read(written, other)? {
            (None, source) => Ok(Some(source)),
            (Some(_), _) => Err(OptionError::Sets("OAuthAccessToken", "UserName")),
        },
    }
}

fn authentication(table: &Table<'_>) -> Result<Option<Authentication>, OptionError> {
    let words = [
        ("Default", Some(Authentication::Default)),
        ("Basic", Some(Authentication::Basic)),
        ("Negotiate", Some(Authentication::Negotiate)),
        ("NegotiateWithImplicitCredential", Some(Authentication::Negotiate)),
        ("Kerberos", Some(Authentication::Kerberos)),
        ("CredSSP", None),
        ("Digest", None),
    ];
    match table.word("Authentication", "Default, Basic, Negotiate or Kerberos", &words)? {
        Some(None) => Err(OptionError::Unsupported {
            name: "Authentication".to_owned(),
            found: "CredSSP or Digest".to_owned(),
            why: "use Kerberos or Negotiate",
        }),
        found => Ok(found.flatten()),
    }
}

/// `-ConnectionUri`, or the address that PowerShell makes of the parameters of the other set (protocol.md 2).
fn connection(table: &Table<'_>) -> Result<Option<String>, OptionError> {
    let uri = table.uri("ConnectionUri")?;
    let host = table.text("ComputerName")?;
    let Some(host) = host else {
        let alone = ["Port", "UseSSL", "ApplicationName"]
            .into_iter()
            .find(|name| table.get(name).is_some());
        return match (alone, &uri) {
            (Some(name), Some(_)) => Err(OptionError::Sets("ConnectionUri", name)),
            (Some(name), None) => Err(OptionError::Type {
                name: name.to_owned(),
                wanted: "given together with ComputerName",
                found: "given alone".to_owned(),
            }),
            (None, _) => Ok(uri),
        };
    };
    if uri.is_some() {
        return Err(OptionError::Sets("ConnectionUri", "ComputerName"));
    }
    let tls = table.switch("UseSSL")?.unwrap_or_default();
    let (scheme, usual) = if tls { ("https", 5986) } else { ("http", 5985) };
    let port = match table.count("Port")? {
        None => usual,
        Some(port) => u16::try_from(port)
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| OptionError::Range {
                name: "Port".to_owned(),
                found: port.to_string(),
                why: "ports are 1 to 65535",
            })?,
    };
    let path = table.text("ApplicationName")?.unwrap_or_else(|| "wsman".to_owned());
    let bare_v6 = host.parse::<std::net::Ipv6Addr>().is_ok();
    let shown = if bare_v6 { format!("[{host}]") } else { host.clone() };
    let uri = format!("{scheme}://{shown}:{port}/{}", path.trim_start_matches('/'));
    match Address::parse(&uri) {
        Ok(_) => Ok(Some(uri)),
        Err(_) => Err(OptionError::Type {
            name: "ComputerName".to_owned(),
            wanted: "the name of one host",
            found: format!("{host:?}"),
        }),
    }
}
