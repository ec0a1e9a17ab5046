//! Through a door, against the same console without one: the same two ends, in the same run.
//!
//! The console is ours, on `crates/pipe` and `psrp`, so that it is quicker than what it measures. Where the far end is foreign
//! code (`peer.pipe`) that end sets the pace, and the ratio says what a door takes away from it; where it is the tenant, the
//! door has to keep up. `socat` between the same two ends is the floor for bytes: a copy that looks at nothing.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use pslease_tests::{Came, Door, Home, Peer, eventually};
use psrp::MessageType;
use psrp::body::{Argument, Body as _, Command, CreatePipeline, InvocationState, PipelineState};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::sample::{Report, Sample};

/// A debug build is only tried, not measured.
const PART: i32 = if cfg!(debug_assertions) { 20 } else { 1 };
/// Objects of a round from the tenant, and from the peer, which is slower.
const OBJECTS: i32 = 20_000 / PART;
const PEERS_OBJECTS: i32 = 4_000 / PART;
/// Bytes of an object, and how many of them are a round.
const BYTES: i32 = 1 << 20;
const BLOBS: i32 = 200 / PART;
/// Rounds of each, by turns; their median counts.
const ROUNDS: usize = if cfg!(debug_assertions) { 1 } else { 7 };
const OPENINGS: usize = if cfg!(debug_assertions) { 5 } else { 100 };
/// What a door waits for on purpose after its first answer (protocol.md 24): PowerShell's client loses a race without it.
const PAUSE: Duration = Duration::from_millis(20);
/// What an opening may take beside it.
const OPENING: Duration = Duration::from_millis(5);

/// What a round brought, and how long it took from the pipeline's start to its end.
#[derive(Clone, Copy)]
struct Round {
    objects: usize,
    bytes: usize,
    took: Duration,
}

impl Round {
    fn of(console: &mut Door, work: &CreatePipeline) -> Self {
        let started = Instant::now();
        let pipeline = console.start(work);
        let (mut objects, mut bytes) = (0, 0);
        loop {
            match console.came() {
                Came::Message(of, message) if of == pipeline => match message.kind {
                    MessageType::PipelineOutput => {
                        objects += 1;
                        bytes += message.body.len();
                    }
                    MessageType::PipelineState => {
                        let state = PipelineState::read(&message.body).expect("a state");
                        assert_eq!(state.state, InvocationState::Completed, "{state:?}");
                        break;
                    }
                    _ => {}
                },
                Came::End => panic!("the far end hung up"),
                Came::Message(..) | Came::Packet(_) => {}
            }
        }
        let took = started.elapsed();
        console.close(pipeline);
        Self { objects, bytes, took }
    }

    fn per_second(&self, count: usize) -> f64 {
        count as f64 / self.took.as_secs_f64()
    }
}

/// A console on a program, with no door between. The program ends with it.
struct Direct {
    console: Door,
    program: Child,
    _folder: Option<TempDir>,
}

