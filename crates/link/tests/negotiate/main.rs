//! Log-ons that are bound to a connection, against an acceptor and a KDC that nobody here wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "tests say on standard output what they skip")]

mod relay;
mod server;

use std::path::Path;
use std::process::Command;

use link::{Credential, Kind, Sent, Tickets};
use reference::Program;
use relay::Relay;
use serde_json::json;
use server::{Caller, Server, environment_of, python};

const PASSWORD: &str = "p@ssw0rd!";
const PRINCIPAL: &str = "kenmyer@EXAMPLE.TEST";

fn ntlm(password: &str) -> Credential {
    Credential::Ntlm {
        user: "LITWARE\\kenmyer".to_owned(),
        password: password.into(),
    }
}

fn negotiate(user: &str, password: Option<&str>) -> Credential {
    Credential::Negotiate {
        user: user.to_owned(),
        password: password.map(Into::into),
        tickets: tickets(None),
    }
}

fn kerberos(password: Option<&str>, cache: Option<&Path>) -> Credential {
    Credential::Kerberos {
        user: PRINCIPAL.to_owned(),
        password: password.map(Into::into),
        tickets: tickets(cache),
    }
}

fn tickets(cache: Option<&Path>) -> Tickets {
    Tickets {
        cache: cache.map(|path| format!("FILE:{}", path.display())),
        configuration: std::env::var("KRB5_CONFIG").ok(),
    }
}

fn of(scheme: &str, mechanism: &str, bound: bool) -> (String, String, bool) {
    (scheme.to_owned(), mechanism.to_owned(), bound)
}

#[tokio::test]
async fn ntlm_seals_every_body_over_http_on_one_connection() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, true, &[]);
    let mut caller = server.caller("/ntlm", ntlm(PASSWORD));
    for _ in 0..5 {
        caller.is_heard().await;
    }
    assert_eq!(server.log_ons().await, [of("ntlm", "ntlm", false)]);
    // This endpoint would have taken bodies in the clear.
    assert_eq!(server.count("sealed_requests").await, 5);

    // No realm in the name, so there is no Kerberos to try.
    let mut caller = server.caller("/workgroup", negotiate("LITWARE\\kenmyer", Some(PASSWORD)));
    caller.is_heard().await;
    caller.is_heard().await;
    assert_eq!(server.log_ons().await[1..], [of("negotiate", "ntlm", false)]);
    assert_eq!(server.count("sealed_requests").await, 7);
    assert_eq!(server.count("unencrypted_refused").await, 0);
}

#[tokio::test]
async fn ntlm_over_https_is_bound_to_the_certificate() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, false, &[]);
    let mut caller = server.caller("/strict", ntlm(PASSWORD));
    caller.is_heard().await;
    caller.is_heard().await;
    assert_eq!(server.log_ons().await, [of("ntlm", "ntlm", true)]);
    assert_eq!(server.count("sealed_requests").await, 0, "TLS seals already");
}

#[tokio::test]
async fn a_wrong_password_is_a_401_and_is_sent_once() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, true, &[]);
    let answer = server.caller("/ntlm", ntlm("wrong")).ask().await.unwrap();
    assert_eq!((answer.status, answer.refusal.as_deref()), (401, None));
    assert_eq!(server.count("handshakes_refused").await, 1);
    assert_eq!(server.count("sealed_requests").await, 0);
}

#[tokio::test]
async fn a_scheme_that_is_not_offered_names_those_that_are() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, true, &[]);
    let failure = server
        .caller("/ntlm", kerberos(Some(PASSWORD), None))
        .ask()
        .await
        .unwrap_err();
    assert_eq!((failure.sent, &failure.kind), (Sent::NotSent, &Kind::LogOn));
    assert!(
        failure
            .message
            .contains("does not offer Kerberos: it offers NTLM, Basic"),
        "{failure}"
    );
}

