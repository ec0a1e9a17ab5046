//! `Version`: two to four numbers.

use std::fmt;
use std::str::FromStr;

use crate::Refusal;

/// `major.minor[.build[.revision]]`, each up to `i32::MAX`. `1.2` is not `1.2.0`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// INVARIANT: the first two are not negative; an absent one is -1, and then so are those after it.
    parts: [i32; 4],
}

impl Version {
    /// Of two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        Version {
            parts: [major as i32, minor as i32, -1, -1],
        }
    }

    /// The first number.
    pub fn major(self) -> i32 {
        self.parts[0]
    }

    /// The second number.
    pub fn minor(self) -> i32 {
        self.parts[1]
    }

    /// The third number, if it has one.
    pub fn build(self) -> Option<i32> {
        Some(self.parts[2]).filter(|part| *part >= 0)
    }

    /// The fourth number, if it has one.
    pub fn revision(self) -> Option<i32> {
        Some(self.parts[3]).filter(|part| *part >= 0)
    }
}

impl FromStr for Version {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let mut parts = [-1; 4];
        let mut count = 0;
        for part in text.split('.') {
            // .NET reads each as an integer of its own, white space and a plus sign included.
            let part = part.trim_ascii();
            let number: i32 = part.parse().map_err(|_| Refusal::Malformed)?;
            if number < 0 || part.starts_with('-') {
                return Err(Refusal::Malformed);
            }
            *parts.get_mut(count).ok_or(Refusal::Malformed)? = number;
            count += 1;
        }
        if count < 2 {
            Err(Refusal::Malformed)
        } else {
            Ok(Version { parts })
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.parts[0], self.parts[1])?;
        for part in self.parts[2..].iter().filter(|part| **part >= 0) {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_numbers_as_were_given() {
        for text in ["2.3", "1.2.0", "10.0.17763.1", "2147483647.0"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        assert_ne!("1.2".parse::<Version>(), "1.2.0".parse());
        assert_eq!("2.3".parse(), Ok(Version::new(2, 3)));
        assert!("2.2".parse::<Version>().unwrap() < "2.2.0".parse().unwrap());
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["", "1", "1.", ".1", "1.2.3.4.5", "1.-2", "a.b", "1.2147483648", "1..2"] {
            assert_eq!(text.parse::<Version>(), Err(Refusal::Malformed), "{text}");
        }
    }
}
