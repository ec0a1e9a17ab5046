//! What was written is there again, and what is none of ours is refused.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use uuid::Uuid;

use crate::{Affinity, Anchor, Entry, Error, LeaseKind, LeaseRow, Ledger, Opened, Past, Row, Stage};

pub(crate) fn row(n: u128, stage: Stage) -> Row {
    Row {
        shell: Uuid::from_u128(n),
        stage,
        session: 3,
        profile: "sfb".into(),
        service: "skype-online".into(),
        admin: "kenmyer@litwareinc.com".into(),
        organization: "litwareinc.com".into(),
        uri: "https://localhost/x".into(),
        resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
        configuration: "Microsoft.PowerShell".into(),
        session_id: Uuid::from_u128(9),
        ca: None,
        allow_plain_http: false,
        idle_seconds: 900,
        open_seconds: 180,
        wall: 1_763_000_000_000,
        epoch: 1,
        running: true,
        renamed: None,
        protocol: Some("2.3".into()),
        affinity: Affinity::LeftOut,
        identity: "x".into(),
        dirty: false,
        commands: 12,
        opened: 1_763_000_000_000,
        facts: None,
    }
}

pub(crate) fn lease(number: u64) -> LeaseRow {
    LeaseRow {
        lease: number,
        fence: 1025,
        profile: "sfb".into(),
        kind: LeaseKind::Exclusive,
        batch: true,
        session: Some(3),
        ttl_seconds: None,
        anchor: Some(Anchor {
            pid: 4711,
            started: 99,
            boot: "b".into(),
            command: "bash".into(),
        }),
        label: String::new(),
        command: "sh".into(),
        pid: 4712,
        tty: "pts/3".into(),
        cwd: "/root".into(),
        interactive: true,
        origin: "nightly.ps1:7".into(),
        parents: vec!["cron".into()],
        wall: 1_763_000_000_000,
    }
}

fn write(ledger: &Ledger, entries: Vec<Entry>) {
    let (said, heard) = sync_channel(1);
    ledger.write(entries, move |result| said.send(result).unwrap());
    heard.recv().unwrap().unwrap();
}

fn close(opened: Opened) {
    drop(opened.ledger);
    opened.thread.join().unwrap();
}

fn put(n: u128, stage: Stage) -> Entry {
    Entry::Put(Box::new(row(n, stage)))
}

#[test]
fn what_was_written_is_there_after_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    let opened = Ledger::open(&path).unwrap();
    assert!(opened.rows.is_empty() && opened.leases.is_empty() && opened.past.is_empty());
    let ledger = &opened.ledger;
    write(ledger, vec![put(1, Stage::Intent), Entry::Fences(1024)]);
    write(ledger, vec![put(2, Stage::Open), Entry::Lease(Box::new(lease(1)))]);
    write(ledger, vec![put(1, Stage::Closing), Entry::Fences(7)]);
    write(
        ledger,
        vec![Entry::Remove(Uuid::from_u128(2)), Entry::Lease(Box::new(lease(2)))],
    );
    write(ledger, vec![Entry::LeaseOver(1)]);
    close(opened);

    let again = Ledger::open(&path).unwrap();
    assert_eq!(again.rows, [row(1, Stage::Closing)]);
    assert_eq!(again.leases, [lease(2)]);
    assert_eq!(
        again.past,
        [Past::from(&row(2, Stage::Open))],
        "a shell that is gone is known for ours"
    );
    assert_eq!(again.fences, 1024, "fences never go back");
    assert!(again.damaged.is_empty() && again.notices.is_empty(), "{again:?}");
}

/// The bytes of the file and of its copy.
fn sizes(path: &Path) -> (u64, u64) {
    let bytes = |path: &Path| std::fs::metadata(path).unwrap().len();
    (bytes(path), bytes(&path.with_extension("copy")))
}

fn in_memory() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// The way of some shells through the books, from their intent until they are gone; their ids are as scattered as random
/// ones.
fn passage(some: std::ops::Range<u64>) -> Vec<Vec<Entry>> {
    let shell = |n: u64| u128::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let put = |stage| {
        let rows = some.clone().map(|n| {
            let mut row = row(shell(n), stage);
            row.wall = n;
            Entry::Put(Box::new(row))
        });
        rows.collect()
    };
    let gone = some.clone().map(|n| Entry::Remove(Uuid::from_u128(shell(n)))).collect();
    vec![put(Stage::Intent), put(Stage::Open), put(Stage::Closing), gone]
}