impl Direct {
    /// On the program's standard input and output.
    fn program(mut program: Program) -> Self {
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        let input: OwnedFd = far.try_clone().expect("a second descriptor").into();
        program
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(OwnedFd::from(far)));
        let program = program.spawn().expect("the program starts");
        Self::open(near, program, None)
    }

    /// On the socket that the program is told to listen on.
    fn listening(command: impl FnOnce(&Path) -> Program) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("socket");
        let mut program = command(&path);
        let program = program.stdin(Stdio::null()).stdout(Stdio::null());
        let program = program.spawn().expect("the program starts");
        let mut stream = None;
        eventually("it listens", || {
            stream = UnixStream::connect(&path).ok();
            stream.is_some()
        });
        Self::open(stream.expect("it was connected"), program, Some(folder))
    }

    fn open(stream: UnixStream, program: Child, folder: Option<TempDir>) -> Self {
        let mut console = Door::on(stream);
        console.open();
        Self {
            console,
            program,
            _folder: folder,
        }
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.console.close(Uuid::nil());
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A home whose one endpoint is a program.
fn home(words: &[&str]) -> Home {
    let command = json!(words);
    Home::new(&format!(
        "[profile.local]\ntemplate = \"process\"\ncommand = {command}\nadmin = \"ken\"\n"
    ))
}

fn path(home: &Home) -> String {
    let finished = home.run(&["door", "local", "--mode", "shared", "--wait", "60s"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    finished.stdout.trim().to_owned()
}

fn enter(home: &Home) -> Door {
    let mut door = Door::connect(&path(home));
    door.open();
    door
}

fn command(name: &str, arguments: &[(&str, i32)]) -> CreatePipeline {
    let command = arguments.iter().fold(Command::new(name), |command, (name, value)| {
        command.with(Argument::named(*name, *value))
    });
    CreatePipeline::new(vec![command])
}

fn users(count: i32) -> CreatePipeline {
    command("Get-CsOnlineUser", &[("ResultSize", count)])
}

/// Does the same through each console by turns, and gives the median rate of each.
fn by_turns<const N: usize>(
    mut consoles: [&mut Door; N],
    work: &CreatePipeline,
    count: impl Fn(&Round) -> usize,
) -> [f64; N] {
    let mut rates = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        for (console, rates) in consoles.iter_mut().zip(&mut rates) {
            let done = Round::of(console, work);
            // The first one warms up.
            if round > 0 {
                rates.push(done.per_second(count(&done)));
            }
        }
    }
    rates.map(|mut rates: Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    })
}

pub(crate) fn measure(report: &mut Report) {
    let tenant = home(&["pslease", "tenant", "--stdio"]);
    let mut through = enter(&tenant);
    openings(&tenant, report);
    let direct_tenant = || {
        let mut program = tenant.pslease(&["tenant", "--stdio"]);
        program.stderr(Stdio::null());
        program
    };
    {
        let mut direct = Direct::program(direct_tenant());
        let rates = by_turns([&mut through, &mut direct.console], &users(OBJECTS), |round| {
            round.objects
        });
        compared(
            report,
            ["objects through a door, tenant", "objects without a door, tenant"],
            rates,
            "objects/s through a door / without, from the tenant",
            None,
        );
    }
    bytes(
        &tenant,
        &mut through,
        &mut Direct::program(direct_tenant()).console,
        report,
    );
    if let Some(python) = Peer::python() {
        peers_objects(&python, report);
    }
}

/// From the console's connect to its pool Opened, where the session is there already.
fn openings(home: &Home, report: &mut Report) {
    let whole: Vec<Duration> = (0..OPENINGS)
        .map(|_| {
            let path = path(home);
            let started = Instant::now();
            let mut door = Door::connect(&path);
            door.open();
            let took = started.elapsed();
            door.close(Uuid::nil());
            took
        })
        .collect();
    let over: Vec<Duration> = whole.iter().map(|took| took.saturating_sub(PAUSE)).collect();
    report.add("connect -> Opened at a door, warm session", Sample::from(whole));
    let over = Sample::from(over);
    let ratio = OPENING.as_secs_f64() / over.median().as_secs_f64().max(f64::EPSILON);
    report.add("connect -> Opened at a door, over its pause of 20 ms", over);
    report.compare("5 ms / an opening at a door over its pause", ratio, Some(1.0));
}

/// Large objects, against a copy of the bytes between the same two ends.
fn bytes(home: &Home, through: &mut Door, direct: &mut Door, report: &mut Report) {
    let blobs = command("Get-TenantBlob", &[("Bytes", BYTES), ("Count", BLOBS)]);
    let count = |round: &Round| round.bytes;
    let has_socat = Program::new("socat").arg("-V").output().is_ok();
    if !has_socat {
        println!("skipped: no socat, so there is no floor for bytes through a door");
        return;
    }
    let mut socat = Direct::listening(|path| {
        // Larger pieces than its own 8 KiB: a stiffer floor.
        let mut program = Program::new("socat");
        program
            .args(["-b", "65536"])
            .arg(format!("UNIX-LISTEN:{}", path.display()))
            .arg("EXEC:pslease tenant --stdio");
        home.dress(&mut program);
        program
    });
    let [door, floor, bare] = by_turns([through, &mut socat.console, direct], &blobs, count);
    report.add_rate("bytes without a door or socat, tenant", bare);
    compared(
        report,
        ["bytes through a door, tenant", "bytes through socat, tenant"],
        [door, floor],
        "bytes/s through a door / through socat",
        Some(0.5),
    );
}

/// Objects of foreign code, which sets the pace.
fn peers_objects(python: &Path, report: &mut Report) {
    let folder = Peer::folder().canonicalize().expect("the peer's folder");
    let words = ["-m", "peer.pipe", "--config", "tenant.toml", "--service", "skype"];
    let script = format!(
        "cd '{}' && exec env PYTHONDONTWRITEBYTECODE=1 '{}' {}",
        folder.display(),
        python.display(),
        words.join(" ")
    );
    let home = home(&["sh", "-c", &script]);
    let mut through = enter(&home);
    let mut direct = Direct::listening(|path| {
        let mut program = Program::new(python);
        program
            .args(words)
            .arg("--socket")
            .arg(path)
            .current_dir(&folder)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        program
    });
    let rates = by_turns([&mut through, &mut direct.console], &users(PEERS_OBJECTS), |round| {
        round.objects
    });
    compared(
        report,
        ["objects through a door, peer.pipe", "objects without a door, peer.pipe"],
        rates,
        "objects/s through a door / without, from peer.pipe",
        None,
    );
}

fn compared(
    report: &mut Report,
    names: [&'static str; 2],
    [ours, other]: [f64; 2],
    what: &'static str,
    target: Option<f64>,
) {
    report.add_rate(names[0], ours);
    report.add_rate(names[1], other);
    report.compare(what, ours / other, target);
}
