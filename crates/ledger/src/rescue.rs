//! Opening the books when they may have suffered: from the file, from its copy, from both, or not at all. What was in
//! either is in them afterwards; an empty book is never made of a damaged one.

use std::fs;
use std::path::Path;

use crate::contents::Contents;
use crate::file::{File, Found};
use crate::{Entry, Error, copy};

/// The books as they could be had.
#[derive(Debug)]
pub(crate) struct Rescued {
    pub(crate) file: File,
    pub(crate) found: Found,
    /// What happened to the books, a sentence each.
    pub(crate) notices: Vec<String>,
}

/// Opens the books at `path`, or makes them.
pub(crate) fn open(path: &Path) -> Result<Rescued, Error> {
    let copied = copy::read(path);
    let has_copy = copy::path_of(path).exists();
    let was_there = fs::metadata(path).is_ok_and(|found| found.len() > 0);
    let lost = |message: String| Error::Damaged {
        path: path.to_path_buf(),
        aside: if has_copy {
            format!("{} and {}", path.display(), copy::path_of(path).display())
        } else {
            path.display().to_string()
        },
        message,
    };
    if !was_there && has_copy && copied.is_none() {
        return Err(lost("the file is gone".to_owned()));
    }
    match (File::open(path), copied) {
        (Ok((file, found)), copied) => {
            let newer = copied.filter(|copied| copied.generation > found.contents.generation);
            match newer {
                None => Ok(whole(file, found)),
                Some(newer) => {
                    let notice = if was_there {
                        format!(
                            "{}: the books had gone back in time; their copy was newer",
                            path.display()
                        )
                    } else {
                        format!(
                            "{}: the books were gone, and were made anew from their copy",
                            path.display()
                        )
                    };
                    merged(file, found, newer, notice)
                }
            }
        }
        (Err(Error::Open { message, .. }), Some(copied)) => {
            let aside = path.with_extension("damaged");
            fs::rename(path, &aside).map_err(|error| Error::Open {
                path: path.to_path_buf(),
                message: error.to_string(),
            })?;
            let (file, found) = File::open(path)?;
            let notice = format!(
                "{}: the books were damaged ({message}) and made anew from their copy; the damaged ones are {}",
                path.display(),
                aside.display()
            );
            merged(file, found, copied, notice)
        }
        (Err(Error::Open { message, .. }), None) => Err(lost(message)),
        (Err(error), _) => Err(error),
    }
}

fn whole(file: File, found: Found) -> Rescued {
    Rescued {
        file,
        found,
        notices: Vec::new(),
    }
}

/// Adds what the copy has, and has all of it written before anything is decided by it.
fn merged(mut file: File, mut found: Found, newer: Contents, notice: String) -> Result<Rescued, Error> {
    // A row that the file has lost is not lost if the copy has it.
    found
        .damaged
        .retain(|words| !newer.rows.keys().any(|shell| words.contains(&shell.to_string())));
    found.contents.overlay(newer);
    found.contents.generation += 1;
    let rows = found.contents.rows.values();
    let leases = found.contents.leases.values();
    let entries: Vec<Entry> = rows
        .map(|row| Entry::Put(Box::new(row.clone())))
        .chain(leases.map(|lease| Entry::Lease(Box::new(lease.clone()))))
        .chain([Entry::Fences(found.contents.fences)])
        .collect();
    file.commit(entries.iter(), found.contents.generation)?;
    Ok(Rescued {
        file,
        found,
        notices: vec![notice],
    })
}
