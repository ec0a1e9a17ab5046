//! The way to an endpoint: by a proxy, from one of several addresses, as a partner, to a service's other addresses; and
//! what a session's options ask for.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use pslease_tests::{Console, Endpoint, Finished, Home, Relay};
use serde_json::{Value as Json, json};

use super::connector::is_nowhere;

const KEN: &str = "kenmyer@litwareinc.com";
const PROXY_SECRET: &str = "planted-Proxy-8815";

#[track_caller]
fn ok(finished: &Finished) {
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

/// A file that only its owner reads, with a secret in its first line.
fn secret_file(folder: &tempfile::TempDir, name: &str, secret: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{secret}\n")).expect("a file");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("a private file");
    path
}

fn toml(value: &str) -> String {
    format!("{value:?}")
}

pub(crate) fn a_proxy_that_wants_to_know_who_asks_is_told(endpoint: &Endpoint) {
    let proxy = Relay::proxy(endpoint.address(), "ken", PROXY_SECRET);
    let folder = tempfile::tempdir().expect("a folder");
    let options = |file: &str, secret: &str| {
        let file = secret_file(&folder, file, secret).display().to_string();
        format!(
            "session_options = {{ Proxy = \"http://{}\", ProxyCredential = {{ UserName = \"ken\", File = {} }} }}",
            proxy.address(),
            toml(&file)
        )
    };
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], &options("right", PROXY_SECRET));
    let before = proxy.seen().len();
    ok(&home.run(&["run", "Get-CsTenant"]));
    let seen = proxy.seen();
    assert!(seen.len() > before, "the session came by the proxy");
    assert!(seen.iter().all(|seen| seen.admitted), "{seen:?}");
    let doctor = home.run(&["doctor"]);
    ok(&doctor);
    assert!(
        doctor.stdout.contains("the connection goes by way of a proxy"),
        "what is not ours to connect is not tried: {doctor:?}"
    );
    is_nowhere(&home, &[PROXY_SECRET]);

    // Whoever hands it over with the request need not have it in a file.
    let bare = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let table = json!({"SessionOption": {
        "Proxy": format!("http://{}", proxy.address()),
        "ProxyCredential": {"UserName": "ken", "Stdin": true},
    }});
    let connect = bare.pslease(&["connect", "--parameters", "-"]);
    ok(&Console::start(connect, Some(&format!("{table}\n{PROXY_SECRET}\n"))).finish());
    assert!(proxy.seen().iter().all(|seen| seen.admitted));
    is_nowhere(&bare, &[PROXY_SECRET]);

    // A proxy that does not know us is named, and not the endpoint.
    let refused = Home::new(&endpoint.profile("lab", "skype", KEN, &options("wrong", "nonsense")));
    let login = refused.pslease(&["login", "lab", "--no-verify", "--password-stdin"]);
    ok(&Console::start(login, Some(endpoint.password("kenmyer"))).finish());
    let finished = refused.run(&["connect", "lab", "--wait", "2s"]);
    assert_ne!(finished.code, 0, "{finished:?}");
    assert!(finished.stderr.contains("proxy"), "{finished:?}");
    assert!(!finished.stderr.contains("nonsense"), "{finished:?}");
}

pub(crate) fn connections_come_from_the_address_that_the_profile_names(endpoint: &Endpoint) {
    for (extra, from) in [("", [127, 0, 0, 1]), ("source_address = \"127.0.0.2\"", [127, 0, 0, 2])] {
        let relay = Relay::to(endpoint.address());
        let profile = endpoint.profile("kenmyer", "skype", KEN, extra).replacen(
            &endpoint.address().to_string(),
            &relay.address().to_string(),
            1,
        );
        let home = Home::new(&profile);
        home.login("kenmyer", endpoint.password("kenmyer"));
        ok(&home.run(&["run", "Get-CsTenant"]));
        let seen = relay.seen();
        assert!(seen.len() > 1, "a session has more lanes than one: {seen:?}");
        let wanted = IpAddr::from(Ipv4Addr::from(from));
        assert!(seen.iter().all(|seen| seen.from == wanted), "{seen:?}");
    }
}

