//! Sealing and opening with sspi-rs's contexts: one buffer for the signature, one for the text.

use sspi::{EncryptionFlags, SecurityBufferRef, Sspi};

use super::ntlm::one_line;
use super::sealing::Sealed;

pub(super) fn sealed(context: &mut impl Sspi, plain: &[u8]) -> Result<Sealed, String> {
    let failed = |why: sspi::Error| one_line(&why.description);
    let trailer = context.query_context_sizes().map_err(failed)?.security_trailer;
    let mut signature = vec![0; usize::try_from(trailer).unwrap_or_default()];
    let mut data = plain.to_vec();
    {
        let mut buffers = [
            SecurityBufferRef::token_buf(&mut signature),
            SecurityBufferRef::data_buf(&mut data),
        ];
        context
            .encrypt_message(EncryptionFlags::empty(), &mut buffers)
            .map_err(failed)?;
        let used = buffers[0].buf_len();
        debug_assert_eq!(used, usize::try_from(trailer).unwrap_or_default(), "a whole signature");
    }
    Ok(Sealed { signature, data })
}

pub(super) fn opened(context: &mut impl Sspi, message: Sealed) -> Result<Vec<u8>, String> {
    let Sealed {
        mut signature,
        mut data,
    } = message;
    let mut buffers = [
        SecurityBufferRef::token_buf(&mut signature),
        SecurityBufferRef::data_buf(&mut data),
    ];
    context
        .decrypt_message(&mut buffers)
        .map_err(|why| one_line(&why.description))?;
    let [_, plain] = &buffers;
    Ok(plain.data().to_vec())
}
