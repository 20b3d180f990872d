//! Delivery over LMTP, RFC 2033: a reply of its own for each recipient.

use std::path::Path;

use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout_at,
};

use crate::wire::{
    ClientSettings, Delivery, Outcome, OutgoingEnvelope,
    client::{Client, Fates, Protocol, unreachable},
};

/// A next hop that speaks LMTP.
pub(super) enum Target<'a> {
    Tcp { host: &'a str, port: u16 },
    Socket(&'a Path),
}

pub(super) async fn deliver(
    target: Target<'_>,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
) -> Vec<Delivery> {
    let mut fates = Fates::new(envelope);
    let deadline = settings.deadline(octets.len());
    let end = timeout_at(deadline, talk(target, envelope, octets, settings, &mut fates)).await;
    fates.finish(end, envelope)
}

async fn talk(
    target: Target<'_>,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
    fates: &mut Fates,
) -> Result<(), Outcome> {
    let mut client = match target {
        Target::Tcp { host, port } => {
            let stream = TcpStream::connect((host, port)).await;
            let stream = stream.map_err(|error| unreachable(&error))?;
            // Commands are small and wait for answers; a failure to say so costs only time.
            let _ = stream.set_nodelay(true);
            fates.connected = true;
            Client::greet(stream, Protocol::Lmtp, settings).await?
        }
        Target::Socket(path) => {
            let stream = UnixStream::connect(path).await.map_err(|error| unreachable(&error))?;
            fates.connected = true;
            Client::greet(stream, Protocol::Lmtp, settings).await?
        }
    };
    let sent = client.send_mail(envelope, octets, fates).await;
    if sent.is_ok() {
        client.quit().await;
    }
    sent
}
