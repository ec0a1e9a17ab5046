//! The command line's grammar, and nothing else. Over 600 lines, because it is one table: what the help says is read here
//! from top to bottom.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::duration::parse;
use crate::parameters::ParameterArgs;

/// Borrow leases on remote PowerShell sessions.
///
/// One daemon holds the few connections that a service allows; consoles, scripts and services take turns on them.
#[derive(Debug, Parser)]
#[command(name = "pslease", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Common {
    /// How data is written. A table by default; never cut to a width in a pipe.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// Say nothing of waiting and progress.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Fail where no psleased runs, instead of starting one.
    #[arg(long, global = true)]
    pub(crate) no_autostart: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns.
    Table,
    /// One property a line.
    List,
    /// One document.
    Json,
    /// One JSON value a line, as they come.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// What the endpoint sent, losslessly.
    Clixml,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a command, and print what it writes.
    Run(Box<Run>),
    /// Open a profile's session now.
    Connect(Box<Connect>),
    /// Take a lease for a shell or a script, and print it.
    Acquire(Box<Acquire>),
    /// Open a door: a socket on which PowerShell opens a PSSession that borrows a lease.
    Door(Box<Door>),
    /// Fetch what importing a profile's session asks for, so that it is quick.
    Import(Import),
    /// Put off the end of a lease.
    Renew(Renew),
    /// Give a lease back.
    Release(Release),
    /// Hold a lease while a program runs.
    With(Box<With>),
    /// Who holds what.
    Status(Status),
    /// Who waits, and why.
    Queue,
    /// The open sessions.
    Sessions,
    /// The leases.
    Leases,
    /// The ceilings, and what the services have shown of them.
    Limits,
    /// What happens, one JSON object a line, until Ctrl-C.
    Events(Events),
    /// Who holds what, again after every change: `status --watch`.
    Top,
    /// Begin nothing new for a profile; what runs, runs on.
    Pause(Which),
    /// End a pause or a drain.
    Resume(Which),
    /// Pause a profile, and close its sessions as they come free.
    Drain(Drain),
    /// Read config.toml now, and say what changed.
    Reload,
    /// Close a session, or all of a profile's.
    Close(Close),
    /// Take a session out of the books whose end cannot be proven.
    Forget(Forget),
    /// Compare the books with what the endpoints hold.
    Reconcile(Reconcile),
    /// End somebody's lease.
    Kill(Kill),
    /// The daemon itself.
    #[command(subcommand)]
    Daemon(Daemon),
    /// The named configurations.
    #[command(subcommand)]
    Profile(Profile),
    /// Give the daemon a password, to be kept in its memory only.
    Login(Login),
    /// Make the daemon forget a password.
    Logout(Logout),
    /// The accounts: where their secrets come from, and how their last log-on went.
    Accounts,
    /// Look at everything between here and a session: name, port, TLS, clock, log-on, shell, limits.
    Doctor(Doctor),
    /// See it work: an organization of our own, three consoles, one session.
    Demo(Demo),
    /// Run the embedded organization as a server: for tests of scripts, and behind an sshd.
    Tenant(Tenant),
    /// Print completions for a shell.
    Completions(Completions),
    /// Write the pages of the manual for `man`.
    Man(Man),
}

/// What a lease is asked for with.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// The profile; else PSLEASE_LEASE, PSLEASE_PROFILE, the default one, the only one.
    #[arg(short, long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// What the lease gives.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// How long to wait for a slot; 0 not at all. For ever on a terminal, else 10m.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) parameters: ParameterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Take turns with others on one session; no state is promised.
    Shared,
    /// One session to itself: variables and location stay.
    Exclusive,
    /// Exclusive, newly opened, closed afterwards.
    Fresh,
}

