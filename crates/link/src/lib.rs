//! The edge to the network: HTTPS lanes, TLS, proxies and log-on
