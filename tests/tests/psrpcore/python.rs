//! The Python child that has psrpcore.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use pslease_tests::Peer;
use serde_json::{Value as Json, json};

const SCRIPT: &str = concat!(
    include_str!("leaves.py"),
    include_str!("values.py"),
    include_str!("child.py")
);

/// A Python that answers one line with one line. It ends when this is dropped, because its standard input closes.
pub(crate) struct Python {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts one; `None`, and a line that says so, where no Python has psrpcore.
    pub(crate) fn start() -> Option<Self> {
        let mut child = Command::new(Peer::python()?)
            .args(["-c", SCRIPT])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let output = BufReader::new(child.stdout.take().expect("it was piped"));
        let input = child.stdin.take();
        Some(Self { child, input, output })
    }

    /// Asks for something; `Err` is the traceback of an exception.
    pub(crate) fn ask(&mut self, request: &Json) -> Result<Json, String> {
        let input = self.input.as_mut().expect("open until dropped");
        writeln!(input, "{request}")
            .and_then(|()| input.flush())
            .expect("python reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("python answers");
        let mut answer: Json = serde_json::from_str(&line).expect("one line of JSON");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["answer"].take()),
        }
    }

    /// Runs statements; what they assign to `answer` comes back.
    #[track_caller]
    pub(crate) fn run(&mut self, code: &str) -> Json {
        self.ask(&json!({ "do": "run", "code": code }))
            .unwrap_or_else(|error| panic!("{code}\n{error}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
