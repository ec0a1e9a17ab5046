//! `DT`: a point in time to 100 ns, with the offset that it came with.

use std::fmt;
use std::str::FromStr;

use super::{TICKS_PER_SECOND, digits, write_fraction};
use crate::Refusal;

const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Ticks from year 1 to 1970.
const UNIX_EPOCH: i64 = 719_162 * TICKS_PER_DAY;

/// A date and time as its clock showed it, in ticks of 100 ns since the first of January of year 1.
///
/// PowerShell turns an offset into its own local time on reading; here the offset is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    ticks: i64,
    zone: Zone,
}

/// What a date says about its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Nothing.
    Unspecified,
    /// `Z`.
    Utc,
    /// Minutes east of UTC, at most 14 hours either way. `+00:00` is not `Z`.
    Offset(i16),
}

impl DateTime {
    /// The last tick of year 9999.
    pub const LAST_TICK: i64 = 3_155_378_975_999_999_999;

    /// From the ticks of the clock shown. `None` outside of years 1 to 9999 or with an offset beyond 14 hours.
    pub fn from_ticks(ticks: i64, zone: Zone) -> Option<Self> {
        let near = !matches!(zone, Zone::Offset(minutes) if minutes.unsigned_abs() > 14 * 60);
        ((0..=Self::LAST_TICK).contains(&ticks) && near).then_some(DateTime { ticks, zone })
    }

    /// From ticks of 100 ns since 1970, in UTC.
    pub fn from_unix_ticks(ticks: i64) -> Option<Self> {
        DateTime::from_ticks(ticks.checked_add(UNIX_EPOCH)?, Zone::Utc)
    }

    /// Ticks of 100 ns since year 1, of the clock shown.
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// What is known of the zone.
    pub fn zone(self) -> Zone {
        self.zone
    }

    /// Ticks of 100 ns since 1970 in UTC; an unspecified zone is taken for UTC.
    pub fn unix_ticks(self) -> i64 {
        let east = match self.zone {
            Zone::Unspecified | Zone::Utc => 0,
            Zone::Offset(minutes) => i64::from(minutes) * 60 * TICKS_PER_SECOND,
        };
        self.ticks - UNIX_EPOCH - east
    }

    /// Year, month and day as shown.
    pub fn date(self) -> (i64, i64, i64) {
        civil_from_days(self.ticks / TICKS_PER_DAY)
    }

    /// Hour, minute, second and ticks of the second as shown.
    pub fn time(self) -> (i64, i64, i64, i64) {
        let seconds = self.ticks % TICKS_PER_DAY / TICKS_PER_SECOND;
        (
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            self.ticks % TICKS_PER_SECOND,
        )
    }
}

/// Days since 0001-01-01 of a date of the Gregorian calendar, in eras of 400 years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 306
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 306;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = days.div_euclid(146_097) * 400 + year_of_era + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// `2026-11-21T01:02:03.1234567+01:00`, or a date alone. A fraction beyond 100 ns is rounded half to even, as .NET does.
impl FromStr for DateTime {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        parse(text).ok_or(Refusal::Malformed)
    }
}

fn parse(text: &str) -> Option<DateTime> {
    let (year, rest) = fixed(text, 4)?;
    let (month, rest) = fixed(rest.strip_prefix('-')?, 2)?;
    let (day, mut rest) = fixed(rest.strip_prefix('-')?, 2)?;
    let real = year >= 1 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let mut ticks = days_from_civil(year, month, day) * TICKS_PER_DAY;
    if let Some(time) = rest.strip_prefix('T') {
        let (hour, time) = fixed(time, 2)?;
        let (minute, time) = fixed(time.strip_prefix(':')?, 2)?;
        let (second, time) = fixed(time.strip_prefix(':')?, 2)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction, time) = match time.strip_prefix('.') {
            Some(fraction) => rounded(fraction)?,
            None => (0, time),
        };
        ticks += (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + fraction;
        rest = time;
    }
    let zone = match rest {
        "" => Zone::Unspecified,
        "Z" | "z" => Zone::Utc,
        offset => {
            let east = match offset.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let (hours, minutes) = fixed(&offset[1..], 2)?;
            let (minutes, rest) = fixed(minutes.strip_prefix(':')?, 2)?;
            if minutes > 59 || !rest.is_empty() {
                return None;
            }
            Zone::Offset(i16::try_from(east * (hours * 60 + minutes)).ok()?)
        }
    };
    if real { DateTime::from_ticks(ticks, zone) } else { None }
}

