//! `xs:duration`, as WS-Management writes and reads it: `PT180.000S`, `P0DT0H0M9S`, `PT2147483.647S`.

use std::time::Duration;

const DAY: u64 = 86_400;
/// .NET's XmlConvert takes a month for 30 days and a year for 365.
const PARTS: [(u8, u64, bool); 6] = [
    (b'Y', 365 * DAY, false),
    (b'M', 30 * DAY, false),
    (b'D', DAY, false),
    (b'H', 3600, true),
    (b'M', 60, true),
    (b'S', 1, true),
];

/// Reads a duration. `None` if it is not one, is negative, or is longer than [`Duration`] holds; digits beyond the
/// nanosecond are cut.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim_ascii().strip_prefix('P')?.as_bytes();
    let mut total = Duration::ZERO;
    let mut in_time = false;
    let mut next = 0;
    let mut any = false;
    while let Some(&first) = rest.first() {
        if first == b'T' && !in_time {
            in_time = true;
            rest = &rest[1..];
            // A T must be followed by something.
            any = false;
            continue;
        }
        let whole_len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (whole, after) = rest.split_at(whole_len);
        let fraction_len = after
            .strip_prefix(b".")
            .map(|f| f.iter().take_while(|b| b.is_ascii_digit()).count());
        let (fraction, after) = match fraction_len {
            Some(len) => (&after[1..=len], &after[len + 1..]),
            None => (&[][..], after),
        };
        let (&unit, after) = after.split_first()?;
        let part = (next..PARTS.len()).find(|&i| PARTS[i].0 == unit && PARTS[i].2 == in_time)?;
        if whole.is_empty() || (fraction_len.is_some() && (unit != b'S' || fraction.is_empty())) {
            return None;
        }
        let whole = whole
            .iter()
            .try_fold(0u64, |n, d| n.checked_mul(10)?.checked_add(u64::from(d - b'0')))?;
        let nanos = (0..9).fold(0u32, |n, i| n * 10 + fraction.get(i).map_or(0, |d| u32::from(d - b'0')));
        total = total.checked_add(Duration::new(whole.checked_mul(PARTS[part].1)?, nanos))?;
        (next, rest, any) = (part + 1, after, true);
    }
    any.then_some(total)
}

/// Writes a duration in seconds with three decimals, as PowerShell does; with nine where it is finer than that.
#[must_use]
pub fn write(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if nanos.is_multiple_of(1_000_000) {
        format!("PT{seconds}.{:03}S", nanos / 1_000_000)
    } else {
        format!("PT{seconds}.{nanos:09}S")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_servers_write_is_read() {
        for (text, want) in [
            ("PT20S", Duration::from_secs(20)),
            ("PT180.000S", Duration::from_secs(180)),
            ("PT2147483.647S", Duration::from_millis(2_147_483_647)),
            ("P0DT0H0M9S", Duration::from_secs(9)),
            ("P1DT2H3M4.5S", Duration::from_millis(93_784_500)),
            ("P1Y1M", Duration::from_secs(395 * DAY)),
            ("PT5M", Duration::from_secs(300)),
            (" PT0.0000000019S ", Duration::from_nanos(1)),
        ] {
            assert_eq!(parse(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "1S",
            "PT-1S",
            "-PT1S",
            "PT1",
            "PTS",
            "PT1.S",
            "PT.5S",
            "PT1.5M",
            "PT1S1M",
            "P1S",
            "PT1D",
            "PT1ST1S",
            "PT99999999999999999999S",
            "PT18446744073709551615S1S",
            "P99999999999999999Y",
            "PT1\u{e9}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_powershells() {
        assert_eq!(write(Duration::from_secs(900)), "PT900.000S");
        assert_eq!(write(Duration::from_millis(1)), "PT0.001S");
        assert_eq!(write(Duration::MAX), "PT18446744073709551615.999999999S");
    }

    proptest! {
        #[test]
        fn round_trip(seconds in any::<u64>(), nanos in 0u32..1_000_000_000) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&write(duration)), Some(duration));
        }

        #[test]
        fn never_panics(text in "P?[0-9YMDTHS.\u{e9}-]{0,30}") {
            let _ = parse(&text);
        }
    }
}
