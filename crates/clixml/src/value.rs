//! A PowerShell value: what one CLIXML element holds.

use std::fmt;

use uuid::Uuid;

use crate::{DateTime, Decimal, Object, Opaque, Property, RefId, Text, TimeSpan, Version};

/// One value (MS-PSRP 2.2.5.1 and 2.2.5.2).
///
/// A tree: a reference stays a node with its id, so a cycle costs nothing and a value that was read is written as the
/// same XML. [`References`](crate::References) finds what a reference means.
///
/// Equality is that of the data: NaN equals NaN, 0.0 differs from -0.0, and the id that an object bears is only a
/// label (but the id that a reference names is data).
#[derive(Clone, Default)]
pub enum Value {
    /// `Nil`.
    #[default]
    Null,
    /// `B`.
    Bool(bool),
    /// `C`: one UTF-16 unit.
    Char(u16),
    /// `By`.
    Byte(u8),
    /// `SB`.
    SByte(i8),
    /// `U16`.
    UInt16(u16),
    /// `I16`.
    Int16(i16),
    /// `U32`.
    UInt32(u32),
    /// `I32`.
    Int32(i32),
    /// `U64`.
    UInt64(u64),
    /// `I64`.
    Int64(i64),
    /// `Sg`.
    Single(f32),
    /// `Db`.
    Double(f64),
    /// `D`.
    Decimal(Decimal),
    /// `DT`.
    DateTime(DateTime),
    /// `TS`.
    TimeSpan(TimeSpan),
    /// `G`.
    Guid(Uuid),
    /// `Version`.
    Version(Version),
    /// `BA`.
    Bytes(Box<[u8]>),
    /// `S`.
    String(Text),
    /// `URI`: its spelling.
    Uri(Text),
    /// `SBK`: a script block's text.
    ScriptBlock(Text),
    /// `XD`: an XML document's text, never parsed here.
    Xml(Text),
    /// `SS`: what stands for a SecureString. In remoting base64 of its ciphertext, from protocol 2.4 on of its UTF-16
    /// itself, so treat it as the secret that it is.
    SecureString(Text),
    /// `PR`.
    Progress(Box<Progress>),
    /// `Obj`.
    Object(Box<Object>),
    /// `Ref`: an object that came before, or one that this is a part of.
    Reference(RefId),
    /// `MS` with a name inside of a member set: more properties under one name.
    MemberSet(Vec<Property>),
    /// An element that PowerShell refuses, as it came.
    Opaque(Box<Opaque>),
}

/// A progress record as one value (MS-PSRP 2.2.5.1.25); the PROGRESS_RECORD message has another form.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// `AV`: what goes on.
    pub activity: Text,
    /// `AI`.
    pub activity_id: i32,
    /// Null, or the text of the current operation.
    pub current_operation: Value,
    /// `PI`: -1 for none.
    pub parent_activity_id: i32,
    /// `PC`: -1 for unknown.
    pub percent_complete: i32,
    /// `T`: `Processing` or `Completed`.
    pub kind: Text,
    /// `SR`: -1 for unknown.
    pub seconds_remaining: i32,
    /// `SD`.
    pub status_description: Text,
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        use Value::*;
        match (self, other) {
            (Null, Null) => true,
            (Bool(left), Bool(right)) => left == right,
            (Char(left), Char(right)) | (UInt16(left), UInt16(right)) => left == right,
            (Byte(left), Byte(right)) => left == right,
            (SByte(left), SByte(right)) => left == right,
            (Int16(left), Int16(right)) => left == right,
            (UInt32(left), UInt32(right)) => left == right,
            (Int32(left), Int32(right)) => left == right,
            (UInt64(left), UInt64(right)) => left == right,
            (Int64(left), Int64(right)) => left == right,
            (Single(left), Single(right)) => left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan()),
            (Double(left), Double(right)) => left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan()),
            (Decimal(left), Decimal(right)) => left == right,
            (DateTime(left), DateTime(right)) => left == right,
            (TimeSpan(left), TimeSpan(right)) => left == right,
            (Guid(left), Guid(right)) => left == right,
            (Version(left), Version(right)) => left == right,
            (Bytes(left), Bytes(right)) => left == right,
            (String(left), String(right))
            | (Uri(left), Uri(right))
            | (ScriptBlock(left), ScriptBlock(right))
            | (Xml(left), Xml(right))
            | (SecureString(left), SecureString(right)) => left == right,
            (Progress(left), Progress(right)) => left == right,
            (Object(left), Object(right)) => left == right,
            (Reference(left), Reference(right)) => left == right,
            (MemberSet(left), MemberSet(right)) => left == right,
            (Opaque(left), Opaque(right)) => left == right,
            _ => false,
        }
    }
}

/// Each variant with what it holds, except that a secret is not shown: values end up in logs.
macro_rules! debug {
    ($($variant:ident)+) => {
        impl fmt::Debug for Value {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Value::Null => f.write_str("Null"),
                    Value::SecureString(_) => f.write_str("SecureString(..)"),
                    $(Value::$variant(held) => f.debug_tuple(stringify!($variant)).field(held).finish(),)+
                }
            }
        }
    };
}

debug! {
    Bool Char Byte SByte UInt16 Int16 UInt32 Int32 UInt64 Int64 Single Double Decimal DateTime TimeSpan Guid Version Bytes
    String Uri ScriptBlock Xml Progress Object Reference MemberSet Opaque
}

// What a list of a million leaves costs is this times a million.
const _: () = assert!(size_of::<Value>() <= 32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let credential = Value::from(Object::new().adapted("Password", Value::SecureString("aGk=".into())));
        assert!(format!("{credential:?}").contains("SecureString(..)"));
        assert!(!format!("{credential:?}").contains("aGk="));
    }
}
