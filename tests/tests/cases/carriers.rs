//! Sessions that are no HTTP: a program's standard input and output, and an sshd's subsystem.

use std::time::Duration;

use pslease_tests::{Console, Home, Peer, Person, Sshd, binaries, eventually};
use rustix::process::Signal;
use serde_json::Value as Json;

/// The peer's session on standard input and output; `None` where the peer is not to be had, which is said.
fn peer_words() -> Option<Vec<String>> {
    let python = Peer::python()?.display().to_string();
    let folder = Peer::folder().canonicalize().expect("the peer's folder");
    let script = format!(
        "cd '{}' && exec env PYTHONDONTWRITEBYTECODE=1 '{python}' -m peer.pipe --config tenant.toml --service skype",
        folder.display()
    );
    Some(vec!["sh".to_owned(), "-c".to_owned(), script])
}

/// A home with one profile whose endpoint is a program.
fn home(words: &[String], extra: &str) -> Home {
    let command = Json::from(words.to_vec());
    Home::new(&format!(
        "[profile.local]\ntemplate = \"process\"\ncommand = {command}\nadmin = \"ken\"\n{extra}\n"
    ))
}

/// The programs that are children of the daemon.
fn children(home: &Home) -> Vec<u32> {
    let Some(daemon) = home.daemon() else {
        return Vec::new();
    };
    processes()
        .into_iter()
        .filter(|(_, parent)| *parent == daemon)
        .map(|(pid, _)| pid)
        .collect()
}

/// Every process that has not ended, with its parent.
fn processes() -> Vec<(u32, u32)> {
    std::fs::read_dir("/proc")
        .expect("a process table")
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let mut fields = stat.rsplit_once(") ")?.1.split(' ');
            let ended = fields.next()? == "Z";
            let parent = fields.next()?.parse().ok()?;
            (!ended).then_some((pid, parent))
        })
        .collect()
}

fn is_there(pid: u32) -> bool {
    processes().iter().any(|(other, _)| *other == pid)
}

#[test]
fn a_program_of_foreign_code_is_an_endpoint_like_any_other() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "max_concurrency = 1");
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "3", "--output", "jsonl"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 3, "{finished:?}");
    let finished = home.run(&["run", "Get-NoSuchThing"]);
    assert!(finished.stderr.contains("is not recognized"), "{finished:?}");
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "5000", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.lines().count()),
        (0, 5000),
        "{}",
        finished.stderr
    );
    assert_eq!(children(&home).len(), 1, "all of them used one session");
    let status = home.status();
    assert_eq!(status["sessions"][0]["computer_name"], "sh", "{status}");

    // Its one slot is taken.
    let mut holder = home.holder();
    let refused = home.run(&["run", "--mode", "exclusive", "--wait", "0", "Get-CsTenant"]);
    assert_eq!(refused.code, 75, "{refused:?}");
    holder.kill();

    let child = children(&home)[0];
    let closed = home.run(&["close", "local"]);
    assert_eq!(closed.code, 0, "{closed:?}");
    eventually("the program has ended with its session", || !is_there(child));
}

