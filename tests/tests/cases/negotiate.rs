//! Hosts in one's own house: the connection is logged on, by NTLM or Kerberos, and plain http carries sealed bodies only.

mod interop {
    use std::process::{Command, Stdio};

    use pslease_tests::{Console, Home, Peer, Realm, finish};
    use serde_json::Value as Json;

    const PASSWORD: &str = "p@ssw0rd!";

    fn profile(name: &str, peer: &Peer, path: &str, admin: &str, more: &str) -> String {
        let uri = format!("{}{path}", peer.url());
        format!("[profile.{name}]\ntemplate = \"winrm\"\nuri = {uri:?}\nadmin = {admin:?}\n{more}\n")
    }

    fn counts(peer: &Peer, what: &str) -> u64 {
        let state = peer.control("state");
        state["counts"][what].as_u64().unwrap_or(0)
    }

    /// Scheme and mechanism of each connection that logged on.
    fn log_ons(peer: &Peer) -> Vec<(String, String)> {
        let text = |entry: &Json, key: &str| entry[key].as_str().unwrap_or_default().to_lowercase();
        let log = peer.control("log");
        let entries = log.as_array().expect("a list").iter();
        entries
            .filter(|entry| entry["outcome"] == "authenticated")
            .map(|entry| (text(entry, "scheme"), text(entry, "mechanism")))
            .collect()
    }

    fn has_spnego(python: &std::path::Path) -> bool {
        let found = Command::new(python)
            .args(["-c", "import spnego"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !found {
            println!("skipped: the peer's Python has no pyspnego (requirements-negotiate.txt)");
        }
        found
    }

    #[test]
    fn ntlm_over_plain_http_is_sealed_and_a_wrong_password_is_sent_once() {
        let Some(python) = Peer::python().filter(|python| has_spnego(python)) else {
            return;
        };
        let peer = Peer::on_premises(&python, &[]);
        let ken = profile("ken", &peer, "/wsman", "LITWARE\\kenmyer", "");
        let pilar = profile("pilar", &peer, "/ntlm", "LITWARE\\pilar", "auth = \"ntlm\"");
        let home = Home::new(&format!("default = \"ken\"\n{ken}{pilar}"));
        home.login("ken", PASSWORD);
        for _ in 0..2 {
            let finished = home.run(&["run", "Write-Output", "hello"]);
            assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        }
        assert!(counts(&peer, "sealed_requests") > 5);
        assert_eq!(counts(&peer, "unencrypted_refused"), 0);
        assert_eq!(counts(&peer, "handshakes_refused"), 0);
        assert!(
            log_ons(&peer)
                .iter()
                .all(|(scheme, mechanism)| (scheme.as_str(), mechanism.as_str()) == ("negotiate", "ntlm"))
        );

        let login = home.pslease(&["login", "pilar", "--password-stdin"]);
        let refused = Console::start(login, Some("wrong")).finish();
        assert_eq!(refused.code, 77, "{refused:?}");
        assert_eq!(counts(&peer, "handshakes_refused"), 1);
        let finished = home.run(&["run", "-p", "pilar", "Write-Output", "hello"]);
        assert_eq!(finished.code, 77, "{finished:?}");
        assert_eq!(counts(&peer, "handshakes_refused"), 1, "it was not sent again");
    }

    #[test]
    fn the_askers_kerberos_tickets_open_a_session() {
        let Some(python) = Peer::python() else { return };
        let Some(realm) = Realm::start(&python) else { return };
        let peer = Peer::on_premises(&python, &realm.environment());
        let ken = profile("ken", &peer, "/wsman", "kenmyer@EXAMPLE.TEST", "auth = \"kerberos\"");
        let pilar = profile("pilar", &peer, "/wsman", "pilar@EXAMPLE.TEST", "");
        let home = Home::new(&format!("default = \"ken\"\n{ken}{pilar}"));
        let cache = home.path().join("tickets");
        let asker = |arguments: &[&str], cache: &std::path::Path| {
            let mut command = home.pslease(arguments);
            command
                .envs(realm.environment())
                .env("KRB5CCNAME", format!("FILE:{}", cache.display()));
            finish(command)
        };
        realm.kinit(&cache, "kenmyer@EXAMPLE.TEST", PASSWORD);
        let finished = asker(&["run", "Write-Output", "hello"], &cache);
        assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        assert!(counts(&peer, "sealed_requests") > 3);
        assert_eq!(log_ons(&peer)[0], ("kerberos".to_owned(), "kerberos".to_owned()));

        // Another admin without a ticket is told what to do, and need not tell the daemon when it is done.
        let others = home.path().join("others");
        let finished = asker(&["run", "-p", "pilar", "Write-Output", "hello"], &others);
        assert_eq!(finished.code, 77, "{finished:?}");
        assert!(finished.stderr.contains("run kinit"), "{finished:?}");
        realm.kinit(&others, "pilar@EXAMPLE.TEST", "correct horse");
        let finished = asker(&["run", "-p", "pilar", "Write-Output", "hello"], &others);
        assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        assert_eq!(
            log_ons(&peer).last(),
            Some(&("negotiate".to_owned(), "kerberos".to_owned()))
        );
    }
}
