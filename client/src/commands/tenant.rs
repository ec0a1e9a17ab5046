//! `pslease tenant`: the embedded organization as a server of its own, for a script's tests, and as an sshd's subsystem.

use crate::cli;
use crate::context::Context;
#[cfg(feature = "demo")]
use crate::exit::Exit;
use crate::failure::{Done, Failure};

#[cfg(feature = "demo")]
pub(super) async fn run(_context: &Context, args: cli::Tenant) -> Done {
    if args.stdio {
        return stdio(&args).await;
    }
    serve(args).await
}

#[cfg(not(feature = "demo"))]
pub(super) async fn run(_context: &Context, _args: cli::Tenant) -> Done {
    use crate::exit::Exit;
    Err(Failure::new(Exit::Usage, "this pslease was built without the tenant").hint("build with --features demo"))
}

/// One session on standard input and output, until the client hangs up.
#[cfg(feature = "demo")]
async fn stdio(args: &cli::Tenant) -> Done {
    let config = tenant::Config::demo();
    let user = args.user.clone().or_else(|| Some(config.users.first()?.name.clone()));
    let user = user.unwrap_or_default();
    let configuration = args.configuration.clone();
    let served = tenant::serve_stdio(
        config,
        configuration.as_deref().unwrap_or("Microsoft.PowerShell"),
        &user,
        tokio::io::stdin(),
        tokio::io::stdout(),
    );
    match served.await {
        Ok(()) => Ok(Exit::Ok),
        Err(error) => Err(Failure::new(Exit::Failed, error.to_string())),
    }
}

/// On a port of loopback, until the signal that ends it.
#[cfg(feature = "demo")]
async fn serve(args: cli::Tenant) -> Done {
    use std::io::Write as _;
    use tokio::signal::unix::{SignalKind, signal};

    let mut config = tenant::Config::demo();
    config.listen.set_port(args.port);
    config.certificate.clone_from(&args.certificate);
    let started = tenant::Tenant::start(config.clone()).await;
    let tenant = started.map_err(|error| Failure::new(Exit::Failed, format!("the tenant cannot start: {error}")))?;
    let services: serde_json::Map<_, _> = config
        .services
        .iter()
        .flat_map(|service| service.configurations.iter().map(move |name| (name, &service.path)))
        .map(|(name, path)| (name.clone(), format!("{}{path}", tenant.url()).into()))
        .collect();
    let users: Vec<_> = config
        .users
        .iter()
        .map(|user| serde_json::json!({ "name": user.name, "password": user.password }))
        .collect();
    let ready = serde_json::json!({
        "url": tenant.url(),
        "ca": args.certificate,
        "control": format!("{}/control", tenant.url()),
        "services": services,
        "users": users,
        "pid": std::process::id(),
    });
    writeln!(std::io::stdout(), "{ready}")?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = closed(args.until_stdin_closes) => {}
    }
    Ok(Exit::Ok)
}

/// The end of standard input, where somebody waits for it.
#[cfg(feature = "demo")]
async fn closed(wanted: bool) {
    if wanted {
        // An error is an end too.
        let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await;
    } else {
        std::future::pending::<()>().await;
    }
}
