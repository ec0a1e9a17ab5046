//! A TCP connection of our own: what a log-on that is bound to a connection needs to know of it, and a pool hides.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Method, Request};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::Service;

use crate::addresses::Addresses;
use crate::certificate::end_point;
use crate::outgoing::{Began, Outgoing};
use crate::{Failure, Kind, Network, Origin};

/// One HTTP/1.1 connection. Dropping it ends it.
pub(super) struct Connection {
    sender: SendRequest<Outgoing>,
    task: JoinHandle<()>,
    origin: Origin,
    largest: usize,
    /// The data of the channel binding, over TLS.
    pub(super) binding: Option<Vec<u8>>,
}

/// What came back, as it came.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Connects, by way of the proxy if there is one.
    pub(super) async fn open(network: &Network, addresses: &Addresses, url: &Url) -> Result<Self, Failure> {
        let origin = Origin::of_url(url);
        match timeout(network.connect, connect(network, addresses, url, &origin)).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::timed_out(&origin, false, network.connect)),
        }
    }

    /// Whether a request may be begun on it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Posts, and reads the whole answer. The failure's verdict is exact: what hyper gives back was not begun.
    pub(super) async fn post(
        &mut self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        began: &Began,
    ) -> Result<Reply, Failure> {
        self.sender
            .ready()
            .await
            .map_err(|why| Failure::of_connection(&why, &self.origin, false))?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::new(Outgoing::new(body, began.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path
            .parse()
            .map_err(|_| Failure::not_sent(Kind::Address, "the address's path cannot be written"))?;
        *request.headers_mut() = headers;
        let mut response = match self.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut error) => {
                let begun = error.take_message().is_none() && began.get();
                return Err(Failure::of_connection(error.error(), &self.origin, begun));
            }
        };
        let mut body = BytesMut::new();
        while let Some(frame) = response.frame().await {
            let frame = frame.map_err(|why| Failure::of_connection(&why, &self.origin, true))?;
            let Ok(data) = frame.into_data() else { continue };
            if body.len() + data.len() > self.largest {
                let message = format!(
                    "{} sent an answer of more than {} bytes",
                    self.origin.host(),
                    self.largest
                );
                return Err(Failure::maybe_sent(Kind::Answer, message));
            }
            body.extend_from_slice(&data);
        }
        Ok(Reply {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }
}

async fn connect(network: &Network, addresses: &Addresses, url: &Url, origin: &Origin) -> Result<Connection, Failure> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let secure = url.scheme() == "https";
    let to: http::Uri = origin
        .to_string()
        .parse()
        .map_err(|_| Failure::not_sent(Kind::Address, "the address cannot be written"))?;
    let stream = match network.proxies.on_the_way(&to) {
        None => tcp(network, addresses, host, port, origin).await?,
        Some(proxy) => tunnel(network, addresses, &proxy, &format!("{}:{port}", host), origin).await?,
    };
    if let Ok(address) = stream.peer_addr() {
        addresses.answered(address.ip());
    }
    // It is there to be quick; without them the connection only is slower.
    let _ = stream.set_nodelay(true);
    if !secure {
        return begin(stream, None, network, origin).await;
    }
    let mut tls = network.tls().clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|_| {
        Failure::not_sent(
            Kind::Address,
            format!("{host} is no name that a certificate could be for"),
        )
    })?;
    let stream = TlsConnector::from(Arc::new(tls))
        .connect(name, stream)
        .await
        .map_err(|why| Failure::of_connection(&why, origin, false))?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let binding = certificate.map(|der| end_point(der));
    begin(stream, binding, network, origin).await
}

async fn begin<S>(
    stream: S,
    binding: Option<Vec<u8>>,
    network: &Network,
    origin: &Origin,
) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|why| Failure::of_connection(&why, origin, false))?;
    let task = tokio::spawn(async move {
        // Whoever waits for an answer is told the same.
        let _ = connection.await;
    });
    Ok(Connection {
        sender,
        task,
        origin: origin.clone(),
        largest: network.largest,
        binding,
    })
}

/// The first of the host's addresses that takes a connection.
async fn tcp(
    network: &Network,
    addresses: &Addresses,
    host: &str,
    port: u16,
    origin: &Origin,
) -> Result<TcpStream, Failure> {
    let bare = host.trim_matches(['[', ']']);
    let found = match bare.parse() {
        Ok(address) => vec![SocketAddr::new(address, 0)],
        Err(_) => addresses.of(bare).await.map_err(|_| {
            let message = format!("the name {bare} is not known; check its spelling and the network");
            Failure::not_sent(Kind::Name, message)
        })?,
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for mut address in found {
        address.set_port(port);
        match one(network, address).await {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why,
        }
    }
    Err(Failure::of_connection(&last, origin, false))
}

async fn one(network: &Network, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_keepalive(true)?;
    if let Some(source) = network.source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(address).await
}

/// A tunnel, over plain http too: a proxy that took requests apart would share one connection among many.
async fn tunnel(
    network: &Network,
    addresses: &Addresses,
    proxy: &hyper_util::client::proxy::matcher::Intercept,
    to: &str,
    origin: &Origin,
) -> Result<TcpStream, Failure> {
    let refused = |why: String| {
        let message = format!(
            "the proxy on the way to {} did not let us through ({why}); check its settings",
            origin.host()
        );
        Failure::not_sent(Kind::Proxy, message)
    };
    let at = proxy.uri();
    let (scheme, host) = (at.scheme_str().unwrap_or("http"), at.host().unwrap_or_default());
    let port = at
        .port_u16()
        .unwrap_or(if scheme.starts_with("socks") { 1080 } else { 80 });
    let stream = tcp(network, addresses, host, port, origin)
        .await
        .map_err(|why| refused(why.message))?;
    let connector = Connected(Some(TokioIo::new(stream)));
    let to: http::Uri = format!("https://{to}")
        .parse()
        .map_err(|_| refused("no address".to_owned()))?;
    let stream = match scheme {
        "http" => {
            let mut tunnel = Tunnel::new(at.clone(), connector);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            tunnel.call(to).await.map_err(|why| refused(why.to_string()))?
        }
        "socks5" | "socks5h" => {
            let mut socks = SocksV5::new(at.clone(), connector).local_dns(scheme == "socks5");
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks.call(to).await.map_err(|why| refused(why.to_string()))?
        }
        other => {
            return Err(refused(format!(
                "{other} proxies cannot carry a log-on that is bound to a connection"
            )));
        }
    };
    Ok(stream.into_inner())
}

/// A connector that has connected already.
struct Connected(Option<TokioIo<TcpStream>>);

impl Service<http::Uri> for Connected {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let stream = self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into());
        Box::pin(std::future::ready(stream))
    }
}
