//! The whole flow, with the answers that documents and references show.

use std::time::Duration;

use moment::Moment;
use secrecy::{ExposeSecret, SecretString};

use super::{Discovery, Need, Output, Placed, Placement, Question, Renewal, Target, Way};
use crate::{DeviceCode, Kind, Network, Parameters, Request, Response, Saying, Template, Unanswered, Wall};

const KEN: &str = "kenmyer@litwareinc.com";
const ADMIN: &str = "https://admin2a.online.lync.com/OcsPowershellLiveId";
const OFFER: &str =
    r#"Bearer client_id="7716031e", authorization_uri="https://login.windows.net/common/oauth2/authorize""#;

fn at(seconds: u64) -> Moment {
    Moment::from_epoch(Duration::from_secs(seconds))
}

fn question(template: Template, user: &str) -> Question {
    let parameters = Parameters {
        user_name: Some(user.to_owned()).filter(|user| !user.is_empty()),
        ..Parameters::default()
    };
    let wall = Wall {
        now: at(100),
        unix: Duration::from_secs(1_700_000_000),
    };
    Question::new(template, &parameters, wall)
}

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        body: body.to_owned().into(),
        ..Response::default()
    }
}

fn links(part: &str, links: &[(&str, &str)]) -> Response {
    let links: String = links
        .iter()
        .map(|(token, href)| format!("<Link token=\"{token}\" href=\"{href}\"/>"))
        .collect();
    answer(
        200,
        &format!("<AutodiscoverResponse><{part}>{links}</{part}></AutodiscoverResponse>"),
    )
}

fn offer(line: &str) -> Response {
    Response {
        status: 401,
        challenges: vec![line.to_owned()],
        ..Response::default()
    }
}

/// A machine and the lines that it said.
struct Drive {
    discovery: Discovery,
    said: Vec<String>,
    template: Template,
}

impl Drive {
    fn new(question: Question) -> Self {
        Self {
            template: question.template,
            discovery: Discovery::new(question),
            said: Vec::new(),
        }
    }

    /// The next output that is no stage.
    fn next(&mut self) -> Output {
        loop {
            match self.discovery.poll_output().expect("the machine wants something") {
                Output::Stage(stage) => self.said.extend(stage.words(self.template)),
                other => return other,
            }
        }
    }

