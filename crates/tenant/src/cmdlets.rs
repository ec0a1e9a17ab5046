//! The commands that the tenant offers, and how one is found.

mod common;
mod exchange;
mod instruments;
mod skype;

use crate::binder::{Argument, Bound, Parameter, bind};
use crate::config::Commands;
use crate::failure::Failure;
use crate::stage::Stage;

pub(crate) use common::matches;

/// One command: what it is called, what it takes, and how to begin it.
#[derive(Clone, Copy)]
pub(crate) struct Cmdlet {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) begin: fn(Bound) -> Box<dyn Stage>,
}

/// The commands of a service.
pub(crate) fn offered(commands: Commands) -> impl Iterator<Item = &'static Cmdlet> {
    let own: &[Cmdlet] = match commands {
        Commands::Skype => skype::CMDLETS,
        Commands::Exchange => exchange::CMDLETS,
        Commands::Common => &[],
    };
    own.iter().chain(common::CMDLETS).chain(instruments::CMDLETS)
}

/// The stage of a command, its arguments bound.
pub(crate) fn begin(commands: Commands, name: &str, arguments: &[Argument]) -> Result<Box<dyn Stage>, Failure> {
    let bare = name.rsplit('\\').next().unwrap_or(name);
    let cmdlet = offered(commands)
        .find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(bare))
        .ok_or_else(|| Failure::unknown_command(name))?;
    if cmdlet.name == "Get-Command" {
        return Ok(common::get_command(
            commands,
            bind(cmdlet.name, cmdlet.parameters, arguments)?,
        ));
    }
    Ok((cmdlet.begin)(bind(cmdlet.name, cmdlet.parameters, arguments)?))
}
