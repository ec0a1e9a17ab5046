//! The flows against `../shared/peer`, an endpoint that nobody here wrote: autodiscovery with hops, the OAuth endpoint,
//! a partner's tenant, device codes, renewal, Exchange's placement and its redirect. In the clear on this machine, so
//! that a few lines of HTTP will do; TLS is `link`'s.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod driver;
mod flows;
mod server;
