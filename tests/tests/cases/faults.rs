//! What goes wrong between an account and a session, provoked for real: one line, a cure, and the documented exit code.

use std::time::Duration;

use pslease_tests::{Console, Endpoint, Finished, Home};
use serde_json::{Value as Json, json};

use super::connector::{KEN, url};

/// What a user sees: the exit code, the error and the hint.
#[track_caller]
fn said(finished: &Finished) -> (i32, String, String) {
    let line = |start: &str| {
        let line = finished.stderr.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_default().to_owned()
    };
    let error = line("error: ");
    assert!(!error.is_empty(), "{finished:?}");
    (finished.code, error, line("hint: "))
}

fn ca(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Peer(peer) => format!("ca = {:?}\n", peer.ca().display().to_string()),
        Endpoint::Tenant(..) => String::new(),
    }
}

fn profile(template: &str, uri: &str, admin: &str, extra: &str) -> String {
    format!("[profile.lab]\ntemplate = \"{template}\"\nuri = \"{uri}\"\nadmin = \"{admin}\"\n{extra}\n")
}

/// Logs in without a try, and connects.
fn connect(profile: &str, password: &str) -> Finished {
    let home = Home::new(profile);
    let mut login = Console::start(
        home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
        Some(password),
    );
    assert_eq!(login.finish().code, 0);
    home.run(&["connect", "lab", "--wait", "2s"])
}

