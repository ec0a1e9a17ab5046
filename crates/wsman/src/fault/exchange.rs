//! What Exchange puts around its texts: who served, why in one word, and the account's budget.

use std::time::Duration;

/// Exchange's frame around a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// `[FailureCategory=...]`: a module and a reason, such as `AuthZ-AuthorizationException`.
    pub category: Option<String>,
    /// The front end.
    pub client_access_server: Option<String>,
    /// The server behind it.
    pub back_end_server: Option<String>,
    /// `RequestId` or `AuthZRequestId`: what support asks for.
    pub request_id: Option<String>,
    /// When, in the server's own way of writing.
    pub time_stamp: Option<String>,
    /// The message without its frame.
    pub text: String,
    /// The throttling policy.
    pub policy: Option<String>,
    /// The budget, where the message shows it.
    pub budget: Option<Budget>,
}

/// How much of something is there, and how much there may be: `3/3`, `200/200`, `5/Unlimited`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The first number.
    pub now: i64,
    /// The second; `None` is unlimited, or was not said.
    pub limit: Option<i64>,
}

/// The account's budget as Exchange's `Snapshot:` shows it. It is kept by credential, over all sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Budget {
    /// Whose budget it is.
    pub owner: Option<String>,
    /// Which budget: `WSMan`, `PowerShell` ...
    pub budget_type: Option<String>,
    /// Runspaces open, of those allowed.
    pub active_runspaces: Option<Count>,
    /// The balance in ms, of its maximum; below zero, every command is delayed.
    pub balance: Option<Count>,
    /// Commands left in this period, of those it allows.
    pub cmdlets_left: Option<Count>,
    /// How long that period is.
    pub cmdlet_period: Option<Duration>,
    /// Commands that change something left in their period.
    pub destructive_left: Option<Count>,
    /// How long their period is.
    pub destructive_period: Option<Duration>,
    /// Creations left in this period, of those it allows.
    pub runspaces_left: Option<Count>,
    /// How long the period of creations is.
    pub runspaces_period: Option<Duration>,
    /// Whether the account is locked out for now.
    pub locked: Option<bool>,
    /// For how much longer.
    pub lock_remaining: Option<Duration>,
}

