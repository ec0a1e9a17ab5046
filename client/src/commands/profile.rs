//! `pslease profile add|list|show|remove`.

use std::io::Write as _;

use endpoint::{Address, Template, Variant};
use place::Place;
use toml_edit::Value;

use crate::cli::{Format, Profile, ProfileAdd};
use crate::config::Config;
use crate::context::{Context, stdout, width};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{hint, say};
use crate::output::{Page, Row};
use crate::terminal;

pub(super) async fn run(context: &Context, verb: Profile) -> Done {
    let mut config = Config::read(Place::find()?.config_file())?;
    match verb {
        Profile::Add(args) => add(context, &mut config, *args).await,
        Profile::List => list(context, &config),
        Profile::Show { name } => show(context, &config, name),
        Profile::Remove { name } => {
            config.remove(&name)?;
            config.write()?;
            if !context.quiet() {
                say(&format!("profile {name} is removed from {}", config.path().display()));
            }
            Ok(Exit::Ok)
        }
    }
}

async fn add(context: &Context, config: &mut Config, mut args: ProfileAdd) -> Done {
    ask_for_missing(&mut args).await?;
    let name = needed(args.name.clone(), "its name")?;
    check_name(&name)?;
    let keys = keys(&args)?;
    config.add(&name, keys)?;
    if args.default {
        config.set_default(&name);
    }
    config.write()?;
    if !context.quiet() {
        say(&format!("profile {name} is added to {}", config.path().display()));
        let by_itself = args
            .template
            .as_deref()
            .and_then(Template::named)
            .is_some_and(Template::is_program);
        let stored = by_itself || args.password_file.is_some() || args.password_command.is_some();
        hint(&format!("pslease {} {name}", if stored { "connect" } else { "login" }));
    }
    Ok(Exit::Ok)
}

/// A person at a terminal is asked; a script is told all that it left out.
async fn ask_for_missing(args: &mut ProfileAdd) -> Result<(), Failure> {
    if terminal::open().is_none() {
        return Ok(());
    }
    if args.name.is_none() {
        args.name = answer("Name of the profile: ").await?;
    }
    if args.template.is_none() {
        let all = Template::ALL.map(Template::name).join(", ");
        args.template = answer(&format!("Kind of endpoint ({all}): ")).await?;
    }
    let Some((template, variant)) = args.template.as_deref().and_then(Template::known_as) else {
        return Ok(());
    };
    if template.is_program() {
        match template {
            Template::Process if args.command.is_none() => {
                args.command = answer("Command (pwsh -s -NoLogo -NoProfile): ").await?;
            }
            Template::Ssh if args.host.is_none() => args.host = answer("Host: ").await?,
            _ => {}
        }
        return Ok(());
    }
    let known = template.defaults().discovery || Address::of_variant(template, variant, None, None).is_ok();
    if args.uri.is_none() && args.host.is_none() && !known {
        if template.defaults().uri.is_some() {
            args.host = answer("Host: ").await?;
        } else {
            args.uri = answer("Address (https://HOST/PATH): ").await?;
        }
    }
    if args.configuration.is_none() && template.defaults().configuration.is_none() {
        args.configuration = answer("Configuration name: ").await?;
    }
    if args.admin.is_none() {
        args.admin = answer("User name: ").await?;
    }
    Ok(())
}

async fn answer(question: &str) -> Result<Option<String>, Failure> {
    let answer = terminal::ask(question).await?;
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

fn needed(given: Option<String>, what: &str) -> Result<String, Failure> {
    given.ok_or_else(|| {
        Failure::usage(format!("{what} is missing"))
            .hint("pslease profile add NAME --template winrm --host HOST --admin USER")
    })
}

/// A name must be told from a session's number, and be a bare key.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let number = name.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() || !plain || number || name.starts_with('-') {
        let message = format!("{name:?} cannot be a profile's name: use letters, digits, - _ and ., not digits alone");
        return Err(Failure::usage(message));
    }
    Ok(())
}

fn check_address(args: &ProfileAdd, template: Template, variant: Option<Variant>) -> Result<(), Failure> {
    if args.command.is_some() {
        return Err(Failure::usage(format!(
            "--command means nothing to template {template}"
        )));
    }
    if template.defaults().discovery && args.uri.is_none() && args.host.is_none() {
        return Ok(());
    }
    let address = Address::of_variant(template, variant, args.uri.as_deref(), args.host.as_deref());
    let address = address.map_err(|error| Failure::usage(error.to_string()))?;
    if !(address.tls || args.allow_plain_http || address.is_loopback()) {
        return Err(Failure::usage("plain http would show the password to the network")
            .hint("use https, or --allow-plain-http"));
    }
    if args.configuration.is_none() && template.defaults().configuration.is_none() {
        needed(None, "--configuration")?;
    }
    Ok(())
}

/// ssh needs a host, a process its command; what is HTTP's the daemon refuses by name.
fn check_program(args: &ProfileAdd, template: Template) -> Result<(), Failure> {
    let (given, what) = match template {
        Template::Ssh => (&args.host, "--host"),
        _ => (&args.command, "--command"),
    };
    match given {
        Some(_) => Ok(()),
        None => {
            let example = match template {
                Template::Ssh => "pslease profile add NAME --template ssh --host HOST --admin USER",
                _ => "pslease profile add NAME --template process --command 'pwsh -s -NoLogo -NoProfile'",
            };
            Err(Failure::usage(format!("{what} is missing")).hint(example))
        }
    }
}

