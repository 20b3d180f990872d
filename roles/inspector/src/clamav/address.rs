//! Where clamd listens, as `ssmax.toml` says it.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// `unix:/run/clamav/clamd.ctl` or `tcp:127.0.0.1:3310`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// The path of a UNIX socket, absolute.
    Unix(PathBuf),
    /// A port of this computer: what is scanned is plaintext, and travels unprotected.
    Tcp(SocketAddr),
}

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// Neither `unix:` nor `tcp:`.
    #[error("clamd's address is \"unix:/PATH\" or \"tcp:127.0.0.1:PORT\"")]
    Kind,
    /// The path is not absolute.
    #[error("the path of clamd's socket has to begin with /")]
    RelativePath,
    /// Not an address with a port.
    #[error("not an IP address with a port")]
    Tcp,
    /// An address of another computer: plaintext does not leave this one.
    #[error("clamd has to run on this computer, since it is given plaintext")]
    Elsewhere,
}

impl FromStr for ClamdAddress {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Self::Unix(path))
            } else {
                Err(AddressFault::RelativePath)
            };
        }
        let address = text.strip_prefix("tcp:").ok_or(AddressFault::Kind)?;
        let address: SocketAddr = address.parse().map_err(|_| AddressFault::Tcp)?;
        if address.ip().is_loopback() {
            Ok(Self::Tcp(address))
        } else {
            Err(AddressFault::Elsewhere)
        }
    }
}

impl std::fmt::Display for ClamdAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

impl<'de> Deserialize<'de> for ClamdAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_and_a_port_of_this_computer_are_addresses() {
        for text in ["unix:/run/clamav/clamd.ctl", "tcp:127.0.0.1:3310", "tcp:[::1]:3310"] {
            let address: ClamdAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn plaintext_is_sent_to_no_other_computer() {
        for text in ["tcp:192.0.2.1:3310", "tcp:0.0.0.0:3310", "tcp:[2001:db8::1]:3310"] {
            assert_eq!(text.parse::<ClamdAddress>(), Err(AddressFault::Elsewhere), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_its_fault() {
        let fault = |text: &str| text.parse::<ClamdAddress>().unwrap_err();
        assert_eq!(fault("/run/clamav/clamd.ctl"), AddressFault::Kind);
        assert_eq!(fault("unix:clamd.ctl"), AddressFault::RelativePath);
        assert_eq!(fault("tcp:localhost:3310"), AddressFault::Tcp);
        assert_eq!(fault("tcp:127.0.0.1"), AddressFault::Tcp);
    }
}
