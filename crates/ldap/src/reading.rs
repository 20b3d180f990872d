//! All entries below a name, page after page, over one connection.

use crate::ber::{self, BerFault};
use crate::filter::Filter;
use crate::message::{self, Answer, Done, Entry};
use crate::server::{Server, Tls};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// The most octets that an answer's tag and length have.
const MAX_HEAD_OCTETS: usize = 6;

/// As whom is read.
#[derive(Clone)]
pub struct Login {
    /// The distinguished name; Active Directory also takes `user@domain`.
    pub name: String,
    /// The password. An empty one would be no login at all (RFC 4513 5.1.2), and is refused.
    pub password: Zeroizing<String>,
}

/// What is read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The distinguished name below which people are.
    pub base: String,
    /// Which entries.
    pub filter: Filter,
    /// Which of their attributes.
    pub attributes: Vec<String>,
}

/// What a server may answer. More of it is an error: a part of the people is taken for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries of a page. Active Directory gives 1,000 at most.
    pub page_entries: u32,
    /// Entries in all.
    pub entries: usize,
    /// Octets of one answer, which is one entry.
    pub answer_octets: usize,
    /// Octets in all.
    pub octets: usize,
    /// Values of one attribute.
    pub values: usize,
    /// How long the server may keep silent.
    pub silence: Duration,
    /// How long all of it may take.
    pub whole: Duration,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// StartTLS.
    StartTls,
    /// The login.
    Bind,
    /// The search.
    Search,
}

/// Why there is no reading.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The server is not reached, or has ended the connection.
    #[error("the server is not reached: {0}")]
    Unreachable(io::ErrorKind),
    /// Its certificate is not believed, or TLS is not spoken.
    #[error("no TLS with the server: {0}")]
    Untrusted(String),
    /// TLS is left out, and the server is on another host.
    #[error("the server is on another host and TLS is left out")]
    Plaintext,
    /// The password is empty.
    #[error("the password is empty")]
    NoPassword,
    /// It kept silent, or all of it took too long.
    #[error("the server was too slow")]
    Slow,
    /// Its answer is none of LDAP.
    #[error("the answer is malformed: {0}")]
    Malformed(BerFault),
    /// An answer to another question.
    #[error("an answer to another question")]
    Unexpected,
    /// It has said no, by this result code (RFC 4511 appendix A).
    #[error("the server refuses with code {code}")]
    Refused {
        /// What.
        step: Step,
        /// Why.
        code: u32,
    },
    /// It has given a part: a limit of time, size or work, by its result code.
    #[error("the server gives a part only, with code {0}")]
    Part(u32),
    /// A part of an attribute's values (Active Directory's `;range=`).
    #[error("a part of the values of {0}")]
    PartOfValues(String),
    /// More than [`Limits`] have.
    #[error("more than the limit {0}")]
    TooMuch(&'static str),
}

impl From<BerFault> for ReadError {
    fn from(fault: BerFault) -> Self {
        Self::Malformed(fault)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(inner) => Self::Untrusted(inner.to_string()),
            None => Self::Unreachable(error.kind()),
        }
    }
}

