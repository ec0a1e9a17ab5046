//! The profiles whose endpoint is a program: `ssh` and `process`.

use endpoint::{Parameters, Program, Ssh, Template};

use super::document::Keys;
use super::error::ConfigError;

/// The keys of these templates alone.
pub(super) const KEYS: [&str; 7] = [
    "user",
    "port",
    "key_file",
    "subsystem",
    "ssh_options",
    "ssh_program",
    "command",
];

/// The keys that mean nothing here: addresses, certificates, passwords and tokens are HTTP's.
const HTTP: [&str; 28] = [
    "uri",
    "configuration",
    "auth",
    "ca",
    "allow_plain_http",
    "allow_redirection",
    "password_file",
    "password_command",
    "password_credential",
    "password_keyring",
    "no_profile",
    "variant",
    "sign_in",
    "authority",
    "client_id",
    "trusted_hosts",
    "override_admin_domain",
    "override_discovery_uri",
    "override_power_shell_uri",
    "override_access_token_resource_uri",
    "delegated_org",
    "token_file",
    "token_command",
    "token_credential",
    "token_keyring",
    "client_certificate",
    "client_key",
    "source_address",
];

/// The parameters that do not ask how a session is carried.
const ANY_CARRIER: [&str; 4] = [
    "CancelTimeout",
    "IdleTimeout",
    "MaximumReceivedDataSizePerCommand",
    "MaximumReceivedObjectSize",
];

/// The first of the parameters that a program could not heed.
pub(super) fn unfit(parameters: &Parameters) -> Option<&'static str> {
    parameters.given().find(|name| !ANY_CARRIER.contains(name))
}

/// The program that a profile of `template` means; `None` for templates of HTTP.
pub(super) fn program(keys: &Keys<'_>, template: Template) -> Result<Option<Program>, ConfigError> {
    match template {
        Template::Ssh => keys.lack(&HTTP, template).and_then(|()| ssh(keys)).map(Some),
        Template::Process => keys.lack(&HTTP, template).and_then(|()| command(keys)).map(Some),
        Template::SkypeOnline
        | Template::LyncOnline
        | Template::Eop
        | Template::ExchangeOnline
        | Template::ExchangeServer
        | Template::SkypeServer
        | Template::Winrm
        | Template::Jea
        | Template::Demo => keys.lack(&KEYS, template).map(|()| None),
    }
}

/// Who it counts for where the profile names nobody: whoever ssh or the program takes us for.
pub(super) fn account(keys: &Keys<'_>, program: &Program) -> Result<String, ConfigError> {
    let admin = keys.string("admin")?;
    let user = match program {
        Program::Ssh(ssh) => ssh.user.clone(),
        Program::Command(_) => None,
    };
    Ok(match (admin, user) {
        (Some((_, at)), Some(_)) => {
            let message = "there is a user too: keep one of them".to_owned();
            return Err(keys.error(&at, "admin", message));
        }
        (Some((admin, _)), None) => admin,
        (None, Some(user)) => user,
        (None, None) => ["USER", "LOGNAME"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok())
            .unwrap_or_else(|| "me".to_owned()),
    })
}

fn ssh(keys: &Keys<'_>) -> Result<Program, ConfigError> {
    let Some((host, at)) = keys.string("host")? else {
        return Err(keys.missing("host is missing: set host = \"HOST\"".to_owned()));
    };
    let mut ssh = Ssh::new(&host).map_err(|error| keys.error(&at, "host", error.to_string()))?;
    if let Some(port) = keys.integer("port", 1..=65_535)? {
        ssh.port = u16::try_from(port).ok();
    }
    ssh.user = keys.string("user")?.map(|(user, _)| user);
    ssh.key_file = keys
        .string("key_file")?
        .map(|(path, _)| keys.beside(&path).display().to_string());
    if let Some((subsystem, _)) = keys.string("subsystem")? {
        ssh.subsystem = subsystem;
    }
    if let Some((program, _)) = keys.string("ssh_program")? {
        ssh.program = program;
    }
    if let Some((options, _)) = keys.strings("ssh_options")? {
        ssh.options = options;
    }
    ssh.check().map_err(|error| keys.missing(error.to_string()))?;
    Ok(Program::Ssh(ssh))
}

