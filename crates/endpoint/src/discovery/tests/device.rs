//! The device code, from the code to the token.

use super::*;

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
