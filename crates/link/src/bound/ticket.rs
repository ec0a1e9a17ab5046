//! What is in a file of tickets (MIT's credential cache, version 4), as far as a person has to be told why it is of no
//! use. GSSAPI says only that it is.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Tickets;
use crate::certificate::day_and_minute;

/// Whose tickets a cache holds, and until when.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    principal: String,
    /// The end of the ticket that grants tickets, in seconds since 1970.
    until: Option<u32>,
}

/// Why the asker's tickets are of no use, if the cache is a file that shows it.
pub(super) fn explain(user: &str, tickets: &Tickets) -> Option<String> {
    let name = match &tickets.cache {
        Some(name) => name.clone(),
        None => default_cache()?,
    };
    let path = name.strip_prefix("FILE:").unwrap_or(&name);
    if path.contains(':') {
        return None;
    }
    let Ok(bytes) = std::fs::read(path) else {
        return Some(format!("there is no Kerberos ticket of {user} in {name}; run kinit"));
    };
    let held = read(&bytes)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if user.contains('@') && !user.eq_ignore_ascii_case(&held.principal) {
        return Some(format!(
            "{name} holds tickets of {}, and not of {user}; run kinit {user}",
            held.principal
        ));
    }
    match held.until {
        Some(until) if u64::from(until) <= now => Some(format!(
            "the Kerberos ticket of {} expired at {}; run kinit",
            held.principal,
            day_and_minute(i64::from(until))
        )),
        Some(_) => None,
        None => Some(format!(
            "there is no Kerberos ticket of {} in {name}; run kinit",
            held.principal
        )),
    }
}

#[cfg(unix)]
fn default_cache() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    // The owner of what a process of this user makes: /proc/self, or where there is none, nothing is explained.
    let uid = std::fs::metadata("/proc/self").ok()?.uid();
    Some(format!("FILE:/tmp/krb5cc_{uid}"))
}

#[cfg(not(unix))]
fn default_cache() -> Option<String> {
    None
}

fn read(bytes: &[u8]) -> Option<Held> {
    let mut reader = Reader(bytes);
    if reader.take(2)? != [5, 4] {
        return None;
    }
    let header = reader.short()?;
    reader.take(usize::from(header))?;
    let principal = reader.principal()?;
    let mut until = None;
    while !reader.0.is_empty() {
        let _client = reader.principal()?;
        let server = reader.principal()?;
        reader.short()?;
        reader.data()?;
        let (_authenticated, _start, end, _renewable) =
            (reader.long()?, reader.long()?, reader.long()?, reader.long()?);
        reader.take(1 + 4)?;
        for _ in 0..2 {
            for _ in 0..reader.long()? {
                reader.short()?;
                reader.data()?;
            }
        }
        reader.data()?;
        reader.data()?;
        if server.starts_with("krbtgt/") {
            until = until.max(Some(end));
        }
    }
    Some(Held { principal, until })
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn data(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.long()?).ok()?;
        self.take(length)
    }

    fn principal(&mut self) -> Option<String> {
        let _kind = self.long()?;
        let count = self.long()?;
        let realm = String::from_utf8_lossy(self.data()?).into_owned();
        let parts: Option<Vec<_>> = (0..count.min(16))
            .map(|_| Some(String::from_utf8_lossy(self.data()?).into_owned()))
            .collect();
        Some(format!("{}@{realm}", parts?.join("/")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(into: &mut Vec<u8>, realm: &str, parts: &[&str]) {
        into.extend(1_u32.to_be_bytes());
        into.extend(u32::try_from(parts.len()).unwrap().to_be_bytes());
        for text in std::iter::once(&realm).chain(parts) {
            data(into, text.as_bytes());
        }
    }

    fn data(into: &mut Vec<u8>, bytes: &[u8]) {
        into.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        into.extend(bytes);
    }

    fn cache(end: u32) -> Vec<u8> {
        let mut bytes = vec![5, 4, 0, 2, 9, 9];
        principal(&mut bytes, "EXAMPLE.TEST", &["ken"]);
        for (server, end) in [(&["krbtgt", "EXAMPLE.TEST"], end), (&["HTTP", "host"], end + 1000)] {
            principal(&mut bytes, "EXAMPLE.TEST", &["ken"]);
            principal(&mut bytes, "EXAMPLE.TEST", server);
            bytes.extend([0, 18]);
            data(&mut bytes, b"key");
            for time in [1, 2, end, 4] {
                bytes.extend(time.to_be_bytes());
            }
            bytes.extend([0; 5]);
            bytes.extend([0; 8]);
            data(&mut bytes, b"ticket");
            data(&mut bytes, b"");
        }
        bytes
    }

    #[test]
    fn a_file_of_tickets_says_whose_they_are_and_until_when() {
        let bytes = cache(1_700_000_000);
        assert_eq!(
            read(&bytes),
            Some(Held {
                principal: "ken@EXAMPLE.TEST".to_owned(),
                until: Some(1_700_000_000)
            })
        );
        for cut in 0..bytes.len() {
            let _ = read(&bytes[..cut]);
        }
    }

    #[test]
    fn an_expired_ticket_is_named_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        std::fs::write(&path, cache(1_700_000_000)).unwrap();
        let tickets = Tickets {
            cache: Some(format!("FILE:{}", path.display())),
            configuration: None,
        };
        assert_eq!(
            explain("ken@example.test", &tickets).unwrap(),
            "the Kerberos ticket of ken@EXAMPLE.TEST expired at 2023-11-14 22:13 UTC; run kinit"
        );
        let foreign = explain("pilar@example.test", &tickets).unwrap();
        assert!(foreign.contains("holds tickets of ken@EXAMPLE.TEST"), "{foreign}");
        std::fs::write(&path, cache(u32::MAX - 1000)).unwrap();
        assert_eq!(explain("ken@example.test", &tickets), None);
        std::fs::remove_file(&path).unwrap();
        assert!(explain("ken@example.test", &tickets).unwrap().contains("run kinit"));
    }
}
