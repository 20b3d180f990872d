//! Where the roles are, and how one of them meets the others.

use crate::renew::{self, Renewed};
use crate::{asked, callers};
use serde::{Deserialize, Deserializer, de::Error as _};
use ssmax_daemon::Stop;
use ssmax_daemon::call::Client;
use ssmax_daemon::denied::Denied;
use ssmax_daemon::endpoint::{Endpoint, Remote};
use ssmax_daemon::listen::Limits;
use ssmax_daemon::pace::Pace;
use ssmax_daemon::port::{Port, PortLimits};
use ssmax_daemon::tls::{Identity, IdentityError, Place};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder in a role's state.
const FOLDER: &str = "transport";

/// The scheme of a role's address on another host.
const SCHEME: &str = "tls://";

/// The servers of a role, `HOST:PORT` each; none where it answers on this host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Servers(pub Vec<String>);

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        let urls = match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(url) => vec![url],
            OneOrMore::More(urls) => urls,
        };
        let server = |url: &String| {
            host_and_port(url).ok_or_else(|| D::Error::custom("an address is tls://HOST:PORT"))
        };
        urls.iter().map(server).collect::<Result<_, _>>().map(Self)
    }
}

/// `HOST:PORT` of `tls://HOST:PORT`.
#[must_use]
pub fn host_and_port(url: &str) -> Option<String> {
    let server = url.strip_prefix(SCHEME)?;
    let (host, port) = server.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let plain = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'.';
            !host.is_empty() && host.bytes().all(plain)
        }
    };
    (is_host && port.parse::<u16>().is_ok_and(|port| port != 0)).then(|| server.to_owned())
}

/// Where the member's roles are, as one host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// The member's id.
    pub member: String,
    /// Where roles keep their state. Each has keys and certificates for TLS in its own.
    pub state_dir: PathBuf,
    /// The keyserver, if it is on another host.
    pub keyserver: Servers,
    /// The CA, if it is on another host.
    pub ca: Servers,
    /// The inspectors, if they are on other hosts.
    pub inspector: Servers,
    /// Certificates that count no more.
    pub denied: Denied,
    /// Bounds of a port.
    pub limits: PortLimits,
    /// How long requests and answers may be on their way.
    pub pace: Pace,
}

impl Transport {
    /// Everything on this host.
    #[must_use]
    pub fn local() -> Self {
        Self {
            member: String::new(),
            state_dir: PathBuf::new(),
            keyserver: Servers::default(),
            ca: Servers::default(),
            inspector: Servers::default(),
            denied: Denied::default(),
            limits: PortLimits::default(),
            pace: Pace::default(),
        }
    }

    /// Where a role has its key and certificate for TLS: in its own state, for no other
    /// role is to see them, and each may run as a user of its own.
    #[must_use]
    pub fn place(&self, role: &str) -> Place {
        Place { dir: self.state_dir.join(role).join(FOLDER) }
    }

    /// Where this role is.
    #[must_use]
    pub fn servers(&self, role: &str) -> &[String] {
        match role {
            "keyserver" => &self.keyserver.0,
            "ca" => &self.ca.0,
            "inspector" => &self.inspector.0,
            _ => &[],
        }
    }

    /// Whether a role that may listen needs a certificate of its own.
    #[must_use]
    pub fn needs_certificate(&self, role: &str, listen: Option<SocketAddr>) -> bool {
        listen.is_some() || asked(role).iter().any(|other| !self.servers(other).is_empty())
    }

    /// Whether a role that has a certificate can have it renewed: the CA renews over TLS
    /// what it sees there, and its own by itself.
    #[must_use]
    pub fn is_renewed(&self, role: &str) -> bool {
        role == "ca" || !self.servers("ca").is_empty()
    }

    /// The certificate of a role, as it would be used now.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn identity(&self, role: &str) -> Result<Identity, IdentityError> {
        let callers = callers(role).unwrap_or_default();
        Identity::open(self.place(role), &self.member, role, callers, &self.denied)
    }

    /// Where another role answers: over TLS if it is on another host.
    #[must_use]
    pub fn endpoint(&self, run_dir: &Path, role: &str, own: &Arc<Identity>) -> Endpoint {
        match self.servers(role) {
            [] => local(run_dir, role, own.role()),
            servers => {
                Remote::new(Arc::clone(own), role, servers.to_vec()).at_pace(self.pace).into()
            }
        }
    }
}

fn local(run_dir: &Path, role: &str, own: &str) -> Endpoint {
    ssmax_daemon::place::socket(run_dir, role, own).into()
}

