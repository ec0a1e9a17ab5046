//! The session key of a shell, and the secrets that are read and written under it (MS-PSRP 3.2.1.2.4; protocol.md 17).

use std::sync::OnceLock;

use clixml::{Text, Value};
use psrp::{Secrets, SessionKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Notify;

/// What PKCS #1 pads with: non-zero bytes for less than the modulus, and plenty where some drawn ones are zero.
const PADDING: usize = 1024;

/// Made when a client first sends its public key; the same for as long as the shell lives.
#[derive(Debug, Default)]
pub(crate) struct Secret {
    key: OnceLock<SessionKey>,
    came: Notify,
}

impl Secret {
    /// The key, for whoever has the private half of this public key. `None` for a key that is none, and on a machine that
    /// has no randomness to give.
    pub(crate) fn seal(&self, public_blob: &str) -> Option<String> {
        let random = SystemRandom::new();
        let (mut fresh, mut padding) = ([0; 32], [0; PADDING]);
        random.fill(&mut fresh).ok()?;
        random.fill(&mut padding).ok()?;
        let key = self.key.get_or_init(|| SessionKey::new(fresh));
        let mut padding = padding.iter().copied().cycle();
        let mut fill = |bytes: &mut [u8]| bytes.fill_with(|| padding.next().unwrap_or_default());
        key.seal(public_blob, &mut fill).ok()
    }

    /// The sealed key is on its way to the client: whoever waits for that goes on.
    pub(crate) fn sent(&self) {
        self.came.notify_waiters();
    }

    /// The key, once the client has one too; `ask` asks for its public key where it has sent none.
    pub(crate) async fn exchanged(&self, ask: impl FnOnce()) -> Secrets {
        let came = self.came.notified();
        if self.key.get().is_none() {
            ask();
            came.await;
        }
        // Whoever was woken finds it: the key is there before anybody is told.
        self.key.get().cloned().map_or(Secrets::Plain, Secrets::Key)
    }
}

/// The same secret, read and written anew: what cannot be read is none.
pub(crate) fn anew(secrets: &Secrets, value: &Value) -> Option<Value> {
    let Value::SecureString(text) = value else { return None };
    let secret = secrets.read(&text.to_string_lossy()).ok()?;
    Some(Value::SecureString(Text::from(secrets.write(&secret))))
}

#[cfg(test)]
mod tests {
    use psrp::KeyPair;

    use super::*;

    #[test]
    fn a_second_public_key_gets_the_same_key() {
        let random = SystemRandom::new();
        let pair = KeyPair::generate(&mut |bytes| random.fill(bytes).unwrap()).unwrap();
        let secret = Secret::default();
        assert!(secret.seal("no key").is_none());
        let [first, second] = [(); 2].map(|()| pair.open(&secret.seal(&pair.public_blob()).unwrap()).unwrap());
        let sealed = Secrets::Key(first).write("hidden words");
        assert_eq!(*Secrets::Key(second).read(&sealed).unwrap(), "hidden words");
    }

    #[test]
    fn only_a_secret_under_the_key_is_one() {
        let [ours, other] = [7, 8].map(|byte| Secrets::Key(SessionKey::new([byte; 32])));
        let sealed = Value::SecureString(Text::from(ours.write("hidden words")));
        assert_eq!(anew(&ours, &sealed), Some(sealed.clone()));
        assert_eq!(anew(&other, &sealed), None);
        assert_eq!(anew(&ours, &"hidden words".into()), None);
    }
}
