//! What is wrong as a sentence, and what helps.

use std::time::Duration;

use super::classify::Verdict;
use super::{Facts, Kind, Saying, Scene, Tried};
use crate::Challenge;
use crate::oauth::plain;

pub(super) fn say(verdict: &Verdict, facts: &Facts<'_>, scene: &Scene<'_>) -> Saying {
    let mut message = message(verdict.kind, facts, scene);
    if let Some(number) = &verdict.number {
        message.push_str(&format!(" ({number})"));
    }
    Saying {
        message,
        hint: hint(verdict.kind, facts, scene),
        kind: verdict.kind,
    }
}

fn message(kind: Kind, facts: &Facts<'_>, scene: &Scene<'_>) -> String {
    let (host, account, organization) = (scene.host(), scene.account(), scene.organization());
    match kind {
        Kind::NoCredential => format!("there is nothing to log on with for {account}"),
        Kind::WrongPassword => format!("the password of {account} is wrong"),
        Kind::UnknownAccount => format!("{host} does not know {account}"),
        Kind::PasswordExpired => format!("the password of {account} has expired"),
        Kind::PasswordMustChange => format!("the password of {account} must be changed before it can be used"),
        Kind::AccountLocked => format!("{account} is locked"),
        Kind::AccountDisabled => format!("{account} is disabled"),
        Kind::AccountRevoked => format!("{account} is locked or disabled"),
        Kind::AccountExpired => format!("{account} has expired"),
        Kind::AccountRestricted => format!("{account} may not log on at this time, from this machine or in this way"),
        Kind::MfaRequired => format!("{account} needs a second factor, which a password log-on cannot give"),
        Kind::PolicyBlocked => format!("a policy of {organization} does not let {account} sign in from here"),
        Kind::ConsentRequired => format!("{organization} has not consented to the application that asks for the token"),
        Kind::Federated => format!("the password of {account} is checked elsewhere, so it cannot be used for a token"),
        Kind::TicketExpired => format!("the Kerberos ticket of {account} has expired"),
        Kind::NoTicket => format!("there is no Kerberos ticket for {account}"),
        Kind::TokenExpired => format!("the token of {account} has expired or was revoked"),
        Kind::TokenRefused => format!("{host} does not take the token of {account}"),
        Kind::CodeExpired => "the device code has expired".to_owned(),
        Kind::CodeDenied => "the sign-in with the device code was declined".to_owned(),
        Kind::SchemeNotOffered => {
            let tried = facts.tried.map_or("this log-on", Tried::name);
            format!("{host} does not take {tried}; it offers {}", offered(facts))
        }
        Kind::Forbidden => format!("{account} has no permission at {host}{}", quoted(facts)),
        Kind::UnknownHost => format!("the name {host} is not known"),
        Kind::UnknownService => format!("Kerberos knows no service at {host}"),
        Kind::DiscoveryName => format!("the name {host} is not known, so {organization} cannot be discovered"),
        Kind::UnknownDomain => format!("discovery does not know the domain {organization}"),
        Kind::DiscoveryHybrid => {
            format!("discovery of {organization} leads to a server of its own, not to the service")
        }
        Kind::DiscoveryFailed => format!("{host} did not answer discovery as it should{}", quoted(facts)),
        Kind::PlaceNotAllowed => plain(facts.message, 300),
        Kind::BadProfile => "the domain to administer is not known, or empty".to_owned(),
        Kind::PortClosed => format!("nobody listens at {host}"),
        Kind::Unreachable => format!("there is no way to {host}"),
        Kind::Proxy => format!("the proxy on the way to {host} did not let us through"),
        Kind::TlsUntrusted => match facts.tls {
            Some(tls) => tls.sentence(host),
            None => format!("TLS with {host} failed{}", quoted(facts)),
        },
        Kind::ClockSkew => match facts.ahead {
            Some(ahead) if ahead > 0 => format!("this machine's clock is {} ahead of {host}'s", minutes(ahead)),
            Some(ahead) => format!("this machine's clock is {} behind {host}'s", minutes(ahead)),
            None => format!("the clocks of this machine and {host} differ too much"),
        },
        Kind::NoLogonServer => format!("no server that checks the log-on of {account} could be reached"),
        Kind::AdminQuota => format!("{account} has as many sessions at {host} as allowed"),
        Kind::OrganizationQuota => format!("{organization} has as many sessions at {host} as allowed"),
        Kind::ServiceQuota => format!("{host} has as many sessions as it takes"),
        Kind::Rate => match facts.retry_after {
            Some(wait) => format!(
                "{host} asks to wait {} s before the next request",
                wait.as_secs().max(1)
            ),
            None => format!("{host} was asked too often"),
        },
        Kind::ShellNotFound => format!("{host} does not know the session any more"),
        Kind::SessionClosed => "the session is closed".to_owned(),
        Kind::UnknownConfiguration => format!("{host} has no such configuration{}", quoted(facts)),
        Kind::RemoteDisallowed => format!("{host} lets nobody open sessions from elsewhere"),
        Kind::Redirected => format!("{host} sends us elsewhere{}", quoted(facts)),
        Kind::NoAnswer => {
            let waited = facts
                .waited
                .map_or_else(String::new, |waited| format!(" for {}", seconds(waited)));
            let slots = if facts.creating {
                "; connections left open elsewhere may hold the slots"
            } else {
                ""
            };
            format!("no answer from {host}{waited}{slots}")
        }
        Kind::Unavailable => format!("{host} is out of order just now{}", quoted(facts)),
        Kind::Unknown => match plain(facts.message, 300).trim_end_matches('.') {
            "" => format!("{host} refused without saying why"),
            text => format!("{host} says: {text}"),
        },
    }
}

