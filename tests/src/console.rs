//! A running program whose output is read as it comes.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use rustix::process::Signal;

use crate::PATIENCE;
use crate::home::send;

/// A program that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Console {
    child: Child,
    lines: Receiver<(Stream, String)>,
    seen: Finished,
}

/// How a program ended, and what it wrote.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// The exit code; 128 and the signal's number where one ended it.
    pub code: i32,
    /// Standard output, whole.
    pub stdout: String,
    /// Standard error, whole.
    pub stderr: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

impl Console {
    /// Starts a program. `input` becomes its standard input, which is empty without one.
    pub fn start(mut command: Command, input: Option<&str>) -> Self {
        let mut console = Self::of(command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }));
        if let (Some(input), Some(mut pipe)) = (input, console.child.stdin.take()) {
            pipe.write_all(input.as_bytes()).expect("the program reads");
        }
        console
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, lines) = channel();
        let output = child.stdout.take().expect("it was piped");
        let error = child.stderr.take().expect("it was piped");
        for (stream, pipe) in [
            (Stream::Output, Box::new(output) as Box<dyn Read + Send>),
            (Stream::Error, Box::new(error)),
        ] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(pipe);
                let mut line = Vec::new();
                while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line.clear();
                    if sender.send((stream, text)).is_err() {
                        break;
                    }
                }
            });
        }
        Self {
            child,
            lines,
            seen: Finished::default(),
        }
    }

    /// Starts a program whose standard input is `input`.
    pub fn with_input(mut command: Command, input: impl Into<Stdio>) -> Self {
        Self::of(command.stdin(input))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads until a line of either stream holds `text`, and gives that line.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
                Ok((stream, line)) => {
                    self.keep(stream, &line);
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => {
                    let why = if error == RecvTimeoutError::Timeout {
                        "it went quiet"
                    } else {
                        "it ended"
                    };
                    panic!("no line with {text:?}: {why} after {:#?}", self.seen);
                }
            }
        }
    }

    /// Whether it has ended by now.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_some()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end and gives everything that it ever wrote.
    #[track_caller]
    pub fn finish(&mut self) -> Finished {
        let started = Instant::now();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
                Ok((stream, line)) => self.keep(stream, &line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.kill();
                    panic!("it does not end: {:#?}", self.seen);
                }
            }
        }
        let status = self.child.wait().expect("a child ends");
        let signalled = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
        self.seen.code = status.code().or(signalled).unwrap_or(-1);
        self.seen.clone()
    }

    fn keep(&mut self, stream: Stream, line: &str) {
        match stream {
            Stream::Output => self.seen.stdout.push_str(line),
            Stream::Error => self.seen.stderr.push_str(line),
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end, with an empty standard input.
#[track_caller]
pub fn finish(command: Command) -> Finished {
    Console::start(command, None).finish()
}
