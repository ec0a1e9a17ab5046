//! `psleased` in ssh's service, as `SSH_ASKPASS`: ssh starts it with a question and reads the answer from its output. It
//! fetches that from the daemon that started ssh, and is this only where the daemon has said so in the environment.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use secrecy::{ExposeSecret as _, SecretString};

/// The variable that names the daemon's socket.
pub(crate) const SOCKET: &str = "PSLEASE_ASKPASS";

/// Comes before an answer: an empty one is an answer too.
pub(crate) const ANSWERED: u8 = b'+';

/// Asks, if this process was started for that.
pub(crate) fn main() -> Option<ExitCode> {
    let socket = std::env::var_os(SOCKET)?;
    let question = std::env::args().nth(1).unwrap_or_default();
    Some(match answer(socket.as_ref(), &question) {
        Ok(Some(answer)) => {
            let mut output = std::io::stdout().lock();
            let written = writeln!(output, "{}", answer.expose_secret()).and_then(|()| output.flush());
            if written.is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Ok(None) | Err(_) => ExitCode::FAILURE,
    })
}

fn answer(socket: &std::path::Path, question: &str) -> std::io::Result<Option<SecretString>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(question.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let answer = SecretString::from(answer);
    let text = answer.expose_secret().strip_prefix(char::from(ANSWERED));
    Ok(text.map(|text| SecretString::from(text.to_owned())))
}
