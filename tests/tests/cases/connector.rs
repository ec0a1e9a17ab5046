//! The connection flows, from an account to a session, against an endpoint that nobody here wrote.

use std::time::Duration;

use pslease_tests::{Console, Endpoint, Finished, Home, Person, eventually};
use serde_json::{Value as Json, json};

pub(crate) const KEN: &str = "kenmyer@litwareinc.com";
/// The password of KEN. It must be found nowhere.
const SECRET: &str = "p@ssw0rd!";

pub(crate) fn url(endpoint: &Endpoint) -> &str {
    endpoint.as_peer().url()
}

/// A profile whose endpoint is discovered.
fn discovered(endpoint: &Endpoint, template: &str, admin: &str, extra: &str) -> String {
    format!(
        "[profile.lab]\ntemplate = \"{template}\"\nadmin = \"{admin}\"\noverride_discovery_uri = \"{}/autodiscover\"\n\
         ca = {:?}\n{extra}\n",
        url(endpoint),
        endpoint.as_peer().ca().display().to_string()
    )
}

/// A profile of Exchange's front end.
fn exchange(endpoint: &Endpoint, path: &str, extra: &str) -> String {
    format!(
        "[profile.lab]\ntemplate = \"eop\"\nuri = \"{}{path}\"\nadmin = \"admin@contoso.com\"\nca = {:?}\n{extra}\n",
        url(endpoint),
        endpoint.as_peer().ca().display().to_string()
    )
}

fn logged_in(profile: &str, password: &str) -> Home {
    let home = Home::new(profile);
    home.login("lab", password);
    home
}

#[track_caller]
fn ok(finished: &Finished) {
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

/// The verbose lines, without what stands before them.
fn verbose(finished: &Finished) -> Vec<String> {
    let lines = finished.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("VERBOSE: "))
        .map(str::to_owned)
        .collect()
}

/// Nothing that the daemon has written, and nothing that anybody can see of its process, holds a secret.
#[track_caller]
pub(crate) fn is_nowhere(home: &Home, secrets: &[&str]) {
    let mut folders = vec![home.path().to_path_buf()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                seen += 1;
                for secret in secrets {
                    let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                    assert!(!found, "{} holds {secret:?}", path.display());
                }
            }
        }
    }
    assert!(seen > 1, "there is a ledger, and there are logs");
    if let Some(pid) = home.daemon() {
        for what in ["cmdline", "environ"] {
            let shown = std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
            let shown = String::from_utf8_lossy(&shown).into_owned();
            assert!(
                !secrets.iter().any(|secret| shown.contains(secret)),
                "{what} of psleased"
            );
        }
    }
}

pub(crate) fn the_whole_flow_is_told_as_its_document_prints_it() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    for (template, quote) in [("skype-online", "'"), ("lync-online", "")] {
        endpoint.control("POST", "/control/reset", Some(&json!({})));
        let home = Home::new(&discovered(&endpoint, template, KEN, ""));
        let mut login = Console::start(
            home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
            Some(SECRET),
        );
        ok(&login.finish());
        let cold = home.run(&["connect", "lab", "-v"]);
        ok(&cold);
        assert_eq!(
            verbose(&cold),
            [
                "Determining domain to admin".to_owned(),
                "AdminDomain = litwareinc.com".to_owned(),
                "Discovering PowerShell endpoint URI".to_owned(),
                format!("TargetUri = {quote}{}/OcsPowershellOAuth{quote}", url(&endpoint)),
                "Requesting authentication token".to_owned(),
                "Success".to_owned(),
                "Initializing remote session".to_owned(),
                "Success".to_owned(),
            ]
        );
        assert!(
            cold.stdout.contains("Microsoft.PowerShell"),
            "the session's row: {}",
            cold.stdout
        );
        let warm = home.run(&["connect", "lab", "-v"]);
        ok(&warm);
        assert!(warm.stderr.contains("reusing session 1"), "{}", warm.stderr);
        assert!(verbose(&warm).is_empty(), "{}", warm.stderr);
        assert_eq!(endpoint.count("token_requests"), 1);
        ok(&home.run(&["run", "Get-CsTenant"]));
        is_nowhere(&home, &[SECRET, "cEBzc3cwcmQh"]);
    }
}