/// Run a command, and print what it writes.
///
/// One word is PowerShell text: `pslease run 'Get-CsOnlineUser | Select-Object DisplayName'`. Several are one command:
/// the first its name, each other exactly one argument. Words with two dashes are options of pslease wherever they
/// stand; behind a bare `--` nothing is.
#[derive(Debug, Args)]
#[command(override_usage = "pslease run [OPTIONS] TEXT\n       pslease run [OPTIONS] COMMAND [ARGUMENT]...")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) how: How,
    /// The lease to run under, as `acquire` printed it.
    #[arg(long, value_name = "LEASE", conflicts_with_all = ["profile", "mode"])]
    pub(crate) lease: Option<String>,
    /// How long it may run.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) timeout: Option<Duration>,
    /// Send the text as a script: for endpoints with a language.
    #[arg(long)]
    pub(crate) script: bool,
    /// With --output clixml: every stream on standard output, an element a line, marked as PowerShell marks them (S="error").
    #[arg(long)]
    pub(crate) streams: bool,
    /// Give the pipeline what comes on standard input, each line a string.
    #[arg(long)]
    pub(crate) input: bool,
    /// The same, read in this way.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) input_format: Option<InputFormat>,
    /// The command.
    #[arg(value_name = "WORDS", required = true)]
    pub(crate) words: Vec<String>,
}

impl Run {
    /// How the pipeline's input is read, if it has any.
    pub(crate) fn input_format(&self) -> Option<InputFormat> {
        self.input_format.or(self.input.then_some(InputFormat::Lines))
    }
}

/// What standard input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Each line a string.
    Lines,
    /// One JSON value a line, objects as PowerShell's ConvertFrom-Json makes them.
    Jsonl,
    /// A document as Export-Clixml writes it, each of its values an object.
    Clixml,
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The profile.
    #[arg(value_name = "PROFILE")]
    pub(crate) named: Option<String>,
    /// The same.
    #[arg(short, long, value_name = "PROFILE", conflicts_with = "named")]
    pub(crate) profile: Option<String>,
    /// How long to wait for a slot; 0 not at all.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) wait: Option<Duration>,
    /// Show each step, as the service's own connector does.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) parameters: ParameterArgs,
}

/// Open a door: a socket on which PowerShell opens a PSSession that borrows a lease.
///
/// Waits in the queue and prints the socket's path, which is good for one connection within 30 s. The lease ends with that
/// connection, or with the shell. Connect-PSLease of the PSLease module does it all.
#[derive(Debug, Args)]
pub(crate) struct Door {
    /// The profile.
    #[arg(value_name = "PROFILE", conflicts_with = "profile")]
    pub(crate) named: Option<String>,
    #[command(flatten)]
    pub(crate) how: How,
    /// A name for `status`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Be the door: PowerShell's framing on standard input and output, as a subsystem of sshd.
    #[arg(long)]
    pub(crate) stdio: bool,
}

/// Fetch what importing a profile's session asks for, so that it is quick.
///
/// The answers are kept for a day, and every door gives them at once.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The profile.
    #[arg(value_name = "PROFILE")]
    pub(crate) named: Option<String>,
    /// The same.
    #[arg(short, long, value_name = "PROFILE", conflicts_with = "named")]
    pub(crate) profile: Option<String>,
    /// Fetch anew what is kept already.
    #[arg(long)]
    pub(crate) refresh: bool,
    /// How long to wait for a session; 0 not at all.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) wait: Option<Duration>,
}

/// Take a lease for a shell or a script, and print it.
///
/// `L=$(pslease acquire)` in a script, `eval "$(pslease acquire --export)"` in a shell. The lease ends with the shell
/// that outlives the substitution, with its TTL, or with `pslease release`.
#[derive(Debug, Args)]
pub(crate) struct Acquire {
    #[command(flatten)]
    pub(crate) how: How,
    /// What it ends with: shell, parent, session, pid:N, ttl, or stream (this command, which then stays).
    #[arg(long, value_name = "ANCHOR", default_value = "shell", value_parser = anchor)]
    pub(crate) anchor: Anchor,
    /// End it after this time without `renew`.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) ttl: Option<Duration>,
    /// A name for `status`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Print shell commands that set PSLEASE_LEASE and PSLEASE_FENCE.
    #[arg(long)]
    pub(crate) export: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Shell,
    Parent,
    Session,
    Pid(u32),
    Ttl,
    Stream,
}