/// Reads all entries that are wanted.
///
/// Parts of the directory that are on other servers are left out (RFC 4511 4.5.3); what is
/// below `base` on this one is there whole.
///
/// # Errors
/// [`ReadError`]; nothing that was read until then is given.
pub async fn read(
    server: &Server,
    tls: Arc<ClientConfig>,
    login: &Login,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<Vec<Entry>, ReadError> {
    if login.password.is_empty() {
        return Err(ReadError::NoPassword);
    }
    let all = async {
        let tcp = reached(server, limits).await?;
        match server.tls {
            Tls::Never if !tcp.peer_addr()?.ip().is_loopback() => Err(ReadError::Plaintext),
            Tls::Never => Connection::new(tcp, limits).entries(login, wanted).await,
            Tls::Direct => {
                Connection::new(secured(server, tls, tcp, limits).await?, limits)
                    .entries(login, wanted)
                    .await
            }
            Tls::Start => {
                let mut plain = Connection::new(tcp, limits);
                plain.start_tls().await?;
                let mut secure =
                    Connection::new(secured(server, tls, plain.stream, limits).await?, limits);
                secure.last_id = plain.last_id;
                secure.entries(login, wanted).await
            }
        }
    };
    timeout(limits.whole, all).await.map_err(|_| ReadError::Slow)?
}

async fn reached(server: &Server, limits: &Limits) -> Result<TcpStream, ReadError> {
    let connecting = TcpStream::connect((server.host.as_str(), server.port));
    Ok(timeout(limits.silence, connecting).await.map_err(|_| ReadError::Slow)??)
}

async fn secured(
    server: &Server,
    tls: Arc<ClientConfig>,
    tcp: TcpStream,
    limits: &Limits,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ReadError> {
    let name = ServerName::try_from(server.host.clone())
        .map_err(|error| ReadError::Untrusted(error.to_string()))?;
    let handshake = TlsConnector::from(tls).connect(name, tcp);
    Ok(timeout(limits.silence, handshake).await.map_err(|_| ReadError::Slow)??)
}

struct Connection<'l, S> {
    stream: S,
    limits: &'l Limits,
    last_id: u32,
    /// Octets that were read in all.
    octets: usize,
}

impl<'l, S: AsyncRead + AsyncWrite + Unpin> Connection<'l, S> {
    fn new(stream: S, limits: &'l Limits) -> Self {
        Self { stream, limits, last_id: 0, octets: 0 }
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    async fn start_tls(&mut self) -> Result<(), ReadError> {
        let id = self.next_id();
        self.send(&message::start_tls(id)).await?;
        // One answer and no octet more is taken from the stream: what somebody on the way
        // puts behind it would be TLS for the handshake, never LDAP from within.
        match self.answer(id).await? {
            Answer::Extended(Done { code: 0, .. }) => Ok(()),
            Answer::Extended(Done { code, .. }) => {
                Err(ReadError::Refused { step: Step::StartTls, code })
            }
            _ => Err(ReadError::Unexpected),
        }
    }

    async fn entries(&mut self, login: &Login, wanted: &Wanted) -> Result<Vec<Entry>, ReadError> {
        let id = self.next_id();
        self.send(&message::bind(id, &login.name, login.password.as_bytes())).await?;
        match self.answer(id).await? {
            Answer::Bound(Done { code: 0, .. }) => {}
            Answer::Bound(Done { code, .. }) => {
                return Err(ReadError::Refused { step: Step::Bind, code });
            }
            _ => return Err(ReadError::Unexpected),
        }
        let mut entries = Vec::new();
        let mut cookie = Vec::new();
        loop {
            cookie = self.page(wanted, &cookie, &mut entries).await?;
            if cookie.is_empty() {
                break;
            }
        }
        let id = self.next_id();
        // Everything is here: how the server takes the good-bye says nothing about it.
        let _ = self.send(&message::unbind(id)).await;
        Ok(entries)
    }

    /// Takes a page, and gives where the next one begins.
    async fn page(
        &mut self,
        wanted: &Wanted,
        cookie: &[u8],
        entries: &mut Vec<Entry>,
    ) -> Result<Vec<u8>, ReadError> {
        let id = self.next_id();
        let Wanted { base, filter, attributes } = wanted;
        let page = self.limits.page_entries;
        self.send(&message::search(id, base, filter, attributes, page, cookie)).await?;
        loop {
            match self.answer(id).await? {
                Answer::Entry(entry) => {
                    check(&entry, self.limits)?;
                    if entries.len() >= self.limits.entries {
                        return Err(ReadError::TooMuch("max_entries"));
                    }
                    entries.push(entry);
                }
                Answer::Elsewhere => {}
                Answer::Searched(Done { code: 0, cookie }) => return Ok(cookie),
                // timeLimitExceeded, sizeLimitExceeded, adminLimitExceeded.
                Answer::Searched(Done { code: code @ (3 | 4 | 11), .. }) => {
                    return Err(ReadError::Part(code));
                }
                Answer::Searched(Done { code, .. }) => {
                    return Err(ReadError::Refused { step: Step::Search, code });
                }
                Answer::Bound(_) | Answer::Extended(_) => return Err(ReadError::Unexpected),
            }
        }
    }

    async fn send(&mut self, octets: &[u8]) -> Result<(), ReadError> {
        let sending = async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        };
        Ok(timeout(self.limits.silence, sending).await.map_err(|_| ReadError::Slow)??)
    }

    /// The next answer, which has to be to this question.
    async fn answer(&mut self, id: u32) -> Result<Answer, ReadError> {
        let octets =
            timeout(self.limits.silence, self.next()).await.map_err(|_| ReadError::Slow)??;
        match Answer::parse(&octets)? {
            (found, answer) if found == id => Ok(answer),
            // The server ends the connection (RFC 4511 4.4.1), and says why.
            (0, Answer::Extended(Done { code, .. })) => {
                Err(ReadError::Refused { step: Step::Search, code })
            }
            _ => Err(ReadError::Unexpected),
        }
    }

    /// The octets of the next answer, and not one behind them.
    async fn next(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut octets = Vec::with_capacity(MAX_HEAD_OCTETS);
        let length = loop {
            if let Some(length) = ber::whole(&octets)? {
                break length;
            }
            octets.push(self.stream.read_u8().await?);
        };
        if length > self.limits.answer_octets {
            return Err(ReadError::TooMuch("max_answer_bytes"));
        }
        self.octets = self.octets.saturating_add(length);
        if self.octets > self.limits.octets {
            return Err(ReadError::TooMuch("max_bytes"));
        }
        let head = octets.len();
        octets.resize(length, 0);
        self.stream.read_exact(octets.get_mut(head..).unwrap_or_default()).await?;
        Ok(octets)
    }
}

fn check(entry: &Entry, limits: &Limits) -> Result<(), ReadError> {
    for (described, values) in &entry.attributes {
        if described.split(';').any(|option| option.to_ascii_lowercase().starts_with("range=")) {
            return Err(ReadError::PartOfValues(described.clone()));
        }
        if values.len() > limits.values {
            return Err(ReadError::TooMuch("max_values"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