pub(crate) fn a_wrong_password_is_sent_once_for_twelve_who_wait() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let wrong = "w.r.o.n.g";
    for profile in [
        discovered(&endpoint, "skype-online", KEN, ""),
        exchange(&endpoint, "/powershell-liveid/", ""),
    ] {
        endpoint.control("POST", "/control/reset", Some(&json!({})));
        let home = Home::new(&profile);
        let mut login = Console::start(
            home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
            Some(wrong),
        );
        ok(&login.finish());
        let mut consoles: Vec<Console> = (0..12).map(|_| home.start(&["run", "Get-CsTenant"])).collect();
        for console in &mut consoles {
            let finished = console.finish();
            assert_eq!(finished.code, 77, "{finished:?}");
            assert!(
                finished.stderr.contains("hint: pslease login lab"),
                "{}",
                finished.stderr
            );
            assert!(!finished.stderr.contains(wrong));
        }
        let sent = endpoint.count("token_requests") + endpoint.count("unauthorized");
        assert_eq!(sent, 1, "{}", endpoint.state()["counts"]);
        assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 77, "and nobody sends it again");
        assert_eq!(endpoint.count("token_requests") + endpoint.count("unauthorized"), 1);
        is_nowhere(&home, &[wrong]);
    }
}

pub(crate) fn a_partner_administers_a_customers_tenant_in_a_session_of_its_own() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let own = "override_admin_domain = \"litwareinc.com\"";
    let home = logged_in(
        &discovered(&endpoint, "skype-online", "partner@contoso.com", own),
        "partner",
    );
    ok(&home.run(&["connect", "lab"]));
    let customer = ["--override-admin-domain", "fabrikam.onmicrosoft.com"];
    let other = home.run(&[&["connect", "lab", "-v"][..], &customer].concat());
    ok(&other);
    assert!(
        verbose(&other).contains(&"AdminDomain = fabrikam.onmicrosoft.com".to_owned()),
        "{}",
        other.stderr
    );
    let organizations = |state: &Json| {
        let shells = state["shells"].as_array().cloned().unwrap_or_default();
        let mut found: Vec<String> = shells
            .iter()
            .map(|shell| shell["org"].as_str().unwrap_or_default().to_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(
        organizations(&endpoint.state()),
        ["fabrikam.onmicrosoft.com", "litwareinc.com"]
    );
    let limits = home.status()["limits"].to_string();
    assert!(
        limits.contains("fabrikam.onmicrosoft.com") && limits.contains("litwareinc.com"),
        "{limits}"
    );
    // The same parameters find the same session; a tenant that the partner does not manage is refused, and not retried.
    let again = home.run(&[&["connect", "lab"][..], &customer].concat());
    assert!(again.stderr.contains("reusing session 2"), "{}", again.stderr);
    let foreign = home.run(&["connect", "lab", "--override-admin-domain", "nowhere.test"]);
    assert_eq!(foreign.code, 78, "{foreign:?}");
    assert!(
        foreign
            .stderr
            .contains("error: discovery does not know the domain nowhere.test"),
        "{}",
        foreign.stderr
    );
    assert!(
        foreign
            .stderr
            .contains("hint: name the tenant's own domain: override_admin_domain"),
        "{}",
        foreign.stderr
    );
}

pub(crate) fn a_token_that_ends_inside_a_session_is_renewed_and_nobody_notices() {
    let Some(endpoint) = Endpoint::online(|text| format!("{text}\n[oauth]\ntoken_seconds = 600\n")) else {
        return;
    };
    let home = logged_in(&discovered(&endpoint, "skype-online", KEN, ""), SECRET);
    ok(&home.run(&["run", "Get-CsTenant"]));
    let before = endpoint.count("token_requests");
    // Before its end, without anybody asking for anything.
    home.advance(Duration::from_secs(460));
    endpoint.advance(Duration::from_secs(460));
    eventually("the token is renewed ahead of its end", || {
        endpoint.count("token_requests") == before + 1
    });
    ok(&home.run(&["run", "Get-CsTenant"]));
    // And where it was revoked in between.
    endpoint.control("POST", "/control/expire-tokens", Some(&json!({ "user": KEN })));
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().created, 1, "all in one session");
    // A session that is opened with a token that was revoked meanwhile gets another, too.
    endpoint.control("POST", "/control/expire-tokens", Some(&json!({ "user": KEN })));
    let second = home.run(&["run", "--mode", "fresh", "Get-CsTenant"]);
    ok(&second);
    is_nowhere(&home, &[SECRET]);
}

