//! A certificate that nobody trusts yet, kept so that a person can look at it and name it with `ca`.

use std::path::Path;

/// Writes the server's own certificate as PEM, by which `ca` can trust it. Gives the path; `None` where nothing can be
/// written.
pub(super) fn keep(folder: &Path, found: &link::Certificate) -> Option<String> {
    if found.pem.is_empty() {
        return None;
    }
    let name: String = found
        .names
        .first()
        .unwrap_or(&found.subject)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .take(80)
        .collect();
    let mark: String = found.sha256.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    let path = folder.join(format!("{name}-{mark}.pem"));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &found.pem));
    if let Err(error) = &written {
        tracing::debug!(%error, "the certificate cannot be kept");
    }
    written.is_ok().then(|| path.display().to_string())
}

/// The day of that many seconds since 1970, as `2026-01-01`.
pub(super) fn day(seconds: i64) -> String {
    // Years that begin in March end with their leap day; 400 of them have 146,097 days, and these begin in 0000.
    let from = seconds.div_euclid(86_400) + 719_468;
    let (era, day) = (from.div_euclid(146_097), from.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + carry)
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_798_761_599, "2026-12-31"),
        ] {
            assert_eq!(day(seconds), shown);
        }
    }
}
