//! The pair of keys that a session key is exchanged with (MS-PSRP 3.1.2).

use std::fs::File;
use std::io::{Error, Read as _};

use runspace::KeyPair;

/// Makes a pair, on a thread that may compute for a while.
pub(super) async fn pair() -> Result<KeyPair, Error> {
    let made = tokio::task::spawn_blocking(|| {
        let mut source = File::open("/dev/urandom")?;
        let mut read = Ok(());
        let pair = KeyPair::generate(&mut |bytes: &mut [u8]| {
            if read.is_ok() {
                read = source.read_exact(bytes);
            }
        });
        read.and_then(|()| pair.map_err(Error::other))
    });
    made.await.map_err(Error::other)?
}