fn fixed(text: &str, width: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(width)?;
    match digits(head) {
        (number, count, "") if count == width => Some((number, rest)),
        _ => None,
    }
}

/// The ticks of a fraction's digits, and what follows them.
fn rounded(text: &str) -> Option<(i64, &str)> {
    let (_, count, rest) = digits(text);
    let (kept, beyond) = text[..count].split_at(count.min(7));
    let mut ticks = digits(kept).0 * 10_i64.pow(7 - kept.len() as u32);
    let half = beyond.as_bytes().first().map(|digit| digit.cmp(&b'5'));
    let more = beyond.bytes().skip(1).any(|digit| digit != b'0');
    ticks += match half {
        Some(std::cmp::Ordering::Greater) => 1,
        Some(std::cmp::Ordering::Equal) => i64::from(more) | (ticks & 1),
        _ => 0,
    };
    (count > 0).then_some((ticks, rest))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// As PowerShell writes it: no trailing zeros in the fraction.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let (hour, minute, second, fraction) = self.time();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        write_fraction(fraction, f)?;
        match self.zone {
            Zone::Unspecified => Ok(()),
            Zone::Utc => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_and_the_offset_are_kept() {
        for text in [
            "2026-11-21T01:02:03.1234567+14:00",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59.9999999Z",
            "2024-02-29T12:00:00.5-03:30",
            "1969-12-31T23:59:59+00:00",
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_offset_counts_for_the_instant() {
        let there: DateTime = "1970-01-01T01:00:00+01:00".parse().unwrap();
        assert_eq!(there.unix_ticks(), 0);
        assert_eq!(
            DateTime::from_unix_ticks(-1).unwrap().to_string(),
            "1969-12-31T23:59:59.9999999Z"
        );
    }

    #[test]
    fn every_day_is_its_own_date() {
        let mut before = (0, 0, 0);
        for days in 0..=3_652_058 {
            let date = civil_from_days(days);
            assert!(date > before);
            assert_eq!(days_from_civil(date.0, date.1, date.2), days);
            before = date;
        }
        assert_eq!(before, (9999, 12, 31));
    }

    #[test]
    fn a_finer_fraction_is_rounded_half_to_even() {
        let ticks = |fraction: &str| {
            format!("2026-11-21T00:00:00.{fraction}")
                .parse::<DateTime>()
                .unwrap()
                .time()
                .3
        };
        assert_eq!(ticks("12345678"), 1_234_568);
        assert_eq!([ticks("00000005"), ticks("00000015"), ticks("000000051")], [0, 2, 1]);
        assert_eq!(
            "2026-11-21T00:00:59.99999999".parse::<DateTime>().unwrap().to_string(),
            "2026-11-21T00:01:00"
        );
    }

    #[test]
    fn what_powershell_refuses_is_refused() {
        for text in [
            "2026-11-21T24:00:00",
            "2026-02-30T00:00:00",
            "2026-11-21 01:02:03",
            "2026-11-21T01:02",
            "2026-11-21T01:02:03.",
            "2026-11-21T01:02:03+1:00",
            "2026-11-21T01:02:03+15:00",
            "0000-01-01T00:00:00",
            "9999-12-31T23:59:59.99999999",
            "é026-11-21T00:00:00",
            "",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(Refusal::Malformed), "{text}");
        }
    }
}
