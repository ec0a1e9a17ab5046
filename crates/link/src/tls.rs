//! One TLS configuration for all lanes of a profile.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::CertificateError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::certificate::Refused;
use crate::{Certificate, Failure, Kind};

/// Whose word is taken for who a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The operating system's trust store.
    #[default]
    System,
    /// Only the authorities in this PEM file.
    File(PathBuf),
}

/// The one place where the process's cryptography is chosen.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| {
        let provider = rustls::crypto::ring::default_provider();
        // Somebody else in the process may have been first; what we configure ourselves does not depend on it.
        let _ = provider.clone().install_default();
        Arc::new(provider)
    }))
}

pub(crate) fn configuration(trust: &Trust) -> Result<ClientConfig, Failure> {
    let provider = provider();
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => Arc::new(
            rustls_platform_verifier::Verifier::new(Arc::clone(&provider)).map_err(|why| {
                let message = format!("the system's trust store cannot be read ({why}); name one with `ca`");
                Failure::not_sent(Kind::Tls(None), message)
            })?,
        ),
        Trust::File(path) => {
            let refuse = |why: String| {
                let message = format!("ca {} {why}; it must hold certificates in PEM", path.display());
                Failure::not_sent(Kind::Tls(None), message)
            };
            let pem = std::fs::read(path).map_err(|why| refuse(format!("cannot be read ({why})")))?;
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                let certificate = certificate.map_err(|why| refuse(format!("is damaged ({why})")))?;
                roots
                    .add(certificate)
                    .map_err(|why| refuse(format!("holds a bad certificate ({why})")))?;
            }
            if roots.is_empty() {
                return Err(refuse("holds no certificate".to_owned()));
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|why| refuse(format!("cannot be used ({why})")))?
        }
    };
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| Failure::not_sent(Kind::Tls(None), format!("TLS cannot be set up ({why})")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Naming(verifier)))
        .with_no_client_auth();
    Ok(configuration)
}

/// Verifies as the one inside does; only says besides whose certificate it was that it refused.
#[derive(Debug)]
struct Naming(Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| {
                let rustls::Error::InvalidCertificate(reason) = &error else {
                    return error;
                };
                let refused = Refused {
                    certificate: Certificate::read(end_entity),
                    why: why(reason),
                };
                rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[rustls::DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}

fn why(reason: &CertificateError) -> String {
    match reason {
        CertificateError::UnknownIssuer => "nobody trusted has signed it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; is the clock right?".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}