pub(crate) fn a_partners_customer_is_named_in_the_address(endpoint: &Endpoint) {
    let relay = Relay::to(endpoint.address());
    let admin = match endpoint {
        Endpoint::Tenant(..) => KEN,
        Endpoint::Peer(_) => "admin@contoso.com",
    };
    let profile = endpoint
        .profile("lab", "exchange", admin, "delegated_org = \"fabrikam.onmicrosoft.com\"")
        .replacen(&endpoint.address().to_string(), &relay.address().to_string(), 1);
    let home = Home::new(&profile);
    home.login("lab", endpoint.password(admin.split('@').next().unwrap_or_default()));
    ok(&home.run(&["run", "Get-TransportRule"]));
    let sessions = home.run(&["sessions", "--output", "json"]).stdout;
    assert!(sessions.contains("DelegatedOrg=fabrikam.onmicrosoft.com"), "{sessions}");
    if let Endpoint::Tenant(..) = endpoint {
        // Nothing hides what is asked of it.
        let asked: Vec<String> = relay.seen().into_iter().map(|seen| seen.asked).collect();
        let named = |line: &&String| line.contains("DelegatedOrg=fabrikam.onmicrosoft.com");
        assert!(asked.iter().filter(named).count() > 1, "{asked:?}");
    }
}

pub(crate) fn the_other_addresses_of_protection_are_gone_to(endpoint: &Endpoint) {
    // The tenant of the macro speaks in the clear, and these addresses are https.
    let folder = tempfile::tempdir().expect("a folder");
    let ours = folder.path().join("tenant.pem");
    let secured = match endpoint {
        Endpoint::Tenant(..) => Some(Endpoint::tenant_with(|config| config.certificate = Some(ours.clone()))),
        Endpoint::Peer(_) => None,
    };
    let endpoint = secured.as_ref().unwrap_or(endpoint);
    let (admin, ca) = match endpoint {
        Endpoint::Tenant(..) => (KEN, ours.clone()),
        Endpoint::Peer(peer) => ("admin@contoso.com", peer.ca().to_path_buf()),
    };
    for (variant, host) in [
        ("germany", "ps.protection.outlook.de"),
        ("enterprise-cal", "outlook.office365.com"),
    ] {
        let proxy = Relay::proxy(endpoint.address(), "ken", PROXY_SECRET);
        let file = secret_file(&folder, variant, PROXY_SECRET).display().to_string();
        let home = Home::new(&format!(
            "[profile.lab]\ntemplate = \"eop\"\nvariant = \"{variant}\"\nadmin = \"{admin}\"\nsign_in = \"plain\"\nca = {}\n\
             session_options = {{ SkipCNCheck = true, Proxy = \"http://{}\", \
             ProxyCredential = {{ UserName = \"ken\", File = {} }} }}\n",
            toml(&ca.display().to_string()),
            proxy.address(),
            toml(&file)
        ));
        home.login("lab", endpoint.password(admin.split('@').next().unwrap_or_default()));
        let connected = home.run(&["connect", "lab"]);
        ok(&connected);
        assert!(
            connected.stderr.contains("warning: SkipCNCheck"),
            "what is not checked is said: {connected:?}"
        );
        ok(&home.run(&["run", "Get-TransportRule"]));
        let seen = proxy.seen();
        let wanted = format!("CONNECT {host}:443 ");
        assert!(
            !seen.is_empty() && seen.iter().all(|seen| seen.asked.starts_with(&wanted)),
            "{seen:?}"
        );
        // Three for the whole organization, as its document says.
        let limits = home.status()["limits"].as_array().cloned().unwrap_or_default();
        let organization = limits.iter().find(|limit| limit["scope"] == "organization");
        assert_eq!(organization.map(|limit| &limit["limit"]), Some(&json!(3)), "{limits:?}");
        ok(&home.run(&["close", "lab"]));
    }
    let live = match endpoint {
        Endpoint::Tenant(tenant, _) => tenant.truth().live,
        Endpoint::Peer(_) => endpoint.truth().live,
    };
    assert_eq!(live, 0);
}