#[tokio::test]
async fn what_breaks_the_seal_is_refused_and_the_next_request_logs_on_anew() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, true, &[]);
    let mut caller = server.caller("/ntlm", ntlm(PASSWORD));
    caller.is_heard().await;
    for (fault, kind, words) in [
        ("bad_seal", Kind::Answer, "does not open"),
        ("unsealed", Kind::Answer, "in the clear"),
        ("drop_after", Kind::Reset, "dropped the connection"),
    ] {
        server
            .control("faults", Some(json!({ "kind": fault, "times": 1 })))
            .await;
        let failure = caller.ask().await.unwrap_err();
        assert_eq!(
            (failure.sent, &failure.kind),
            (Sent::MaybeSent, &kind),
            "{fault}: {failure}"
        );
        assert!(failure.message.contains(words), "{fault}: {failure}");
        caller.is_heard().await;
    }
    assert_eq!(server.log_ons().await.len(), 4);

    // A 401 says that nothing was done, so the same request logs on and goes again.
    server
        .control("faults", Some(json!({ "kind": "unauthorized", "times": 1 })))
        .await;
    caller.is_heard().await;
    assert_eq!(server.log_ons().await.len(), 5);

    // One that comes right after the handshake is the answer.
    server
        .control("faults", Some(json!({ "kind": "unauthorized", "times": 2 })))
        .await;
    assert_eq!(caller.ask().await.unwrap().status, 401);
}

#[tokio::test]
async fn a_connection_that_dropped_while_idle_is_resumed_unseen() {
    let Some(python) = python("spnego") else { return };
    let server = Server::start(&python, true, &[]);
    let relay = Relay::to(server.url.strip_prefix("http://").unwrap()).await;
    let mut caller = Caller::new(
        &server.network,
        format!("http://{}/ntlm", relay.address),
        ntlm(PASSWORD),
    );
    caller.is_heard().await;
    for _ in 0..3 {
        relay.cut().await;
        caller.is_heard().await;
    }
    assert_eq!(server.log_ons().await.len(), 4);
    assert_eq!(server.count("seal_errors").await, 0);
}

/// MIT's library reads KRB5_CONFIG from the process's own environment, so the test is run again in a process that has it.
/// `None` in the first one, where the second has said it all.
async fn in_realm(name: &str, gssapi: Option<&str>) -> Option<(Server, Server)> {
    let python = python("spnego, gssapi, krb5")?;
    const INNER: &str = "PSLEASE_LINK_KEYTAB";
    if let Ok(keytab) = std::env::var(INNER) {
        let environment = vec![
            ("KRB5_CONFIG".to_owned(), std::env::var("KRB5_CONFIG").unwrap()),
            ("KRB5_KTNAME".to_owned(), keytab),
        ];
        let plain = Server::start(&python, true, &environment);
        let secure = Server::start(&python, false, &environment);
        return Some((plain, secure));
    }
    let kdc = Program::kdc(&python)?;
    let kerberos = environment_of(&kdc);
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .args(["--exact", name, "--nocapture"])
        .env("KRB5_CONFIG", &kerberos[0].1)
        .env(INNER, &kerberos[1].1);
    if let Some(library) = gssapi {
        again.env("PSLEASE_GSSAPI", library);
    }
    let done = tokio::task::spawn_blocking(move || again.output())
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    None
}

fn kinit(cache: &Path, lifetime: &str) -> bool {
    let started = Command::new("kinit")
        .args(["-l", lifetime, "-c"])
        .arg(cache)
        .arg(PRINCIPAL)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        println!("skipped: there is no kinit (krb5-user)");
        return false;
    };
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), format!("{PASSWORD}\n").as_bytes()).unwrap();
    child.wait().unwrap().success()
}