#[test]
fn a_killed_daemon_leaves_no_program_and_the_next_one_knows_it() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "max_concurrency = 1");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let left = children(&home);
    assert_eq!(left.len(), 1);
    let python: Vec<u32> = left.clone();
    home.end_daemon(Signal::KILL);
    eventually("no program is left", || !python.iter().any(|pid| is_there(*pid)));
    // The one slot is free at once: the books of a program need no proof.
    let finished = home.run(&["run", "--wait", "20s", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(home.status()["sessions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_stopped_daemon_ends_its_programs() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let left = children(&home);
    home.end_daemon(Signal::TERM);
    assert!(!left.is_empty() && !left.iter().any(|pid| is_there(*pid)), "{left:?}");
}

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

#[test]
fn a_program_that_is_no_powershell_is_told_as_what_it_is() {
    for (script, told) in [
        (
            "echo no such configuration >&2; exit 3",
            &["sh ended with exit code 3", "no such configuration"][..],
        ),
        (
            "echo 'PowerShell 7.6.5'; cat",
            &["PowerShell 7.6.5", "let nothing but PowerShell write"],
        ),
        ("cat /dev/urandom", &["sh broke the remoting protocol"]),
        (
            "printf '<Data Stre'; exec 1>&-; cat >/dev/null",
            &["closed its output", "<Data Stre"],
        ),
        ("kill -9 $$", &["sh was ended by signal 9"]),
        ("echo; cat", &["an empty line stands where a packet should"]),
    ] {
        let home = home(&shell(script), "");
        let finished = home.run(&["run", "--wait", "20s", "Get-Date"]);
        assert!([1, 69, 75].contains(&finished.code), "{script}: {finished:?}");
        for words in told {
            assert!(finished.stderr.contains(words), "{script}: {words}: {finished:?}");
        }
        eventually("nothing is left of it", || children(&home).is_empty());
    }
    let home = home(&["/nowhere/pwsh".to_owned()], "");
    let finished = home.run(&["run", "Get-Date"]);
    assert!(
        finished.code == 1 && finished.stderr.contains("there is no program /nowhere/pwsh"),
        "{finished:?}"
    );
}

#[test]
fn a_program_that_never_answers_is_told_of_and_given_up() {
    let home = home(&shell("cat >/dev/null"), "open_timeout = 60");
    let mut console = home.start(&["run", "Get-Date"]);
    eventually("it runs", || !children(&home).is_empty());
    home.advance(Duration::from_secs(16));
    console.wait_for("no answer from sh for 1");
    home.advance(Duration::from_secs(60));
    let finished = console.finish();
    assert!(
        finished.code != 0 && finished.stderr.contains("sh did not answer the open within 60 s"),
        "{finished:?}"
    );
    eventually("it is gone", || children(&home).is_empty());
}

/// Our own tenant on standard input and output.
fn tenant() -> String {
    format!("exec '{}' tenant --stdio", binaries().pslease.display())
}

#[test]
fn our_tenant_is_a_program_too() {
    let home = home(&shell(&tenant()), "");
    let finished = home.run(&["run", "Get-CsTenant | Select-Object DisplayName", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.trim()),
        (0, "{\"DisplayName\":\"litwareinc\"}"),
        "{finished:?}"
    );
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "20000", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.lines().count()),
        (0, 20_000),
        "{}",
        finished.stderr
    );
    // A stop reaches its pipeline, and the session lives on.
    let stopped = home.run(&["run", "--timeout", "1s", "Start-Sleep", "-Seconds", "60"]);
    assert_eq!(stopped.code, 124, "{stopped:?}");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    assert_eq!(children(&home).len(), 1);
}

#[test]
fn a_reader_that_goes_leaves_the_session_to_the_next() {
    let home = home(&shell(&tenant()), "max_concurrency = 1");
    let mut reader = home.start(&["run", "Get-CsOnlineUser", "-ResultSize", "100000", "--output", "jsonl"]);
    reader.wait_for("DisplayName");
    let program = children(&home);
    reader.kill();
    let finished = home.run(&["run", "--wait", "30s", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(children(&home), program, "the session was stopped, not closed");
}

#[test]
fn sshd_serves_sessions() {
    let mut subsystems = vec![("powershell", tenant())];
    if let Some(words) = peer_words() {
        subsystems.push(("peer", words[2].clone()));
    }
    let scripts: Vec<(&str, &str)> = subsystems
        .iter()
        .map(|(name, script)| (*name, script.as_str()))
        .collect();
    let Some(sshd) = Sshd::start(&scripts) else { return };
    let profiles: String = subsystems
        .iter()
        .map(|(name, _)| sshd.profile(name, name, "user", "max_concurrency = 1"))
        .collect();
    let home = Home::new(&profiles);
    for (name, _) in &subsystems {
        let finished = home.run(&[
            "run",
            "-p",
            name,
            "Get-CsOnlineUser",
            "-ResultSize",
            "2000",
            "--output",
            "jsonl",
        ]);
        assert_eq!(
            (finished.code, finished.stdout.lines().count()),
            (0, 2000),
            "{}",
            finished.stderr
        );
        let finished = home.run(&["run", "-p", name, "Get-NoSuchThing"]);
        assert!(finished.stderr.contains("is not recognized"), "{finished:?}");
    }
    let status = home.status();
    assert_eq!(status["sessions"][0]["computer_name"], "127.0.0.1", "{status}");
    // The two profiles share their one slot: it is one account on one host.
    assert_eq!(status["sessions"].as_array().map(Vec::len), Some(1), "{status}");

    let clients = children(&home);
    home.end_daemon(Signal::KILL);
    eventually("no ssh is left", || !clients.iter().any(|pid| is_there(*pid)));
    let finished = home.run(&["run", "-p", "powershell", "--wait", "20s", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
}

#[test]
fn what_ssh_refuses_is_told_with_its_cure() {
    let script = tenant();
    let Some(sshd) = Sshd::start(&[("powershell", &script), ("chatty", "echo Welcome to web1; exec cat")]) else {
        return;
    };
    let port = sshd.port().to_string();
    let unknown = sshd
        .profile("unknown", "powershell", "user", "")
        .replace("known_hosts", "authorized");
    let deaf = sshd
        .profile("deaf", "powershell", "user", "")
        .replace(&format!("port = {port}"), "port = 1");
    let home = Home::new(
        &[
            sshd.profile("stranger", "powershell", "stranger", ""),
            sshd.profile("missing", "litware", "user", ""),
            sshd.profile("chatty", "chatty", "user", ""),
            unknown,
            deaf,
        ]
        .concat(),
    );
    for (profile, told) in [
        (
            "stranger",
            "127.0.0.1 took no key; load one with ssh-add or name it with key_file",
        ),
        ("missing", "sshd on 127.0.0.1 has no subsystem litware"),
        ("chatty", "Welcome to web1"),
        (
            "unknown",
            "ssh does not know the host key of 127.0.0.1 yet; look at it and take it once: ssh -p",
        ),
        ("deaf", "nobody listens at 127.0.0.1:1"),
    ] {
        let finished = home.run(&["run", "-p", profile, "--wait", "20s", "Get-CsTenant"]);
        assert!(
            finished.code != 0 && finished.stderr.contains(told),
            "{profile}: {finished:?}"
        );
    }
    assert!(children(&home).is_empty(), "none of them is left");
}

#[test]
fn the_agent_is_the_askers() {
    let script = tenant();
    let Some(sshd) = Sshd::start(&[("powershell", &script)]) else {
        return;
    };
    let socket = sshd.file("agent.sock");
    let mut agent = std::process::Command::new("ssh-agent");
    let mut agent = Console::start(
        {
            agent.arg("-D").arg("-a").arg(&socket);
            agent
        },
        None,
    );
    eventually("the agent listens", || socket.exists());
    let mut add = std::process::Command::new("ssh-add");
    add.arg("-q").arg(sshd.file("user")).env("SSH_AUTH_SOCK", &socket);
    assert_eq!(pslease_tests::finish(add).code, 0);
    let profile = sshd
        .profile("web", "powershell", "stranger", "")
        .replace("IdentitiesOnly=yes", "IdentitiesOnly=no");
    let home = Home::new(&profile);
    let mut without = home.pslease(&["run", "Get-CsTenant"]);
    without.env_remove("SSH_AUTH_SOCK");
    let finished = pslease_tests::finish(without);
    assert!(finished.stderr.contains("took no key"), "{finished:?}");
    let mut with = home.pslease(&["run", "Get-CsTenant"]);
    with.env("SSH_AUTH_SOCK", &socket);
    let finished = pslease_tests::finish(with);
    assert_eq!(finished.code, 0, "{finished:?}");
    agent.kill();
}

#[test]
fn what_ssh_asks_is_asked_at_the_askers_terminal() {
    let script = tenant();
    let Some(sshd) = Sshd::start(&[("powershell", &script)]) else {
        return;
    };
    // A key with a passphrase, and a host that nobody has seen yet.
    let mut lock = std::process::Command::new("ssh-keygen");
    lock.args(["-q", "-p", "-P", "", "-N", "sesame", "-f"])
        .arg(sshd.file("user"));
    assert_eq!(pslease_tests::finish(lock).code, 0);
    let known = sshd.file("known_hosts");
    std::fs::remove_file(&known).expect("it was there");
    let profile = sshd
        .profile("web", "powershell", "user", "")
        .replace("StrictHostKeyChecking=yes", "StrictHostKeyChecking=ask");
    let home = Home::new(&profile);

    // Nobody sits: nothing is asked, and what to do once is said.
    let refused = home.run(&["run", "Get-CsTenant"]);
    assert!(
        refused.stderr.contains("look at it and take it once: ssh -p"),
        "{refused:?}"
    );

    let mut person = Person::runs(&home, &["run", "Get-CsTenant", "--output", "jsonl"]);
    person.sees("Are you sure you want to continue connecting (yes/no");
    person.types("yes\n");
    person.sees("Enter passphrase for key");
    person.types("sesame\n");
    let (code, output) = person.finish();
    assert!(code == 0 && output.contains("litwareinc"), "{code}: {output}");
    assert!(known.exists(), "ssh has kept the host's key");
    let logs: String = std::fs::read_dir(home.path().join("logs"))
        .expect("the daemon's logs")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a log"))
        .collect();
    assert!(!logs.contains("sesame"), "no secret in a log");
    assert!(
        !std::fs::read_dir(home.path()).expect("its folder").any(|entry| {
            let name = entry.expect("an entry").file_name();
            name.to_string_lossy().starts_with("ask-")
        }) || !children(&home).is_empty(),
        "the socket lives with the session"
    );
}
