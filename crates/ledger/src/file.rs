//! The redb file: tables of shells, leases, shells that are gone, and numbers.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableError,
};

use crate::contents::Contents;
use crate::past::{Ages, Past, read_past};
use crate::record::{damaged, read_lease, read_row, write};
use crate::{Entry, Error};

type Rows<'k> = TableDefinition<'k, [u8; 16], &'static [u8]>;
const ROWS: Rows<'_> = TableDefinition::new("rows");
const GONE: Rows<'_> = TableDefinition::new("gone");
const LEASES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("leases");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// The format that this release writes. It rises when an older release would misread a row.
const FORMAT: u64 = 3;
/// The books are small, and so is the memory that they may take.
const CACHE: usize = 1 << 20;
/// A file that is longer is compacted, in bytes: a burst of rows makes it grow, and pages that are free again stay in it.
const ROOMY: u64 = 1 << 20;

/// What the file held when it was opened.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) contents: Contents,
    pub(crate) past: Vec<Past>,
    /// Rows that could not be read: their shells are unknown, and somebody must be told.
    pub(crate) damaged: Vec<String>,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct File {
    database: Database,
    path: PathBuf,
    /// Which shells that are gone are in it.
    ages: Ages,
    /// The length from which on it is compacted, in bytes.
    bound: u64,
}

impl File {
    /// Opens or makes the file. The database holds an exclusive lock on it while it is open. Every page is looked at: a
    /// file that something else than this program has changed is refused.
    pub(crate) fn open(path: &Path) -> Result<(Self, Found), Error> {
        let failed = |message: String| Error::Open {
            path: PathBuf::from(path),
            message,
        };
        // A file that is damaged in a way of which the database has not thought may make it panic.
        let opened = catch_unwind(AssertUnwindSafe(|| Self::try_open(path)));
        match opened {
            Ok(Ok(opened)) => Ok(opened),
            Ok(Err(Failed::Database(DatabaseError::DatabaseAlreadyOpen))) => Err(Error::Taken {
                path: PathBuf::from(path),
            }),
            Ok(Err(Failed::Newer(found))) => Err(Error::Newer {
                path: PathBuf::from(path),
                found,
                known: FORMAT,
            }),
            Ok(Err(Failed::Database(error))) => Err(failed(error.to_string())),
            Ok(Err(Failed::Other(error))) => Err(failed(error.to_string())),
            Err(_) => Err(failed("their database does not understand them".to_owned())),
        }
    }

