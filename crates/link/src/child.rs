//! A program and its three pipes, as one value: bytes in, bytes out, the end of its standard error for messages. It is
//! ended with everything that it started when this is dropped, and by the kernel when this process dies (Linux, Windows).
//!
//! Nothing runs beside its owner: [`Child::next`] writes what is to be written, reads what is there and looks whether the
//! program has ended, each time it is polled. So it can be cancelled at any moment without loss.

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite as _, ReadBuf};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use crate::sys::{self, End, Group};
use crate::tail::Tail;

/// So much is read at a time.
const PIECE: usize = 64 * 1024;

/// How long the rest of the output may take once the program has ended, or its end once the output has: what it started
/// may keep either open for ever.
const GRACE: Duration = Duration::from_millis(500);

/// How long a program may take to end after its standard input has, and after it was asked to.
const PATIENCE: Duration = Duration::from_secs(2);
const ASKED: Duration = Duration::from_secs(1);

/// What is started.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The program, and its arguments.
    pub words: Vec<String>,
    /// What is set in its environment; else it is ours.
    pub set: Vec<(String, String)>,
    /// What is taken out of its environment.
    pub unset: Vec<String>,
}

/// What comes from a program.
#[derive(Debug)]
pub enum Came {
    /// Standard output.
    Bytes(Bytes),
    /// The end; nothing comes after it.
    Ended(Exit),
}

/// How a program ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code; none where a signal ended it, or where it only closed its output.
    pub code: Option<i32>,
    /// The signal.
    pub signal: Option<i32>,
    /// The last that it wrote to standard error.
    pub said: String,
}

/// A program that runs.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    group: Group,
    /// Its group's number too.
    id: u32,
    input: Option<ChildStdin>,
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
    /// Not written yet. The protocol bounds it: one packet for each target waits for its acknowledgement.
    pending: VecDeque<Bytes>,
    piece: BytesMut,
    tail: Tail,
    status: Option<ExitStatus>,
    grace: Option<Pin<Box<Sleep>>>,
    told: bool,
}

impl Child {
    /// Starts a program.
    ///
    /// # Errors
    /// What the system says where it cannot be started; nothing runs then.
    pub async fn start(start: &Start) -> io::Result<Self> {
        let (program, arguments) = start.words.split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in &start.unset {
            command.env_remove(name);
        }
        command.envs(start.set.iter().map(|(name, value)| (name, value)));
        let (mut process, group) = sys::spawn(command).await?;
        Ok(Self {
            id: process.id().unwrap_or_default(),
            input: process.stdin.take(),
            output: process.stdout.take(),
            errors: process.stderr.take(),
            process,
            group,
            pending: VecDeque::new(),
            piece: BytesMut::new(),
            tail: Tail::default(),
            status: None,
            grace: None,
            told: false,
        })
    }

    /// Its process id, which is its group's too.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Writes these bytes as soon as the program takes them. What a program does not take before it ends is lost with it.
    pub fn write(&mut self, bytes: Bytes) {
        if self.input.is_some() && !bytes.is_empty() {
            self.pending.push_back(bytes);
        }
    }

    /// What comes next. Standard output is read only where `read` says so: then the program waits, in time.
    /// Never ends once the end was told. May be cancelled and called again without loss.
    pub async fn next(&mut self, read: bool) -> Came {
        poll_fn(|cx| self.poll_next(cx, read)).await
    }

    /// Ends it: its input first, then by signals. When this returns, neither it nor any of its group is left.
    pub async fn end(&mut self) {
        self.input = None;
        self.output = None;
        self.pending.clear();
        if timeout(PATIENCE, self.gone()).await.is_err() {
            self.group.end(End::Ask);
            if timeout(ASKED, self.gone()).await.is_err() {
                self.group.end(End::Kill);
                let _ = self.process.start_kill();
                self.gone().await;
            }
        }
        self.end_stragglers();
    }

    async fn gone(&mut self) {
        poll_fn(|cx| {
            self.poll_errors(cx);
            self.poll_status(cx)
        })
        .await;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Came> {
        if self.told {
            return Poll::Pending;
        }
        self.poll_write(cx);
        self.poll_errors(cx);
        if read && let Poll::Ready(bytes) = self.poll_output(cx) {
            return Poll::Ready(Came::Bytes(bytes));
        }
        let ended = self.poll_status(cx).is_ready();
        if !read {
            // What it wrote before its end comes first.
            return Poll::Pending;
        }
        let whole = self.output.is_none() && self.errors.is_none();
        if !(ended && whole) {
            if !ended && self.output.is_some() {
                return Poll::Pending;
            }
            let grace = self
                .grace
                .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + GRACE)));
            ready!(grace.as_mut().poll(cx));
        }
        self.told = true;
        if ended {
            self.end_stragglers();
        }
        Poll::Ready(Came::Ended(self.exit()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while let (Some(input), Some(bytes)) = (&mut self.input, self.pending.front_mut()) {
            match Pin::new(input).poll_write(cx, bytes) {
                Poll::Ready(Ok(count)) => {
                    bytes.advance(count);
                    if bytes.is_empty() {
                        self.pending.pop_front();
                    }
                }
                // It reads no more: its end says why, which is about to come.
                Poll::Ready(Err(_)) => {
                    self.input = None;
                    self.pending.clear();
                }
                Poll::Pending => return,
            }
        }
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let Some(output) = &mut self.output else {
            return Poll::Pending;
        };
        self.piece.resize(PIECE, 0);
        let count = ready!(poll_read(output, cx, &mut self.piece));
        if count == 0 {
            self.output = None;
            return Poll::Pending;
        }
        Poll::Ready(self.piece.split_to(count).freeze())
    }

    fn poll_errors(&mut self, cx: &mut Context<'_>) {
        let mut piece = [0; 1024];
        while let Some(errors) = &mut self.errors {
            match poll_read(errors, cx, &mut piece) {
                Poll::Ready(0) => self.errors = None,
                Poll::Ready(count) => self.tail.push(&piece[..count]),
                Poll::Pending => return,
            }
        }
    }

    fn poll_status(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.status.is_none() {
            // A wait that fails has nobody to wait for: as good as ended, with nothing known of how.
            let status = ready!(pin!(self.process.wait()).poll(cx));
            self.status = Some(status.unwrap_or_default());
        }
        Poll::Ready(())
    }

    fn exit(&self) -> Exit {
        Exit {
            code: self.status.and_then(|status| status.code()),
            #[cfg(unix)]
            signal: self
                .status
                .and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status)),
            #[cfg(not(unix))]
            signal: None,
            said: self.tail.text(),
        }
    }

    /// What it started and left behind goes too.
    fn end_stragglers(&self) {
        self.group.end(End::Kill);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.end_stragglers();
        }
    }
}

