//! What stands between a client and an endpoint on loopback: it passes bytes on, and remembers who asked for what. As a
//! proxy it wants to know who asks, and leads every name to its one target, so that the public addresses of the services
//! can be tried without leaving the machine.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One connection, as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// From where.
    pub from: IpAddr,
    /// The first line.
    pub asked: String,
    /// Whether it may pass.
    pub admitted: bool,
}

/// A listener on loopback; its threads end with the connections that they serve.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What a relay does before it passes anything on.
#[derive(Clone, Debug)]
enum Manner {
    /// Nothing.
    Plain,
    /// What a proxy does: `CONNECT`, and whole addresses; and this is what it wants to read of who asks.
    Proxy(String),
}

impl Relay {
    /// Passes every connection on to `target`.
    pub fn to(target: SocketAddr) -> Self {
        Self::start(target, Manner::Plain)
    }

    /// A proxy that demands Basic of this user and leads everything to `target`.
    pub fn proxy(target: SocketAddr, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        Self::start(target, Manner::Proxy(format!("basic {}", pair.to_lowercase())))
    }

    fn start(target: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its number");
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = seen.clone();
        std::thread::spawn(move || {
            for (stream, from) in std::iter::from_fn(|| listener.accept().ok()) {
                let (manner, log) = (manner.clone(), log.clone());
                // A connection that breaks is its client's to tell.
                std::thread::spawn(move || pass(stream, from.ip(), target, &manner, &log));
            }
        });
        Self { address, seen }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every connection so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pass(mut client: TcpStream, from: IpAddr, target: SocketAddr, manner: &Manner, log: &Mutex<Vec<Seen>>) {
    let head = match manner {
        // TLS has no lines: what there is of the first is kept.
        Manner::Plain => first(&mut client),
        Manner::Proxy(_) => whole_head(&mut client),
    };
    let text = String::from_utf8_lossy(&head).into_owned();
    let asked = text.lines().next().unwrap_or_default().to_owned();
    let admitted = match manner {
        Manner::Plain => true,
        Manner::Proxy(wanted) => text
            .to_ascii_lowercase()
            .contains(&format!("proxy-authorization: {wanted}")),
    };
    let tunnel = matches!(manner, Manner::Proxy(_)) && asked.starts_with("CONNECT ");
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Seen { from, asked, admitted });
    if !admitted {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"lab\"\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = client.write_all(refusal.as_bytes());
        return;
    }
    let Ok(mut server) = TcpStream::connect(target) else {
        return;
    };
    let begun = if tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
    } else {
        server.write_all(&head)
    };
    if begun.is_err() {
        return;
    }
    let (Ok(mut up_from), Ok(mut up_to)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut up_from, &mut up_to);
        let _ = up_to.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = up.join();
}

fn first(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let count = stream.read(&mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// Up to the empty line, and whatever came with it.
fn whole_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|part| part == b"\r\n\r\n") {
        let more = first(stream);
        if more.is_empty() {
            break;
        }
        bytes.extend(more);
    }
    bytes
}
