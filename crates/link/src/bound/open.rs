//! What sspi-rs's contexts have in common: a step of the handshake, and sealing and opening, with one buffer for the
//! signature and one for the text.

use sspi::network_client::NetworkClient;
use sspi::{
    BufferType, ClientRequestFlags, DataRepresentation, EncryptionFlags, SecurityBuffer, SecurityBufferRef,
    SecurityStatus, Sspi, SspiImpl,
};

use super::ntlm::one_line;
use super::sealing::Sealed;

/// What a context asks for: that both know who the other is, and that nobody else reads or changes a word.
const WISHES: ClientRequestFlags = ClientRequestFlags::MUTUAL_AUTH
    .union(ClientRequestFlags::CONFIDENTIALITY)
    .union(ClientRequestFlags::INTEGRITY)
    .union(ClientRequestFlags::REPLAY_DETECT)
    .union(ClientRequestFlags::SEQUENCE_DETECT);

/// The next token for the other side, which sent `token`; and how it stands. What has to be asked of a KDC goes by way of
/// `network`.
pub(super) fn stepped<P: Sspi + SspiImpl>(
    package: &mut P,
    handle: &mut P::CredentialsHandle,
    target: &str,
    token: &[u8],
    network: &dyn NetworkClient,
) -> sspi::Result<(Vec<u8>, SecurityStatus)> {
    let mut input = [SecurityBuffer::new(token.to_vec(), BufferType::Token)];
    let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let mut builder = package
        .initialize_security_context()
        .with_credentials_handle(handle)
        .with_context_requirements(WISHES)
        .with_target_data_representation(DataRepresentation::Native)
        .with_target_name(target)
        .with_input(&mut input)
        .with_output(&mut output);
    let status = package
        .initialize_security_context_impl(&mut builder)
        .and_then(|mut generator| generator.resolve_with_client(network))?
        .status;
    let [output] = output;
    Ok((output.buffer, status))
}

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
