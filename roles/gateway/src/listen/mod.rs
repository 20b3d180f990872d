//! Mail in: one server for SMTP (RFC 5321) and LMTP (RFC 2033).
//!
//! It knows lines, commands and limits, and nothing of what is done with a mail: that
//! is the [`Journey`]. A mail is answered 2xx only if the journey said so.

mod auth;
mod client_certificate;
mod command;
mod data;
mod gate;
mod guesses;
mod limits;
mod lmtp;
mod session;
mod smtp;
mod spare;
mod tls;
mod transaction;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use crate::dsn::{MailOptions, RecipientOptions};
use serde::{Deserialize, Serialize};
use ssmax_daemon::stop::Stop;
use ssmax_metrics::list as metrics;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{JoinError, JoinSet},
    time::sleep,
};

use self::{gate::Gate, session::Session, spare::Spare};
pub use self::{limits::Limits, tls::TlsServer};
pub use crate::wire::{Reply, TlsFault};

/// How long accepting rests after a failure, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// EHLO or HELO; one reply for a mail, however many recipients it has.
    Smtp,
    /// LHLO; one reply for each recipient, in order.
    Lmtp,
}

/// Whether clients log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthRule {
    /// AUTH does not exist here.
    #[default]
    Off,
    /// AUTH is offered; mail is taken without it too, and the journey sees the difference.
    Offered,
    /// Without AUTH, MAIL is answered 530 5.7.0.
    Required,
}

/// One listener: a dialect, a trust, its limits.
#[derive(Debug, Clone)]
pub struct ListenerConfig {
    /// Its name in the journal and in metrics.
    pub name: &'static str,
    /// SMTP or LMTP.
    pub dialect: Dialect,
    /// Our name in the greeting and in the answer to EHLO.
    pub host_name: String,
    /// Bounds for each client and for all together.
    pub limits: Limits,
    /// STARTTLS is offered with this certificate; `None` does not offer it.
    pub tls: Option<TlsServer>,
    /// Whether clients log in.
    pub auth: AuthRule,
    /// Offers AUTH without TLS too, but only to clients on a loopback address.
    pub allow_plaintext_auth: bool,
    /// Offers DSN, RFC 3461: only where every next hop offers it too, for the reports
    /// are theirs to make. What a client says without the offer is read over.
    pub dsn: bool,
    /// Peers whose XFORWARD is believed; none by default.
    pub xforward_peers: Vec<IpAddr>,
}

impl ListenerConfig {
    /// A listener with default limits: no TLS, no AUTH, XFORWARD from nobody.
    pub fn new(dialect: Dialect, host_name: impl Into<String>) -> Self {
        Self {
            name: "none",
            dialect,
            host_name: host_name.into(),
            limits: Limits::default(),
            tls: None,
            auth: AuthRule::Off,
            allow_plaintext_auth: false,
            dsn: false,
            xforward_peers: Vec::new(),
        }
    }
}

/// Who a client logged in as. Made by the [`Journey`], never by the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub user: String,
    /// How it was proved, in the CA's word.
    pub method: String,
    /// The authenticator assurance level, NIST SP 800-63B: 1 to 3.
    pub aal: u8,
}

/// What an MTA said with XFORWARD about the client that it had the mail from. Only an
/// MTA in [`ListenerConfig::xforward_peers`] is believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarded {
    /// NAME: the client's host name by DNS.
    pub name: Option<String>,
    /// ADDR: the client's address, as text; IPv6 ones begin with `IPv6:`.
    pub address: Option<String>,
    /// HELO: what the client called itself.
    pub helo: Option<String>,
}

/// Everything about a mail that is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse path without brackets; empty is the null sender.
    pub mail_from: String,
    /// The forward paths without brackets, each accepted by [`Journey::recipient`]. The
    /// same one may stand here twice: a client may say so, and LMTP answers each.
    pub recipients: Vec<String>,
    /// What MAIL said of reports.
    pub mail_options: MailOptions,
    /// What came with each recipient; as long as `recipients`, or empty.
    pub recipient_options: Vec<RecipientOptions>,
    /// SMTPUTF8 was asked for, RFC 6531.
    pub smtputf8: bool,
    /// BODY=8BITMIME was declared, RFC 6152. Without it the octets may be 8-bit as well.
    pub body_8bit: bool,
    /// SIZE as declared, RFC 1870: an estimate, in octets.
    pub size: Option<u64>,
    /// Who logged in on this session.
    pub auth: Option<Login>,
    /// The other end of the connection.
    pub peer: SocketAddr,
    /// What the client called itself; printable ASCII, at most 255 octets, unchecked.
    pub helo: String,
    /// XFORWARD IDENT: the MTA's queue id, from a believed peer only.
    pub xforward_ident: Option<String>,
    /// The rest of XFORWARD, from a believed peer only.
    pub forwarded: Forwarded,
    /// Whether the session is encrypted.
    pub tls: bool,
    /// The listener's name.
    pub listener: &'static str,
}

impl Envelope {
    /// An empty envelope of this peer: null sender, nobody logged in.
    pub fn new(peer: SocketAddr) -> Self {
        Self {
            mail_from: String::new(),
            recipients: Vec::new(),
            mail_options: MailOptions::default(),
            recipient_options: Vec::new(),
            smtputf8: false,
            body_8bit: false,
            size: None,
            auth: None,
            peer,
            helo: String::new(),
            xforward_ident: None,
            forwarded: Forwarded::default(),
            tls: false,
            listener: "none",
        }
    }
}