pub(crate) fn what_is_wrong_is_said_in_one_line_with_a_cure() {
    let bearer = |text: String| {
        text.replacen("[service.oauth]", "[service.bearer]\npath = \"/bearer\"\nconfigurations = [\"Microsoft.PowerShell\"]\nauth = [\"Bearer\"]\n\n[service.oauth]", 1)
    };
    let Some(endpoint) = Endpoint::online(bearer) else {
        return;
    };
    let (url, ca) = (url(&endpoint).to_owned(), ca(&endpoint));
    let host = url.trim_start_matches("https://").to_owned();
    let lab = |template: &str, uri: &str, extra: &str| {
        profile(
            template,
            uri,
            "kenmyer@litwareinc.com",
            &format!("{ca}auth = \"basic\"\n{extra}"),
        )
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("its number");
    // Too long for any name server to be asked, and for TLS to be begun with.
    let unknown = format!("http://{}.invalid/wsman", "a".repeat(64));
    let cases = [
        (
            connect(&lab("winrm", &format!("{url}/OcsPowershellLiveId"), ""), "nonsense"),
            77,
            "the password of kenmyer@litwareinc.com is wrong (HTTP 401)".to_owned(),
            "pslease login lab: until then it is not sent again".to_owned(),
        ),
        (
            connect(&lab("winrm", &format!("{url}/bearer"), ""), "p@ssw0rd!"),
            78,
            format!("{host} does not take Basic; it offers Bearer (HTTP 401)"),
            "auth = \"bearer\"".to_owned(),
        ),
        (
            connect(&lab("winrm", &format!("https://{nobody}/wsman"), ""), "x"),
            69,
            format!("nobody listens at {nobody}"),
            "check address and port, and that no firewall is between".to_owned(),
        ),
        (
            connect(&lab("winrm", &unknown, "allow_plain_http = true"), "x"),
            69,
            format!("the name {}.invalid is not known", "a".repeat(64)),
            "check its spelling and this machine's name server".to_owned(),
        ),
        (
            connect(
                &lab(
                    "winrm",
                    &format!("{url}/OcsPowershellLiveId"),
                    "configuration = \"Nope\"",
                ),
                "p@ssw0rd!",
            ),
            78,
            format!("{host} has no such configuration"),
            "check configuration = \"...\" against Get-PSSessionConfiguration there".to_owned(),
        ),
        (
            connect(
                &profile(
                    "skype-online",
                    &format!("{url}/OcsPowershellLiveId"),
                    "partner@contoso.com",
                    &format!("{ca}override_admin_domain = \"nowhere.test\""),
                ),
                "partner",
            ),
            1,
            format!(
                "partner@contoso.com has no permission at {host}: The user 'partner@contoso.com' does not have permission to manage this tenant (Windows error 5)"
            ),
            "check the roles of the account; a partner names the tenant with override_admin_domain".to_owned(),
        ),
    ];
    for (finished, code, error, hint) in cases {
        let (was, text, cure) = said(&finished);
        assert!(text.starts_with(&error), "{text}\n{error}");
        assert_eq!((was, cure), (code, hint), "{finished:?}");
    }
    // The service counts more than we do: told with whose limit it is, and waited for.
    for (admins, organizations, whose) in [(0, 3, "admin@contoso.com"), (3, 0, "contoso.com")] {
        let limits = json!({"service": "eop", "max_per_admin": admins, "max_per_org": organizations});
        endpoint.control("POST", "/control/limits", Some(&limits));
        let full = connect(
            &profile("eop", &format!("{url}/powershell-liveid/"), "admin@contoso.com", &ca),
            "contoso",
        );
        assert_eq!(full.code, 75, "{full:?}");
        let words = format!("the server counts more sessions of {whose} than this daemon holds");
        assert!(full.stderr.contains(&words), "{words}: {full:?}");
    }
    // Tenants whose discovery leads nowhere.
    let nowhere = format!(
        "[profile.lab]\ntemplate = \"skype-online\"\nadmin = \"a@nowhere.test\"\noverride_discovery_uri = \"{url}/autodiscover\"\n{ca}"
    );
    assert_eq!(
        said(&connect(&nowhere, "x")),
        (
            78,
            "discovery does not know the domain nowhere.test (HTTP 404)".to_owned(),
            "name the tenant's own domain: override_admin_domain = \"TENANT.onmicrosoft.com\"".to_owned()
        )
    );
}

pub(crate) fn numbers_count_before_texts_and_texts_may_be_french() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let home = Home::new(&profile(
        "skype-online",
        &format!("{}/OcsPowershellLiveId", url(&endpoint)),
        KEN,
        &ca(&endpoint),
    ));
    let host = url(&endpoint).trim_start_matches("https://").to_owned();
    for (code, message, exit, error) in [
        (
            1909,
            "Accès refusé.",
            77,
            "kenmyer@litwareinc.com is locked (Windows error 1909)".to_owned(),
        ),
        (
            1330,
            "Le mot de passe de ce compte a expiré.",
            77,
            "the password of kenmyer@litwareinc.com has expired (Windows error 1330)".to_owned(),
        ),
        (
            1907,
            "x",
            77,
            "the password of kenmyer@litwareinc.com must be changed before it can be used (Windows error 1907)"
                .to_owned(),
        ),
        (
            1331,
            "x",
            77,
            "kenmyer@litwareinc.com is disabled (Windows error 1331)".to_owned(),
        ),
        (
            5,
            "Access Denied: AADSTS50076: multi-factor authentication is required.",
            77,
            "kenmyer@litwareinc.com needs a second factor, which a password log-on cannot give (AADSTS50076)"
                .to_owned(),
        ),
        (
            5,
            "Le compte référencé est actuellement verrouillé.",
            77,
            "kenmyer@litwareinc.com is locked (Windows error 5)".to_owned(),
        ),
        (
            5,
            "Accès refusé.",
            1,
            format!("kenmyer@litwareinc.com has no permission at {host}: Accès refusé (Windows error 5)"),
        ),
        (
            1398,
            "Il existe une différence d’heure.",
            69,
            format!("the clocks of this machine and {host} differ too much (Windows error 1398)"),
        ),
    ] {
        let mut login = Console::start(
            home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
            Some("p@ssw0rd!"),
        );
        assert_eq!(login.finish().code, 0);
        let rule = json!({"kind": "soap_fault", "action": "Create", "code": code, "message": message, "times": 1});
        endpoint.control("POST", "/control/faults", Some(&rule));
        let finished = home.run(&["connect", "lab"]);
        let (was, said, hint) = said(&finished);
        assert_eq!((was, said), (exit, error));
        assert!(!hint.is_empty(), "{finished:?}");
        endpoint.control("DELETE", "/control/faults", None);
    }
}

