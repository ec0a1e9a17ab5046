//! Hosts in one's own house: the connection is logged on, by NTLM or Kerberos, and plain http carries sealed bodies only.

mod interop {
    use std::process::{Command, Stdio};

    use pslease_tests::{Console, Home, Peer, Realm, Relay, finish};
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

    /// A realm, its hosts, and KEN's tickets.
    struct Premises {
        realm: Realm,
        peer: Peer,
    }

    impl Premises {
        fn open(change: impl FnOnce(String) -> String) -> Option<Self> {
            let python = Peer::python()?;
            let realm = Realm::start(&python)?;
            let peer = Peer::on_premises_with(&python, &realm.environment(), change);
            Some(Self { realm, peer })
        }

        /// `pslease` as somebody calls it who has these tickets.
        fn run(&self, home: &Home, arguments: &[&str]) -> pslease_tests::Finished {
            let mut command = home.pslease(arguments);
            let cache = home.path().join("tickets");
            command
                .envs(self.realm.environment())
                .env("KRB5CCNAME", format!("FILE:{}", cache.display()));
            finish(command)
        }

        fn kinit(&self, home: &Home) {
            self.realm
                .kinit(&home.path().join("tickets"), "kenmyer@EXAMPLE.TEST", PASSWORD);
        }
    }

    #[test]
    fn the_templates_of_ones_own_hosts_work_whole() {
        let no_language = |text: String| {
            text.replacen(
                "path = \"/strict\"",
                "path = \"/strict\"\nlanguage_mode = \"NoLanguage\"",
                1,
            )
        };
        let Some(premises) = Premises::open(no_language) else {
            return;
        };
        let url = premises.peer.url();
        for (template, path, more, scheme) in [
            // Exchange's own scheme over plain http, in its own framing.
            ("exchange-server", "/PowerShell/", "", "kerberos"),
            ("skype-server", "/OcsPowershell", "", "negotiate"),
            (
                "jea",
                "/strict",
                "configuration = \"Microsoft.PowerShell\"\n",
                "negotiate",
            ),
        ] {
            let home = Home::new(&format!(
                "[profile.lab]\ntemplate = \"{template}\"\nuri = \"{url}{path}\"\n{more}admin = \"kenmyer@EXAMPLE.TEST\"\n"
            ));
            let without = premises.run(&home, &["connect", "lab"]);
            assert_eq!(without.code, 77, "{template}: {without:?}");
            assert!(without.stderr.contains("run kinit"), "{template}: {without:?}");
            premises.kinit(&home);
            let connected = premises.run(&home, &["connect", "lab"]);
            assert_eq!(connected.code, 0, "{template}: {connected:?}");
            assert!(connected.stdout.contains("Opened"), "{template}: {connected:?}");
            let ran = premises.run(&home, &["run", "Write-Output", "Élève"]);
            assert_eq!((ran.code, ran.stdout.trim()), (0, "Élève"), "{template}: {ran:?}");
            let text = premises.run(&home, &["run", "--script", "Write-Output 2"]);
            assert_eq!(
                text.code == 0,
                template != "jea",
                "a language only where there is one: {text:?}"
            );
            let shown = premises.run(&home, &["status"]);
            assert!(shown.stdout.contains("kenmyer@EXAMPLE.TEST"), "{template}: {shown:?}");
            let used = log_ons(&premises.peer);
            assert_eq!(
                used.last(),
                Some(&(scheme.to_owned(), "kerberos".to_owned())),
                "{template}: {used:?}"
            );
            let closed = premises.run(&home, &["close", "lab"]);
            assert_eq!(closed.code, 0, "{template}: {closed:?}");
            let state = premises.peer.control("state");
            assert_eq!(state["shells"].as_array().map(Vec::len), Some(0), "{template}: {state}");
        }
        assert!(counts(&premises.peer, "sealed_requests") > 20);
        assert_eq!(counts(&premises.peer, "unencrypted_refused"), 0);
    }

    #[test]
    fn bodies_are_in_the_clear_only_where_both_want_that() {
        let Some(python) = Peer::python().filter(|python| has_spnego(python)) else {
            return;
        };
        let peer = Peer::on_premises(&python, &[]);
        let options = "session_options = { NoEncryption = true }";
        let open = profile(
            "open",
            &peer,
            "/ntlm",
            "LITWARE\\kenmyer",
            &format!("auth = \"ntlm\"\n{options}"),
        );
        let strict = profile("strict", &peer, "/wsman", "LITWARE\\kenmyer", options);
        let home = Home::new(&format!("default = \"open\"\n{open}{strict}"));
        home.login("open", PASSWORD);
        let finished = home.run(&["run", "Write-Output", "hello"]);
        assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        assert!(
            finished
                .stderr
                .contains("warning: NoEncryption: over http, everything can be read on the way"),
            "{finished:?}"
        );
        assert_eq!(counts(&peer, "sealed_requests"), 0, "nothing was sealed");
        // AllowUnencrypted = false: the host decides, and no slot is held for it.
        let login = home.pslease(&["login", "strict", "--no-verify", "--password-stdin"]);
        assert_eq!(Console::start(login, Some(PASSWORD)).finish().code, 0);
        let refused = home.run(&["connect", "strict", "--wait", "2s"]);
        assert_ne!(refused.code, 0, "{refused:?}");
        assert!(counts(&peer, "unencrypted_refused") >= 1);
        assert_eq!(counts(&peer, "sealed_requests"), 0);
    }

