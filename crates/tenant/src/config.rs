//! What a tenant is made of: services, their limits, and who may log on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A whole tenant: where it listens, and what it offers there.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 for a free one. The embedded tenant belongs on loopback.
    pub listen: SocketAddr,
    /// The PEM file to write the tenant's certificate to; `None` for plain HTTP.
    pub certificate: Option<PathBuf>,
    /// The services, each on a path of its own.
    pub services: Vec<Service>,
    /// Who may log on, to any of them.
    pub users: Vec<User>,
    /// How many users `Get-CsOnlineUser` finds in each organization.
    pub directory_size: u32,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct Service {
    /// The path under which it is found, beginning with a slash.
    pub path: String,
    /// The configuration names that it takes; the last part of the resource URI.
    pub configurations: Vec<String>,
    /// Which commands it offers.
    pub commands: Commands,
    /// Whether it takes script text, or command lists only.
    pub language: LanguageMode,
    /// How many shells it allows, and what it does beyond.
    pub limits: Limits,
}

/// The sets of commands that a service can offer, beside the ones that every shell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    /// `Get-CsTenant` and its like.
    Skype,
    /// `Get-TransportRule` and its like.
    Exchange,
    /// Only what every shell has.
    Common,
}

/// PowerShell's language modes, as far as a remote caller notices them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LanguageMode {
    /// Script text runs.
    Full,
    /// Script text is refused; command lists run.
    No,
}

/// How many shells there may be at once, and what happens to one too many.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Shells of one admin.
    pub per_admin: u32,
    /// Shells of one organization.
    pub per_organization: u32,
    /// What an admin's Create too many meets.
    pub over_admin: Over,
    /// What an organization's Create too many meets.
    pub over_organization: Over,
    /// A shell that nobody used for so long is removed, without a word to its client.
    pub idle: Duration,
    /// How long a hanging Create is held before its connection is dropped.
    pub hang: Duration,
}

/// What a Create beyond a limit meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// No answer, as Skype for Business Online is documented to behave.
    Hang,
    /// The quota fault, at once, as Exchange does.
    Refuse,
}

/// Somebody who may log on.
#[derive(Clone, Debug)]
pub struct User {
    /// The user principal name.
    pub name: String,
    /// The password of this pretended person; it protects nothing.
    pub password: String,
    /// The organization whose limit its shells count against.
    pub organization: String,
}

impl User {
    /// A user of the organization that the name's domain says.
    pub fn new(name: &str, password: &str) -> Self {
        let organization = name.split_once('@').map_or("", |(_, domain)| domain);
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            organization: organization.to_owned(),
        }
    }
}

impl Limits {
    /// Three per admin, nine per organization, fifteen minutes: the numbers of the documents that began it all.
    pub const fn documented(over_admin: Over) -> Self {
        Self {
            per_admin: 3,
            per_organization: 9,
            over_admin,
            over_organization: Over::Refuse,
            idle: Duration::from_secs(15 * 60),
            hang: Duration::from_secs(180),
        }
    }
}

impl Config {
    /// The demonstration: Litware's Skype for Business and Exchange endpoints on a free port of loopback.
    pub fn demo() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            certificate: None,
            services: vec![
                Service {
                    path: "/OcsPowershellLiveId".to_owned(),
                    configurations: vec!["Microsoft.PowerShell".to_owned()],
                    commands: Commands::Skype,
                    language: LanguageMode::Full,
                    limits: Limits::documented(Over::Hang),
                },
                Service {
                    path: "/powershell-liveid".to_owned(),
                    configurations: vec!["Microsoft.Exchange".to_owned()],
                    commands: Commands::Exchange,
                    language: LanguageMode::No,
                    limits: Limits::documented(Over::Refuse),
                },
            ],
            users: ["kenmyer", "pilar", "david", "amos"]
                .map(|name| User::new(&format!("{name}@litwareinc.com"), "demo"))
                .to_vec(),
            directory_size: 100_000,
        }
    }
}