fn hint(kind: Kind, facts: &Facts<'_>, scene: &Scene<'_>) -> Option<String> {
    let login = || scene.command("login");
    Some(match kind {
        Kind::WrongPassword => format!("{}: until then it is not sent again", login()),
        Kind::UnknownAccount => format!("check the spelling of the account, then {}", login()),
        Kind::PasswordExpired | Kind::PasswordMustChange => {
            format!("change it where you log on otherwise, then {}", login())
        }
        Kind::AccountLocked => format!("wait, or have it unlocked; then {}", login()),
        Kind::AccountDisabled | Kind::AccountRevoked | Kind::AccountExpired | Kind::AccountRestricted => {
            "ask whoever administers the directory".to_owned()
        }
        Kind::MfaRequired | Kind::Federated => "sign in with a device code: sign_in = \"device-code\"".to_owned(),
        Kind::PolicyBlocked => {
            "ask whoever made the conditional access policies; the number is in their sign-in log".to_owned()
        }
        Kind::ConsentRequired => "have an admin consent to it, or name another with client_id".to_owned(),
        Kind::TicketExpired | Kind::NoTicket if scene.account.is_empty() => "kinit".to_owned(),
        Kind::TicketExpired | Kind::NoTicket => format!("kinit {}", scene.account),
        Kind::NoCredential | Kind::TokenExpired | Kind::TokenRefused | Kind::CodeExpired | Kind::CodeDenied => login(),
        Kind::SchemeNotOffered => match schemes(facts).iter().find_map(|scheme| setting(scheme)) {
            Some(setting) => format!("auth = {setting:?}"),
            None => "ask whoever runs the service to allow another".to_owned(),
        },
        Kind::Forbidden => {
            "check the roles of the account; a partner names the tenant with override_admin_domain".to_owned()
        }
        Kind::UnknownHost => "check its spelling and this machine's name server".to_owned(),
        Kind::UnknownService => "use the host's full name, as its service principal has it".to_owned(),
        Kind::DiscoveryName | Kind::UnknownDomain | Kind::DiscoveryHybrid => {
            "name the tenant's own domain: override_admin_domain = \"TENANT.onmicrosoft.com\"".to_owned()
        }
        Kind::DiscoveryFailed => "give the address itself: override_power_shell_uri = \"https://...\"".to_owned(),
        Kind::PlaceNotAllowed => "if you trust it, add its name to trusted_hosts".to_owned(),
        Kind::BadProfile => "write the account as user@domain, or set override_admin_domain".to_owned(),
        Kind::PortClosed => "check address and port, and that no firewall is between".to_owned(),
        Kind::Unreachable => "check the network, and whether a VPN or a proxy is needed".to_owned(),
        Kind::Proxy => "check the proxy's address and its user name and password".to_owned(),
        Kind::TlsUntrusted => match facts.tls {
            Some(tls) => tls.hint(scene.host()),
            None => "check that the address is an https one".to_owned(),
        },
        Kind::ClockSkew => "set this machine's clock (Kerberos and tokens allow 5 minutes)".to_owned(),
        Kind::NoLogonServer => "check that a domain controller, or the KDC, can be reached from here".to_owned(),
        Kind::AdminQuota | Kind::OrganizationQuota => {
            "close sessions that others hold: pslease status shows ours, the rest end when they are idle".to_owned()
        }
        Kind::ServiceQuota | Kind::Rate | Kind::Unavailable => "try again later".to_owned(),
        Kind::ShellNotFound => {
            "if addresses change on the way out (SNAT), pin one: source_address = \"...\"".to_owned()
        }
        Kind::SessionClosed => scene.command("connect"),
        Kind::UnknownConfiguration => {
            "check configuration = \"...\" against Get-PSSessionConfiguration there".to_owned()
        }
        Kind::RemoteDisallowed => {
            "have remote shells allowed there (winrm/config/winrs AllowRemoteShellAccess)".to_owned()
        }
        Kind::Redirected => "allow where it leads: allow_redirection = [\"...\"]".to_owned(),
        Kind::NoAnswer if facts.creating => {
            "an idle session ends by itself, usually after 15 minutes; pslease status shows ours".to_owned()
        }
        Kind::NoAnswer => "check the network and the service's state".to_owned(),
        Kind::Unknown => return None,
    })
}

/// The other side's own text, where it adds to the sentence.
fn quoted(facts: &Facts<'_>) -> String {
    match plain(facts.message, 200).trim_end_matches('.') {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

fn schemes(facts: &Facts<'_>) -> Vec<String> {
    let mut schemes: Vec<String> = Vec::new();
    for offer in Challenge::read(facts.challenges) {
        let scheme = plain(&offer.scheme, 30);
        if !schemes.contains(&scheme) {
            schemes.push(scheme);
        }
    }
    schemes
}

fn offered(facts: &Facts<'_>) -> String {
    match schemes(facts) {
        schemes if schemes.is_empty() => "nothing else".to_owned(),
        schemes => schemes.join(", "),
    }
}

/// The value of `auth` that uses a scheme.
fn setting(scheme: &str) -> Option<&'static str> {
    [
        ("Negotiate", "negotiate"),
        ("Kerberos", "negotiate"),
        ("NTLM", "negotiate"),
        ("Bearer", "bearer"),
        ("Basic", "basic"),
    ]
    .into_iter()
    .find(|(known, _)| scheme.eq_ignore_ascii_case(known))
    .map(|(_, setting)| setting)
}

fn minutes(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        few if few < 120 => format!("{few} s"),
        many => format!("{} min", many / 60),
    }
}

fn seconds(waited: Duration) -> String {
    format!("{} s", waited.as_secs())
}
