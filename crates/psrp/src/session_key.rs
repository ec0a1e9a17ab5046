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
