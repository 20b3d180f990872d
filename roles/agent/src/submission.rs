//! Handing a mail to the own mail server (RFC 6409), with a small blocking client.

mod dialogue;
mod envelope;

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ssmax_pki::Certificate;

use self::dialogue::Dialogue;
pub use self::dialogue::Reply;
pub use self::envelope::{
    Envelope, EnvelopeFault, named_recipients, readable_recipients, without_bcc,
};

/// Where and how a mail is handed in.
#[derive(Debug, Clone, Copy)]
pub struct Server<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// Port: 587 as a rule, 465 for [`Security::Tls`].
    pub port: u16,
    /// How the connection is protected.
    pub security: Security<'a>,
    /// How long to wait for the connection and for every answer.
    pub timeout: Duration,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Security<'a> {
    /// Not at all: no login, except to this very host.
    None,
    /// STARTTLS (RFC 3207), which the server must offer; its certificate must lie under
    /// one of these CAs.
    StartTls(&'a [Certificate]),
    /// TLS from the first octet (RFC 8314 3.3), likewise.
    Tls(&'a [Certificate]),
}

/// A login. `Debug` shows the user only.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The user.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Why a mail was not handed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendFault {
    /// The server cannot be reached, or the connection broke before the mail was there.
    #[error("the server cannot be reached: {0}")]
    Unreachable(std::io::ErrorKind),
    /// TLS failed: its certificate, name or version.
    #[error("no safe connection to the server")]
    Tls,
    /// The server does not offer STARTTLS, or said more than it should before it.
    #[error("the server does not offer STARTTLS")]
    NoStartTls,
    /// A login over a connection that others can read.
    #[error("no login over a connection without TLS")]
    LoginInClear,
    /// The server does not offer AUTH PLAIN (RFC 4616).
    #[error("the server offers no login that is known here")]
    NoAuth,
    /// The login was refused.
    #[error("the login was refused: {0}")]
    Login(Reply),
    /// A recipient was refused; the mail went to nobody.
    #[error("a recipient was refused: {0}")]
    Recipient(Reply),
    /// The server refused otherwise.
    #[error("the server refused: {0}")]
    Refused(Reply),
    /// What the server said is no SMTP.
    #[error("the server's answer cannot be understood")]
    Nonsense,
    /// The mail has octets beyond ASCII, and the server does not take them.
    #[error("the server does not take this mail unencoded")]
    EightBit,
    /// The mail has bare CR or LF, which end a line for some and not for others.
    #[error("the mail has bare line ends")]
    BareLineEnd,
    /// An address cannot stand in an SMTP command.
    #[error("an address cannot be used in SMTP")]
    Address,
}

/// Hands a mail in. It went to all recipients or, on any error, to none, unless the
/// connection broke at the very end: then nobody knows, and sending it again may double
/// it.
///
/// # Errors
/// [`SendFault`] by cause.
pub fn send(
    server: &Server<'_>,
    login: Option<&Login<'_>>,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Reply, SendFault> {
    envelope.check()?;
    dialogue::check_lines(message)?;
    let stream = connect(server)?;
    let peer = stream.peer_addr().map_err(unreachable)?.ip();
    match server.security {
        Security::None => {
            if login.is_some() && !is_this_host(peer) {
                return Err(SendFault::LoginInClear);
            }
            transmit(Dialogue::new(stream), true, login, envelope, message)
        }
        Security::Tls(anchors) => {
            let stream = secure(stream, server.host, anchors)?;
            transmit(Dialogue::new(stream), true, login, envelope, message)
        }
        Security::StartTls(anchors) => {
            let mut dialogue = Dialogue::new(stream);
            dialogue.greeting()?;
            let offers = dialogue.hello()?;
            if !offers.has("STARTTLS") {
                return Err(SendFault::NoStartTls);
            }
            dialogue.command("STARTTLS", 220)?;
            // Whatever came behind the answer was not protected: CVE-2011-0411 and kin.
            let stream = dialogue.into_stream().ok_or(SendFault::NoStartTls)?;
            let stream = secure(stream, server.host, anchors)?;
            transmit(Dialogue::new(stream), false, login, envelope, message)
        }
    }
}

/// Hands a mail in over a connection that is there already, and as private as it has to
/// be for `login`. Otherwise as [`send`].
///
/// # Errors
/// [`SendFault`] by cause.
pub fn send_over(
    stream: impl Read + Write,
    login: Option<&Login<'_>>,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Reply, SendFault> {
    envelope.check()?;
    dialogue::check_lines(message)?;
    transmit(Dialogue::new(stream), true, login, envelope, message)
}

fn transmit<S: Read + Write>(
    mut dialogue: Dialogue<S>,
    has_greeting: bool,
    login: Option<&Login<'_>>,
    envelope: &Envelope,
    message: &[u8],
) -> Result<Reply, SendFault> {
    if has_greeting {
        dialogue.greeting()?;
    }
    let offers = dialogue.hello()?;
    if let Some(login) = login {
        dialogue.login(&offers, login)?;
    }
    dialogue.mail(&offers, envelope, message)
}

fn connect(server: &Server<'_>) -> Result<TcpStream, SendFault> {
    let addresses = (server.host, server.port).to_socket_addrs().map_err(unreachable)?;
    let mut last = SendFault::Unreachable(std::io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, server.timeout) {
            Ok(stream) => {
                stream.set_read_timeout(Some(server.timeout)).map_err(unreachable)?;
                stream.set_write_timeout(Some(server.timeout)).map_err(unreachable)?;
                return Ok(stream);
            }
            Err(error) => last = unreachable(error),
        }
    }
    Err(last)
}

fn secure(
    mut stream: TcpStream,
    host: &str,
    anchors: &[Certificate],
) -> Result<StreamOwned<ClientConnection, TcpStream>, SendFault> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        roots.add(CertificateDer::from(anchor.der())).map_err(|_| SendFault::Tls)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SendFault::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| SendFault::Tls)?;
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|_| SendFault::Tls)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => SendFault::Tls,
            kind => SendFault::Unreachable(kind),
        })?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// What is said to this host itself, nobody on a network can hear.
fn is_this_host(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

fn unreachable(error: std::io::Error) -> SendFault {
    SendFault::Unreachable(error.kind())
}

#[cfg(test)]
mod tests;