pub(crate) fn a_session_whose_token_only_a_person_can_renew_is_closed_while_it_still_can_be() {
    let brief = |text| {
        format!(
            "{text}\n[oauth]\ndevice_interval = 1\ndevice_seconds = 5\ntoken_seconds = 600\nrefresh_seconds = 300\n"
        )
    };
    let Some(endpoint) = Endpoint::online(brief) else {
        return;
    };
    let home = Home::new(&discovered(&endpoint, "skype-online", KEN, "sign_in = \"device-code\""));
    let login = home.run(&["login", "lab", "--quiet"]);
    ok(&login);
    assert!(
        login.stderr.contains("enter the code"),
        "a question is no chatter: {login:?}"
    );
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().live, 1);
    // The refresh token is over by now; the token itself has two minutes left, the shell six.
    endpoint.advance(Duration::from_secs(485));
    home.advance(Duration::from_secs(485));
    eventually("the session is closed ahead of its token's end", || {
        endpoint.truth().live == 0
    });
    assert_eq!(endpoint.truth().idled_out, 0, "it was deleted");
    let script = home.run(&["run", "Get-CsTenant"]);
    assert_eq!(script.code, 77, "{script:?}");
    ok(&home.run(&["login", "lab"]));
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().created, 2);
}

pub(crate) fn a_device_code_is_shown_and_waited_for() {
    let Some(endpoint) = Endpoint::online(|text| format!("{text}\n[oauth]\ndevice_interval = 1\n")) else {
        return;
    };
    let home = Home::new(&discovered(&endpoint, "skype-online", KEN, "sign_in = \"device-code\""));
    let script = home.run(&["run", "Get-CsTenant"]);
    assert_eq!(script.code, 77, "{script:?}");
    assert!(
        script
            .stderr
            .contains("error: kenmyer@litwareinc.com has not signed in here yet"),
        "{}",
        script.stderr
    );
    assert!(script.stderr.contains("hint: pslease login lab"), "{}", script.stderr);
    let login = home.run(&["login", "lab"]);
    ok(&login);
    assert!(login.stderr.contains("enter the code"), "{}", login.stderr);
    assert!(
        login.stderr.contains("kenmyer@litwareinc.com is signed in"),
        "{}",
        login.stderr
    );
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().created, 1);
}

pub(crate) fn a_device_code_is_shown_to_whoever_wants_no_chatter() {
    let Some(endpoint) = Endpoint::online(|text| format!("{text}\n[oauth]\ndevice_interval = 1\n")) else {
        return;
    };
    let home = Home::new(&discovered(&endpoint, "skype-online", KEN, "sign_in = \"device-code\""));
    let words = ["run", "--quiet", "Get-CsTenant", "--output", "jsonl"];
    let mut person = Person::runs(&home, &words);
    person.sees("enter the code");
    let (code, output) = person.finish();
    assert_eq!(code, 0, "{output}");
    assert!(output.contains("litwareinc.com"), "{output}");
}

pub(crate) fn an_exchange_session_follows_its_front_end_and_keeps_its_cookie() {
    // A connection address loses its last slash, as in PowerShell; the peer takes its paths as they are written.
    let path = |text: String| text.replace("/front/powershell-liveid/", "/front/powershell-liveid");
    let Some(endpoint) = Endpoint::online(path) else {
        return;
    };
    let front = "/front/powershell-liveid/";
    let strict = logged_in(&exchange(&endpoint, front, ""), "contoso");
    let refused = strict.run(&["connect", "lab"]);
    assert_eq!(refused.code, 78, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("allow_redirection is not set, and localhost is another host"),
        "{}",
        refused.stderr
    );
    assert_eq!(endpoint.truth().created, 0);
    let home = logged_in(
        &exchange(&endpoint, front, "allow_redirection = [\"localhost\"]"),
        "contoso",
    );
    let connected = home.run(&["connect", "lab", "--output", "json"]);
    ok(&connected);
    assert!(
        connected.stdout.contains("\"localhost\""),
        "where it led: {}",
        connected.stdout
    );
    for _ in 0..3 {
        ok(&home.run(&["run", "Get-TransportRule"]));
    }
    assert_eq!(endpoint.truth().created, 1);
    assert_eq!(endpoint.count("affinity_misses"), 0);
    ok(&home.run(&["close", "lab"]));
    assert_eq!(endpoint.truth().live, 0);
}

