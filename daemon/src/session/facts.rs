//! What a server said of itself when a session was opened, as the books keep it for whoever takes the session up again:
//! a door begins with it. Nothing secret of it is kept.

use std::time::Duration;

use bytes::Bytes;
use clixml::{Content, Value};
use ledger::{Facts, Row};
use psrp::body::{ApplicationPrivateData, Body as _};
use runspace::Opened;

/// More private data than this, in bytes, is not kept whole: the books stay small.
const MOST: usize = 16 << 10;
/// Entries of such names may be secrets, whatever they hold.
const SECRET: [&str; 5] = ["password", "secret", "token", "credential", "cookie"];
/// The one that doors need.
const VERSIONS: &str = "PSVersionTable";

/// What is kept of it; `None` for what is no text.
pub(super) fn of(opened: &Opened) -> Option<Facts> {
    let capability = text(&opened.capability)?;
    Some(Facts {
        capability,
        private_data: opened.private_data.as_ref().and_then(without_secrets),
    })
}

/// The same, as if the session had just been opened.
pub(super) fn again(row: &Row, idle: Duration) -> Option<Opened> {
    let Facts {
        capability,
        private_data,
    } = row.facts.clone()?;
    Some(Opened {
        protocol: row.protocol.clone()?,
        capability: capability.into(),
        private_data: private_data.map(Bytes::from),
        idle_timeout: Some(idle),
        max_idle_timeout: None,
        kept: None,
    })
}

fn text(body: &Bytes) -> Option<String> {
    String::from_utf8(body.to_vec()).ok()
}

fn without_secrets(body: &Bytes) -> Option<String> {
    let mut read = ApplicationPrivateData::read(body).ok()?;
    let is_secret = |key: &str| {
        let key = key.to_ascii_lowercase();
        SECRET.iter().any(|secret| key.contains(secret))
    };
    retain(&mut read.data, &|key| !is_secret(key));
    let whole = Some(read.write()).filter(|body| body.len() <= MOST && !has_secure_string(body));
    whole
        .or_else(|| {
            retain(&mut read.data, &|key| key == VERSIONS);
            Some(read.write()).filter(|body| body.len() <= MOST && !has_secure_string(body))
        })
        .and_then(|body| text(&body))
}

fn retain(data: &mut Value, keep: &dyn Fn(&str) -> bool) {
    if let Some(object) = data.as_object_mut()
        && let Content::Dictionary(entries) = &mut object.content
    {
        entries.retain(|(key, _)| key.as_str().is_some_and(keep));
    }
}

fn has_secure_string(body: &[u8]) -> bool {
    body.windows(3).any(|at| at == b"<SS")
}

#[cfg(test)]
mod tests {
    use psrp::body::primitive_dictionary;

    use super::*;

    fn kept(entries: Vec<(&str, Value)>) -> ApplicationPrivateData {
        let body = ApplicationPrivateData {
            data: primitive_dictionary(entries),
        };
        let text = without_secrets(&body.write()).expect("something is kept");
        assert!(!text.contains("hunter2"), "{text}");
        ApplicationPrivateData::read(text.as_bytes()).expect("it is what it was")
    }

    fn versions() -> (&'static str, Value) {
        (VERSIONS, primitive_dictionary([("PSVersion", "5.1")]))
    }

    #[test]
    fn what_may_be_secret_is_left_out_and_the_rest_is_as_it_was() {
        let data = kept(vec![
            versions(),
            ("AccessToken", "hunter2".into()),
            ("DebugMode", 1.into()),
        ]);
        assert!(data.version_table().is_some() && data.data.entry("DebugMode").is_some());
        assert!(data.data.entry("AccessToken").is_none());
        let deep = primitive_dictionary([("Inner", Value::SecureString("hunter2".into()))]);
        let data = kept(vec![versions(), ("Deep", deep), ("DebugMode", 1.into())]);
        assert!(data.version_table().is_some() && data.data.entry("DebugMode").is_none());
    }

    #[test]
    fn much_of_it_is_not_kept() {
        let data = kept(vec![versions(), ("Much", "x".repeat(MOST).as_str().into())]);
        assert!(data.version_table().is_some() && data.data.entry("Much").is_none());
    }
}
