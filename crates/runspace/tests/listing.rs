//! Listing shells page by page, and what a service may do to whoever asks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use runspace::{Cause, Failed, Listed, Listing, Response, Shell};
use uuid::Uuid;
use wsman::{Answer, Fault, FaultKind, Item, Limits, MessageId, Operation, Page, ShellId, ShellState};

fn listing() -> Listing {
    let shell = Shell::new(
        "https://ps.example.com/powershell",
        "Microsoft.Exchange",
        Uuid::from_u128(1),
    );
    Listing::new(&shell, None, "ps.example.com", 7)
}

fn answer(listing: &Listing, answer: impl FnOnce(&Operation) -> Answer) -> Response {
    let asked = wsman::Request::read(&listing.request().body, &Limits::default()).unwrap();
    let response = wsman::Response::new(
        MessageId::from(Uuid::from_u128(9)),
        asked.message_id.clone(),
        answer(&asked.operation),
    );
    Response {
        status: response.status(),
        body: response.to_bytes(),
        ..Response::default()
    }
}

fn page(number: u128, pulled: bool, context: Option<&str>) -> Answer {
    let mut shell = wsman::Shell::new(ShellId::from(Uuid::from_u128(number)));
    shell.owner = Some("kenmyer@litwareinc.com".to_owned());
    shell.client_ip = Some("192.0.2.7".to_owned());
    shell.state = Some(ShellState::Disconnected);
    shell.run_time = Some(Duration::from_secs(62));
    shell.inactivity = Some(Duration::from_secs(5));
    Answer::Listed(Page {
        items: vec![Item::Shell(Box::new(shell))],
        context: context.map(str::to_owned),
        pulled,
    })
}

#[test]
fn every_page_is_asked_for() {
    let first = listing();
    let request = first.request();
    assert_eq!(request.action, "Enumerate");
    assert_eq!(request.uri, "https://ps.example.com/powershell?PSVersion=5.1.19041.1");
    let reply = answer(&first, |asked| {
        assert!(matches!(asked, Operation::Enumerate(all) if all.commands_of.is_none()));
        page(1, false, Some("uuid:context"))
    });
    let Listed::More(second) = first.answer(Ok(reply)).unwrap() else {
        panic!("there is another page");
    };
    assert_eq!(second.request().action, "Pull");
    let reply = answer(&second, |asked| {
        assert!(matches!(asked, Operation::Pull(pull) if pull.context == "uuid:context"));
        page(2, true, None)
    });
    let Listed::All(shells) = second.answer(Ok(reply)).unwrap() else {
        panic!("that was all");
    };
    let ids: Vec<&str> = shells.iter().map(|shell| shell.shell_id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "00000000-0000-0000-0000-000000000001",
            "00000000-0000-0000-0000-000000000002"
        ]
    );
    assert_eq!(shells[1].owner.as_deref(), Some("kenmyer@litwareinc.com"));
    assert_eq!(shells[1].client_ip.as_deref(), Some("192.0.2.7"));
    assert_eq!(shells[1].state, Some(ShellState::Disconnected));
    assert_eq!(shells[1].run_time, Some(Duration::from_secs(62)));
    assert_eq!(shells[1].inactivity, Some(Duration::from_secs(5)));
}

#[test]
fn a_listing_without_end_is_given_up() {
    let mut at = listing();
    for pages in 1_u32.. {
        assert!(pages < 1000, "it goes on for ever");
        let reply = answer(&at, |asked| {
            page(u128::from(pages), matches!(asked, Operation::Pull(_)), Some("again"))
        });
        match at.answer(Ok(reply)) {
            Ok(Listed::More(next)) => at = *next,
            Ok(Listed::All(_)) => panic!("there was always another page"),
            Err(cause) => {
                assert!(matches!(cause, Cause::Protocol { .. }), "{cause:?}");
                return;
            }
        }
    }
}

#[test]
fn refusals_and_failures_keep_what_they_are() {
    let denied = listing();
    let reply = answer(&denied, |_| {
        Answer::Fault(Box::new(Fault::new(
            FaultKind::AccessDenied,
            5,
            "AccessDenied",
            "Access is denied.".to_owned(),
        )))
    });
    let cause = denied.answer(Ok(reply)).unwrap_err();
    assert!(
        matches!(&cause, Cause::Fault { fault, .. } if fault.kind == FaultKind::AccessDenied),
        "{cause:?}"
    );
    assert!(cause.retry_after().is_none());

    let busy = Response {
        status: 503,
        retry_after: Some(Duration::from_secs(7)),
        ..Response::default()
    };
    let cause = listing().answer(Ok(busy)).unwrap_err();
    assert_eq!(cause.retry_after(), Some(Duration::from_secs(7)));

    let unauthorized = Response {
        status: 401,
        challenges: vec!["Negotiate".to_owned()],
        ..Response::default()
    };
    let cause = listing().answer(Ok(unauthorized)).unwrap_err();
    assert!(matches!(cause, Cause::Unauthorized { .. }), "{cause:?}");

    let moved = Response {
        status: 302,
        location: Some("https://elsewhere.example.com/".to_owned()),
        ..Response::default()
    };
    let cause = listing().answer(Ok(moved)).unwrap_err();
    assert!(matches!(cause, Cause::Redirected { .. }), "{cause:?}");

    let dropped = Failed {
        sent: true,
        why: "the connection was dropped".to_owned(),
        timed_out: false,
    };
    let cause = listing().answer(Err(dropped)).unwrap_err();
    assert!(matches!(cause, Cause::Connection { sent: true, .. }), "{cause:?}");

    let other = listing();
    let stale = answer(&listing(), |_| page(1, true, None));
    let cause = other.answer(Ok(stale)).unwrap_err();
    assert!(
        matches!(cause, Cause::Unreadable { .. }),
        "a Pull's answer to an Enumerate: {cause:?}"
    );
}