/// One role among the others: whom it asks, and how it is reached itself.
#[derive(Debug)]
pub struct Meeting {
    role: &'static str,
    run_dir: PathBuf,
    listen: Option<SocketAddr>,
    transport: Transport,
    identity: Option<Arc<Identity>>,
}

impl Meeting {
    /// Opens the certificate, if one is needed.
    ///
    /// # Errors
    /// [`IdentityError`] when it is needed and cannot be used: a role does not start
    /// without it.
    pub fn of(
        role: &'static str,
        transport: &Transport,
        run_dir: &Path,
        listen: Option<SocketAddr>,
    ) -> Result<Self, IdentityError> {
        let identity = match transport.needs_certificate(role, listen) {
            true => Some(Arc::new(transport.identity(role)?)),
            false => None,
        };
        let (run_dir, transport) = (run_dir.to_owned(), transport.clone());
        Ok(Self { role, run_dir, listen, transport, identity })
    }

    /// How another role is asked.
    #[must_use]
    pub fn client(&self, role: &str) -> Client {
        Client::new(match &self.identity {
            Some(own) => self.transport.endpoint(&self.run_dir, role, own),
            None => local(&self.run_dir, role, self.role),
        })
    }

    /// Bounds of the interfaces.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { pace: self.transport.pace, ..Limits::default() }
    }

    /// Binds the port for other hosts, if there is to be one.
    ///
    /// # Errors
    /// Whatever binding says.
    pub fn port(&self) -> std::io::Result<Option<Port>> {
        match (self.listen, &self.identity) {
            (Some(address), Some(own)) => {
                Port::bind(address, Arc::clone(own), self.transport.limits).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Serves a bound port until `stop`; without one, this ends at once.
    pub async fn serve(port: Option<Port>, stop: Stop) {
        if let Some(port) = port {
            port.serve(stop).await;
        }
    }

    /// Renews the certificate when it is due, until `stop`. `ask` brings a PKCS#10 request
    /// (DER) to the CA.
    pub async fn keep_renewed<F, Fut>(&self, ask: F, stop: Stop)
    where
        F: Fn(Vec<u8>) -> Fut,
        Fut: Future<Output = Option<Renewed>>,
    {
        if self.identity.is_some() {
            renew::keep_renewed(&self.transport, self.role, ask, stop).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        for (url, server) in [
            ("tls://keys.a.example:7701", Some("keys.a.example:7701")),
            ("tls://192.0.2.1:1", Some("192.0.2.1:1")),
            ("tls://[2001:db8::1]:7701", Some("[2001:db8::1]:7701")),
            ("keys.a.example:7701", None),
            ("https://keys.a.example:7701", None),
            ("tls://keys.a.example", None),
            ("tls://:7701", None),
            ("tls://keys:0", None),
            ("tls://keys:70000", None),
            ("tls://2001:db8::1:7701", None),
            ("tls://user@keys:7701", None),
            ("tls://keys:7701/", None),
        ] {
            assert_eq!(host_and_port(url).as_deref(), server, "{url}");
        }
    }

    #[test]
    fn on_one_host_no_certificate_is_needed() {
        let mut transport = Transport::local();
        let listen = Some(([127, 0, 0, 1], 7701).into());
        for role in ["gateway", "inspector", "keyserver", "ca"] {
            assert!(!transport.needs_certificate(role, None), "{role}");
        }
        assert!(transport.needs_certificate("inspector", listen));
        transport.inspector = Servers(vec!["i.a.example:7703".to_owned()]);
        // Only the gateway asks the inspector.
        let needs = |role| transport.needs_certificate(role, None);
        assert!(needs("gateway"));
        assert!(!needs("keyserver") && !needs("ca") && !needs("inspector"));
    }

    #[test]
    fn a_role_that_needs_a_certificate_and_has_none_does_not_start() {
        let dir = tempfile::tempdir().unwrap();
        let mut transport = Transport::local();
        transport.member = "NTRJP-7000012050002".to_owned();
        transport.state_dir = dir.path().to_owned();
        let listen = Some(([127, 0, 0, 1], 0).into());
        let missing = Meeting::of("inspector", &transport, dir.path(), listen).unwrap_err();
        let path = dir.path().join("inspector/transport/trust.pem");
        assert_eq!(missing, IdentityError::Missing { path });
        assert!(Meeting::of("inspector", &transport, dir.path(), None).is_ok());
    }
}
