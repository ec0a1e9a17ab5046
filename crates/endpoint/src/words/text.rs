//! What only a text says.
//!
//! English phrases are those of the known services (services.md 1.5 and 2.3). French ones are not whole sentences but
//! the words that every translation of the sentence holds, without accents: Windows has reworded its messages from
//! version to version. The first that fits counts, so the more particular ones stand first.

use super::Kind;

/// All of the words in a row must be there.
type Phrase = (Kind, &'static [&'static str]);

const ENGLISH: &[Phrase] = &[
    (Kind::OrganizationQuota, &["concurrent shells for this tenant"]),
    (Kind::OrganizationQuota, &["maxtenantconcurrency"]),
    (Kind::AdminQuota, &["concurrent shells for this user"]),
    (Kind::AdminQuota, &["concurrent shells a user can"]),
    (Kind::AdminQuota, &["concurrent shells, which has been exceeded"]),
    (
        Kind::AdminQuota,
        &["exceeded the maximum number of connections allowed"],
    ),
    (Kind::ServiceQuota, &["maximum number of users concurrently"]),
    (Kind::Rate, &["your budget to create runspace"]),
    (Kind::Rate, &["load quota of", "exceeded"]),
    (Kind::Rate, &["will not be approved for at least"]),
    (Kind::ShellNotFound, &["shell was not found on the server"]),
    (Kind::ShellNotFound, &["wsman-invalidshellid"]),
    (Kind::SessionClosed, &["state of runspace is not valid"]),
    (Kind::SessionClosed, &["remote session is not available"]),
    (Kind::Forbidden, &["does not have permission to manage this tenant"]),
    (Kind::Forbidden, &["ability to connect", "has been disabled"]),
    (Kind::BadProfile, &["tenant domain is empty"]),
    (Kind::DiscoveryName, &["could not be resolved", "lyncdiscover"]),
    (Kind::DiscoveryFailed, &["unable to query autodiscover"]),
    (Kind::UnknownHost, &["remote name could not be resolved"]),
    (Kind::PasswordMustChange, &["password must be changed"]),
    (Kind::PasswordExpired, &["password", "expired"]),
    (Kind::AccountLocked, &["account", "locked"]),
    (Kind::AccountDisabled, &["account", "disabled"]),
    (Kind::AccountExpired, &["account", "expired"]),
    (Kind::ClockSkew, &["clock skew"]),
    (Kind::ClockSkew, &["time difference", "client and server"]),
    (Kind::TicketExpired, &["ticket", "expired"]),
    (Kind::UnknownService, &["server ", "not found in kerberos database"]),
    (Kind::NoTicket, &["no kerberos credentials"]),
    (Kind::TokenExpired, &["token", "expired"]),
    (Kind::MfaRequired, &["multi-factor"]),
    (Kind::WrongPassword, &["logon failed for the user"]),
    (Kind::WrongPassword, &["logon failure"]),
    (Kind::WrongPassword, &["user name or password is incorrect"]),
    (Kind::WrongPassword, &["invalid username or password"]),
    (Kind::WrongPassword, &["failed to connect live id"]),
    (Kind::Forbidden, &["access is denied"]),
];

const FRENCH: &[Phrase] = &[
    (Kind::OrganizationQuota, &["simultan", "client", "depass"]),
    (Kind::OrganizationQuota, &["simultan", "organisation", "depass"]),
    (Kind::OrganizationQuota, &["simultan", "locataire", "depass"]),
    (Kind::AdminQuota, &["simultan", "utilisateur", "depass"]),
    (Kind::ShellNotFound, &["shell", "introuvable"]),
    (Kind::ShellNotFound, &["shell", "pas ete trouve"]),
    (Kind::ShellNotFound, &["interpreteur de commandes", "introuvable"]),
    (Kind::SessionClosed, &["etat de l'instance d'execution", "pas valide"]),
    (Kind::DiscoveryName, &["lyncdiscover", "resolu"]),
    (Kind::UnknownHost, &["nom distant", "resolu"]),
    (Kind::PasswordMustChange, &["mot de passe", "doit etre change"]),
    (Kind::PasswordMustChange, &["mot de passe", "doit etre modifie"]),
    (Kind::PasswordMustChange, &["changer", "mot de passe", "avant"]),
    (Kind::PasswordExpired, &["mot de passe", "expire"]),
    (Kind::AccountLocked, &["compte", "verrouille"]),
    (Kind::AccountDisabled, &["compte", "desactive"]),
    (Kind::AccountExpired, &["compte", "expire"]),
    (Kind::ClockSkew, &["difference", "heure", "serveur"]),
    (Kind::TicketExpired, &["ticket", "expire"]),
    (Kind::TokenExpired, &["jeton", "expire"]),
    (Kind::MfaRequired, &["authentification multifacteur"]),
    (Kind::WrongPassword, &["mot de passe", "incorrect"]),
    (Kind::WrongPassword, &["mot de passe", "non valide"]),
    (Kind::WrongPassword, &["echec d'ouverture de session"]),
    (Kind::Forbidden, &["acces", "refuse"]),
    (Kind::Forbidden, &["pas l'autorisation"]),
];

/// What a text means.
pub(super) fn of(message: &str) -> Option<Kind> {
    let folded = fold(message);
    // Skype for Business Online's whole answer to an empty AdminDomain in the query.
    if folded.trim().trim_end_matches('.') == "admindomain" {
        return Some(Kind::BadProfile);
    }
    ENGLISH
        .iter()
        .chain(FRENCH)
        .find(|(_, words)| words.iter().all(|word| folded.contains(word)))
        .map(|(kind, _)| *kind)
}

/// Small letters without accents; every apostrophe and space is the plain one.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        folded.push(match c {
            'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'î' | 'ï' => 'i',
            'ô' | 'ö' => 'o',
            'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            '\u{2019}' | '\u{2018}' | '\u{02bc}' => '\'',
            '\u{a0}' | '\u{202f}' | '\n' | '\r' | '\t' => ' ',
            // The accent of a letter that came in two characters.
            '\u{300}'..='\u{36f}' => continue,
            c => c,
        });
    }
    folded
}
