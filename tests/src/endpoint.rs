//! Something to connect to that tells the truth about its shells.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tenant::Tenant;
use tokio::runtime::Runtime;

use crate::{Peer, http};

/// The embedded tenant or the peer.
#[derive(Debug)]
pub enum Endpoint {
    /// Ours, in this process.
    Tenant(Tenant, Runtime),
    /// Somebody else's.
    Peer(Peer),
}

/// What an endpoint knows of its own shells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Shells that are live now.
    pub live: usize,
    /// The most that any one admin ever had at once.
    pub peak_admin: u64,
    /// The most that any one organization ever had at once.
    pub peak_organization: u64,
    /// Creates beyond a limit, whether they were refused or left hanging.
    pub over_limit: u64,
    /// How many shells there ever were.
    pub created: u64,
    /// How many of them ended because nobody used them.
    pub idled_out: u64,
}

impl Endpoint {
    /// The demonstration tenant, over TLS.
    pub fn tenant() -> Self {
        Self::tenant_with(|_| {})
    }

    /// The demonstration tenant, changed.
    pub fn tenant_with(change: impl FnOnce(&mut tenant::Config)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut config = tenant::Config::demo();
        change(&mut config);
        let tenant = runtime.block_on(Tenant::start(config)).expect("the tenant starts");
        Self::Tenant(tenant, runtime)
    }

    /// The peer with the tenant that most tests use; `None` where it is not to be had, which is said.
    pub fn peer() -> Option<Self> {
        Peer::python().map(|python| Self::Peer(Peer::start(&python, "tenant.toml")))
    }

    /// The peer with the connector's whole flow, its configuration changed; `None` where it is not to be had.
    pub fn online(change: impl FnOnce(String) -> String) -> Option<Self> {
        let python = Peer::python()?;
        let text = std::fs::read_to_string(Peer::folder().join("online.toml")).expect("online.toml");
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("online.toml");
        std::fs::write(&path, change(text)).expect("the changed configuration");
        // It is read before the peer says that it is ready.
        Some(Self::Peer(Peer::start(&python, &path.display().to_string())))
    }

    /// The peer behind it, for what the tenant has not.
    pub fn as_peer(&self) -> &Peer {
        match self {
            Self::Peer(peer) => peer,
            Self::Tenant(..) => panic!("it is the tenant"),
        }
    }

    /// Its base address.
    pub fn url(&self) -> &str {
        match self {
            Self::Tenant(tenant, _) => tenant.url(),
            Self::Peer(peer) => peer.url(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        let (_, authority) = self.url().split_once("://").expect("a URL");
        authority.trim_end_matches('/').parse().expect("an address and a port")
    }

    /// How often something has happened at the endpoint.
    pub fn count(&self, what: &str) -> u64 {
        self.state()["counts"][what].as_u64().unwrap_or_default()
    }

    /// A profile for an admin: the service is `skype` or `exchange`.
    pub fn profile(&self, name: &str, service: &str, admin: &str, extra: &str) -> String {
        let (template, configuration) = match service {
            "exchange" => ("exchange-online", "Microsoft.Exchange"),
            "winrm" => ("winrm", "Microsoft.PowerShell"),
            _ => ("skype-online", "Microsoft.PowerShell"),
        };
        let (uri, trust) = match self {
            Self::Tenant(tenant, _) => {
                let path = if service == "exchange" {
                    "/powershell-liveid"
                } else {
                    "/OcsPowershellLiveId"
                };
                (format!("{}{path}", tenant.url()), "allow_plain_http = true".to_owned())
            }
            Self::Peer(peer) => {
                let uri = peer.service(service).to_owned();
                // The peer's plain listener takes passwords; hosts of one's own are asked for Negotiate otherwise.
                let auth = if service == "winrm" { "auth = \"basic\"\n" } else { "" };
                (uri, format!("{auth}ca = {:?}", peer.ca().display().to_string()))
            }
        };
        format!(
            "[profile.{name}]\ntemplate = \"{template}\"\nuri = \"{uri}\"\nconfiguration = \"{configuration}\"\nadmin = \"{admin}\"\n{trust}\n{extra}\n"
        )
    }

    /// The password of an admin of this endpoint.
    pub fn password(&self, admin: &str) -> &'static str {
        match self {
            Self::Tenant(..) => "demo",
            Self::Peer(_) => match admin.split('@').next() {
                Some("kenmyer") => "p@ssw0rd!",
                Some("pilar") => "pw:with:colons",
                Some("david") => "pässwörd",
                Some("amos") => "amos",
                _ => "contoso",
            },
        }
    }

    /// The counter, now.
    pub fn truth(&self) -> Truth {
        let state = self.state();
        let sum = |names: &[&str]| names.iter().filter_map(|name| state["counts"][*name].as_u64()).sum();
        let peak = |table: &str| {
            state[table]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, count)| count["peak"].as_u64())
                .max()
                .unwrap_or(0)
        };
        let count = |value: &Json| {
            value
                .as_array()
                .map(Vec::len)
                .or_else(|| value.as_object().map(serde_json::Map::len))
        };
        Truth {
            live: count(&state["shells"]).expect("a list of shells"),
            peak_admin: peak("per_admin"),
            peak_organization: peak(if matches!(self, Self::Peer(_)) {
                "per_org"
            } else {
                "per_organization"
            }),
            over_limit: sum(&[
                "creates_hung_admin",
                "creates_hung_organization",
                "creates_hung_org",
                "creates_refused_admin",
                "creates_refused_organization",
                "creates_rejected_admin",
                "creates_rejected_org",
            ]),
            created: sum(&["shells_created"]),
            idled_out: state["ended"]["idle"].as_u64().unwrap_or(0),
        }
    }

    /// Everything that the endpoint tells of itself.
    pub fn state(&self) -> Json {
        self.control("GET", "/control/state", None)
    }

    /// Lets time pass at the endpoint.
    pub fn advance(&self, by: Duration) {
        self.control("POST", "/control/clock", Some(&json!({ "advance": by.as_secs_f64() })));
    }

    /// Asks the control interface.
    pub fn control(&self, method: &str, path: &str, body: Option<&Json>) -> Json {
        match self {
            Self::Tenant(tenant, _) => http::json(tenant.url(), None, method, path, body),
            Self::Peer(peer) => http::json(peer.url(), Some(peer.ca()), method, path, body),
        }
    }
}
