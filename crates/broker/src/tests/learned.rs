//! A server that allows less than its documents say.

use std::time::Duration;

use super::bench::{Bench, SECOND};
use crate::{BlockedBy, Event, FailureKind, LimitStatus, Mode, RequestId, ScopeKind, SessionId};

const WAIT: Duration = Duration::from_secs(15);

/// Three by the documents, two by the server: two are held, a third was refused.
fn two_of_three() -> (Bench, RequestId) {
    let mut bench = Bench::alone(3);
    bench.exclusive("p");
    bench.exclusive("p");
    bench.opens_hang = true;
    let third = bench.acquire("p", Mode::Exclusive);
    bench.open_failed(SessionId(3), FailureKind::AdminQuota, Some(WAIT));
    (bench, third)
}

fn limit(bench: &Bench) -> LimitStatus {
    bench.broker.snapshot(bench.now).limits.remove(0)
}

#[test]
fn a_refusal_lowers_what_is_believed_to_what_is_held() {
    let (mut bench, third) = two_of_three();
    let seen = limit(&bench);
    assert_eq!((seen.limit, seen.observed), (3, Some((2, Duration::ZERO))));
    assert_eq!(bench.granted(third), None);
    bench.pass(SECOND);
    assert_eq!(bench.blocked_by(third), BlockedBy::Admin);
    assert!(
        bench.told(third).reason.contains("allowed 2"),
        "{:?}",
        bench.told(third)
    );
    let fourth = bench.acquire("p", Mode::Exclusive);
    bench.pass(WAIT - 2 * SECOND);
    assert_eq!(
        (bench.opens().len(), bench.granted(fourth)),
        (3, None),
        "nobody tries before it is time"
    );
    bench.pass(2 * SECOND);
    assert_eq!(bench.opens().len(), 4, "and then one tries, however many wait");
}

#[test]
fn each_refusal_in_a_row_doubles_the_pause() {
    let (mut bench, _) = two_of_three();
    let mut pauses = Vec::new();
    for refused in 4..9 {
        let before = bench.now;
        while bench.opens().len() < refused {
            bench.pass(SECOND);
        }
        pauses.push(bench.now.since(before).as_secs());
        bench.open_failed(SessionId(refused as u64), FailureKind::AdminQuota, Some(WAIT));
    }
    assert_eq!(pauses, [15, 30, 60, 120, 240]);
}

#[test]
fn a_slot_below_the_observed_limit_is_used_at_once() {
    let (mut bench, third) = two_of_three();
    let first = SessionId(1);
    bench.send(Event::Closed { session: first });
    assert_eq!(bench.opens().len(), 4);
    bench.opened(SessionId(4));
    assert!(bench.granted(third).is_some());
    assert_eq!(
        limit(&bench).observed.map(|(most, _)| most),
        Some(2),
        "that proved nothing more"
    );
}

#[test]
fn a_success_at_that_count_ends_the_belief() {
    let (mut bench, third) = two_of_three();
    bench.pass(WAIT + SECOND);
    bench.opened(SessionId(4));
    assert!(bench.granted(third).is_some());
    assert_eq!(limit(&bench).observed, None);
}

#[test]
fn time_ends_the_belief_where_nobody_tries() {
    let (mut bench, third) = two_of_three();
    bench.send(Event::Cancel { request: third });
    bench.pass(WAIT);
    assert!(limit(&bench).observed.is_some());
    bench.pass(Duration::from_secs(901));
    assert_eq!(limit(&bench).observed, None);
}

#[test]
fn slots_that_the_server_counts_and_we_do_not_hold_are_shown_and_respected() {
    let mut bench = Bench::alone(3);
    bench.exclusive("p");
    bench.send(Event::Told {
        profile: "p".into(),
        scope: ScopeKind::Admin,
        used: Some(3),
        limit: Some(3),
    });
    let seen = limit(&bench);
    assert_eq!((seen.outside, seen.observed.map(|(most, _)| most)), (2, Some(1)));
    bench.send(Event::Told {
        profile: "p".into(),
        scope: ScopeKind::Admin,
        used: Some(1),
        limit: Some(3),
    });
    assert_eq!(limit(&bench).outside, 0);
}

#[test]
fn a_refused_rate_holds_every_pool_of_the_account_and_then_tries_one_at_a_time() {
    let mut bench = Bench::alone(3);
    bench.opens_hang = true;
    let asked: Vec<_> = (0..3).map(|_| bench.acquire("p", Mode::Exclusive)).collect();
    for session in 1..=3 {
        bench.open_failed(SessionId(session), FailureKind::Rate, Some(10 * SECOND));
    }
    bench.pass(9 * SECOND);
    assert_eq!(bench.opens().len(), 3);
    bench.pass(2 * SECOND);
    assert_eq!(bench.opens().len(), 4, "no herd");
    bench.opened(SessionId(4));
    assert_eq!(bench.opens().len(), 6, "it works again");
    assert!(bench.granted(asked[0]).is_some());
}

fn tell(bench: &mut Bench, used: u32, limit: Option<u32>) {
    bench.send(Event::Told {
        profile: "p".into(),
        scope: ScopeKind::Admin,
        used: Some(used),
        limit,
    });
}

#[test]
fn what_others_let_go_of_is_ours_again() {
    let (mut bench, third) = two_of_three();
    // The fault says that three are reached: one of them is somebody else's.
    tell(&mut bench, 3, Some(3));
    let seen = limit(&bench);
    assert_eq!((seen.observed.map(|(most, _)| most), seen.outside), (Some(2), 1));
    assert_eq!(bench.opens().len(), 3, "nothing is tried by that");
    // A list shows two, which are ours.
    bench.opens_hang = false;
    tell(&mut bench, 2, None);
    let seen = limit(&bench);
    assert_eq!((seen.observed, seen.outside), (None, 0));
    assert!(bench.granted(third).is_some());
}

#[test]
fn a_list_without_others_does_not_talk_a_refusal_away() {
    let (mut bench, third) = two_of_three();
    tell(&mut bench, 2, None);
    let seen = limit(&bench);
    assert_eq!((seen.observed.map(|(most, _)| most), seen.outside), (Some(2), 0));
    assert_eq!((bench.opens().len(), bench.granted(third)), (3, None));
}
