//! The few bodies that the machine itself writes and reads. All others pass unread.

use bytes::Bytes;
use psrp::body::InvocationState;
use psrp::body::{
    Body, ConnectRunspacePool, EncryptedSessionKey, HostDefaultData, HostInfo, InitRunspacePool, PipelineState,
    PublicKey, RunspacePoolState, RunspaceState, SessionCapability, V2_2, V2_3, primitive_dictionary,
};
use psrp::{KeyPair, SessionKey};

/// Which protocol versions matter to a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    /// Since 2.2 servers take envelopes of 500 KB (protocol.md 14).
    pub(crate) large_envelopes: bool,
}

pub(crate) fn capability() -> Bytes {
    SessionCapability::new(V2_3).write()
}

/// A pool is always opened with a host, or a pipeline that says `_useRunspaceHost` never gets a host call (protocol.md 24).
pub(crate) fn init(arguments: &[(String, clixml::Value)]) -> Bytes {
    let mut init = InitRunspacePool::new(HostInfo::console(HostDefaultData::terminal(120, 50)));
    if !arguments.is_empty() {
        let arguments = arguments.iter().map(|(name, value)| (name.as_str(), value.clone()));
        init.application_arguments = primitive_dictionary(arguments);
    }
    init.write()
}

pub(crate) fn connect() -> Bytes {
    ConnectRunspacePool::default().write()
}

pub(crate) fn public_key(pair: &KeyPair) -> Bytes {
    PublicKey {
        blob: pair.public_blob().into(),
    }
    .write()
}

pub(crate) fn session_key(body: &[u8], pair: &KeyPair) -> Result<SessionKey, psrp::Error> {
    pair.open(&EncryptedSessionKey::read(body)?.sealed.to_string())
}

/// The server's version as text, and what follows from it.
pub(crate) fn read_capability(body: &[u8]) -> Result<(String, Protocol), psrp::Error> {
    let theirs = SessionCapability::read(body)?.protocol;
    let agreed = SessionCapability::agree(V2_3, theirs)?;
    Ok((
        theirs.to_string(),
        Protocol {
            large_envelopes: agreed >= V2_2,
        },
    ))
}

/// What follows from a version that was kept.
pub(crate) fn protocol_of(text: &str) -> Option<Protocol> {
    let version: clixml::Version = text.parse().ok()?;
    Some(Protocol {
        large_envelopes: version >= V2_2,
    })
}

pub(crate) fn read_pool_state(body: &[u8]) -> Result<(RunspaceState, Option<String>), psrp::Error> {
    let RunspacePoolState { state, error } = RunspacePoolState::read(body)?;
    let words = error.map(|error| {
        let message = error
            .exception
            .property("Message")
            .and_then(clixml::Value::as_str)
            .map(str::to_owned);
        message
            .or_else(|| error.text.map(|text| text.to_string()))
            .unwrap_or_default()
    });
    Ok((state, words.filter(|words| !words.is_empty())))
}

pub(crate) fn read_pipeline_state(body: &[u8]) -> Result<InvocationState, psrp::Error> {
    PipelineState::read(body).map(|read| read.state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_a_dictionary_and_none_are_nothing() {
        let given = [("X-MS-Client-Version".to_owned(), clixml::Value::from("7.0.2374.2"))];
        let read = InitRunspacePool::read(&init(&given)).unwrap();
        let found = read.application_arguments.entry("X-MS-Client-Version");
        assert_eq!(found.and_then(clixml::Value::as_str), Some("7.0.2374.2"));
        let none = InitRunspacePool::read(&init(&[])).unwrap();
        assert_eq!(none.application_arguments, clixml::Value::Null);
    }
}
