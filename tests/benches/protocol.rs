//! The protocol itself, without a process or a socket: CLIXML and fragments against the least that must be done with
//! the same bytes, and against psrpcore.
//!
//! Each figure is the best of several rounds in turn: what else the machine does can only add to a time.

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clixml::{Budget, Object, Property, Value};
use pslease_tests::Peer;
use psrp::{Destination, Fragmenter, Limits, Message, MessageType, Reassembler};
use quick_xml::events::Event;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sample::Report;

const USERS: usize = 1_000;
const ROUNDS: usize = 150;

/// Reads what the first line names and prints how long its best rounds took, in seconds.
const SCRIPT: &str = r#"
import json, sys, time
from xml.etree import ElementTree
from psrpcore.types import deserialize, serialize
from psrpcore._crypto import PSRemotingCrypto

cipher = PSRemotingCrypto()
bodies = json.load(sys.stdin)

def best(act):
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        result = [act(item) for item in items]
        taken.append(time.perf_counter() - start)
    return min(taken), result

items = bodies
decode, items = best(lambda body: deserialize(ElementTree.fromstring(body), cipher))
encode, written = best(lambda value: ElementTree.tostring(serialize(value, cipher), encoding="utf-8"))
print(json.dumps({"decode": decode, "encode": encode, "written": sum(map(len, written))}))
"#;

pub(crate) fn measure(report: &mut Report) {
    match bodies() {
        Some(bodies) => clixml_of(&bodies, report),
        None => println!("skipped: ../shared is absent, so there are no recordings to decode"),
    }
    fragments(report);
}

fn clixml_of(bodies: &[String], report: &mut Report) {
    let values: Vec<Value> = bodies.iter().map(|body| decode(body)).collect();
    assert!(
        values
            .iter()
            .zip(bodies)
            .all(|(value, body)| clixml::write(value) == *body)
    );
    let bytes: usize = bodies.iter().map(String::len).sum();
    let [scan, decoding, encoding] = best([
        &mut || bodies.iter().map(|body| scan(body)).sum(),
        &mut || {
            bodies
                .iter()
                .map(|body| black_box(decode(body)).is_null() as usize)
                .sum()
        },
        &mut || values.iter().map(|value| clixml::write(value).len()).sum(),
    ]);
    let rate = |time: Duration| bytes as f64 / time.as_secs_f64() / 1e6;
    report.add_rate("quick-xml scan (MB)", rate(scan));
    report.add_rate("clixml decode (MB)", rate(decoding));
    report.add_rate("clixml encode (MB)", rate(encoding));
    report.compare(
        "CLIXML decode / quick-xml scan of the same bytes",
        rate(decoding) / rate(scan),
        Some(0.5),
    );
    report.compare(
        "CLIXML encode / quick-xml scan of the same bytes",
        rate(encoding) / rate(scan),
        Some(0.5),
    );
    let Some(python) = Peer::python() else { return };
    let theirs = psrpcore(&python, bodies);
    let seconds = |name: &str| theirs[name].as_f64().expect("seconds");
    let (read, written) = (bytes as f64 / seconds("decode"), seconds("written") / seconds("encode"));
    report.add_rate("psrpcore decode (MB)", read / 1e6);
    report.add_rate("psrpcore encode (MB)", written / 1e6);
    report.compare("CLIXML decode / psrpcore's", rate(decoding) * 1e6 / read, Some(20.0));
    report.compare("CLIXML encode / psrpcore's", rate(encoding) * 1e6 / written, Some(20.0));
}

fn decode(body: &str) -> Value {
    clixml::read_value(body.as_bytes(), &Budget::default()).expect("a body")
}

/// All that a reader of XML must do at the least: find every tag and text.
fn scan(body: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(body);
    let mut events = 0;
    while !matches!(black_box(reader.read_event().expect("XML")), Event::Eof) {
        events += 1;
    }
    events
}

fn psrpcore(python: &Path, bodies: &[String]) -> Json {
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut input = child.stdin.take().expect("it was piped");
    write!(input, "{}", Json::from(bodies)).expect("python reads");
    drop(input);
    let output = child.wait_with_output().expect("python ends");
    serde_json::from_slice(&output.stdout).expect("psrpcore's times")
}

