//! Lanes against small servers of our own, which say what really arrived.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use link::{Call, Credential, Failure, Identity, Kind, Lane, Network, Post, Reason, Security, Sent, Session, Trust};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

const LONG: Duration = Duration::from_secs(30);
const BRIEF: Duration = Duration::from_millis(200);

/// Reads one request; `None` at the end of the connection.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse::<usize>()
                        .ok()
                })
                .unwrap_or(0);
            if text.len() >= end + 4 + length {
                return Some(String::from_utf8_lossy(&text).into_owned());
            }
        }
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
}

/// A server that gives each connection's number and each request to `answer`, and drops the connection at `None`.
async fn serve<F>(answer: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(usize, String) -> Option<String> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/wsman", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let (counted, answer) = (Arc::clone(&connections), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                while let Some(request) = request(&mut stream).await {
                    let Some(text) = answer(number, request) else { return };
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (uri, connections)
}

fn ok(body: &str) -> Option<String> {
    Some(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Type: text/plain\r\n\r\n{body}",
        body.len()
    ))
}

fn network() -> Network {
    Network::new(&Trust::System).unwrap()
}

fn lane(uri: &str) -> Lane {
    Session::new(&network(), uri, Credential::basic("ken", "hunter2"))
        .unwrap()
        .lane()
        .unwrap()
}

fn post(uri: &str, body: &'static str) -> Post {
    Post {
        uri: uri.to_owned(),
        body: body.into(),
        content_type: "application/soap+xml;charset=UTF-8",
        deadline: LONG,
    }
}

async fn fails(lane: &mut Lane, post: Post) -> Failure {
    let failure = lane.post(post).await.unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains("hunter2"));
    failure
}

