//! What a session begins with: the log-on, the connection, and the machine for its carrier.

use std::collections::BTreeMap;

use broker::{Failure, SessionId};
use endpoint::Program;
use ledger::{Affinity, Row};
use runspace::{Kept, Pipe, Pool, Shell, Wsman};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::ask_pass::AskPass;
use super::carrier::Carrier;
use super::credential::credential;
use super::drive::Task;
use super::wire::Wire;
use super::{Sessions, child, network, proxies, verdict};
use crate::account::{LogOn, NoLogOn, Standing};
use crate::config::Profile;

/// Held while a secret is tried that nobody has tried.
pub(super) type Trial = OwnedMutexGuard<()>;

/// The carrier of a session, ready for its first operation. `Err`: nothing was sent.
pub(super) async fn prepare(
    house: &Sessions,
    id: SessionId,
    profile: &Profile,
    row: &Row,
    task: Task,
) -> Result<(Carrier, Option<Trial>), Failure> {
    let environment = house.environment(&profile.name);
    if let Some(program) = &profile.program {
        // ssh alone asks in a way that reaches us.
        let asks = matches!(program, Program::Ssh(_)) && house.is_interactive(&profile.name);
        let ask = match asks {
            true => AskPass::start(house.questions.clone(), profile.name.clone(), id.0),
            false => None,
        };
        let child = child::start(program, &environment, ask.as_ref()).await?;
        tracing::info!(session = %id, program = program.scope(), pid = child.id(), "over a program's pipes");
        let machine = Pipe::new(pool(profile, row));
        return Ok((Carrier::pipe(machine, child, program.clone(), ask), None));
    }
    let (log_on, trial) = log_on(house, profile, &environment)
        .await
        .map_err(|missing| verdict::auth(&missing))?;
    let uri = if row.uri.is_empty() {
        profile.address.uri.clone()
    } else {
        row.uri.clone()
    };
    let credential = credential(profile, log_on, &environment);
    let session = network(profile, proxies(profile, &environment))
        .and_then(|network| link::Session::new(&network, &uri, credential))
        .map_err(|failure| verdict::endpoint(&failure))?;
    if task != Task::Open && row.affinity != Affinity::NotNeeded {
        session.forget_cookies();
    }
    tracing::debug!(session = %id, ?task, uri, "over WS-Management");
    Ok((Carrier::wsman(machine(profile, row, task), Wire::new(session)), trial))
}

/// What to log on with. A secret that nobody has tried is tried by one session at a time.
async fn log_on(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
) -> Result<(LogOn, Option<Trial>), NoLogOn> {
    let log_on = house.accounts.log_on(profile, environment).await?;
    if log_on.standing == Standing::Accepted {
        return Ok((log_on, None));
    }
    let trial = log_on.trial.clone().lock_owned().await;
    // Whoever held it before has an answer by now.
    let log_on = house.accounts.log_on(profile, environment).await?;
    let trial = (log_on.standing != Standing::Accepted).then_some(trial);
    Ok((log_on, trial))
}

fn pool(profile: &Profile, row: &Row) -> Pool {
    let mut pool = Pool::new(row.shell, Uuid::new_v4().as_u128(), profile.address.host.clone());
    pool.open_timeout = profile.open_timeout;
    pool.objects_after = u64::from(row.epoch) << 32;
    pool
}

fn machine(profile: &Profile, row: &Row, task: Task) -> Wsman {
    let pool = pool(profile, row);
    let mut shell = Shell::new(
        profile.address.uri.clone(),
        profile.configuration.clone(),
        row.session_id,
    );
    shell.idle_timeout = Some(profile.idle_timeout);
    shell.no_profile = profile.no_profile;
    shell.name = Some(format!("pslease {}", row.session));
    match task {
        Task::Open => Wsman::new(pool, shell),
        Task::Close | Task::TryAgain | Task::Recover => {
            let created = !row.resource_uri.is_empty();
            let resource_uri = if created {
                row.resource_uri.clone()
            } else {
                wsman::resource_uri(&profile.configuration)
            };
            let kept = Kept {
                uri: row.uri.clone(),
                shell_id: row
                    .renamed
                    .clone()
                    .unwrap_or_else(|| row.shell.to_string().to_uppercase()),
                resource_uri,
                created,
                protocol: row.protocol.clone(),
            };
            Wsman::attach(pool, shell, kept)
        }
    }
}
