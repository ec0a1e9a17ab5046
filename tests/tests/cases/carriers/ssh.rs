//! The system's ssh, to a real sshd on loopback.

use pslease_tests::{Console, Endpoint, Home, Peer, Person, Sshd, binaries, eventually, finish};
use rustix::process::Signal;

use super::{children, is_there, peer_words, tenant};

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
    assert_eq!(finish(add).code, 0);
    let profile = sshd
        .profile("web", "powershell", "stranger", "")
        .replace("IdentitiesOnly=yes", "IdentitiesOnly=no");
    let home = Home::new(&profile);
    let mut without = home.pslease(&["run", "Get-CsTenant"]);
    without.env_remove("SSH_AUTH_SOCK");
    let finished = finish(without);
    assert!(finished.stderr.contains("took no key"), "{finished:?}");
    let mut with = home.pslease(&["run", "Get-CsTenant"]);
    with.env("SSH_AUTH_SOCK", &socket);
    let finished = finish(with);
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
    assert_eq!(finish(lock).code, 0);
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

/// What a console on foreign code says of a session that `ssh` opens at a subsystem.
fn console(sshd: &Sshd, subsystem: &str, work: &[&str]) -> Option<std::process::Command> {
    let python = Peer::python()?;
    let mut command = std::process::Command::new(python);
    command.current_dir(Peer::folder()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.args(["-m", "peer.pipe_client"]);
    for text in work {
        command.args(["--run", text]);
    }
    command.arg("--").args(sshd.ssh()).arg(subsystem);
    Some(command)
}

#[test]
fn a_bastion_lends_leased_sessions_to_a_console_with_nothing_installed() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let subsystem = format!(
        "export PSLEASE_HOME='{}' PSLEASE_DAEMON='{}'; exec '{}' door kenmyer --stdio",
        home.path().display(),
        binaries().psleased.display(),
        binaries().pslease.display()
    );
    let Some(sshd) = Sshd::start(&[("litware", &subsystem)]) else {
        return;
    };
    let work = ["Get-CsOnlineUser -ResultSize 500", "Get-CsTenant", "Get-NoSuchThing"];
    let Some(command) = console(&sshd, "litware", &work) else {
        return;
    };
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{finished:?}");
    let count = |what: &str| finished.stdout.matches(what).count();
    assert_eq!(count("\"stream\": \"output\""), 501, "{}", finished.stderr);
    assert_eq!(count("\"state\": \"Completed\""), 2, "{}", finished.stdout);
    assert_eq!(
        count("\"state\": \"Failed\""),
        1,
        "the unknown command: {}",
        finished.stdout
    );
    assert!(finished.stdout.contains("\"closed\": true"));
    eventually("the lease has ended with the connection", || {
        home.status()["leases"].as_array().is_some_and(Vec::is_empty)
    });

    // A connection that is cut gives its lease back, and the next one has the session.
    let Some(command) = console(&sshd, "litware", &["Start-Sleep -Seconds 600"]) else {
        return;
    };
    let mut cut = Console::start(command, None);
    cut.wait_for("\"opened\"");
    eventually("it runs", || home.status()["sessions"][0]["availability"] == "Busy");
    cut.kill();
    let Some(command) = console(&sshd, "litware", &["Get-CsTenant"]) else {
        return;
    };
    let finished = finish(command);
    assert!(finished.stdout.contains("\"state\": \"Completed\""), "{finished:?}");
    let truth = endpoint.truth();
    assert_eq!((truth.over_limit, truth.peak_admin), (0, 1), "{truth:?}");
}