/// The keys in the order in which people think of them.
fn keys(args: &ProfileAdd) -> Result<Vec<(String, Value)>, Failure> {
    let named = needed(args.template.clone(), "--template")?;
    let (template, variant) = Template::known_as(&named).ok_or_else(|| {
        let all = Template::ALL.map(Template::name).join(", ");
        Failure::usage(format!("{named:?} is no template")).hint(format!("templates are: {all}"))
    })?;
    let admin = if template.is_program() {
        check_program(args, template)?;
        args.admin.clone()
    } else {
        check_address(args, template, variant)?;
        Some(needed(args.admin.clone(), "--admin")?)
    };
    // ssh calls it a user, as New-PSSession does.
    let who = if template == Template::Ssh { "user" } else { "admin" };
    let mut keys: Vec<(String, Value)> = vec![("template".into(), named.into())];
    let texts = [
        ("uri", &args.uri),
        ("host", &args.host),
        ("configuration", &args.configuration),
        (who, &admin),
        ("organization", &args.organization),
        ("ca", &args.ca),
        ("password_file", &args.password_file),
        ("idle_timeout", &args.idle_timeout),
    ];
    let given = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), text.clone()?.into())));
    keys.extend(given);
    if !args.aliases.is_empty() {
        keys.push(("aliases".into(), args.aliases.iter().collect::<Value>()));
    }
    if let Some(command) = &args.command {
        keys.push(("command".into(), command.split_whitespace().collect::<Value>()));
    }
    if let Some(command) = &args.password_command {
        keys.push(("password_command".into(), command.split_whitespace().collect::<Value>()));
    }
    let numbers = [
        ("max_concurrency", args.max_concurrency),
        ("max_tenant_concurrency", args.max_tenant_concurrency),
    ];
    keys.extend(
        numbers
            .into_iter()
            .filter_map(|(key, number)| Some((key.to_owned(), i64::from(number?).into()))),
    );
    if args.allow_plain_http {
        keys.push(("allow_plain_http".into(), true.into()));
    }
    for pair in &args.others {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--set wants KEY=VALUE, not {pair:?}")))?;
        // `--set stall=2m` is text though nobody quoted it; `--set linger=30` is a number.
        let value = value.trim().parse().unwrap_or_else(|_| Value::from(value.trim()));
        keys.push((key.trim().to_owned(), value));
    }
    Ok(keys)
}

fn list(context: &Context, config: &Config) -> Done {
    let default = config.default();
    let rows = config.profiles().map(|entry| {
        Row::default()
            .with("name", "Profile", entry.name)
            .with("is_default", "Default", default == Some(entry.name))
            .with("template", "Template", entry.text("template"))
            .with("admin", "Admin", entry.text("admin"))
            .with("organization", "Organization", entry.text("organization"))
            .with(
                "uri",
                "Uri",
                Some(entry.text("uri"))
                    .filter(|uri| !uri.is_empty())
                    .unwrap_or(entry.text("host")),
            )
    });
    let page = Page::of(
        "pslease.profiles/1",
        "profiles",
        "there is no profile yet: pslease profile add",
        rows.collect(),
    );
    page.write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}

fn show(context: &Context, config: &Config, name: Option<String>) -> Done {
    let Some(name) = name.or_else(|| config.default().map(str::to_owned)) else {
        return Err(Failure::usage("which profile?").hint("pslease profile list"));
    };
    let entry = config
        .profiles()
        .find(|entry| entry.name == name)
        .ok_or_else(|| config.unknown(&name))?;
    let mut out = stdout();
    match context.format() {
        None => write!(out, "{}", entry.source())?,
        Some(Format::Json | Format::Jsonl) => writeln!(out, "{}", entry.json())?,
        Some(_) => return Err(Failure::usage("a profile is shown as TOML, or with --output json")),
    }
    out.flush()?;
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn made(line: &str) -> Result<String, Failure> {
        let cli = Cli::try_parse_from(format!("pslease profile add {line}").split_whitespace()).unwrap();
        let Verb::Profile(Profile::Add(args)) = cli.verb else {
            panic!("it is profile add")
        };
        let keys = keys(&args)?;
        Ok(keys
            .iter()
            .map(|(key, value)| format!("{key}={}", value.to_string().trim()))
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn options_become_keys() {
        let line = "lab --template winrm --host dc1 --admin ken@lab --max-concurrency 2 --set linger=30 --set stall=2m \
                    --alias LAB\\ken --password-command";
        assert_eq!(
            made(&format!("{line} pass")).unwrap(),
            "template=\"winrm\" host=\"dc1\" admin=\"ken@lab\" aliases=['LAB\\ken'] password_command=[\"pass\"] \
             max_concurrency=2 linger=30 stall=\"2m\""
        );
    }

    #[test]
    fn programs_need_neither_an_address_nor_an_account() {
        assert_eq!(
            made("web --template ssh --host web1 --admin ken --set port=2222").unwrap(),
            "template=\"ssh\" host=\"web1\" user=\"ken\" port=2222"
        );
        assert_eq!(
            made("a --template process --command pwsh").unwrap(),
            "template=\"process\" command=[\"pwsh\"]"
        );
    }

    #[test]
    fn what_cannot_work_is_refused_before_it_is_written() {
        for line in [
            "a --host h --admin x",
            "a --template skype --host h --admin x",
            "a --template winrm --admin x",
            "a --template jea --host h --admin x",
            "a --template winrm --host h",
            "a --template winrm --command pwsh --admin x",
            "a --template ssh --admin x",
            "a --template process",
            "a --template winrm --uri http://h/wsman --admin x",
        ] {
            assert_eq!(made(line).unwrap_err().exit(), Exit::Usage, "{line}");
        }
        assert!(made("a --template winrm --uri http://127.0.0.1:5985/wsman --admin x").is_ok());
    }

    #[test]
    fn a_name_is_no_number() {
        assert!(check_name("litware-2").is_ok());
        for name in ["", "12", "-p", "a b", "a\nb"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
