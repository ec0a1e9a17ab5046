//! A person at a terminal: a real one, with a master that types and reads.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, Stdio};

use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::*;
use psrp::body::RemoteHostMethodId;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::daemon::{Daemon, Step};

/// The person's side.
struct Person {
    master: File,
    slave: File,
    child: Child,
    seen: String,
}

impl Person {
    /// `pslease` in a session of its own whose terminal this is; standard output stays a pipe.
    fn runs(home: &std::path::Path, words: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        // Ours it must not become, or the next one could not have it.
        let no_tty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let slave = File::options()
            .read(true)
            .write(true)
            .custom_flags(no_tty)
            .open(path.to_str().unwrap())
            .unwrap();
        let mut modes = tcgetattr(&slave).unwrap();
        modes
            .local_modes
            .insert(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
        let mut command = Command::new("setsid");
        command.args(["-c", "-w", env!("CARGO_BIN_EXE_pslease")]).args(words);
        command
            .env_clear()
            .env("PSLEASE_HOME", home)
            .env("PATH", "/usr/bin:/bin");
        command
            .stdin(slave.try_clone().unwrap())
            .stderr(slave.try_clone().unwrap())
            .stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        Self {
            master: File::from(master),
            slave,
            child,
            seen: String::new(),
        }
    }

    /// Reads until `text` has been shown.
    fn sees(&mut self, text: &str) {
        let mut bytes = [0; 1024];
        while !self.seen.contains(text) {
            let count = self.master.read(&mut bytes).unwrap();
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    fn types(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).unwrap();
    }

    fn echo(&self) -> bool {
        tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// The exit code, and all that was shown.
    fn ends(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        // What the terminal still holds comes before this mark.
        self.slave.write_all(b"<the end>").unwrap();
        self.sees("<the end>");
        (code, self.seen)
    }
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let daemon = Daemon::new();
    let mut person = Person::runs(daemon.home(), &["login", "litware"]);
    person.sees("Password for kenmyer@litwareinc.com: ");
    assert!(!person.echo());
    person.types("p@ss w0rd\n");
    person.sees("is logged in");
    assert!(person.echo());
    let (code, shown) = person.ends();
    assert_eq!(code, Some(0));
    assert!(!shown.contains("p@ss"), "{shown}");
    assert_eq!(daemon.seen().logins[0].password, b"p@ss w0rd");
}

#[test]
fn nobody_types_a_password_for_a_profile_that_is_not_there() {
    let daemon = Daemon::new();
    let (code, shown) = Person::runs(daemon.home(), &["login", "litwear"]).ends();
    assert_eq!(code, Some(2));
    assert!(
        shown.contains("there is no profile \"litwear\"; profiles are: litware"),
        "{shown}"
    );
}

#[test]
fn an_interrupt_at_the_password_brings_the_echo_back() {
    let daemon = Daemon::new();
    let mut person = Person::runs(daemon.home(), &["login", "litware"]);
    person.sees("Password for kenmyer@litwareinc.com: ");
    assert!(!person.echo());
    person.types("p@ss\x03");
    assert_eq!(person.child.wait().unwrap().code(), Some(130));
    assert!(person.echo());
    assert!(daemon.seen().logins.is_empty());
}

#[test]
fn a_question_shows_who_asks_and_takes_the_answer() {
    let choices = ["&Yes", "&No"].map(|label| {
        clixml::Object::new()
            .extended("label", label)
            .extended("helpMessage", "")
    });
    let parameters: Vec<clixml::Value> = vec![
        "Confirm\u{1b}[2J".into(),
        "Are you sure?".into(),
        clixml::Value::list(choices),
        1.into(),
    ];
    let call = HostCall {
        call: Some(3),
        method: RemoteHostMethodId::PromptForChoice.number(),
        parameters: clixml::write(&clixml::Value::list(parameters)).into(),
        origin: "dc1.litwareinc.com".into(),
    };
    let end = PipelineEnd {
        outcome: PipelineOutcome::Completed.into(),
        ..PipelineEnd::default()
    };
    let daemon = Daemon::playing(vec![
        Step::Event(Event::Started(Started::default())),
        Step::Event(Event::HostCall(call)),
        Step::Take,
        Step::Event(Event::End(end)),
    ]);
    let mut person = Person::runs(daemon.home(), &["run", "Remove-X", "-Confirm"]);
    person.sees("[Y] Yes  [N] No  [?] Help (default is \"N\"): ");
    assert!(person.seen.contains("[dc1.litwareinc.com asks]"), "{}", person.seen);
    assert!(
        !person.seen.contains("\u{1b}[2J"),
        "a caption must not drive the terminal"
    );
    person.types("maybe\n");
    person.sees("maybe");
    person.types("y\n");
    assert_eq!(person.ends().0, Some(0));
    let Some(Message::HostResponse(answer)) = daemon.seen().invokes.remove(1).message else {
        panic!("an answer")
    };
    assert_eq!(
        answer.answer,
        Some(host_response::Answer::Value(b"<I32>0</I32>".to_vec()))
    );
}

#[test]
fn a_person_waits_for_ever_and_before_the_scripts() {
    let end = PipelineEnd {
        outcome: PipelineOutcome::Completed.into(),
        ..PipelineEnd::default()
    };
    let daemon = Daemon::playing(vec![Step::Event(Event::End(end))]);
    assert_eq!(Person::runs(daemon.home(), &["run", "Get-X"]).ends().0, Some(0));
    let Some(Message::Begin(begin)) = daemon.seen().invokes.remove(0).message else {
        panic!("a beginning")
    };
    assert_eq!((begin.wait, begin.priority()), (None, Priority::Interactive));
    assert!(begin.caller.as_ref().unwrap().interactive);
    assert!(begin.caller.unwrap().tty.starts_with("pts/"));
}

#[test]
fn a_profile_is_asked_for_piece_by_piece() {
    let home = tempfile::tempdir().unwrap();
    let mut person = Person::runs(home.path(), &["profile", "add"]);
    for (question, answer) in [
        ("Name of", "lab"),
        ("Kind of", "winrm"),
        ("Host: ", "dc1"),
        ("User name: ", "ken@lab"),
    ] {
        person.sees(question);
        person.types(&format!("{answer}\n"));
    }
    assert_eq!(person.ends().0, Some(0));
    let text = std::fs::read_to_string(home.path().join("config.toml")).unwrap();
    assert!(
        text.contains("[profile.lab]\ntemplate = \"winrm\"\nhost = \"dc1\"\nadmin = \"ken@lab\"\n"),
        "{text}"
    );
}

fn blocked(blocked_by: BlockedBy) -> Step {
    Step::Event(Event::Waiting(Waiting {
        position: 1,
        blocked_by: blocked_by.into(),
        ..Waiting::default()
    }))
}

#[test]
fn who_waits_for_a_log_in_is_asked_for_the_password() {
    let end = PipelineEnd {
        outcome: PipelineOutcome::Completed.into(),
        ..PipelineEnd::default()
    };
    let daemon = Daemon::playing(vec![
        blocked(BlockedBy::Auth),
        Step::LoggedIn,
        Step::Event(Event::End(end)),
    ]);
    let mut person = Person::runs(daemon.home(), &["run", "-p", "litware", "Get-X"]);
    person.sees("Password for kenmyer@litwareinc.com: ");
    person.types("p@ss w0rd\n");
    let (code, shown) = person.ends();
    assert_eq!(code, Some(0));
    assert!(!shown.contains("p@ss"), "{shown}");
    assert_eq!(daemon.seen().logins[0].password, b"p@ss w0rd");
}

#[test]
fn a_question_that_somebody_else_has_answered_is_taken_back() {
    let daemon = Daemon::playing(vec![
        blocked(BlockedBy::Auth),
        Step::Go,
        blocked(BlockedBy::Busy),
        Step::Take,
    ]);
    let mut person = Person::runs(daemon.home(), &["run", "-p", "litware", "Get-X"]);
    person.sees("Password for kenmyer@litwareinc.com: ");
    assert!(!person.echo());
    daemon.go();
    person.sees("blocked by busy");
    while !person.echo() {
        std::thread::yield_now();
    }
    person.types("visible");
    person.sees("visible");
    person.types("\x03");
    assert_eq!(person.ends().0, Some(130));
    assert!(daemon.seen().logins.is_empty());
}
