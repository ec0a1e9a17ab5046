//! The thread that owns the file. Commits wait for the disk, so no task of the daemon may; entries that arrive while one
//! commit is under way share the next.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::contents::Contents;
use crate::file::File;
use crate::{Entry, Error, LeaseRow, Past, Row, copy, rescue};

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
    /// Leases that their holders may take up again.
    pub leases: Vec<LeaseRow>,
    /// Shells that were gone when last heard of, oldest first: ours, should one of them turn up again.
    pub past: Vec<Past>,
    /// The highest fence that may have been granted.
    pub fences: u64,
    /// Rows that could not be read, in words. They stay where they are.
    pub damaged: Vec<String>,
    /// What had happened to the books, and was put right, a sentence each.
    pub notices: Vec<String>,
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
        let rescued = rescue::open(path)?;
        let (contents, file) = (rescued.found.contents, rescued.file);
        let (rows, leases) = (
            contents.rows.values().cloned().collect(),
            contents.leases.values().cloned().collect(),
        );
        let fences = contents.fences;
        let (queue, jobs) = sync_channel(QUEUE);
        let served = Served {
            path: path.to_path_buf(),
            file,
            contents,
        };
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || served.serve(&jobs))
            .map_err(|error| Error::Open {
                path: path.to_path_buf(),
                message: error.to_string(),
            })?;
        Ok(Opened {
            ledger: Self { queue },
            rows,
            leases,
            past: rescued.found.past,
            fences,
            damaged: rescued.found.damaged,
            notices: rescued.notices,
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

/// What the thread has.
struct Served {
    path: PathBuf,
    file: File,
    contents: Contents,
}

impl Served {
    fn serve(mut self, jobs: &Receiver<Job>) {
        self.copy();
        while let Ok(first) = jobs.recv() {
            let mut batch = vec![first];
            while batch.len() < QUEUE
                && let Ok(job) = jobs.try_recv()
            {
                batch.push(job);
            }
            self.commit(batch);
        }
    }

    fn commit(&mut self, batch: Vec<Job>) {
        let entries = || batch.iter().flat_map(|job| &job.entries);
        match self.file.commit(entries(), self.contents.generation + 1) {
            Ok(()) => {
                self.contents.generation += 1;
                for entry in entries() {
                    self.contents.apply(entry);
                }
                for job in batch {
                    (job.done)(Ok(()));
                }
                // Nobody waits for the copy, nor for what keeps the file small.
                self.copy();
                self.file.tidy();
            }
            Err(error) => {
                let message = error.to_string();
                for job in batch {
                    (job.done)(Err(Error::Write(message.clone())));
                }
            }
        }
    }

    fn copy(&self) {
        if copy::write(&self.path, &self.contents).is_err() {
            // None is better than one that is not true any more.
            copy::remove(&self.path);
        }
    }
}
