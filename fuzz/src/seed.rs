//! Makes the targets' first corpus out of the recordings: `cargo run --bin seed`, then `cargo fuzz run TARGET`.
//!
//! Each recorded envelope is a seed of `soap`, each payload in it one of `fragment`, each recorded value, awkward
//! document and message body one of `clixml`, and each recorded session's short lines are seeds of `pipe`. What its
//! client sent, with the server's part in short, is one of `door`. The rows of `ledger` stand here, as each release wrote them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

const HERE: &str = env!("CARGO_MANIFEST_DIR");
/// Longer seeds slow the search down more than they help it.
const LONGEST: usize = 16 * 1024;

/// Rows of the books: those of format 1, with and without what may be left out, then the JSON of those of format 2.
const ROWS: [&str; 4] = [
    r#"{"shell":"00000000-0000-0000-0000-000000000001","stage":"intent","session":3,"profile":"sfb","service":"skype-online","admin":"kenmyer@litwareinc.com","organization":"litwareinc.com","uri":"https://localhost/x","resource_uri":"","configuration":"Microsoft.PowerShell","session_id":"00000000-0000-0000-0000-000000000009","idle_seconds":900,"open_seconds":180,"wall":1763000000000,"epoch":0}"#,
    r#"{"shell":"00000000-0000-0000-0000-000000000002","stage":"unconfirmed","session":4,"profile":"sfb","service":"skype-online","admin":"kenmyer@litwareinc.com","organization":"litwareinc.com","uri":"https://localhost/x","resource_uri":"http://schemas.microsoft.com/powershell/Microsoft.PowerShell","configuration":"Microsoft.PowerShell","session_id":"00000000-0000-0000-0000-000000000009","ca":"/etc/ca.pem","allow_plain_http":true,"idle_seconds":900,"open_seconds":180,"wall":1763000000000,"epoch":4294967295,"running":true,"cookies":["MS-WSMAN=1"]}"#,
    r#"{"shell":"00000000-0000-0000-0000-000000000002","stage":"open","session":4,"profile":"sfb","service":"skype-online","admin":"kenmyer@litwareinc.com","organization":"litwareinc.com","uri":"https://localhost/x","resource_uri":"http://schemas.microsoft.com/powershell/Microsoft.PowerShell","configuration":"Microsoft.PowerShell","session_id":"00000000-0000-0000-0000-000000000009","ca":null,"allow_plain_http":false,"idle_seconds":900,"open_seconds":180,"wall":1763000000000,"epoch":1,"running":false,"renamed":"ABC","protocol":"2.3","identity":"x","dirty":true,"commands":7,"opened":1763000000000}"#,
    r#"{"lease":7,"fence":1031,"profile":"sfb","kind":"exclusive","batch":false,"session":4,"ttl_seconds":60,"anchor":{"pid":1,"started":2,"boot":"b","command":"bash"},"label":"","command":"pslease","pid":3,"tty":"pts/1","cwd":"/","interactive":true,"wall":1763000000000}"#,
];

