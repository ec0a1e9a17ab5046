//! The redb file: two tables, rows as JSON so that a later release can read what an earlier one wrote.

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::{Entry, Error, Row};

const ROWS: TableDefinition<'_, [u8; 16], &[u8]> = TableDefinition::new("rows");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// The format that this release writes. It rises when an older release would misread a row.
const FORMAT: u64 = 1;

/// What the file held when it was opened.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) rows: Vec<Row>,
    pub(crate) fences: u64,
    /// Rows that could not be read: their shells are unknown, and somebody must be told.
    pub(crate) damaged: Vec<String>,
}

/// The open file.
#[derive(Debug)]
pub(crate) struct File {
    database: Database,
}

impl File {
    /// Opens or makes the file. The database holds an exclusive lock on it while it is open.
    pub(crate) fn open(path: &Path) -> Result<(Self, Contents), Error> {
        let failed = |message: String| Error::Open {
            path: PathBuf::from(path),
            message,
        };
        let database = Database::create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => Error::Taken {
                path: PathBuf::from(path),
            },
            other => failed(other.to_string()),
        })?;
        let file = Self { database };
        let found = file.prepare().map_err(|error| failed(error.to_string()))?;
        if found > FORMAT {
            return Err(Error::Newer {
                path: PathBuf::from(path),
                found,
                known: FORMAT,
            });
        }
        let contents = file.contents().map_err(|error| failed(error.to_string()))?;
        Ok((file, contents))
    }

    fn prepare(&self) -> Result<u64, redb::Error> {
        let write = self.database.begin_write()?;
        let found = {
            write.open_table(ROWS)?;
            let mut numbers = write.open_table(NUMBERS)?;
            let found = numbers.get("format")?.map(|value| value.value());
            match found {
                Some(found) => found,
                None => {
                    numbers.insert("format", FORMAT)?;
                    FORMAT
                }
            }
        };
        write.commit()?;
        Ok(found)
    }

    fn contents(&self) -> Result<Contents, redb::Error> {
        let read = self.database.begin_read()?;
        let mut contents = Contents::default();
        for item in read.open_table(ROWS)?.iter()? {
            let (key, value) = item?;
            match Row::read(value.value()) {
                Ok(row) => contents.rows.push(row),
                Err(error) => {
                    contents
                        .damaged
                        .push(format!("shell {}: {error}", uuid::Uuid::from_bytes(key.value())));
                }
            }
        }
        contents.fences = read
            .open_table(NUMBERS)?
            .get("fences")?
            .map_or(0, |value| value.value());
        Ok(contents)
    }

    /// Writes all entries in one durable transaction: all of them are in the books afterwards, or none is.
    pub(crate) fn commit<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Result<(), Error> {
        self.try_commit(entries)
            .map_err(|error| Error::Write(error.to_string()))
    }

    fn try_commit<'a>(&self, entries: impl Iterator<Item = &'a Entry>) -> Result<(), redb::Error> {
        let mut write = self.database.begin_write()?;
        write.set_durability(Durability::Immediate)?;
        {
            let mut rows = write.open_table(ROWS)?;
            let mut numbers = write.open_table(NUMBERS)?;
            for entry in entries {
                match entry {
                    Entry::Put(row) => {
                        let bytes = row.to_bytes().map_err(std::io::Error::other)?;
                        rows.insert(row.shell.into_bytes(), bytes.as_slice())?;
                    }
                    Entry::Remove(shell) => {
                        rows.remove(shell.into_bytes())?;
                    }
                    Entry::Fences(upto) => {
                        let before = numbers.get("fences")?.map_or(0, |value| value.value());
                        numbers.insert("fences", before.max(*upto))?;
                    }
                }
            }
        }
        write.commit()?;
        Ok(())
    }
}
