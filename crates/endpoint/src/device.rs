//! The device code: shown to a person, and polled as the authority tells us to (RFC 8628).

use std::time::Duration;

use moment::Moment;
use secrecy::SecretString;
use serde_json::Value;

use crate::oauth::plain;
use crate::token::seconds;
use crate::{Refusal, Response};

/// Between polls where the authority names no interval (RFC 8628, 3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// What `slow_down` adds, for good (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// How long a code is good where the authority does not say, which it must.
const LIFE: Duration = Duration::from_secs(900);

/// What a person is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode {
    /// The code to be typed in.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The authority's own sentence about both, in its language; empty if it gave none.
    pub message: String,
    /// Until when.
    pub expires: Moment,
}

/// What the authority's answer to a poll means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Ask again at the next time.
    Pending,
    /// The code is of no use any more.
    Expired,
    /// The person said no.
    Denied,
    /// Something else: the refusal says what.
    Refused,
}

/// A device code that is being waited for.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) code: SecretString,
    pub(crate) shown: DeviceCode,
    interval: Duration,
    /// When to ask next.
    pub(crate) next: Moment,
}

impl Device {
    pub(crate) fn read(now: Moment, response: &Response) -> Result<Self, Refusal> {
        let refusal = || Refusal::read(response);
        let Ok(Value::Object(mut answer)) = serde_json::from_slice::<Value>(&response.body) else {
            return Err(refusal());
        };
        let Some(Value::String(code)) = answer.remove("device_code").filter(|_| response.status == 200) else {
            return Err(refusal());
        };
        let text = |names: &[&str], longest| {
            let found = names.iter().find_map(|name| answer.get(*name)?.as_str());
            plain(found.unwrap_or_default(), longest)
        };
        let time = |name, otherwise| {
            answer
                .get(name)
                .and_then(seconds)
                .map_or(otherwise, Duration::from_secs)
        };
        let shown = DeviceCode {
            user_code: text(&["user_code"], 64),
            // Azure's first endpoint says `url`.
            verification_uri: text(&["verification_uri", "verification_url"], 300),
            message: text(&["message"], 500),
            expires: now + time("expires_in", LIFE),
        };
        if shown.user_code.is_empty() || shown.verification_uri.is_empty() {
            return Err(refusal());
        }
        let interval = time("interval", INTERVAL).max(Duration::from_secs(1));
        Ok(Self {
            code: code.into(),
            shown,
            interval,
            next: now + interval,
        })
    }

    /// Whether the code has ended by itself.
    pub(crate) fn is_over(&self, now: Moment) -> bool {
        now >= self.shown.expires
    }

    /// Takes a refused poll and says when to ask again.
    pub(crate) fn refused(&mut self, now: Moment, refusal: &Refusal) -> Poll {
        let verdict = match refusal.error.as_str() {
            "authorization_pending" => Poll::Pending,
            "slow_down" => {
                self.interval += SLOWER;
                Poll::Pending
            }
            "expired_token" | "code_expired" => Poll::Expired,
            "authorization_declined" | "access_denied" => Poll::Denied,
            _ if refusal.codes.contains(&70016) => Poll::Pending,
            _ if refusal.codes.contains(&70019) => Poll::Expired,
            _ if matches!(refusal.status, 429 | 500..=599) => {
                self.interval = self.interval.max(refusal.retry_after.unwrap_or(self.interval + SLOWER));
                Poll::Pending
            }
            _ => Poll::Refused,
        };
        self.next = (now + self.interval).min(self.shown.expires);
        verdict
    }

    /// No answer: ask less often (RFC 8628, 3.5).
    pub(crate) fn unanswered(&mut self, now: Moment) {
        self.interval = (self.interval * 2).min(Duration::from_secs(60));
        self.next = (now + self.interval).min(self.shown.expires);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_epoch(Duration::from_secs(seconds))
    }

    fn device(body: &str) -> Result<Device, Refusal> {
        let response = Response {
            status: 200,
            body: body.to_owned().into(),
            ..Response::default()
        };
        Device::read(at(100), &response)
    }

    fn refusal(error: &str) -> Refusal {
        Refusal {
            error: error.to_owned(),
            status: 400,
            ..Refusal::default()
        }
    }

    #[test]
    fn it_is_polled_as_told() {
        let body = r#"{"device_code":"D","user_code":"ABC","verification_url":"https://l.test/d","expires_in":"60","interval":"2","message":"go"}"#;
        let mut device = device(body).unwrap();
        assert_eq!((device.next, device.shown.expires), (at(102), at(160)));
        assert_eq!(
            device.refused(at(102), &refusal("authorization_pending")),
            Poll::Pending
        );
        assert_eq!(device.next, at(104));
        assert_eq!(device.refused(at(104), &refusal("slow_down")), Poll::Pending);
        assert_eq!(device.next, at(111));
        device.unanswered(at(111));
        assert_eq!(device.next, at(125));
        assert_eq!(
            device.refused(at(155), &refusal("authorization_pending")),
            Poll::Pending
        );
        assert_eq!(device.next, at(160), "never after its end");
        assert!(!device.is_over(at(159)) && device.is_over(at(160)));
        assert_eq!(device.refused(at(156), &refusal("expired_token")), Poll::Expired);
        assert_eq!(
            device.refused(at(156), &refusal("authorization_declined")),
            Poll::Denied
        );
        assert_eq!(device.refused(at(156), &refusal("invalid_client")), Poll::Refused);
        assert!(!format!("{device:?}").contains("\"D\""));
    }

    #[test]
    fn a_code_that_cannot_be_shown_is_refused() {
        assert!(device(r#"{"device_code":"D","user_code":"ABC"}"#).is_err());
        assert!(device(r#"{"user_code":"ABC","verification_uri":"https://l.test"}"#).is_err());
        assert!(device("nonsense").is_err());
        let shown = device(r#"{"device_code":"D","user_code":"A\u001b[0m","verification_uri":"https://l.test"}"#)
            .unwrap()
            .shown;
        assert_eq!((shown.user_code.as_str(), shown.expires), ("A[0m", at(1000)));
    }
}
