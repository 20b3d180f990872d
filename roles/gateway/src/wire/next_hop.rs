//! Delivery over SMTP (RFC 5321: one reply for all recipients that the next hop took) and
//! LMTP (RFC 2033: one for each).

use std::path::Path;

use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout_at,
};

use crate::wire::{
    ClientSettings, Delivery, Outcome, OutgoingEnvelope, Protocol, Route,
    client::{Client, Fates, temporary, unreachable},
    line::Stream,
};

/// Where a next hop is, or the connection to it.
pub(super) enum NextHop<'a> {
    /// With `tls`: STARTTLS with a verified certificate, or no delivery.
    Smtp {
        host: &'a str,
        port: u16,
        tls: bool,
    },
    Lmtp {
        host: &'a str,
        port: u16,
    },
    LmtpSocket(&'a Path),
    Open(Box<dyn Stream>, Protocol),
}

pub(super) async fn deliver(
    next_hop: NextHop<'_>,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
) -> Vec<Delivery> {
    let mut fates = Fates::new(envelope);
    let deadline = settings.deadline(octets.len());
    let end = timeout_at(deadline, async {
        let mut client = next_hop.greeted(settings, &mut fates).await?;
        let sent = client.send_mail(envelope, octets, &mut fates).await;
        if sent.is_ok() {
            client.quit().await;
        }
        sent
    })
    .await;
    fates.finish(end, envelope)
}

/// See [`crate::wire::offers_dsn`].
pub(super) async fn offers_dsn(
    next_hop: NextHop<'_>,
    settings: &ClientSettings,
) -> Result<bool, Outcome> {
    let mut fates = Fates::new(&OutgoingEnvelope::default());
    let asked = timeout_at(settings.deadline(0), async {
        let mut client = next_hop.greeted(settings, &mut fates).await?;
        let offers = client.offers_dsn();
        client.quit().await;
        Ok(offers)
    });
    asked.await.unwrap_or_else(|_| Err(temporary("4.4.2", "the next hop did not answer in time")))
}

impl<'a> NextHop<'a> {
    /// Where a route leads, if over a connection.
    pub(super) fn of(route: &'a Route) -> Option<Self> {
        match route {
            Route::Smtp { host, port, tls } => Some(Self::Smtp { host, port: *port, tls: *tls }),
            Route::Lmtp { host, port } => Some(Self::Lmtp { host, port: *port }),
            Route::LmtpSocket(path) => Some(Self::LmtpSocket(path)),
            Route::Maildir(_) | Route::Reject => None,
        }
    }

    async fn greeted(
        self,
        settings: &ClientSettings,
        fates: &mut Fates,
    ) -> Result<Client, Outcome> {
        let verified = match self {
            Self::Smtp { host, tls: true, .. } => Some(host),
            _ => None,
        };
        let (stream, protocol): (Box<dyn Stream>, _) = match self {
            Self::Smtp { host, port, .. } => (Box::new(tcp(host, port).await?), Protocol::Smtp),
            Self::Lmtp { host, port } => (Box::new(tcp(host, port).await?), Protocol::Lmtp),
            Self::LmtpSocket(path) => {
                let stream =
                    UnixStream::connect(path).await.map_err(|error| unreachable(&error))?;
                (Box::new(stream), Protocol::Lmtp)
            }
            Self::Open(stream, protocol) => (stream, protocol),
        };
        fates.connected = true;
        let client = Client::greet(stream, protocol, settings).await?;
        match verified {
            Some(host) => client.start_tls(host, settings).await,
            None => Ok(client),
        }
    }
}

async fn tcp(host: &str, port: u16) -> Result<TcpStream, Outcome> {
    let stream = TcpStream::connect((host, port)).await.map_err(|error| unreachable(&error))?;
    // Commands are small and wait for answers; a failure to say so costs only time.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
