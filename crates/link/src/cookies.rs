//! The cookies of one remote session (RFC 6265, as much as load balancers need): they pin the session to its back end,
//! and a "shell not found" proves something only if the request carried them.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::HeaderValue;

/// More than any service sets; beyond it the oldest go.
const MOST: usize = 50;

/// The cookies of one session, shared by its lanes.
#[derive(Default)]
pub(crate) struct Jar {
    cookies: Vec<Cookie>,
    /// An earlier process had some, and they went with it.
    forgotten: bool,
}

struct Cookie {
    name: String,
    value: String,
    /// The host that set it, or the domain that it named.
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
    /// Set by an answer that succeeded. One that a failing answer set or dropped afterwards has left the session's
    /// back end, so its requests prove nothing.
    own: bool,
}

/// What a request carries.
pub(crate) struct Carried {
    pub(crate) header: Option<HeaderValue>,
    pub(crate) affinity: bool,
}

impl Jar {
    /// Whether any was ever set, still valid or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// There were cookies that nobody has any more: until there is a new one, no request proves anything.
    pub(crate) fn forget(&mut self) {
        self.cookies.clear();
        self.forgotten = true;
    }

    /// What a request to this address carries at this time.
    pub(crate) fn carry(&self, url: &Url, now: SystemTime) -> Carried {
        let host = host(url);
        let mut line = String::new();
        let mut affinity = !self.forgotten;
        // Longer paths go first (RFC 6265 5.4); among equals the earlier one.
        let mut fitting: Vec<&Cookie> = self.cookies.iter().filter(|cookie| cookie.fits_host(&host)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        for cookie in fitting {
            if !path_matches(url.path(), &cookie.path) || (cookie.secure && url.scheme() != "https") {
                continue;
            }
            affinity &= cookie.own;
            if cookie.is_over(now) {
                affinity = false;
                continue;
            }
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.push_str(&cookie.name);
            line.push('=');
            line.push_str(&cookie.value);
        }
        let header = (!line.is_empty())
            .then(|| HeaderValue::from_str(&line).ok())
            .flatten()
            .map(|mut header| {
                header.set_sensitive(true);
                header
            });
        Carried { header, affinity }
    }

    /// Keeps and drops what an answer from this address says. `success` is whether its status was 2xx.
    pub(crate) fn take<'h>(
        &mut self,
        url: &Url,
        lines: impl IntoIterator<Item = &'h HeaderValue>,
        success: bool,
        now: SystemTime,
    ) {
        for line in lines {
            let Some(mut cookie) = line.to_str().ok().and_then(|line| Cookie::read(line, url, now)) else {
                continue;
            };
            let same = |old: &Cookie| old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path;
            let old = self.cookies.iter().position(same);
            // One whose time is over stays as a memory: from then on the affinity is gone.
            match old {
                Some(at) => {
                    let old = &self.cookies[at];
                    cookie.own =
                        success && !cookie.is_over(now) || old.own && old.value == cookie.value && !cookie.is_over(now);
                    self.cookies[at] = cookie;
                }
                None if cookie.is_over(now) => {}
                None => {
                    cookie.own = success || self.cookies.is_empty() && !self.forgotten;
                    self.forgotten &= !success;
                    if self.cookies.len() == MOST {
                        self.cookies.remove(0);
                    }
                    self.cookies.push(cookie);
                }
            }
        }
    }
}

impl std::fmt::Debug for Jar {
    /// Names only: a cookie may be as good as a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.cookies.iter().map(|cookie| &cookie.name))
            .finish()
    }
}

