//! The flows themselves.

use endpoint::{
    Kind, MAXIMUM_REDIRECTION, Parameters, Placement, Question, RedirectPolicy, RedirectRefused, Renewal, Template,
    Way, redirected,
};
use serde_json::json;

use crate::driver::{Person, knock, post, question};
use crate::server::{Peer, exchange, send};

const KEN: &str = "kenmyer@litwareinc.com";

#[test]
fn an_admin_connects_with_a_password_for_a_token_that_is_renewed() {
    let Some(peer) = Peer::start() else { return };
    let mut ken = Person::new("p@ssw0rd!");
    let target = ken.connect(&peer, question(&peer, KEN)).unwrap();
    assert_eq!(
        ken.lines,
        [
            "Determining domain to admin".to_owned(),
            "AdminDomain = litwareinc.com".to_owned(),
            "Discovering PowerShell endpoint URI".to_owned(),
            format!("TargetUri = '{}/OcsPowershellOAuth'", peer.url),
            "Requesting authentication token".to_owned(),
            "Success".to_owned(),
            "Initializing remote session".to_owned(),
        ]
    );
    assert_eq!(peer.count("autodiscover_requests"), 4, "two hops, Root, Domain");
    assert_eq!(peer.count("token_requests"), 1);
    assert_eq!(target.placement, Placement::OAuthUser);
    assert_eq!(knock(&target.uri, &target.credential), 200);

    let expiry = target.expiry.unwrap();
    assert!(expiry.renew < expiry.at && !expiry.is_due(ken.wall().now));
    peer.control("expire-tokens", &json!({ "user": KEN }));
    assert_eq!(knock(&target.uri, &target.credential), 401);
    let Renewal::Refresh(refresh) = target.renewal else {
        panic!("no refresh token")
    };
    let used = refresh.clone();
    let renewed = refresh.answer(ken.wall(), &send(&used.request())).unwrap();
    assert_eq!(knock(&target.uri, &target.placement.place(renewed.token)), 200);
}

#[test]
fn a_wrong_password_is_sent_once() {
    let Some(peer) = Peer::start() else { return };
    let saying = Person::new("wrong").connect(&peer, question(&peer, KEN)).unwrap_err();
    assert_eq!(saying.kind, Kind::WrongPassword);
    assert_eq!(
        saying.message,
        "the password of kenmyer@litwareinc.com is wrong (AADSTS50126)"
    );
    assert_eq!(peer.count("token_requests"), 1);
}

#[test]
fn a_password_goes_to_the_older_endpoint_as_it_is() {
    let Some(peer) = Peer::start() else { return };
    let mut plain = question(&peer, KEN);
    plain.way = Way::Plain;
    let mut ken = Person::new("p@ssw0rd!");
    let target = ken.connect(&peer, plain).unwrap();
    assert_eq!(
        target.uri,
        format!("{}/OcsPowershellLiveId?AdminDomain=litwareinc.com", peer.url)
    );
    assert!(
        ken.lines
            .contains(&format!("TargetUri = '{}/OcsPowershellLiveId'", peer.url))
    );
    assert_eq!(knock(&target.uri, &target.credential), 200);
    assert_eq!(peer.count("token_requests"), 0);
}

#[test]
fn a_partner_administers_a_customers_tenant() {
    let Some(peer) = Peer::start() else { return };
    let mut question = question(&peer, "partner@contoso.com");
    question.override_admin_domain = Some("fabrikam.onmicrosoft.com".to_owned());
    let target = Person::new("partner").connect(&peer, question).unwrap();
    assert!(
        target.uri.ends_with("?AdminDomain=fabrikam.onmicrosoft.com"),
        "{}",
        target.uri
    );
    assert_eq!(knock(&target.uri, &target.credential), 200);
}

