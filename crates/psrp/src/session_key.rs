//! The session key and the SecureStrings under it (MS-PSRP 2.2.5.1.26, 3.1.5.4.3 and 4; protocol.md 17).
//!
//! The client makes an RSA pair and sends the public half, the server answers with an AES-256 key encrypted for it. Randomness
//! comes from the caller: each function that needs some takes a closure that fills a buffer. Confidentiality is TLS's task; this
//! only keeps a password out of logs and dumps of the wire.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

use crate::Error;

/// PUBLICKEYBLOB, version 2, CALG_RSA_KEYX, `RSA1`.
const PUBLIC_HEAD: [u8; 12] = [6, 2, 0, 0, 0, 0xA4, 0, 0, b'R', b'S', b'A', b'1'];
/// SIMPLEBLOB, version 2, CALG_AES_256 under CALG_RSA_KEYX.
const SIMPLE_HEAD: [u8; 12] = [1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0];
/// PowerShell's key size, in bits.
const BITS: usize = 2048;
/// The zero vector that PowerShell encrypts each string with.
const VECTOR: [u8; 16] = [0; 16];

/// The AES-256 key of a session. Wiped when dropped, and not shown by `Debug`.
#[derive(Clone)]
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl SessionKey {
    /// A key of these bytes; a server makes them at random.
    pub fn new(bytes: [u8; 32]) -> SessionKey {
        SessionKey(Zeroizing::new(bytes))
    }

    /// The text of an `<SS>` element for these UTF-16 units.
    pub fn encrypt(&self, units: &[u16]) -> String {
        let plain: Zeroizing<Vec<u8>> = Zeroizing::new(units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
        let cipher = cbc::Encryptor::<aes::Aes256>::new(&(*self.0).into(), &VECTOR.into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<Pkcs7>(&plain))
    }

    /// The UTF-16 units of the text of an `<SS>` element.
    ///
    /// # Errors
    /// [`Error::SecureString`] for what is not base64, not whole blocks, or under another key.
    pub fn decrypt(&self, text: &str) -> Result<Zeroizing<Vec<u16>>, Error> {
        let sealed = decode(text).map_err(|_| Error::SecureString("it is not base64"))?;
        let cipher = cbc::Decryptor::<aes::Aes256>::new(&(*self.0).into(), &VECTOR.into());
        let plain = cipher
            .decrypt_padded_vec_mut::<Pkcs7>(&sealed)
            .map(Zeroizing::new)
            .map_err(|_| Error::SecureString("it is under another key, or damaged"))?;
        units(&plain)
    }

    /// The session key for whoever has the private half of `public_blob`: the text of `EncryptedSessionKey`.
    ///
    /// # Errors
    /// [`Error::KeyBlob`] for a blob that is not an RSA key of 2048 bits as CAPI writes it.
    pub fn seal(&self, public_blob: &str, fill: &mut dyn FnMut(&mut [u8])) -> Result<String, Error> {
        let public = read_public(public_blob)?;
        let mut sealed = public
            .encrypt(&mut Filled(fill), Pkcs1v15Encrypt, &*self.0)
            .map_err(|_| Error::KeyExchange("the session key could not be encrypted"))?;
        sealed.reverse();
        let mut blob = SIMPLE_HEAD.to_vec();
        blob.extend_from_slice(&sealed);
        Ok(STANDARD.encode(blob))
    }
}

/// The client's RSA pair, for one session.
#[derive(Clone)]
pub struct KeyPair(RsaPrivateKey);

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

impl KeyPair {
    /// A fresh pair. Slow (a large part of a second): call it off the session's task.
    ///
    /// # Errors
    /// [`Error::KeyExchange`] if `fill` gives nothing to make primes of.
    pub fn generate(fill: &mut dyn FnMut(&mut [u8])) -> Result<KeyPair, Error> {
        RsaPrivateKey::new(&mut Filled(fill), BITS)
            .map(KeyPair)
            .map_err(|_| Error::KeyExchange("no key pair could be made"))
    }

    /// The pair of two primes (big-endian) and the exponent 65537.
    ///
    /// # Errors
    /// [`Error::KeyExchange`] for numbers that make no pair.
    pub fn from_primes(p: &[u8], q: &[u8]) -> Result<KeyPair, Error> {
        RsaPrivateKey::from_p_q(
            BigUint::from_bytes_be(p),
            BigUint::from_bytes_be(q),
            BigUint::from(65537u32),
        )
        .map(KeyPair)
        .map_err(|_| Error::KeyExchange("the primes make no key pair"))
    }

    /// The text of `PublicKey`: a CAPI PUBLICKEYBLOB in base64.
    pub fn public_blob(&self) -> String {
        let mut blob = PUBLIC_HEAD.to_vec();
        blob.extend_from_slice(&((self.0.size() * 8) as u32).to_le_bytes());
        blob.extend_from_slice(&little(self.0.e(), 4));
        blob.extend_from_slice(&little(self.0.n(), self.0.size()));
        STANDARD.encode(blob)
    }

    /// Reads the text of `EncryptedSessionKey`.
    ///
    /// # Errors
    /// [`Error::KeyBlob`] for another kind of blob, [`Error::KeyExchange`] for a key that is not for this pair.
    pub fn open(&self, sealed: &str) -> Result<SessionKey, Error> {
        let blob = decode(sealed).map_err(|_| Error::KeyBlob("it is not base64"))?;
        let Some(sealed) = blob.strip_prefix(&SIMPLE_HEAD) else {
            return Err(Error::KeyBlob("it is not a SIMPLEBLOB with an AES-256 key"));
        };
        let sealed: Vec<u8> = sealed.iter().rev().copied().collect();
        let key = self
            .0
            .decrypt(Pkcs1v15Encrypt, &sealed)
            .map(Zeroizing::new)
            .map_err(|_| Error::KeyExchange("the session key is not encrypted for this key pair"))?;
        let key =
            <[u8; 32]>::try_from(key.as_slice()).map_err(|_| Error::KeyBlob("the session key is not of 32 bytes"))?;
        Ok(SessionKey::new(key))
    }
}

/// How SecureStrings travel in a session.
#[derive(Clone, Debug)]
pub enum Secrets {
    /// Both ends speak 2.4 or later: the base64 of UTF-16LE, TLS does the rest.
    Plain,
    /// Under the session key.
    Key(SessionKey),
}

impl Secrets {
    /// The text of an `<SS>` element.
    pub fn write(&self, secret: &str) -> String {
        let units: Zeroizing<Vec<u16>> = Zeroizing::new(secret.encode_utf16().collect());
        match self {
            Secrets::Key(key) => key.encrypt(&units),
            Secrets::Plain => {
                let bytes: Zeroizing<Vec<u8>> =
                    Zeroizing::new(units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
                STANDARD.encode(&*bytes)
            }
        }
    }

    /// The secret in the text of an `<SS>` element.
    ///
    /// # Errors
    /// [`Error::SecureString`] for what was written otherwise, or holds half a character.
    pub fn read(&self, text: &str) -> Result<Zeroizing<String>, Error> {
        let units = match self {
            Secrets::Key(key) => key.decrypt(text)?,
            Secrets::Plain => {
                let bytes = decode(text).map_err(|_| Error::SecureString("it is not base64"))?;
                units(&bytes)?
            }
        };
        String::from_utf16(&units)
            .map(Zeroizing::new)
            .map_err(|_| Error::SecureString("it holds a lone surrogate"))
    }
}

/// A source of randomness that somebody else fills.
struct Filled<'a>(&'a mut dyn FnMut(&mut [u8]));

impl rsa::rand_core::RngCore for Filled<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        (self.0)(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        (self.0)(dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        (self.0)(dest);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Filled<'_> {}

fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, base64::DecodeError> {
    STANDARD.decode(text.trim()).map(Zeroizing::new)
}

fn units(plain: &[u8]) -> Result<Zeroizing<Vec<u16>>, Error> {
    if !plain.len().is_multiple_of(2) {
        return Err(Error::SecureString("it holds half a character"));
    }
    Ok(Zeroizing::new(
        plain
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect(),
    ))
}

/// A number as CAPI writes it: little-endian, padded to `size` bytes.
fn little(number: &BigUint, size: usize) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(size, 0);
    bytes
}

fn read_public(text: &str) -> Result<RsaPublicKey, Error> {
    let blob = decode(text).map_err(|_| Error::KeyBlob("it is not base64"))?;
    let Some((head, modulus)) = blob.split_at_checked(20) else {
        return Err(Error::KeyBlob("it is too short"));
    };
    if head[..12] != PUBLIC_HEAD {
        return Err(Error::KeyBlob("it is not a PUBLICKEYBLOB with an RSA key"));
    }
    if head[12..16] != (BITS as u32).to_le_bytes() || modulus.len() != BITS / 8 {
        return Err(Error::KeyBlob("the key is not of 2048 bits"));
    }
    RsaPublicKey::new(BigUint::from_bytes_le(modulus), BigUint::from_bytes_le(&head[16..20]))
        .map_err(|_| Error::KeyBlob("modulus and exponent make no RSA key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Two primes of 1024 bits, made for these tests.
    const P: &str = "e1f4abb238689a1b05497a1562f53ebc7d6ebc3c5ae68b1d57a3ad1732529487a17819ffeee4b53e4546eb7c00169c8f\
        634412ed83acbd0b4e8b2afd98b4a1c595a6af790c4c0b797605b9917b792998ba871de9000c166c403c81bc9f2c822e\
        9fc04cd9712c50f49fab3e23126a2ca2c1b566f3e813d0fd633a49dbfca0d0ef";
    const Q: &str = "e64db5bbb17c738c8d388087d0576bcfc2bfc96a6cb06b0dd1a07b102ac27d4e74ed276193357f74837f5dbdeee3170e\
        f58264ee08ad437b47a66948715da3cfc6e8c10b70c7806cbb7a1794a3967b12b0ced80f63d08373fc283b71fae73db8\
        9fcc0dfdad94b1ac43d5fe3048358e1e9182e2c36188f858b928b4973207835f";

    fn number(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    fn pair() -> KeyPair {
        KeyPair::from_primes(&number(P), &number(Q)).unwrap()
    }

    /// Not random at all, which padding does not mind as long as no byte is zero.
    fn fill() -> impl FnMut(&mut [u8]) {
        let mut next = 0u8;
        move |buffer| {
            for byte in buffer {
                next = next.checked_add(1).unwrap_or(1);
                *byte = next;
            }
        }
    }

    #[test]
    fn a_session_key_reaches_the_owner_of_the_pair() {
        let key = SessionKey::new([7; 32]);
        let sealed = key.seal(&pair().public_blob(), &mut fill()).unwrap();
        let blob = STANDARD.decode(&sealed).unwrap();
        assert_eq!(blob.len(), 12 + 256);
        let opened = pair().open(&sealed).unwrap();
        assert_eq!(
            *opened.decrypt(&key.encrypt(&[0x4B, 0xE9, 0xD83D])).unwrap(),
            [0x4B, 0xE9, 0xD83D]
        );
    }

    #[test]
    fn the_public_blob_is_what_capi_writes() {
        let blob = STANDARD.decode(pair().public_blob()).unwrap();
        assert_eq!(blob.len(), 20 + 256);
        assert_eq!(
            blob[..20],
            [
                6, 2, 0, 0, 0, 0xA4, 0, 0, b'R', b'S', b'A', b'1', 0, 8, 0, 0, 1, 0, 1, 0
            ]
        );
        let modulus = BigUint::from_bytes_be(&number(P)) * BigUint::from_bytes_be(&number(Q));
        assert_eq!(BigUint::from_bytes_le(&blob[20..]), modulus);
    }

    #[test]
    fn strings_are_padded_under_a_zero_vector() {
        let key = SessionKey::new([7; 32]);
        assert_eq!(key.encrypt(&[0x61]), key.encrypt(&[0x61]), "one string, one text");
        assert_eq!(STANDARD.decode(key.encrypt(&[])).unwrap().len(), 16);
        assert_eq!(STANDARD.decode(key.encrypt(&[0x61; 8])).unwrap().len(), 32);
    }

    #[test]
    fn without_a_key_a_secret_is_base64_of_utf16() {
        assert_eq!(Secrets::Plain.write("Aä"), "QQDkAA==");
        assert_eq!(*Secrets::Plain.read("QQDkAA==").unwrap(), "Aä");
        let secrets = Secrets::Key(SessionKey::new([9; 32]));
        assert_eq!(*secrets.read(&secrets.write("pass word 😀")).unwrap(), "pass word 😀");
    }

    #[test]
    fn damage_is_an_error() {
        let key = SessionKey::new([7; 32]);
        let other = SessionKey::new([8; 32]);
        assert!(matches!(
            other.decrypt(&key.encrypt(&[0x61; 20])),
            Err(Error::SecureString(_))
        ));
        for text in ["", "?", "QQ==", "QUFBQUFBQUFBQUFBQUFBQQ=="] {
            assert!(matches!(key.decrypt(text), Err(Error::SecureString(_))), "{text}");
        }
        assert!(matches!(Secrets::Plain.read("QQ=="), Err(Error::SecureString(_))));
        assert!(matches!(Secrets::Plain.read("PdgA"), Err(Error::SecureString(_))));
        for blob in ["", "AAAA", "?", &STANDARD.encode([6u8; 276])] {
            assert!(matches!(key.seal(blob, &mut fill()), Err(Error::KeyBlob(_))), "{blob}");
            assert!(matches!(pair().open(blob), Err(Error::KeyBlob(_))), "{blob}");
        }
        let mut short = STANDARD.decode(pair().public_blob()).unwrap();
        short.pop();
        assert!(matches!(
            key.seal(&STANDARD.encode(short), &mut fill()),
            Err(Error::KeyBlob(_))
        ));
        let sealed = key.seal(&pair().public_blob(), &mut fill()).unwrap();
        let mut damaged = STANDARD.decode(sealed).unwrap();
        damaged[100] ^= 1;
        assert!(matches!(
            pair().open(&STANDARD.encode(damaged)),
            Err(Error::KeyExchange(_) | Error::KeyBlob(_))
        ));
    }

    #[test]
    fn keys_do_not_show() {
        assert_eq!(
            format!("{:?} {:?}", SessionKey::new([7; 32]), pair()),
            "SessionKey(..) KeyPair(..)"
        );
    }
}