impl Exchange {
    /// Takes a message apart; `None` if it has nothing of Exchange's.
    pub(super) fn parse(message: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut rest = message.trim_start();
        while let Some((group, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
            if !group.contains('=') {
                break;
            }
            // A time stamp holds a comma in no locale known; a value ends at the next one.
            group
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .for_each(|(key, value)| found.prefix(key, value));
            rest = after.trim_start();
        }
        let policy = find(rest, "Policy:").or_else(|| find(rest, "PolicyDN:"));
        let snapshot = find(rest, "Snapshot:");
        let end = [policy, snapshot]
            .into_iter()
            .flatten()
            .map(|(start, _)| start)
            .min()
            .unwrap_or(rest.len());
        found.text = rest[..end]
            .trim_end_matches([' ', '\t', '\r', '\n', '(', ';'])
            .to_owned();
        found.policy = policy.map(|(_, value)| {
            let value = &rest[value..];
            value.split([';', '\n']).next().unwrap_or(value).trim().to_owned()
        });
        found.budget = snapshot.map(|(_, value)| Budget::parse(&rest[value..]));
        let has_frame = found.category.is_some() || found.request_id.is_some() || found.client_access_server.is_some();
        (has_frame || found.budget.is_some()).then_some(found)
    }

    fn prefix(&mut self, key: &str, value: &str) {
        let slot = match key.trim() {
            "FailureCategory" => &mut self.category,
            "ClientAccessServer" => &mut self.client_access_server,
            "BackEndServer" => &mut self.back_end_server,
            "RequestId" | "AuthZRequestId" => &mut self.request_id,
            "TimeStamp" => &mut self.time_stamp,
            _ => return,
        };
        *slot = Some(value.trim().to_owned());
    }
}

/// Where `label` begins and where what it labels does.
fn find(text: &str, label: &str) -> Option<(usize, usize)> {
    text.find(label).map(|at| (at, at + label.len()))
}

impl Budget {
    /// Reads `Name:<tab>value` pairs. They stand on lines of their own, but what quotes a message joins its lines, so
    /// each name is looked for by itself.
    fn parse(snapshot: &str) -> Self {
        let value = |label: &str| {
            let mut from = 0;
            while let Some(at) = snapshot[from..].find(label).map(|at| from + at) {
                let whole_word = !snapshot[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
                let after = &snapshot[at + label.len()..];
                if let (true, Some(after)) = (whole_word, after.strip_prefix(':')) {
                    return after.split_whitespace().next();
                }
                from = at + label.len();
            }
            None
        };
        let count = |label| value(label).and_then(Count::parse);
        let seconds = |label| value(label).and_then(|v| v.parse().ok()).map(Duration::from_secs);
        Self {
            owner: value("Owner").map(str::to_owned),
            budget_type: value("BudgetType").map(str::to_owned),
            active_runspaces: count("ActiveRunspaces"),
            balance: count("Balance"),
            cmdlets_left: count("PowerShellCmdletsLeft"),
            cmdlet_period: seconds("CmdletTimePeriod"),
            destructive_left: count("DestructiveCmdletsLeft"),
            destructive_period: seconds("DestructiveCmdletTimePeriod"),
            runspaces_left: count("RunSpacesRemaining"),
            runspaces_period: seconds("MaxRunspacesTimePeriod"),
            locked: value("Locked").map(|v| v.eq_ignore_ascii_case("true")),
            lock_remaining: value("LockRemaining").and_then(time_span),
        }
    }
}

impl Count {
    /// Reads `a/b`, `a/b/c` (the third, a floor, is left out) or `a`. Numbers may be in scientific notation.
    fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let part = part.trim_end_matches(['\\', ',', ';', '.']);
            part.parse()
                .ok()
                .or_else(|| part.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n as i64))
        };
        let mut parts = text.split('/');
        Some(Self {
            now: number(parts.next()?)?,
            limit: parts.next().and_then(number),
        })
    }
}

