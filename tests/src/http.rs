//! Just enough of an HTTP client to ask an endpoint for the truth, in the clear or over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value as Json;

/// `method` on `base` + `path`, and the JSON that comes back.
pub(crate) fn json(base: &str, ca: Option<&Path>, method: &str, path: &str, body: Option<&Json>) -> Json {
    let body = body.map(Json::to_string).unwrap_or_default();
    ask(base, ca, method, path, "application/json", &body)
}

/// A form posted to `base` + `path`, and the JSON that comes back.
pub(crate) fn form(base: &str, ca: Option<&Path>, path: &str, form: &str) -> Json {
    ask(base, ca, "POST", path, "application/x-www-form-urlencoded", form)
}

fn ask(base: &str, ca: Option<&Path>, method: &str, path: &str, kind: &str, body: &str) -> Json {
    let (scheme, rest) = base.split_once("://").expect("a URL");
    let authority = rest.split('/').next().expect("an authority");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let stream = TcpStream::connect(authority).expect("the endpoint is there");
    let answer = match (scheme, ca) {
        ("https", Some(ca)) => {
            let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
            exchange(StreamOwned::new(tls(ca, host), stream), &request)
        }
        _ => exchange(stream, &request),
    };
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {head}\n{body}");
    let text = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        unchunk(body)
    } else {
        body.to_owned()
    };
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

fn exchange(mut stream: impl Read + Write, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("the request goes out");
    let mut answer = Vec::new();
    // A peer that closes without TLS's own goodbye has still answered.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).expect("text")
}

fn tls(ca: &Path, host: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca).expect("the authority's file") {
        roots.add(certificate.expect("a certificate")).expect("an authority");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a connection")
}

fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size.trim(), 16) else {
            break;
        };
        if size == 0 {
            break;
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}
