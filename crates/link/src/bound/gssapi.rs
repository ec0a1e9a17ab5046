//! Kerberos by the system's GSSAPI: the asking user's own tickets, or a password.

use secrecy::SecretString;

use super::context::{Context, Refused, Step};
use super::ntlm::one_line;
use super::sealing::Sealed;
use super::{realm, ticket};
use crate::Tickets;
use crate::sys::{Gssapi, Initiator, NameKind, Status};

pub(super) struct GssContext {
    initiator: Initiator,
    user: String,
    /// Whether a password was given: what the KDC then refuses is that.
    by_password: bool,
    tickets: Tickets,
}

/// A context with `HTTP@host`.
pub(super) fn begin(
    library: &'static Gssapi,
    user: &str,
    password: Option<&SecretString>,
    host: &str,
    tickets: &Tickets,
    binding: Option<&[u8]>,
) -> Result<GssContext, Refused> {
    let principal = realm::of_user(user)
        .zip(user.rsplit_once('@'))
        .map(|(realm, (name, _))| format!("{name}@{realm}"));
    let credential = match password {
        Some(password) => {
            let principal = principal
                .ok_or_else(|| Refused::Unavailable(format!("{user} names no Kerberos realm; write USER@REALM")))?;
            library.of_password(&principal, password)
        }
        None => library.of_cache(principal.as_deref(), tickets.cache.as_deref()),
    };
    let by_password = password.is_some();
    let refuse = |status: &Status| refused(status, user, by_password, tickets);
    let credential = credential.map_err(|status| refuse(&status))?;
    let initiator = library
        .initiator(credential, NameKind::Service, &format!("HTTP@{host}"), binding)
        .map_err(|status| refuse(&status))?;
    Ok(GssContext {
        initiator,
        user: user.to_owned(),
        by_password,
        tickets: tickets.clone(),
    })
}

impl Context for GssContext {
    fn step(&mut self, token: &[u8]) -> Result<Step, Refused> {
        match self.initiator.step(token) {
            Ok((token, done)) => Ok(Step { token, done }),
            Err(status) => Err(refused(&status, &self.user, self.by_password, &self.tickets)),
        }
    }

    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String> {
        let (signature, data) = self.initiator.wrap(plain).map_err(|status| one_line(&status.text))?;
        Ok(Sealed { signature, data })
    }

    fn open(&mut self, mut message: Sealed) -> Result<Vec<u8>, String> {
        self.initiator
            .unwrap(&mut message.signature, &mut message.data)
            .map_err(|status| one_line(&status.text))
    }
}

fn refused(status: &Status, user: &str, by_password: bool, tickets: &Tickets) -> Refused {
    let said = format!("{}{}", one_line(&status.text), other_configuration(tickets));
    if by_password {
        // RFC 4120 7.5.9: client revoked, key expired, pre-authentication failed, integrity (what a password that does
        // not fit looks like where no pre-authentication is asked for).
        return match status.kerberos {
            Some(18 | 23 | 24 | 31) => Refused::Password(format!("the KDC refused the log-on of {user}: {said}")),
            _ => Refused::Unavailable(said),
        };
    }
    Refused::Unavailable(ticket::explain(user, tickets).unwrap_or(said))
}

/// MIT's library reads KRB5_CONFIG from this process's own environment, which cannot be changed while other threads may
/// read it. So where the asker has another one, that may be why, and has to be said.
fn other_configuration(tickets: &Tickets) -> String {
    let (ours, asked) = (std::env::var("KRB5_CONFIG").ok(), &tickets.configuration);
    match asked {
        Some(asked) if ours.as_ref() != Some(asked) => format!(
            " (KRB5_CONFIG is {asked} here, and {} where psleased was started; `pslease daemon stop`, and the next one has \
             yours)",
            ours.as_deref().unwrap_or("not set")
        ),
        Some(_) | None => String::new(),
    }
}