#[tokio::test]
async fn many_requests_ride_one_connection_with_credential_and_length() {
    let (uri, connections) = serve(|_, request| ok(&request)).await;
    let mut lane = lane(&uri);
    for _ in 0..50 {
        let answer = lane.post(post(&uri, "<Envelope/>")).await.unwrap();
        let seen = String::from_utf8(answer.body.to_vec()).unwrap().to_ascii_lowercase();
        assert!(seen.contains("\r\nauthorization: basic a2vuomh1bnrlcji=\r\n"), "{seen}");
        assert!(
            seen.contains("\r\ncontent-length: 11\r\n") && !seen.contains("chunked"),
            "{seen}"
        );
        assert!(
            seen.contains("\r\ncontent-type: application/soap+xml;charset=utf-8\r\n"),
            "{seen}"
        );
        assert!(seen.ends_with("<envelope/>"));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    lane.renew().unwrap();
    lane.post(post(&uri, "")).await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_call_carries_nothing_of_the_sessions() {
    let (uri, _) = serve(|_, request| ok(&request)).await;
    let mut lane = lane(&uri);
    let form = Call::form(&uri, "grant_type=password", LONG).header("X-Probe", "1");
    let seen = String::from_utf8(lane.call(form).await.unwrap().body.to_vec())
        .unwrap()
        .to_ascii_lowercase();
    assert!(
        seen.contains("x-probe: 1") && seen.contains("x-www-form-urlencoded"),
        "{seen}"
    );
    assert!(!seen.contains("authorization"), "{seen}");
    let seen = lane.call(Call::get(&uri, LONG)).await.unwrap().body;
    assert!(seen.starts_with(b"GET /wsman HTTP/1.1\r\n"));
}

#[tokio::test]
async fn cookies_are_shared_by_the_lanes_of_a_session() {
    let (uri, _) = serve(|_, request| {
        let cookie = request
            .lines()
            .find(|line| line.starts_with("cookie: "))
            .unwrap_or("none")
            .to_owned();
        let length = cookie.len();
        Some(format!(
            "HTTP/1.1 200 OK\r\nSet-Cookie: MS-WSMAN=b7; path=/\r\nContent-Length: {length}\r\n\r\n{cookie}"
        ))
    })
    .await;
    let session = Session::new(&network(), &uri, Credential::Anonymous).unwrap();
    let (mut one, mut other) = (session.lane().unwrap(), session.lane().unwrap());
    let first = one.post(post(&uri, "")).await.unwrap();
    assert_eq!((&*first.body, first.affinity), (&b"none"[..], true));
    let second = other.post(post(&uri, "")).await.unwrap();
    assert_eq!((&*second.body, second.affinity), (&b"cookie: MS-WSMAN=b7"[..], true));
}

#[tokio::test]
async fn redirects_and_refusals_are_answers() {
    let (uri, connections) = serve(|_, request| {
        Some(if request.contains("moved") {
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.com/ps?x=1\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        } else {
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"WSMAN\"\r\n\
             Retry-After: 7\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        })
    })
    .await;
    let mut lane = lane(&uri);
    let moved = lane.post(post(&uri, "moved")).await.unwrap();
    assert_eq!(
        (moved.status, moved.location.as_deref()),
        (302, Some("https://elsewhere.example.com/ps?x=1"))
    );
    let refused = lane.post(post(&uri, "")).await.unwrap();
    assert_eq!(
        (refused.status, refused.retry_after),
        (401, Some(Duration::from_secs(7)))
    );
    assert_eq!(refused.challenges, ["Negotiate", "Basic realm=\"WSMAN\""]);
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_credential_goes_to_allowed_origins_only() {
    let (uri, _) = serve(|_, request| ok(&request)).await;
    let (foreign, foreign_connections) = serve(|_, request| ok(&request)).await;
    let session = Session::new(&network(), &uri, Credential::basic("ken", "hunter2")).unwrap();
    let mut lane = session.lane().unwrap();
    let failure = fails(&mut lane, post(&foreign, "")).await;
    assert_eq!((failure.sent, &failure.kind), (Sent::NotSent, &Kind::Address));
    assert_eq!(foreign_connections.load(Ordering::SeqCst), 0);
    session.allow(&foreign).unwrap();
    assert_eq!(lane.post(post(&foreign, "")).await.unwrap().status, 200);
}

#[tokio::test]
async fn plain_http_stays_on_this_machine_unless_allowed() {
    let refused = Session::new(&network(), "http://ps.example.com/wsman", Credential::Anonymous).unwrap_err();
    assert_eq!((refused.sent, &refused.kind), (Sent::NotSent, &Kind::Address));
    assert!(refused.message.contains("allow_plain_http"), "{refused}");
    let allowed = network().allow_plain(true);
    assert!(Session::new(&allowed, "http://ps.example.com/wsman", Credential::Anonymous).is_ok());
}

#[tokio::test]
async fn nobody_there_and_unknown_names_are_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let failure = fails(&mut lane(&uri), post(&uri, "x")).await;
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::NotSent, &Kind::Refused),
        "{failure}"
    );
    let uri = "https://no-such-host.invalid/";
    let failure = fails(&mut lane(uri), post(uri, "x")).await;
    assert_eq!(failure.sent, Sent::NotSent, "{failure}");
    assert!(matches!(failure.kind, Kind::Name), "{failure:?}");
    assert!(failure.message.contains("no-such-host.invalid"), "{failure}");
}

#[tokio::test]
async fn a_connection_that_drops_after_the_request_may_have_been_sent() {
    let (uri, _) = serve(|_, request| if request.contains("die") { None } else { ok("") }).await;
    let mut lane = lane(&uri);
    let failure = fails(&mut lane, post(&uri, "die")).await;
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::MaybeSent, &Kind::Reset),
        "{failure}"
    );
    assert_eq!(lane.post(post(&uri, "live")).await.unwrap().status, 200);
    let failure = fails(&mut lane, post(&uri, "die")).await;
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::MaybeSent, &Kind::Reset),
        "on a used connection too: {failure}"
    );
}

#[tokio::test]
async fn an_answer_cut_short_or_endless_may_have_been_sent() {
    let (uri, _) = serve(|_, request| {
        Some(if request.contains("big") {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}",
                "x".repeat(100_000)
            )
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf".to_owned()
        })
    })
    .await;
    let session = Session::new(&network().with_largest_answer(1000), &uri, Credential::Anonymous).unwrap();
    let failure = session.lane().unwrap().post(post(&uri, "big")).await.unwrap_err();
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::MaybeSent, &Kind::Answer),
        "{failure}"
    );
    let half = Post {
        deadline: BRIEF,
        ..post(&uri, "half")
    };
    assert_eq!(
        session.lane().unwrap().post(half).await.unwrap_err().sent,
        Sent::MaybeSent
    );
}