/// Serves documents by their paths, as JSON and to those alone who ask for that.
fn documents(of: impl Fn(SocketAddr, &str) -> Option<Json> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number");
    std::thread::spawn(move || {
        for (mut stream, _) in std::iter::from_fn(|| listener.accept().ok()) {
            let mut bytes = vec![0; 8192];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let head = String::from_utf8_lossy(&bytes[..count]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let json = head.to_ascii_lowercase().contains("accept: application/json");
            let (status, body) = match of(address, path) {
                Some(document) if json => ("200 OK", document.to_string()),
                Some(_) => ("406 Not Acceptable", String::new()),
                None => ("404 Not Found", String::new()),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

pub(crate) fn autodiscovery_may_answer_in_json(endpoint: &Endpoint) {
    let target = format!("{}/OcsPowershellLiveId", endpoint.url());
    let root = documents(move |own, path| {
        let link = |token: &str, to: String| json!({"_links": {"self": {"href": format!("http://{own}{path}")}, token: {"href": to}}});
        let path = path.split('?').next().unwrap_or_default();
        match path {
            "/" => Some(link("redirect", format!("http://{own}/elsewhere"))),
            "/elsewhere" => Some(link("domain", format!("http://{own}/domain"))),
            "/domain" => Some(link("external/RemotePowerShell", target.clone())),
            _ => None,
        }
    });
    let trust = match endpoint {
        Endpoint::Tenant(..) => "allow_plain_http = true".to_owned(),
        Endpoint::Peer(peer) => format!("ca = {}", toml(&peer.ca().display().to_string())),
    };
    let home = Home::new(&format!(
        "[profile.lab]\ntemplate = \"skype-online\"\nadmin = \"{KEN}\"\nsign_in = \"plain\"\n\
         override_discovery_uri = \"http://{root}/\"\ntrusted_hosts = [\"127.0.0.1\"]\n{trust}\n"
    ));
    let login = home.pslease(&["login", "lab", "--no-verify", "--password-stdin"]);
    ok(&Console::start(login, Some(endpoint.password("kenmyer"))).finish());
    let connected = home.run(&["connect", "lab", "-v"]);
    ok(&connected);
    assert!(
        connected.stderr.contains("/OcsPowershellLiveId"),
        "{}",
        connected.stderr
    );
    ok(&home.run(&["run", "Get-CsTenant"]));
    assert_eq!(endpoint.truth().created, 1);
}

pub(crate) fn more_than_the_asker_wants_is_refused_by_the_options_name(endpoint: &Endpoint) {
    for option in ["MaximumReceivedDataSizePerCommand", "MaximumReceivedObjectSize"] {
        let (most, command) = match (option, endpoint) {
            ("MaximumReceivedDataSizePerCommand", _) => (40_000, "Get-CsOnlineUser -ResultSize 500"),
            (_, Endpoint::Tenant(..)) => (20_000, "Get-TenantBlob -Bytes 60000 -Count 1"),
            (_, Endpoint::Peer(_)) => (20_000, "Get-PeerBlob -Bytes 60000 -Count 1"),
        };
        let extra = format!("session_options = {{ {option} = {most} }}");
        let home = Home::with_admins(endpoint, "skype", &["kenmyer"], &extra);
        ok(&home.run(&["run", "Get-CsTenant"]));
        let finished = home.run(&["run", command]);
        assert_eq!(finished.code, 74, "{option}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(option) && finished.stderr.contains(&most.to_string()),
            "{}",
            finished.stderr
        );
        let created = endpoint.truth().created;
        ok(&home.run(&["run", "Get-CsTenant"]));
        assert_eq!(
            endpoint.truth().created,
            created,
            "the session is none the worse for it"
        );
    }
}

pub(crate) fn a_daemon_that_has_just_started_gives_a_free_slot_at_once(endpoint: &Endpoint) {
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    for mode in ["shared", "exclusive"] {
        for _ in 0..3 {
            ok(&home.run(&["run", "--wait", "0", "--mode", mode, "Get-CsTenant"]));
            ok(&home.run(&["daemon", "stop"]));
        }
    }
    assert_eq!(endpoint.truth().live, 0);
}

pub(crate) fn french_objects_come_through_every_format(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let name = "Élève «œuvre», 5 €";
    let room = json!({"Name": name, "Ville": "Orléans"}).to_string();
    for format in ["table", "list", "json", "jsonl", "csv", "clixml"] {
        let words = [
            "run",
            "--ui-culture",
            "fr-FR",
            "--output",
            format,
            "--input-format",
            "jsonl",
            "--input",
        ];
        let command = home.pslease(&[&words[..], &["Select-Object -Property Name, Ville"]].concat());
        let finished = Console::start(command, Some(&format!("{room}\n"))).finish();
        assert_eq!(finished.code, 0, "{format}: {finished:?}");
        for part in [name, "Orléans"] {
            assert!(finished.stdout.contains(part), "{format}: {}", finished.stdout);
        }
        if format == "csv" {
            let row = finished.stdout.lines().last().unwrap_or_default();
            assert_eq!(row, format!("\"{name}\",\"Orléans\""), "{}", finished.stdout);
        }
    }
    assert_eq!(endpoint.truth().created, 1, "all in the one session that speaks French");
}

pub(crate) fn options_that_cannot_be_are_refused_by_name(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let refused = home.run(&["connect", "--session-option", "MaximumRedirection=6"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("MaximumRedirection") && refused.stderr.contains("at most 5"),
        "{refused:?}"
    );
    let bad = Home::new(&endpoint.profile("lab", "skype", KEN, "session_options = { MaximumRedirection = 6 }"));
    let refused = bad.run(&["connect", "lab"]);
    assert_eq!(refused.code, 78, "{refused:?}");
    assert!(refused.stderr.contains("MaximumRedirection"), "{refused:?}");
    assert_eq!(endpoint.truth().created, 0);
}
