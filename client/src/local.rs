//! The local clock's distance from UTC, read from the system's own table of the zone, without a dependency for it.

use std::path::PathBuf;

/// Seconds to add to UTC at that time (seconds since 1970); 0 where the zone is not known.
pub(crate) fn offset(at: u64) -> i64 {
    let file = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => {
            let name = zone.trim_start_matches(':');
            if name.starts_with('/') {
                PathBuf::from(name)
            } else {
                PathBuf::from("/usr/share/zoneinfo").join(name)
            }
        }
        _ => PathBuf::from("/etc/localtime"),
    };
    std::fs::read(file)
        .ok()
        .and_then(|table| parse(&table, i64::try_from(at).ok()?))
        .unwrap_or(0)
}

/// The offset of a time in a TZif table (RFC 9636), by its 64-bit part where there is one.
fn parse(table: &[u8], at: i64) -> Option<i64> {
    let first = Header::read(table)?;
    if table.get(4)? >= &b'2' {
        let rest = table.get(HEADER + first.body(4)..)?;
        return Header::read(rest)?.find(rest.get(HEADER..)?, at, 8);
    }
    first.find(table.get(HEADER..)?, at, 4)
}

const HEADER: usize = 44;

struct Header {
    /// isut, isstd, leap, time, type, char: as they come.
    counts: [usize; 6],
}

impl Header {
    fn read(table: &[u8]) -> Option<Self> {
        if table.get(..4)? != b"TZif" {
            return None;
        }
        let mut counts = [0; 6];
        for (at, count) in counts.iter_mut().enumerate() {
            let bytes = table.get(20 + 4 * at..24 + 4 * at)?;
            *count = usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()?;
        }
        Some(Self { counts })
    }

    fn body(&self, width: usize) -> usize {
        let [isut, isstd, leap, time, kind, chars] = self.counts;
        time * width + time + kind * 6 + chars + leap * (width + 4) + isstd + isut
    }

    fn find(&self, body: &[u8], at: i64, width: usize) -> Option<i64> {
        let [_, _, _, times, _, _] = self.counts;
        let begins = |index: usize| -> Option<i64> {
            let bytes = body.get(index * width..(index + 1) * width)?;
            Some(if width == 8 {
                i64::from_be_bytes(bytes.try_into().ok()?)
            } else {
                i64::from(i32::from_be_bytes(bytes.try_into().ok()?))
            })
        };
        let passed = (0..times)
            .take_while(|index| begins(*index).is_some_and(|begin| begin <= at))
            .count();
        let kind = match passed.checked_sub(1) {
            Some(last) => usize::from(*body.get(times * width + last)?),
            None => 0,
        };
        let row = times * width + times + kind * 6;
        let bytes = body.get(row..row + 4)?;
        Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 with two types and one change: an hour ahead, from the thousandth second on two.
    fn table() -> Vec<u8> {
        let mut table = b"TZif".to_vec();
        table.push(0);
        table.extend([0; 15]);
        for count in [0_u32, 0, 0, 1, 2, 4] {
            table.extend(count.to_be_bytes());
        }
        table.extend(1000_i32.to_be_bytes());
        table.push(1);
        for offset in [3600_i32, 7200] {
            table.extend(offset.to_be_bytes());
            table.extend([0, 0]);
        }
        table.extend(*b"ABC\0");
        table
    }

    #[test]
    fn the_last_change_counts() {
        assert_eq!(parse(&table(), 999), Some(3600));
        assert_eq!(parse(&table(), 1000), Some(7200));
        assert_eq!(parse(b"TZif", 0), None);
        assert_eq!(parse(b"", 0), None);
    }
}
