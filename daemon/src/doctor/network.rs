//! From a name to an answer: what a connection goes through before anybody logs on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use endpoint::{Address, Facts, Kind, Network, Saying};
use link::{Answer, Call, Credential};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{Found, State, Told};
use crate::config::Profile;
use crate::connect;
use crate::session::{Sessions, network};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Kerberos refuses what differs by more (RFC 4120, 8.2), and tokens end too early or begin too late.
const SKEW: Duration = Duration::from_secs(300);

/// Name, ports, TLS and clock of the service at this address. `None` where nobody listens.
pub(super) async fn examine(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
    uri: &str,
    told: &Told,
) -> Option<()> {
    let Ok(address) = Address::parse(uri) else {
        let why = format!("{uri} is no address");
        return told.send(Found::skipped("tcp", why)).await.ok();
    };
    // What is wrong with the settings themselves is said by the request below.
    let proxied = network(house, profile, environment)
        .await
        .is_ok_and(|network| network.goes_by_proxy(uri));
    let reachable = if proxied {
        let why = "the connection goes by way of a proxy";
        told.send(Found::skipped("tcp", why)).await.ok()?;
        true
    } else {
        ports(profile, &address, told).await?
    };
    if !reachable {
        let why = "nothing answers at the address";
        told.send(Found::skipped("tls", why)).await.ok()?;
        return told.send(Found::skipped("clock", why)).await.ok();
    }
    let began = Instant::now();
    match ask(house, profile, environment, uri).await {
        Ok(answer) => {
            told.send(Found::ok("tls", secured(profile, &address, &answer), began))
                .await
                .ok()?;
            told.send(clock(&address.host, answer.date)).await.ok()
        }
        Err(saying) => {
            told.send(Found::failed("tls", saying, began)).await.ok()?;
            told.send(Found::skipped("clock", "the server did not answer"))
                .await
                .ok()
        }
    }
}

/// The name and the ports. False if the service cannot be reached.
async fn ports(profile: &Profile, address: &Address, told: &Told) -> Option<bool> {
    let began = Instant::now();
    let said = |network| {
        let facts = Facts {
            network: Some(network),
            ..Facts::default()
        };
        Saying::of(&facts, &connect::scene(profile, &connect::host_of(&address.uri)))
    };
    let found = timeout(PATIENCE, resolve(&address.host, address.port)).await;
    let all = match found {
        Ok(Ok(all)) if !all.is_empty() => all,
        Ok(_) | Err(_) => {
            let found = Found::failed("name", said(Network::Name), began);
            told.send(found).await.ok()?;
            told.send(Found::skipped("tcp", "the name is not known")).await.ok()?;
            return Some(false);
        }
    };
    let listed: Vec<String> = all.iter().map(|found| found.ip().to_string()).collect();
    let message = format!("{} is {}", address.host, listed.join(", "));
    told.send(Found::ok("name", message, began)).await.ok()?;

    let began = Instant::now();
    let reached = reach(&all).await;
    let found = match reached {
        Ok(ip) => Found::ok("tcp", format!("port {} of {ip} takes connections", address.port), began),
        Err(network) => Found::failed("tcp", said(network), began),
    };
    told.send(found).await.ok()?;
    if profile.template.asks_for_port_80() && address.port != 80 {
        let began = Instant::now();
        let plain: Vec<SocketAddr> = all.iter().map(|found| SocketAddr::new(found.ip(), 80)).collect();
        let (state, message) = match reach(&plain).await {
            Ok(ip) => (State::Ok, format!("port 80 of {ip} takes connections")),
            Err(_) => (
                State::Warning(Some("let TCP port 80 through to the service".to_owned())),
                "port 80 takes no connection; the service's documents ask for it".to_owned(),
            ),
        };
        let took = Some(began.elapsed());
        let step = "tcp-80";
        told.send(Found {
            step,
            state,
            message,
            took,
        })
        .await
        .ok()?;
    }
    Some(reached.is_ok())
}

async fn resolve(host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// The first that takes a connection; else why the last one did not.
async fn reach(all: &[SocketAddr]) -> Result<std::net::IpAddr, Network> {
    let mut why = Network::Unreachable;
    for address in all {
        why = match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(address.ip()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Network::Refused,
            Ok(Err(_)) => Network::Unreachable,
            Err(_) => Network::TimedOut,
        };
    }
    Err(why)
}

/// Asks the service for nothing in particular, as nobody: any answer will do.
async fn ask(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
    uri: &str,
) -> Result<Answer, Saying> {
    let asked = async {
        let network = network(house, profile, environment)
            .await?
            .allow_plain(true)
            .with_connect_timeout(PATIENCE);
        let session = link::Session::new(&network, uri, Credential::Anonymous)?;
        session.lane()?.call(Call::get(uri, PATIENCE)).await
    };
    asked.await.map_err(|failure| {
        let context = connect::Context {
            host: connect::host_of(uri),
            ..connect::Context::default()
        };
        connect::of_failure(house, profile, &failure, Some(PATIENCE), &context)
    })
}

fn secured(profile: &Profile, address: &Address, answer: &Answer) -> String {
    let mut schemes: Vec<&str> = answer
        .challenges
        .iter()
        .filter_map(|challenge| challenge.split_whitespace().next())
        .collect();
    schemes.dedup();
    let way = match (address.tls, profile.proof.log_on.seals()) {
        (true, _) => "the certificate is trusted",
        (false, true) => "plain http, in which messages are sealed",
        (false, false) => "plain http: whatever is sent can be read on the way",
    };
    match schemes.as_slice() {
        [] => way.to_owned(),
        schemes => format!("{way}; log-on by {}", schemes.join(", ")),
    }
}

/// How far the server's clock is from ours. Its Date has whole seconds.
fn clock(host: &str, date: Option<SystemTime>) -> Found {
    let step = "clock";
    let Some(date) = date else {
        return Found::skipped(step, "the server does not tell its time");
    };
    let (off, which) = match SystemTime::now().duration_since(date) {
        Ok(behind) => (behind, "behind"),
        Err(ahead) => (ahead.duration(), "ahead of"),
    };
    let (state, message) = if off > SKEW {
        let hint = Some("set this machine's clock, or let NTP do it".to_owned());
        let message = format!("{host} is {} s {which} this machine's clock", off.as_secs());
        (State::Failed(Kind::ClockSkew, hint), message)
    } else {
        (State::Ok, format!("within {} s of that of {host}", off.as_secs() + 1))
    };
    Found {
        step,
        state,
        message,
        took: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_by_five_minutes() {
        let now = SystemTime::now();
        for (date, fails) in [
            (now, false),
            (now - Duration::from_secs(200), false),
            (now + Duration::from_secs(200), false),
            (now - Duration::from_secs(400), true),
            (now + Duration::from_secs(400), true),
        ] {
            let found = clock("h", Some(date));
            assert_eq!(
                matches!(found.state, State::Failed(Kind::ClockSkew, _)),
                fails,
                "{found:?}"
            );
        }
        assert!(matches!(clock("h", None).state, State::Skipped));
    }
}