/// What is done with the mail that a listener takes.
pub trait Journey: Send + Sync + 'static {
    /// Checks a password. `Ok(None)` is a wrong one or an unknown user, answered 535
    /// 5.7.8 alike; take the same time for both.
    ///
    /// # Errors
    /// It could not be found out; answered 454 4.7.0.
    fn authenticate(
        &self,
        user: &str,
        password: &[u8],
        method: &str,
    ) -> impl Future<Output = Result<Option<Login>, ()>> + Send;

    /// Whose certificate a client has shown, with the key to it; `named` is whom it says to
    /// be, empty for nobody. `Ok(None)` is a certificate that is no login here, answered as
    /// a wrong password is.
    ///
    /// # Errors
    /// It could not be found out; answered 454 4.7.0.
    fn authenticate_certificate(
        &self,
        _certificate: &[u8],
        _named: &str,
    ) -> impl Future<Output = Result<Option<Login>, ()>> + Send {
        std::future::ready(Ok(None))
    }

    /// Whether a recipient may be added to the envelope.
    ///
    /// # Errors
    /// The 4xx or 5xx that RCPT is answered with.
    fn recipient(
        &self,
        envelope_so_far: &Envelope,
        recipient: &str,
    ) -> impl Future<Output = Result<(), Reply>> + Send;

    /// Takes a mail and answers for each recipient, in order. The octets are
    /// dot-unstuffed, every line ends with CRLF, and there is no bare CR or LF.
    ///
    /// 2xx is a promise: the mail is kept for that recipient. LMTP prints each reply;
    /// what SMTP prints, [`ListenerConfig::dialect`] SMTP, follows these rules, in order:
    /// any 4xx wins, for a retry is harmless to those who have the mail already; else any
    /// 5xx wins, so that a sender learns of every refused recipient (a text says who, and
    /// that the others have the mail); else the first 2xx.
    ///
    /// It runs to its end even when the client has gone away. A number of replies other
    /// than that of recipients is a mistake and becomes 451 4.3.0 for all.
    fn mail(&self, envelope: Envelope, octets: Vec<u8>) -> impl Future<Output = Vec<Reply>> + Send;
}

/// Accepts clients until `stop`, each in a task of its own.
///
/// After `stop`, clients that wait or send are told 421 4.3.2 and cut; mails that the
/// journey already has are answered first. Returns when the last session has ended.
pub async fn serve<J: Journey>(
    listener: TcpListener,
    config: ListenerConfig,
    journey: Arc<J>,
    stop: Stop,
) {
    let gate = Gate::new(&config.limits);
    let shared = Arc::new(session::Shared::new(config, journey, stop.clone()));
    let mut sessions = JoinSet::new();
    let mut spare = Spare::of(&listener);
    loop {
        tokio::select! {
            () = stop.stopped() => break,
            Some(ended) = sessions.join_next(), if !sessions.is_empty() => report(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(stream, peer, &gate, &shared, &mut sessions),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    if let Some(stream) = spare.accept(&listener, &error).await {
                        let text = "no room for another connection, try again later";
                        turn_away(&stream, &Reply::new(421, "4.3.2", text), &shared);
                    }
                    spare.restore(&listener);
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while let Some(ended) = sessions.join_next().await {
        report(ended);
    }
}

/// Talks to one client over a connection of any kind until its end, as [`serve`] does with
/// each that it accepts; none of the bounds on the number of connections counts here.
/// `peer` is what the envelope calls the other end.
pub async fn converse<J: Journey>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    config: ListenerConfig,
    journey: Arc<J>,
    stop: Stop,
) {
    let shared = Arc::new(session::Shared::new(config, journey, stop));
    Session::new(stream, peer, shared).run().await;
}

fn admit<J: Journey>(
    stream: TcpStream,
    peer: SocketAddr,
    gate: &Arc<Gate>,
    shared: &Arc<session::Shared<J>>,
    sessions: &mut JoinSet<()>,
) {
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let pass = match gate.enter(peer.ip()) {
        Ok(pass) => pass,
        Err(reply) => {
            tracing::warn!(peer.address = %peer, reply = %reply, "a connection was turned away");
            turn_away(&stream, &reply, shared);
            return;
        }
    };
    // Replies are small and waited for; a failure to say so costs only time.
    let _ = stream.set_nodelay(true);
    let session = Session::new(stream, peer, Arc::clone(shared));
    let inside = Inside::new(shared.config.name);
    sessions.spawn(async move {
        session.run().await;
        drop((pass, inside));
    });
}

/// At once or not at all: a crowd at the gate must not become tasks.
fn turn_away<J: Journey>(stream: &TcpStream, reply: &Reply, shared: &session::Shared<J>) {
    metrics::SESSIONS.count([shared.config.name.into(), "turned-away".into()]);
    // A socket that was accepted just now takes it, as soon as it is asked.
    let _ = rustix::io::write(stream, reply.render(false).as_bytes());
}

/// A session that is counted as open until this is dropped.
struct Inside(&'static str);

impl Inside {
    fn new(listener: &'static str) -> Self {
        metrics::SESSIONS.count([listener.into(), "served".into()]);
        metrics::SESSIONS_OPEN.add([listener.into()], 1.0);
        Self(listener)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        metrics::SESSIONS_OPEN.add([self.0.into()], -1.0);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        // The client saw its connection break, which is a reason to try again.
        tracing::error!(%error, "a session failed by a mistake of ours");
    }
}