#[test]
fn ten_thousand_shells_leave_the_files_small() {
    let folder = in_memory();
    let path = folder.path().join("ledger.redb");
    let opened = Ledger::open(&path).unwrap();
    let mut largest = 0;
    for n in (0..10_000).step_by(10) {
        for step in passage(n..n + 10) {
            write(&opened.ledger, step);
        }
        // By then as much is remembered as ever will be.
        if n >= 1000 {
            largest = largest.max(sizes(&path).0);
        }
    }
    close(opened);
    let (file, copy) = sizes(&path);
    assert!(
        largest <= 512 << 10 && file <= 512 << 10,
        "{largest} at the most, {file} at the end"
    );
    assert!(copy < 1024, "nothing is left to copy: {copy}");
    let again = Ledger::open(&path).unwrap();
    let ages: Vec<u64> = again.past.iter().map(|past| past.wall).collect();
    assert_eq!(ages, (10_000 - 256..10_000).collect::<Vec<_>>(), "the latest are kept");
}

#[test]
fn what_a_burst_took_is_given_back() {
    let folder = in_memory();
    let path = folder.path().join("ledger.redb");
    let opened = Ledger::open(&path).unwrap();
    write(&opened.ledger, (0..4000).map(|n| put(n, Stage::Open)).collect());
    let full = sizes(&path).0;
    assert!(full > 2 << 20, "a burst takes room: {full}");
    write(
        &opened.ledger,
        (1..4000).map(|n| Entry::Remove(Uuid::from_u128(n))).collect(),
    );
    close(opened);
    let again = Ledger::open(&path).unwrap();
    assert_eq!(again.rows, [row(0, Stage::Open)]);
    assert!(sizes(&path).0 <= 1 << 20, "{:?}", sizes(&path));
}

#[test]
fn what_earlier_releases_kept_of_a_shell_that_is_gone_is_read() {
    let folder = in_memory();
    let path = folder.path().join("ledger.redb");
    close(Ledger::open(&path).unwrap());
    let old = row(5, Stage::Closing);
    {
        let database = redb::Database::open(&path).unwrap();
        let write = database.begin_write().unwrap();
        let gone: redb::TableDefinition<'_, [u8; 16], &[u8]> = redb::TableDefinition::new("gone");
        let mut table = write.open_table(gone).unwrap();
        table
            .insert(old.shell.into_bytes(), old.to_bytes().unwrap().as_slice())
            .unwrap();
        table.insert([7; 16], &b"spoilt"[..]).unwrap();
        drop(table);
        write.commit().unwrap();
    }
    let again = Ledger::open(&path).unwrap();
    assert_eq!(again.past, [Past::from(&old)]);
    assert!(again.damaged.is_empty(), "one that cannot be read is no loss");
}

#[test]
fn a_second_process_or_handle_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    let _opened = Ledger::open(&path).unwrap();
    assert!(matches!(Ledger::open(&path), Err(Error::Taken { .. })));
}

#[test]
fn a_file_that_is_no_ledger_is_refused_with_a_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    std::fs::write(&path, "not a database, but long enough to look at".repeat(100)).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("ledger.redb") && words.contains("pslease reconcile"),
        "{words}"
    );
    assert!(path.exists(), "it stays where it is");
}

#[test]
fn a_file_that_is_gone_is_made_anew_from_its_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    let opened = Ledger::open(&path).unwrap();
    write(&opened.ledger, vec![put(1, Stage::Open), Entry::Fences(2049)]);
    close(opened);
    for empty in [false, true] {
        std::fs::remove_file(&path).unwrap();
        if empty {
            std::fs::write(&path, "").unwrap();
        }
        let again = Ledger::open(&path).unwrap();
        assert_eq!(
            (again.rows.as_slice(), again.fences),
            (&[row(1, Stage::Open)][..], 2049)
        );
        assert_eq!(again.notices.len(), 1, "somebody is told: {:?}", again.notices);
        close(again);
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::write(path.with_extension("copy"), "spoilt").unwrap();
    for _ in 0..2 {
        assert!(
            matches!(Ledger::open(&path), Err(Error::Damaged { .. })),
            "an empty book is not the truth where there was another"
        );
    }
}

#[test]
fn a_file_of_a_later_release_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    close(Ledger::open(&path).unwrap());
    {
        let database = redb::Database::open(&path).unwrap();
        let write = database.begin_write().unwrap();
        let numbers: redb::TableDefinition<'_, &str, u64> = redb::TableDefinition::new("numbers");
        write.open_table(numbers).unwrap().insert("format", 99).unwrap();
        write.commit().unwrap();
    }
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
}