    #[track_caller]
    fn request(&mut self) -> Request {
        match self.next() {
            Output::Request(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn asked(&mut self) -> Need {
        match self.next() {
            Output::Ask(need) => need,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn target(&mut self) -> Target {
        let target = match self.next() {
            Output::Done(target) => *target,
            other => panic!("{other:?}"),
        };
        assert!(self.discovery.is_over() && self.discovery.poll_output().is_none());
        target
    }

    #[track_caller]
    fn failure(&mut self) -> Saying {
        let saying = match self.next() {
            Output::Failed(saying) => saying,
            other => panic!("{other:?}"),
        };
        assert!(self.discovery.is_over());
        saying
    }

    /// Answers the request that is under way, which must be for that address.
    #[track_caller]
    fn exchange(&mut self, uri: &str, response: &Response) {
        assert_eq!(self.request().uri, uri);
        self.discovery.respond(at(101), response);
    }

    /// Discovery as far as the link to the endpoint.
    #[track_caller]
    fn discover(&mut self) {
        let base = "https://webdir2a.online.lync.com/Autodiscover/AutodiscoverService.svc/root";
        self.exchange(
            "http://lyncdiscover.litwareinc.com?Domain=litwareinc.com",
            &links(
                "Root",
                &[("Redirect", &format!("{base}?originalDomain=litwareinc.com"))],
            ),
        );
        self.exchange(
            &format!("{base}?originalDomain=litwareinc.com"),
            &links(
                "Root",
                &[
                    ("Domain", "/domain?originalDomain=litwareinc.com"),
                    ("User", "https://x/"),
                ],
            ),
        );
        self.exchange(
            "https://webdir2a.online.lync.com/domain?originalDomain=litwareinc.com",
            &links(
                "Domain",
                &[
                    ("Internal/Autodiscover", "https://x/"),
                    ("External/RemotePowerShell", ADMIN),
                ],
            ),
        );
    }
}

fn form(request: &Request) -> &str {
    request.form.as_ref().map_or("", |form| form.expose_secret())
}

fn basic(target: &Target) -> (&str, &str) {
    match &target.credential {
        Placed::Basic { user, password } => (user, password.expose_secret()),
        Placed::Bearer { .. } => panic!("no Basic"),
    }
}

const GRANT: &str = r#"{"access_token":"AT","refresh_token":"RT","expires_in":3599}"#;

#[test]
fn a_password_is_used_as_the_document_shows_where_no_token_is_offered() {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    drive.discover();
    drive.exchange(
        "https://admin2a.online.lync.com/OcsPowershellOAuth?AdminDomain=litwareinc.com",
        &answer(404, ""),
    );
    assert_eq!(drive.asked(), Need::Password { user: KEN.to_owned() });
    drive.discovery.supply(at(102), "p@ssw0rd!".into());
    let target = drive.target();
    assert_eq!(target.uri, format!("{ADMIN}?AdminDomain=litwareinc.com"));
    assert_eq!(target.configuration, "Microsoft.PowerShell");
    assert_eq!(basic(&target), (KEN, "p@ssw0rd!"));
    assert!(target.expiry.is_none() && matches!(target.renewal, Renewal::Never) && target.no_profile);
    assert_eq!(
        drive.said,
        [
            "Determining domain to admin",
            "AdminDomain = litwareinc.com",
            "Discovering PowerShell endpoint URI",
            "TargetUri = 'https://admin2a.online.lync.com/OcsPowershellLiveId'",
            "Requesting authentication token",
            "Success",
        ]
    );
    assert!(!format!("{target:?}").contains("p@ss"), "{target:?}");
}

#[test]
fn a_token_is_got_with_the_password_where_the_endpoint_offers_it() {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    drive.discover();
    let endpoint = "https://admin2a.online.lync.com/OcsPowershellOAuth";
    drive.exchange(&format!("{endpoint}?AdminDomain=litwareinc.com"), &offer(OFFER));
    assert!(matches!(drive.asked(), Need::Password { .. }));
    drive.discovery.supply(at(102), "p@ssw0rd!".into());
    let request = drive.request();
    assert_eq!(request.uri, "https://login.windows.net/common/oauth2/token");
    assert_eq!(
        form(&request),
        "client_id=7716031e&resource=https%3A%2F%2Fadmin2a.online.lync.com%2FOcsPowershellOAuth&scope=openid\
         &grant_type=password&username=kenmyer%40litwareinc.com&password=p%40ssw0rd%21"
    );
    assert!(
        !format!("{:?}", drive.discovery).contains("ssw0rd"),
        "the machine keeps no password"
    );
    drive.discovery.respond(at(110), &answer(200, GRANT));
    let target = drive.target();
    assert_eq!(target.uri, format!("{endpoint}?AdminDomain=litwareinc.com"));
    assert_eq!(basic(&target), ("oauth", "AT"));
    assert_eq!(target.placement, Placement::OAuthUser);
    assert_eq!(
        target.application_arguments,
        [("X-MS-Client-Version".to_owned(), "7.0.2374.2".to_owned())]
    );
    let expiry = target.expiry.unwrap();
    assert_eq!((expiry.at, expiry.renew), (at(110 + 3599), at(110 + 3299)));
    let Renewal::Refresh(refresh) = target.renewal else {
        panic!()
    };
    assert!(form(&refresh.request()).ends_with("grant_type=refresh_token&refresh_token=RT"));
    assert_eq!(drive.said[3], format!("TargetUri = '{endpoint}'"));
    assert_eq!(drive.said.last().unwrap(), "Success");
}

#[test]
fn lync_says_it_without_quotes_and_a_known_address_is_not_discovered() {
    let mut question = question(Template::LyncOnline, KEN);
    question.way = Way::Plain;
    question.override_power_shell_uri = Some("https://webdir0d.litwareinc.com/OcsPowerShellLiveId".to_owned());
    let mut drive = Drive::new(question);
    drive.asked();
    assert_eq!(
        drive.said,
        [
            "Determining domain to admin",
            "AdminDomain = litwareinc.com",
            "TargetUri = https://webdir0d.litwareinc.com/OcsPowerShellLiveId",
            "Requesting authentication token",
        ]
    );
}

#[test]
fn a_partner_names_the_tenant_and_his_own_token_resource() {
    let mut question = question(Template::SkypeOnline, "partner@contoso.com");
    question.override_admin_domain = Some("Fabrikam.onmicrosoft.com".to_owned());
    question.override_discovery_uri = Some("https://webdir1e.online.lync.com/AutodiscoverService.svc/root".to_owned());
    question.override_access_token_resource_uri = Some("https://resource.test".to_owned());
    let mut drive = Drive::new(question);
    drive.exchange(
        "https://webdir1e.online.lync.com/AutodiscoverService.svc/root?originalDomain=fabrikam.onmicrosoft.com",
        &answer(200, r#"{"_links":{"self":{"href":"https://webdir1e.online.lync.com/root?originalDomain=f"},"user":{"href":"https://x/"}}}"#),
    );
    drive.exchange(
        "https://webdir1e.online.lync.com/root/domain?originalDomain=f",
        &answer(200, r#"{"_links":{"external/RemotePowerShell":{"href":"https://admin4E.online.lync.com/OcsPowershellLiveId"}}}"#),
    );
    drive.exchange(
        "https://admin4E.online.lync.com/OcsPowershellOAuth?AdminDomain=fabrikam.onmicrosoft.com",
        &offer(OFFER),
    );
    drive.asked();
    drive.discovery.supply(at(102), "x".into());
    assert!(form(&drive.request()).contains("resource=https%3A%2F%2Fresource.test&"));
}

#[test]
fn json_is_asked_for_where_xml_is_not_to_be_had() {
    let mut drive = Drive::new(question(Template::SkypeOnline, KEN));
    let first = drive.request();
    assert_eq!(
        first.headers,
        [(
            "Accept",
            "application/vnd.microsoft.rtc.autodiscover+xml;v=1".to_owned()
        )]
    );
    drive.discovery.respond(at(101), &answer(406, ""));
    let second = drive.request();
    assert_eq!(
        (second.uri, second.headers),
        (first.uri, vec![("Accept", "application/json".to_owned())])
    );
    drive.discovery.respond(at(101), &answer(406, ""));
    assert_eq!(drive.failure().kind, Kind::DiscoveryFailed);
}

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

fn device_code() -> (Drive, DeviceCode) {
    let mut question = question(Template::SkypeOnline, KEN);
    question.way = Way::DeviceCode;
    let mut drive = Drive::new(question);
    drive.discover();
    drive.request();
    drive.discovery.respond(at(101), &offer(OFFER));
    let request = drive.request();
    assert_eq!(request.uri, "https://login.windows.net/common/oauth2/devicecode");
    assert!(
        form(&request).starts_with("client_id=1950a258-227b-4e31-a9cf-717495945fc2&"),
        "{}",
        form(&request)
    );
    let body = r#"{"device_code":"DC","user_code":"ABC","verification_url":"https://microsoft.com/devicelogin","expires_in":"900","interval":"5","message":"To sign in, ..."}"#;
    drive.discovery.respond(at(102), &answer(200, body));
    let Output::ShowCode(code) = drive.next() else { panic!() };
    (drive, code)
}

fn refused(error: &str) -> Response {
    answer(400, &format!(r#"{{"error":"{error}"}}"#))
}

#[test]
fn a_device_code_is_shown_and_polled_as_told() {
    let (mut drive, code) = device_code();
    assert_eq!((code.user_code.as_str(), code.expires), ("ABC", at(1002)));
    assert_eq!(drive.discovery.poll_timeout(), Some(at(107)));
    drive.discovery.handle_timeout(at(106));
    assert!(drive.discovery.poll_output().is_none(), "too early");
    let mut now = 107;
    for (error, wait) in [
        ("authorization_pending", 5),
        ("slow_down", 10),
        ("authorization_pending", 10),
    ] {
        drive.discovery.handle_timeout(at(now));
        assert!(form(&drive.request()).contains("device_code=DC"));
        drive.discovery.respond(at(now), &refused(error));
        now += wait;
        assert_eq!(drive.discovery.poll_timeout(), Some(at(now)), "{error}");
    }
    drive.discovery.handle_timeout(at(now));
    drive.request();
    let unanswered = Unanswered {
        why: Network::TimedOut,
        message: String::new(),
        tls: None,
    };
    drive.discovery.failed(at(now), &unanswered);
    now += 20;
    assert_eq!(
        drive.discovery.poll_timeout(),
        Some(at(now)),
        "less often after no answer"
    );
    drive.discovery.handle_timeout(at(now));
    drive.request();
    drive.discovery.respond(at(now), &answer(200, GRANT));
    let target = drive.target();
    assert_eq!(basic(&target), ("oauth", "AT"));
    assert!(matches!(target.renewal, Renewal::Refresh(_)));
}

#[test]
fn a_device_code_ends_in_each_of_its_ways() {
    for (error, kind) in [
        ("authorization_declined", Kind::CodeDenied),
        ("access_denied", Kind::CodeDenied),
        ("expired_token", Kind::CodeExpired),
    ] {
        let (mut drive, _) = device_code();
        drive.discovery.handle_timeout(at(107));
        drive.request();
        drive.discovery.respond(at(107), &refused(error));
        assert_eq!(drive.failure().kind, kind, "{error}");
    }
    let (mut drive, code) = device_code();
    drive.discovery.handle_timeout(code.expires);
    assert_eq!(drive.failure().kind, Kind::CodeExpired);
}

fn jwt(claims: &str) -> SecretString {
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    format!("e30.{payload}.c2ln").into()
}

#[test]
fn a_token_of_somebody_elses_is_read_for_its_end_and_its_domain() {
    let mut question = question(Template::SkypeOnline, "");
    question.way = Way::Token;
    let mut drive = Drive::new(question);
    assert_eq!(drive.asked(), Need::Token);
    let token = jwt(r#"{"upn":"ken@litwareinc.com","exp":1700000600}"#);
    let raw = token.expose_secret().to_owned();
    drive.discovery.supply(at(101), format!("Bearer {raw}\n").into());
    drive.discover();
    let target = drive.target();
    assert_eq!(
        target.uri,
        "https://admin2a.online.lync.com/OcsPowershellOAuth?AdminDomain=litwareinc.com"
    );
    assert_eq!(basic(&target), ("oauth", raw.as_str()));
    assert_eq!(target.user.as_deref(), Some("ken@litwareinc.com"));
    assert_eq!(target.expiry.unwrap().at, at(700));
    assert!(matches!(target.renewal, Renewal::Ask(Need::Token)));
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
fn exchange_gets_its_token_in_the_password_and_says_so_in_the_query() {
    let mut question = question(Template::ExchangeOnline, "admin@contoso.com");
    question.way = Way::Password;
    question.delegated_org = Some("fabrikam.onmicrosoft.com".to_owned());
    question.variant = Template::ExchangeOnline.variant("ipps");
    let mut drive = Drive::new(question);
    drive.asked();
    drive.discovery.supply(at(101), "contoso".into());
    let request = drive.request();
    assert_eq!(
        request.uri,
        "https://login.microsoftonline.com/organizations/oauth2/token"
    );
    assert!(
        form(&request).starts_with(
            "client_id=a0c73c16-a7e3-4564-9a95-2bdf47383716&resource=https%3A%2F%2Foutlook.office365.com&"
        )
    );
    drive.discovery.respond(at(102), &answer(200, GRANT));
    let target = drive.target();
    assert_eq!(
        target.uri,
        "https://ps.compliance.protection.outlook.com/powershell-liveid/\
         ?DelegatedOrg=fabrikam.onmicrosoft.com&BasicAuthToOAuthConversion=true"
    );
    assert_eq!(target.configuration, "Microsoft.Exchange");
    assert_eq!(basic(&target), ("admin@contoso.com", "Bearer AT"));
    assert_eq!(drive.said, [""; 0], "its document shows no such lines");
}

#[test]
fn protection_takes_the_password_as_its_document_says() {
    let mut drive = Drive::new(question(Template::Eop, "admin@contoso.com"));
    assert!(matches!(drive.asked(), Need::Password { .. }));
    drive.discovery.supply(at(101), "contoso".into());
    let target = drive.target();
    assert_eq!(target.uri, "https://ps.protection.outlook.com/powershell-liveid/");
    assert_eq!(basic(&target), ("admin@contoso.com", "contoso"));
}

#[test]
fn a_host_of_ones_own_takes_a_token_in_its_header() {
    let mut question = question(Template::Winrm, "ken");
    question.way = Way::Token;
    question.uri = Some("https://gateway.litwareinc.com/wsman".to_owned());
    let mut drive = Drive::new(question);
    drive.asked();
    drive.discovery.supply(at(101), "opaque".into());
    let target = drive.target();
    assert!(matches!(target.credential, Placed::Bearer { .. }));
    assert_eq!(
        (target.expiry, target.uri.as_str()),
        (None, "https://gateway.litwareinc.com/wsman")
    );
}

#[test]
fn names_are_asked_for_and_what_nobody_has_ends_it() {
    let mut drive = Drive::new(question(Template::SkypeOnline, ""));
    assert_eq!(drive.asked(), Need::User);
    drive.discovery.name(KEN);
    assert_eq!(
        drive.request().uri,
        "http://lyncdiscover.litwareinc.com?Domain=litwareinc.com"
    );

    let mut nobody = Drive::new(question(Template::SkypeOnline, ""));
    nobody.asked();
    nobody.discovery.decline();
    assert_eq!(nobody.failure().kind, Kind::NoCredential);

    for user in ["LITWARE\\ken", "ken@", "ken@a/b"] {
        assert_eq!(
            Drive::new(question(Template::SkypeOnline, user)).failure().kind,
            Kind::BadProfile,
            "{user}"
        );
    }

    let mut empty = Drive::new(question(Template::Eop, KEN));
    empty.asked();
    empty.discovery.supply(at(101), "".into());
    let saying = empty.failure();
    assert_eq!(
        saying.message,
        "there is nothing to log on with for kenmyer@litwareinc.com"
    );
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
