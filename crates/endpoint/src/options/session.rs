//! `PSSessionOption`: everything in it that has a meaning here.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::parameters::Credential;
use super::value::{Table, Time};
use super::{OptionError, fields};

/// What the server does with output that a disconnected session has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Buffering {
    /// It waits.
    Block,
    /// It drops the oldest.
    Drop,
}

/// Which proxy is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProxyAccess {
    /// The asker's environment decides (`None`).
    #[default]
    Environment,
    /// The machine's settings (`IEConfig`, `WinHttpConfig`, `AutoDetect`).
    System,
    /// None at all (`NoProxyServer`).
    Direct,
}

/// A proxy, as far as PSSessionOption knows one, and its address, which it leaves to Windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Which one.
    pub access: ProxyAccess,
    /// Its address.
    pub address: Option<String>,
    /// Who we are to it (`ProxyCredential`). Only Basic is spoken.
    pub credential: Option<Credential>,
}

/// The options of a session. `None` is: not said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionOption {
    /// `OpenTimeout`. `Duration::MAX` is no limit, as in the others.
    pub open_timeout: Option<Duration>,
    /// `OperationTimeout`.
    pub operation_timeout: Option<Duration>,
    /// `CancelTimeout`.
    pub cancel_timeout: Option<Duration>,
    /// `IdleTimeout`, which the server may cut.
    pub idle_timeout: Option<Duration>,
    /// `Culture`: of numbers and dates.
    pub culture: Option<String>,
    /// `UICulture`: of messages.
    pub ui_culture: Option<String>,
    /// `ProxyAccessType`, `ProxyAuthentication`, `ProxyCredential`.
    pub proxy: Proxy,
    /// `SkipCACheck`.
    pub skip_ca_check: bool,
    /// `SkipCNCheck`.
    pub skip_cn_check: bool,
    /// `SkipRevocationCheck`.
    pub skip_revocation_check: bool,
    /// `NoMachineProfile`.
    pub no_machine_profile: Option<bool>,
    /// `NoEncryption`: no message sealing over http.
    pub no_encryption: bool,
    /// `IncludePortInSPN`.
    pub include_port_in_spn: bool,
    /// `MaximumRedirection`.
    pub maximum_redirection: Option<u32>,
    /// `MaxConnectionRetryCount`.
    pub max_connection_retry_count: Option<u32>,
    /// `OutputBufferingMode`.
    pub output_buffering: Option<Buffering>,
    /// `MaximumReceivedDataSizePerCommand`, in bytes.
    pub maximum_received_data_size_per_command: Option<u64>,
    /// `MaximumReceivedObjectSize`, in bytes.
    pub maximum_received_object_size: Option<u64>,
    /// `ApplicationArguments`.
    pub application_arguments: BTreeMap<String, Value>,
    /// Options that were given and change nothing here, by name.
    pub without_effect: Vec<&'static str>,
}

/// PowerShell takes no shorter one (protocol.md 5).
const SHORTEST_IDLE: Duration = Duration::from_secs(60);

impl SessionOption {
    /// Reads a table of options, as New-PSSessionOption or the object it makes names them.
    ///
    /// # Errors
    /// If a name is not known, or a value is not what it must be.
    pub fn read(value: &Value) -> Result<Self, OptionError> {
        let table = Table::read("SessionOption", value, "PSSessionOption", &fields::SESSION)?;
        let mut without_effect = Vec::new();
        // Nothing is ever compressed, and everything is UTF-8.
        if table.switch("NoCompression")?.is_some() {
            without_effect.push("NoCompression");
        }
        if table.switch("UseUTF16")? == Some(true) {
            return Err(unsupported(
                "UseUTF16",
                "true",
                "everything is sent as UTF-8, which every server takes",
            ));
        }
        let (proxy, proxied) = proxy(&table)?;
        without_effect.extend(proxied);
        let found = Self {
            open_timeout: limit(&table, "OpenTimeout")?,
            operation_timeout: limit(&table, "OperationTimeout")?,
            cancel_timeout: limit(&table, "CancelTimeout")?,
            idle_timeout: idle(&table)?,
            culture: table.culture("Culture")?,
            ui_culture: table.culture("UICulture")?,
            proxy,
            skip_ca_check: table.switch("SkipCACheck")?.unwrap_or_default(),
            skip_cn_check: table.switch("SkipCNCheck")?.unwrap_or_default(),
            skip_revocation_check: table.switch("SkipRevocationCheck")?.unwrap_or_default(),
            no_machine_profile: table.switch("NoMachineProfile")?,
            no_encryption: table.switch("NoEncryption")?.unwrap_or_default(),
            include_port_in_spn: table.switch("IncludePortInSPN")?.unwrap_or_default(),
            maximum_redirection: redirection(&table)?,
            max_connection_retry_count: table.small("MaxConnectionRetryCount")?,
            output_buffering: buffering(&table)?,
            maximum_received_data_size_per_command: table.count("MaximumReceivedDataSizePerCommand")?,
            maximum_received_object_size: table.count("MaximumReceivedObjectSize")?,
            application_arguments: arguments(&table)?,
            without_effect,
        };
        Ok(found)
    }