#[tokio::test]
async fn silence_before_the_request_is_not_sent_and_after_it_may_be() {
    // Accepts, and says nothing: TLS never gets anywhere, while plain HTTP is written at once.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for (uri, sent) in [
        (format!("https://{address}/"), Sent::NotSent),
        (format!("http://{address}/"), Sent::MaybeSent),
    ] {
        let failure = fails(
            &mut lane(&uri),
            Post {
                deadline: BRIEF,
                ..post(&uri, "x")
            },
        )
        .await;
        assert_eq!(
            (failure.sent, &failure.kind),
            (sent, &Kind::TimedOut),
            "{uri}: {failure}"
        );
    }
}

struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.clone().self_signed(&key).unwrap().pem();
        Self {
            issuer: rcgen::Issuer::new(params, key),
            pem,
        }
    }

    fn acceptor(&self, name: &str) -> tokio_rustls::TlsAcceptor {
        self.accept(name, rustls::server::WebPkiClientVerifier::no_client_auth())
    }

    /// One that wants a certificate of this authority's from its clients.
    fn acceptor_of_clients(&self, name: &str) -> tokio_rustls::TlsAcceptor {
        use rustls::pki_types::pem::PemObject as _;
        let mut roots = rustls::RootCertStore::empty();
        let own = rustls::pki_types::CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        roots.add(own).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        self.accept(name, clients.build().unwrap())
    }

    fn accept(
        &self,
        name: &str,
        clients: Arc<dyn rustls::server::danger::ClientCertVerifier>,
    ) -> tokio_rustls::TlsAcceptor {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let configuration = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        Arc::new(configuration).into()
    }
}

async fn serve_tls(acceptor: tokio_rustls::TlsAcceptor) -> String {
    async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
        while request(stream).await.is_some() {
            stream.write_all(ok("secure").unwrap().as_bytes()).await.unwrap();
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://localhost:{}/wsman", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    answer(&mut stream).await;
                }
            });
        }
    });
    uri
}

#[tokio::test]
async fn certificates_are_trusted_by_file_and_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let authority = Authority::new("Litware Root");
    std::fs::write(&file, &authority.pem).unwrap();
    let trusting = Network::new(&Trust::File(file)).unwrap();
    let call = |network: Network, uri: String| async move {
        let session = Session::new(&network, &uri, Credential::basic("ken", "hunter2")).unwrap();
        session.lane().unwrap().post(post(&uri, "x")).await
    };

    let good = serve_tls(authority.acceptor("localhost")).await;
    assert_eq!(call(trusting.clone(), good.clone()).await.unwrap().body, "secure");

    let failure = call(network(), good).await.unwrap_err();
    let Kind::Tls(Some(certificate)) = &failure.kind else {
        panic!("{failure:?}")
    };
    assert_eq!(
        (certificate.subject.as_str(), certificate.issuer.as_str()),
        ("localhost", "Litware Root")
    );
    assert_eq!(failure.sent, Sent::NotSent);
    assert!(failure.message.contains("`ca`"), "{failure}");

    let misnamed = serve_tls(authority.acceptor("elsewhere.example.com")).await;
    let failure = call(trusting, misnamed).await.unwrap_err();
    assert_eq!(failure.sent, Sent::NotSent);
    assert!(failure.message.contains("it is for another name"), "{failure}");
    assert!(failure.message.contains("elsewhere.example.com"), "{failure}");
}

#[tokio::test]
async fn what_is_shown_of_a_certificate_is_what_it_takes_to_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Litware Root");
    let (good, misnamed) = (
        serve_tls(authority.acceptor("localhost")).await,
        serve_tls(authority.acceptor("elsewhere.example.com")).await,
    );
    let call = |network: Network, uri: String| async move {
        let session = Session::new(&network, &uri, Credential::Anonymous).unwrap();
        session.lane().unwrap().post(post(&uri, "x")).await
    };
    let refused = |failure: Failure| match failure.kind {
        Kind::Tls(Some(certificate)) => *certificate,
        other => panic!("{other:?}"),
    };
    let failure = call(network(), good.clone()).await.unwrap_err();
    assert!(failure.message.contains("SHA-256 "), "{failure}");
    let certificate = refused(failure);
    assert_eq!(certificate.reason, Reason::UnknownIssuer);
    assert_eq!(certificate.names, ["localhost"]);

    // The server's own certificate, without its authority's.
    let file = folder.path().join("server.pem");
    std::fs::write(&file, &certificate.pem).unwrap();
    let pinned = Network::new(&Trust::File(file)).unwrap();
    assert_eq!(call(pinned.clone(), good.clone()).await.unwrap().body, "secure");
    let other = refused(call(pinned, misnamed.clone()).await.unwrap_err());
    assert_eq!(other.reason, Reason::UnknownIssuer);

    let lax = |skip_ca_check, skip_cn_check| {
        Network::secured(&Security {
            skip_ca_check,
            skip_cn_check,
            ..Security::default()
        })
        .unwrap()
    };
    assert_eq!(call(lax(true, false), good.clone()).await.unwrap().body, "secure");
    let named = refused(call(lax(true, false), misnamed.clone()).await.unwrap_err());
    assert_eq!(named.reason, Reason::WrongName);
    assert_eq!(call(lax(true, true), misnamed.clone()).await.unwrap().body, "secure");
    let signed = refused(call(lax(false, true), misnamed).await.unwrap_err());
    assert_eq!(signed.reason, Reason::UnknownIssuer);
}