pub(crate) fn an_open_without_an_answer_says_what_may_hold_the_slots() {
    let Some(endpoint) = Endpoint::online(|text| text) else {
        return;
    };
    let home = Home::new(&profile(
        "skype-online",
        &format!("{}/OcsPowershellLiveId", url(&endpoint)),
        KEN,
        &format!("{}open_timeout = \"60s\"", ca(&endpoint)),
    ));
    home.login("lab", "p@ssw0rd!");
    let rule = json!({"kind": "hang", "action": "Create", "seconds": 120, "times": 1});
    endpoint.control("POST", "/control/faults", Some(&rule));
    let mut console = home.start(&["connect", "lab"]);
    pslease_tests::eventually("the Create is under way", || {
        let log = endpoint.control("GET", "/control/faults", None);
        !log.to_string().contains("\"times\":1") || home.status()["sessions"].to_string().contains("Opening")
    });
    home.advance(Duration::from_secs(11));
    let host = url(&endpoint).trim_start_matches("https://").to_owned();
    let line = console.wait_for("connections left open elsewhere may hold the slots");
    assert!(line.starts_with(&format!("no answer from {host} for 1")), "{line}");
    home.advance(Duration::from_secs(60));
    let finished = console.finish();
    assert_eq!(finished.code, 69, "it ends at the open deadline: {finished:?}");
    // The slot counts on until a Delete proves that there is nothing.
    let limits = home.status()["limits"].as_array().cloned().unwrap_or_default();
    let used = |limit: &Json| limit["used"].as_u64().unwrap_or_default();
    assert!(limits.iter().all(|limit| used(limit) <= 1), "{limits:?}");
}

pub(crate) fn a_certificate_that_nobody_trusts_is_shown_with_the_line_that_would(endpoint: &Endpoint) {
    let Endpoint::Peer(peer) = endpoint else { return };
    let uri = peer.service("skype");
    let text = profile("skype-online", uri, KEN, "");
    let home = Home::new(&text);
    let mut login = Console::start(
        home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
        Some("p@ssw0rd!"),
    );
    assert_eq!(login.finish().code, 0);
    let finished = home.run(&["connect", "lab"]);
    let (code, error, hint) = said(&finished);
    assert_eq!(code, 69, "{finished:?}");
    for part in [
        "is not trusted: nobody who is trusted has signed it",
        "signed by \"",
        "names ",
        "valid from 20",
        "SHA-256 ",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    // The very line of the hint makes it trusted, if the server sent what can vouch for it.
    let Some(line) = hint
        .split_once(": ")
        .map(|(_, line)| line)
        .filter(|line| line.starts_with("ca = "))
    else {
        panic!("{hint}");
    };
    if line.contains("/path/to/") {
        return;
    }
    std::fs::write(home.path().join("config.toml"), format!("version = 1\n{text}{line}\n")).expect("config.toml");
    let trusted = home.run(&["connect", "lab"]);
    assert_eq!(trusted.code, 0, "{trusted:?}");
}

pub(crate) fn french_text_comes_through_every_format(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let french = "Élève : « ça coûte 5 € », œuvre";
    // A bare text has no columns for csv but its length, as in PowerShell.
    for format in ["table", "list", "json", "jsonl", "clixml"] {
        let finished = home.run(&[
            "run",
            "--ui-culture",
            "fr-FR",
            "--output",
            format,
            "Write-Output",
            french,
        ]);
        assert_eq!(finished.code, 0, "{format}: {finished:?}");
        assert!(finished.stdout.contains(french), "{format}: {}", finished.stdout);
    }
    // Other than the profile's own, in a session of its own, which all five have used.
    assert_eq!(endpoint.truth().created, 1);
    if let Endpoint::Tenant(..) = endpoint {
        let state = endpoint.state();
        assert_eq!(state["shells"][0]["locale"], "fr-FR", "{state}");
        assert_eq!(
            state["shells"][0]["data_locale"], "en-US",
            "Culture is another thing: {state}"
        );
    }
}
