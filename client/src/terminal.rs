//! Questions to the person at the terminal, whatever standard input and output are.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::Exit;
use crate::failure::Failure;

/// The terminal that controls this process; `None` in cron, in a service, behind `setsid`.
pub(crate) fn open() -> Option<File> {
    File::options().read(true).write(true).open("/dev/tty").ok()
}

/// Asks and reads one line. Ctrl-C ends the program with 130.
pub(crate) async fn ask(question: &str) -> Result<String, Failure> {
    read(question, true).await
}

/// Asks and reads one line that is not shown. However it ends, the echo comes back.
pub(crate) async fn ask_secret(question: &str) -> Result<String, Failure> {
    read(question, false).await
}

async fn read(question: &str, echo: bool) -> Result<String, Failure> {
    let no_terminal = || Failure::new(Exit::Failed, "there is no terminal to ask at");
    let mut terminal = open().ok_or_else(no_terminal)?;
    let lost = |error: io::Error| Failure::new(Exit::Failed, format!("the terminal cannot be used: {error}"));
    let silence = if echo {
        None
    } else {
        Some(Silence::begin(&terminal).map_err(lost)?)
    };
    terminal.write_all(question.as_bytes()).map_err(lost)?;
    let mut reader = terminal.try_clone().map_err(lost)?;
    // A thread of its own: nothing can take a read at a terminal back, so an interrupt leaves it behind.
    let line = tokio::task::spawn_blocking(move || line(&mut reader));
    let answer = tokio::select! {
        line = line => line.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())).map_err(lost),
        _ = tokio::signal::ctrl_c() => Err(Failure::Silent(Exit::Interrupted)),
    };
    if silence.is_some() || answer.is_err() {
        let _ = terminal.write_all(b"\n");
    }
    answer
}

/// One line without its end. A terminal in line mode hands out at most one a read.
fn line(terminal: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut some = [0; 4096];
    loop {
        let count = terminal.read(&mut some)?;
        if count == 0 && bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&some[..count]);
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
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
