//! PSRP: each role of ours against psrpcore's other one, with nothing but fragments between them.

mod our_client;
mod our_server;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use clixml::{Text, Value};
use psrp::{Outgoing, SessionKey};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::psrpcore::python::Python;

const PIPELINE: Uuid = Uuid::from_u128(0x2222);
/// Small enough that every message is cut.
const BLOB: usize = 60;

/// The Python child with a `pool` of psrpcore in it.
struct Theirs {
    python: Python,
}

impl Theirs {
    fn start(pool: &str) -> Option<Self> {
        let mut python = Python::start()?;
        python.run(&format!("pool = {pool}"));
        Some(Self { python })
    }

    #[track_caller]
    fn run(&mut self, code: &str) -> Json {
        self.python.run(code)
    }

    /// What an expression is.
    #[track_caller]
    fn is(&mut self, expression: &str) -> Json {
        self.python.run(&format!("answer = {expression}"))
    }

    /// What the pool has to send.
    #[track_caller]
    fn sent(&mut self) -> Vec<(Option<Uuid>, Bytes)> {
        let request = json!({ "do": "send", "size": BLOB + psrp::fragment::HEADER });
        let packets = self.python.ask(&request).unwrap_or_else(|error| panic!("{error}"));
        let packets = packets.as_array().expect("a list").iter();
        packets
            .map(|packet| {
                let pipeline = packet[0].as_str().map(|id| id.parse().expect("a GUID"));
                let data = STANDARD.decode(packet[1].as_str().expect("a string")).expect("base64");
                (pipeline, data.into())
            })
            .collect()
    }

    /// Gives the pool a message of ours; the names of its events come back.
    #[track_caller]
    fn receives(&mut self, mut message: Outgoing) -> Vec<String> {
        let pipeline = message.target();
        let mut data = BytesMut::new();
        // Whole fragments: psrpcore does not wait for the rest of one.
        while let Some(fragment) = message.fragment(BLOB) {
            data.extend_from_slice(&fragment);
        }
        let request =
            json!({ "do": "receive", "pipeline": pipeline.map(|id| id.to_string()), "data": STANDARD.encode(data) });
        let events = self.python.ask(&request).unwrap_or_else(|error| panic!("{error}"));
        let events = events.as_array().expect("a list").iter();
        events.map(|event| event.as_str().expect("a name").to_owned()).collect()
    }
}

/// Fills with randomness, of which the standard library has a little.
fn fill(buffer: &mut [u8]) {
    for chunk in buffer.chunks_mut(8) {
        let random = RandomState::new().build_hasher().finish().to_le_bytes();
        chunk.copy_from_slice(&random[..chunk.len()]);
    }
}

fn sealed(key: &SessionKey, secret: &str) -> Value {
    let units: Vec<u16> = secret.encode_utf16().collect();
    Value::SecureString(key.encrypt(&units).into())
}

#[track_caller]
fn opened(key: &SessionKey, value: &Value) -> Text {
    let Value::SecureString(text) = value else {
        panic!("no SecureString: {value:?}")
    };
    let units = key.decrypt(text.as_str().expect("base64")).expect("under this key");
    Text::from_utf16(&units)
}
