//! Where a directory is, and how TLS is spoken with it.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::str::FromStr;
use std::sync::Arc;

/// How TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// With the connection (`ldaps://`).
    Direct,
    /// By StartTLS (`ldap://`).
    Start,
    /// Never: on this host only, and only where it was said.
    Never,
}

/// `ldaps://HOST[:PORT]` or `ldap://HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// 636 or 389, if none is said.
    pub port: u16,
    /// How TLS begins.
    pub tls: Tls,
}

/// Why a text names no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerFault {
    /// It begins otherwise than with `ldaps://` or `ldap://`.
    #[error("it begins with neither ldaps:// nor ldap://")]
    Scheme,
    /// Something but a host and a port.
    #[error("it has more, or less, than a host and a port")]
    Place,
}

impl FromStr for Server {
    type Err = ServerFault;

    fn from_str(text: &str) -> Result<Self, ServerFault> {
        let (tls, rest, port) = if let Some(rest) = text.strip_prefix("ldaps://") {
            (Tls::Direct, rest, 636)
        } else if let Some(rest) = text.strip_prefix("ldap://") {
            (Tls::Start, rest, 389)
        } else {
            return Err(ServerFault::Scheme);
        };
        let (host, behind) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').ok_or(ServerFault::Place)?,
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let port = match behind.strip_prefix(':') {
            Some(digits) => digits.parse().map_err(|_| ServerFault::Place)?,
            None if behind.is_empty() => port,
            None => return Err(ServerFault::Place),
        };
        let is_host =
            |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | ':' | '_');
        if host.is_empty() || !host.chars().all(is_host) || port == 0 {
            return Err(ServerFault::Place);
        }
        Ok(Self { host: host.to_owned(), port, tls })
    }
}

/// TLS with servers whose certificate one of these issues (PEM). TLS 1.2 is spoken too:
/// domain controllers before Windows Server 2022 speak nothing newer.
#[must_use]
pub fn believing(pem: &[u8]) -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        // A system's list may have one that no verifier reads.
        let _ = roots.add(certificate.ok()?);
    }
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let server = |host: &str, port, tls| Ok(Server { host: host.to_owned(), port, tls });
        for (text, read) in [
            ("ldaps://dc.a.example", server("dc.a.example", 636, Tls::Direct)),
            ("ldap://dc.a.example", server("dc.a.example", 389, Tls::Start)),
            ("ldap://127.0.0.1:3389", server("127.0.0.1", 3389, Tls::Start)),
            ("ldaps://[::1]:3636", server("::1", 3636, Tls::Direct)),
            ("https://dc.a.example", Err(ServerFault::Scheme)),
            ("ldaps://", Err(ServerFault::Place)),
            ("ldaps://dc/o=A", Err(ServerFault::Place)),
            ("ldaps://dc:0", Err(ServerFault::Place)),
            ("ldaps://dc:x", Err(ServerFault::Place)),
            ("ldaps://user@dc", Err(ServerFault::Place)),
            ("ldaps://[::1", Err(ServerFault::Place)),
        ] {
            assert_eq!(text.parse(), read, "{text}");
        }
    }
}
