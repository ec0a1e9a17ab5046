//! What may be said on the command line.

use std::path::PathBuf;

use clap::Args;

const HEADING: &str = "Parameters, as of New-CsOnlineSession and New-PSSession";

/// The parameters of New-CsOnlineSession, New-PSSession and New-PSSessionOption. What is given stands in the place of
/// what the profile says; with other parameters there is a session of its own.
#[derive(Debug, Default, Args)]
pub(crate) struct ParameterArgs {
    /// The account, in the place of the profile's; its password is asked for where psleased has none.
    #[arg(help_heading = HEADING, long, value_name = "USER", conflicts_with_all = ["credential", "token_source"])]
    pub(crate) user_name: Option<String>,
    /// The account; its password is asked for now, or comes from where one of the next three says.
    #[arg(help_heading = HEADING, long, value_name = "USER", conflicts_with = "token_source")]
    pub(crate) credential: Option<String>,
    /// Read the password from standard input: one line.
    #[arg(help_heading = HEADING, long, requires = "credential", group = "password_source")]
    pub(crate) password_stdin: bool,
    /// A file with the password in its first line, which nobody else may read.
    #[arg(help_heading = HEADING, long, value_name = "FILE", requires = "credential", group = "password_source")]
    pub(crate) password_file: Option<PathBuf>,
    /// A command that prints the password, split at spaces.
    #[arg(help_heading = HEADING, long, value_name = "COMMAND", requires = "credential", group = "password_source")]
    pub(crate) password_command: Option<String>,
    /// Read an access token from standard input: one line.
    #[arg(help_heading = HEADING, long, group = "token_source")]
    pub(crate) oauth_access_token_stdin: bool,
    /// A file with the access token in its first line.
    #[arg(help_heading = HEADING, long, value_name = "FILE", group = "token_source")]
    pub(crate) oauth_access_token_file: Option<PathBuf>,
    /// A command that prints an access token, run again when that ends; split at spaces.
    #[arg(help_heading = HEADING, long, value_name = "COMMAND", group = "token_source")]
    pub(crate) oauth_access_token_command: Option<String>,
    /// The tenant to administer, where it is not the account's own.
    #[arg(help_heading = HEADING, long, value_name = "DOMAIN")]
    pub(crate) override_admin_domain: Option<String>,
    /// Where discovery begins.
    #[arg(help_heading = HEADING, long, value_name = "URI")]
    pub(crate) override_discovery_uri: Option<String>,
    /// The endpoint, without discovery.
    #[arg(help_heading = HEADING, long, value_name = "URI")]
    pub(crate) override_power_shell_uri: Option<String>,
    /// What the access token is for.
    #[arg(help_heading = HEADING, long, value_name = "URI")]
    pub(crate) override_access_token_resource_uri: Option<String>,
    /// The endpoint's address. Without a profile, none is used at all.
    #[arg(help_heading = HEADING, long, value_name = "URI")]
    pub(crate) connection_uri: Option<String>,
    /// The configuration's name: Microsoft.Exchange.
    #[arg(help_heading = HEADING, long, value_name = "NAME")]
    pub(crate) configuration_name: Option<String>,
    /// Default, Basic, Negotiate or Kerberos.
    #[arg(help_heading = HEADING, long, value_name = "WAY")]
    pub(crate) authentication: Option<String>,
    /// Let the endpoint redirect us, to hosts that its service is known by.
    #[arg(help_heading = HEADING, long)]
    pub(crate) allow_redirection: bool,
    /// The culture of numbers and dates: fr-FR.
    #[arg(help_heading = HEADING, long, value_name = "CULTURE")]
    pub(crate) culture: Option<String>,
    /// The culture of messages.
    #[arg(help_heading = HEADING, long, value_name = "CULTURE")]
    pub(crate) ui_culture: Option<String>,
    /// An option as New-PSSessionOption has it: OperationTimeout=120000.
    #[arg(help_heading = HEADING, long = "session-option", value_name = "KEY=VALUE")]
    pub(crate) session_options: Vec<String>,
    /// A file with any of these as a table, in TOML or JSON.
    #[arg(help_heading = HEADING, long, value_name = "FILE")]
    pub(crate) options: Option<PathBuf>,
    /// The same from standard input, as JSON in one line, and then its secrets: `--parameters -`.
    #[arg(help_heading = HEADING, long, value_name = "-", value_parser = ["-"], conflicts_with_all = ["password_stdin", "oauth_access_token_stdin"])]
    pub(crate) parameters: Option<String>,
}