fn anchor(text: &str) -> Result<Anchor, String> {
    match text {
        "shell" => Ok(Anchor::Shell),
        "parent" => Ok(Anchor::Parent),
        "session" => Ok(Anchor::Session),
        "ttl" => Ok(Anchor::Ttl),
        "stream" => Ok(Anchor::Stream),
        other => match other.strip_prefix("pid:").and_then(|pid| pid.parse().ok()) {
            Some(pid) if pid > 0 => Ok(Anchor::Pid(pid)),
            _ => Err(format!(
                "{other:?} is none of shell, parent, session, pid:N, ttl, stream"
            )),
        },
    }
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The lease as `acquire` printed it; else PSLEASE_LEASE.
    #[arg(value_name = "LEASE")]
    pub(crate) lease: Option<String>,
    /// For how long from now; else the daemon's default.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) ttl: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The lease as `acquire` printed it; else PSLEASE_LEASE.
    #[arg(value_name = "LEASE")]
    pub(crate) lease: Option<String>,
}

/// Hold a lease while a program runs.
///
/// The program finds it in PSLEASE_LEASE and PSLEASE_FENCE, and so does every `pslease run` in it. Its exit code is
/// passed on.
#[derive(Debug, Args)]
#[command(override_usage = "pslease with [OPTIONS] -- PROGRAM [ARGUMENT]...")]
pub(crate) struct With {
    #[command(flatten)]
    pub(crate) how: How,
    /// A name for `status`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// The program and its arguments.
    #[arg(
        value_name = "PROGRAM",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) program: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Show it again after every change, until Ctrl-C.
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The profile; else the default one.
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// All of them.
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Drain {
    #[command(flatten)]
    pub(crate) which: Which,
    /// How long what runs may go on; then it is stopped. 60s unless said.
    #[arg(long, value_name = "TIME", value_parser = parse)]
    pub(crate) deadline: Option<Duration>,
}

/// Look at everything between here and a session.
///
/// Each step says how long it took and, where it fails, what helps. Nothing is left open; a session that is held already
/// is used, and where every slot is taken the steps that need one are skipped.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The profile; else PSLEASE_PROFILE, the default one, the only one.
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only those of this profile.
    #[arg(short, long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Close {
    /// A session's number, or a profile's name.
    #[arg(value_name = "SESSION|PROFILE")]
    pub(crate) which: String,
}

/// Take a session out of the books whose end cannot be proven.
///
/// Its end is tried once more first. With --force its slot is given away whatever comes of that: where the shell is still
/// there, the endpoint has one more than we count.
#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// The session's number.
    #[arg(value_name = "SESSION")]
    pub(crate) session: u64,
    /// Even though it may be there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Compare the books with what the endpoints hold: our sessions, shells that we have lost, and other programs' shells.
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The profile whose account is looked at; else every account.
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Say what would be deleted, and delete nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete what was found of this kind.
    #[arg(long, value_name = "KIND")]
    pub(crate) delete: Vec<Stray>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stray {
    /// Made by a psleased of this machine, and not in its books.
    Orphans,
    /// Other programs' and other machines' shells.
    External,
}

