//! Names for what the broker and its driver talk about.

use std::fmt;
use std::sync::Arc;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// One request of a client. The driver chooses it and never uses it twice; the broker answers each exactly once.
    ///
    /// A turn is named by the request that asked for it, also while it runs.
    RequestId
}
number! {
    /// A session: small, local, what a user types. The broker counts them up from [`Start::session`](crate::Start).
    SessionId
}
number! {
    /// A lease. The broker counts them up from [`Start::lease`](crate::Start).
    LeaseId
}
number! {
    /// Rises with every grant, for ever: a lease key with an older one is refused.
    Fence
}
number! {
    /// Names one [`Record`](crate::Action::Record) until it is confirmed.
    Seq
}

/// The remote shell's id. The client chooses it, so a shell whose answer never arrived can still be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShellId(pub u128);

impl ShellId {
    /// The id of a session's shell under a seed: a version 4 UUID, as different as its seeds and sessions are.
    ///
    /// The driver draws one seed per start; the rest is counting, so that a run can be repeated.
    pub(crate) fn derive(seed: u128, session: SessionId) -> Self {
        let low = scatter((seed as u64) ^ scatter(session.0));
        let high = scatter(((seed >> 64) as u64) ^ scatter(low ^ session.0));
        let bits = (u128::from(high) << 64) | u128::from(low);
        let versioned = (bits & !(0xf << 76)) | (0x4 << 76);
        Self((versioned & !(0x3 << 62)) | (0x2 << 62))
    }
}

/// One output of the splitmix64 sequence: a bijection in which every input bit reaches every output bit.
const fn scatter(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl fmt::Display for ShellId {
    /// As PowerShell writes a GUID on the wire: upper case with hyphens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0;
        write!(
            f,
            "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            bits >> 96,
            (bits >> 80) & 0xffff,
            (bits >> 64) & 0xffff,
            (bits >> 48) & 0xffff,
            bits & 0xffff_ffff_ffff
        )
    }
}

/// A profile's name as the configuration has it. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(Arc<str>);

impl ProfileName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ProfileName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for ProfileName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_ids_are_version_4_guids_that_differ() {
        let one = ShellId::derive(7, SessionId(1)).to_string();
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!("89AB".contains(&one[19..20]), "{one}");
        assert_ne!(one, ShellId::derive(7, SessionId(2)).to_string());
        assert_ne!(one, ShellId::derive(8, SessionId(1)).to_string());
        assert_ne!(one, ShellId::derive(7 << 64, SessionId(1)).to_string());
        assert_eq!(one, ShellId::derive(7, SessionId(1)).to_string());
    }
}
