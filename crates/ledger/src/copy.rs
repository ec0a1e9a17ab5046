//! The second copy of the books: one text file beside them, written anew after every commit. It is what is left when the
//! file itself is damaged, and it tells when the file has gone back in time.
//!
//! No write of it is forced to the disk: it may be older than the books, or torn, after a loss of power, which its
//! checksum and its generation show. A killed process loses nothing of it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::contents::Contents;
use crate::record::checksum;
use crate::row::{LeaseRow, Row};

const NAME: &str = "pslease books, copy";
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line<'a> {
    Row(&'a Row),
    Lease(&'a LeaseRow),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OwnLine {
    Row(Box<Row>),
    Lease(Box<LeaseRow>),
}

/// Where the copy of the books at `path` is.
pub(crate) fn path_of(path: &Path) -> PathBuf {
    path.with_extension("copy")
}

/// Writes the copy whole, in place of the last one.
pub(crate) fn write(path: &Path, contents: &Contents) -> io::Result<()> {
    let mut body = String::new();
    let rows = contents.rows.values().map(Line::Row);
    for line in rows.chain(contents.leases.values().map(Line::Lease)) {
        body.push_str(&serde_json::to_string(&line)?);
        body.push('\n');
    }
    let mut text = String::new();
    let head = format!("{VERSION} {} {}", contents.generation, contents.fences);
    let sum = checksum(format!("{head}\n{body}").as_bytes());
    let _ = write!(text, "{NAME}\n{sum:08x}\n{head}\n{body}");
    let (copy, new) = (path_of(path), path.with_extension("copy.new"));
    fs::write(&new, text)?;
    fs::rename(new, copy)
}

/// Takes away a copy that no longer tells the truth.
pub(crate) fn remove(path: &Path) {
    let _ = fs::remove_file(path_of(path));
}

/// Reads the copy; `None` where there is none, or none that can be trusted.
pub(crate) fn read(path: &Path) -> Option<Contents> {
    let text = fs::read_to_string(path_of(path)).ok()?;
    let (sum, rest) = text.strip_prefix(NAME)?.strip_prefix('\n')?.split_once('\n')?;
    if sum.len() != 8 || u32::from_str_radix(sum, 16).ok()? != checksum(rest.as_bytes()) {
        return None;
    }
    let (head, body) = rest.split_once('\n')?;
    let mut numbers = head.split(' ');
    if numbers.next()?.parse::<u32>().ok()? != VERSION {
        return None;
    }
    let mut contents = Contents {
        generation: numbers.next()?.parse().ok()?,
        fences: numbers.next()?.parse().ok()?,
        ..Contents::default()
    };
    for line in body.lines() {
        match serde_json::from_str(line).ok()? {
            OwnLine::Row(row) => {
                contents.rows.insert(row.shell, *row);
            }
            OwnLine::Lease(lease) => {
                contents.leases.insert(lease.lease, *lease);
            }
        }
    }
    Some(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;
    use crate::tests::{lease, row};

    #[test]
    fn a_copy_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        let mut contents = Contents {
            generation: 7,
            fences: 2049,
            ..Contents::default()
        };
        for n in 1..4 {
            contents.rows.insert(uuid::Uuid::from_u128(n), row(n, Stage::Open));
        }
        contents.leases.insert(3, lease(3));
        write(&path, &contents).unwrap();
        assert_eq!(read(&path), Some(contents));
        let whole = fs::read(path_of(&path)).unwrap();
        for at in (0..40).chain((40..whole.len()).step_by(29)) {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 0x20;
            fs::write(path_of(&path), &spoilt).unwrap();
            // Only the case of a hexadecimal digit may change without a difference.
            assert!(
                read(&path).is_none() || whole[at].is_ascii_hexdigit() && at < 40,
                "byte {at}"
            );
            fs::write(path_of(&path), &whole[..at]).unwrap();
            assert_eq!(read(&path), None, "{at} bytes");
        }
    }
}