/// Reads .NET's `[d.]hh:mm:ss[.fffffff]`.
fn time_span(text: &str) -> Option<Duration> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':')?;
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let number = |part: &str| part.parse::<u64>().ok();
    let whole = number(days)?.checked_mul(86_400)?;
    let whole = whole
        .checked_add(number(hours)?.checked_mul(3600)?)?
        .checked_add(number(minutes)?.checked_mul(60)?)?;
    let seconds = crate::duration::parse(&format!("PT{seconds}S"))?;
    Duration::from_secs(whole).checked_add(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOT: &str = "[AuthZRequestId=6a8828f9-9ab8-4f5d-877a-196b1878450b][FailureCategory=AuthZ-AuthorizationException] \
        Fail to create a runspace because you have exceeded the maximum number of connections allowed : 3 for the policy \
        party : MaxConcurrency. Please close existing runspace and try again.\n\
        Policy: CN=GlobalThrottlingPolicy_dfd9,CN=Global Settings,DC=com; \n\
        Snapshot: Owner:\tSid~S-1-5-21~WSMan~false\nBudgetType:\tWSMan\nActiveRunspaces:\t3/3\n\
        Balance:\t600000/1800000/-3000000\nPowerShellCmdletsLeft:\t200/200\n\
        ExchangeCmdletsLeft:\t9223372036854775807/Unlimited\nCmdletTimePeriod:\t5\n\
        DestructiveCmdletsLeft:\t9223372036854775807/Unlimited\nDestructiveCmdletTimePeriod:\tUnlimited\n\
        QueueDepth:\tUnlimited\nMaxRunspacesTimePeriod:\t60\nRunSpacesRemaining:\t5/5\n\
        LastTimeFrameUpdate:\t2/8/2020 8:16:13 AM\nLocked:\tFalse\nLockRemaining:\t00:00:00";

    #[test]
    fn a_snapshot_is_taken_apart() {
        let exchange = Exchange::parse(SNAPSHOT).unwrap();
        assert_eq!(exchange.category.as_deref(), Some("AuthZ-AuthorizationException"));
        assert_eq!(
            exchange.request_id.as_deref(),
            Some("6a8828f9-9ab8-4f5d-877a-196b1878450b")
        );
        assert!(
            exchange.text.starts_with("Fail to create a runspace"),
            "{}",
            exchange.text
        );
        assert!(exchange.text.ends_with("try again."), "{}", exchange.text);
        assert_eq!(
            exchange.policy.as_deref(),
            Some("CN=GlobalThrottlingPolicy_dfd9,CN=Global Settings,DC=com")
        );
        let budget = exchange.budget.unwrap();
        assert_eq!(budget.owner.as_deref(), Some("Sid~S-1-5-21~WSMan~false"));
        assert_eq!(budget.active_runspaces, Some(Count { now: 3, limit: Some(3) }));
        assert_eq!(
            budget.balance,
            Some(Count {
                now: 600_000,
                limit: Some(1_800_000)
            })
        );
        assert_eq!(
            budget.cmdlets_left,
            Some(Count {
                now: 200,
                limit: Some(200)
            })
        );
        assert_eq!(budget.cmdlet_period, Some(Duration::from_secs(5)));
        assert_eq!(
            budget.destructive_left,
            Some(Count {
                now: i64::MAX,
                limit: None
            })
        );
        assert_eq!(budget.destructive_period, None);
        assert_eq!(budget.runspaces_left, Some(Count { now: 5, limit: Some(5) }));
        assert_eq!(budget.runspaces_period, Some(Duration::from_secs(60)));
        assert_eq!(budget.locked, Some(false));
        assert_eq!(budget.lock_remaining, Some(Duration::ZERO));
    }

    #[test]
    fn joined_lines_and_long_locks_are_read() {
        let text = "This operation exceeds the throttling budget.  Suggested backoff time 887405440 ms. (PolicyDN: CN=x; \
                    Snapshot: Owner:  Sid~x BudgetType: PowerShell ActiveRunspaces: 0/3\\ Balance: -4.467027E+08/1800000/-3000000 \
                    Locked: True LockRemaining: 10.06:30:05.4400000";
        let exchange = Exchange::parse(text).unwrap();
        assert_eq!(
            exchange.text,
            "This operation exceeds the throttling budget.  Suggested backoff time 887405440 ms."
        );
        let budget = exchange.budget.unwrap();
        assert_eq!(budget.active_runspaces, Some(Count { now: 0, limit: Some(3) }));
        assert_eq!(
            budget.balance,
            Some(Count {
                now: -446_702_700,
                limit: Some(1_800_000)
            })
        );
        assert_eq!(budget.lock_remaining, Some(Duration::from_millis(887_405_440)));
    }

    #[test]
    fn the_front_ends_frame_is_read() {
        let text = "[ClientAccessServer=CAS1,BackEndServer=mbx1.litware.com,RequestId=802d0eac,TimeStamp=3/10/2021 4:24:51 PM] \
                    [FailureCategory=Cafe-SendFailure] ";
        let exchange = Exchange::parse(text).unwrap();
        assert_eq!(exchange.client_access_server.as_deref(), Some("CAS1"));
        assert_eq!(exchange.back_end_server.as_deref(), Some("mbx1.litware.com"));
        assert_eq!(exchange.time_stamp.as_deref(), Some("3/10/2021 4:24:51 PM"));
        assert_eq!(exchange.category.as_deref(), Some("Cafe-SendFailure"));
        assert_eq!(exchange.text, "");
        assert_eq!(exchange.budget, None);
    }

    #[test]
    fn other_texts_are_not_exchanges() {
        for text in [
            "",
            "[x] y",
            "[",
            "[a=b] c",
            "The WS-Management service cannot process the request.",
        ] {
            assert_eq!(Exchange::parse(text), None, "{text}");
        }
    }
}
