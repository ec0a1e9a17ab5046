//! What a program in any language does: one pipeline over the contract, its objects as typed values.
//!
//! `cargo run -p psleased --example values -- PROFILE Get-CsTenant`, with a running daemon.
#![allow(clippy::print_stdout)]

use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::pipelines_client::PipelinesClient;
use proto::v1::{Begin, Command, CommandList, Encoding, InvokeRequest, LeaseMode, Statement, begin};
use tonic::transport::Endpoint;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let (profile, name) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or("Get-CsTenant".to_owned()),
    );
    let place = place::Place::find()?;
    let address = place::Address::read(&place)?.ok_or_else(|| anyhow::anyhow!("no daemon runs"))?;
    let channel = Endpoint::try_from(format!("unix://{}", address.socket.display()))?
        .connect()
        .await?;
    let begin = Begin {
        with: Some(begin::With::Profile(profile)),
        mode: LeaseMode::Shared.into(),
        encoding: Encoding::Value.into(),
        what: Some(begin::What::Commands(CommandList {
            statements: vec![Statement {
                commands: vec![Command {
                    name,
                    ..Command::default()
                }],
            }],
        })),
        ..Begin::default()
    };
    let request = InvokeRequest {
        message: Some(Message::Begin(begin)),
    };
    let mut events = PipelinesClient::new(channel)
        .invoke(tokio_stream::once(request))
        .await?
        .into_inner();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Record(record)) => println!("{:?} {:#?}", record.stream(), record.value),
            Some(Event::End(end)) => println!("{:?} after {} objects {}", end.outcome(), end.objects, end.message),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}
