//! What comes through the daemon, compared with what another client reads from the same endpoint.

mod interop {
    use std::process::{Command, Stdio};

    use pslease_tests::{Endpoint, Home, Peer};
    use serde_json::Value as Json;

    const OBJECTS: &str = "10000";

    /// Prints each user as one line of JSON, as pypsrp has read it. Its own kinds of values become what
    /// `ConvertTo-Json` makes of them.
    const SCRIPT: &str = r#"
import datetime, json, sys, uuid
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
url, ca, objects = sys.argv[1], sys.argv[2], int(sys.argv[3])
host, _, rest = url.partition("//")[2].partition(":")
port, _, path = rest.partition("/")
wsman = WSMan(host, port=int(port), path=path, ssl=True, auth="basic", username="pilar@litwareinc.com",
              password="pw:with:colons", cert_validation=ca)

def plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return {"unread": type(value).__name__}

with RunspacePool(wsman) as pool:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-CsOnlineUser").add_parameter("ResultSize", objects)
    for user in shell.invoke():
        properties = {**user.adapted_properties, **user.extended_properties}
        print(json.dumps({name: plain(value) for name, value in properties.items()}))
"#;

    #[test]
    fn ten_thousand_objects_equal_what_another_client_reads() {
        let Some(python) = Peer::python() else { return };
        let endpoint = Endpoint::Peer(Peer::start(&python, "tenant.toml"));
        let Endpoint::Peer(peer) = &endpoint else {
            unreachable!("it was made a line ago")
        };
        let url = peer.service("skype");
        let theirs = Command::new(&python)
            .args(["-c", SCRIPT, url])
            .arg(peer.ca())
            .arg(OBJECTS)
            .stdin(Stdio::null())
            .output()
            .expect("python runs");
        assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
        let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
        let ours = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", OBJECTS, "--output", "jsonl"]);
        assert_eq!(ours.code, 0, "{}", ours.stderr);
        let lines = |text: &str| -> Vec<Json> {
            text.lines()
                .map(|line| serde_json::from_str(line).expect("a line is an object"))
                .collect()
        };
        let (ours, theirs) = (lines(&ours.stdout), lines(&String::from_utf8_lossy(&theirs.stdout)));
        assert_eq!(ours.len(), theirs.len());
        let mut compared = 0;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let theirs = theirs.as_object().expect("an object");
            assert_eq!(
                ours.as_object().map(serde_json::Map::len),
                Some(theirs.len()),
                "{ours} and {theirs:?}"
            );
            for (name, value) in theirs {
                if value.get("unread").is_none() {
                    assert_eq!(same(&ours[name]), same(value), "{name} of {ours}");
                    compared += 1;
                }
            }
        }
        assert!(
            compared >= 10 * ours.len(),
            "{compared} properties are not much of a comparison"
        );
    }

    /// Dates differ in spelling between the two, and in nothing else: compared without zone and trailing zeros.
    fn same(value: &Json) -> Json {
        match value.as_str() {
            Some(text) if text.len() >= 19 && text.as_bytes()[10] == b'T' => Json::from(&text[..19]),
            _ => value.clone(),
        }
    }
}
