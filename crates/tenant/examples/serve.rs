//! A tenant by itself, for clients of any kind: `cargo run -p pslease-tenant --example serve [CERTIFICATE.pem]`.

use tenant::{Config, Tenant};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut config = Config::demo();
    config.certificate = std::env::args_os().nth(1).map(Into::into);
    let tenant = Tenant::start(config).await?;
    #[allow(clippy::print_stdout, reason = "it is what the caller waits for")]
    {
        println!("{}", tenant.url());
    }
    std::future::pending().await
}