/// A message there and back: cut to the blobs of a pipe, and put together.
fn fragments(report: &mut Report) {
    let message = Message {
        destination: Destination::Client,
        kind: MessageType::PipelineOutput,
        pool: Uuid::from_u128(1),
        pipeline: Some(Uuid::from_u128(2)),
        body: Bytes::from(vec![b'x'; 4 << 20]),
    };
    let mut fragmenter = Fragmenter::new();
    let cut = fragmenter.split(&message, 32 << 10);
    let mut copy = vec![0; message.body.len()];
    let [memcpy, split, whole] = best([
        &mut || {
            copy.copy_from_slice(black_box(&message.body));
            black_box(&copy).len()
        },
        &mut || fragmenter.split(&message, 32 << 10).len(),
        &mut || {
            let mut reassembler = Reassembler::new(Limits::CLIENT);
            let messages = cut.iter().filter_map(|fragment| {
                reassembler.push(fragment.clone());
                reassembler.next().expect("in order")
            });
            messages.map(|whole| black_box(whole).body.len()).sum()
        },
    ]);
    let rate = |time: Duration| message.body.len() as f64 / time.as_secs_f64() / 1e6;
    report.add_rate("memcpy (MB)", rate(memcpy));
    report.add_rate("fragments cut (MB)", rate(split));
    report.add_rate("fragments put together (MB)", rate(whole));
    report.compare("fragments cut / memcpy", rate(split) / rate(memcpy), None);
    report.compare("fragments put together / memcpy", rate(whole) / rate(memcpy), None);
    report.compare(
        "fragments cut and put together / memcpy",
        rate(split + whole) / rate(memcpy),
        None,
    );
}

/// The best time of each, round by round.
fn best<const N: usize>(mut acts: [&mut dyn FnMut() -> usize; N]) -> [Duration; N] {
    let mut best = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (act, best) in acts.iter_mut().zip(&mut best) {
            let started = Instant::now();
            black_box(act());
            *best = started.elapsed().min(*best);
        }
    }
    best
}

/// What every user has one of each of.
const LEAVES: [&str; 8] = [
    "decimal", "dateloc", "span", "version4", "emoji", "bytes", "single", "uri",
];

/// What one user has and the next has not.
const OBJECTS: [&str; 8] = [
    "dict", "file", "hashset", "ordered", "psobj", "selected", "strarray", "tuple",
];

/// The output of a thousand users: in each what PowerShell recorded of users and of a thousand objects, and some of its
/// other recorded values.
fn bodies() -> Option<Vec<String>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/pwsh");
    let (users, thousand) = (recorded(&folder, "users")?, recorded(&folder, "thousand")?);
    let value = |name: &str| {
        let xml = std::fs::read(folder.join(format!("values/{name}.2.clixml"))).expect(name);
        only(&xml)
    };
    let leaves = LEAVES.map(|name| Property::new(name, value(name)));
    let objects = OBJECTS.map(value);
    let bodies = (0..USERS).map(|index| {
        let parts = [&users[index % users.len()], &thousand[index % thousand.len()]];
        let own = parts
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(Object::properties);
        let mut user = Object::custom();
        user.adapted = Some(own.chain(&leaves).cloned().collect());
        let user = user.extended("Policy", objects[index % objects.len()].clone());
        clixml::write(&user.into())
    });
    Some(bodies.collect())
}

fn recorded(folder: &Path, name: &str) -> Option<Vec<Value>> {
    let json = std::fs::read(folder.join(format!("display/{name}.json"))).ok()?;
    let json: Json = serde_json::from_slice(&json).expect(name);
    let documents = json["objects"].as_array().expect("a list").iter();
    let values = documents.map(|document| {
        let xml = document.as_str().expect("a document");
        only(xml.as_bytes())
    });
    Some(values.collect())
}

fn only(document: &[u8]) -> Value {
    let mut document = clixml::read(document, &Budget::default()).expect("a document");
    document.values.remove(0)
}