#[cfg(unix)]
#[tokio::test]
async fn a_client_certificate_is_shown_and_its_key_kept_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("client.pem"), folder.path().join("client.key"));
    let authority = Authority::new("Litware Root");
    let pair = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["ken".to_owned()]).unwrap();
    std::fs::write(&certificate, own.signed_by(&pair, &authority.issuer).unwrap().pem()).unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let security = Security {
        trust: Trust::File(ca),
        identity: Some(Identity {
            certificate,
            key: Some(key.clone()),
        }),
        ..Security::default()
    };
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let failure = Network::secured(&security).unwrap_err();
    assert!(failure.message.contains("chmod 600"), "{failure}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let network = Network::secured(&security).unwrap();

    let uri = serve_tls(authority.acceptor_of_clients("localhost")).await;
    let session = Session::new(&network, &uri, Credential::Certificate).unwrap();
    let answer = session.lane().unwrap().post(post(&uri, "x")).await.unwrap();
    assert_eq!(answer.body, "secure");
    let without = Security {
        identity: None,
        ..security
    };
    let network = Network::secured(&without).unwrap();
    let session = Session::new(&network, &uri, Credential::Certificate).unwrap();
    session.lane().unwrap().post(post(&uri, "x")).await.unwrap_err();
}

#[tokio::test]
async fn a_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "nothing\n").unwrap();
    assert!(
        Network::new(&Trust::File(file))
            .unwrap_err()
            .message
            .contains("empty.pem holds no certificate")
    );
}

#[test]
fn a_certificate_of_windows_is_told_how_it_becomes_one_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("ken.pfx");
    // A PKCS#12 file begins as every DER sequence does.
    std::fs::write(&certificate, [0x30, 0x82, 0x09, 0x00, 0x02, 0x01, 0x03]).unwrap();
    let security = Security {
        identity: Some(Identity { certificate, key: None }),
        ..Security::default()
    };
    let failure = Network::secured(&security).unwrap_err();
    assert!(failure.message.contains("openssl pkcs12 -in "), "{failure}");
}

#[tokio::test]
async fn plain_http_behind_an_https_address_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            // Reads on, so that the answer is not lost to a reset.
            while stream.read_u8().await.is_ok() {}
        }
    });
    let failure = fails(&mut lane(&uri), post(&uri, "x")).await;
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::NotSent, &Kind::Tls(None)),
        "{failure}"
    );
    assert!(failure.message.contains("https"), "{failure}");
}

#[tokio::test]
async fn a_proxy_of_the_askers_is_used_and_its_refusal_told() {
    let (proxy, connections) = serve(|_, request| {
        assert!(request.starts_with("CONNECT ps.example.com:443"), "{request}");
        Some("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n".to_owned())
    })
    .await;
    let proxy = proxy.trim_end_matches("/wsman").to_owned();
    let proxies = link::Proxies::of_environment([("https_proxy", proxy.as_str())]);
    let uri = "https://ps.example.com/powershell";
    let session = Session::new(
        &network().with_proxies(proxies),
        uri,
        Credential::basic("ken", "hunter2"),
    )
    .unwrap();
    let failure = fails(&mut session.lane().unwrap(), post(uri, "x")).await;
    assert_eq!(
        (failure.sent, &failure.kind),
        (Sent::NotSent, &Kind::Proxy),
        "{failure}"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
