//! What a session begins with: the way to its endpoint, the connection, and the machine for its carrier.

use broker::{Failure, SessionId};
use endpoint::Program;
use ledger::{Affinity, Row};
use runspace::{Kept, Pipe, Pool, Shell, Wsman};
use uuid::Uuid;

use super::ask_pass::AskPass;
use super::carrier::Carrier;
use super::drive::Task;
use super::wire::Wire;
use super::{Sessions, child, network};
use crate::config::Profile;
use crate::connect::{self, Ready, Token, Trial};

/// What is ready for its first operation.
pub(super) struct Prepared {
    pub(super) carrier: Carrier,
    /// How it is logged on, for words.
    pub(super) tried: Option<endpoint::Tried>,
    /// Set where the credential is a token.
    pub(super) token: Option<Token>,
    pub(super) trial: Option<Trial>,
    /// Which of the account's secrets it is, where it is one and not a token.
    pub(super) secret: Option<u64>,
}

/// The carrier of a session. `Err`: nothing was sent that could have made a shell, or ended one.
pub(super) async fn prepare(
    house: &Sessions,
    id: SessionId,
    profile: &Profile,
    row: &Row,
    task: Task,
) -> Result<Prepared, Failure> {
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
        return Ok(Prepared {
            carrier: Carrier::pipe(machine, child, program.clone(), ask),
            tried: None,
            token: None,
            trial: None,
            secret: None,
        });
    }
    let ready = connect::ready(house, profile)
        .await
        .map_err(|saying| house.failure(&saying, None).0)?;
    // A shell that is there is where its row says, whatever discovery says today.
    let uri = match task {
        Task::Open => ready.uri.clone(),
        Task::Close | Task::TryAgain | Task::Recover => row.uri.clone(),
    };
    if task == Task::Open && uri != row.uri && !house.desk.hop(id, uri.clone()).await {
        let failed = super::verdict::internal("the address could not be written to the books");
        return Err(failed);
    }
    house.moved(id, &uri);
    let session = network(house, profile, &environment)
        .await
        .and_then(|network| link::Session::new(&network, &uri, ready.credential.clone()))
        .map_err(|failure| {
            let context = connect::Context::default();
            let saying = connect::of_failure(house, profile, &failure, None, &context);
            house.failure(&saying, None).0
        })?;
    if task != Task::Open && row.affinity != Affinity::NotNeeded {
        session.forget_cookies();
    }
    tracing::debug!(session = %id, ?task, uri, "over WS-Management");
    let machine = machine(profile, row, task, &ready, &uri);
    Ok(Prepared {
        carrier: Carrier::wsman(machine, Wire::new(session)),
        tried: Some(ready.tried),
        token: ready.token,
        trial: ready.trial,
        secret: ready.secret,
    })
}

/// How the names of our shells begin: by it a shell is known for this user's on this machine, whatever became of the books.
/// Another user's here may be in use, and is nobody's orphan.
pub(crate) fn our_name() -> String {
    let system = rustix::system::uname();
    format!("pslease {}@{} ", crate::sys::uid(), system.nodename().to_string_lossy())
}

fn pool(profile: &Profile, row: &Row) -> Pool {
    let mut pool = Pool::new(row.shell, Uuid::new_v4().as_u128(), profile.address.host.clone());
    pool.open_timeout = profile.open_timeout;
    pool.objects_after = u64::from(row.epoch) << 32;
    let options = profile.connector.options();
    if let Some(cancel) = options.cancel_timeout {
        pool.stop_step = cancel;
    }
    pool.retries = options.max_connection_retry_count;
    // 0 is no limit, as in PowerShell.
    pool.most_per_command = options.maximum_received_data_size_per_command.filter(|most| *most > 0);
    pool.largest_object = options.maximum_received_object_size.filter(|most| *most > 0);
    pool
}

fn machine(profile: &Profile, row: &Row, task: Task, ready: &Ready, uri: &str) -> Wsman {
    let options = profile.connector.options();
    let mut pool = pool(profile, row);
    pool.host = connect::host_of(uri);
    for (name, value) in &ready.arguments {
        let value = clixml::Value::from(value.as_str());
        pool.application_arguments.push((name.clone(), value));
    }
    for (name, value) in &options.application_arguments {
        pool.application_arguments.retain(|(known, _)| known != name);
        pool.application_arguments.push((name.clone(), argument(value)));
    }
    let mut shell = Shell::new(versioned(uri), profile.configuration.clone(), row.session_id);
    shell.idle_timeout = Some(profile.idle_timeout);
    shell.no_profile = profile.no_profile;
    shell.name = Some(match ready.name {
        Some(name) => name.to_owned(),
        None => format!("{}{}", our_name(), row.session),
    });
    if let Some(culture) = &options.culture {
        shell.data_locale.clone_from(culture);
    }
    if let Some(culture) = &options.ui_culture {
        shell.locale.clone_from(culture);
    }
    shell.buffer_mode = options.output_buffering.map(|mode| match mode {
        endpoint::Buffering::Block => wsman::BufferMode::Block,
        endpoint::Buffering::Drop => wsman::BufferMode::Drop,
    });
    if let Some(time) = options.operation_timeout {
        // What we wait for is the longest that the server may keep a Receive.
        shell.operation_timeout = time.min(LONGEST_RECEIVE);
    }
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

/// The address with PSVersion in its query, on which Exchange routes. PowerShell puts it last, after a semicolon
/// (protocol.md 2); a server that separates by `&` alone would take it for the end of what stands before, which is whose
/// tenant it is or whether the password is a token.
pub(super) fn versioned(uri: &str) -> String {
    match uri.split_once('?') {
        Some((base, query)) => format!("{base}?PSVersion={PS_VERSION}&{query}"),
        None => wsman::connection_uri(uri, PS_VERSION),
    }
}

/// What Windows PowerShell of Windows 10 and Server 2019 says.
const PS_VERSION: &str = "5.1.19041.1";

/// PowerShell's own: three minutes, which no proxy on the way should cut.
const LONGEST_RECEIVE: std::time::Duration = std::time::Duration::from_secs(180);

/// An argument of the user's, as PowerShell's PSPrimitiveDictionary holds it.
fn argument(value: &serde_json::Value) -> clixml::Value {
    match value {
        serde_json::Value::Null => clixml::Value::Null,
        serde_json::Value::Bool(set) => (*set).into(),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => i32::try_from(whole).map_or_else(|_| whole.into(), clixml::Value::from),
            (None, Some(number)) => number.into(),
            (None, None) => number.to_string().as_str().into(),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        // PSPrimitiveDictionary holds no more than primitives and dictionaries; what is none goes as its text.
        other => other.to_string().as_str().into(),
    }
}