    #[test]
    fn a_connection_that_is_logged_on_goes_through_a_proxy_and_comes_from_one_address() {
        let Some(python) = Peer::python().filter(|python| has_spnego(python)) else {
            return;
        };
        let peer = Peer::on_premises(&python, &[]);
        let (_, authority) = peer.url().split_once("://").expect("a URL");
        let proxy = Relay::proxy(authority.parse().expect("an address"), "ken", "planted-Proxy-8816");
        let options = format!(
            "source_address = \"127.0.0.2\"\nsession_options = {{ Proxy = \"http://{}\", \
             ProxyCredential = {{ UserName = \"ken\", Command = [\"echo\", \"planted-Proxy-8816\"] }} }}",
            proxy.address()
        );
        let home = Home::new(&profile("ken", &peer, "/wsman", "LITWARE\\kenmyer", &options));
        home.login("ken", PASSWORD);
        let finished = home.run(&["run", "Write-Output", "hello"]);
        assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        let seen = proxy.seen();
        let tunnel = format!("CONNECT {authority} ");
        assert!(seen.len() > 1, "{seen:?}");
        for one in seen {
            assert!(one.admitted && one.asked.starts_with(&tunnel), "{one:?}");
            assert_eq!(one.from.to_string(), "127.0.0.2", "{one:?}");
        }
        assert!(counts(&peer, "sealed_requests") > 3, "the proxy reads nothing");
    }

    #[test]
    fn a_service_of_a_port_has_a_ticket_of_its_own() {
        let Some(premises) = Premises::open(|text| text) else {
            return;
        };
        let (_, authority) = premises.peer.url().split_once("://").expect("a URL");
        let host_and_port = authority.trim_end_matches('/');
        let options = "auth = \"kerberos\"\nsession_options = { IncludePortInSPN = true }";
        let home = Home::new(&profile(
            "ken",
            &premises.peer,
            "/wsman",
            "kenmyer@EXAMPLE.TEST",
            options,
        ));
        premises.kinit(&home);
        let unknown = premises.run(&home, &["connect", "ken", "--wait", "2s"]);
        assert_ne!(unknown.code, 0, "there is no such service yet: {unknown:?}");
        assert!(
            unknown
                .stderr
                .contains(&format!("Server HTTP/{host_and_port}@EXAMPLE.TEST"))
                && unknown.stderr.contains("as its service principal has it"),
            "it is named, and a log-in is not what helps: {unknown:?}"
        );
        if !premises.realm.add_service(&format!("HTTP/{host_and_port}")) {
            println!("skipped: kadmin.local cannot add a service");
            return;
        }
        let finished = premises.run(&home, &["run", "Write-Output", "hello"]);
        assert_eq!((finished.code, finished.stdout.trim()), (0, "hello"), "{finished:?}");
        let tickets = std::fs::read(home.path().join("tickets")).expect("the tickets");
        let named = |text: &str| tickets.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(named(host_and_port), "the ticket is for the service on its port");
    }

    #[test]
    fn another_configuration_of_kerberos_than_the_daemons_is_named() {
        let Some(premises) = Premises::open(|text| text) else {
            return;
        };
        let home = Home::new(&profile(
            "ken",
            &premises.peer,
            "/wsman",
            "kenmyer@EXAMPLE.TEST",
            "auth = \"kerberos\"",
        ));
        premises.kinit(&home);
        assert_eq!(home.run(&["status"]).code, 0, "a daemon that knows no realm");
        let refused = premises.run(&home, &["connect", "ken", "--wait", "2s"]);
        assert_ne!(refused.code, 0, "{refused:?}");
        assert!(
            refused.stderr.contains("KRB5_CONFIG is ") && refused.stderr.contains("pslease daemon stop"),
            "{refused:?}"
        );
        assert_eq!(home.run(&["daemon", "stop"]).code, 0);
        let connected = premises.run(&home, &["connect", "ken"]);
        assert_eq!(connected.code, 0, "what was told helps: {connected:?}");
    }

    #[test]
    fn clocks_that_differ_are_named() {
        let Some(premises) = Premises::open(|text| text) else {
            return;
        };
        let home = Home::new(&profile(
            "ken",
            &premises.peer,
            "/wsman",
            "kenmyer@EXAMPLE.TEST",
            "auth = \"kerberos\"",
        ));
        premises.kinit(&home);
        // What a ticket cache notes of the KDC's clock, MIT's library adds to its own: so an hour too much there is a
        // clock that is an hour ahead.
        let path = home.path().join("tickets");
        let mut bytes = std::fs::read(&path).expect("the tickets");
        let header = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        let rest = bytes.split_off(4 + header);
        let mut skewed = vec![5, 4, 0, 12, 0, 1, 0, 8];
        skewed.extend(3_600_i32.to_be_bytes());
        skewed.extend(0_i32.to_be_bytes());
        skewed.extend(rest);
        std::fs::write(&path, skewed).expect("the tickets");
        let finished = premises.run(&home, &["connect", "ken", "--wait", "2s"]);
        assert_eq!(finished.code, 69, "{finished:?}");
        assert!(
            finished
                .stderr
                .contains("error: the clocks of this machine and 127.0.0.1"),
            "{finished:?}"
        );
        assert!(
            finished.stderr.contains("hint: set this machine's clock"),
            "{finished:?}"
        );
    }
}
