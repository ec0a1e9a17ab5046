//! What was written is there again, and what is none of ours is refused.

use std::sync::mpsc::sync_channel;

use uuid::Uuid;

use crate::{Affinity, Anchor, Entry, Error, LeaseKind, LeaseRow, Ledger, Opened, Row, Stage};

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
        [row(2, Stage::Open)],
        "a shell that is gone is known for ours"
    );
    assert_eq!(again.fences, 1024, "fences never go back");
    assert!(again.damaged.is_empty() && again.notices.is_empty(), "{again:?}");
}

#[test]
fn the_past_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.redb");
    let opened = Ledger::open(&path).unwrap();
    for some in 0..15_u128 {
        let entries = (some * 100..(some + 1) * 100).flat_map(|n| {
            let mut old = row(n, Stage::Closing);
            old.wall = n as u64;
            [Entry::Put(Box::new(old)), Entry::Remove(Uuid::from_u128(n))]
        });
        write(&opened.ledger, entries.collect());
    }
    close(opened);
    let again = Ledger::open(&path).unwrap();
    assert!((512..=1025).contains(&again.past.len()), "{}", again.past.len());
    let last = again.past.last().unwrap();
    assert_eq!(last.wall, 1499, "the latest are kept");
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
