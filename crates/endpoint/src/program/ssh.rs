//! The command line of OpenSSH's client, as `New-PSSession -HostName` means it.

/// The port of sshd.
pub(super) const PORT: u16 = 22;

/// What `ssh` is started with. Whatever is left out is as the user's ssh_config has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssh {
    /// The client: `ssh`, or its path.
    pub program: String,
    /// The host, or its name in ssh_config; lower case.
    pub host: String,
    /// `-p`
    pub port: Option<u16>,
    /// `-l`
    pub user: Option<String>,
    /// `-i`
    pub key_file: Option<String>,
    /// The subsystem that speaks PowerShell remoting.
    pub subsystem: String,
    /// `-o`, each `NAME=VALUE`. They count more than our own.
    pub options: Vec<String>,
}

/// What ssh cannot be started with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SshError {
    /// It would be read as an option, or as several words.
    #[error("{0:?} cannot be the name of a host, a user or a subsystem")]
    Word(String),
    /// Not `NAME=VALUE`.
    #[error("{0:?} is no option of ssh; write it as \"Compression=yes\"")]
    Option(String),
}

/// What is set where the profile sets nothing: no connection is shared with the user's others or lent to them, nothing is
/// forwarded, and a path that died is noticed within a minute and a half.
const OURS: [&str; 3] = ["ControlMaster=no", "ClearAllForwardings=yes", "ServerAliveInterval=30"];

impl Ssh {
    /// A connection to PowerShell's subsystem of a host, given as `HOST` or `HOST:PORT`.
    ///
    /// # Errors
    /// [`SshError::Word`] where ssh would take it for something else.
    pub fn new(host: &str) -> Result<Self, SshError> {
        let (name, port) = match host.rsplit_once(':') {
            // One colon only: more are an IPv6 address.
            Some((name, port)) if !name.contains(':') => {
                let port = port.parse().map_err(|_| SshError::Word(host.to_owned()))?;
                (name, Some(port))
            }
            _ => (host.trim_start_matches('[').trim_end_matches(']'), None),
        };
        Ok(Self {
            program: "ssh".to_owned(),
            host: word(name)?.to_lowercase(),
            port,
            user: None,
            key_file: None,
            subsystem: "powershell".to_owned(),
            options: Vec::new(),
        })
    }

    /// Whether everything is what it is taken for: no name can pass for an option.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), SshError> {
        for name in [Some(&self.host), self.user.as_ref(), Some(&self.subsystem)]
            .into_iter()
            .flatten()
        {
            word(name)?;
        }
        for option in &self.options {
            let sound = option
                .split_once('=')
                .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()));
            if !sound {
                return Err(SshError::Option(option.clone()));
            }
        }
        Ok(())
    }

    pub(super) fn words(&self, ask: bool) -> Vec<String> {
        let mut words = vec![self.program.clone(), "-T".to_owned()];
        self.options(&mut words);
        // Of two values ssh takes the first.
        if !ask {
            words.extend(["-o".to_owned(), "BatchMode=yes".to_owned()]);
        }
        for option in OURS {
            words.extend(["-o".to_owned(), option.to_owned()]);
        }
        words.extend(["-s", "--", &self.host, &self.subsystem].map(str::to_owned));
        words
    }

    /// The command that a person runs once, to be asked whatever ssh wants to ask.
    pub(super) fn once(&self) -> String {
        let mut words = vec![self.program.clone()];
        self.options(&mut words);
        words.extend([self.host.clone(), "exit".to_owned()]);
        words.join(" ")
    }

    fn options(&self, words: &mut Vec<String>) {
        let port = self.port.map(|port| port.to_string());
        for (option, value) in [("-l", &self.user), ("-p", &port), ("-i", &self.key_file)] {
            if let Some(value) = value {
                words.extend([option.to_owned(), value.clone()]);
            }
        }
        for option in &self.options {
            words.extend(["-o".to_owned(), option.clone()]);
        }
    }
}

fn word(text: &str) -> Result<&str, SshError> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if text.is_empty() || text.starts_with('-') || text.contains(odd) {
        return Err(SshError::Word(text.to_owned()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_that_of_a_person() {
        let mut ssh = Ssh::new("Web1:2222").unwrap();
        assert_eq!(
            ssh.words(false).join(" "),
            "ssh -T -p 2222 -o BatchMode=yes -o ControlMaster=no -o ClearAllForwardings=yes -o ServerAliveInterval=30 -s -- \
             web1 powershell"
        );
        ssh.user = Some("ken".to_owned());
        ssh.key_file = Some("/k".to_owned());
        ssh.options = vec!["ServerAliveInterval=5".to_owned()];
        ssh.check().unwrap();
        let words = ssh.words(true).join(" ");
        assert!(
            words.starts_with("ssh -T -l ken -p 2222 -i /k -o ServerAliveInterval=5 -o ControlMaster"),
            "{words}"
        );
        assert!(!words.contains("BatchMode"));
        assert_eq!(
            ssh.once(),
            "ssh -l ken -p 2222 -i /k -o ServerAliveInterval=5 web1 exit"
        );
        assert_eq!(
            (Ssh::new("[fe80::1]").unwrap().host, Ssh::new("::1").unwrap().port),
            ("fe80::1".to_owned(), None)
        );
    }

    #[test]
    fn nothing_passes_for_an_option() {
        for host in ["-oProxyCommand=touch x", "", "a b", "web:ssh"] {
            assert!(Ssh::new(host).is_err(), "{host}");
        }
        let mut ssh = Ssh::new("web1").unwrap();
        ssh.user = Some("-l".to_owned());
        assert_eq!(ssh.check(), Err(SshError::Word("-l".to_owned())));
        ssh.user = None;
        for option in ["Compression", "-F=x", "=x"] {
            ssh.options = vec![option.to_owned()];
            assert_eq!(ssh.check(), Err(SshError::Option(option.to_owned())));
        }
    }
}
