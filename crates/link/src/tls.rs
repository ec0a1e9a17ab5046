//! One TLS configuration for all lanes of a profile.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::CertificateError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use zeroize::Zeroizing;

use crate::certificate::{Reason, Refused};
use crate::{Certificate, Failure, Kind};

/// Whose word is taken for who a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The operating system's trust store.
    #[default]
    System,
    /// Only the authorities in this PEM file, and servers whose own certificate is in it.
    File(PathBuf),
}

/// Who is believed, how strictly, and what proves us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// Whose word is taken.
    pub trust: Trust,
    /// Takes a certificate that nobody trusted has signed, if it is valid and names the server.
    pub skip_ca_check: bool,
    /// Takes a certificate for another name.
    pub skip_cn_check: bool,
    /// Takes a revoked certificate. Only the trust stores of Windows and macOS ask about that at all.
    pub skip_revocation_check: bool,
    /// The certificate that proves us, with its key.
    pub identity: Option<Identity>,
}

/// A client certificate, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The file with the certificate, and those that lead from it to its authority.
    pub certificate: PathBuf,
    /// The file with its key, not encrypted and readable by its owner only; `None`: the certificate's file has it.
    pub key: Option<PathBuf>,
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

pub(crate) fn configuration(security: &Security) -> Result<ClientConfig, Failure> {
    let provider = provider();
    let mut named = Vec::new();
    let verifier: Arc<dyn ServerCertVerifier> = match &security.trust {
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
                named.push(certificate.clone().into_owned());
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
        .with_custom_certificate_verifier(Arc::new(Naming {
            inner: verifier,
            named,
            skip: Skip {
                authority: security.skip_ca_check,
                name: security.skip_cn_check,
                revocation: security.skip_revocation_check,
            },
        }));
    match &security.identity {
        None => Ok(configuration.with_no_client_auth()),
        Some(identity) => {
            let (chain, key) = identity.read()?;
            configuration.with_client_auth_cert(chain, key).map_err(|why| {
                let message = format!(
                    "client_certificate {} and its key do not fit together ({why})",
                    identity.certificate.display()
                );
                Failure::not_sent(Kind::Tls(None), message)
            })
        }
    }
}

impl Identity {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Failure> {
        let refuse = |what: &str, path: &Path, why: String| {
            Failure::not_sent(Kind::Tls(None), format!("{what} {} {why}", path.display()))
        };
        let path = &self.certificate;
        let of_chain = |why: String| refuse("client_certificate", path, why);
        let pem = std::fs::read(path).map_err(|why| of_chain(format!("cannot be read ({why})")))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.map_err(|why| of_chain(format!("is damaged ({why})")))?;
        if chain.is_empty() {
            // DER, as PKCS#12 (.pfx, .p12) is.
            let cure = match pem.first() {
                Some(0x30) => {
                    let name = path.display();
                    format!("; of a .pfx it is made by: openssl pkcs12 -in {name} -noenc -out {name}.pem")
                }
                _ => String::new(),
            };
            return Err(of_chain(format!("holds no certificate in PEM{cure}")));
        }
        let path = self.key.as_deref().unwrap_or(path);
        let of_key = |why: String| refuse("client_key", path, why);
        if is_readable_by_others(path) {
            return Err(of_key("can be read by others; chmod 600 it".to_owned()));
        }
        let pem = Zeroizing::new(std::fs::read(path).map_err(|why| of_key(format!("cannot be read ({why})")))?);
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| of_key("holds no key in PEM that is not encrypted".to_owned()))?;
        Ok((chain, key))
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> bool {
    false
}

/// What is not held against a certificate.
#[derive(Clone, Copy, Debug)]
struct Skip {
    authority: bool,
    name: bool,
    revocation: bool,
}

/// Verifies as the one inside does; only says besides whose certificate it was that it refused, and lets pass what it was
/// told to.
#[derive(Debug)]
struct Naming {
    inner: Arc<dyn ServerCertVerifier>,
    /// Those that are trusted themselves, whoever has signed them.
    named: Vec<CertificateDer<'static>>,
    skip: Skip,
}

impl Naming {
    /// What still holds against a certificate that the one inside refused for that reason; `None` is nothing.
    fn held_against(
        &self,
        reason: Reason,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Reason> {
        match reason {
            Reason::WrongName if self.skip.name => None,
            Reason::Revoked if self.skip.revocation => None,
            // The chain is judged first, so date and name are not judged yet.
            Reason::UnknownIssuer | Reason::Other(_)
                if self.skip.authority || self.named.iter().any(|named| **named == **certificate) =>
            {
                let judged = ParsedCertificate::try_from(certificate)
                    .and_then(|parsed| rustls::client::verify_server_name(&parsed, name));
                let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
                match Certificate::read(certificate, reason.clone()).validity {
                    Some((from, _)) if now < from => Some(Reason::NotYetValid),
                    Some((_, until)) if now > until => Some(Reason::Expired),
                    Some(_) if judged.is_ok() || self.skip.name => None,
                    Some(_) => Some(Reason::WrongName),
                    None => Some(reason),
                }
            }
            reason => Some(reason),
        }
    }
}

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self
            .inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let refused = match verified {
            Err(rustls::Error::InvalidCertificate(refused)) => refused,
            verified => return verified,
        };
        match self.held_against(why(&refused), end_entity, server_name, now) {
            None => Ok(ServerCertVerified::assertion()),
            Some(reason) => {
                let refused = Refused {
                    certificate: Certificate::read(end_entity, reason),
                };
                let refused = CertificateError::Other(OtherError(Arc::new(refused)));
                Err(rustls::Error::InvalidCertificate(refused))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[rustls::DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

fn why(refused: &CertificateError) -> Reason {
    match refused {
        CertificateError::UnknownIssuer => Reason::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Reason::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Reason::NotYetValid,
        CertificateError::Revoked => Reason::Revoked,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Reason::WrongName,
        other => Reason::Other(other.to_string()),
    }
}
