//! Every case that people meet, with the texts and numbers that servers give.

use std::time::Duration;

use super::{Facts, Kind, Network, Saying, Scene, Tls, TlsReason, Tried};
use crate::Refusal;

const SCENE: Scene<'static> = Scene {
    host: "admin2a.online.lync.com",
    account: "kenmyer@litwareinc.com",
    organization: "litwareinc.com",
    profile: "skype",
};

fn code(code: u32) -> Facts<'static> {
    Facts {
        code: Some(code),
        ..Facts::default()
    }
}

fn text(message: &str) -> Facts<'_> {
    Facts {
        message,
        ..Facts::default()
    }
}

#[track_caller]
fn kind(facts: &Facts<'_>) -> Kind {
    let saying = Saying::of(facts, &SCENE);
    let proper = ["TLS ", "Kerberos "]
        .iter()
        .any(|name| saying.message.starts_with(name));
    assert!(proper || !saying.message.starts_with(char::is_uppercase), "{saying}");
    assert!(!saying.message.ends_with('.'), "{saying}");
    assert!(!saying.message.contains('\n'), "{saying}");
    saying.kind
}

#[test]
fn numbers_are_known() {
    for (number, want) in [
        (1326, Kind::WrongPassword),
        (0x8007_052E, Kind::WrongPassword),
        (0xC000_006D, Kind::WrongPassword),
        (1330, Kind::PasswordExpired),
        (0xC000_0224, Kind::PasswordMustChange),
        (1909, Kind::AccountLocked),
        (0xC000_0072, Kind::AccountDisabled),
        (1793, Kind::AccountExpired),
        (1311, Kind::NoLogonServer),
        (0x8009_0324, Kind::ClockSkew),
        (5, Kind::Forbidden),
        (0x8033_81A5, Kind::AdminQuota),
        (0x8033_81E4, Kind::AdminQuota),
        (0x8033_81E5, Kind::ServiceQuota),
        (0x8033_81A7, Kind::Rate),
        (0x8033_805B, Kind::ShellNotFound),
        (2_150_858_811, Kind::UnknownConfiguration),
        (0x8033_81AC, Kind::RemoteDisallowed),
        (0x8033_8199, Kind::Redirected),
    ] {
        assert_eq!(kind(&code(number)), want, "{number}");
    }
}

#[test]
fn kerberos_is_known_by_either_number() {
    for (number, want) in [
        (6, Kind::UnknownAccount),
        (18, Kind::AccountRevoked),
        (23, Kind::PasswordExpired),
        (24, Kind::WrongPassword),
        (32, Kind::TicketExpired),
        (37, Kind::ClockSkew),
        (-1_765_328_352, Kind::TicketExpired),
        (-1_765_328_360, Kind::WrongPassword),
        (-1_765_328_189, Kind::NoTicket),
    ] {
        let facts = Facts {
            kerberos: Some(number),
            ..Facts::default()
        };
        assert_eq!(kind(&facts), want, "{number}");
    }
    let facts = Facts {
        kerberos: Some(32),
        ..Facts::default()
    };
    let saying = Saying::of(&facts, &SCENE);
    assert_eq!(
        saying.message,
        "the Kerberos ticket of kenmyer@litwareinc.com has expired (Kerberos error 32)"
    );
    assert_eq!(saying.hint.as_deref(), Some("kinit kenmyer@litwareinc.com"));
    assert!(saying.kind.needs_login() && !saying.kind.refuses_secret());
}

#[test]
fn the_authoritys_numbers_are_known() {
    for (number, want) in [
        (50126, Kind::WrongPassword),
        (50034, Kind::UnknownAccount),
        (50053, Kind::AccountLocked),
        (50055, Kind::PasswordExpired),
        (50057, Kind::AccountDisabled),
        (50076, Kind::MfaRequired),
        (50079, Kind::MfaRequired),
        (53003, Kind::PolicyBlocked),
        (65001, Kind::ConsentRequired),
        (70008, Kind::TokenExpired),
        (700_082, Kind::TokenExpired),
        (90002, Kind::UnknownDomain),
    ] {
        let refusal = Refusal {
            error: "invalid_grant".to_owned(),
            codes: vec![number],
            status: 400,
            ..Refusal::default()
        };
        let facts = Facts::refusal(&refusal);
        assert_eq!(kind(&facts), want, "{number}");
        assert!(
            Saying::of(&facts, &SCENE)
                .message
                .ends_with(&format!("(AADSTS{number})"))
        );
    }
    let bare = Refusal {
        error: "invalid_grant".to_owned(),
        status: 400,
        ..Refusal::default()
    };
    assert_eq!(kind(&Facts::refusal(&bare)), Kind::WrongPassword);
    let refresh = Facts {
        tried: Some(Tried::Token),
        ..Facts::refusal(&bare)
    };
    assert_eq!(kind(&refresh), Kind::TokenExpired);
    let busy = Refusal {
        status: 503,
        ..Refusal::default()
    };
    assert_eq!(kind(&Facts::refusal(&busy)), Kind::Unavailable);
}

