//! Every way in, as documents and references show it.

use super::*;

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
