//! Delivery over SMTP, RFC 5321: one reply for all recipients that the next hop took.

use tokio::{net::TcpStream, time::timeout_at};

use crate::wire::{
    ClientSettings, Delivery, Outcome, OutgoingEnvelope,
    client::{Client, Fates, Protocol, unreachable},
};

/// A next hop that speaks SMTP.
pub(super) struct Target<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// STARTTLS with a verified certificate, or no delivery.
    pub(super) tls: bool,
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
    let stream = TcpStream::connect((target.host, target.port)).await;
    let stream = stream.map_err(|error| unreachable(&error))?;
    // Commands are small and wait for answers; a failure to say so costs only time.
    let _ = stream.set_nodelay(true);
    fates.connected = true;
    let mut client = Client::greet(stream, Protocol::Smtp, settings).await?;
    if target.tls {
        client = client.start_tls(target.host, settings).await?;
    }
    let sent = client.send_mail(envelope, octets, fates).await;
    if sent.is_ok() {
        client.quit().await;
    }
    sent
}
