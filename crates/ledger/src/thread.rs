//! The thread that owns the file. Commits wait for the disk, so no task of the daemon may; entries that arrive while one
//! commit is under way share the next.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::file::File;
use crate::{Entry, Error, Row};

/// Entries that may wait for the disk before whoever writes another waits too.
const QUEUE: usize = 1024;

type Done = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// The books. Clones write to the same file; the last one to go closes it after what was still waiting is written.
#[derive(Debug, Clone)]
pub struct Ledger {
    queue: SyncSender<Job>,
}

/// What the books held when they were opened.
#[derive(Debug)]
pub struct Opened {
    /// The books.
    pub ledger: Ledger,
    /// Shells that may exist.
    pub rows: Vec<Row>,
    /// The highest fence that may have been granted.
    pub fences: u64,
    /// Rows that could not be read, in words. They stay where they are.
    pub damaged: Vec<String>,
    /// Ends when the file is closed.
    pub thread: std::thread::JoinHandle<()>,
}

struct Job {
    entries: Vec<Entry>,
    done: Done,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens the file at `path`, or makes it, and starts its thread.
    pub fn open(path: &Path) -> Result<Opened, Error> {
        let (file, contents) = File::open(path)?;
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || serve(&file, &jobs))
            .map_err(|error| Error::Open {
                path: path.to_path_buf(),
                message: error.to_string(),
            })?;
        Ok(Opened {
            ledger: Self { queue },
            rows: contents.rows,
            fences: contents.fences,
            damaged: contents.damaged,
            thread,
        })
    }

    /// Writes entries, all or none; `done` is called on the ledger's thread once they are durable, or are not.
    pub fn write(&self, entries: Vec<Entry>, done: impl FnOnce(Result<(), Error>) + Send + 'static) {
        let job = Job {
            entries,
            done: Box::new(done),
        };
        if let Err(refused) = self.queue.send(job) {
            (refused.0.done)(Err(Error::Closed));
        }
    }
}

fn serve(file: &File, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < QUEUE
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        match file.commit(batch.iter().flat_map(|job| &job.entries)) {
            Ok(()) => {
                for job in batch {
                    (job.done)(Ok(()));
                }
            }
            Err(error) => {
                let message = error.to_string();
                for job in batch {
                    (job.done)(Err(Error::Write(message.clone())));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;
    use uuid::Uuid;

    fn row(n: u128, stage: Stage) -> Row {
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
            cookies: vec!["MS-WSMAN=1".into()],
        }
    }

    fn write(ledger: &Ledger, entries: Vec<Entry>) {
        let (said, heard) = sync_channel(1);
        ledger.write(entries, move |result| said.send(result).unwrap());
        heard.recv().unwrap().unwrap();
    }

    #[test]
    fn what_was_written_is_there_after_a_reload() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        let opened = Ledger::open(&path).unwrap();
        assert!(opened.rows.is_empty());
        write(
            &opened.ledger,
            vec![Entry::Put(Box::new(row(1, Stage::Intent))), Entry::Fences(1024)],
        );
        write(&opened.ledger, vec![Entry::Put(Box::new(row(2, Stage::Open)))]);
        write(
            &opened.ledger,
            vec![Entry::Put(Box::new(row(1, Stage::Closing))), Entry::Fences(7)],
        );
        write(&opened.ledger, vec![Entry::Remove(Uuid::from_u128(2))]);
        drop(opened.ledger);
        opened.thread.join().unwrap();

        let again = Ledger::open(&path).unwrap();
        assert_eq!(again.rows, [row(1, Stage::Closing)]);
        assert_eq!(again.fences, 1024, "fences never go back");
        assert!(again.damaged.is_empty());
    }

    #[test]
    fn a_second_process_or_handle_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        let _opened = Ledger::open(&path).unwrap();
        assert!(matches!(Ledger::open(&path), Err(Error::Taken { .. })));
    }

    #[test]
    fn a_file_that_is_no_ledger_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        std::fs::write(&path, "not a database, but long enough to look at".repeat(100)).unwrap();
        let error = Ledger::open(&path).unwrap_err();
        assert!(error.to_string().contains("ledger.redb"), "{error}");
    }
}
