//! `config.toml`: read whole, refused whole, and kept as it last was when an edit is bad.

mod account;
mod care;
mod connector;
mod derive;
mod document;
mod error;
mod profile;
mod program;
mod proof;
mod source;

pub(crate) use derive::{Derived, unconfigured};
pub(crate) use error::ConfigError;
pub(crate) use profile::{Password, Profile};
pub(crate) use source::{Current, Source};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use document::Document;

/// Everything that the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Config {
    /// The profile that is meant where none is named.
    pub(crate) default: Option<String>,
    pub(crate) profiles: BTreeMap<String, Arc<Profile>>,
    /// Profiles that requests made with parameters of their own. Not in the file, and not in lists.
    pub(crate) derived: BTreeMap<String, Arc<Profile>>,
}

impl Config {
    /// Reads the text of the file at `path`.
    pub(crate) fn read(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let document = Document::parse(path, text)?;
        let keys = document.keys();
        match keys.integer("version", 1..=1)? {
            Some(_) => {}
            None => return Err(document.error(0, "version", "the first key must be: version = 1".to_owned())),
        }
        let default = keys.string("default")?;
        let mut profiles = BTreeMap::new();
        for (name, table) in keys.tables("profile")? {
            let profile = Profile::read(&name, table)?;
            profiles.insert(name, Arc::new(profile));
        }
        if let Some((name, at)) = &default
            && !profiles.contains_key(name)
        {
            let known = profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("there is no [profile.{name}]; profiles are: {known}");
            return Err(document.error(at.start, "default", message));
        }
        keys.finish(&["version", "default", "profile"])?;
        Ok(Self {
            default: default.map(|(name, _)| name),
            profiles,
            derived: BTreeMap::new(),
        })
    }

