//! `pslease completions`: what a shell needs to complete our words.

use clap::CommandFactory as _;

use crate::cli;
use crate::context::stdout;
use crate::exit::Exit;
use crate::failure::Done;

pub(super) fn run(args: &cli::Completions) -> Done {
    // To memory first: the generator panics where its writer fails, as a closed pipe does.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut cli::Cli::command(), "pslease", &mut text);
    let mut out = stdout();
    std::io::Write::write_all(&mut out, &text)?;
    std::io::Write::flush(&mut out)?;
    Ok(Exit::Ok)
}
