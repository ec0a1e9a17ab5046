//! One shell over PowerShell's out-of-process framing (protocol.md 23), as `pwsh -s` serves it: what sshd's `powershell`
//! subsystem runs, and what a program on a pipe is.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use pipe::{Packet, Reader, Stream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::Config;
use crate::outbox::Taken;
use crate::shared::Shared;
use crate::shell::Shell;

/// Packets that wait for the client to read them.
const PACKETS: usize = 64;

/// The fragments of a packet.
const PACKET: usize = 32 * 1024;

/// Serves one session on a pair of streams until the client hangs up. `configuration` names one of the services, `user` one
/// of the users: nobody logs on here, whoever started this has.
///
/// # Errors
/// Where there is no such service or user, where a stream fails, and where the client does not speak the framing.
pub async fn serve_stdio<R, W>(config: Config, configuration: &str, user: &str, input: R, output: W) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let unknown = |what: String| io::Error::new(io::ErrorKind::NotFound, what);
    let service = config
        .services
        .iter()
        .position(|service| {
            service
                .configurations
                .iter()
                .any(|own| own.eq_ignore_ascii_case(configuration))
        })
        .ok_or_else(|| unknown(format!("the tenant has no configuration {configuration}")))?;
    let user = config
        .users
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(user))
        .cloned()
        .ok_or_else(|| unknown(format!("the tenant has no user {user}")))?;
    let shared = Arc::new(Shared::new(config));
    let shell = Arc::new(Shell::of_first_comer(service, &user, shared));
    let (packets, written) = mpsc::channel(PACKETS);
    let writer = tokio::spawn(write(written, output));
    let mut session = Session {
        shell: Arc::clone(&shell),
        packets,
        pumps: HashMap::new(),
        closing: false,
    };
    session.follow(None);
    let served = session.serve(input).await;
    shell.end();
    // The pumps end with the shell, and the writer with the last of them.
    drop(session);
    let wrote = writer.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    served.and(wrote)
}

async fn write<W: AsyncWrite + Unpin>(mut packets: mpsc::Receiver<Packet>, mut output: W) -> io::Result<()> {
    let mut lines = Vec::new();
    while let Some(packet) = packets.recv().await {
        packet.write(&mut lines);
        while let Ok(packet) = packets.try_recv() {
            packet.write(&mut lines);
        }
        output.write_all(&lines).await?;
        output.flush().await?;
        lines.clear();
    }
    Ok(())
}

struct Session {
    shell: Arc<Shell>,
    packets: mpsc::Sender<Packet>,
    /// What carries the output of the pool (`None`) and of pipelines.
    pumps: HashMap<Option<Uuid>, JoinHandle<()>>,
    /// The client has closed the pool.
    closing: bool,
}

impl Session {
    async fn serve(&mut self, mut input: impl AsyncRead + Unpin) -> io::Result<()> {
        let mut reader = Reader::default();
        let mut piece = vec![0; 64 * 1024];
        loop {
            while let Some(packet) = reader.packet().map_err(io::Error::other)? {
                self.packet(packet).await?;
            }
            // After its Close the client hangs up: one that finds itself hung up on complains.
            match input.read(&mut piece).await? {
                0 => return reader.end().map_err(io::Error::other),
                count => reader.feed(&piece[..count]),
            }
        }
    }

    async fn packet(&mut self, packet: Packet) -> io::Result<()> {
        let acknowledgement = packet.acknowledgement();
        match packet {
            Packet::Data { ps_guid, bytes, stream } => {
                let target = (!ps_guid.is_nil()).then_some(ps_guid);
                self.shell.feed(target, &bytes, stream == Stream::PromptResponse);
                if target.is_some() {
                    self.follow(target);
                }
            }
            Packet::Command { ps_guid } => {
                if self.shell.announce(ps_guid).is_err() {
                    return Err(io::Error::other(format!("a pipeline {ps_guid} is there already")));
                }
            }
            Packet::Signal { ps_guid } => {
                self.shell.stop(ps_guid);
                // Its last state comes first.
                return self.after_output(Some(ps_guid), acknowledgement).await;
            }
            Packet::Close { ps_guid } if !ps_guid.is_nil() => {
                self.shell.terminate(ps_guid);
                self.after_output(Some(ps_guid), acknowledgement).await?;
                return self.close_if_empty().await;
            }
            Packet::Close { .. } => {
                self.closing = true;
                return self.close_if_empty().await;
            }
            Packet::DataAck { .. } | Packet::CommandAck { .. } | Packet::CloseAck { .. } | Packet::SignalAck { .. } => {
                return Err(io::Error::other(format!("a client does not send {}", packet.name())));
            }
        }
        self.say(acknowledgement).await
    }

