//! The tags of CLIXML (MS-PSRP 2.2.5).

use crate::ListKind;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Objs,
    Obj,
    TypeNames,
    TypeNamesReference,
    TypeName,
    ToString,
    Adapted,
    Extended,
    List(ListKind),
    Dictionary,
    Entry,
    Leaf(Leaf),
    Unknown,
}

/// An element that is a value and no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Null,
    Reference,
    Progress,
    Bool,
    Char,
    Byte,
    SByte,
    UInt16,
    Int16,
    UInt32,
    Int32,
    UInt64,
    Int64,
    Single,
    Double,
    Decimal,
    DateTime,
    TimeSpan,
    Guid,
    Version,
    Bytes,
    String,
    Uri,
    ScriptBlock,
    Xml,
    SecureString,
}

impl Tag {
    /// Of a local name. PowerShell compares case.
    pub(super) fn of(name: &str) -> Tag {
        match *name.as_bytes() {
            [b'S'] => Tag::Leaf(Leaf::String),
            [b'B'] => Tag::Leaf(Leaf::Bool),
            [b'C'] => Tag::Leaf(Leaf::Char),
            [b'D'] => Tag::Leaf(Leaf::Decimal),
            [b'G'] => Tag::Leaf(Leaf::Guid),
            [b'T'] => Tag::TypeName,
            [b'D', b'T'] => Tag::Leaf(Leaf::DateTime),
            [b'T', b'S'] => Tag::Leaf(Leaf::TimeSpan),
            [b'B', b'y'] => Tag::Leaf(Leaf::Byte),
            [b'S', b'B'] => Tag::Leaf(Leaf::SByte),
            [b'S', b'g'] => Tag::Leaf(Leaf::Single),
            [b'D', b'b'] => Tag::Leaf(Leaf::Double),
            [b'B', b'A'] => Tag::Leaf(Leaf::Bytes),
            [b'X', b'D'] => Tag::Leaf(Leaf::Xml),
            [b'S', b'S'] => Tag::Leaf(Leaf::SecureString),
            [b'P', b'R'] => Tag::Leaf(Leaf::Progress),
            [b'T', b'N'] => Tag::TypeNames,
            [b'M', b'S'] => Tag::Extended,
            [b'E', b'n'] => Tag::Entry,
            [b'I', b'E'] => Tag::List(ListKind::Enumerable),
            [b'U', b'1', b'6'] => Tag::Leaf(Leaf::UInt16),
            [b'I', b'1', b'6'] => Tag::Leaf(Leaf::Int16),
            [b'U', b'3', b'2'] => Tag::Leaf(Leaf::UInt32),
            [b'I', b'3', b'2'] => Tag::Leaf(Leaf::Int32),
            [b'U', b'6', b'4'] => Tag::Leaf(Leaf::UInt64),
            [b'I', b'6', b'4'] => Tag::Leaf(Leaf::Int64),
            [b'U', b'R', b'I'] => Tag::Leaf(Leaf::Uri),
            [b'S', b'B', b'K'] => Tag::Leaf(Leaf::ScriptBlock),
            [b'N', b'i', b'l'] => Tag::Leaf(Leaf::Null),
            [b'R', b'e', b'f'] => Tag::Leaf(Leaf::Reference),
            [b'O', b'b', b'j'] => Tag::Obj,
            [b'L', b'S', b'T'] => Tag::List(ListKind::List),
            [b'Q', b'U', b'E'] => Tag::List(ListKind::Queue),
            [b'S', b'T', b'K'] => Tag::List(ListKind::Stack),
            [b'D', b'C', b'T'] => Tag::Dictionary,
            _ => Tag::of_long(name),
        }
    }

    fn of_long(name: &str) -> Tag {
        match name {
            "Objs" => Tag::Objs,
            "Props" => Tag::Adapted,
            "TNRef" => Tag::TypeNamesReference,
            "ToString" => Tag::ToString,
            "Version" => Tag::Leaf(Leaf::Version),
            _ => Tag::Unknown,
        }
    }
}
