//! From where the service sees us: behind a gateway with several addresses (SNAT), two connections may come from two, and
//! a shell that was made from one is not found from the other.

use std::time::Instant;

use proto::v1::{ReconcileRequest, ShellKind};
use pslease::Client;

use super::finding::Finding;
use super::{SELF, wish};
use crate::context::caller;

const STEP: &str = "address";

/// Two shells tell, each made on a connection of its own.
const SHELLS: usize = 2;

/// Looks at the addresses of the shells that are open. Where there is only one, and `has_room`, another is opened for it
/// and closed again.
pub(super) async fn examine(client: &Client, profile: &str, has_room: bool) -> Finding {
    let began = Instant::now();
    let mut seen = match seen(client, profile).await {
        Ok(seen) => seen,
        Err(error) => return Finding::skipped(STEP, format!("the service was not asked ({error})")),
    };
    if has_room
        && (1..SHELLS).contains(&seen.len())
        && let Ok(another) = client.hold(wish(profile), |_| ()).await
    {
        seen = self::seen(client, profile).await.unwrap_or(seen);
        // Where the daemon does not answer, it takes the lease back as our stream ends.
        let _ = another.release().await;
    }
    found(seen).within(began.elapsed())
}

/// The address that each of our shells was made from, as the service lists them.
async fn seen(client: &Client, profile: &str) -> Result<Vec<String>, pslease::Error> {
    let request = ReconcileRequest {
        profile: profile.to_owned(),
        dry_run: true,
        caller: Some(caller(SELF)),
        ..ReconcileRequest::default()
    };
    let listed = client.reconciliation().reconcile(request).await?.into_inner().shells;
    let ours = listed
        .into_iter()
        .filter(|shell| shell.kind() == ShellKind::Ours && !shell.address.is_empty());
    Ok(ours.map(|shell| shell.address).collect())
}

fn found(mut seen: Vec<String>) -> Finding {
    let connections = seen.len();
    seen.sort();
    seen.dedup();
    match seen.as_slice() {
        [] => Finding::skipped(
            STEP,
            "no session is held, or the service does not tell where it sees it",
        ),
        [one] if connections < SHELLS => Finding::ok(
            STEP,
            format!("the service sees us at {one}; there was no second connection to compare"),
            None,
        ),
        [one] => Finding::ok(
            STEP,
            format!("the service sees us at {one}, on {connections} connections"),
            None,
        ),
        several => Finding::warning(
            STEP,
            format!(
                "the service sees us at {}: a shell made from one is not found from another",
                several.join(" and ")
            ),
            "source_address = \"...\" in the profile, or one address in the gateway's SNAT pool",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn two_addresses_are_a_warning_that_names_both() {
        let found = found(
            ["203.0.113.7", "203.0.113.8", "203.0.113.7"]
                .map(str::to_owned)
                .to_vec(),
        );
        assert_eq!(found.state, State::Warning);
        assert!(found.message.contains("203.0.113.7 and 203.0.113.8"), "{found:?}");
        assert!(found.hint.starts_with("source_address"), "{found:?}");
    }

    #[test]
    fn one_connection_proves_nothing_and_says_so() {
        let one = found(vec!["203.0.113.7".to_owned()]);
        assert!(one.state == State::Ok && one.message.contains("no second"), "{one:?}");
        assert_eq!(found(Vec::new()).state, State::Skipped);
    }
}
