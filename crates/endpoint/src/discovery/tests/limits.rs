//! Where nothing goes, and what is said then.

use super::*;

#[test]
fn hops_end() {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    let mut moved = answer(302, "");
    for hop in 0..6 {
        drive.request();
        moved.location = Some(format!("https://webdir{hop}.online.lync.com/"));
        drive.discovery.respond(at(101), &moved);
    }
    let saying = drive.failure();
    assert_eq!(saying.kind, Kind::DiscoveryFailed);
    assert!(saying.message.contains("more than 5 times"), "{saying}");
}

#[test]
fn an_answer_in_the_clear_leads_nowhere_else() {
    let places = [
        ("https://evil.test/", "evil.test, which is not known"),
        ("http://webdir.online.lync.com/", "plain http"),
        ("http://127.0.0.1/", "plain http"),
        ("https://online.lync.com.evil.test/", "not known"),
        ("https://ken@webdir.online.lync.com/", "user name"),
    ];
    for (place, why) in places {
        let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
        drive.request();
        drive.discovery.respond(at(101), &links("Root", &[("Redirect", place)]));
        let saying = drive.failure();
        assert_eq!(saying.kind, Kind::PlaceNotAllowed);
        assert!(saying.message.contains(why), "{saying}");
    }
}

#[test]
fn a_customers_own_host_is_asked_but_gets_no_partners_password() {
    let mut question = question(Template::SkypeOnline, "partner@contoso.com");
    question.override_admin_domain = Some("fabrikam.com".to_owned());
    let mut drive = Drive::new(question);
    drive.request();
    drive
        .discovery
        .respond(at(101), &links("Root", &[("Domain", "https://dir.fabrikam.com/d")]));
    drive.request();
    let link = [(
        "External/RemotePowerShell",
        "https://dir.fabrikam.com/OcsPowershellLiveId",
    )];
    drive.discovery.respond(at(101), &links("Domain", &link));
    let saying = drive.failure();
    assert!(saying.message.contains("may not get this credential"), "{saying}");
    assert_eq!(
        saying.hint.as_deref(),
        Some("if you trust it, add its name to trusted_hosts")
    );
}

#[test]
fn a_token_is_asked_for_only_where_that_is_safe() {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    drive.discover();
    drive.request();
    let evil = r#"Bearer client_id="x", authorization_uri="https://login.evil.test/common/oauth2/authorize""#;
    drive.discovery.respond(at(101), &offer(evil));
    let saying = drive.failure();
    assert_eq!(saying.kind, Kind::PlaceNotAllowed);
    assert!(saying.message.contains("login.evil.test"), "{saying}");
}

fn root_answers(response: &Response) -> Saying {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    drive.request();
    drive.discovery.respond(at(101), response);
    drive.failure()
}

#[test]
fn discovery_says_what_is_wrong() {
    let unknown = root_answers(&answer(404, ""));
    assert_eq!(unknown.kind, Kind::UnknownDomain);
    assert_eq!(
        unknown.message,
        "discovery does not know the domain litwareinc.com (HTTP 404)"
    );
    let html = root_answers(&answer(200, "<html>IIS</html>"));
    assert!(html.message.contains("it is no AutodiscoverResponse"), "{html}");
    assert_eq!(
        root_answers(&links("Root", &[("OAuth", "https://x")])).kind,
        Kind::DiscoveryFailed
    );
    assert_eq!(root_answers(&answer(503, "")).kind, Kind::DiscoveryFailed);

    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    drive.request();
    let unanswered = Unanswered {
        why: Network::Name,
        message: String::new(),
        tls: None,
    };
    drive.discovery.failed(at(101), &unanswered);
    let name = drive.failure();
    assert_eq!(name.kind, Kind::DiscoveryName);
    assert!(name.message.contains("lyncdiscover.litwareinc.com"), "{name}");
    assert!(name.hint.unwrap().contains("override_admin_domain"));

    let mut hybrid = Drive::new(question(Template::SkypeOnline, KEN));
    hybrid.request();
    hybrid.discovery.respond(
        at(101),
        &links("Root", &[("Domain", "https://lyncweb.litwareinc.com/domain")]),
    );
    hybrid.request();
    hybrid.discovery.respond(
        at(101),
        &links("Domain", &[("External/Ucwa", "https://lyncweb.litwareinc.com/ucwa")]),
    );
    assert_eq!(hybrid.failure().kind, Kind::DiscoveryHybrid);
}

#[test]
fn a_refused_password_ends_it_and_is_told_by_its_number() {
    for (code, kind) in [
        (50126, Kind::WrongPassword),
        (50076, Kind::MfaRequired),
        (50053, Kind::AccountLocked),
    ] {
        let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
        drive.discover();
        drive.request();
        drive.discovery.respond(at(101), &offer(OFFER));
        drive.asked();
        drive.discovery.supply(at(102), "wrong".into());
        drive.request();
        let body =
            format!(r#"{{"error":"invalid_grant","error_description":"AADSTS{code}: No.","error_codes":[{code}]}}"#);
        drive.discovery.respond(at(103), &answer(400, &body));
        let saying = drive.failure();
        assert_eq!(saying.kind, kind);
        assert!(
            saying.kind.refuses_secret() && saying.message.ends_with(&format!("(AADSTS{code})")),
            "{saying}"
        );
    }
}

#[test]
fn an_old_token_is_not_even_sent() {
    let mut question = question(Template::SkypeOnline, KEN);
    question.way = Way::Token;
    question.override_power_shell_uri = Some("https://admin0a.online.lync.com/OcsPowershellOAuth".to_owned());
    let mut drive = Drive::new(question);
    assert_eq!(drive.asked(), Need::Token);
    drive.discovery.supply(at(101), jwt(r#"{"exp":1699999999}"#));
    assert_eq!(drive.failure().kind, Kind::TokenExpired);
}

#[test]
fn an_endpoint_without_an_offer_says_what_it_takes() {
    let mut question = question(Template::SkypeOnline, KEN);
    question.way = Way::DeviceCode;
    question.override_power_shell_uri = Some("https://lab.litwareinc.com/OcsPowershell".to_owned());
    let mut drive = Drive::new(question);
    drive.request();
    drive.discovery.respond(at(101), &offer("Negotiate"));
    let saying = drive.failure();
    assert_eq!(saying.kind, Kind::SchemeNotOffered);
    assert_eq!(
        saying.message,
        "lab.litwareinc.com does not take a token; it offers Negotiate"
    );
    assert_eq!(saying.hint.as_deref(), Some("auth = \"negotiate\""));
}

#[test]
fn a_discovery_of_ones_own_may_be_plain_on_this_machine_only() {
    let mut question = question(Template::SkypeOnline, KEN);
    question.override_discovery_uri = Some("http://127.0.0.1:8080/autodiscover".to_owned());
    let mut drive = Drive::new(question);
    drive.exchange(
        "http://127.0.0.1:8080/autodiscover?Domain=litwareinc.com",
        &links("Root", &[("Domain", "http://127.0.0.1:8080/domain")]),
    );
    drive.exchange(
        "http://127.0.0.1:8080/domain",
        &links(
            "Domain",
            &[("External/RemotePowerShell", "http://127.0.0.1:8080/OcsPowershellLiveId")],
        ),
    );
    drive.exchange(
        "http://127.0.0.1:8080/OcsPowershellOAuth?AdminDomain=litwareinc.com",
        &answer(405, ""),
    );
    drive.asked();
}