/// The corpora in the making; a seed that is there already is not added.
#[derive(Default)]
struct Corpus {
    written: HashMap<(&'static str, Vec<u8>), ()>,
}

impl Corpus {
    fn add(&mut self, target: &'static str, seed: &[u8]) -> io::Result<()> {
        let count = self.written.keys().filter(|(t, _)| *t == target).count();
        if seed.len() > LONGEST || self.written.insert((target, seed.to_vec()), ()).is_some() {
            return Ok(());
        }
        let folder = Path::new(HERE).join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("seed-{count:05}")), seed)
    }

    /// Fragments, and the bodies of the messages in them. The first byte tells that target how finely to cut.
    fn fragments(&mut self, fragments: &[u8]) -> io::Result<()> {
        let mut seed = vec![0xff];
        seed.extend_from_slice(fragments);
        self.add("fragment", &seed)?;
        let mut whole = psrp::Reassembler::new(psrp::Limits::CLIENT);
        whole.push(Bytes::copy_from_slice(fragments));
        while let Ok(Some(message)) = whole.next() {
            self.add("clixml", message.xml())?;
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let vectors = Path::new(HERE).join("../../shared/vectors");
    if !vectors.is_dir() {
        println!("skipped: ../shared is absent");
        return Ok(());
    }
    let mut corpus = Corpus::default();
    for row in ROWS {
        corpus.add("ledger", row.as_bytes())?;
    }
    corpus.add("door", MADE.as_bytes())?;
    for path in files(&vectors.join("pypsrp"), "yml")? {
        for line in fs::read_to_string(path)?.lines() {
            let Some((_, envelope)) = line.split_once(": ").filter(|(_, e)| e.starts_with("<s:Envelope")) else {
                continue;
            };
            corpus.add("soap", envelope.as_bytes())?;
            for text in envelope
                .split('<')
                .filter_map(|part| part.split_once('>'))
                .map(|(_, text)| text)
            {
                match STANDARD.decode(text) {
                    Ok(fragments) if fragments.len() > psrp::fragment::HEADER => corpus.fragments(&fragments)?,
                    _ => {}
                }
            }
        }
    }
    for path in files(&vectors.join("pwsh/values"), "clixml")? {
        corpus.add("clixml", &fs::read(path)?)?;
    }
    let odd: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(vectors.join("pwsh/odd.json"))?)?;
    for document in &odd {
        corpus.add("clixml", document["xml"].as_str().unwrap_or_default().as_bytes())?;
    }
    for path in files(&vectors.join("pwsh/sessions"), "jsonl")? {
        let mut stream = vec![0xff];
        let mut lines = Vec::new();
        for record in fs::read_to_string(path)?.lines() {
            let record: serde_json::Value = serde_json::from_str(record)?;
            let line = record["line"].as_str().unwrap_or_default();
            if stream.len() + line.len() < 4096 {
                stream.extend_from_slice(line.as_bytes());
                stream.push(b'\n');
            }
            if let Ok(packet) = pipe::Packet::read(line.as_bytes()) {
                if let pipe::Packet::Data { bytes, .. } = &packet {
                    corpus.fragments(bytes)?;
                }
                let line = door_line(record["from"] == "client", line, &packet);
                if lines.len() + line.len() < LONGEST {
                    lines.extend_from_slice(line.as_bytes());
                    lines.push(b'\n');
                }
            }
        }
        corpus.add("pipe", &stream)?;
        corpus.add("door", &lines)?;
    }
    println!("{} seeds in {HERE}/corpus", corpus.written.len());
    Ok(())
}

/// A line of a recorded session as the target `door` takes it: the client's as it is, the server's by what it was.
fn door_line(client: bool, line: &str, packet: &pipe::Packet) -> String {
    let short = match packet {
        _ if client => line,
        pipe::Packet::Data { ps_guid, .. } if ps_guid.is_nil() => "!t",
        pipe::Packet::Data { bytes, .. } => match bytes.get(25..29) {
            // The message's kind, little-endian, behind the fragment's header and the destination.
            Some([6, 0x10, 4, 0]) => "!s0",
            Some([0, 0x11, 4, 0]) => "!H0<I64 N=\"ci\">1</I64>",
            _ => "!p0<S>x</S>",
        },
        pipe::Packet::CloseAck { .. } => "!e0",
        _ => "!d0.......",
    };
    short.to_owned()
}

/// Packets that a target makes by itself, so that its search need not find out what base64 is.
const MADE: &str = "\
=D0a
=D0b
!t
=D0i
!k
=C1
=D1c
!p0<S>x</S>
!H0<I64 N=\"ci\">1</I64>
=D1e~<S>some input that is cut into several fragments on its way</S>
=P1g<Obj RefId=\"0\"><MS><I64 N=\"ci\">1</I64></MS></Obj>
=D1f
!d0.......
=C2
=D2c<Obj RefId=\"0\"><MS><B N=\"IsNested\">true</B></MS></Obj>
=S1
!s0
!e0
=X1
=D0j
!r
=D0k
!q
=X2
!e0
=X0
";

fn files(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    Ok(paths)
}