#[test]
fn english_texts_are_known() {
    for (message, want) in [
        (
            "The maximum number of concurrent shells for this user has been exceeded.",
            Kind::AdminQuota,
        ),
        (
            "... number of concurrent shells for this tenant has been exceeded",
            Kind::OrganizationQuota,
        ),
        (
            "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3 for the policy party : MaxConcurrency",
            Kind::AdminQuota,
        ),
        (
            "You have exceeded your budget to create runspace. Please wait for 2 seconds",
            Kind::Rate,
        ),
        (
            "The request for the Windows Remote Shell with ShellId X failed because the shell was not found on the server.",
            Kind::ShellNotFound,
        ),
        (
            "The user 'a' does not have permission to manage this tenant.",
            Kind::Forbidden,
        ),
        (
            "The ability to connect using remote PowerShell has been disabled",
            Kind::Forbidden,
        ),
        (
            "The remote name could not be resolved: 'lyncdiscover.contoso.com'",
            Kind::DiscoveryName,
        ),
        (
            "Unable to query AutoDiscover URL at: http://lyncdiscover.contoso.com",
            Kind::DiscoveryFailed,
        ),
        ("Get-CsWebTicket : Logon failed for the user 'a'", Kind::WrongPassword),
        (
            "Import-PSSession : State of runspace is not valid for this operation.",
            Kind::SessionClosed,
        ),
        ("Tenant Domain is empty", Kind::BadProfile),
        ("adminDomain", Kind::BadProfile),
        (
            "The referenced account is currently locked out and may not be logged on to.",
            Kind::AccountLocked,
        ),
        ("Access is denied.", Kind::Forbidden),
    ] {
        assert_eq!(kind(&text(message)), want, "{message}");
    }
}

#[test]
fn french_texts_are_known() {
    for (message, want) in [
        (
            "Le nom d’utilisateur ou le mot de passe est incorrect.",
            Kind::WrongPassword,
        ),
        (
            "Échec d'ouverture de session : nom d'utilisateur inconnu ou mot de passe incorrect.",
            Kind::WrongPassword,
        ),
        ("Le mot de passe de ce compte a expiré.", Kind::PasswordExpired),
        (
            "Le mot de passe de l’utilisateur doit être changé avant d’ouvrir une session la première fois.",
            Kind::PasswordMustChange,
        ),
        ("Le compte référencé est actuellement verrouillé.", Kind::AccountLocked),
        (
            "L’utilisateur ne peut pas se connecter car ce compte est actuellement désactivé.",
            Kind::AccountDisabled,
        ),
        ("Accès refusé.", Kind::Forbidden),
        ("Acce\u{300}s refuse\u{301}.", Kind::Forbidden),
        (
            "Le nombre maximal de shells simultanés pour cet utilisateur a été dépassé.",
            Kind::AdminQuota,
        ),
        (
            "Le nombre maximal d’environnements simultanés pour ce client a été dépassé.",
            Kind::OrganizationQuota,
        ),
        (
            "La requête a échoué car le shell est introuvable sur le serveur.",
            Kind::ShellNotFound,
        ),
        (
            "Le nom distant n'a pas pu être résolu : 'lyncdiscover.litwareinc.com'",
            Kind::DiscoveryName,
        ),
    ] {
        assert_eq!(kind(&text(message)), want, "{message}");
    }
}

#[test]
fn the_number_counts_before_the_text_unless_it_says_nothing() {
    let lies = Facts {
        code: Some(1909),
        message: "Access is denied.",
        ..Facts::default()
    };
    assert_eq!(kind(&lies), Kind::AccountLocked);
    let vague = Facts {
        code: Some(5),
        message: "you have exceeded the maximum number of connections allowed : 3",
        ..Facts::default()
    };
    assert_eq!(kind(&vague), Kind::AdminQuota);
    let organization = Facts {
        code: Some(0x8033_81A5),
        message: "concurrent shells for this tenant has been exceeded",
        ..Facts::default()
    };
    assert_eq!(kind(&organization), Kind::OrganizationQuota);
    let relayed = Facts {
        code: Some(5),
        message: "Access Denied: AADSTS50057: The user account is disabled.",
        ..Facts::default()
    };
    assert_eq!(kind(&relayed), Kind::AccountDisabled);
    let domain = Facts {
        code: Some(0x8033_805B),
        message: "adminDomain",
        ..Facts::default()
    };
    assert_eq!(kind(&domain), Kind::BadProfile);
}

#[test]
fn a_token_that_ended_inside_a_session_is_no_lack_of_permission() {
    let inside = Facts {
        code: Some(5),
        tried: Some(Tried::Token),
        ..Facts::default()
    };
    assert_eq!(kind(&inside), Kind::TokenExpired);
    let opening = Facts {
        creating: true,
        ..inside
    };
    assert_eq!(kind(&opening), Kind::Forbidden);
}

fn unauthorized(tried: Tried, offers: &[&str]) -> Saying {
    let challenges: Vec<String> = offers.iter().map(|&offer| offer.to_owned()).collect();
    let facts = Facts {
        status: Some(401),
        challenges: &challenges,
        tried: Some(tried),
        ..Facts::default()
    };
    Saying::of(&facts, &SCENE)
}

