//! `pslease login`: a password for the daemon's memory. Never on the command line, where everybody on the machine
//! could read it.

use std::io::{self, BufRead as _};

use proto::v1::LoginRequest;
use pslease::Client;

use crate::cli;
use crate::context::{Context, profile, unless_interrupted};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::log_in::{self, SignIn};
use crate::notice::say;
use crate::terminal;

pub(super) async fn run(context: &Context, args: cli::Login) -> Done {
    let profile = profile(args.named.as_deref().or(args.profile.as_deref()));
    // The daemon first: nobody types a password to be told then that it cannot be kept.
    let client = context.client().await?;
    let password = if args.password_stdin {
        from_stdin()?
    } else if args.user.is_some() {
        ask(&client, &profile, args.user.as_deref()).await?
    } else {
        match unless_interrupted(log_in::sign_in(&client, &profile, None)).await? {
            SignIn::Done(words) => {
                if !context.quiet() {
                    say(&words);
                }
                return Ok(Exit::Ok);
            }
            SignIn::Secret(question) => ask_for(&question).await?,
            SignIn::Unsaid => ask(&client, &profile, None).await?,
        }
    };
    if password.is_empty() {
        return Err(Failure::usage("the password is empty"));
    }
    let request = LoginRequest {
        user_name: args.user.unwrap_or_default(),
        verify: !args.no_verify,
        keyring: args.keyring,
        ..log_in::request(&profile, password)
    };
    let login = async {
        let answer = client.accounts().login(request).await?.into_inner();
        if args.keyring && !answer.in_keyring {
            let older = "psleased is older than pslease, and keeps the password in its memory only";
            return Err(Failure::new(Exit::Internal, older).hint("pslease daemon upgrade"));
        }
        if !context.quiet() {
            say(&match (answer.message.is_empty(), answer.verified) {
                (false, _) => answer.message,
                (true, true) => format!("{} is logged in", answer.account),
                (true, false) => format!("the password of {} is stored, and untried", answer.account),
            });
        }
        Ok(Exit::Ok)
    };
    unless_interrupted(login).await
}

/// One line; its end is no part of the password.
fn from_stdin() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::usage(format!("the password cannot be read: {error}")))?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

async fn ask(client: &Client, profile: &str, user: Option<&str>) -> Result<String, Failure> {
    needs_terminal()?;
    log_in::ask(client, profile, user).await
}

async fn ask_for(question: &str) -> Result<String, Failure> {
    needs_terminal()?;
    terminal::ask_secret(question).await
}

fn needs_terminal() -> Result<(), Failure> {
    if terminal::open().is_some() {
        return Ok(());
    }
    let missing = "there is no terminal to ask for the password at";
    Err(Failure::new(Exit::LogIn, missing).hint("pslease login --password-stdin < FILE"))
}