pub(crate) fn an_exchange_token_goes_where_its_query_says() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let extra = format!("sign_in = \"password\"\nauthority = \"{}/common\"", url(&endpoint));
    let home = logged_in(&exchange(&endpoint, "/powershell-liveid/", &extra), "contoso");
    ok(&home.run(&["run", "Get-TransportRule"]));
    let sessions = home.run(&["sessions", "--output", "json"]).stdout;
    assert!(sessions.contains("BasicAuthToOAuthConversion=true"), "{sessions}");
    assert_eq!(
        endpoint.count("token_requests"),
        1,
        "login tried it, and its token is good for the session"
    );
    is_nowhere(&home, &["contoso!", "Bearer "]);
}

pub(crate) fn an_address_alone_will_do_as_new_pssession_takes_it() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let home = Home::new("");
    let uri = format!("{}/powershell-liveid/", url(&endpoint));
    let words = [
        "connect",
        "--configuration-name",
        "Microsoft.Exchange",
        "--connection-uri",
        &uri,
        "--authentication",
        "Basic",
        "--allow-redirection",
        "--session-option",
        "SkipCACheck=true",
    ];
    let credential = ["--credential", "admin@contoso.com", "--password-stdin"];
    let connect = |password: &str| {
        let words = [&words[..], &credential].concat();
        Console::start(home.pslease(&words), Some(password)).finish()
    };
    let wrong = connect("nonsense");
    assert_eq!(wrong.code, 77, "{wrong:?}");
    assert!(
        wrong
            .stderr
            .contains("error: the password of admin@contoso.com is wrong (HTTP 401)"),
        "{}",
        wrong.stderr
    );
    let connected = connect("contoso");
    ok(&connected);
    assert!(
        connected
            .stderr
            .contains("warning: SkipCACheck: whoever answers is believed, and gets your credential"),
        "{}",
        connected.stderr
    );
    // The table on standard input, as the PowerShell module writes it, finds the same session.
    let table = json!({
        "ConnectionUri": uri, "ConfigurationName": "Microsoft.Exchange", "Authentication": "Basic",
        "AllowRedirection": true, "SessionOption": {"SkipCACheck": true},
        "Credential": {"UserName": "admin@contoso.com", "Stdin": true},
    });
    let mut module = Console::start(
        home.pslease(&["connect", "--parameters", "-"]),
        Some(&format!("{table}\ncontoso\n")),
    );
    let module = module.finish();
    ok(&module);
    assert!(module.stderr.contains("reusing session"), "{}", module.stderr);
    assert_eq!(endpoint.truth().created, 1);
    is_nowhere(&home, &["nonsense"]);
}

pub(crate) fn a_token_of_somebody_elses_comes_from_a_command() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let fetch = || {
        let token = endpoint.as_peer().token("kenmyer@litwareinc.com", SECRET);
        std::fs::write(&file, format!("{token}\n")).expect("the token");
        token
    };
    let token = fetch();
    let extra = format!("token_command = [\"cat\", {:?}]", file.display().to_string());
    let home = Home::new(&discovered(&endpoint, "skype-online", KEN, &extra));
    ok(&home.run(&["run", "Get-CsTenant"]));
    is_nowhere(&home, &[&token]);
    // Revoked: the command is asked for another, which it has; then it has none.
    endpoint.control("POST", "/control/expire-tokens", Some(&json!({})));
    fetch();
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().created, 1);
    endpoint.control("POST", "/control/expire-tokens", Some(&json!({})));
    let over = home.run(&["run", "--wait", "30s", "--mode", "fresh", "Get-CsTenant"]);
    assert_eq!(over.code, 77, "{over:?}");
    assert!(
        over.stderr.contains("the token of kenmyer@litwareinc.com"),
        "{}",
        over.stderr
    );
}
