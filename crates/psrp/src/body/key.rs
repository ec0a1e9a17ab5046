//! PUBLIC_KEY, ENCRYPTED_SESSION_KEY and PUBLIC_KEY_REQUEST (MS-PSRP 2.2.2.3 to 5, protocol.md 17).

use clixml::{Object, Text, Value};

use super::Body;
use super::members::Members;
use crate::Error;

/// The client's RSA key.
#[derive(Clone, PartialEq, Debug)]
pub struct PublicKey {
    /// A CAPI PUBLICKEYBLOB in base64.
    pub blob: Text,
}

impl Body for PublicKey {
    const NAME: &'static str = "PUBLIC_KEY";

    fn to_value(&self) -> Value {
        Object::new().extended("PublicKey", self.blob.clone()).into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        Ok(PublicKey {
            blob: Members::of(Self::NAME, value)?.text("PublicKey")?,
        })
    }
}

/// The session key for it.
#[derive(Clone, PartialEq, Debug)]
pub struct EncryptedSessionKey {
    /// A CAPI SIMPLEBLOB in base64.
    pub sealed: Text,
}

impl Body for EncryptedSessionKey {
    const NAME: &'static str = "ENCRYPTED_SESSION_KEY";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("EncryptedSessionKey", self.sealed.clone())
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        Ok(EncryptedSessionKey {
            sealed: Members::of(Self::NAME, value)?.text("EncryptedSessionKey")?,
        })
    }
}

/// The server wants the client's key: an empty string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKeyRequest;

impl Body for PublicKeyRequest {
    const NAME: &'static str = "PUBLIC_KEY_REQUEST";

    fn to_value(&self) -> Value {
        Value::from("")
    }

    fn from_value(_: &Value) -> Result<Self, Error> {
        Ok(PublicKeyRequest)
    }
}
