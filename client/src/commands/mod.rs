//! The verbs, one file each.

mod accounts;
mod acquire;
mod close;
mod completions;
mod connect;
mod daemon;
mod demo;
mod doctor;
mod door;
mod drain;
mod events;
mod forget;
mod import;
mod kill;
mod leases;
mod limits;
mod login;
mod logout;
mod man;
mod pause;
mod profile;
mod queue;
mod reconcile;
mod release;
mod reload;
mod renew;
mod resume;
mod run;
mod sessions;
mod status;
mod tenant;
mod upgrade;
mod with;

use crate::cli::Verb;
use crate::context::Context;
use crate::failure::Done;

/// Runs the verb.
pub(crate) async fn run(context: Context, verb: Verb) -> Done {
    match verb {
        Verb::Run(args) => run::run(&context, *args).await,
        Verb::Connect(args) => connect::run(&context, *args).await,
        Verb::Acquire(args) => acquire::run(&context, *args).await,
        Verb::Door(args) => door::run(&context, *args).await,
        Verb::Import(args) => import::run(&context, args).await,
        Verb::Renew(args) => renew::run(&context, args).await,
        Verb::Release(args) => release::run(&context, args).await,
        Verb::With(args) => with::run(&context, *args).await,
        Verb::Status(args) => status::run(&context, args).await,
        Verb::Queue => queue::run(&context).await,
        Verb::Sessions => sessions::run(&context).await,
        Verb::Leases => leases::run(&context).await,
        Verb::Limits => limits::run(&context).await,
        Verb::Events(args) => events::run(&context, args).await,
        Verb::Top => status::run(&context, crate::cli::Status { watch: true }).await,
        Verb::Pause(args) => pause::run(&context, args).await,
        Verb::Resume(args) => resume::run(&context, args).await,
        Verb::Drain(args) => drain::run(&context, args).await,
        Verb::Reload => reload::run(&context).await,
        Verb::Close(args) => close::run(&context, args).await,
        Verb::Forget(args) => forget::run(&context, args).await,
        Verb::Reconcile(args) => reconcile::run(&context, args).await,
        Verb::Kill(args) => kill::run(&context, args).await,
        Verb::Daemon(verb) => daemon::run(&context, verb).await,
        Verb::Profile(verb) => profile::run(&context, verb).await,
        Verb::Login(args) => login::run(&context, args).await,
        Verb::Logout(args) => logout::run(&context, args).await,
        Verb::Accounts => accounts::run(&context).await,
        Verb::Doctor(args) => doctor::run(&context, args).await,
        Verb::Demo(args) => demo::run(&context, args).await,
        Verb::Tenant(args) => tenant::run(&context, args).await,
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
    }
}

/// Names for a sentence.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        "no profile".to_owned()
    } else {
        names.join(", ")
    }
}

/// The same profiles on another command line.
fn again(which: &crate::cli::Which) -> String {
    match &which.profile {
        Some(profile) => format!(" {profile}"),
        None if which.all => " --all".to_owned(),
        None => String::new(),
    }
}

/// What is believed of a limit, in words.
pub(crate) fn believed(limit: &proto::v1::Limit) -> String {
    limits::believed(limit, std::time::SystemTime::now())
}
