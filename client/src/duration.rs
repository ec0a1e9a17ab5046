//! Durations as people write and read them.

use std::time::Duration;

/// Reads `30s`, `5m`, `1h30m`, `250ms`, `2d`; a bare number counts seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration; write 30s, 5m, 1h30m, or 0");
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(seconds.into()));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .filter(|&at| at > 0)
            .ok_or_else(wrong)?;
        let number: u32 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            "d" => Duration::from_secs(86_400),
            _ => return Err(wrong()),
        };
        rest = &rest[letters..];
        total += unit * number;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

/// The two largest units: `1h30m`, `2m10s`, `45s`; below a second `0s`.
pub(crate) fn show(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let seconds = duration.as_secs();
    let Some(first) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
        return "0s".to_owned();
    };
    let (size, unit) = UNITS[first];
    let mut text = format!("{}{unit}", seconds / size);
    if let Some((next, unit)) = UNITS.get(first + 1)
        && seconds % size / next > 0
    {
        text.push_str(&format!("{}{unit}", seconds % size / next));
    }
    text
}

/// From the wire; a negative one is nothing.
pub(crate) fn of_proto(duration: &prost_types::Duration) -> Option<Duration> {
    Duration::try_from(*duration).ok()
}

/// To the wire; beyond what it holds (300 million years) is for ever.
pub(crate) fn to_proto(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        for (text, milliseconds) in [
            ("0", 0),
            ("30", 30_000),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "5x", "-1", "1h30", "5m ", "99999999999s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn two_units_are_shown() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (60, "1m"),
            (130, "2m10s"),
            (5400, "1h30m"),
            (90_061, "1d1h"),
        ] {
            assert_eq!(show(Duration::from_secs(seconds)), text);
        }
    }
}
