//! The same work by pypsrp on the same peer, and objects by the second.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pslease_tests::{Home, Peer};
use serde_json::Value as Json;

use crate::sample::{Report, Sample};

const OBJECTS: usize = 100_000;

/// Measures inside of one Python, so that its start does not count, and prints JSON.
const SCRIPT: &str = r#"
import json, sys, time
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
url, ca, objects = sys.argv[1], sys.argv[2], int(sys.argv[3])
host, _, rest = url.partition("//")[2].partition(":")
port, _, path = rest.partition("/")

def pool():
    wsman = WSMan(host, port=int(port), path=path, ssl=True, auth="basic", username="pilar@litwareinc.com",
                  password="pw:with:colons", cert_validation=ca)
    return RunspacePool(wsman)

def invoke(pool, **parameters):
    shell = PowerShell(pool)
    shell.add_cmdlet(parameters.pop("command", "Get-CsTenant"))
    for name, value in parameters.items():
        shell.add_parameter(name, value)
    return shell.invoke()

def timed(times, act):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return taken

def cold():
    with pool() as opened:
        assert invoke(opened)

results = {"cold": timed(30, cold)}
with pool() as opened:
    invoke(opened)
    results["warm"] = timed(200, lambda: invoke(opened))
    results["objects"] = timed(1, lambda: invoke(opened, command="Get-CsOnlineUser", ResultSize=objects))
print(json.dumps(results))
"#;

/// One connection, one command, from exec to exit: what a script without a daemon costs.
const ONE_SHOT: &str = r#"
import sys
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan
url, ca = sys.argv[1], sys.argv[2]
host, _, rest = url.partition("//")[2].partition(":")
port, _, path = rest.partition("/")
wsman = WSMan(host, port=int(port), path=path, ssl=True, auth="basic", username="pilar@litwareinc.com",
              password="pw:with:colons", cert_validation=ca)
with RunspacePool(wsman) as pool:
    shell = PowerShell(pool)
    shell.add_cmdlet("Get-CsTenant")
    assert shell.invoke()
"#;

pub(crate) fn objects(home: &Home, report: &mut Report) {
    let size = OBJECTS.to_string();
    let arguments = ["run", "Get-CsOnlineUser", "-ResultSize", &size, "--output", "clixml"];
    // The slowest of ours against the one of theirs, which takes the better part of a minute. The peer makes the objects when
    // they are first asked for and keeps them: that first round is nobody's.
    let rounds = (0..4).map(|_| {
        let started = Instant::now();
        let status = home
            .pslease(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()));
        started.elapsed()
    });
    rate(report, "objects through pslease run", rounds.skip(1).max());
}

pub(crate) fn the_same(peer: &Peer, python: &Path, report: &mut Report) {
    let url = peer.service("skype");
    let python = |script: &str| {
        let mut command = Command::new(python);
        command
            .args(["-c", script, url])
            .arg(peer.ca())
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let output = python(SCRIPT).arg(OBJECTS.to_string()).output().expect("python runs");
    let results: Json = serde_json::from_slice(&output.stdout).expect("pypsrp's times");
    let times = |name: &str| -> Vec<Duration> {
        let list = results[name].as_array().into_iter().flatten();
        list.filter_map(Json::as_f64).map(Duration::from_secs_f64).collect()
    };
    report.add(
        "pypsrp: connect, Get-CsTenant, close, in process",
        Sample::from(times("cold")),
    );
    report.add("pypsrp: Get-CsTenant, warm, in process", Sample::from(times("warm")));
    rate(report, "objects through pypsrp", times("objects").into_iter().min());
    let sample = Sample::of(10, || {
        assert!(python(ONE_SHOT).status().is_ok_and(|status| status.success()));
    });
    report.add("pypsrp: a script that connects, Get-CsTenant, close", sample);
}

fn rate(report: &mut Report, name: &'static str, took: Option<Duration>) {
    let took = took.expect("it was measured");
    report.add_rate(name, OBJECTS as f64 / took.as_secs_f64());
}