#[test]
fn an_unknown_domain_is_named() {
    let Some(peer) = Peer::start() else { return };
    let saying = Person::new("x")
        .connect(&peer, question(&peer, "a@nowhere.test"))
        .unwrap_err();
    assert_eq!(saying.kind, Kind::UnknownDomain);
    assert!(saying.message.contains("nowhere.test"), "{saying}");
}

#[test]
fn a_device_code_is_waited_for() {
    let Some(peer) = Peer::start() else { return };
    let mut device = question(&peer, KEN);
    device.way = Way::DeviceCode;
    let mut ken = Person::new("never asked for");
    let target = ken.connect(&peer, device).unwrap();
    assert_eq!(knock(&target.uri, &target.credential), 200);
    assert!(
        ken.lines.iter().any(|line| line.contains("enter the code")),
        "{:?}",
        ken.lines
    );
    assert!(ken.now > 0 && peer.count("token_requests") > 1, "it was polled");
}

#[test]
fn a_device_code_is_declined_or_runs_out() {
    let Some(peer) = Peer::start() else { return };
    for (decision, want) in [
        (Some(json!({ "deny": true })), Kind::CodeDenied),
        (None, Kind::CodeExpired),
    ] {
        // Nobody whose name the peer knows: so nobody approves by himself.
        let mut device = question(&peer, "stranger@litwareinc.com");
        device.way = Way::DeviceCode;
        let mut stranger = Person::new("");
        stranger.decides = decision;
        assert_eq!(stranger.connect(&peer, device).unwrap_err().kind, want);
    }
}

#[test]
fn a_token_of_somebody_elses_is_taken() {
    let Some(peer) = Peer::start() else { return };
    let form = "grant_type=password&username=kenmyer@litwareinc.com&password=p@ssw0rd!";
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = exchange("POST", &format!("{}/common/oauth2/token", peer.url), &kind, form);
    let granted: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let mut handed = question(&peer, KEN);
    handed.way = Way::Token;
    let token = granted["access_token"].as_str().unwrap();
    let target = Person::new(&format!("{token}\n")).connect(&peer, handed).unwrap();
    assert_eq!(knock(&target.uri, &target.credential), 200);
    assert_eq!(target.expiry, None, "it is no JSON web token, so nobody knows");
}

#[test]
fn exchange_takes_its_token_where_the_query_says_so() {
    let Some(peer) = Peer::start() else { return };
    let parameters = json!({
        "UserName": "admin@contoso.com",
        "ConnectionUri": format!("{}/powershell-liveid/", peer.url),
    });
    let mut exchange = Question::new(
        Template::Eop,
        &Parameters::read(&parameters).unwrap(),
        Person::new("").wall(),
    );
    exchange.way = Way::Password;
    exchange.authority = Some(format!("{}/common", peer.url));
    let target = Person::new("contoso").connect(&peer, exchange).unwrap();
    assert_eq!(knock(&target.uri, &target.credential), 200);
    let without = target.uri.split('?').next().unwrap();
    assert_eq!(knock(without, &target.credential), 401);
}

#[test]
fn a_front_end_redirects_where_that_is_allowed() {
    let Some(peer) = Peer::start() else { return };
    let from = format!(
        "{}/front/powershell-liveid/?DelegatedOrg=fabrikam.com;PSVersion=5.1",
        peer.url
    );
    let credential = Placement::Plain { user: KEN.to_owned() }.place("p@ssw0rd!".into());
    let answer = post(&from, &credential);
    let hosts = ["localhost".to_owned()];
    let judge = |hosts| {
        let policy = RedirectPolicy {
            allow: true,
            hosts,
            maximum: MAXIMUM_REDIRECTION,
        };
        redirected(&policy, &from, answer.status, answer.location.as_deref(), 0)
    };
    assert_eq!(judge(&[]), Err(RedirectRefused::Host("localhost".to_owned())));
    let to = judge(&hosts).unwrap();
    let port = peer.url.rsplit(':').next().unwrap();
    assert_eq!(
        to,
        format!("http://localhost:{port}/powershell-liveid/?DelegatedOrg=fabrikam.com")
    );
}