    /// The profile of that very name, of the file or made of one.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Profile>> {
        self.profiles.get(name).or_else(|| self.derived.get(name))
    }

    /// Every profile.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.values().chain(self.derived.values())
    }

    /// The profile that `name` means; empty for the default one, or the only one.
    pub(crate) fn profile(&self, name: &str) -> Result<Arc<Profile>, Unnamed> {
        let name = match (name, &self.default) {
            ("", Some(default)) => default.as_str(),
            ("", None) => match self.profiles.iter().next() {
                Some((_, only)) if self.profiles.len() == 1 => return Ok(only.clone()),
                Some(_) => return Err(Unnamed::Several(self.names())),
                None => return Err(Unnamed::NoneAtAll),
            },
            (name, _) if self.derived.contains_key(name) => name,
            (_, _) if self.profiles.is_empty() => return Err(Unnamed::NoneAtAll),
            (name, _) => name,
        };
        self.find(name).cloned().ok_or_else(|| Unnamed::Unknown {
            name: name.to_owned(),
            known: self.names(),
        })
    }

    fn names(&self) -> String {
        self.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Why no profile is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unnamed {
    #[error("there is no profile yet")]
    NoneAtAll,
    #[error("which profile? {0}")]
    Several(String),
    #[error("there is no profile {name:?}; profiles are: {known}")]
    Unknown { name: String, known: String },
}

impl Unnamed {
    /// The cure.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoneAtAll => "pslease profile add NAME",
            Self::Several(_) => "name it with -p, or set default = \"NAME\" in config.toml",
            Self::Unknown { .. } => "pslease profile list",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(text: &str) -> Result<Config, String> {
        Config::read(Path::new("/c/config.toml"), text).map_err(|error| error.to_string())
    }

    const GOOD: &str = r#"
version = 1
default = "sfb"

[profile.sfb]
template = "skype-online"
uri = "https://localhost:4433/OcsPowershellLiveId"
admin = "KenMyer@litwareinc.com"
PowerShellMaxConcurrency = 2
idle_timeout = "10m"

[profile.dc]
template = "winrm"
host = "dc1.example"
admin = 'EXAMPLE\admin'
password_command = ["pass", "show", "dc1"]
open_rate = "5/60s"
"#;

    #[test]
    fn a_file_is_read_with_its_defaults() {
        let config = read(GOOD).unwrap();
        let sfb = config.profile("").unwrap();
        assert_eq!(sfb.name, "sfb");
        assert_eq!((sfb.max_concurrency, sfb.max_tenant_concurrency), (2, Some(9)));
        assert_eq!(sfb.organization, "litwareinc.com");
        assert_eq!(sfb.idle_timeout, Duration::from_secs(600));
        assert_eq!(sfb.scope.service, "skype-online");
        assert_eq!(sfb.scope.admin, "kenmyer@litwareinc.com", "scopes are case-folded");
        let dc = config.profile("dc").unwrap();
        assert_eq!(dc.address.uri, "https://dc1.example:5986/wsman");
        assert_eq!(dc.scope.service, "dc1.example:5986");
        assert_eq!(
            dc.open_rate,
            Some(endpoint::Rate {
                count: 5,
                per: Duration::from_secs(60)
            })
        );
        assert_eq!(
            dc.password,
            Password::Command(vec!["pass".into(), "show".into(), "dc1".into()])
        );
    }

    #[test]
    fn which_profile_is_meant_is_said() {
        let config = read(GOOD).unwrap();
        assert_eq!(
            config.profile("x").unwrap_err().to_string(),
            r#"there is no profile "x"; profiles are: dc, sfb"#
        );
        let two = read(&GOOD.replace("default = \"sfb\"", "")).unwrap();
        assert_eq!(two.profile("").unwrap_err(), Unnamed::Several("dc, sfb".into()));
        assert_eq!(Config::default().profile("").unwrap_err(), Unnamed::NoneAtAll);
    }

    #[test]
    fn errors_name_file_line_key_and_what_is_allowed() {
        let cases = [
            (
                "default = \"sfb\"\n",
                "/c/config.toml:1: version: the first key must be: version = 1",
            ),
            (
                "version = 2\n",
                "/c/config.toml:1: version: 2 is not allowed; allowed: 1",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"skype\"\n",
                "/c/config.toml:3: profile.a.template: \"skype\" is no template; allowed: winrm, jea, exchange-server, \
                 skype-server, skype-online, lync-online, eop, exchange-online, ssh, process, demo",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\nmax_concurency = 3\n",
                "/c/config.toml:6: profile.a.max_concurency: unknown key; did you mean max_concurrency?",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\nidle_timeout = \"10 parsecs\"\n",
                "/c/config.toml:6: profile.a.idle_timeout: \"10 parsecs\" is no duration; allowed: a number with ms, s, m, \
                 h or d, as \"15m\"",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = 3\n",
                "/c/config.toml:4: profile.a.host: expected text in quotes, found a number",
            ),
            (
                "version = 1\ndefault = \"b\"\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\n",
                "/c/config.toml:2: default: there is no [profile.b]; profiles are: a",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\n",
                "/c/config.toml:2: profile.a: admin is missing: set admin = \"USER\"",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nuri = \"http://h:5985/wsman\"\nadmin = \"a\"\nauth = \"basic\"\n",
                "/c/config.toml:4: profile.a.uri: plain http would show the password to the network: use https, an auth \
                 that seals (negotiate, ntlm, kerberos), or set allow_plain_http = true",
            ),
            (
                "version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\nauth = \"digest\"\n",
                "/c/config.toml:6: profile.a.auth: \"digest\" is no log-on; allowed: basic, negotiate, ntlm, \
                 kerberos, bearer, certificate",
            ),
        ];
        for (text, said) in cases {
            assert_eq!(read(text).unwrap_err(), said, "{text}");
        }
        for (line, says) in [
            ("auth = \"certificate\"", "needs client_certificate"),
            ("password_credential = \"../lab\"", "as LoadCredential= has it"),
            (
                "token_file = \"/t\"\ntoken_keyring = true",
                "token_file and token_keyring are both set: keep one of them",
            ),
        ] {
            let text = format!("version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\n{line}\n");
            assert!(read(&text).unwrap_err().contains(says), "{line}");
        }
        let syntax = read("version = 1\n[profile.a\n").unwrap_err();
        assert!(syntax.starts_with("/c/config.toml:2: "), "{syntax}");
    }
}
