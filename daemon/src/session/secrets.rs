//! Answers that hold a SecureString: they wait for the session's key, which is exchanged when the first one comes.

use bytes::Bytes;
use psrp::{Secrets, SessionKey};
use runspace::Operation;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::drive::Driver;

/// An answer to a host call before its secrets are put in.
#[derive(Debug)]
pub(crate) struct Unsealed {
    pub(crate) pipeline: Uuid,
    /// The answer's body, in which `secret:N` stands as the text of an SS element for each secret.
    pub(crate) body: Bytes,
    pub(crate) secrets: Vec<SecretString>,
    /// The answer if there is no key to be had.
    pub(crate) refusal: Bytes,
}

impl Unsealed {
    /// The body with its secrets, as the session wants them.
    fn seal(&self, with: &Secrets) -> Bytes {
        let Ok(mut body) = std::str::from_utf8(&self.body).map(str::to_owned) else {
            return self.refusal.clone();
        };
        for (number, secret) in self.secrets.iter().enumerate() {
            let mark = format!(">secret:{number}</SS>");
            body = body.replace(&mark, &format!(">{}</SS>", with.write(secret.expose_secret())));
        }
        body.into()
    }
}

impl Driver {
    pub(super) fn answer_with_secrets(&mut self, unsealed: Unsealed) {
        self.unsealed.push(unsealed);
        // Where the key is here already, this only says so.
        self.submit(Operation::ExchangeKey);
    }

    /// The session's key is here: what waited for it goes on its way.
    pub(super) fn key_ready(&mut self, key: SessionKey) {
        let secrets = Secrets::Key(key);
        for unsealed in std::mem::take(&mut self.unsealed) {
            let body = unsealed.seal(&secrets);
            self.submit(Operation::HostResponse {
                pipeline: Some(unsealed.pipeline),
                body,
            });
        }
    }

    /// There is none: a question that gets no answer would block its pipeline for ever.
    pub(super) fn no_key(&mut self) {
        for unsealed in std::mem::take(&mut self.unsealed) {
            self.submit(Operation::HostResponse {
                pipeline: Some(unsealed.pipeline),
                body: unsealed.refusal,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_put_where_their_marks_stand_and_nowhere_else() {
        let unsealed = Unsealed {
            pipeline: Uuid::nil(),
            body: Bytes::from_static(b"<S>secret:0</S><SS N=\"Password\">secret:0</SS><SS>secret:1</SS>"),
            secrets: vec!["one".to_owned().into(), "two".to_owned().into()],
            refusal: Bytes::new(),
        };
        let sealed = unsealed.seal(&Secrets::Plain);
        let plain = |text: &str| Secrets::Plain.write(text);
        let expected = format!(
            "<S>secret:0</S><SS N=\"Password\">{}</SS><SS>{}</SS>",
            plain("one"),
            plain("two")
        );
        assert_eq!(sealed, expected);
        assert!(
            !format!("{unsealed:?}").contains("one"),
            "a secret does not print itself"
        );
    }
}
