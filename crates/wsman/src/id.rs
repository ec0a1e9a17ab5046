//! Identifiers that keep the spelling of whoever made them.
//!
//! What the server returned is used for everything afterwards (protocol.md 3), so its text is kept; but GUIDs are
//! written in either case, so two spellings of one identifier are equal.

use std::fmt;
use std::hash::{Hash, Hasher};

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Box<str>);

        impl $name {
            /// Keeps `text` as it is.
            #[must_use]
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text as it goes on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The GUID in it, if it is one.
            #[must_use]
            pub fn uuid(&self) -> Option<Uuid> {
                let prefix: &str = $prefix;
                let text = match self.0.get(..prefix.len()) {
                    Some(start) if start.eq_ignore_ascii_case(prefix) => &self.0[prefix.len()..],
                    _ => &self.0,
                };
                Uuid::try_parse(text).ok()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                let mut buffer = Uuid::encode_buffer();
                let id: &str = id.hyphenated().encode_upper(&mut buffer);
                Self(format!(concat!($prefix, "{}"), id).into())
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.bytes().for_each(|b| state.write_u8(b.to_ascii_lowercase()));
                state.write_u8(0xff);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id! {
    /// A shell, which is a runspace pool. A client chooses it, in upper case; the server may answer another.
    ShellId, ""
}
id! {
    /// A command, which is a pipeline. A client chooses it, in upper case; the server may answer another.
    CommandId, ""
}
id! {
    /// One message: `uuid:` and a GUID, new for each request.
    MessageId, "uuid:"
}
id! {
    /// The client's session, `uuid:` and a GUID, the same on all requests to a shell (MS-WSMV 3.1.4.1.37).
    ///
    /// A shell created without one cannot be disconnected; one created with it refuses requests that lack it.
    SessionId, "uuid:"
}

id! {
    /// One operation, `uuid:` and a GUID: a message that is sent again keeps it (MS-WSMV, protocol.md 21).
    OperationId, "uuid:"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_written_in_upper_case_and_compared_in_any() {
        let id = Uuid::from_u128(0xabcd);
        assert_eq!(ShellId::from(id).as_str(), "00000000-0000-0000-0000-00000000ABCD");
        assert_eq!(
            MessageId::from(id).as_str(),
            "uuid:00000000-0000-0000-0000-00000000ABCD"
        );
        assert_eq!(
            MessageId::from(id),
            MessageId::new("UUID:00000000-0000-0000-0000-00000000abcd")
        );
        assert_eq!(MessageId::from(id).uuid(), Some(id));
        assert_eq!(SessionId::new("00000000-0000-0000-0000-00000000abcd").uuid(), Some(id));
        assert_eq!(ShellId::new("spelt by the server").as_str(), "spelt by the server");
        assert_eq!(ShellId::new("\u{e9}\u{e9}\u{e9}").uuid(), None);
    }
}
