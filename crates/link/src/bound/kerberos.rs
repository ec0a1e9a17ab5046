//! Kerberos with a password, by sspi-rs, for where the system has no GSSAPI. Its channel binding is not taken by MIT's
//! acceptors (picky-krb writes a constant of four bytes in two), so over https none is sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use secrecy::SecretString;
use sspi::generator::NetworkRequest;
use sspi::network_client::NetworkClient;
use sspi::{CredentialUse, ErrorKind, Kerberos, KerberosConfig, SecurityStatus, Sspi, SspiImpl};

use super::context::{Context, Refused, Step};
use super::ntlm::{identity, one_line};
use super::open::{opened, sealed, stepped};
use super::realm;
use super::sealing::Sealed;
use crate::Tickets;

/// How long a KDC may take for each of its answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of a KDC.
const LARGEST: usize = 1 << 20;

/// A context whose first step asks a KDC for its tickets.
pub(super) struct KerberosContext {
    package: Kerberos,
    handle: <Kerberos as SspiImpl>::CredentialsHandle,
    target: String,
    user: String,
}

/// A context with a service, `HTTP/host`.
pub(super) fn begin(
    user: &str,
    password: &SecretString,
    target: &str,
    tickets: &Tickets,
) -> Result<KerberosContext, Refused> {
    let configuration = configuration(user, tickets)?;
    let mut package = Kerberos::new_client_from_config(configuration).map_err(|why| refused(&why, user))?;
    let identity = identity(user, password)?;
    let handle = package
        .acquire_credentials_handle()
        .with_credential_use(CredentialUse::Outbound)
        .with_auth_data(&identity.into())
        .execute(&mut package)
        .map_err(|why| refused(&why, user))?
        .credentials_handle;
    Ok(KerberosContext {
        package,
        handle,
        target: target.to_owned(),
        user: user.to_owned(),
    })
}

fn configuration(user: &str, tickets: &Tickets) -> Result<KerberosConfig, Refused> {
    let realm = realm::of_user(user)
        .ok_or_else(|| Refused::Unavailable(format!("{user} names no Kerberos realm; write USER@REALM")))?;
    let kdc = realm::kdc(&realm, tickets)
        .ok_or_else(|| Refused::Unavailable(format!("krb5.conf names no KDC for the realm {realm}")))?;
    Ok(KerberosConfig::new_with_kdc_url(
        &format!("tcp://{kdc}"),
        "pslease".to_owned(),
    ))
}

impl Context for KerberosContext {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refused> {
        let Self {
            package,
            handle,
            target,
            user,
        } = self;
        let (token, status) = stepped(package, handle, target, token, &Kdc).map_err(|why| refused(&why, user))?;
        Ok(Step {
            done: status == SecurityStatus::Ok,
            token,
        })
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String> {
        sealed(&mut self.package, plain)
    }

    fn open(&mut self, message: Sealed) -> Result<Vec<u8>, String> {
        opened(&mut self.package, message)
    }
}

/// What a KDC or the mechanism says, as far as its number survives sspi-rs.
fn refused(why: &sspi::Error, user: &str) -> Refused {
    let said = one_line(&why.description);
    // RFC 4120 7.5.9: 24, 18 and 23; sspi-rs keeps the words only.
    let strikes = [
        "pre-authentication information was invalid",
        "clients credentials have been revoked",
        "password has expired",
    ];
    if strikes.iter().any(|strike| said.contains(strike)) {
        return Refused::Password(format!("the KDC refused the log-on of {user}: {said}"));
    }
    match why.error_type {
        ErrorKind::TimeSkew => {
            Refused::Unavailable(format!("the KDC refused {user}: {said}; set this machine's clock"))
        }
        _ => Refused::Unavailable(said),
    }
}

/// The way to a KDC: one TCP connection for each question (RFC 4120 7.2.2). Blocks.
struct Kdc;

impl NetworkClient for Kdc {
    fn send(&self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        let (host, port) = (
            request.url.host_str().unwrap_or_default(),
            request.url.port().unwrap_or(88),
        );
        ask(host, port, &request.data).map_err(|why| {
            let message = format!("the KDC at {host}:{port} does not answer ({why})");
            sspi::Error::new(ErrorKind::NoAuthenticatingAuthority, message)
        })
    }
}

/// `data` begins with its length, as what is returned does.
fn ask(host: &str, port: u16, data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        let mut stream = match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => stream,
            Err(why) => {
                last = why;
                continue;
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(data)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let size = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if size > LARGEST {
            return Err(std::io::Error::from(std::io::ErrorKind::InvalidData));
        }
        let mut answer = length.to_vec();
        answer.resize(4 + size, 0);
        stream.read_exact(&mut answer[4..])?;
        return Ok(answer);
    }
    Err(last)
}
