//! Why a program ended, in the user's words and with the cure.

use super::{Program, Ssh};

/// What a program's end means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// One sentence that names the thing and the cure, with the last that the program itself said.
    pub message: String,
    /// Whether another try is bound to end the same way until somebody has done something.
    pub lasting: bool,
}

/// ssh's own exit code; every other is the subsystem's.
const SSH_FAILED: i32 = 255;

/// So many of its last lines are quoted, and so many characters of them.
const LINES: usize = 3;
const CHARACTERS: usize = 400;

pub(super) fn of(program: &Program, code: Option<i32>, signal: Option<i32>, said: &str) -> Ending {
    if let (Program::Ssh(ssh), Some(SSH_FAILED)) = (program, code)
        && let Some((words, lasting)) = of_ssh(ssh, said)
    {
        return Ending {
            message: format!("{words}{}", quoted(said)),
            lasting,
        };
    }
    let name = match program {
        Program::Ssh(ssh) => format!("the {} subsystem of {}", ssh.subsystem, ssh.host),
        Program::Command(words) => words.first().cloned().unwrap_or_default(),
    };
    let how = match (code, signal) {
        (Some(0), _) => "ended by itself".to_owned(),
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "closed its output".to_owned(),
    };
    Ending {
        message: format!("{name} {how}{}", quoted(said)),
        lasting: false,
    }
}

/// What ssh complains of, the telling words first that the later ones follow from.
fn of_ssh(ssh: &Ssh, said: &str) -> Option<(String, bool)> {
    let Ssh { host, .. } = ssh;
    let port = ssh.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    let user = ssh
        .user
        .as_deref()
        .map_or_else(String::new, |user| format!(" for {user}"));
    let has = |words: &str| said.contains(words);
    let once = ssh.once();
    let told = if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        let known = ssh
            .port
            .map_or_else(|| host.clone(), |port| format!("'[{host}]:{port}'"));
        let words = format!(
            "the host key of {host} is not the one that ssh knows: it was set up anew, or somebody is in between; compare \
             its fingerprint, then ssh-keygen -R {known}, and once: {once}"
        );
        (words, true)
    } else if has("Host key verification failed") || has("host key is known for") {
        (
            format!("ssh does not know the host key of {host} yet; look at it and take it once: {once}"),
            true,
        )
    } else if has("Permission denied") || has("Too many authentication failures") {
        let words = format!(
            "{host} took no key{user}; load one with ssh-add or name it with key_file, and see that this works: {once}"
        );
        (words, true)
    } else if has("subsystem request failed") {
        let words = format!(
            "sshd on {host} has no subsystem {}; add it to its sshd_config: Subsystem {} /usr/bin/pwsh -s -NoLogo",
            ssh.subsystem, ssh.subsystem
        );
        (words, true)
    } else if has("Bad configuration option") || has("command-line: line 0") || has("command-line line 0") {
        (
            "ssh does not take an option of the profile; correct ssh_options".to_owned(),
            true,
        )
    } else if has("Could not resolve hostname") {
        (
            format!("the name {host} is not known; check its spelling and the network"),
            false,
        )
    } else if has("Connection refused") {
        (
            format!("nobody listens at {port}; check the port, and that sshd runs there"),
            false,
        )
    } else if has("timed out") || has("No route to host") || has("Network is unreachable") {
        (format!("no way to {port}; check the network"), false)
    } else if has("Connection closed") || has("Connection reset") || has("not responding") {
        (
            format!("{host} closed the connection; check its sshd, or try again"),
            false,
        )
    } else {
        return None;
    };
    Some(told)
}

/// The last lines, made printable.
fn quoted(said: &str) -> String {
    let lines: Vec<String> = said
        .lines()
        .map(|line| line.chars().filter(|c| !c.is_control()).collect::<String>())
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(LINES)..].join(" / ");
    if last.is_empty() {
        return String::new();
    }
    let cut = last.chars().count().saturating_sub(CHARACTERS);
    let shown: String = last.chars().skip(cut).collect();
    format!("; its last words: {shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh() -> Program {
        let mut ssh = Ssh::new("web1:2222").unwrap();
        ssh.user = Some("ken".to_owned());
        Program::Ssh(ssh)
    }

    #[test]
    fn what_ssh_says_is_told_with_its_cure() {
        for (said, told, lasting) in [
            (
                "ken@web1: Permission denied (publickey).",
                "web1 took no key for ken; load one with ssh-add",
                true,
            ),
            (
                "Host key verification failed.",
                "take it once: ssh -l ken -p 2222 web1 exit",
                true,
            ),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "ssh-keygen -R '[web1]:2222'",
                true,
            ),
            (
                "ssh: connect to host web1 port 2222: Connection refused",
                "nobody listens at web1:2222",
                false,
            ),
            (
                "ssh: Could not resolve hostname web1: Name or service not known",
                "the name web1 is not known",
                false,
            ),
            (
                "subsystem request failed on channel 0",
                "Subsystem powershell /usr/bin/pwsh",
                true,
            ),
            (
                "command-line: line 0: Bad configuration option: x",
                "correct ssh_options",
                true,
            ),
            ("Connection closed by 10.0.0.1 port 22", "closed the connection", false),
        ] {
            let ending = ssh().ending(Some(255), None, said);
            assert!(ending.message.contains(told), "{}", ending.message);
            let last = said.lines().last().unwrap();
            assert!(
                ending
                    .message
                    .ends_with(&format!("its last words: {}", said.replace('\n', " / "))),
                "{last}"
            );
            assert_eq!(ending.lasting, lasting, "{said}");
        }
    }

    #[test]
    fn other_ends_are_told_as_they_are() {
        assert_eq!(
            ssh().ending(Some(160), None, "").message,
            "the powershell subsystem of web1 ended with exit code 160"
        );
        let pwsh = Program::Command(vec!["pwsh".to_owned(), "-s".to_owned()]);
        assert_eq!(
            pwsh.ending(None, Some(9), "a\n\nb\x1b[31m\nc\nd\n").message,
            "pwsh was ended by signal 9; its last words: b[31m / c / d"
        );
        assert_eq!(pwsh.ending(None, None, "").message, "pwsh closed its output");
        let long = pwsh.ending(Some(1), None, &"z".repeat(5000)).message;
        assert_eq!(long.matches('z').count(), CHARACTERS);
    }
}