    /// What must be said loudly before a session is opened with these options.
    pub fn warnings(&self) -> Vec<&'static str> {
        let all = [
            (
                self.skip_ca_check,
                "SkipCACheck: whoever answers is believed, and gets your credential",
            ),
            (
                self.skip_cn_check,
                "SkipCNCheck: any host with a trusted certificate is believed, and gets your credential",
            ),
            (
                self.skip_revocation_check,
                "SkipRevocationCheck: a certificate that was revoked is believed",
            ),
            (
                self.no_encryption,
                "NoEncryption: over http, everything can be read on the way",
            ),
        ];
        all.into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, words)| words)
            .collect()
    }
}

fn unsupported(name: &str, found: &str, why: &'static str) -> OptionError {
    OptionError::Unsupported {
        name: name.to_owned(),
        found: found.to_owned(),
        why,
    }
}

fn limit(table: &Table<'_>, name: &str) -> Result<Option<Duration>, OptionError> {
    Ok(match table.time(name)? {
        None | Some(Time::Default) => None,
        Some(Time::Unlimited) => Some(Duration::MAX),
        Some(Time::Is(time)) => Some(time),
    })
}

fn idle(table: &Table<'_>) -> Result<Option<Duration>, OptionError> {
    let time = match table.time("IdleTimeout")? {
        None | Some(Time::Default) => return Ok(None),
        Some(Time::Unlimited) => Duration::ZERO,
        Some(Time::Is(time)) => time,
    };
    if time < SHORTEST_IDLE {
        return Err(OptionError::Range {
            name: "IdleTimeout".to_owned(),
            found: format!("{} ms", time.as_millis()),
            why: "PowerShell takes no less than a minute (60000), or -1 for the server's own",
        });
    }
    Ok(Some(time))
}

/// PowerShell's own default is the most that is followed here, whoever wants more.
fn redirection(table: &Table<'_>) -> Result<Option<u32>, OptionError> {
    let given = table.small("MaximumRedirection")?;
    match given.filter(|most| *most > crate::MAXIMUM_REDIRECTION) {
        None => Ok(given),
        Some(most) => Err(OptionError::Range {
            name: "MaximumRedirection".to_owned(),
            found: most.to_string(),
            why: "at most 5 redirects are followed with a credential",
        }),
    }
}

fn buffering(table: &Table<'_>) -> Result<Option<Buffering>, OptionError> {
    let words = [
        ("None", None),
        ("Block", Some(Buffering::Block)),
        ("Drop", Some(Buffering::Drop)),
    ];
    Ok(table
        .word("OutputBufferingMode", "None, Block or Drop", &words)?
        .flatten())
}

fn proxy(table: &Table<'_>) -> Result<(Proxy, Option<&'static str>), OptionError> {
    let access = [
        ("None", ProxyAccess::Environment),
        ("IEConfig", ProxyAccess::System),
        ("WinHttpConfig", ProxyAccess::System),
        ("AutoDetect", ProxyAccess::System),
        ("NoProxyServer", ProxyAccess::Direct),
    ];
    let wanted = "None, IEConfig, WinHttpConfig, AutoDetect or NoProxyServer";
    let access = table.word("ProxyAccessType", wanted, &access)?.unwrap_or_default();
    let ways = [("Basic", true), ("Negotiate", false), ("Digest", false)];
    let basic = table.word("ProxyAuthentication", "Basic, Negotiate or Digest", &ways)?;
    let credential = match table.get("ProxyCredential") {
        Some((written, value)) => Some(Credential::read(written, value)?),
        None => None,
    };
    if basic == Some(false) && credential.is_some() {
        return Err(unsupported(
            "ProxyAuthentication",
            "other than Basic",
            "proxies are spoken to with Basic only",
        ));
    }
    // Without a credential there is nothing to authenticate with.
    let idle = (basic.is_some() && credential.is_none()).then_some("ProxyAuthentication");
    let proxy = Proxy {
        access,
        address: table.uri("Proxy")?,
        credential,
    };
    if proxy.access == ProxyAccess::Direct && (proxy.address.is_some() || proxy.credential.is_some()) {
        return Err(OptionError::Sets("ProxyAccessType NoProxyServer", "a proxy"));
    }
    Ok((proxy, idle))
}

fn arguments(table: &Table<'_>) -> Result<BTreeMap<String, Value>, OptionError> {
    let Some((written, value)) = table.get("ApplicationArguments") else {
        return Ok(BTreeMap::new());
    };
    let Some(given) = value.as_object() else {
        return Err(OptionError::NoTable {
            name: written.to_owned(),
            found: "something else",
        });
    };
    Ok(given
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect())
}
