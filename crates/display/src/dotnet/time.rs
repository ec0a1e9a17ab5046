//! Dates and spans of time.

use clixml::{DateTime, TimeSpan, Value, Zone};

use super::Members;

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;

fn pick<'a>(names: &[&'a str], at: i64) -> &'a str {
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at))
        .copied()
        .unwrap_or_default()
}

/// The first of January of year 1 was a Monday.
fn day_of_week(date: DateTime) -> &'static str {
    pick(&DAYS, date.ticks() / TICKS_PER_DAY % 7)
}

/// `8:30:00 AM`, with the narrow no-break space that en-US has there.
fn clock(date: DateTime) -> String {
    let (hour, minute, second, _) = date.time();
    let half = if hour < 12 { "AM" } else { "PM" };
    format!("{}:{minute:02}:{second:02}\u{202f}{half}", (hour + 11) % 12 + 1)
}

/// `1/2/2014 8:30:00 AM`
pub(crate) fn date_and_time(date: DateTime) -> String {
    let (year, month, day) = date.date();
    format!("{month}/{day}/{year} {}", clock(date))
}

/// `11/21/2026 09:48`
pub(crate) fn minutes(date: DateTime) -> String {
    let (year, month, day) = date.date();
    let (hour, minute, ..) = date.time();
    format!("{month}/{day}/{year} {hour:02}:{minute:02}")
}

/// `2014-01-02T08:30:00Z`, with as many decimals as are needed.
pub(crate) fn iso(date: DateTime) -> String {
    let (year, month, day) = date.date();
    let (hour, minute, second, ticks) = date.time();
    let fraction = if ticks == 0 {
        String::new()
    } else {
        format!(".{ticks:07}").trim_end_matches('0').to_owned()
    };
    let zone = match date.zone() {
        Zone::Unspecified => String::new(),
        Zone::Utc => "Z".to_owned(),
        Zone::Offset(east) => {
            let sign = if east < 0 { '-' } else { '+' };
            let east = east.unsigned_abs();
            format!("{sign}{:02}:{:02}", east / 60, east % 60)
        }
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
}

/// `1.02:03:04.5000000`
pub(crate) fn span(span: TimeSpan) -> String {
    let ticks = span.ticks();
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let seconds = ticks / 10_000_000;
    let fraction = match ticks % 10_000_000 {
        0 => String::new(),
        rest => format!(".{rest:07}"),
    };
    let days = match seconds / 86_400 {
        0 => String::new(),
        days => format!("{days}."),
    };
    format!(
        "{sign}{days}{:02}:{:02}:{:02}{fraction}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or_default()
}

pub(super) fn date_members(date: DateTime) -> Members {
    let (year, month, day) = date.date();
    let (hour, minute, second, ticks) = date.time();
    let midnight = date.ticks() - date.ticks() % TICKS_PER_DAY;
    let at = |ticks: i64| DateTime::from_ticks(ticks, date.zone());
    let new_year = (0..366)
        .map(|days| midnight - days * TICKS_PER_DAY)
        .find(|ticks| at(*ticks).is_some_and(|date| (date.date().1, date.date().2) == (1, 1)));
    let day_of_year = new_year.map_or(0, |first| (midnight - first) / TICKS_PER_DAY + 1);
    let kind = match date.zone() {
        Zone::Unspecified => "Unspecified",
        Zone::Utc => "Utc",
        Zone::Offset(_) => "Local",
    };
    let long = format!(
        "{}, {} {day}, {year} {}",
        day_of_week(date),
        pick(&MONTHS, month - 1),
        clock(date)
    );
    Members::default()
        .own("Date", at(midnight).map_or(Value::Null, Value::DateTime))
        .own("Day", small(day))
        .own("DayOfWeek", day_of_week(date))
        .own("DayOfYear", small(day_of_year))
        .own("Hour", small(hour))
        .own("Kind", kind)
        .own("Millisecond", small(ticks / 10_000))
        .own("Microsecond", small(ticks / 10 % 1000))
        .own("Nanosecond", small(ticks % 10 * 100))
        .own("Minute", small(minute))
        .own("Month", small(month))
        .own("Second", small(second))
        .own("Ticks", date.ticks())
        .own("TimeOfDay", TimeSpan::from_ticks(date.ticks() - midnight))
        .own("Year", small(year))
        .added("DateTime", long)
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn span_members(span: TimeSpan) -> Members {
    let ticks = span.ticks();
    let total = |per: f64| ticks as f64 / per;
    let seconds = ticks / TICKS_PER_SECOND;
    Members::default()
        .own("Ticks", ticks)
        .own("Days", small(ticks / TICKS_PER_DAY))
        .own("Hours", small(seconds / 3600 % 24))
        .own("Milliseconds", small(ticks / 10_000 % 1000))
        .own("Microseconds", small(ticks / 10 % 1000))
        .own("Nanoseconds", small(ticks % 10 * 100))
        .own("Minutes", small(seconds / 60 % 60))
        .own("Seconds", small(seconds % 60))
        .own("TotalDays", total(864_000_000_000.0))
        .own("TotalHours", total(36_000_000_000.0))
        .own("TotalMilliseconds", total(10_000.0))
        .own("TotalMicroseconds", total(10.0))
        .own("TotalNanoseconds", ticks as f64 * 100.0)
        .own("TotalMinutes", total(600_000_000.0))
        .own("TotalSeconds", total(10_000_000.0))
}