#[test]
fn a_401_refuses_the_secret_or_the_scheme() {
    let wrong = unauthorized(Tried::Basic, &["Negotiate", "Basic realm=\"WSMAN\""]);
    assert_eq!(wrong.kind, Kind::WrongPassword);
    assert_eq!(
        wrong.message,
        "the password of kenmyer@litwareinc.com is wrong (HTTP 401)"
    );
    assert_eq!(
        wrong.hint.as_deref(),
        Some("pslease login skype: until then it is not sent again")
    );
    let scheme = unauthorized(Tried::Basic, &["Negotiate", "Kerberos"]);
    assert_eq!(scheme.kind, Kind::SchemeNotOffered);
    assert_eq!(
        scheme.message,
        "admin2a.online.lync.com does not take Basic; it offers Negotiate, Kerberos (HTTP 401)"
    );
    assert_eq!(scheme.hint.as_deref(), Some("auth = \"negotiate\""));
    assert_eq!(unauthorized(Tried::Token, &["Basic realm=x"]).kind, Kind::TokenRefused);
    assert_eq!(unauthorized(Tried::Basic, &[]).kind, Kind::WrongPassword);
    let odd = unauthorized(Tried::Negotiate, &["Evil\u{1b}[2J"]);
    assert!(!odd.message.contains('\u{1b}'), "{odd}");
}

#[test]
fn no_answer_to_a_create_says_what_may_hold_the_slots() {
    let facts = Facts {
        network: Some(Network::TimedOut),
        creating: true,
        waited: Some(Duration::from_secs(10)),
        ..Facts::default()
    };
    assert_eq!(
        Saying::of(&facts, &SCENE).message,
        "no answer from admin2a.online.lync.com for 10 s; connections left open elsewhere may hold the slots"
    );
    let silent = Facts {
        creating: false,
        waited: None,
        ..facts
    };
    assert_eq!(
        Saying::of(&silent, &SCENE).message,
        "no answer from admin2a.online.lync.com"
    );
}

#[test]
fn networks_fail_in_words() {
    for (why, discovering, want) in [
        (Network::Name, false, Kind::UnknownHost),
        (Network::Name, true, Kind::DiscoveryName),
        (Network::Refused, false, Kind::PortClosed),
        (Network::Unreachable, false, Kind::Unreachable),
        (Network::Proxy, false, Kind::Proxy),
        (Network::Tls, false, Kind::TlsUntrusted),
        (Network::Broken, false, Kind::Unavailable),
    ] {
        let facts = Facts {
            network: Some(why),
            discovering,
            ..Facts::default()
        };
        assert_eq!(kind(&facts), want);
    }
}

#[test]
fn a_certificate_is_named_with_the_line_that_would_trust_it() {
    let tls = Tls {
        subject: "ps.litwareinc.com".to_owned(),
        issuer: "Litware Root".to_owned(),
        names: vec!["ps.litwareinc.com".to_owned()],
        validity: Some(("2026-01-01".to_owned(), "2027-01-01".to_owned())),
        sha256: Some("AB12".to_owned()),
        saved: Some("/home/ken/.config/pslease/ps.pem".to_owned()),
        ..Tls::new(TlsReason::UnknownIssuer)
    };
    let facts = Facts {
        tls: Some(&tls),
        network: Some(Network::Tls),
        ..Facts::default()
    };
    let saying = Saying::of(&facts, &SCENE);
    assert_eq!(
        saying.message,
        "the certificate of admin2a.online.lync.com is not trusted: nobody who is trusted has signed it \
         (it is for \"ps.litwareinc.com\", signed by \"Litware Root\", names ps.litwareinc.com, \
         valid from 2026-01-01 to 2027-01-01, SHA-256 AB12)"
    );
    assert!(
        saying
            .hint
            .unwrap()
            .ends_with("ca = \"/home/ken/.config/pslease/ps.pem\"")
    );
    let wrong = Tls {
        reason: TlsReason::WrongName,
        ..tls.clone()
    };
    let facts = Facts {
        tls: Some(&wrong),
        ..Facts::default()
    };
    assert!(
        !Saying::of(&facts, &SCENE).hint.unwrap().contains("ca ="),
        "it would not help"
    );
    let early = Tls::new(TlsReason::NotYetValid);
    let facts = Facts {
        tls: Some(&early),
        ahead: Some(-86_400),
        ..Facts::default()
    };
    let saying = Saying::of(&facts, &SCENE);
    assert_eq!(
        saying.message,
        "this machine's clock is 1440 min behind admin2a.online.lync.com's"
    );
}

#[test]
fn what_nobody_knows_keeps_the_servers_own_words_on_one_line() {
    let saying = Saying::of(&text("Something\r\nodd\u{1b}[31m happened"), &SCENE);
    assert_eq!((saying.kind, saying.hint), (Kind::Unknown, None));
    assert_eq!(
        saying.message,
        "admin2a.online.lync.com says: Something  odd[31m happened"
    );
    let nothing = Saying::of(&Facts::default(), &Scene::default());
    assert_eq!(nothing.message, "the server refused without saying why");
}
