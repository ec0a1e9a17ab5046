//! Kerberos in SPNEGO (RFC 4178), with Kerberos as its one offer: with a single mechanism there is no choice to protect,
//! so none of its checksums is needed.

use super::context::{Context, Refused, Step};
use super::sealing::Sealed;

const SPNEGO: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// The same with a bit lost, as Windows 2000 wrote it, and its followers still answer.
const KERBEROS_OF_2000: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02];

const REJECT: u8 = 2;

/// A Kerberos context whose tokens are wrapped.
pub(super) struct Spnego {
    inner: Box<dyn Context>,
    inner_done: bool,
}

impl Spnego {
    pub(super) fn new(inner: Box<dyn Context>) -> Self {
        Self {
            inner,
            inner_done: false,
        }
    }
}

impl Context for Spnego {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refused> {
        if token.is_empty() {
            let Step { token, done } = self.inner.step(&[])?;
            self.inner_done = done;
            return Ok(Step {
                token: offer(&token),
                // Even a context that is complete after its first token hears the acceptor's verdict.
                done: false,
            });
        }
        let answer =
            Answer::read(token).ok_or_else(|| Refused::Unavailable("its SPNEGO answer cannot be read".to_owned()))?;
        if answer.state == Some(REJECT) {
            return Err(Refused::Unavailable("it rejects Kerberos".to_owned()));
        }
        if answer
            .mechanism
            .is_some_and(|oid| oid != KERBEROS && oid != KERBEROS_OF_2000)
        {
            return Err(Refused::Unavailable("it does not take Kerberos, only NTLM".to_owned()));
        }
        let Some(inner) = answer.token.filter(|token| !token.is_empty()) else {
            return Ok(Step {
                token: Vec::new(),
                done: self.inner_done,
            });
        };
        let Step { token, done } = self.inner.step(inner)?;
        self.inner_done = done;
        let token = if token.is_empty() { token } else { reply(&token) };
        Ok(Step { token, done })
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String> {
        self.inner.seal(plain)
    }

    fn open(&mut self, sealed: Sealed) -> Result<Vec<u8>, String> {
        self.inner.open(sealed)
    }
}

/// NegTokenInit in its frame.
fn offer(token: &[u8]) -> Vec<u8> {
    let mechanisms = tagged(0xa0, &tagged(0x30, &tagged(0x06, KERBEROS)));
    let token = tagged(0xa2, &tagged(0x04, token));
    let init = tagged(0xa0, &tagged(0x30, &[mechanisms, token].concat()));
    tagged(0x60, &[tagged(0x06, SPNEGO), init].concat())
}

/// NegTokenResp.
fn reply(token: &[u8]) -> Vec<u8> {
    tagged(0xa1, &tagged(0x30, &tagged(0xa2, &tagged(0x04, token))))
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length = content.len().to_be_bytes();
    let from = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    match length.get(from..).unwrap_or_default() {
        [short] if *short < 0x80 => der.push(*short),
        long => {
            der.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            der.extend_from_slice(long);
        }
    }
    der.extend_from_slice(content);
    der
}

/// What a NegTokenResp says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer<'t> {
    state: Option<u8>,
    mechanism: Option<&'t [u8]>,
    token: Option<&'t [u8]>,
}

impl<'t> Answer<'t> {
    fn read(der: &'t [u8]) -> Option<Self> {
        let (0xa1, outer, _) = element(der)? else { return None };
        let (0x30, mut fields, _) = element(outer)? else {
            return None;
        };
        let mut answer = Self::default();
        while !fields.is_empty() {
            let (tag, content, rest) = element(fields)?;
            fields = rest;
            let (_, value, _) = element(content)?;
            match tag {
                0xa0 => answer.state = value.first().copied(),
                0xa1 => answer.mechanism = Some(value),
                0xa2 => answer.token = Some(value),
                _ => {}
            }
        }
        Some(answer)
    }
}

fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if bytes.len() > 3 {
            return None;
        }
        length = bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo(Vec<Vec<u8>>);

    impl Context for Echo {
        fn step(&mut self, token: &[u8]) -> Result<Step, Refused> {
            self.0.push(token.to_vec());
            Ok(Step {
                token: if token.is_empty() { vec![7; 300] } else { Vec::new() },
                done: !token.is_empty(),
            })
        }

        fn seal(&mut self, _: &[u8]) -> Result<Sealed, String> {
            Err(String::new())
        }

        fn open(&mut self, _: Sealed) -> Result<Vec<u8>, String> {
            Err(String::new())
        }
    }

    #[test]
    fn an_offer_is_der_and_an_answer_is_passed_on() {
        let mut spnego = Spnego::new(Box::new(Echo(Vec::new())));
        let first = spnego.step(&[]).unwrap();
        assert!(!first.done);
        let (tag, content, rest) = element(&first.token).unwrap();
        assert_eq!((tag, rest.len()), (0x60, 0));
        assert!(content.windows(KERBEROS.len()).any(|part| part == KERBEROS));
        assert!(content.ends_with(&[7; 300]));

        let state = tagged(0xa0, &tagged(0x0a, &[0]));
        let mechanism = tagged(0xa1, &tagged(0x06, KERBEROS));
        let token = tagged(0xa2, &tagged(0x04, b"proof"));
        let answer = tagged(0xa1, &tagged(0x30, &[state, mechanism, token].concat()));
        assert!(spnego.step(&answer).unwrap().done);
    }

    #[test]
    fn another_mechanism_is_no_way() {
        let ntlm = tagged(0xa1, &tagged(0x06, &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10]));
        let answer = tagged(0xa1, &tagged(0x30, &ntlm));
        let mut spnego = Spnego::new(Box::new(Echo(Vec::new())));
        spnego.step(&[]).unwrap();
        assert!(matches!(spnego.step(&answer), Err(Refused::Unavailable(why)) if why.contains("NTLM")));
        for cut in 0..answer.len() {
            assert_eq!(Answer::read(&answer[..cut]), None);
        }
    }
}
