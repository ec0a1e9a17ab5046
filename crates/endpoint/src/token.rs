//! How long a token is good for, and when to get another.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moment::Moment;
use serde_json::Value;
use zeroize::Zeroizing;

/// A token is renewed this long before its end, or a quarter of its life before if that is less: time enough for a
/// refresh that has to be tried twice, and never so early that a short token is always being renewed.
const MARGIN: Duration = Duration::from_secs(300);

/// One reading of both clocks: the driver's, and the calendar's as time since 1970. It turns the times that tokens
/// hold into moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wall {
    /// The driver's clock.
    pub now: Moment,
    /// The calendar's, at the same time.
    pub unix: Duration,
}

impl Wall {
    /// The moment at that calendar time; one that has passed is `now` at the latest.
    pub fn moment(self, unix: Duration) -> Moment {
        if unix >= self.unix {
            self.now + (unix - self.unix)
        } else {
            self.now - (self.unix - unix)
        }
    }
}

/// When a token ends, and when it should be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// From then on the service refuses it.
    pub at: Moment,
    /// From then on another should be got.
    pub renew: Moment,
}

impl Expiry {
    /// The expiry of a token that was received `now` and ends at `at`.
    pub fn new(now: Moment, at: Moment) -> Self {
        Self {
            at,
            renew: at - MARGIN.min(at.since(now) / 4),
        }
    }

    /// Whether the token is of no use any more.
    pub fn is_over(self, now: Moment) -> bool {
        now >= self.at
    }

    /// Whether another should be got.
    pub fn is_due(self, now: Moment) -> bool {
        now >= self.renew
    }
}

/// What a JSON web token says of itself (RFC 7519). Nothing is verified: the service does that, and it alone can. An
/// access token is opaque to its bearer by right, so what cannot be read is simply not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `exp`, as time since 1970.
    pub expires: Option<Duration>,
    /// `nbf`, as time since 1970.
    pub not_before: Option<Duration>,
    /// Whom it was given to: `upn`, `preferred_username` or `unique_name`.
    pub user: Option<String>,
    /// `aud`: what it is for.
    pub audience: Option<String>,
}

impl Claims {
    /// Reads a token; `None` where it is no JSON web token.
    pub fn read(token: &str) -> Option<Self> {
        let mut parts = token.trim().split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        let claims = claims.as_object()?;
        let time = |name| claims.get(name).and_then(seconds).map(Duration::from_secs);
        let text = |name| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            expires: time("exp"),
            not_before: time("nbf"),
            user: ["upn", "preferred_username", "unique_name"].into_iter().find_map(text),
            audience: text("aud"),
        })
    }
}

/// A whole number of seconds, which Azure's first endpoint writes as a string.
pub(crate) fn seconds(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| {
            let whole = value.as_f64().filter(|number| (0.0..=1e15).contains(number))?;
            Some(whole as u64)
        })
        .or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Moment::from_epoch(Duration::from_secs(seconds))
    }

    #[test]
    fn an_hour_is_renewed_five_minutes_early_and_a_minute_a_quarter() {
        let hour = Expiry::new(at(100), at(3700));
        assert_eq!(hour.renew, at(3400));
        assert!(!hour.is_due(at(3399)) && hour.is_due(at(3400)) && !hour.is_over(at(3699)) && hour.is_over(at(3700)));
        assert_eq!(Expiry::new(at(0), at(60)).renew, at(45));
        let past = Expiry::new(at(100), at(50));
        assert!(past.is_over(at(100)) && past.is_due(at(50)));
    }

    #[test]
    fn calendar_times_become_moments() {
        let wall = Wall {
            now: at(1000),
            unix: Duration::from_secs(1_700_000_000),
        };
        assert_eq!(wall.moment(Duration::from_secs(1_700_003_600)), at(4600));
        assert_eq!(wall.moment(Duration::from_secs(1_699_999_990)), at(990));
        assert_eq!(wall.moment(Duration::ZERO), Moment::START);
    }

    #[test]
    fn claims_are_read_and_nothing_else_is_taken_for_a_token() {
        let payload = URL_SAFE_NO_PAD
            .encode(r#"{"exp":1700003600,"nbf":"1700000000","upn":"ken@litwareinc.com","aud":"https://admin"}"#);
        let claims = Claims::read(&format!("e30.{payload}.c2ln")).unwrap();
        assert_eq!(claims.expires, Some(Duration::from_secs(1_700_003_600)));
        assert_eq!(claims.not_before, Some(Duration::from_secs(1_700_000_000)));
        assert_eq!(claims.user.as_deref(), Some("ken@litwareinc.com"));
        for token in ["", "opaque", "a.b", "a.!!.c", "e30.MTI.x", "..", "e30.e3.x"] {
            assert_eq!(Claims::read(token), None, "{token}");
        }
        let odd = URL_SAFE_NO_PAD.encode(r#"{"exp":-5,"aud":["a"]}"#);
        assert_eq!(Claims::read(&format!("e30.{odd}.")), Some(Claims::default()));
    }
}
