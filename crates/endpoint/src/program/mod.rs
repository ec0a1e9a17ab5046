//! Endpoints that are a program's standard input and output: `ssh`, `pwsh -s`, `docker exec -i` (protocol.md 23). What is
//! started, what it is called, and what its end means.

mod ending;
mod ssh;

use crate::{Address, Template};

pub use ending::Ending;
pub use ssh::{Ssh, SshError};

/// A program that speaks PowerShell's out-of-process framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The system's OpenSSH client, and a subsystem at the other end.
    Ssh(Ssh),
    /// Any program: its name or path, and its arguments. At least the name is there.
    Command(Vec<String>),
}

impl Program {
    /// The program and its arguments. `ask` is whether somebody can answer its questions; else ssh is told to ask none.
    pub fn words(&self, ask: bool) -> Vec<String> {
        match self {
            Self::Ssh(ssh) => ssh.words(ask),
            Self::Command(words) => words.clone(),
        }
    }

    /// What the connections are counted by, and told apart by in the books: `HOST:PORT`, or the command.
    pub fn scope(&self) -> String {
        match self {
            Self::Ssh(ssh) => format!("{}:{}", ssh.host, ssh.port.unwrap_or(ssh::PORT)),
            Self::Command(words) => words.join(" "),
        }
    }

    /// The address, as the books keep it. It is of no use to HTTP.
    pub fn address(&self) -> Address {
        let (uri, host, port) = match self {
            Self::Ssh(ssh) => {
                let port = ssh.port.unwrap_or(ssh::PORT);
                (
                    format!("ssh://{}:{port}/{}", ssh.host, ssh.subsystem),
                    ssh.host.clone(),
                    port,
                )
            }
            Self::Command(words) => {
                let name = words.first().map_or("", String::as_str);
                let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
                (format!("process:{}", words.join(" ")), name.to_owned(), 0)
            }
        };
        Address {
            uri,
            host,
            port,
            tls: true,
        }
    }

    /// Whether an address of the books is that of a program of ours.
    pub fn is_address(uri: &str) -> bool {
        uri.starts_with("ssh://") || uri.starts_with("process:")
    }

    /// What its end means: its exit code, or the signal that ended it, and the last that it wrote to standard error.
    pub fn ending(&self, code: Option<i32>, signal: Option<i32>, said: &str) -> Ending {
        ending::of(self, code, signal, said)
    }

    /// What is to be said when it cannot be started.
    pub fn not_started(&self, error: &std::io::Error) -> String {
        let words = self.words(false);
        let name = words.first().map_or("", String::as_str);
        match (error.kind(), self) {
            (std::io::ErrorKind::NotFound, Self::Ssh(_)) => {
                format!(
                    "there is no {name} on this machine; install OpenSSH's client, or name its place with ssh_program"
                )
            }
            (std::io::ErrorKind::NotFound, Self::Command(_)) => {
                format!("there is no program {name}; correct the profile's command, or give its whole path")
            }
            (std::io::ErrorKind::PermissionDenied, _) => format!("{name} may not be run by this user; check its mode"),
            _ => format!("{name} cannot be started: {error}"),
        }
    }
}

impl Template {
    /// Whether its endpoints are programs, not HTTP addresses.
    pub const fn is_program(self) -> bool {
        match self {
            Self::Ssh | Self::Process => true,
            Self::SkypeOnline
            | Self::LyncOnline
            | Self::Eop
            | Self::ExchangeOnline
            | Self::ExchangeServer
            | Self::SkypeServer
            | Self::Winrm
            | Self::Jea
            | Self::Demo => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_apart_by_what_they_lead_to() {
        let ssh = Program::Ssh(Ssh::new("Web1.example").unwrap());
        assert_eq!(ssh.scope(), "web1.example:22");
        assert_eq!(ssh.address().uri, "ssh://web1.example:22/powershell");
        let command = Program::Command(vec!["/opt/bin/pwsh".to_owned(), "-s".to_owned()]);
        assert_eq!(command.scope(), "/opt/bin/pwsh -s");
        assert_eq!(command.address().host, "pwsh");
        for program in [ssh, command] {
            assert!(Program::is_address(&program.address().uri));
        }
        assert!(!Program::is_address("https://ssh/process:"));
    }
}
