//! The books after what time and disks do to files: other releases, flipped bits, missing ends.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use ledger::{Affinity, Entry, Error, Facts, Ledger, Opened, Row, Stage};
use uuid::Uuid;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn row(n: u128, stage: Stage) -> Row {
    let intended = stage == Stage::Intent;
    Row {
        shell: Uuid::from_u128(n),
        stage,
        session: n as u64,
        profile: "sfb".into(),
        service: "skype-online".into(),
        admin: "kenmyer@litwareinc.com".into(),
        organization: "litwareinc.com".into(),
        uri: "https://admin1a.online.lync.com/OcsPowershellLiveId".into(),
        resource_uri: if intended {
            String::new()
        } else {
            "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into()
        },
        configuration: "Microsoft.PowerShell".into(),
        session_id: Uuid::from_u128(0x900 + n),
        ca: (n == 2).then(|| "/etc/ssl/lab.pem".into()),
        allow_plain_http: n == 3,
        idle_seconds: 900,
        open_seconds: 180,
        wall: 1_763_000_000_000 + n as u64,
        epoch: 0,
        running: n == 2,
        renamed: None,
        protocol: None,
        affinity: Affinity::Untold,
        identity: String::new(),
        dirty: true,
        commands: 0,
        opened: 0,
        facts: None,
    }
}

fn rows() -> Vec<Row> {
    let stages = [Stage::Intent, Stage::Open, Stage::Closing, Stage::Unconfirmed];
    stages.into_iter().zip(1..).map(|(stage, n)| row(n, stage)).collect()
}

/// With everything that the format has by now.
fn rows_of_now() -> Vec<Row> {
    let mut rows = rows();
    rows[1].facts = Some(Facts {
        capability: "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version></MS></Obj>".into(),
        private_data: Some("<Obj RefId=\"0\"><MS /></Obj>".into()),
    });
    rows
}

fn close(opened: Opened) {
    drop(opened.ledger);
    opened.thread.join().expect("the thread of the books ends");
}

#[test]
fn files_of_every_version_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    for version in 1..=3 {
        let path = folder.path().join(format!("version-{version}.redb"));
        std::fs::copy(fixture(&format!("version-{version}.redb")), &path).expect("a fixture");
        for time in 0..2 {
            let opened = Ledger::open(&path).expect("an old file is read");
            let rows = if version < 3 { rows() } else { rows_of_now() };
            assert_eq!(opened.rows, rows, "version {version}, time {time}");
            assert_eq!(opened.fences, 2049);
            assert!(opened.damaged.is_empty() && opened.notices.is_empty(), "{opened:?}");
            close(opened);
        }
    }
}

/// Makes the fixture of the format as it is now; its file is checked in and from then on never made again.
#[test]
#[ignore = "writes a file of the source tree: once, when the format changes"]
fn make_the_fixture() {
    let path = fixture("version-3.redb");
    let _ = std::fs::remove_file(&path);
    make(&path);
    std::fs::remove_file(path.with_extension("copy")).expect("its copy is not checked in");
}

fn make(path: &Path) {
    let opened = Ledger::open(path).expect("a new file");
    let (said, heard) = sync_channel(1);
    let entries = rows_of_now().into_iter().map(|row| Entry::Put(Box::new(row)));
    let entries = entries.chain([Entry::Fences(2049)]).collect();
    opened
        .ledger
        .write(entries, move |result| said.send(result).expect("heard"));
    heard.recv().expect("an answer").expect("written");
    close(opened);
}

/// A small ledger, its copy, and a place to spoil them in.
struct Patient {
    folder: tempfile::TempDir,
    file: Vec<u8>,
    copy: Vec<u8>,
}

impl Patient {
    fn new() -> Self {
        // Thousands of files are opened: in memory where there is such a place.
        let shm = Path::new("/dev/shm");
        let folder = if shm.is_dir() {
            tempfile::tempdir_in(shm)
        } else {
            tempfile::tempdir()
        };
        let folder = folder.expect("a folder");
        let path = folder.path().join("ledger.redb");
        make(&path);
        Self {
            file: std::fs::read(&path).expect("the file"),
            copy: std::fs::read(path.with_extension("copy")).expect("the copy"),
            folder,
        }
    }

    fn open(&self, file: &[u8], copy: Option<&[u8]>) -> Result<Opened, Error> {
        let path = self.folder.path().join("ledger.redb");
        std::fs::write(&path, file).expect("the file");
        match copy {
            Some(copy) => std::fs::write(path.with_extension("copy"), copy).expect("the copy"),
            None => drop(std::fs::remove_file(path.with_extension("copy"))),
        }
        Ledger::open(&path)
    }

    /// The books are whole; else this says what they are.
    fn is_whole(opened: Result<Opened, Error>, what: &str) {
        let opened = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(opened.rows, rows_of_now(), "{what}");
        assert!(opened.fences >= 2049, "{what}: fences went back");
        close(opened);
    }

    /// The books are whole, or refused in words that name a cure.
    fn is_whole_or_refused(opened: Result<Opened, Error>, what: &str) {
        match opened {
            Ok(opened) => Self::is_whole(Ok(opened), what),
            Err(Error::Damaged { .. } | Error::Newer { .. }) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }

    /// Where the file says something, and some of where it does not.
    fn places(&self, every: usize) -> Vec<usize> {
        let says = |at: &usize| self.file[*at] != 0;
        let silent = (0..self.file.len()).step_by(16411);
        let head = 0..320;
        let speaking = (0..self.file.len()).filter(says).step_by(every);
        let mut places: Vec<usize> = head.chain(speaking).chain(silent).collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

fn quietly(test: impl FnOnce()) {
    // The database may panic over a damaged file, which is caught, but not before it was printed.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.location().is_some_and(|at| !at.file().contains("redb")) {
            hook(panic);
        }
    }));
    test();
}

#[test]
fn a_flipped_bit_loses_nothing() {
    let patient = Patient::new();
    quietly(|| {
        for (number, at) in patient.places(97).into_iter().enumerate() {
            let mut file = patient.file.clone();
            file[at] ^= 1 << (number % 8);
            Patient::is_whole_or_refused(patient.open(&file, None), &format!("byte {at}, no copy"));
            Patient::is_whole(patient.open(&file, Some(&patient.copy)), &format!("byte {at}"));
        }
    });
}

#[test]
fn a_flipped_bit_of_the_copy_does_no_harm() {
    let patient = Patient::new();
    for at in (0..patient.copy.len()).step_by(11) {
        let mut copy = patient.copy.clone();
        copy[at] ^= 1 << (at % 8);
        Patient::is_whole(
            patient.open(&patient.file, Some(&copy)),
            &format!("byte {at} of the copy"),
        );
    }
}

#[test]
fn a_file_that_is_cut_short_loses_nothing() {
    let patient = Patient::new();
    quietly(|| {
        let lengths = (0..64).chain((64..patient.file.len()).step_by(19979));
        for length in lengths.chain([patient.file.len() - 1]) {
            let file = &patient.file[..length];
            let what = format!("{length} bytes");
            Patient::is_whole(patient.open(file, Some(&patient.copy)), &what);
            if length > 0 {
                Patient::is_whole_or_refused(patient.open(file, None), &what);
            }
            let half = &patient.copy[..patient.copy.len() / 2];
            let opened = patient.open(file, Some(half));
            assert!(
                matches!(opened, Err(Error::Damaged { .. })),
                "{what} and half a copy: {opened:?}"
            );
        }
    });
}
