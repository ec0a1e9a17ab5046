//! Questions to the person at the terminal, whatever standard input and output are.

use std::fs::File;
use std::io::{self, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::failure::Failure;

/// The terminal that controls this process; `None` in cron, in a service, behind `setsid`.
pub(crate) fn open() -> Option<File> {
    File::options().read(true).write(true).open("/dev/tty").ok()
}

/// Asks and reads one line. Ctrl-C is an interrupt of the whole verb; dropping it takes the question back.
pub(crate) async fn ask(question: &str) -> Result<String, Failure> {
    read(question, true).await
}

/// Asks and reads one line that is not shown. However it ends, the echo comes back.
pub(crate) async fn ask_secret(question: &str) -> Result<String, Failure> {
    read(question, false).await
}

async fn read(question: &str, echo: bool) -> Result<String, Failure> {
    let lost = |error: io::Error| Failure::new(Exit::Failed, format!("the terminal cannot be used: {error}"));
    let mut terminal = open().ok_or_else(|| Failure::new(Exit::Failed, "there is no terminal to ask at"))?;
    // Before the echo goes: an interrupt that nobody listens for would end us and leave it off.
    let mut interrupts = signal(SignalKind::interrupt()).map_err(lost)?;
    let silence = if echo {
        None
    } else {
        Some(Silence::begin(&terminal).map_err(lost)?)
    };
    terminal.write_all(question.as_bytes()).map_err(lost)?;
    let answer = tokio::select! {
        line = line(&terminal) => line.map_err(lost),
        _ = interrupts.recv() => Err(Failure::Silent(Exit::Interrupted)),
    };
    if answer.is_err() && silence.is_none() {
        let _ = terminal.write_all(b"\n");
    }
    answer
}

/// One line without its end. Dropped, it leaves what is typed later to whoever reads next.
async fn line(terminal: &File) -> io::Result<String> {
    // A description of its own, so that only ours does not block. tokio polls a terminal as it does a pipe.
    let own = open().map_or_else(|| terminal.try_clone(), Ok)?;
    rustix::io::ioctl_fionbio(&own, true)?;
    let mut own = Receiver::from_file_unchecked(own)?;
    let mut bytes = Vec::new();
    loop {
        let count = own.read_buf(&mut bytes).await?;
        if count == 0 && bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if count == 0 || bytes.ends_with(b"\n") {
            break;
        }
    }
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "that was not UTF-8"))
}

/// While it lives, the terminal shows nothing of what is typed.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    fn begin(terminal: &File) -> io::Result<Self> {
        let terminal = terminal.try_clone()?;
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = self.terminal.write_all(b"\n");
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
