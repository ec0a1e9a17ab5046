//! One message: a 40-byte header and a body that nobody reads unless asked (MS-PSRP 2.2.1).

use bytes::{BufMut, Bytes, BytesMut};
use uuid::Uuid;

use crate::{Error, MessageType};

/// Who a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Destination {
    /// 1.
    Client,
    /// 2.
    Server,
}

impl Destination {
    /// The number on the wire.
    pub const fn id(self) -> u32 {
        match self {
            Destination::Client => 1,
            Destination::Server => 2,
        }
    }
}

/// The 40 bytes in front of a body: little-endian numbers, GUIDs in .NET's mixed order (MS-PSRP 2.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Who the message is for.
    pub destination: Destination,
    /// What it is about.
    pub kind: MessageType,
    /// The pool. A server's SESSION_CAPABILITY, PUBLIC_KEY_REQUEST and ENCRYPTED_SESSION_KEY carry zero.
    pub pool: Uuid,
    /// The pipeline; `None` is zero on the wire.
    pub pipeline: Option<Uuid>,
}

impl Header {
    /// The size on the wire.
    pub const SIZE: usize = 40;

    /// The bytes of the header.
    pub fn encode(&self) -> [u8; Header::SIZE] {
        let mut out = [0; Header::SIZE];
        out[0..4].copy_from_slice(&self.destination.id().to_le_bytes());
        out[4..8].copy_from_slice(&self.kind.id().to_le_bytes());
        out[8..24].copy_from_slice(&self.pool.to_bytes_le());
        out[24..40].copy_from_slice(&self.pipeline.unwrap_or_default().to_bytes_le());
        out
    }

    /// Reads the header at the front of `bytes`.
    ///
    /// # Errors
    /// [`Error::MessageTooShort`] below 40 bytes, [`Error::Destination`] for an addressee other than client and server.
    pub fn decode(bytes: &[u8]) -> Result<Header, Error> {
        let Some(header) = bytes.first_chunk::<{ Header::SIZE }>() else {
            return Err(Error::MessageTooShort(bytes.len()));
        };
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let guid = |at: usize| {
            let mut raw = [0; 16];
            raw.copy_from_slice(&header[at..at + 16]);
            Uuid::from_bytes_le(raw)
        };
        let destination = match number(0) {
            1 => Destination::Client,
            2 => Destination::Server,
            other => return Err(Error::Destination(other)),
        };
        let pipeline = guid(24);
        Ok(Header {
            destination,
            kind: MessageType::from_id(number(4)),
            pool: guid(8),
            pipeline: (!pipeline.is_nil()).then_some(pipeline),
        })
    }
}

/// A whole message. The body is UTF-8 CLIXML, perhaps behind a byte order mark, and stays as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Who the message is for.
    pub destination: Destination,
    /// What it is about.
    pub kind: MessageType,
    /// The pool.
    pub pool: Uuid,
    /// The pipeline, for what belongs to one.
    pub pipeline: Option<Uuid>,
    /// The CLIXML, unread.
    pub body: Bytes,
}

impl Message {
    /// Its header.
    pub fn header(&self) -> Header {
        Header {
            destination: self.destination,
            kind: self.kind,
            pool: self.pool,
            pipeline: self.pipeline,
        }
    }

    /// A message of this header and body.
    pub fn new(header: Header, body: Bytes) -> Message {
        Message {
            destination: header.destination,
            kind: header.kind,
            pool: header.pool,
            pipeline: header.pipeline,
            body,
        }
    }

    /// Header and body in one.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(Header::SIZE + self.body.len());
        out.put_slice(&self.header().encode());
        out.put_slice(&self.body);
        out.freeze()
    }

    /// Reads a message; the body shares the memory of `bytes`.
    ///
    /// # Errors
    /// As [`Header::decode`].
    pub fn decode(mut bytes: Bytes) -> Result<Message, Error> {
        let header = Header::decode(&bytes)?;
        Ok(Message::new(header, bytes.split_off(Header::SIZE)))
    }

    /// The CLIXML without a byte order mark.
    pub fn xml(&self) -> &[u8] {
        without_mark(&self.body)
    }
}

/// `body` without the byte order mark that servers write in front of it.
pub fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Message {
        Message {
            destination: Destination::Server,
            kind: MessageType::CreatePipeline,
            pool: Uuid::from_u128(0x00112233_4455_6677_8899_aabbccddeeff),
            pipeline: Some(Uuid::from_u128(1)),
            body: Bytes::from_static(b"\xEF\xBB\xBF<S />"),
        }
    }

    #[test]
    fn a_message_reads_back() {
        let bytes = sample().encode();
        assert_eq!(&bytes[..8], &[2, 0, 0, 0, 6, 0x10, 2, 0]);
        assert_eq!(
            &bytes[8..16],
            &[0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66],
            "GUIDs are in mixed order"
        );
        let back = Message::decode(bytes).unwrap();
        assert_eq!(back, sample());
        assert_eq!(back.xml(), b"<S />");
    }

    #[test]
    fn a_zero_pipeline_is_none() {
        let message = Message {
            pipeline: None,
            body: Bytes::new(),
            ..sample()
        };
        assert_eq!(message.encode().len(), 40);
        assert_eq!(Message::decode(message.encode()).unwrap(), message);
    }

    #[test]
    fn short_and_misaddressed_messages_are_errors() {
        assert!(matches!(
            Message::decode(Bytes::from_static(&[2; 39])),
            Err(Error::MessageTooShort(39))
        ));
        let mut bytes = sample().encode().to_vec();
        bytes[0] = 3;
        assert!(matches!(Message::decode(bytes.into()), Err(Error::Destination(3))));
    }
}