    /// As PowerShell, which does not close the pool while a pipeline was not closed.
    async fn close_if_empty(&mut self) -> io::Result<()> {
        if !self.closing || self.shell.has_pipelines() {
            return Ok(());
        }
        self.closing = false;
        self.shell.close();
        let nil = Uuid::nil();
        self.after_output(None, Some(Packet::CloseAck { ps_guid: nil })).await
    }

    async fn after_output(&mut self, target: Option<Uuid>, then: Option<Packet>) -> io::Result<()> {
        if let Some(pump) = self.pumps.remove(&target) {
            let _ = pump.await;
        }
        self.say(then).await
    }

    async fn say(&self, packet: Option<Packet>) -> io::Result<()> {
        match packet {
            Some(packet) => self
                .packets
                .send(packet)
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe)),
            None => Ok(()),
        }
    }

    /// Carries the output of a stream from now on, if there is any and nobody does.
    fn follow(&mut self, target: Option<Uuid>) {
        if self.pumps.contains_key(&target) || self.shell.source(target).is_none() {
            return;
        }
        let (shell, packets) = (Arc::clone(&self.shell), self.packets.clone());
        let pump = tokio::spawn(async move {
            let Some(source) = shell.source(target) else { return };
            let ps_guid = target.unwrap_or_else(Uuid::nil);
            while let Taken::Data(bytes, last) = source.outbox().take(PACKET).await {
                if packets.send(Packet::data(ps_guid, bytes)).await.is_err() || last {
                    return;
                }
            }
        });
        self.pumps.insert(target, pump);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_speak_the_framing_is_told_so() {
        let said = |bytes: &'static [u8]| async move {
            let user = "kenmyer@litwareinc.com";
            serve_stdio(Config::demo(), "microsoft.powershell", user, bytes, tokio::io::sink())
                .await
                .map_err(|error| error.to_string())
        };
        assert_eq!(said(b"").await, Ok(()));
        assert!(
            said(b"GET / HTTP/1.1\r\n")
                .await
                .unwrap_err()
                .contains("GET / HTTP/1.1")
        );
        let nil = "00000000-0000-0000-0000-000000000000";
        let ack = format!("<DataAck PSGuid='{nil}' />\n").into_bytes().leak();
        assert_eq!(said(ack).await.unwrap_err(), "a client does not send DataAck");
        let nobody = serve_stdio(Config::demo(), "x", "y", &b""[..], tokio::io::sink()).await;
        assert_eq!(nobody.unwrap_err().to_string(), "the tenant has no configuration x");
    }

    #[tokio::test]
    async fn an_unopened_pool_is_closed_as_powershell_closes_one() {
        let nil = "00000000-0000-0000-0000-000000000000";
        let (theirs, ours) = tokio::io::duplex(1 << 16);
        let input = format!("<Signal PSGuid='{}' />\n<Close PSGuid='{nil}' />\n", Uuid::from_u128(7)).into_bytes();
        let user = "kenmyer@litwareinc.com";
        serve_stdio(Config::demo(), "Microsoft.PowerShell", user, &input[..], ours)
            .await
            .unwrap();
        let mut text = String::new();
        let mut theirs = theirs;
        theirs.read_to_string(&mut text).await.unwrap();
        let names: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["<SignalAck", "<Data", "<CloseAck"], "{text}");
    }
}
