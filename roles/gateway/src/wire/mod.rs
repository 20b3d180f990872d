//! Mail out: where a recipient's mail goes, and taking it there.
//!
//! The only promise that counts: a recipient's result is `Ok` only after the next hop
//! said 2xx for it (RFC 5321 6.1), or its file and directory are synced in a Maildir.
//! Whatever stays unknown is [`Outcome::Temporary`].

mod client;
pub(crate) mod line;
mod maildir;
mod next_hop;
pub(crate) mod path;
mod reply;
mod route;
mod tls;

use crate::dsn::{MailOptions, RecipientOptions};
use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use self::next_hop::NextHop;
pub use self::{
    client::Protocol,
    reply::Reply,
    route::{Route, RouteFault, Routes},
    tls::{TlsClient, TlsFault},
};

/// What a mail leaves with: the envelope, without what belongs to its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutgoingEnvelope {
    /// The reverse path without angle brackets; empty is the null sender.
    pub mail_from: String,
    /// The forward paths without angle brackets. A result comes back for each, in order.
    pub recipients: Vec<String>,
    /// Whether the mail came in as SMTPUTF8 (RFC 6531). It is asked of the next hop only
    /// if something in the envelope or the octets is in fact not ASCII.
    pub smtputf8: bool,
    /// Whether the mail was declared 8BITMIME (RFC 6152). It is asked of the next hop
    /// only if there is in fact an octet above 127.
    pub body_8bit: bool,
    /// What the next hop is told of reports, if it offers DSN.
    pub reports: Reports,
}

/// What a next hop that offers DSN (RFC 3461) is told of reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reports {
    /// What MAIL says.
    pub mail: MailOptions,
    /// What each RCPT says, in the order of the recipients; those beyond its end say
    /// nothing.
    pub recipients: Vec<RecipientOptions>,
    /// The mail is encrypted: a report gives back its header alone, whatever was asked.
    pub encrypted: bool,
}

/// How long a delivery may take, and who we say we are.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Our own host name, for EHLO and LHLO.
    pub helo: String,
    /// Time for one delivery from connecting to the final reply, without the content's
    /// own time. Default 25 s: where the next hop hangs, the whole journey has its 4xx within
    /// 30.
    pub total: Duration,
    /// Content, in octets per second, that the next hop must take at least; the
    /// content's length over this is added to `total`. Default 1 MiB/s.
    pub min_bytes_per_second: u64,
    /// What `smtp+tls://` routes verify with. `None` makes such a route a temporary
    /// failure, never a delivery in clear.
    pub tls: Option<TlsClient>,
}

impl ClientSettings {
    /// Defaults for a host of this name.
    pub fn new(helo: impl Into<String>) -> Self {
        Self {
            helo: helo.into(),
            total: Duration::from_secs(25),
            min_bytes_per_second: 1024 * 1024,
            tls: None,
        }
    }

    fn deadline(&self, octets: usize) -> Instant {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        let transfer = octets / self.min_bytes_per_second.max(1);
        Instant::now() + self.total + Duration::from_secs(transfer)
    }
}

/// Why a recipient does not have the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It may help to try again: a 4xx, no connection, a timeout, or no clear answer.
    Temporary(Reply),
    /// Trying again the same way cannot help: a 5xx, or a mail we must not send.
    Permanent(Reply),
}

impl Outcome {
    /// The reply that says why: the next hop's own where it gave one.
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Temporary(reply) | Self::Permanent(reply) => reply,
        }
    }

    /// A refusal by the next hop, by its code: only a 5xx is permanent.
    fn from_reply(reply: Reply) -> Self {
        if reply.is_permanent() { Self::Permanent(reply) } else { Self::Temporary(reply) }
    }
}

/// One recipient and what became of the mail for it.
pub type Delivery = (String, Result<Reply, Outcome>);

/// Takes a mail to where `route` says and answers for each recipient, in order.
///
/// `octets` is the mail with CRLF line ends, not dot-stuffed. A bare CR or a bare LF
/// in it is [`Outcome::Permanent`] 5.6.0 for all, before anything is opened: the next
/// hop might read it as an end of data (SMTP smuggling). A missing last CRLF is added
/// for SMTP and LMTP.
///
/// Takes at most [`ClientSettings::total`] plus the content's time. Dropping the future
/// early leaves the fate of the mail unknown.
pub async fn deliver(
    route: &Route,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
) -> Vec<Delivery> {
    if has_bare_line_end(octets) {
        return same_for_all(envelope, &bare_line_end());
    }
    match (NextHop::of(route), route) {
        (Some(next_hop), _) => next_hop::deliver(next_hop, envelope, octets, settings).await,
        (None, Route::Maildir(template)) => {
            maildir::deliver(template, envelope, octets, settings).await
        }
        (None, _) => {
            let reply = Reply::new(550, "5.7.1", "mail for this recipient is not accepted here");
            same_for_all(envelope, &Outcome::Permanent(reply))
        }
    }
}

/// Whether what is at the end of `route` offers to make the reports that a sender asks for
/// (RFC 3461). Nobody does who is not connected to: a Maildir reports nothing.
///
/// # Errors
/// [`Outcome`] when it does not answer as a next hop, within [`ClientSettings::total`].
pub async fn offers_dsn(route: &Route, settings: &ClientSettings) -> Result<bool, Outcome> {
    match NextHop::of(route) {
        Some(next_hop) => next_hop::offers_dsn(next_hop, settings).await,
        None => Ok(false),
    }
}

/// Takes a mail over a connection to a next hop that is there already, without TLS, and
/// answers for each recipient, in order. Bounds and promises are those of [`deliver`].
pub async fn deliver_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    protocol: Protocol,
    envelope: &OutgoingEnvelope,
    octets: &[u8],
    settings: &ClientSettings,
) -> Vec<Delivery> {
    if has_bare_line_end(octets) {
        return same_for_all(envelope, &bare_line_end());
    }
    let next_hop = NextHop::Open(Box::new(stream), protocol);
    next_hop::deliver(next_hop, envelope, octets, settings).await
}

/// What a mail is told that a next hop could read as several.
fn bare_line_end() -> Outcome {
    Outcome::Permanent(Reply::new(550, "5.6.0", "the mail has a bare CR or LF and is not sent"))
}

fn same_for_all(envelope: &OutgoingEnvelope, outcome: &Outcome) -> Vec<Delivery> {
    envelope.recipients.iter().map(|rcpt| (rcpt.clone(), Err(outcome.clone()))).collect()
}

/// Whether any CR is not followed by LF, or any LF not preceded by CR.
fn has_bare_line_end(octets: &[u8]) -> bool {
    let mut after_cr = false;
    for &octet in octets {
        if after_cr != (octet == b'\n') {
            return true;
        }
        after_cr = octet == b'\r';
    }
    after_cr
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crlf_counts_as_a_line_end() {
        for good in [&b""[..], b"a", b"\r\n", b"a\r\nb\r\n\r\n"] {
            assert!(!has_bare_line_end(good), "{good:?}");
        }
        for bad in [&b"\n"[..], b"\r", b"a\rb", b"a\nb", b"\r\r\n", b"\r\n\n", b"a\r\n\r"] {
            assert!(has_bare_line_end(bad), "{bad:?}");
        }
    }

    #[test]
    fn large_content_gets_its_own_time_on_top() {
        let settings = ClientSettings::new("gw.example");
        let short = settings.deadline(10);
        let long = settings.deadline(100 * 1024 * 1024);
        let extra = long - short;
        assert!(extra >= Duration::from_secs(100) && extra < Duration::from_secs(101));
    }
}
