//! A certificate for loopback, made new at every start.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What TLS connections are accepted with.
pub(crate) struct Certificate {
    pub(crate) acceptor: TlsAcceptor,
}

impl Certificate {
    /// Makes an authority and a certificate of it for localhost, and writes the authority's in PEM to `path`.
    pub(crate) fn write_new(path: &Path) -> io::Result<Self> {
        let made = Self::make().map_err(io::Error::other)?;
        std::fs::write(path, made.1)?;
        Ok(made.0)
    }

    fn make() -> Result<(Self, String), Box<dyn std::error::Error + Send + Sync>> {
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new())?;
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, "pslease demonstration authority");
        let authority = rcgen::CertifiedIssuer::self_signed(parameters, rcgen::KeyPair::generate()?)?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let key = rcgen::KeyPair::generate()?;
        let certificate = rcgen::CertificateParams::new(names)?.signed_by(&key, &authority)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone(), authority.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )?;
        Ok((
            Self {
                acceptor: TlsAcceptor::from(Arc::new(config)),
            },
            authority.pem(),
        ))
    }
}