fn poll_read(from: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>, into: &mut [u8]) -> Poll<usize> {
    let mut buffer = ReadBuf::new(into);
    // An error of a pipe is its end.
    Poll::Ready(match ready!(Pin::new(from).poll_read(cx, &mut buffer)) {
        Ok(()) => buffer.filled().len(),
        Err(_) => 0,
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn sh(script: &str) -> Child {
        let start = Start {
            words: ["sh", "-c", script].map(str::to_owned).to_vec(),
            ..Start::default()
        };
        Child::start(&start).await.expect("sh starts")
    }

    async fn all(child: &mut Child) -> (Vec<u8>, Exit) {
        let mut seen = Vec::new();
        loop {
            match child.next(true).await {
                Came::Bytes(bytes) => seen.extend_from_slice(&bytes),
                Came::Ended(exit) => return (seen, exit),
            }
        }
    }

    fn is_there(pid: u32) -> bool {
        // One that has ended and was not waited for is not there.
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z')))
    }

    async fn until(what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "gave up waiting until {what}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn more_than_any_pipe_holds_goes_through_and_comes_back() {
        let mut child = sh("cat; echo over >&2; exit 7").await;
        let mut sent = Vec::new();
        for number in 0..400_u32 {
            let piece = vec![number as u8; 4096];
            sent.extend_from_slice(&piece);
            child.write(piece.into());
        }
        let mut seen = Vec::new();
        while seen.len() < sent.len() {
            match child.next(true).await {
                Came::Bytes(bytes) => seen.extend_from_slice(&bytes),
                Came::Ended(exit) => panic!("{exit:?}"),
            }
        }
        assert!(seen == sent, "the same bytes in the same order");
        child.input = None;
        let (rest, exit) = all(&mut child).await;
        assert_eq!((rest.len(), exit.code, exit.said.as_str()), (0, Some(7), "over\n"));
    }

    #[tokio::test]
    async fn output_that_nobody_reads_waits_and_the_end_behind_it() {
        let mut child = sh("head -c 200000 /dev/zero").await;
        let waited = timeout(Duration::from_millis(50), child.next(false)).await;
        assert!(waited.is_err(), "nothing is told before what came first");
        assert_eq!(all(&mut child).await.0.len(), 200_000);
    }

    #[tokio::test]
    async fn who_keeps_the_pipes_open_keeps_nobody_waiting_and_goes_too() {
        let mut child = sh("sleep 600 & echo $!; exit 3").await;
        let (seen, exit) = all(&mut child).await;
        assert_eq!(exit.code, Some(3));
        let left: u32 = String::from_utf8(seen).unwrap().trim().parse().unwrap();
        until("the sleeper is gone", || !is_there(left)).await;
    }

    #[tokio::test]
    async fn a_program_that_ignores_its_end_is_ended() {
        let mut child = sh("trap '' TERM; echo up; while :; do sleep 1; done").await;
        assert!(matches!(child.next(true).await, Came::Bytes(_)));
        let pid = child.id();
        child.end().await;
        assert!(!is_there(pid));
        let mut polite = sh("cat >/dev/null; echo bye >&2").await;
        polite.end().await;
        assert_eq!((polite.exit().code, polite.exit().said.as_str()), (Some(0), "bye\n"));
    }

    #[tokio::test]
    async fn what_is_dropped_is_gone_with_all_that_it_started() {
        let mut child = sh("sleep 600 & echo $!; wait").await;
        let Came::Bytes(line) = child.next(true).await else {
            panic!("it prints first")
        };
        let inner: u32 = std::str::from_utf8(&line).unwrap().trim().parse().unwrap();
        let outer = child.id();
        drop(child);
        until("both are gone", || !is_there(inner) && !is_there(outer)).await;
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_told_at_once() {
        let start = Start {
            words: vec!["/nowhere/pwsh".to_owned()],
            ..Start::default()
        };
        assert_eq!(Child::start(&start).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