fn command(keys: &Keys<'_>) -> Result<Program, ConfigError> {
    match keys.strings("command")? {
        Some((words, _)) if words.first().is_some_and(|program| !program.is_empty()) => Ok(Program::Command(words)),
        Some((_, at)) => Err(keys.error(&at, "command", "must name a program".to_owned())),
        None => {
            let message = "command is missing: set command = [\"pwsh\", \"-s\", \"-NoLogo\", \"-NoProfile\"]";
            Err(keys.missing(message.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Profile};

    fn read(keys: &str) -> Result<Profile, String> {
        let text = format!("version = 1\n[profile.a]\n{keys}\n");
        let config = Config::read(std::path::Path::new("/c/config.toml"), &text).map_err(|error| error.to_string())?;
        Ok(Profile::clone(&config.profiles["a"]))
    }

    #[test]
    fn an_ssh_profile_is_what_new_pssession_takes() {
        let profile = read(
            "template = \"ssh\"\nhost = \"Web1\"\nport = 2222\nuser = \"ken\"\nkey_file = \"id\"\nsubsystem = \"litware\"\n\
             ssh_options = [\"Compression=yes\"]\nmax_concurrency = 2",
        )
        .unwrap();
        let words = profile.program.as_ref().unwrap().words(false).join(" ");
        let start = "ssh -T -l ken -p 2222 -i /c/id -o Compression=yes -o BatchMode=yes";
        assert!(
            words.starts_with(start) && words.ends_with(" -s -- web1 litware"),
            "{words}"
        );
        assert_eq!(
            (
                profile.scope.service.as_str(),
                profile.admin.as_str(),
                profile.max_concurrency
            ),
            ("web1:2222", "ken", 2)
        );
        assert_eq!(profile.address.uri, "ssh://web1:2222/litware");
    }

    #[test]
    fn what_only_http_has_is_refused_by_name() {
        let base = "template = \"process\"\ncommand = [\"pwsh\", \"-s\"]\nadmin = \"Ken\"\n";
        for (keys, name) in [
            ("source_address = \"127.0.0.2\"", "source_address"),
            ("delegated_org = \"fabrikam.com\"", "delegated_org"),
            ("session_options = { UICulture = \"fr-FR\" }", "UICulture"),
            ("session_options = { SkipCACheck = true }", "SkipCACheck"),
        ] {
            let error = read(&format!("{base}{keys}")).unwrap_err();
            assert!(error.contains(name) && error.contains("template process"), "{error}");
        }
        let profile = read(&format!(
            "{base}session_options = {{ MaximumReceivedObjectSize = 1000 }}"
        ))
        .unwrap();
        let profile = std::sync::Arc::new(profile);
        let given = |name: &str| {
            let mut table = serde_json::Map::new();
            table.insert(name.to_owned(), serde_json::Value::from("fabrikam.com"));
            endpoint::Parameters::read(&table.into()).unwrap()
        };
        let refused = profile.derive(&given("OverrideAdminDomain")).unwrap_err();
        assert!(
            refused.starts_with("OverrideAdminDomain means nothing to template process"),
            "{refused}"
        );
        assert!(profile.derive(&given("Name")).is_ok());
    }

    #[test]
    fn a_process_is_counted_by_its_command() {
        let profile = read("template = \"process\"\ncommand = [\"pwsh\", \"-s\"]\nadmin = \"Ken\"").unwrap();
        assert_eq!(
            (
                profile.scope.service.as_str(),
                profile.scope.admin.as_str(),
                profile.address.host.as_str()
            ),
            ("pwsh -s", "ken", "pwsh")
        );
    }

    #[test]
    fn what_is_http_s_is_refused_with_its_line_and_the_other_way_round() {
        for (keys, said) in [
            ("template = \"ssh\"", "config.toml:2: profile.a: host is missing"),
            (
                "template = \"ssh\"\nhost = \"-x\"",
                "4: profile.a.host: \"-x\" cannot be the name of a host",
            ),
            (
                "template = \"ssh\"\nhost = \"h\"\nca = \"x\"",
                "5: profile.a.ca: means nothing to template ssh",
            ),
            (
                "template = \"ssh\"\nhost = \"h\"\nssh_options = [\"Compression\"]",
                "2: profile.a: \"Compression\" is no option of ssh",
            ),
            (
                "template = \"ssh\"\nhost = \"h\"\nuser = \"a\"\nadmin = \"b\"",
                "6: profile.a.admin: there is a user too",
            ),
            ("template = \"process\"", "2: profile.a: command is missing"),
            (
                "template = \"process\"\ncommand = []",
                "4: profile.a.command: must name a program",
            ),
            (
                "template = \"winrm\"\nhost = \"h\"\nadmin = \"a\"\nport = 22",
                "6: profile.a.port: means nothing to template winrm",
            ),
        ] {
            let error = read(keys).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