    fn try_open(path: &Path) -> Result<(Self, Found), Failed> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
        let mut file = Self {
            database: builder.create(path).map_err(Failed::Database)?,
            path: path.to_path_buf(),
            ages: Ages::default(),
            bound: ROOMY,
        };
        let format = file.format().map_err(Failed::Other)?;
        if format > FORMAT {
            return Err(Failed::Newer(format));
        }
        let mut found = file.read().map_err(Failed::Other)?;
        if format < FORMAT {
            found.contents.generation += 1;
            file.rewrite(&found).map_err(Failed::Other)?;
        }
        file.tidy();
        Ok((file, found))
    }

    /// The format that the file was written in; 0 for a new one.
    fn format(&self) -> Result<u64, redb::Error> {
        let read = self.database.begin_read()?;
        match read.open_table(NUMBERS) {
            Ok(numbers) => Ok(numbers.get("format")?.map_or(0, |value| value.value())),
            Err(TableError::TableDoesNotExist(_)) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&mut self) -> Result<Found, redb::Error> {
        // Made where they are missing, so that reading need not ask.
        let write = self.database.begin_write()?;
        let mut found = Found::default();
        for item in write.open_table(ROWS)?.iter()? {
            let (key, value) = item?;
            match read_row(value.value()) {
                Ok(row) if row.shell.into_bytes() == key.value() => {
                    found.contents.rows.insert(row.shell, row);
                }
                Ok(_) => found
                    .damaged
                    .push(format!("shell {}: another one's row", id(key.value()))),
                Err(why) => found
                    .damaged
                    .push(damaged(format_args!("shell {}", id(key.value())), &why)),
            }
        }
        for item in write.open_table(LEASES)?.iter()? {
            let (key, value) = item?;
            match read_lease(value.value()) {
                Ok(lease) => {
                    found.contents.leases.insert(lease.lease, lease);
                }
                Err(why) => found.damaged.push(damaged(format_args!("lease {}", key.value()), &why)),
            }
        }
        let mut unreadable = Vec::new();
        for item in write.open_table(GONE)?.iter()? {
            let (key, value) = item?;
            match read_past(value.value()) {
                Ok(past) if past.shell.into_bytes() == key.value() => found.past.push(past),
                // One of these that cannot be read is no loss.
                _ => unreadable.push(key.value()),
            }
        }
        found.past.sort_by_key(|past| past.wall);
        self.ages = Ages::of(unreadable, &found.past);
        let numbers = write.open_table(NUMBERS)?;
        let number = |name: &str| Ok::<_, redb::Error>(numbers.get(name)?.map_or(0, |value| value.value()));
        found.contents.fences = number("fences")?;
        found.contents.generation = number("generation")?;
        drop(numbers);
        write.commit()?;
        Ok(found)
    }

    /// Brings an older file to this release's format. Rows that cannot be read stay as they are.
    fn rewrite(&mut self, found: &Found) -> Result<(), redb::Error> {
        let rows = found.contents.rows.values();
        let entries: Vec<Entry> = rows.map(|row| Entry::Put(Box::new(row.clone()))).collect();
        self.write(entries.iter(), found.contents.generation)
    }

    /// Writes all entries in one durable transaction: all of them are in the books afterwards, or none is.
    pub(crate) fn commit<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry>,
        generation: u64,
    ) -> Result<(), Error> {
        self.write(entries, generation)
            .map_err(|error| Error::Write(error.to_string()))
    }

    fn write<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, generation: u64) -> Result<(), redb::Error> {
        let mut ages = self.ages.clone();
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut rows = transaction.open_table(ROWS)?;
            let mut leases = transaction.open_table(LEASES)?;
            let mut gone = transaction.open_table(GONE)?;
            let mut numbers = transaction.open_table(NUMBERS)?;
            for entry in entries {
                match entry {
                    Entry::Put(row) => {
                        rows.insert(row.shell.into_bytes(), bytes(&**row)?.as_slice())?;
                    }
                    Entry::Remove(shell) => {
                        let last = rows.remove(shell.into_bytes())?;
                        // What cannot be read of a shell cannot be remembered of it.
                        let row = last.and_then(|last| read_row(last.value()).ok());
                        if let Some(row) = row
                            && gone
                                .insert(shell.into_bytes(), bytes(&Past::from(&row))?.as_slice())?
                                .is_none()
                        {
                            ages.push(shell.into_bytes());
                        }
                    }
                    Entry::Fences(upto) => {
                        let before = numbers.get("fences")?.map_or(0, |value| value.value());
                        numbers.insert("fences", before.max(*upto))?;
                    }
                    Entry::Lease(lease) => {
                        leases.insert(lease.lease, bytes(&**lease)?.as_slice())?;
                    }
                    Entry::LeaseOver(lease) => {
                        leases.remove(lease)?;
                    }
                }
            }
            while let Some(oldest) = ages.surplus() {
                gone.remove(oldest)?;
            }
            numbers.insert("format", FORMAT)?;
            numbers.insert("generation", generation)?;
        }
        transaction.commit()?;
        self.ages = ages;
        Ok(())
    }

    /// Gives back what a burst has taken. Compacting is a few transactions of the database: who is killed in one finds
    /// the books as they were.
    pub(crate) fn tidy(&mut self) {
        let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
        if length(&self.path) <= self.bound {
            return;
        }
        // A file that stays long, because so much is in it or because the disk refuses, is left alone until it has
        // doubled; whether it can still be written shows at the next commit.
        let _ = self.database.compact();
        self.bound = ROOMY.max(2 * length(&self.path));
    }
}

enum Failed {
    Database(DatabaseError),
    Newer(u64),
    Other(redb::Error),
}

fn id(key: [u8; 16]) -> uuid::Uuid {
    uuid::Uuid::from_bytes(key)
}

fn bytes<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, redb::Error> {
    write(value).map_err(|error| std::io::Error::other(error).into())
}
