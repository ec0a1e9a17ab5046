//! Where the daemon's log goes: to the journal's pipe under systemd, else to daily files in the state folder, readable
//! by their owner only (the umask sees to that), seven of them kept. Nothing that is logged may hold a secret, an
//! argument of a command or a body: names, ids, states and faults only.

use std::path::Path;

use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Begins to log. `PSLEASE_LOG` sets what, as `RUST_LOG` does elsewhere.
pub(crate) fn begin(folder: &Path) -> Result<(), InitError> {
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        install(std::io::stderr, false);
        return Ok(());
    }
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("psleased")
        .filename_suffix("log")
        .max_log_files(7)
        .build(folder)?;
    install(files, true);
    Ok(())
}

fn install(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, time: bool) {
    let filter = EnvFilter::try_from_env("PSLEASE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,h2=warn,hyper=warn,tonic=warn,reqwest=warn,rustls=warn"));
    // It logs its arguments, passwords among them, for whoever asks for enough.
    let filter = ["sspi=off", "picky_krb=off"]
        .into_iter()
        .filter_map(|quiet| quiet.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(writer);
    // A second subscriber is refused, which only tests could do.
    let _ = if time {
        lines.try_init()
    } else {
        lines.without_time().try_init()
    };
}
