//! The system's keyring: on Linux the kernel's own, of the user. It needs no desktop and no D-Bus, outlives the daemon
//! and every log-in session, is never on a disk, and is empty after the machine has started anew.

use secrecy::SecretString;

pub(crate) use system::{find, forget, keep};

/// Why a keyring does not do what it is asked.
type Failed = String;

#[cfg(target_os = "linux")]
mod system {
    use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};
    use secrecy::ExposeSecret as _;

    use super::{Failed, SecretString};

    /// The user's keyring, in the possession of this thread for as long as it runs: without that the kernel shows that
    /// there is a key, and not what it holds. A session's keyring will not do, for it is revoked when somebody logs out.
    fn ring() -> Result<KeyRing, Failed> {
        let ours = KeyRing::from_special_id(KeyRingIdentifier::Thread, true);
        let ring = KeyRing::from_special_id(KeyRingIdentifier::User, true);
        ours.and_then(|ours| {
            let ring = ring?;
            ours.link_keyring(ring)?;
            Ok(ring)
        })
        .map_err(|error| words(&error))
    }

    fn key(ring: KeyRing, name: &str) -> Result<Option<Key>, Failed> {
        match ring.search(name) {
            Ok(key) => Ok(Some(key)),
            Err(KeyError::KeyDoesNotExist | KeyError::KeyRevoked | KeyError::KeyExpired) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    /// What is kept under that name. To be called where blocking is allowed, as the others are.
    pub(crate) fn find(name: &str) -> Result<Option<SecretString>, Failed> {
        let Some(key) = key(ring()?, name)? else {
            return Ok(None);
        };
        let bytes = key.read_to_vec().map_err(|error| words(&error))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(SecretString::from(text))),
            Err(_) => Err(format!("what it keeps as {name} is no text")),
        }
    }

    /// Keeps a secret, in place of what was there under that name.
    pub(crate) fn keep(name: &str, secret: &SecretString) -> Result<(), Failed> {
        let kept = ring()?.add_key(name, secret.expose_secret().as_bytes());
        kept.map(drop).map_err(|error| words(&error))
    }

    /// True if there was one.
    pub(crate) fn forget(name: &str) -> Result<bool, Failed> {
        let ring = ring()?;
        let Some(key) = key(ring, name)? else {
            return Ok(false);
        };
        // Unlinked, it is not found any more from that moment on; whom the kernel lets invalidate it is another question.
        ring.unlink_key(key).map_err(|error| words(&error))?;
        Ok(true)
    }

    fn words(error: &KeyError) -> Failed {
        match error {
            KeyError::PermissionDenied | KeyError::AccessDenied | KeyError::OperationNotSupported => {
                "the kernel does not let it be used here, as in many containers".to_owned()
            }
            KeyError::Unknown(number) => std::io::Error::from_raw_os_error(*number).to_string(),
            KeyError::QuotaExceeded => "it is full (/proc/sys/kernel/keys/maxbytes)".to_owned(),
            error => error.to_string(),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{Failed, SecretString};

    fn not_here<T>() -> Result<T, Failed> {
        Err("this system's is not used by itself: name the program that reads it, with password_command".to_owned())
    }

    pub(crate) fn find(_name: &str) -> Result<Option<SecretString>, Failed> {
        not_here()
    }

    pub(crate) fn keep(_name: &str, _secret: &SecretString) -> Result<(), Failed> {
        not_here()
    }

    pub(crate) fn forget(_name: &str) -> Result<bool, Failed> {
        not_here()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn what_is_kept_is_found_by_another_thread_and_can_be_forgotten() {
        let name = format!("pslease:test@{}", std::process::id());
        if let Err(why) = keep(&name, &"first".into()) {
            #[allow(clippy::print_stdout, reason = "tests say what they skip")]
            {
                println!("skipped: the kernel's keyring: {why}");
            }
            return;
        }
        keep(&name, &"pässwörd".into()).unwrap();
        let again = name.clone();
        let found = std::thread::spawn(move || find(&again)).join().unwrap();
        assert_eq!(found.unwrap().unwrap().expose_secret(), "pässwörd");
        assert!(forget(&name).unwrap());
        assert!(find(&name).unwrap().is_none());
        assert!(!forget(&name).unwrap());
    }
}
