//! Where a password comes from, and how often a wrong one is sent.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pslease_tests::{Console, Endpoint, Finished, Home, Person};
use rustix::process::Signal;

use super::connector::is_nowhere;

const PASSWORD_ASKED: &str = "Password for kenmyer@litwareinc.com: ";

fn write(path: &Path, secret: &str, mode: u32) {
    // A file that may only be read is put in its place anew.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, format!("{secret}\n")).expect("a secret");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode");
}

#[track_caller]
fn needs_log_in(finished: &Finished, why: &str) {
    assert_eq!(finished.code, 77, "{finished:?}");
    assert!(finished.stderr.contains(why), "{why}: {finished:?}");
    assert!(finished.stderr.contains("hint: pslease login kenmyer"), "{finished:?}");
}

fn get(home: &Home) -> Finished {
    home.run(&["run", "Get-CsTenant"])
}

#[track_caller]
fn answers(home: &Home) {
    let finished = get(home);
    assert_eq!(finished.code, 0, "{finished:?}");
}

pub(crate) fn a_password_that_changes_where_it_comes_from_is_a_new_login(endpoint: &Endpoint) {
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    let file = home.path().join("secret-kenmyer");
    let (right, sent) = (endpoint.password("kenmyer"), || endpoint.count("unauthorized"));
    write(&file, "w.r.o.n.g", 0o644);
    needs_log_in(&get(&home), "chmod 600");
    assert_eq!(sent(), 0, "it is not even read");
    write(&file, "w.r.o.n.g", 0o600);
    needs_log_in(&get(&home), "the password of kenmyer@litwareinc.com is wrong");
    assert_eq!(sent(), 1);
    needs_log_in(&get(&home), "the password of kenmyer@litwareinc.com is wrong");
    assert_eq!(sent(), 1, "the same one is not sent again");
    write(&file, "w.o.r.s.e", 0o600);
    let mut waiting: Vec<Console> = (0..12).map(|_| home.start(&["run", "Get-CsTenant"])).collect();
    for console in &mut waiting {
        needs_log_in(&console.finish(), "kenmyer@litwareinc.com");
    }
    assert_eq!(sent(), 2, "twelve make one attempt");
    write(&file, "w.r.o.n.g", 0o600);
    needs_log_in(&get(&home), "the password of kenmyer@litwareinc.com is wrong");
    assert_eq!(sent(), 2, "nor is one that was refused before");
    write(&file, right, 0o600);
    let mut waiting: Vec<Console> = (0..12).map(|_| home.start(&["run", "Get-CsTenant"])).collect();
    for console in &mut waiting {
        let finished = console.finish();
        assert_eq!(finished.code, 0, "nobody has to log in: {finished:?}");
    }
    home.end_daemon(Signal::TERM);
    answers(&home);
    assert_eq!(sent(), 2);
    std::fs::remove_file(&file).expect("it was there");
    is_nowhere(&home, &["w.r.o.n.g", "w.o.r.s.e"]);
}

pub(crate) fn terminals_are_asked_and_one_answer_does_for_all(endpoint: &Endpoint) {
    let home = Home::new(&endpoint.profile("kenmyer", "skype", "kenmyer@litwareinc.com", ""));
    needs_log_in(&get(&home), "kenmyer@litwareinc.com has no password here yet");
    let run = || Person::runs(&home, &["run", "Get-CsTenant", "--output", "jsonl"]);
    let mut people = [run(), run(), run()];
    for person in &mut people {
        person.sees(PASSWORD_ASKED);
    }
    people[0].types("w.r.o.n.g\n");
    people[0].sees("the password of kenmyer@litwareinc.com is wrong");
    people[0].sees(PASSWORD_ASKED);
    people[0].types(&format!("{}\n", endpoint.password("kenmyer")));
    for person in people {
        let (code, output) = person.finish();
        assert!(code == 0 && output.contains("TenantId"), "{code}: {output}");
    }
    assert_eq!(endpoint.count("unauthorized"), 1, "the one that was typed");
    answers(&home);
}

pub(crate) fn a_credential_of_systemd_serves(endpoint: &Endpoint) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = |extra: &str| endpoint.profile("kenmyer", "skype", "kenmyer@litwareinc.com", extra);
    let home = Home::new(&text("password_credential = \"lab\""));
    needs_log_in(&get(&home), "CREDENTIALS_DIRECTORY is not set");
    home.end_daemon(Signal::TERM);
    let mut start = home.pslease(&["daemon", "start"]);
    start.env("CREDENTIALS_DIRECTORY", folder.path());
    assert_eq!(pslease_tests::finish(start).code, 0);
    needs_log_in(&get(&home), "cannot be read");
    // As systemd makes them.
    write(&folder.path().join("lab"), endpoint.password("kenmyer"), 0o400);
    answers(&home);
    assert_eq!(endpoint.count("unauthorized"), 0);
}

pub(crate) fn what_is_in_the_keyring_serves_after_a_restart(endpoint: &Endpoint) {
    // The keyring is the user's, and other tests are the same user.
    let kind = if matches!(endpoint, Endpoint::Peer(_)) {
        "peer"
    } else {
        "tenant"
    };
    let service = format!("service = \"lab-{kind}-{}\"\n", std::process::id());
    let profile = |extra: &str| endpoint.profile("kenmyer", "skype", "kenmyer@litwareinc.com", extra);
    let login = |home: &Home| {
        let words = ["login", "kenmyer", "--keyring", "--password-stdin"];
        Console::start(home.pslease(&words), Some(endpoint.password("kenmyer"))).finish()
    };
    let without = login(&Home::new(&profile(&service)));
    assert_eq!(without.code, 2, "{without:?}");
    assert!(without.stderr.contains("password_keyring = true"), "{without:?}");

    let home = Home::new(&profile(&format!("{service}password_keyring = true")));
    let empty = get(&home);
    assert_eq!(empty.code, 77, "{empty:?}");
    let kept = login(&home);
    if kept
        .stderr
        .contains("the keyring: the kernel does not let it be used here")
    {
        println!("skipped: the kernel's keyring is not to be had here");
        return;
    }
    assert_eq!(kept.code, 0, "{kept:?}");
    assert!(empty.stderr.contains("pslease login --keyring"), "{empty:?}");
    answers(&home);
    home.end_daemon(Signal::KILL);
    answers(&home);
    assert_eq!(home.run(&["logout", "kenmyer"]).code, 0);
    home.end_daemon(Signal::TERM);
    needs_log_in(&get(&home), "the keyring has no password");
    assert_eq!(endpoint.count("unauthorized"), 0);
}
