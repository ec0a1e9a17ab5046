//! `TS`: a span of time to 100 ns, spelled as an XML duration.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{TICKS_PER_SECOND, digits, write_fraction};
use crate::Refusal;

/// A span of time in ticks of 100 ns, either way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(i64);

impl TimeSpan {
    /// From ticks of 100 ns.
    pub const fn from_ticks(ticks: i64) -> Self {
        TimeSpan(ticks)
    }

    /// In ticks of 100 ns.
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// As a duration; `None` below zero.
    pub fn to_duration(self) -> Option<Duration> {
        let ticks = u64::try_from(self.0).ok()?;
        Some(Duration::new(ticks / 10_000_000, (ticks % 10_000_000) as u32 * 100))
    }
}

/// What is finer than 100 ns is cut off, what is longer than 29,000 years is the longest span.
impl From<Duration> for TimeSpan {
    fn from(duration: Duration) -> Self {
        TimeSpan(i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX))
    }
}

/// `-P1DT2H3M4.5S`. A year is 365 days and a month 30, as .NET has it.
impl FromStr for TimeSpan {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        parse(text).ok_or(Refusal::Malformed)
    }
}

const DAY: i64 = 86_400;

fn parse(text: &str) -> Option<TimeSpan> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None if text.is_empty() => return None,
        None => (text, ""),
    };
    let mut seconds: i128 = 0;
    let rest = components(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)], &mut seconds)?;
    if !rest.is_empty() {
        return None;
    }
    let rest = components(time, &[('H', 3600), ('M', 60), ('S', 1)], &mut seconds)?;
    let mut ticks = seconds * i128::from(TICKS_PER_SECOND);
    if !rest.is_empty() {
        let (whole, count, rest) = digits(rest);
        let fraction = rest.strip_prefix('.')?.strip_suffix('S')?;
        let (_, places, end) = digits(fraction);
        if count == 0 || count > 18 || places == 0 || !end.is_empty() {
            return None;
        }
        let kept = &fraction[..places.min(7)];
        ticks += i128::from(whole) * i128::from(TICKS_PER_SECOND);
        ticks += i128::from(digits(kept).0 * 10_i64.pow(7 - kept.len() as u32));
    }
    i64::try_from(if negative { -ticks } else { ticks }).ok().map(TimeSpan)
}

/// Adds up numbers with their letters, each at most once and in order. What it returns is seconds with a fraction, or nothing.
fn components<'a>(mut text: &'a str, units: &[(char, i64)], seconds: &mut i128) -> Option<&'a str> {
    for (letter, unit) in units {
        let (number, count, rest) = digits(text);
        if let Some(rest) = rest.strip_prefix(*letter) {
            if count == 0 || count > 18 {
                return None;
            }
            *seconds += i128::from(number) * i128::from(*unit);
            text = rest;
        }
    }
    Some(text)
}

/// As PowerShell writes it: days and smaller, without what is zero.
impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("PT0S");
        }
        let ticks = self.0.unsigned_abs();
        let (seconds, fraction) = (ticks / 10_000_000, ticks % 10_000_000);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        f.write_str(if self.0 < 0 { "-P" } else { "P" })?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if ticks.is_multiple_of(86_400 * 10_000_000) {
            return Ok(());
        }
        f.write_str("T")?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if !ticks.is_multiple_of(60 * 10_000_000) {
            write!(f, "{}", seconds % 60)?;
            write_fraction(fraction as i64, f)?;
            f.write_str("S")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_keep_their_ticks() {
        for text in [
            "PT0S",
            "P1D",
            "-P1D",
            "PT1H",
            "PT5M",
            "P1DT2H3M4.5S",
            "-PT0.0000001S",
            "P10675199DT2H48M5.4775807S",
            "-P10675199DT2H48M5.4775808S",
        ] {
            assert_eq!(text.parse::<TimeSpan>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn years_months_and_fine_fractions_are_taken_as_dotnet_does() {
        for (text, read) in [
            ("P1Y", "P365D"),
            ("P1M", "P30D"),
            ("PT61S", "PT1M1S"),
            ("PT0.00000019S", "PT0.0000001S"),
        ] {
            assert_eq!(text.parse::<TimeSpan>().unwrap().to_string(), read);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "P",
            "PT",
            "P1",
            "P1W",
            "1D",
            "P1DT",
            "PT1H2",
            "PTS",
            "PT.5S",
            "PT1.S",
            "P1M1Y",
            "+P1D",
            "P10675200D",
        ] {
            assert_eq!(text.parse::<TimeSpan>(), Err(Refusal::Malformed), "{text}");
        }
    }

    #[test]
    fn durations_go_both_ways() {
        assert_eq!(TimeSpan::from(Duration::from_nanos(1_500)).ticks(), 15);
        assert_eq!(
            TimeSpan::from_ticks(15).to_duration(),
            Some(Duration::from_nanos(1_500))
        );
        assert_eq!(TimeSpan::from_ticks(-1).to_duration(), None);
    }
}
