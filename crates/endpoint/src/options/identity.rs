//! Whether a session that is there will do for somebody who asks with other parameters.
//!
//! What a session *is* counts: whose, where, which configuration, which cultures, and how its connection is checked. What
//! only says how long an open is tried (`OpenTimeout`), what it is called, or where a secret is to be had does not.

use std::time::Duration;

use super::{Buffering, Parameters, ProxyAccess, SecretSource, SessionOption};
use crate::Address;

impl Parameters {
    /// The parameters that make a session what it is, as one line. Two that are equal may share sessions; it holds no
    /// secret. Only what was given is in it, so that of no parameters is empty.
    pub fn identity(&self) -> String {
        let given = self.facets().into_iter().filter(|(_, value)| !value.is_empty());
        let quoted = |value: &str| value.replace('\\', "\\\\").replace(';', "\\;");
        let parts: Vec<String> = given
            .map(|(name, value)| format!("{name}={}", quoted(&value)))
            .collect();
        parts.join(";")
    }

    /// The names of those that were given, as far as they make a session what it is.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = self.facets().into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(name, _)| name)
    }

    /// What differs, in words for whoever asks for a session while one with `other` is there; `None` if nothing does.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pairs = self.facets().into_iter().zip(other.facets());
        let mut found = pairs.filter(|((_, mine), (_, its))| mine != its);
        let ((name, mine), (_, its)) = found.next()?;
        let shown = |value: &str| {
            if value.is_empty() {
                "not given".to_owned()
            } else {
                value.to_owned()
            }
        };
        let more: Vec<&str> = found.map(|((name, _), _)| name).collect();
        let more = if more.is_empty() {
            String::new()
        } else {
            format!("; {} too", more.join(", "))
        };
        Some(format!(
            "{name} is {} here and {} there{more}",
            shown(&mine),
            shown(&its)
        ))
    }

    /// Every facet in a fixed order; the empty text is: not given.
    fn facets(&self) -> Vec<(&'static str, String)> {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let small = |value: &Option<String>| value.as_ref().map(|value| value.to_lowercase()).unwrap_or_default();
        let proof = match (&self.oauth_access_token, &self.credential) {
            // Whose token it is nobody knows before it is there: another source may be another account.
            (Some(source), _) => format!("token from {}", place(source)),
            (None, _) => String::new(),
        };
        let mut facets = vec![
            ("UserName", self.user().unwrap_or_default().to_lowercase()),
            ("OAuthAccessToken", proof),
            ("OverrideAdminDomain", small(&self.override_admin_domain)),
            ("OverrideDiscoveryUri", address(&self.override_discovery_uri)),
            ("OverridePowerShellUri", address(&self.override_power_shell_uri)),
            (
                "OverrideAccessTokenResourceUri",
                text(&self.override_access_token_resource_uri),
            ),
            ("ConnectionUri", address(&self.connection_uri)),
            ("ConfigurationName", small(&self.configuration_name)),
            (
                "Authentication",
                self.authentication.map(|way| format!("{way:?}")).unwrap_or_default(),
            ),
            (
                "AllowRedirection",
                self.allow_redirection.map(|set| set.to_string()).unwrap_or_default(),
            ),
        ];
        facets.extend(self.session_option.facets());
        facets
    }
}

impl SessionOption {
    fn facets(&self) -> Vec<(&'static str, String)> {
        let small = |value: &Option<String>| value.as_ref().map(|value| value.to_lowercase()).unwrap_or_default();
        let switch = |set: bool| if set { "true".to_owned() } else { String::new() };
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let arguments: Vec<String> = self
            .application_arguments
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let proxy = match self.proxy.access {
            ProxyAccess::Environment => "",
            ProxyAccess::System => "of the system",
            ProxyAccess::Direct => "none",
        };
        let buffering = match self.output_buffering {
            None => "",
            Some(Buffering::Block) => "Block",
            Some(Buffering::Drop) => "Drop",
        };
        let proxied = self
            .proxy
            .credential
            .as_ref()
            .map(|credential| credential.user.to_lowercase());
        vec![
            ("OperationTimeout", time(self.operation_timeout)),
            ("CancelTimeout", time(self.cancel_timeout)),
            ("IdleTimeout", time(self.idle_timeout)),
            ("Culture", small(&self.culture)),
            ("UICulture", small(&self.ui_culture)),
            ("ProxyAccessType", proxy.to_owned()),
            ("Proxy", address(&self.proxy.address)),
            ("ProxyCredential", proxied.unwrap_or_default()),
            ("SkipCACheck", switch(self.skip_ca_check)),
            ("SkipCNCheck", switch(self.skip_cn_check)),
            ("SkipRevocationCheck", switch(self.skip_revocation_check)),
            (
                "NoMachineProfile",
                self.no_machine_profile.map(|set| set.to_string()).unwrap_or_default(),
            ),
            ("NoEncryption", switch(self.no_encryption)),
            ("IncludePortInSPN", switch(self.include_port_in_spn)),
            ("MaximumRedirection", number(self.maximum_redirection.map(u64::from))),
            (
                "MaxConnectionRetryCount",
                number(self.max_connection_retry_count.map(u64::from)),
            ),
            ("OutputBufferingMode", buffering.to_owned()),
            (
                "MaximumReceivedDataSizePerCommand",
                number(self.maximum_received_data_size_per_command),
            ),
            ("MaximumReceivedObjectSize", number(self.maximum_received_object_size)),
            ("ApplicationArguments", arguments.join(", ")),
        ]
    }
}

/// Scheme and host in small letters; the rest as it is.
fn address(uri: &Option<String>) -> String {
    let Some(uri) = uri else {
        return String::new();
    };
    let Ok(address) = Address::parse(uri) else {
        return uri.clone();
    };
    let scheme = if address.tls { "https" } else { "http" };
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
    format!("{scheme}://{}:{}{path}", address.host, address.port)
}

fn time(value: Option<Duration>) -> String {
    match value {
        None => String::new(),
        Some(Duration::MAX) => "unlimited".to_owned(),
        Some(time) if time.subsec_millis() == 0 => format!("{} s", time.as_secs()),
        Some(time) => format!("{} ms", time.as_millis()),
    }
}

fn place(source: &SecretSource) -> String {
    match source {
        SecretSource::Prompt => "the prompt".to_owned(),
        SecretSource::Stdin => "standard input".to_owned(),
        SecretSource::File(path) => path.display().to_string(),
        SecretSource::Command(words) => words.join(" "),
        SecretSource::Systemd(name) => format!("systemd credential {name}"),
        SecretSource::Keyring => "the keyring".to_owned(),
    }
}