#[tokio::test]
async fn kerberos_seals_over_http_and_is_bound_over_https() {
    let name = "kerberos_seals_over_http_and_is_bound_over_https";
    let Some((plain, secure)) = in_realm(name, None).await else {
        return;
    };
    for (path, credential, scheme) in [
        ("/wsman", kerberos(Some(PASSWORD), None), "kerberos"),
        ("/wsman", negotiate(PRINCIPAL, Some(PASSWORD)), "negotiate"),
        // The boundary with a gap.
        ("/PowerShell/", kerberos(Some(PASSWORD), None), "kerberos"),
    ] {
        let mut caller = plain.caller(path, credential.clone());
        caller.is_heard().await;
        caller.is_heard().await;
        assert_eq!(
            plain.log_ons().await.last(),
            Some(&of(scheme, "kerberos", false)),
            "{path}"
        );
        let mut caller = secure.caller(path, credential);
        caller.is_heard().await;
        let bound = path == "/wsman";
        assert_eq!(
            secure.log_ons().await.last(),
            Some(&of(scheme, "kerberos", bound)),
            "{path}"
        );
    }
    assert_eq!(plain.count("sealed_requests").await, 6);
    let mut strict = secure.caller("/strict", negotiate(PRINCIPAL, Some(PASSWORD)));
    strict.is_heard().await;
    assert_eq!(secure.log_ons().await.last(), Some(&of("negotiate", "kerberos", true)));

    // A machine outside the domain takes NTLM only: the same credential gets there.
    let mut outside = plain.caller("/workgroup", negotiate(PRINCIPAL, Some(PASSWORD)));
    outside.is_heard().await;
    assert_eq!(plain.log_ons().await.last(), Some(&of("negotiate", "ntlm", false)));

    // The KDC's word is a 401 as the server's would be, and no second mechanism gets the wrong password.
    let before = (plain.count("handshakes_refused").await, plain.log_ons().await.len());
    let answer = plain
        .caller("/wsman", negotiate(PRINCIPAL, Some("wrong")))
        .ask()
        .await
        .unwrap();
    assert_eq!(answer.status, 401);
    let refusal = answer.refusal.unwrap();
    assert!(
        refusal.contains("KDC refused the log-on of kenmyer@EXAMPLE.TEST"),
        "{refusal}"
    );
    assert!(!refusal.contains("wrong"), "{refusal}");
    assert_eq!(
        (plain.count("handshakes_refused").await, plain.log_ons().await.len()),
        before
    );
}

#[tokio::test]
async fn the_askers_own_tickets_are_used_and_expired_ones_named() {
    let name = "the_askers_own_tickets_are_used_and_expired_ones_named";
    let Some((plain, secure)) = in_realm(name, None).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (good, brief) = (folder.path().join("good"), folder.path().join("brief"));
    if !(kinit(&brief, "1s") && kinit(&good, "1h")) {
        return;
    }
    plain.caller("/wsman", kerberos(None, Some(&good))).is_heard().await;
    secure.caller("/wsman", kerberos(None, Some(&good))).is_heard().await;
    assert_eq!(plain.log_ons().await, [of("kerberos", "kerberos", false)]);
    assert_eq!(secure.log_ons().await, [of("kerberos", "kerberos", true)]);

    let mut expired = String::new();
    for _ in 0..100 {
        match plain.caller("/wsman", kerberos(None, Some(&brief))).ask().await {
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            Err(failure) => {
                assert_eq!((failure.sent, &failure.kind), (Sent::NotSent, &Kind::LogOn));
                expired = failure.message;
                break;
            }
        }
    }
    assert!(
        expired.contains("the Kerberos ticket of kenmyer@EXAMPLE.TEST expired at "),
        "{expired}"
    );
    assert!(expired.ends_with("run kinit"), "{expired}");

    let none = folder.path().join("none");
    let failure = plain
        .caller("/wsman", kerberos(None, Some(&none)))
        .ask()
        .await
        .unwrap_err();
    assert!(
        failure
            .message
            .contains("there is no Kerberos ticket of kenmyer@EXAMPLE.TEST"),
        "{failure}"
    );
}

#[tokio::test]
async fn without_a_gssapi_passwords_still_do() {
    let name = "without_a_gssapi_passwords_still_do";
    let Some((plain, secure)) = in_realm(name, Some("/nonexistent/gssapi.so")).await else {
        return;
    };
    for (credential, scheme) in [
        (kerberos(Some(PASSWORD), None), "kerberos"),
        (negotiate(PRINCIPAL, Some(PASSWORD)), "negotiate"),
    ] {
        let mut caller = plain.caller("/wsman", credential.clone());
        caller.is_heard().await;
        caller.is_heard().await;
        assert_eq!(plain.log_ons().await.last(), Some(&of(scheme, "kerberos", false)));
        secure.caller("/wsman", credential).is_heard().await;
        assert_eq!(secure.log_ons().await.last(), Some(&of(scheme, "kerberos", false)));
    }
    let answer = plain
        .caller("/wsman", kerberos(Some("wrong"), None))
        .ask()
        .await
        .unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.refusal.unwrap().contains("KDC refused"));
    let failure = plain.caller("/wsman", kerberos(None, None)).ask().await.unwrap_err();
    assert!(failure.message.contains("libgssapi_krb5.so.2"), "{failure}");
}