#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// A lease's number.
    #[arg(value_name = "LEASE", required = true)]
    pub(crate) leases: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Daemon {
    /// Start it, unless it runs.
    Start,
    /// Close every session and end it.
    Stop {
        /// How long the closing may take; else the daemon's default.
        #[arg(long, value_name = "TIME", value_parser = parse)]
        deadline: Option<Duration>,
    },
    /// Replace it: let what runs end, stop it, start the one that is installed now.
    Upgrade {
        /// How long what runs may go on; then it is stopped. 60s unless said.
        #[arg(long, value_name = "TIME", value_parser = parse)]
        deadline: Option<Duration>,
    },
    /// Whether it runs, and which.
    Status,
    /// What it wrote to its log.
    Logs {
        /// Only the last N lines.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 200)]
        lines: usize,
        /// Stay, and show what comes.
        #[arg(short, long)]
        follow: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Add a profile; asks for what is missing on a terminal.
    Add(Box<ProfileAdd>),
    /// The profiles.
    List,
    /// One profile, as config.toml has it.
    Show {
        /// Its name; else the default one.
        name: Option<String>,
    },
    /// Take a profile out of config.toml.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ProfileAdd {
    /// What you will call it.
    pub(crate) name: Option<String>,
    /// The kind of endpoint.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) template: Option<String>,
    /// Where it is: https://HOST:PORT/PATH.
    #[arg(long, value_name = "URI", conflicts_with = "host")]
    pub(crate) uri: Option<String>,
    /// Or just its host's name.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// What is started, split at spaces (template process).
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["uri", "host"])]
    pub(crate) command: Option<String>,
    /// The configuration's name (jea has no default).
    #[arg(long, value_name = "NAME")]
    pub(crate) configuration: Option<String>,
    /// The account.
    #[arg(long, value_name = "USER")]
    pub(crate) admin: Option<String>,
    /// The organization; else the account's domain.
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) organization: Option<String>,
    /// Another way to spell the account, which shares its slots.
    #[arg(long = "alias", value_name = "USER")]
    pub(crate) aliases: Vec<String>,
    /// A file with the certificate authority to trust, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<String>,
    /// A file that holds the password in its first line.
    #[arg(long, value_name = "FILE", conflicts_with = "password_command")]
    pub(crate) password_file: Option<String>,
    /// A command that prints the password, split at spaces.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// Connections at a time for the account.
    #[arg(long, value_name = "N")]
    pub(crate) max_concurrency: Option<u32>,
    /// Connections at a time for the organization.
    #[arg(long, value_name = "N")]
    pub(crate) max_tenant_concurrency: Option<u32>,
    /// Close an unused session after this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) idle_timeout: Option<String>,
    /// Allow http: the password is then for everybody on the way to see.
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
    /// Any other key of config.toml, as KEY=VALUE.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) others: Vec<String>,
    /// Make it the default one.
    #[arg(long)]
    pub(crate) default: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The profile; else the default one.
    #[arg(value_name = "PROFILE")]
    pub(crate) named: Option<String>,
    /// The same.
    #[arg(short, long, value_name = "PROFILE", conflicts_with = "named")]
    pub(crate) profile: Option<String>,
    /// Another user name than the profile's.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Read the password from standard input: one line.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// Only keep it, and do not try it.
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Put it into the system's keyring too, for a profile with `password_keyring = true`.
    #[arg(long)]
    pub(crate) keyring: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// The profile; else the default one.
    #[arg(value_name = "PROFILE")]
    pub(crate) named: Option<String>,
    /// The same.
    #[arg(short, long, value_name = "PROFILE", conflicts_with = "named")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Leave it running afterwards, to play with.
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Run the embedded organization as a server.
///
/// It listens on loopback, prints one line of JSON (addresses, users and their passwords) and serves until it is ended. With
/// `--stdio` it is one session on standard input and output instead, as `pwsh -s`, for an sshd's `powershell` subsystem or
/// a profile of template `process`.
#[derive(Debug, Args)]
pub(crate) struct Tenant {
    /// Serve one session on standard input and output.
    #[arg(long, conflicts_with_all = ["port", "certificate", "until_stdin_closes"])]
    pub(crate) stdio: bool,
    /// The port; 0 for a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Serve https, and write the certificate to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<std::path::PathBuf>,
    /// End when standard input does.
    #[arg(long)]
    pub(crate) until_stdin_closes: bool,
    /// With --stdio: Microsoft.PowerShell (Skype for Business, the default) or Microsoft.Exchange.
    #[arg(long, value_name = "NAME", requires = "stdio")]
    pub(crate) configuration: Option<String>,
    /// With --stdio: whose session it is; else the first user's.
    #[arg(long, value_name = "NAME", requires = "stdio")]
    pub(crate) user: Option<String>,
}

/// Write the pages of the manual for `man`.
///
/// `pslease man | man -l -` shows the first; `pslease man /usr/local/share/man/man1` writes them all.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where a page for each verb is written; else the first page goes to standard output.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<std::path::PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn anchors_are_read() {
        assert_eq!(anchor("pid:4711"), Ok(Anchor::Pid(4711)));
        assert_eq!(anchor("session"), Ok(Anchor::Session));
        for text in ["pid:0", "pid:x", "4711", ""] {
            assert!(anchor(text).is_err(), "{text}");
        }
    }
}