impl Cookie {
    fn read(line: &str, url: &Url, now: SystemTime) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Self {
            name: Some(name.trim()).filter(|name| !name.is_empty())?.to_owned(),
            value: value.trim().to_owned(),
            domain: host(url),
            host_only: true,
            path: default_path(url.path()),
            secure: false,
            expires: None,
            own: false,
        };
        let mut max_age = None;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    // A bare top-level name, or somebody else's, is not to be had.
                    if domain != cookie.domain && (!domain.contains('.') || !is_within(&cookie.domain, &domain)) {
                        return None;
                    }
                    cookie.host_only = false;
                    cookie.domain = domain;
                }
                "path" if value.starts_with('/') => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "expires" => cookie.expires = date(value).or(cookie.expires),
                "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
                _ => {}
            }
        }
        // Max-Age goes before Expires (RFC 6265 5.3).
        if let Some(seconds) = max_age {
            cookie.expires = match u64::try_from(seconds) {
                Ok(seconds) if seconds > 0 => now.checked_add(Duration::from_secs(seconds)),
                _ => Some(SystemTime::UNIX_EPOCH),
            };
        }
        Some(cookie)
    }

    fn fits_host(&self, host: &str) -> bool {
        host == self.domain || !self.host_only && is_within(host, &self.domain)
    }

    fn is_over(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err()
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`, with dashes too.
pub(crate) fn date(text: &str) -> Option<SystemTime> {
    let mut words = text.split([' ', '-', ',']).filter(|word| !word.is_empty()).skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?.get(..3)?.to_ascii_lowercase();
    let names = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let month = names.iter().position(|name| *name == month)?;
    let year: u64 = words.next()?.parse().ok()?;
    let year = if year < 70 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let mut clock = words.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    if !(1..=31).contains(&day) || !(1970..=9999).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let before_month = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month];
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let leap_day = u64::from(month > 1 && (year % 4 == 0 && year % 100 != 0 || year % 400 == 0));
    let days = (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + before_month + leap_day + day - 1;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn take(jar: &mut Jar, from: &str, line: &'static str, success: bool) {
        jar.take(&url(from), [&HeaderValue::from_static(line)], success, at(0));
    }

    fn carry(jar: &Jar, to: &str, now: SystemTime) -> (String, bool) {
        let carried = jar.carry(&url(to), now);
        (
            carried
                .header
                .map_or_else(String::new, |header| header.to_str().unwrap().to_owned()),
            carried.affinity,
        )
    }

    const HOME: &str = "https://ps.example.com/powershell-liveid/?PSVersion=5.1";

    #[test]
    fn a_jar_that_was_never_given_anything_has_affinity() {
        assert_eq!(carry(&Jar::default(), HOME, at(0)), (String::new(), true));
    }

    #[test]
    fn the_affinity_cookie_goes_back_to_its_host_and_path_only() {
        let mut jar = Jar::default();
        take(
            &mut jar,
            HOME,
            "MS-WSMAN=backend7; path=/powershell-liveid; secure; HttpOnly",
            true,
        );
        assert_eq!(carry(&jar, HOME, at(0)), ("MS-WSMAN=backend7".to_owned(), true));
        assert_eq!(
            carry(&jar, "http://ps.example.com/powershell-liveid/", at(0)).0,
            "",
            "secure"
        );
        assert_eq!(
            carry(&jar, "https://ps.example.com/powershell-liveidx", at(0)).0,
            "",
            "path"
        );
        assert_eq!(
            carry(&jar, "https://other.example.com/powershell-liveid/", at(0)).0,
            "",
            "host"
        );
    }

    #[test]
    fn dropped_expired_and_foreign_cookies_cost_the_affinity() {
        let mut jar = Jar::default();
        take(&mut jar, HOME, "MS-WSMAN=a; Max-Age=60; path=/", true);
        assert_eq!(carry(&jar, HOME, at(59)), ("MS-WSMAN=a".to_owned(), true));
        assert_eq!(carry(&jar, HOME, at(60)), (String::new(), false), "expired");
        take(&mut jar, HOME, "MS-WSMAN=b; path=/", true);
        assert_eq!(
            carry(&jar, HOME, at(60)),
            ("MS-WSMAN=b".to_owned(), true),
            "renewed by an answer that succeeded"
        );
        take(&mut jar, HOME, "MS-WSMAN=c; path=/", false);
        assert_eq!(
            carry(&jar, HOME, at(60)),
            ("MS-WSMAN=c".to_owned(), false),
            "another back end's fault"
        );
        take(
            &mut jar,
            HOME,
            "MS-WSMAN=gone; expires=Thu, 01-Jan-1970 00:00:00 GMT; path=/",
            true,
        );
        assert_eq!(carry(&jar, HOME, at(0)), (String::new(), false), "dropped as told");
    }

    #[test]
    fn the_same_value_again_from_a_fault_keeps_the_affinity() {
        let mut jar = Jar::default();
        take(&mut jar, HOME, "MS-WSMAN=a; path=/", true);
        take(&mut jar, HOME, "MS-WSMAN=a; path=/", false);
        assert!(carry(&jar, HOME, at(0)).1);
    }

    #[test]
    fn forgotten_cookies_cost_the_affinity_until_there_is_a_new_one() {
        let mut jar = Jar::default();
        jar.forget();
        assert_eq!(carry(&jar, HOME, at(0)), (String::new(), false));
        take(&mut jar, HOME, "MS-WSMAN=b; path=/", false);
        assert!(!carry(&jar, HOME, at(0)).1);
        take(&mut jar, HOME, "MS-WSMAN=c; path=/", true);
        jar.forget();
        take(&mut jar, HOME, "MS-WSMAN=d; path=/", true);
        assert_eq!(carry(&jar, HOME, at(0)), ("MS-WSMAN=d".to_owned(), true));
    }

    #[test]
    fn a_domain_must_be_ones_own() {
        let mut jar = Jar::default();
        take(&mut jar, HOME, "a=1; Domain=.example.com; path=/", true);
        take(&mut jar, HOME, "b=1; Domain=com; path=/", true);
        take(&mut jar, HOME, "c=1; Domain=elsewhere.org; path=/", true);
        assert_eq!(carry(&jar, "https://mail.example.com/", at(0)).0, "a=1");
        assert_eq!(carry(&jar, HOME, at(0)).0, "a=1");
    }

    #[test]
    fn dates_are_read() {
        let seconds = |text| date(text).map(|date| date.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 29-Feb-2024 12:00:00 GMT"), Some(1_709_208_000));
        assert_eq!(seconds("soon"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let mut jar = Jar::default();
        take(&mut jar, HOME, "MS-WSMAN=s3cret; path=/", true);
        assert_eq!(format!("{jar:?}"), r#"["MS-WSMAN"]"#);
    }
}
